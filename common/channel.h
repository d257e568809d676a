/*
 * A connection that carries frames and file descriptors: one uv_poll_t over sendmsg/recvmsg
 * (libuv's own handle passing cannot carry a terminal). Serves all three programs.
 *
 * Which descriptors belong to which frame: a frame with descriptors is sent by a sendmsg of its
 * own, and the kernel never lets one recvmsg run past bytes that carry descriptors. So what a
 * recvmsg brought belongs to the frame that contains the last byte it read, also when the rest of
 * that frame comes later, together with frames behind it.
 *
 * Life: channel_open ... channel_close, then on_closed is called from the loop and the memory may
 * go. All callbacks may call any channel function, channel_close included.
 */
#ifndef JS_COMMON_CHANNEL_H
#define JS_COMMON_CHANNEL_H

#include <stdbool.h>
#include <uv.h>

#include "common/channel_io.h"
#include "common/protocol.h"

struct channel;

struct channel_ops {
    /*
     * A well-formed message with the number of descriptors that its row allows. Frame and
     * descriptors stay the channel's; take a descriptor with fd_take to keep it, move the body
     * out by frame->body = NULL.
     */
    void (*on_frame)(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds);
    /*
     * A frame that was refused (code is an enum error_code); the connection can go on.
     * channel_send_error is the usual answer.
     */
    void (*on_problem)(struct channel *channel, uint32_t code, const struct wire_problem *why);
    /*
     * Called at most once: no more frames will come. status is 0 when the peer closed between
     * frames, -ECONNRESET when inside one, else -errno. The owner calls channel_close.
     */
    void (*on_end)(struct channel *channel, int status);
    /* The descriptor is closed (or was taken), the memory may be freed. */
    void (*on_closed)(struct channel *channel);
    /* Everything that was queued has been written. May be NULL. */
    void (*on_drained)(struct channel *channel);
};

struct channel_out; /* a frame that waits for room in the socket */

struct channel {
    uv_poll_t poll;
    int fd; /* owned */
    const struct channel_ops *ops;
    void *data;                   /* the owner's */
    unsigned log_client, log_job; /* whom log lines about it are about; 0 = as they were */
    struct bytes in;
    size_t in_handled;            /* bytes of `in` up to the end of the frame being handled */
    struct channel_fds in_fds;    /* of the unfinished frame that `in` begins with */
    struct channel_fds fresh_fds; /* of the read being handled */
    size_t fresh_at;              /* index in `in` of the last byte of that read */
    struct channel_out *out_first;
    struct channel_out **out_last;
    size_t out_len; /* bytes of memory queued */
    bool ended;     /* on_end was called */
    bool ending;    /* close as soon as the queue is empty */
    bool closing;
};

#define CHANNEL_OUT_MAX (16u << 20) /* memory queued for one peer that does not read */

/*
 * Takes over the socket fd (also on failure, by closing it), makes it non-blocking and starts
 * reading. 0 or -errno; on failure the struct is not usable and on_closed is not called.
 */
int channel_open(struct channel *channel, uv_loop_t *loop, int fd, const struct channel_ops *ops,
                 void *data);

/*
 * Sends a message. Takes over the count descriptors, also on failure. Never calls back. 0,
 * -EMSGSIZE, -ENOMEM, -EPIPE when the channel is closing or the peer is gone, -ENOBUFS when
 * CHANNEL_OUT_MAX would be exceeded (the peer does not read; the owner should close).
 */
int channel_send(struct channel *channel, enum message_type type, uint32_t request_id,
                 const void *body, const int *fds, size_t count);

/* Sends `error`. Result as channel_send. */
int channel_send_error(struct channel *channel, uint32_t request_id, enum error_code code,
                       const char *text);

/* Sends our hello. state_dir may be NULL. Result as channel_send. */
int channel_send_hello(struct channel *channel, const char *state_dir);

/* Stops reading; closes when everything queued has been written or the peer is gone. */
void channel_end(struct channel *channel);

/* Starts the asynchronous end: nothing more is read or written. Safe to call twice. */
void channel_close(struct channel *channel);

/*
 * Gives the socket away: the caller owns the returned descriptor, the channel closes. Frames
 * that are still queued or half read would be lost: returns -EBUSY then, and nothing changes.
 */
int channel_take_fd(struct channel *channel);

/* Whether nothing is half read (the peer has sent nothing after the frame being handled). */
bool channel_is_drained(const struct channel *channel);

/* Pid of the peer (SO_PEERCRED, unix(7)), 0 when unknown. */
pid_t channel_peer_pid(const struct channel *channel);

/*
 * Connects to the socket at path. wait: whether to wait while the listener's backlog is full
 * (else -EAGAIN). Returns a close-on-exec fd, or -errno (-ENAMETOOLONG for a path of more than
 * 107 bytes, unix(7)).
 */
int channel_connect(const char *path, bool wait);

#endif

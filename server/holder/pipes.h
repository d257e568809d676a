/*
 * The pipes of a job without a terminal, as its holder sees them: one that its standard output is
 * read from, one for standard error, and, if the caller's input is passed on, one that is written
 * to by whoever is attached. An end of output is for good here: nobody can open it again.
 */
#ifndef JS_SERVER_HOLDER_PIPES_H
#define JS_SERVER_HOLDER_PIPES_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

enum pipes_stream {
    PIPES_OUT,
    PIPES_ERR,
    PIPES_STREAMS,
};

struct pipes;

typedef void (*pipes_readable_fn)(struct pipes *pipes, enum pipes_stream stream);

struct pipes_output {
    struct pipes *pipes; /* that it is part of */
    int fd;              /* owned; -1 once it is at its end */
    uv_poll_t poll;
    bool polling; /* poll is initialised */
    bool reading;
};

struct pipes {
    struct pipes_output outputs[PIPES_STREAMS];
    int input_fd;   /* what is written here the job reads; owned; -1 = there is none, or no more */
    int job_fds[3]; /* the job's ends, for 0, 1 and 2; owned */
    pipes_readable_fn on_readable;
    void *data; /* the owner's */
};

/*
 * Makes the pipes, all close-on-exec; the job's standard input is /dev/null unless with_input. NULL
 * and *ret_error = -errno on failure.
 */
struct pipes *pipes_create(bool with_input, int *ret_error);

/* The job has its ends, and will not be started again: the end of its output can be seen. */
void pipes_close_job_fds(struct pipes *pipes);

/* From now on on_readable is called when there is output, its end included. 0 or -errno. */
int pipes_watch(struct pipes *pipes, uv_loop_t *loop, pipes_readable_fn on_readable, void *data);

/* Stops or goes on calling on_readable for that stream: the back-pressure on the job. */
void pipes_set_reading(struct pipes *pipes, enum pipes_stream stream, bool on);

/*
 * Reads output. Returns its length, -EAGAIN when there is none now, -EIO when its end has been
 * reached or was before.
 */
ssize_t pipes_read(struct pipes *pipes, enum pipes_stream stream, void *buf, size_t len);

/* There will be no more input: once nobody else has that end open, the job sees it. */
void pipes_end_input(struct pipes *pipes);

/* Whether the file behind fd is one of them: what is written there comes back as output. */
bool pipes_has(const struct pipes *pipes, int fd);

/* Closes all of them; the loop is rid of them when it has turned. Safe to call twice. */
void pipes_close(struct pipes *pipes);

/* Frees it, after the loop has run dry. Takes NULL. */
void pipes_destroy(struct pipes *pipes);

#endif

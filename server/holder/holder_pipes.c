/* The output of a job without a terminal, from its two pipes to the log and the viewers. */
#include "server/holder/holder.h"

#include <errno.h>

#define READ_CHUNK  (64u << 10) /* what a pipe holds (pipe(7)) */
#define DRAIN_BYTES (1u << 20)  /* read in one go when a job stops or ends; then the loop turns */

static const enum logstreams_stream names[PIPES_STREAMS] = {
    [PIPES_OUT] = LOGSTREAMS_OUT,
    [PIPES_ERR] = LOGSTREAMS_ERR,
};

static ssize_t read_chunk(struct holder *holder, enum pipes_stream stream)
{
    static uint8_t buf[READ_CHUNK]; /* one holder per process */
    ssize_t n = pipes_read(holder->pipes, stream, buf, sizeof(buf));
    if (n > 0)
        holder_handle_stream(holder, names[stream], buf, (size_t)n);
    return n;
}

int holder_drain_pipes(struct holder *holder)
{
    size_t total = 0;
    ssize_t out = 1, err = 1;
    while (total < DRAIN_BYTES && (out > 0 || err > 0)) {
        out = out > 0 ? read_chunk(holder, PIPES_OUT) : out;
        err = err > 0 ? read_chunk(holder, PIPES_ERR) : err;
        total += (out > 0 ? (size_t)out : 0) + (err > 0 ? (size_t)err : 0);
    }
    if (out > 0 || err > 0)
        return 0;
    return out == -EIO && err == -EIO ? -EIO : -EAGAIN;
}

void holder_update_pipes(struct holder *holder, bool anyway)
{
    for (int i = 0; i < PIPES_STREAMS; i++) {
        bool wait = false;
        for (struct viewer *v = holder->viewers; v; v = v->next)
            wait = wait || viewer_holds_stream(v, names[i]);
        pipes_set_reading(holder->pipes, (enum pipes_stream)i, !wait || anyway);
    }
}

void holder_on_pipe(struct pipes *pipes, enum pipes_stream stream)
{
    struct holder *holder = pipes->data;
    if (holder->state != JOB_EXITING)
        read_chunk(holder, stream);
    else if (holder_drain(holder) != 0)
        holder_settle(holder);
}

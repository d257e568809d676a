/*
 * Being attached to a job without a terminal. Ours stays as it is: no raw mode, no keys, no chord.
 * What it makes signals of (^C, ^\, ^Z) is passed on as signals, as a shell's terminal does it to a
 * job in the foreground; our input goes to the job as long as it takes any; its two outputs come
 * here as two, unless ours are the same file.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/attach_internal.h"
#include "client/report.h"
#include "common/fd.h"

void attach_bare_begin(struct attach *attach)
{
    raw_tty_restore(&attach->tty);
    attach->bare = true;
    attach->tty.keys = false;
    bytes_finish(&attach->keys);
    if (attach->input_open)
        input_set_reading(&attach->input, false);
}

/* Whether output and standard error are one: then their bytes stay in the order they came in. */
static bool is_one_output(void)
{
    struct stat out, err;
    return fstat(1, &out) == 0 && fstat(2, &err) == 0 && out.st_dev == err.st_dev &&
           out.st_ino == err.st_ino;
}

void attach_bare_describe(struct attach *attach, struct msg_terminal *terminal)
{
    terminal->errors = !attach->options->watch && !is_one_output();
    attach->apart = terminal->errors;
    /* Nothing is shown there but bytes: there is nothing to be undone. */
    free(attach->tty.tty);
    attach->tty.tty = NULL;
}

bool attach_bare_raise(struct attach *attach, int number)
{
    struct msg_signal body = {.signal = (uint32_t)number};
    if (!attach->attached && attach->early)
        return false;
    if (attach->attached)
        channel_send(&attach->connection->channel, MSG_RAISE, 0, &body, NULL, 0);
    else
        attach->early = number;
    return true;
}

void attach_bare_settle(struct attach *attach)
{
    attach->input_ended = attach->ptmx_fd < 0;
    if (attach->early)
        attach_bare_raise(attach, attach->early);
}

void attach_bare_end_input(struct attach *attach)
{
    struct msg_empty body = {0};
    attach->input_ended = true;
    input_set_reading(&attach->input, false);
    if (attach->ptmx_fd < 0 || attach->keys.len > 0)
        return; /* attach_write_keys calls again */
    if (attach->ptmx_polling)
        uv_close((uv_handle_t *)&attach->ptmx_poll, NULL);
    attach->ptmx_polling = false;
    attach->ptmx_fd = fd_close(attach->ptmx_fd);
    channel_send(&attach->connection->channel, MSG_INPUT_ENDED, 0, &body, NULL, 0);
}

/* Where the holder is found: its socket's file, put back when somebody has swept it away. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/paths.h"
#include "server/holder/holder.h"

void holder_note_socket(struct holder *holder)
{
    char path[sizeof(holder->runtime_dir) + 8];
    snprintf(path, sizeof(path), "%s/sock", holder->runtime_dir);
    /* It may have been removed already; then none is ours, but the path is known. */
    if (sockfile_note(&holder->socket, path) == -ENOENT)
        holder_check_socket(holder);
}

static int refuse(const struct holder *holder, int error, char *text, size_t size)
{
    if (error == EEXIST)
        snprintf(text, size,
                 "%s is in the way: it is not this job's socket; remove it, then kill -USR1 %d",
                 holder->socket.path, (int)getpid());
    else
        snprintf(text, size, "cannot put %s back: %s", holder->socket.path, strerror(error));
    return -error;
}

int holder_put_socket_back(struct holder *holder, char *text, size_t size)
{
    /* Before its job runs, and when that has ended, nobody needs to find it. */
    if (!holder->socket.path[0] || job_state_is_final(holder->state) || holder->closing)
        return 0;
    enum sockfile_state there = sockfile_look(&holder->socket);
    if (there == SOCKFILE_FOREIGN)
        return refuse(holder, EEXIST, text, size);
    int r = there == SOCKFILE_MISSING ? paths_make_job_again(holder->runtime_dir, text, size) : 0;
    if (r < 0)
        return r;
    r = live_env_restore(&holder->live);
    if (r < 0)
        log_warn("not all links in %s are there again: %s", holder->runtime_dir, strerror(-r));
    if (there == SOCKFILE_OURS)
        return 0;
    r = sockfile_put_back(&holder->socket, &holder->listener);
    if (r < 0)
        return refuse(holder, -r, text, size);
    log_info("%s was removed; it is there again", holder->socket.path);
    holder_changed(holder); /* whichever servers there are should look where they are */
    return 0;
}

void holder_check_socket(struct holder *holder)
{
    char text[PATHS_MAX];
    if (holder_put_socket_back(holder, text, sizeof(text)) < 0)
        log_error("%s", text);
}

void holder_remove_socket(struct holder *holder)
{
    sockfile_remove(&holder->socket);
    rmdir(holder->runtime_dir); /* unless something else is in it */
}

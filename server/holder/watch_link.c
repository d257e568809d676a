#include "server/holder/watch_link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/self.h"

extern char **environ;

#define LIFE_MS 1000u /* a watcher that dies sooner is not started again */

/* The time as files get it (current_time in the kernel), so that what was written before is not
 * taken for newer. */
static uint64_t file_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t add_patterns(char **argv, size_t count, const char *option,
                           const struct wire_strs *patterns)
{
    for (size_t i = 0; i < patterns->len; i++) {
        argv[count++] = (char *)option;
        argv[count++] = patterns->items[i];
    }
    return count;
}

static int spawn_watcher(const struct watch_link *link, int pipe_fd)
{
    char id[16], since[24];
    size_t room = 6 + 2 * (link->plan->watch.len + link->plan->ignore.len);
    char **argv = calloc(room, sizeof(*argv));
    if (!argv)
        return -ENOMEM;
    snprintf(id, sizeof(id), "%" PRIu32, link->id);
    snprintf(since, sizeof(since), "%" PRIu64, file_time_ns());
    argv[0] = (char *)"jsd";
    argv[1] = (char *)WATCHER_OPTION;
    argv[2] = id;
    argv[3] = since;
    argv[4] = (char *)link->directory;
    size_t count = add_patterns(argv, 5, WATCHER_PATTERN_OPTION, &link->plan->watch);
    add_patterns(argv, count, WATCHER_IGNORE_OPTION, &link->plan->ignore);
    const struct self_fd fd = {pipe_fd, WATCHER_FD};
    pid_t pid;
    /* In a session of its own it is no part of the job; what we ignore of signals it does as well.
     */
    int r = self_spawn(argv, environ, &fd, 1, true, &pid);
    free(argv);
    return r;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static int start(struct watch_link *link)
{
    int pipe_fds[2];
    link->ready = false;
    link->len = 0;
    link->started_ms = uv_now(link->loop);
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return -errno;
    int r = spawn_watcher(link, pipe_fds[1]);
    fd_close(pipe_fds[1]);
    link->fd = pipe_fds[0];
    link->poll = r == 0 ? malloc(sizeof(*link->poll)) : NULL;
    if (r == 0 && !link->poll)
        r = -ENOMEM;
    if (r == 0)
        r = uv_poll_init(link->loop, link->poll, link->fd);
    if (r < 0) {
        free(link->poll);
        link->poll = NULL;
        link->fd = fd_close(link->fd);
        return r;
    }
    link->poll->data = link;
    return uv_poll_start(link->poll, UV_READABLE, on_poll);
}

/* One record is in the buffer, len bytes with its NUL. */
static void handle_record(struct watch_link *link, const char *record)
{
    link->ready |= record[0] == WATCHER_READY;
    if (record[0] == WATCHER_END)
        watch_link_close(link);
    if (record[0] != '\0')
        link->on_record(link, (enum watcher_record)record[0], record + 1);
}

static void handle_records(struct watch_link *link)
{
    char *end;
    while (link->fd >= 0 && (end = memchr(link->buf, '\0', link->len))) {
        char record[WATCHER_RECORD_MAX];
        size_t len = (size_t)(end - link->buf) + 1;
        if (len > sizeof(record))
            len = sizeof(record);
        memcpy(record, link->buf, len);
        record[len - 1] = '\0';
        len = (size_t)(end - link->buf) + 1;
        memmove(link->buf, link->buf + len, link->len - len);
        link->len -= len;
        handle_record(link, record);
    }
}

/* It has said nothing of its end: killed, or out of memory. What changed meanwhile nobody knows. */
static void on_death(struct watch_link *link)
{
    bool again = link->ready && uv_now(link->loop) - link->started_ms >= LIFE_MS;
    watch_link_close(link);
    log_warn("the watcher died");
    int r = again ? start(link) : -ECHILD;
    if (r == 0)
        link->on_record(link, WATCHER_CHANGE, "perhaps something");
    else
        link->on_record(link, WATCHER_END, "nothing is watched any more: the watcher died");
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct watch_link *link = poll->data;
    ssize_t n = read(link->fd, link->buf + link->len, sizeof(link->buf) - link->len);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        on_death(link);
        return;
    }
    link->len += (size_t)n;
    handle_records(link);
}

int watch_link_open(struct watch_link *link, uv_loop_t *loop, uint32_t id,
                    const struct job_plan *plan, const char *directory, watch_link_fn on_record,
                    void *data)
{
    *link = (struct watch_link){.loop = loop,
                                .fd = -1,
                                .plan = plan,
                                .directory = directory,
                                .id = id,
                                .on_record = on_record,
                                .data = data};
    return start(link);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

void watch_link_close(struct watch_link *link)
{
    if (link->poll)
        uv_close((uv_handle_t *)link->poll, on_closed);
    link->poll = NULL;
    link->fd = fd_close(link->fd);
}

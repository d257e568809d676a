#include "server/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel_io.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/self.h"
#include "server/template.h"

extern char **environ;

/*
 * The server's environment for the template, to be freed; NULL without memory. glibc's per-thread
 * cache of freed blocks (glibc manual, "Memory Allocation Tunables") would pin the pages that a
 * holder has used for a moment, to make a screen: up to 36 KiB, of some 100 in all. Jobs get the
 * environment of whoever runs them, and not this one.
 */
static char **make_environment(void)
{
    static const char name[] = "GLIBC_TUNABLES=";
    static char *const setting = (char *)"GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
    size_t count = 0;
    while (environ[count])
        count++;
    char **env = calloc(count + 2, sizeof(env[0]));
    size_t kept = 0;
    for (size_t i = 0; env && i < count; i++) {
        if (strncmp(environ[i], name, sizeof(name) - 1) != 0)
            env[kept++] = environ[i];
    }
    if (env)
        env[kept] = setting;
    return env;
}

static int exec_template(int socket_fd, int needed_fd, pid_t *ret_pid)
{
    char *argv[] = {(char *)"jsd", (char *)"--template", NULL};
    const struct self_fd fds[] = {{socket_fd, TEMPLATE_FD}, {needed_fd, TEMPLATE_NEEDED_FD}};
    char **env = make_environment();
    int r = self_spawn(argv, env ? env : environ, fds, 2, false, ret_pid);
    free(env);
    return r;
}

#define LIFE_MS 1000u /* a template that dies sooner is not replaced before it is needed */

static void on_poll(uv_poll_t *poll, int status, int events);

static int start_template(struct spawner *spawner)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    int r = exec_template(pair[1], spawner->needed_fd, &spawner->pid);
    fd_close(pair[1]);
    if (r == 0)
        r = uv_poll_init(spawner->loop, &spawner->poll, pair[0]);
    if (r < 0) {
        fd_close(pair[0]);
        return r;
    }
    spawner->socket_fd = pair[0];
    spawner->started_ms = uv_now(spawner->loop);
    spawner->polling = true;
    spawner->idle = false;
    spawner->poll.data = spawner;
    return uv_poll_start(&spawner->poll, UV_READABLE, on_poll);
}

static void on_closed_restart(uv_handle_t *handle)
{
    struct spawner *spawner = handle->data;
    spawner->idle = true;
    if (spawner->closing || uv_now(spawner->loop) - spawner->started_ms < LIFE_MS)
        return;
    int r = start_template(spawner);
    if (r < 0)
        log_error("cannot start the template again: %s", strerror(-r));
}

static void drop_template(struct spawner *spawner)
{
    if (!spawner->polling)
        return;
    spawner->polling = false;
    uv_close((uv_handle_t *)&spawner->poll, on_closed_restart);
    spawner->socket_fd = fd_close(spawner->socket_fd);
}

/* One message of the template. Whether there was one. */
static bool receive(struct spawner *spawner)
{
    struct template_failure failure;
    struct channel_fds fds;
    if (!spawner->polling)
        return false;
    channel_fds_init(&fds);
    ssize_t n = channel_io_recv(spawner->socket_fd, &failure, sizeof(failure), &fds);
    channel_fds_finish(&fds);
    if (n == (ssize_t)sizeof(failure)) {
        spawner->on_failed(spawner, failure.id, failure.error);
    } else if (n != -EAGAIN) {
        int wait_status = 0;
        waitpid(spawner->pid, &wait_status, WNOHANG);
        log_error("the template (pid %d) died, status 0x%x", (int)spawner->pid,
                  (unsigned)wait_status);
        drop_template(spawner);
    }
    return n == (ssize_t)sizeof(failure);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    receive(poll->data);
}

void spawner_check(struct spawner *spawner)
{
    while (receive(spawner))
        ;
}

int spawner_open(struct spawner *spawner, uv_loop_t *loop, spawner_failed_fn on_failed, void *data)
{
    *spawner = (struct spawner){
        .loop = loop, .socket_fd = -1, .pid = -1, .on_failed = on_failed, .data = data};
    _cleanup_fd_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Not where the template finds its socket, which is put there first. */
    spawner->needed_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, TEMPLATE_NEEDED_FD + 1);
    return spawner->needed_fd < 0 ? -errno : start_template(spawner);
}

int spawner_fork(struct spawner *spawner, uint32_t id, int listen_fd, int lock_fd)
{
    int r = spawner->idle && !spawner->closing ? start_template(spawner) : 0;
    if (r < 0)
        return r;
    if (spawner->socket_fd < 0)
        return -EPIPE;
    struct template_request request = {.id = id};
    int fds[] = {listen_fd, lock_fd};
    ssize_t n = channel_io_send(spawner->socket_fd, &request, sizeof(request), fds, 2);
    return n < 0 ? (int)n : 0;
}

void spawner_set_needed(struct spawner *spawner, bool needed)
{
    uint64_t count = 1;
    ssize_t n = 0;
    if (needed == spawner->needed)
        return;
    spawner->needed = needed;
    if (needed)
        n = write(spawner->needed_fd, &count, sizeof(count));
    else
        n = read(spawner->needed_fd, &count, sizeof(count));
    if (n < 0)
        log_warn("the template cannot be told whether jobs wait: %s", strerror(errno));
}

void spawner_close(struct spawner *spawner)
{
    spawner->closing = true;
    spawner_set_needed(spawner, false);
    spawner->needed_fd = fd_close(spawner->needed_fd);
    drop_template(spawner);
}

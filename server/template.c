#include "server/template.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/channel_io.h"
#include "common/fd.h"
#include "common/log.h"
#include "server/holder/holder.h"

#define RETRY_MS 100 /* from a reserve that came to nothing to the next */

/*
 * glibc's posix_spawn leaves the two signals that it keeps for itself ignored, and its sigaction
 * does not touch them; every job would inherit that. Zeros are SIG_DFL, however the kernel's struct
 * sigaction is laid out.
 */
static void reset_internal_signals(void)
{
    static const unsigned char zeros[128];
    for (int sig = 32; sig < SIGRTMIN; sig++)
        syscall(SYS_rt_sigaction, sig, zeros, NULL, (size_t)_NSIG / 8);
}

/* The kernel reaps our children: a holder's end concerns the server, which sees its socket close.
 */
static void set_signals(void)
{
    reset_internal_signals();
    signal(SIGCHLD, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN); /* it lives as long as the server, which closes the socket */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN); /* puts sockets back, and this has none */
}

/* The next request. 1, 0 when the server is gone, or -errno. */
static int receive(int socket_fd, struct template_request *request, struct channel_fds *fds)
{
    for (;;) {
        channel_fds_init(fds);
        ssize_t n = channel_io_recv(socket_fd, request, sizeof(*request), fds);
        if (n == (ssize_t)sizeof(*request) && fds->count == 2)
            return 1;
        channel_fds_finish(fds);
        if (n == -EMFILE || n > 0)
            continue; /* the descriptors were lost: the job's socket closes, and the server sees it
                       */
        return n == 0 ? 0 : (int)n;
    }
}

/* The reserve's life. taken_fd: one byte says that it is in use. Returns the exit status. */
static int reserve_main(int socket_fd, int needed_fd, int taken_fd)
{
    static struct holder holder;
    struct template_request request;
    struct channel_fds fds;
    prctl(PR_SET_NAME, "js-reserve");
    int r = holder_init(&holder);
    if (r < 0) {
        log_error("cannot set up a holder: %s", strerror(-r));
        return 1;
    }
    if (receive(socket_fd, &request, &fds) <= 0)
        return 0;
    fd_write_all(taken_fd, "+", 1); /* a template that is gone needs no word */
    fd_close(taken_fd);
    fd_close(needed_fd);
    fd_close(socket_fd);
    return holder_run(&holder, request.id, fd_take(&fds.fds[0]), fd_take(&fds.fds[1])) < 0;
}

/* Without a fork there is no holder: the next request is answered with why. Returns as receive. */
static int refuse_one(int socket_fd, int error)
{
    struct template_request request;
    struct channel_fds fds;
    int r = receive(socket_fd, &request, &fds);
    if (r <= 0)
        return r;
    struct template_failure failure = {.id = request.id, .error = error};
    log_about_job(request.id, log_error("cannot fork a holder: %s", strerror(error)));
    channel_io_send(socket_fd, &failure, sizeof(failure), NULL, 0);
    channel_fds_finish(&fds);
    return 1;
}

/* Whether the server still has its end of the socket. */
static bool server_lives(int socket_fd)
{
    char byte;
    return recv(socket_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/*
 * Forks one reserve and waits until it is in use or gone. In the child *ret_status is its exit
 * status. 1 = go on, 0 = the end, -1 = this is the child, done.
 */
static int keep_reserve(int socket_fd, int needed_fd, int *ret_status)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return refuse_one(socket_fd, errno) > 0;
    pid_t pid = fork();
    if (pid == 0) {
        fd_close(pipe_fds[0]);
        *ret_status = reserve_main(socket_fd, needed_fd, pipe_fds[1]);
        return -1;
    }
    int error = errno;
    fd_close(pipe_fds[1]);
    int r = 1;
    if (pid < 0) {
        r = refuse_one(socket_fd, error) > 0;
    } else {
        char byte;
        ssize_t n;
        do
            n = read(pipe_fds[0], &byte, 1);
        while (n < 0 && errno == EINTR);
        /* A reserve that ended unused was killed, or has seen the server's end, or could not even
         * be set up: then not again at once, and without end. */
        r = n == 1 || server_lives(socket_fd);
        if (n != 1 && r)
            poll(NULL, 0, RETRY_MS);
    }
    fd_close(pipe_fds[0]);
    return r;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_needed(int needed_fd)
{
    uint64_t count;
    return needed_fd >= 0 && read(needed_fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

/*
 * The next server, as js starts one; whatever it is to be told it finds where it logs. Holders are
 * children of this process: SIGCHLD stays ignored, so that the kernel reaps them. Returns when that
 * fails.
 */
static void become_server(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1};
    char number[16];
    char *argv[] = {(char *)"jsd", (char *)"--ready-fd", number, NULL};
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_DFL);
    unsetenv("GLIBC_TUNABLES");           /* for holders only, see server/spawner.c */
    int fd = open("/dev/null", O_WRONLY); /* not close-on-exec: nobody waits for its word */
    if (fd < 0)
        return;
    snprintf(number, sizeof(number), "%d", fd);
    log_warn("the server died while jobs wait for their turn: starts the next one");
    execv("/proc/self/exe", argv);
    log_error("cannot execute jsd: %s", strerror(errno));
}

int template_main(int socket_fd, int needed_fd)
{
    int status = 0;
    uint64_t began_ms = now_ms();
    prctl(PR_SET_NAME, "js-template");
    set_signals();
    fcntl(socket_fd, F_SETFD, FD_CLOEXEC);
    if (needed_fd >= 0)
        fcntl(needed_fd, F_SETFD, FD_CLOEXEC);
    int r = 1;
    while (r > 0)
        r = keep_reserve(socket_fd, needed_fd, &status);
    if (r == 0 && is_needed(needed_fd)) {
        uint64_t lived_ms = now_ms() - began_ms;
        if (lived_ms < TEMPLATE_LEAST_MS)
            poll(NULL, 0, (int)(TEMPLATE_LEAST_MS - lived_ms));
        become_server();
    }
    return status;
}

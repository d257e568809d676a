#include "server/template.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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
static int reserve_main(int socket_fd, int taken_fd)
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
static int keep_reserve(int socket_fd, int *ret_status)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return refuse_one(socket_fd, errno) > 0;
    pid_t pid = fork();
    if (pid == 0) {
        fd_close(pipe_fds[0]);
        *ret_status = reserve_main(socket_fd, pipe_fds[1]);
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

int template_main(int socket_fd)
{
    int status = 0;
    prctl(PR_SET_NAME, "js-template");
    set_signals();
    fcntl(socket_fd, F_SETFD, FD_CLOEXEC);
    while (keep_reserve(socket_fd, &status) > 0)
        ;
    return status;
}

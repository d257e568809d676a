#include "server/template.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/channel_io.h"
#include "common/fd.h"
#include "common/log.h"
#include "server/holder/holder.h"

/* The kernel reaps our children: a holder's end concerns the server, which sees its socket close. */
static void set_signals(void)
{
    signal(SIGCHLD, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN); /* it lives as long as the server, which closes the socket */
    signal(SIGPIPE, SIG_IGN);
}

static void report_failure(int socket_fd, uint32_t id, int error)
{
    struct template_failure failure = {.id = id, .error = error};
    log_error("cannot fork a holder for job %u: %s", id, strerror(error));
    channel_io_send(socket_fd, &failure, sizeof(failure), NULL, 0);
}

static void fork_holder(int socket_fd, uint32_t id, struct channel_fds *fds)
{
    pid_t pid = fork();
    if (pid == 0) {
        fd_close(socket_fd);
        holder_main(id, fd_take(&fds->fds[0]), fd_take(&fds->fds[1]));
    }
    if (pid < 0)
        report_failure(socket_fd, id, errno);
}

int template_main(int socket_fd)
{
    prctl(PR_SET_NAME, "js-template");
    set_signals();
    for (;;) {
        struct template_request request;
        struct channel_fds fds;
        channel_fds_init(&fds);
        ssize_t n = channel_io_recv(socket_fd, &request, sizeof(request), &fds);
        if (n == (ssize_t)sizeof(request) && fds.count == 2)
            fork_holder(socket_fd, request.id, &fds);
        channel_fds_finish(&fds);
        if (n <= 0 && n != -EMFILE)
            return n == 0 ? 0 : 1;
    }
}

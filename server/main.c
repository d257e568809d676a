/* jsd: the server of js. js starts it when it is needed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "server/activation.h"
#include "server/server.h"
#include "server/template.h"
#include "version.h"

static const char help[] =
    "Usage: jsd [--ready-fd FD]\n"
    "\n"
    "The server of js(1): one per user, started by js when it is needed.\n"
    "\n"
    "  --ready-fd FD  write '+' to FD when the server listens, '=' and a text when\n"
    "                 another one runs, or what went wrong; then log to the runtime\n"
    "                 directory instead of standard error\n"
    "  -h, --help     show this help\n"
    "  --version      show the version\n";

struct arguments {
    int ready_fd;
    bool template;
};

/* -1 = go on, else the exit status. */
static int parse(int argc, char **argv, struct arguments *ret)
{
    *ret = (struct arguments){.ready_fd = -1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return 0;
        } else if (strcmp(argv[i], "--version") == 0) {
            printf("jsd %s\n", JS_VERSION);
            return 0;
        } else if (strcmp(argv[i], "--template") == 0) {
            ret->template = true;
        } else if (strcmp(argv[i], "--ready-fd") == 0 && i + 1 < argc) {
            ret->ready_fd = atoi(argv[++i]);
        } else {
            fprintf(stderr, "jsd: unknown option '%s'; see jsd --help\n", argv[i]);
            return 2;
        }
    }
    return -1;
}

/* Each job costs a descriptor; jobs get their client's limits, not these. */
static void raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void report(int ready_fd, const char *text)
{
    if (ready_fd < 0)
        return;
    fd_write_all(ready_fd, text, strlen(text)); /* a client that is gone need not know */
    fd_close(ready_fd);
}

static int serve(int ready_fd)
{
    static struct server server;
    char text[PATHS_MAX + 256];
    if (ready_fd >= 0)
        fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* of server.log */
    umask(077);
    raise_fd_limit();
    int r = runtime_open(&server.runtime, text, sizeof(text));
    if (r < 0) {
        char told[sizeof(text) + 1];
        fprintf(stderr, "jsd: %s\n", text);
        /* '=': there is one already, and it will listen. */
        snprintf(told, sizeof(told), "%s%s", r == -EALREADY ? "=" : "", text);
        report(ready_fd, told);
        return 1;
    }
    if (ready_fd >= 0) {
        r = runtime_redirect_stdio(&server.runtime);
        if (r < 0)
            log_warn("cannot log to the runtime directory: %s", strerror(-r));
    }
    if (chdir("/") < 0)
        log_warn("cannot change to /: %s", strerror(errno));
    log_info("js %s listens on %s", JS_VERSION, server.runtime.socket_path);
    /* The socket listens: whoever connects from now on is served, however long the rest takes. */
    report(ready_fd, "+");
    r = activation_notify("READY=1");
    if (r < 0)
        log_warn("cannot notify $NOTIFY_SOCKET: %s", strerror(-r));
    unsetenv("NOTIFY_SOCKET");
    r = server_run(&server);
    runtime_close(&server.runtime);
    if (r < 0)
        log_error("the server ends: %s", strerror(-r));
    return r < 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int status = parse(argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments.template) {
        log_init("holder");
        runtime_follow_log();
        return template_main(TEMPLATE_FD);
    }
    log_init("jsd");
    return serve(arguments.ready_fd);
}

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
#include "server/scope.h"
#include "server/server.h"
#include "server/template.h"
#include "server/watcher/watcher.h"
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
    int scope_fd; /* of the server that gives way to this one, see server/scope.h */
    bool template;
    const char *system_root; /* before the paths that tell of systemd: for tests */
};

/* -1 = go on, else the exit status. */
static int parse(int argc, char **argv, struct arguments *ret)
{
    *ret = (struct arguments){.ready_fd = -1, .scope_fd = -1, .system_root = ""};
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
        } else if (strcmp(argv[i], "--scope-fd") == 0 && i + 1 < argc) {
            ret->scope_fd = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--system-root") == 0 && i + 1 < argc) {
            ret->system_root = argv[++i];
        } else {
            fprintf(stderr, "jsd: unknown option '%s'; see jsd --help\n", argv[i]);
            return 2;
        }
    }
    return -1;
}

#define FDS_LEAST 24u /* for itself, the template, a client or two and a job */

/*
 * Each job costs a descriptor; jobs get their client's limits, not these. 0, or -EMFILE with text
 * when there cannot be enough to begin with: libuv does not take that well.
 */
static int raise_fd_limit(char *text, size_t size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= FDS_LEAST)
        return 0;
    snprintf(text, size,
             "the server may open %llu files only (ulimit -Hn): it needs %u, and one more for each "
             "job; raise the limit and try again",
             (unsigned long long)limit.rlim_max, FDS_LEAST);
    return -EMFILE;
}

static void report(int ready_fd, const char *text)
{
    if (ready_fd < 0)
        return;
    fd_write_all(ready_fd, text, strlen(text)); /* a client that is gone need not know */
    fd_close(ready_fd);
}

/*
 * Only for a server that js started: others are where somebody put them. False: it runs elsewhere
 * now. text: what to log when it is known where to, or "".
 */
static bool stays_here(const struct arguments *arguments, char *text, size_t size)
{
    char program[PATHS_MAX], why[256];
    text[0] = '\0';
    if (arguments->scope_fd >= 0) {
        report(arguments->scope_fd, "+");
        return true;
    }
    enum scope_place place =
        arguments->ready_fd >= 0 ? scope_look(arguments->system_root) : SCOPE_FINE;
    if (place == SCOPE_SESSION)
        snprintf(text, size, "the jobs may end with this login session; see LOGGING OUT in jsd(1)");
    if (place != SCOPE_LEAVE)
        return true;
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len < 0)
        return true;
    program[len] = '\0';
    if (scope_start(program, arguments->ready_fd, SCOPE_WAIT_MS, why, sizeof(why)) == 0)
        return false;
    snprintf(text, size, "cannot leave the login session, the jobs may end with it: %s", why);
    return true;
}

static int serve(int ready_fd, const char *warning)
{
    static struct server server;
    char text[PATHS_MAX + 256];
    if (ready_fd >= 0)
        fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* of server.log */
    umask(077);
    int r = raise_fd_limit(text, sizeof(text));
    if (r == 0)
        r = runtime_open(&server.runtime, text, sizeof(text));
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
    if (warning[0])
        server.start_warning = warning;
    /* The socket listens: whoever connects from now on is served, however long the rest takes. */
    report(ready_fd, "+");
    r = activation_notify("READY=1");
    if (r < 0)
        log_warn("cannot notify $NOTIFY_SOCKET: %s", strerror(-r));
    unsetenv("NOTIFY_SOCKET");
    r = server_run(&server);
    runtime_close(&server.runtime);
    return r < 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (argc > 1 && strcmp(argv[1], WATCHER_OPTION) == 0) {
        log_init("watcher");
        return watcher_main(argc - 2, argv + 2);
    }
    int status = parse(argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments.template) {
        log_init("holder");
        runtime_follow_log();
        return template_main(TEMPLATE_FD, TEMPLATE_NEEDED_FD);
    }
    char warning[512];
    log_init("jsd");
    if (!stays_here(&arguments, warning, sizeof(warning)))
        return 0;
    return serve(arguments.ready_fd, warning);
}

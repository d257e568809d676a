#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/autostart.h"
#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/report.h"
#include "common/clock.h"
#include "common/duration.h"
#include "common/fd.h"

#define GRACE_UNSET UINT64_MAX
#define STOP_MS     10000u /* for a server that said it ends, to be gone */
#define PROBE_MS    1000u  /* within which a server that works answers */
#define TAIL_LINES  80u
#define TAIL_BYTES  (128u << 10)

/* Exit statuses of `js server status`, as the Linux Standard Base has them for init scripts. */
enum { STATUS_STOPPED = 3, STATUS_UNKNOWN = 4 };

struct server_options {
    bool kill_jobs;
    uint64_t grace_ms;
    uint64_t lines;
};

static const struct server_options defaults = {.grace_ms = GRACE_UNSET, .lines = TAIL_LINES};

static const struct option_spec options[] = {
    COMMAND_OPTION(server_options, 'k', "kill-jobs", NULL, OPTION_FLAG, kill_jobs,
                   "stop: end all jobs first (else they go on without it)", NULL),
    COMMAND_OPTION(server_options, 'g', "grace", "TIME", OPTION_DURATION, grace_ms,
                   "with --kill-jobs: from TERM to KILL (default 5s)", NULL),
    COMMAND_OPTION(server_options, 'n', "lines", "LINES", OPTION_COUNT, lines,
                   "logs: how many of the last lines (default 80)", NULL),
};

/* Where everything of the server is. */
struct place {
    struct paths paths;
    char lock[PATHS_MAX + 16], socket[PATHS_MAX + 16], log[PATHS_MAX + 16];
};

static int find_place(struct place *place)
{
    char text[PATHS_MAX + 256];
    if (paths_find(&place->paths, text, sizeof(text)) < 0)
        return report_error("%s", text);
    const char *dir = place->paths.runtime_dir;
    snprintf(place->lock, sizeof(place->lock), "%s/lock", dir);
    snprintf(place->socket, sizeof(place->socket), "%s/sock", dir);
    snprintf(place->log, sizeof(place->log), "%s/server.log", dir);
    return 0;
}

/*
 * Whether a server lives: it holds the lock, and nothing else proves it. wait_ms: how long to wait
 * for it to be given back (flock(2) sleeps; the alarm ends that).
 */
static void on_alarm(int number)
{
    (void)number;
}

static bool lock_is_held(const struct place *place, unsigned wait_ms)
{
    _cleanup_fd_ int fd = open(place->lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    if (wait_ms == 0)
        return flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART: flock returns */
    sigaction(SIGALRM, &action, NULL);
    alarm((wait_ms + 999) / 1000);
    bool held = flock(fd, LOCK_SH) < 0;
    alarm(0);
    return held;
}

/* status */

static int print_running(const struct msg_status *status, const struct place *place)
{
    char age[16];
    uint64_t now = clock_realtime_ns();
    duration_format(now > status->started_ns ? (now - status->started_ns) / 1000000u : 0, age);
    printf("state      running\n");
    printf("pid        %u\n", status->pid);
    printf("version    %s\n", status->version);
    printf("uptime     %s\n", age);
    printf("socket     %s\n", status->socket);
    printf("state dir  %s\n", status->state_dir);
    printf("log        %s\n", place->log);
    printf("jobs       %u live, %u ended\n", status->live, status->ended);
    printf("clients    %u\n", status->clients);
    return EXIT_OK;
}

static int show_status(const struct place *place)
{
    struct connection connection;
    struct stat st;
    if (!lock_is_held(place, 0)) {
        bool stale = lstat(place->socket, &st) == 0;
        printf("state      %s\n", stale ? "stale" : "stopped");
        printf("socket     %s\n", place->socket);
        if (stale)
            printf("hint       the next js command that needs a server mends this\n");
        return stale ? STATUS_UNKNOWN : STATUS_STOPPED;
    }
    if (connection_open_within(&connection, CONNECTION_START_IF_JOBS, PROBE_MS) != 0) {
        printf("state      unresponsive\n");
        return STATUS_UNKNOWN;
    }
    struct msg_empty body = {0};
    int status = connection_request(&connection, MSG_GET_STATUS, &body, NULL, 0);
    if (status == 0 && connection.reply.type == MSG_STATUS)
        status = print_running(connection.reply.body, place);
    else {
        printf("state      %s\n", connection.greeted ? "incompatible" : "unresponsive");
        status = STATUS_UNKNOWN;
    }
    connection_finish(&connection);
    return status;
}

/* stop and start */

/*
 * Waits for the end of the server itself: with that it has let go of the lock (flock(2)), which the
 * next server, started by any js command, may have taken by then.
 */
static int await_stop(const struct place *place, pid_t pid)
{
    _cleanup_fd_ int pid_fd = pid > 0 ? pidfd_open(pid, 0) : -1;
    struct pollfd entry = {.fd = pid_fd, .events = POLLIN};
    if (pid_fd >= 0 ? poll(&entry, 1, STOP_MS) > 0
                    : errno == ESRCH || !lock_is_held(place, STOP_MS))
        return EXIT_OK;
    return report_error("the server said it ends, but still holds %s after %u s", place->lock,
                        STOP_MS / 1000);
}

static int stop(const struct place *place, const struct server_options *opts)
{
    struct connection connection;
    if (!lock_is_held(place, 0)) {
        fprintf(stderr, "js: no server is running\n");
        return EXIT_OK;
    }
    int r = connection_open(&connection, CONNECTION_START_IF_JOBS);
    if (r != 0)
        return r < 0 ? -r : report_error("a server holds %s, but does not listen", place->lock);
    bool unset = opts->grace_ms == GRACE_UNSET;
    struct msg_shutdown body = {.kill_jobs = opts->kill_jobs,
                                .grace_ms = unset ? 0 : opts->grace_ms,
                                .default_grace = unset};
    pid_t pid = channel_peer_pid(&connection.channel);
    /* Killed, or told by somebody else: it ends, which is all that was wanted. */
    connection.end_will_do = !opts->kill_jobs;
    int status = connection_request(&connection, MSG_SHUTDOWN, &body, NULL, 0);
    connection_finish(&connection);
    return status == 0 ? await_stop(place, pid) : status;
}

static int launch(const struct place *place)
{
    char text[PATHS_MAX + 512];
    int fd = autostart_connect(&place->paths, place->socket, text, sizeof(text));
    if (fd < 0)
        return report_error("%s", text);
    fd_close(fd);
    return EXIT_OK;
}

static int start(const struct place *place)
{
    if (!lock_is_held(place, 0))
        return launch(place);
    fprintf(stderr, "js: the server is running already\n");
    return EXIT_OK;
}

/* The next server may be there before we start it: other commands start one when they need it. */
static int restart(const struct place *place, const struct server_options *opts)
{
    int status = lock_is_held(place, 0) ? stop(place, opts) : EXIT_OK;
    return status == EXIT_OK ? launch(place) : status;
}

static int reload(const struct place *place)
{
    struct connection connection;
    if (!lock_is_held(place, 0)) {
        fprintf(stderr, "js: no server is running\n");
        return EXIT_OK;
    }
    int r = connection_open(&connection, CONNECTION_START_IF_JOBS);
    if (r != 0)
        return r < 0 ? -r : report_error("a server holds %s, but does not listen", place->lock);
    struct msg_empty body = {0};
    int status = connection_request(&connection, MSG_RELOAD, &body, NULL, 0);
    connection_finish(&connection);
    return status;
}

/* logs */

/* The start of the last `lines` lines in text. */
static const char *last_lines(const char *text, size_t len, uint64_t lines)
{
    const char *at = text + len;
    if (len > 0 && at[-1] == '\n')
        at--;
    for (; at > text; at--)
        if (at[-1] == '\n' && --lines == 0)
            break;
    return at;
}

static int show_logs(const struct place *place, uint64_t lines)
{
    struct stat st;
    _cleanup_fd_ int fd = open(place->log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        return report_error("cannot read %s: %s", place->log, strerror(errno));
    size_t want = st.st_size > (off_t)TAIL_BYTES ? TAIL_BYTES : (size_t)st.st_size;
    char *text = malloc(want + 1);
    ssize_t len = text ? pread(fd, text, want, st.st_size - (off_t)want) : -1;
    if (len < 0) {
        free(text);
        return report_error("cannot read %s: %s", place->log, strerror(errno));
    }
    const char *from = lines ? last_lines(text, (size_t)len, lines) : text + len;
    fwrite(from, 1, (size_t)(text + len - from), stdout);
    free(text);
    return EXIT_OK;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct server_options *opts = options_;
    struct place place;
    const char *action = argc > 0 ? argv[0] : "status";
    if (argc > 1) {
        report_error("server: one action at a time; see js server --help");
        return EXIT_USAGE;
    }
    int status = find_place(&place);
    if (status != 0)
        return status;
    if (strcmp(action, "status") == 0)
        return show_status(&place);
    if (strcmp(action, "start") == 0)
        return start(&place);
    if (strcmp(action, "stop") == 0)
        return stop(&place, opts);
    if (strcmp(action, "restart") == 0)
        return restart(&place, opts);
    if (strcmp(action, "reload") == 0)
        return reload(&place);
    if (strcmp(action, "logs") == 0)
        return show_logs(&place, opts->lines);
    report_error("server: unknown action '%s'; see js server --help", action);
    return EXIT_USAGE;
}

const struct command cmd_server = {
    .name = "server",
    .operands = "[status|start|stop|restart|reload|logs]",
    .values = "server",
    .summary = "look after the server: status, start, stop, restart, reload, logs",
    .description =
        "js starts the server when it is needed. It can be stopped, restarted, upgraded or killed "
        "at any time: jobs live on, terminals stay attached, and the next server finds them.\n\n"
        "reload reads the configuration file again (see js config); what a job was started with "
        "it keeps.\n\n"
        "Exit status of status: 0 running, 3 stopped, 4 anything else.",
    .examples = "js server status\njs server restart\njs server stop --kill-jobs",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct server_options),
    .defaults = &defaults,
    .run = run,
};

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/autostart.h"
#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/metrics.h"
#include "client/probe.h"
#include "client/report.h"
#include "common/clock.h"
#include "common/duration.h"
#include "common/escape.h"
#include "common/fd.h"
#include "common/life.h"
#include "common/process.h"

#define GRACE_UNSET UINT64_MAX
#define STOP_MS     10000u /* for a server that said it ends, to be gone */
#define TERM_MS     2000u  /* for one that was told by a signal, before it is killed */
#define TAIL_LINES  80u
#define TAIL_BYTES  (128u << 10)

/* Exit statuses of `js server status`, as the Linux Standard Base has them for init scripts. */
enum { STATUS_STOPPED = 3, STATUS_UNKNOWN = 4 };

struct server_options {
    bool kill_jobs;
    uint64_t grace_ms;
    uint64_t lines;
    bool json;
    bool force;
};

static const struct server_options defaults = {.grace_ms = GRACE_UNSET, .lines = TAIL_LINES};

static const struct option_spec options[] = {
    COMMAND_OPTION(server_options, 'k', "kill-jobs", NULL, OPTION_FLAG, kill_jobs,
                   "stop: end all jobs first (else they go on without it)", NULL),
    COMMAND_OPTION(server_options, 'g', "grace", "TIME", OPTION_DURATION, grace_ms,
                   "with --kill-jobs: from TERM to KILL (default 5s)", NULL),
    COMMAND_OPTION(server_options, 'f', "force", NULL, OPTION_FLAG, force,
                   "stop, restart: kill a server that does not answer (jobs live on)", NULL),
    COMMAND_OPTION(server_options, 'n', "lines", "LINES", OPTION_COUNT, lines,
                   "logs: how many of the last lines (default 80)", NULL),
    COMMAND_OPTION(server_options, 'j', "json", NULL, OPTION_FLAG, json, "status: as JSON", NULL),
};

/* status */

static void line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *name, const char *format, ...)
{
    char buf[3 * PATHS_MAX];
    struct bytes text = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(buf, sizeof(buf), format, args);
    va_end(args);
    escape_append(&text, buf, strlen(buf));
    printf("%-13s %.*s\n", name, (int)text.len, (const char *)text.data);
    bytes_finish(&text);
}

static void print_jobs(const struct msg_status *status)
{
    const struct job_count *counts = status->counts.items;
    struct bytes text = {0};
    const char *gap = " (";
    for (size_t i = 0; i < status->counts.len; i++) {
        if (job_state_is_final(counts[i].state))
            continue;
        bytes_printf(&text, "%s%u %s", gap, counts[i].jobs, job_state_name(counts[i].state));
        gap = ", ";
    }
    line("jobs", "%u live%.*s%s, %u ended", status->live, (int)text.len,
         text.len ? (const char *)text.data : "", text.len ? ")" : "", status->ended);
    bytes_finish(&text);
}

static void print_config(const struct probe *probe)
{
    const struct msg_status *status = &probe->status;
    line("config", "%s", status->config_file ? status->config_file : "(no place for a file)");
    if (status->fingerprint)
        line("fingerprint", "%s", status->fingerprint);
    for (size_t i = 0; i < probe->differs.len; i++)
        line("differs", "%s", probe->differs.items[i]);
    if (probe->differs.len > 0)
        line("hint", "js server reload takes the file over");
    if (status->config_problem)
        line("problem", "not taken over: %s", status->config_problem);
    else if (probe->file_problem[0])
        line("problem", "a reload would fail: %s", probe->file_problem);
}

static void print_answer(const struct probe *probe)
{
    const struct msg_status *status = &probe->status;
    char age[16];
    uint64_t now = clock_realtime_ns();
    duration_format(now > status->started_ns ? (now - status->started_ns) / 1000000u : 0, age);
    line("uptime", "%s", age);
    print_jobs(status);
    line("clients", "%u", status->clients);
    print_config(probe);
}

static void print_failure(const struct server_failure *failure)
{
    char when[32];
    if (!failure)
        return;
    jobs_view_time(failure->found_ns, when);
    line("last failure", "%s: server %u (pid %u) died: %s", when, failure->generation, failure->pid,
         failure->text);
    if (failure->log_line)
        line("its last log", "%s", failure->log_line);
}

static void print_status(const struct probe *probe, const struct place *place)
{
    const struct msg_status *status = &probe->status;
    bool lives = probe->state != PROBE_STOPPED && probe->state != PROBE_STALE;
    char when[32];
    line("state", "%s", probe_state_name(probe->state));
    if (probe->why[0])
        line(probe->state == PROBE_STALE ? "hint" : "problem", "%s", probe->why);
    if (lives && probe->state != PROBE_RUNNING)
        line("hint", "js server restart --force; jobs live on");
    if (lives && status->pid)
        line("pid", "%u", status->pid);
    if (lives && status->version)
        line("version", "%s (protocol %u to %u)", status->version, status->lowest,
             status->protocol);
    if (status->generation)
        line("generation", "%u", status->generation);
    if (!lives && status->stopped_ns) {
        jobs_view_time(status->stopped_ns, when);
        line("stopped", "%s: %s", when, status->stopped_text ? status->stopped_text : "");
    }
    line("socket", "%s", place->socket);
    line("state dir", "%s", status->state_dir ? status->state_dir : place->paths.state_dir);
    line("log", "%s", place->log);
    if (probe->state == PROBE_RUNNING)
        print_answer(probe);
    if (status->warning)
        line("warning", "%s", status->warning);
    print_failure(status->failure);
}

static int show_status(const struct place *place, bool json)
{
    struct probe probe;
    probe_run(&probe, place);
    int status = probe.state == PROBE_RUNNING   ? EXIT_OK
                 : probe.state == PROBE_STOPPED ? STATUS_STOPPED
                                                : STATUS_UNKNOWN;
    if (!json)
        print_status(&probe, place);
    else if (json_print_server(&probe, place) != 0)
        status = EXIT_JS_FAILED;
    probe_finish(&probe);
    return status;
}

/* Of a server that answers: what it has counted. */
static int print_metrics(const struct msg_status *status)
{
    struct bytes text = {0};
    if (!status->counters)
        return report_error("the server (js %s) does not count: js server restart",
                            status->version);
    int r = metrics_format(status, clock_realtime_ns(), &text);
    if (r == 0)
        fwrite(text.data, 1, text.len, stdout);
    bytes_finish(&text);
    return r < 0 ? report_error("out of memory") : EXIT_OK;
}

static int show_metrics(const struct place *place)
{
    struct probe probe;
    probe_run(&probe, place);
    int status = probe.state == PROBE_STOPPED ? STATUS_STOPPED : STATUS_UNKNOWN;
    if (probe.state == PROBE_RUNNING)
        status = print_metrics(&probe.status);
    else
        report_error("there are no metrics: the server is %s%s%s", probe_state_name(probe.state),
                     probe.why[0] ? ": " : "", probe.why);
    probe_finish(&probe);
    return status;
}

/* stop and start */

static bool ends_within(int pid_fd, unsigned ms)
{
    struct pollfd entry = {.fd = pid_fd, .events = POLLIN};
    return poll(&entry, 1, (int)ms) > 0;
}

/*
 * Waits for the end of the server itself: with that it has let go of the lock (flock(2)), which the
 * next server, started by any js command, may have taken by then.
 */
static int await_stop(const struct place *place, pid_t pid)
{
    _cleanup_fd_ int pid_fd = pid > 0 ? pidfd_open(pid, 0) : -1;
    if (pid_fd >= 0 ? ends_within(pid_fd, STOP_MS)
                    : errno == ESRCH || !place_is_locked(place, STOP_MS))
        return EXIT_OK;
    return report_error("the server said it ends, but still holds %s after %u s: "
                        "js server stop --force",
                        place->lock, STOP_MS / 1000);
}

/* The server as the last one to begin here described itself: a pidfd of it, or -1. */
static int open_server(const struct place *place, uint32_t *ret_pid)
{
    char boot_id[PROCESS_BOOT_ID_SIZE];
    struct msg_status last = {0};
    int fd = -1;
    process_boot_id(boot_id);
    if (life_read(place->paths.runtime_dir, &last) == 0 && last.pid && last.boot_id &&
        strcmp(last.boot_id, boot_id) == 0) {
        fd = pidfd_open((pid_t)last.pid, 0);
        *ret_pid = last.pid;
        /* The number may be another's by now: once the fd is open, that can be told for good. */
        if (fd >= 0 && process_start_time((pid_t)last.pid) != last.pid_start)
            fd = fd_close(fd);
    }
    wire_clear(&msg_status_fields, &last);
    return fd;
}

static int force_stop(const struct place *place)
{
    uint32_t pid = 0;
    _cleanup_fd_ int fd = open_server(place, &pid);
    if (fd < 0)
        return report_error("somebody holds %s, but it is not known who: see fuser %s", place->lock,
                            place->lock);
    pidfd_send_signal(fd, SIGTERM, NULL, 0);
    pidfd_send_signal(fd, SIGCONT, NULL, 0);
    if (ends_within(fd, TERM_MS))
        return EXIT_OK;
    pidfd_send_signal(fd, SIGKILL, NULL, 0);
    return ends_within(fd, STOP_MS) ? EXIT_OK
                                    : report_error("pid %u was killed, but does not end", pid);
}

static int ask_to_stop(const struct place *place, const struct server_options *opts)
{
    struct connection connection;
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

static int stop(const struct place *place, const struct server_options *opts)
{
    if (!place_is_locked(place, 0)) {
        fprintf(stderr, "js: no server is running\n");
        return EXIT_OK;
    }
    if (opts->force) {
        struct probe probe;
        probe_run(&probe, place);
        bool answers = probe.state == PROBE_RUNNING;
        probe_finish(&probe);
        if (!answers)
            return force_stop(place);
    }
    return ask_to_stop(place, opts);
}

/* One that runs: is it the one that would be started? */
static int compare_running(const struct place *place)
{
    struct probe probe;
    probe_run(&probe, place);
    const struct msg_status *status = &probe.status;
    int r = EXIT_OK;
    if (probe.state != PROBE_RUNNING)
        r = report_error("a server holds %s, but is %s (%s): js server restart --force",
                         place->lock, probe_state_name(probe.state), probe.why);
    else if (strcmp(status->state_dir, place->paths.state_dir) != 0)
        r = report_error("a server is running with another state directory: it has %s, not %s: "
                         "js server restart",
                         status->state_dir, place->paths.state_dir);
    for (size_t i = 0; i < probe.differs.len; i++)
        r = report_error("a server is running with another configuration: %s: js server reload",
                         probe.differs.items[i]);
    commands_tell_config();
    if (r == EXIT_OK)
        fprintf(stderr, "js: the server is running already\n");
    probe_finish(&probe);
    return r;
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
    return place_is_locked(place, 0) ? compare_running(place) : launch(place);
}

/* The next server may be there before we start it: other commands start one when they need it. */
static int restart(const struct place *place, const struct server_options *opts)
{
    int status = place_is_locked(place, 0) ? stop(place, opts) : EXIT_OK;
    return status == EXIT_OK ? launch(place) : status;
}

static int reload(const struct place *place)
{
    struct connection connection;
    if (!place_is_locked(place, 0)) {
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
    int status = place_find(&place);
    if (status != 0)
        return status;
    if (strcmp(action, "status") == 0)
        return show_status(&place, opts->json);
    if (strcmp(action, "metrics") == 0)
        return show_metrics(&place);
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
    .operands = "[status|metrics|start|stop|restart|reload|logs]",
    .values = "=status|metrics|start|stop|restart|reload|logs",
    .summary = "the server: status, metrics, start, stop, restart, reload, logs",
    .description =
        "js starts the server when it is needed. It can be stopped, restarted, upgraded or killed "
        "at any time: jobs live on, terminals stay attached, and the next server finds them.\n\n"
        "status tells whether it is running; stopped; stale (it died, and the next one has yet to "
        "clean up); unresponsive (it is there, but does not answer within a second); or "
        "incompatible (it is not understood). It never starts one. It also tells which keys of the "
        "configuration file a reload would change, and how the last server that failed did. Exit "
        "status: 0 running, 3 stopped, 4 anything else.\n\n"
        "metrics prints what the server has counted since it began, as Prometheus reads it (text "
        "format 0.0.4): js_jobs_started_total is always the number of live jobs and the sum of "
        "js_jobs_ended_total. A server that begins counts the live jobs that it finds as started. "
        "Exit status as of status. In the JSON of status the same numbers are counters.\n\n"
        "start is no error when a server is running, unless that one has another state directory "
        "or configuration. reload reads the configuration file again (see js config); what a job "
        "was started with it keeps.",
    .examples = "js server status\njs server restart\njs server stop --kill-jobs",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct server_options),
    .defaults = &defaults,
    .run = run,
};

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/log_tail.h"
#include "client/logs_output.h"
#include "client/report.h"
#include "client/select.h"
#include "client/when.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/joblog.h"

#define LINES_ALL  UINT64_MAX
#define CHUNK_SIZE 65536u

struct logs_options {
    uint64_t lines;
    bool follow, wait;
    bool timestamps, cast, plain, raw, json;
    bool only_out, only_err;
    struct option_list labels;
    const char *since, *until;
    uint64_t attempt; /* 0 = all */
};

static const struct logs_options defaults = {.lines = LINES_ALL};

static const struct option_spec options[] = {
    COMMAND_OPTION(logs_options, 'n', "lines", "LINES", OPTION_COUNT, lines,
                   "only the last LINES lines", NULL),
    COMMAND_OPTION(logs_options, 'f', "follow", NULL, OPTION_FLAG, follow,
                   "go on as the job prints more, until it ends", NULL),
    COMMAND_OPTION(logs_options, 'w', "wait", NULL, OPTION_FLAG, wait,
                   "wait until the job has ended, then print", NULL),
    SELECT_OPTION(logs_options),
    COMMAND_OPTION(logs_options, 't', "timestamps", NULL, OPTION_FLAG, timestamps,
                   "before each line the time at which it began", NULL),
    COMMAND_OPTION(logs_options, 'S', "since", "TIME", OPTION_TEXT, since,
                   "only what was printed at TIME or later: 5m (ago), 15:04, ...", NULL),
    COMMAND_OPTION(logs_options, 'U', "until", "TIME", OPTION_TEXT, until,
                   "only what was printed at TIME or before", NULL),
    COMMAND_OPTION(logs_options, 'a', "attempt", "N", OPTION_COUNT, attempt,
                   "only what was printed by attempt N of a job that was started again", NULL),
    COMMAND_OPTION(logs_options, 'p', "plain", NULL, OPTION_FLAG, plain,
                   "as the lines that it reads as, without escape sequences", NULL),
    COMMAND_OPTION(logs_options, 'r', "raw", NULL, OPTION_FLAG, raw,
                   "byte for byte, also to a terminal", NULL),
    COMMAND_OPTION(logs_options, '\0', "cast", NULL, OPTION_FLAG, cast,
                   "as a recording for asciinema's players (asciicast v2)", NULL),
    COMMAND_OPTION(logs_options, 'j', "json", NULL, OPTION_FLAG, json,
                   "each line as JSON, with its time and stream", NULL),
    COMMAND_OPTION(logs_options, '\0', "stdout", NULL, OPTION_FLAG, only_out,
                   "only the standard output, of a job without a terminal", NULL),
    COMMAND_OPTION(logs_options, '\0', "stderr", NULL, OPTION_FLAG, only_err,
                   "only the standard error, of a job without a terminal", NULL),
};

/* What of a log is to be printed. */
struct range {
    uint64_t lines;
    uint64_t since_ns, until_ns; /* since the epoch; 0 and UINT64_MAX = all */
    uint64_t from, to;           /* offsets; 0 and UINT64_MAX = all */
};

/* A log being printed. */
struct reader {
    struct connection *connection;
    struct joblog log;
    struct logs_output output;
    uint64_t end; /* nothing from here on is printed */
    char job[16];
    bool broken; /* nobody reads our output any more */
};

/*
 * Prints what there is up to `until`. A gap is said on stderr: stdout has the job's bytes and
 * nothing else. Returns 0 or the exit status.
 */
static int print_until(struct reader *reader, uint64_t until)
{
    static char buf[CHUNK_SIZE];
    while (reader->log.offset < until) {
        uint64_t skipped, from = reader->log.offset, room = reader->end - from;
        ssize_t n =
            joblog_read(&reader->log, buf, room < sizeof(buf) ? room : sizeof(buf), &skipped);
        if (n < 0)
            return report_error("cannot read the log of job %s: %s", reader->job,
                                strerror(-(int)n));
        from += skipped;
        if (n == 0 || from >= reader->end)
            return 0;
        if (skipped > 0)
            fprintf(stderr, "[js: %llu bytes skipped]\n", (unsigned long long)skipped);
        size_t len = (uint64_t)n < reader->end - from ? (size_t)n : (size_t)(reader->end - from);
        int r = logs_output_write(&reader->output, from, buf, len);
        if (r == -EPIPE) {
            reader->broken = true;
            return 0;
        }
        if (r < 0)
            return report_error("cannot write to standard output: %s", strerror(-r));
    }
    return 0;
}

/* The first output of that time. Of what was dropped, some may have been of that time, too. */
static uint64_t start_of_time(const struct logtimes *times, uint64_t since_ns, uint64_t first,
                              uint64_t next)
{
    uint64_t offset = logtimes_find(times, since_ns);
    if (offset == UINT64_MAX)
        return next;
    return offset <= first ? 0 : offset;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * Turns the range into offsets: the reader's position, its end, and how far there is something by
 * now. 0 or the exit status.
 */
static int find_range(struct reader *reader, int dir_fd, const struct range *range,
                      uint64_t *ret_next)
{
    uint64_t first = 0, next = 0, start = 0;
    int r = joblog_bounds(dir_fd, &first, &next);
    struct logtimes *times = &reader->output.times;
    bool timed = range->since_ns > 0 || range->until_ns < UINT64_MAX;
    if (r == 0 && timed)
        r = logtimes_read(times, 0);
    if (r < 0)
        return report_error("cannot read the log of job %s: %s", reader->job, strerror(-r));
    if (timed && times->count == 0 && next > first)
        return report_error("it is not known when job %s printed what is in its log", reader->job);
    reader->end = range->to;
    if (range->until_ns < UINT64_MAX)
        reader->end = least(reader->end, logtimes_find(times, range->until_ns + 1));
    next = least(next, reader->end);
    if (range->since_ns > 0)
        start = start_of_time(times, range->since_ns, first, next);
    start = start > range->from ? start : range->from;
    if (range->lines != LINES_ALL && reader->output.form != LOGS_PLAIN) {
        uint64_t from = start > first ? start : first;
        uint64_t line = log_tail_start(dir_fd, from, next, range->lines, reader->output.only);
        start = line > start ? line : start;
    }
    joblog_init(&reader->log, dir_fd, start);
    *ret_next = next;
    return 0;
}

/* Asks for more than was printed, prints it, until the job has ended. */
static int follow(struct reader *reader)
{
    reader->connection->patient = true;
    for (;;) {
        struct msg_follow body = {.job = reader->job, .offset = reader->log.offset};
        int status = connection_request(reader->connection, MSG_FOLLOW, &body, NULL, 0);
        if (status != 0)
            return status;
        if (reader->connection->reply.type != MSG_LOG)
            return report_error("the server's answer was not about a log");
        const struct msg_log log = *(const struct msg_log *)reader->connection->reply.body;
        status = print_until(reader, log.next);
        if (status != 0 || log.ended || reader->broken)
            return status;
        if (reader->log.offset < log.next) /* what could not be written to the log */
            joblog_seek(&reader->log, log.next);
    }
}

static int print_range(struct reader *reader, int dir_fd, const struct range *range, bool goes_on)
{
    uint64_t next = 0;
    int status = find_range(reader, dir_fd, range, &next);
    if (status != 0)
        return status;
    status = print_until(reader, next);
    if (status == 0 && goes_on && !reader->broken) {
        logs_output_pause(&reader->output);
        status = follow(reader);
    }
    joblog_finish(&reader->log);
    int r = status == 0 && !reader->broken ? logs_output_end(&reader->output) : 0;
    return r < 0 && r != -EPIPE ? report_error("cannot write to standard output: %s", strerror(-r))
                                : status;
}

static int print_log(struct connection *connection, const struct job_info *job,
                     const struct logs_options *opts, const struct range *range)
{
    char dir[PATHS_MAX + 32];
    if (jobs_view_dir(job, connection->state_dir, dir, sizeof(dir)) < 0)
        return report_error("the path of the log is too long");
    _cleanup_fd_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return report_error("cannot open %s: %s", dir, strerror(errno));
    struct reader reader = {.connection = connection};
    snprintf(reader.job, sizeof(reader.job), "%u", job->id);
    enum logs_form form = opts->cast         ? LOGS_CAST
                          : opts->json       ? LOGS_JSON
                          : opts->timestamps ? LOGS_TIMESTAMPS
                          : opts->plain      ? LOGS_PLAIN
                                             : LOGS_BYTES;
    bool shown = (form == LOGS_BYTES || form == LOGS_TIMESTAMPS) && !opts->raw && isatty(1);
    int r = logs_output_init(&reader.output, form, dir_fd, job, range->lines);
    if (opts->only_out || opts->only_err)
        logs_output_choose(&reader.output, opts->only_out ? LOGSTREAMS_OUT : LOGSTREAMS_ERR);
    if (r == 0 && shown)
        r = logs_output_spare_terminal(&reader.output);
    int status =
        r < 0 ? report_error("out of memory") : print_range(&reader, dir_fd, range, opts->follow);
    logs_output_finish(&reader.output);
    return status;
}

/* Whether the job is such that it can be shown like this. 0 or the exit status. */
static int check_job(const struct job_info *job, const struct logs_options *opts)
{
    bool no_pty = job->plan && job->plan->no_pty;
    if (!no_pty && (opts->only_out || opts->only_err))
        return report_error("the output of job %u cannot be told apart: it has a terminal; run it "
                            "with --no-pty for that",
                            job->id);
    if (no_pty && opts->cast)
        return report_error(
            "job %u has no terminal (it was run with --no-pty): there is nothing to "
            "record; with their times: js logs --json %u",
            job->id, job->id);
    return 0;
}

/* Narrows the range to one attempt's output. 0 or the exit status. */
static int find_attempt(const struct job_info *job, uint64_t number, struct range *range)
{
    const struct job_attempt *items = job->attempts.items;
    if (number == 1 && job->attempt == 1)
        return 0; /* there is nothing else, and of most jobs it is not noted */
    for (size_t i = 0; i < job->attempts.len; i++) {
        if (items[i].number != number)
            continue;
        range->from = items[i].log_from;
        range->to = items[i].end ? items[i].log_to : UINT64_MAX;
        return 0;
    }
    if (number <= job->attempt)
        return report_error("job %u: attempt %llu is too long ago, only the last %zu are known",
                            job->id, (unsigned long long)number, job->attempts.len);
    return report_error("job %u has no attempt %llu: it was started %u %s", job->id,
                        (unsigned long long)number, job->attempt,
                        job->attempt == 1 ? "time" : "times");
}

static int wrong(const char *text)
{
    report_error("logs: %s", text);
    return EXIT_USAGE;
}

/* Reads an option's time. 0 or the exit status; *ret_ns is untouched without the option. */
static int read_when(const char *option, const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
    if (!text || when_parse(text, now_ns, ret_ns) == 0)
        return 0;
    report_error("logs: --%s '%s' is no time: %s", option, text, WHEN_SYNTAX);
    return EXIT_USAGE;
}

static int check(const struct logs_options *opts, int argc, struct range *range)
{
    uint64_t now_ns = clock_realtime_ns();
    *range = (struct range){.lines = opts->lines, .until_ns = UINT64_MAX, .to = UINT64_MAX};
    if (opts->timestamps + opts->cast + opts->plain + opts->raw + opts->json > 1)
        return wrong("only one of --timestamps, --cast, --plain, --raw and --json");
    if (opts->only_out && opts->only_err)
        return wrong("only one of --stdout and --stderr; both are told apart by --json");
    if (opts->follow && opts->until)
        return wrong("only one of --follow and --until");
    if (opts->follow && opts->attempt)
        return wrong("only one of --follow and --attempt");
    if (argc > 1 && (opts->follow || opts->cast))
        return wrong("--follow and --cast are for one job at a time");
    if (opts->follow && opts->wait)
        return wrong("only one of --follow and --wait");
    int status = read_when("since", opts->since, now_ns, &range->since_ns);
    if (status == 0)
        status = read_when("until", opts->until, now_ns, &range->until_ns);
    if (status == 0 && range->since_ns > now_ns)
        return wrong("--since is in the future: nothing has been printed then");
    if (status == 0 && range->since_ns > range->until_ns)
        return wrong("--since is later than --until");
    return status;
}

/* Between the logs of several jobs, as tail(1) has it between files. */
static void print_heading(const struct job_info *job, bool first)
{
    char *command = report_command(job);
    printf("%s==> job %u: %s <==\n", first ? "" : "\n", job->id, command ? command : "?");
    free(command);
    fflush(stdout);
}

static int print_attempt(struct connection *connection, const struct job_info *job,
                         const struct logs_options *opts, const struct range *range)
{
    struct range own = *range;
    int status = check_job(job, opts);
    if (status == 0 && opts->attempt > 0)
        status = find_attempt(job, opts->attempt, &own);
    return status == 0 ? print_log(connection, job, opts, &own) : status;
}

/* The same once it has ended: it is asked for again, as it may have had more attempts by then. */
static int print_ended(struct connection *connection, const struct job_info *job,
                       const struct logs_options *opts, const struct range *range)
{
    struct jobs_view view;
    char number[16], *items[] = {number};
    struct msg_wait body = {.jobs = {.items = items, .len = 1}};
    snprintf(number, sizeof(number), "%u", job->id);
    int status = jobs_view_fetch(&view, connection, MSG_WAIT, &body);
    if (status != 0)
        return status;
    status = print_attempt(connection, view.jobs.len > 0 ? view.jobs.items : job, opts, range);
    jobs_view_finish(&view);
    return status;
}

/* Every job is tried; the exit status of the last failure. */
static int print_logs(struct connection *connection, const struct jobs_view *view,
                      const struct logs_options *opts, const struct range *range)
{
    const struct job_info *jobs = view->jobs.items;
    bool several = view->jobs.len > 1;
    int status = 0;
    if (several && (opts->follow || opts->cast))
        return wrong("--follow and --cast are for one job at a time");
    for (size_t i = 0; i < view->jobs.len && !connection->lost; i++) {
        if (several && !opts->json)
            print_heading(&jobs[i], i == 0);
        int r = opts->wait ? print_ended(connection, &jobs[i], opts, range)
                           : print_attempt(connection, &jobs[i], opts, range);
        status = r == 0 ? status : r;
    }
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct logs_options *opts = options_;
    struct filter filter = {.labels = &opts->labels};
    struct connection connection;
    struct jobs_view view;
    struct range range;
    int status = check(opts, argc, &range);
    if (status == 0 && !filter_is_valid(&filter, "logs"))
        status = EXIT_USAGE;
    if (status == 0)
        status = select_open(&connection, &view, &filter, SELECT_ALL, argc, argv);
    if (status != 0)
        return status;
    status = print_logs(&connection, &view, opts, &range);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_logs = {
    .name = "logs",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "print what a job has printed",
    .description =
        "The bytes are the job's own, escape sequences included. On a terminal those are "
        "left out (unless --raw) that would happen twice: questions to the terminal, "
        "whose answers your shell would get, bells, the clipboard, notifications. The "
        "oldest output of a job that prints much is dropped; that is said on standard "
        "error.\n\n"
        "With --plain each line is what carriage returns, spinners and cursor movement "
        "have left of it, and full-screen programs leave nothing.\n\n"
        "TIME is a length of time before now (5m, 1.5h, 2d), a time of today (15:04, "
        "15:04:05), a day (2026-11-20), both ('2026-11-20 15:04'), the same with a zone "
        "(2026-11-20T15:04:05Z), or seconds since 1970 (@1763650800). Times are known "
        "to 10 ms, less exactly where a job prints next to nothing for hours. "
        "--timestamps shows them in UTC.\n\n"
        "Before each of several logs there is a line \"==> job 3: COMMAND <==\". With --label and "
        "no JOB: those of all jobs with that label.\n\n"
        "A recording tells the sizes that the terminal had. To play it: asciinema play "
        "FILE.\n\n"
        "With --json, the texts of a stream, one behind the other, are its output; a line without "
        "an end is the last one, or very long.",
    .examples = "js logs build\njs logs -n 20 -f 3\njs logs --timestamps --since 5m build\n"
                "js logs --cast build >build.cast",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct logs_options),
    .defaults = &defaults,
    .run = run,
};

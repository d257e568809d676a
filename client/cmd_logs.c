#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/report.h"
#include "common/fd.h"
#include "common/joblog.h"

#define LINES_ALL  UINT64_MAX
#define CHUNK_SIZE 65536u

struct logs_options {
    uint64_t lines;
    bool follow;
};

static const struct logs_options defaults = {.lines = LINES_ALL};

static const struct option_spec options[] = {
    COMMAND_OPTION(logs_options, 'n', "lines", "LINES", OPTION_COUNT, lines,
                   "only the last LINES lines", NULL),
    COMMAND_OPTION(logs_options, 'f', "follow", NULL, OPTION_FLAG, follow,
                   "go on as the job prints more, until it ends", NULL),
};

/* A log being printed. */
struct reader {
    struct connection *connection;
    struct joblog log;
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
        uint64_t skipped;
        ssize_t n = joblog_read(&reader->log, buf, sizeof(buf), &skipped);
        if (n < 0)
            return report_error("cannot read the log of job %s: %s", reader->job,
                                strerror(-(int)n));
        if (skipped > 0)
            fprintf(stderr, "[js: %llu bytes skipped]\n", (unsigned long long)skipped);
        if (n == 0)
            return 0;
        int r = fd_write_all(1, buf, (size_t)n);
        if (r == -EPIPE) {
            reader->broken = true;
            return 0;
        }
        if (r < 0)
            return report_error("cannot write the log: %s", strerror(-r));
    }
    return 0;
}

/* The bytes from offset `from` on; zeros for what is not there. */
static void read_range(struct joblog *log, uint64_t from, char *buf, size_t len)
{
    static char piece[CHUNK_SIZE];
    uint64_t end = from + len, skipped;
    memset(buf, 0, len);
    joblog_seek(log, from);
    while (log->offset < end) {
        ssize_t n = joblog_read(log, piece, sizeof(piece), &skipped);
        uint64_t at = log->offset - (n > 0 ? (uint64_t)n : 0);
        if (n <= 0 || at >= end)
            return;
        memcpy(buf + (at - from), piece, (uint64_t)n < end - at ? (size_t)n : (size_t)(end - at));
    }
}

/* The offset at which the last `lines` lines before `next` begin, looked for from the end. */
static uint64_t find_start(struct joblog *log, uint64_t first, uint64_t next, uint64_t lines)
{
    static char buf[CHUNK_SIZE];
    for (uint64_t end = next; end > first;) {
        size_t len = end - first < sizeof(buf) ? (size_t)(end - first) : sizeof(buf);
        uint64_t from = end - len;
        read_range(log, from, buf, len);
        for (size_t i = len; i > 0; i--)
            if (buf[i - 1] == '\n' && from + i < next && --lines == 0)
                return from + i;
        end = from;
    }
    return 0;
}

static uint64_t start_offset(int dir_fd, uint64_t first, uint64_t next, uint64_t lines)
{
    struct joblog log;
    if (lines == LINES_ALL)
        return 0;
    if (lines == 0)
        return next;
    joblog_init(&log, dir_fd, 0);
    uint64_t start = find_start(&log, first, next, lines);
    joblog_finish(&log);
    return start;
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

static int print_log(struct connection *connection, const struct job_info *job,
                     const struct logs_options *opts)
{
    char dir[PATHS_MAX + 32];
    if (paths_job(dir, sizeof(dir), connection->state_dir, job->id) < 0)
        return report_error("the path of the log is too long");
    _cleanup_fd_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return report_error("cannot open %s: %s", dir, strerror(errno));
    struct reader reader = {.connection = connection};
    snprintf(reader.job, sizeof(reader.job), "%u", job->id);
    uint64_t first = 0, next = 0;
    int r = joblog_bounds(dir_fd, &first, &next);
    if (r < 0)
        return report_error("cannot read the log of job %u: %s", job->id, strerror(-r));
    joblog_init(&reader.log, dir_fd, start_offset(dir_fd, first, next, opts->lines));
    int status = print_until(&reader, next);
    if (status == 0 && opts->follow && !reader.broken)
        status = follow(&reader);
    joblog_finish(&reader.log);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    struct connection connection;
    struct jobs_view view;
    if (argc > 1) {
        report_error("logs: one job at a time");
        return EXIT_USAGE;
    }
    int status = commands_connect(&connection, argc ? argv[0] : NULL);
    if (status != 0)
        return status;
    struct msg_list body = {.none_is_current = true, .jobs = {.items = argv, .len = (size_t)argc}};
    status = jobs_view_fetch(&view, &connection, MSG_LIST, &body);
    if (status == 0 && view.jobs.len > 0)
        status = print_log(&connection, view.jobs.items, options_);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_logs = {
    .name = "logs",
    .operands = "[JOB]",
    .values = "any",
    .summary = "print what a job has printed",
    .description = "The bytes are the job's own, escape sequences included. The oldest output of a "
                   "job that prints much is dropped; that is said on standard error.",
    .examples = "js logs build\njs logs -n 20 -f 3",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct logs_options),
    .defaults = &defaults,
    .run = run,
};

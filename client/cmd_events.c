#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/event_view.h"
#include "client/jobs_view.h"
#include "client/report.h"
#include "client/select.h"
#include "common/fd.h"

#define LIMIT_NONE UINT64_MAX

struct events_options {
    bool follow;
    bool json;
    const char *since;
    uint64_t limit;
    struct option_list labels;
};

static const struct events_options defaults = {.limit = LIMIT_NONE};

static const struct option_spec options[] = {
    COMMAND_OPTION(events_options, 'f', "follow", NULL, OPTION_FLAG, follow,
                   "go on as more happens", NULL),
    COMMAND_OPTION(events_options, 'S', "since", "CURSOR", OPTION_TEXT, since,
                   "only what has happened after the event with that cursor", NULL),
    COMMAND_OPTION(events_options, 'n', "limit", "N", OPTION_COUNT, limit,
                   "of the history only the newest N; after a CURSOR the first N, and no more",
                   NULL),
    SELECT_OPTION(events_options),
    COMMAND_OPTION(events_options, 'j', "json", NULL, OPTION_FLAG, json,
                   "as JSON, an object a line", NULL),
};

/* Events being printed. */
struct teller {
    struct connection connection;
    const struct events_options *opts;
    struct filter filter;  /* of jobs that are there, and of those that come */
    struct wire_strs uids; /* of the jobs that are wanted; owned */
    char *since;           /* cursor of the last event looked at; owned */
    uint64_t left;         /* to be printed, LIMIT_NONE = any number */
    uint64_t leave_out;    /* wanted ones before the first that is printed */
    bool some_may_be_over; /* a job may have ended since it was last asked which live */
    uv_poll_t reader_poll; /* of our own opening of standard output */
    int reader_fd;
    bool broken; /* nobody reads our output any more */
};

/* The reader of a pipe */

static void on_reader_gone(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct teller *teller = poll->data;
    uv_poll_stop(poll);
    teller->broken = teller->connection.given_up = true;
    uv_stop(&teller->connection.loop);
}

/*
 * Between two events nothing is written that would fail when the reader has gone (`| head -1`):
 * poll(2) tells it. An opening of our own, since the loop makes it non-blocking, and the shell's
 * must not be.
 */
static void watch_reader(struct teller *teller)
{
    struct stat st;
    if (fstat(STDOUT_FILENO, &st) < 0 || !S_ISFIFO(st.st_mode))
        return;
    teller->reader_fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (teller->reader_fd < 0 ||
        uv_poll_init(&teller->connection.loop, &teller->reader_poll, teller->reader_fd) < 0)
        return;
    teller->reader_poll.data = teller;
    uv_poll_start(&teller->reader_poll, UV_DISCONNECT, on_reader_gone);
    uv_unref((uv_handle_t *)&teller->reader_poll);
}

/* Printing */

static bool is_end(uint32_t kind)
{
    return kind == EVENT_ENDED || kind == EVENT_FAILED || kind == EVENT_REMOVED ||
           kind == EVENT_GAP;
}

/* The cursor of event i of an answer; a gap has that of the event before the next. */
static void cursor_of(const struct msg_events *answer, size_t i, char ret[EVENT_CURSOR_SIZE])
{
    const struct job_event *events = answer->events.items;
    struct event_cursor cursor;
    ret[0] = '\0';
    if (event_cursor_parse(answer->cursor, &cursor) < 0)
        return;
    if (events[i].kind != EVENT_GAP)
        cursor.seq = events[i].seq;
    else if (i + 1 < answer->events.len)
        cursor.seq = events[i + 1].seq - 1;
    event_cursor_format(&cursor, ret);
}

/* Writes and flushes. 0 or the exit status. */
static int write_out(struct teller *teller, const struct bytes *text)
{
    if (text->len == 0 ||
        (fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0))
        return 0;
    teller->broken = errno == EPIPE;
    return teller->broken ? 0
                          : report_error("cannot write to standard output: %s", strerror(errno));
}

/* The server has taken those of the named jobs; labels it does not look at. */
static bool is_wanted(const struct teller *teller, const struct job_event *event)
{
    struct job_plan plan = {.labels = event->labels};
    const struct job_info job = {.plan = &plan};
    if (event->kind == EVENT_GAP || filter_is_empty(&teller->filter))
        return true;
    return event->job != 0 && filter_passes(&teller->filter, &job);
}

static int print(struct teller *teller, const struct msg_events *answer)
{
    const struct job_event *events = answer->events.items;
    struct bytes text = {0};
    int r = 0;
    for (size_t i = 0; r == 0 && i < answer->events.len && teller->left > 0; i++) {
        char cursor[EVENT_CURSOR_SIZE];
        bool gap = events[i].kind == EVENT_GAP;
        if (!is_wanted(teller, &events[i]))
            continue;
        if (teller->leave_out > 0 && !gap) {
            teller->leave_out--;
            continue;
        }
        cursor_of(answer, i, cursor);
        r = teller->opts->json ? event_view_json(&events[i], cursor, &text)
                               : event_view_text(&events[i], &text);
        teller->left -= teller->left != LIMIT_NONE && !gap;
        teller->some_may_be_over |= is_end(events[i].kind);
    }
    int status = r < 0 ? report_error("out of memory") : write_out(teller, &text);
    bytes_finish(&text);
    return status;
}

/* Only counts them, for another time. */
static int count(struct teller *teller, const struct msg_events *answer)
{
    const struct job_event *events = answer->events.items;
    for (size_t i = 0; i < answer->events.len; i++)
        teller->leave_out += is_wanted(teller, &events[i]) && events[i].kind != EVENT_GAP;
    return 0;
}

/* Asking */

typedef int (*take_fn)(struct teller *teller, const struct msg_events *answer);

/* One question and its answer. *ret_more: there is more by now. 0 or the exit status. */
static int ask(struct teller *teller, bool wait, take_fn take, bool *ret_more)
{
    struct msg_get_events body = {.since = teller->since, .jobs = teller->uids, .wait = wait};
    teller->connection.patient = true;
    int status = connection_request(&teller->connection, MSG_GET_EVENTS, &body, NULL, 0);
    if (status != 0)
        return teller->broken ? 0 : status;
    if (teller->connection.reply.type != MSG_EVENTS)
        return report_error("the server's answer was not about events");
    const struct msg_events *answer = teller->connection.reply.body;
    *ret_more = answer->more;
    if (wire_set_str(&teller->since, answer->cursor) < 0)
        return report_error("out of memory");
    return take(teller, answer);
}

static bool is_done(const struct teller *teller)
{
    return teller->broken || teller->left == 0;
}

/* All that there is by now. */
static int ask_history(struct teller *teller, take_fn take)
{
    bool more = true;
    int status = 0;
    while (status == 0 && more && !is_done(teller))
        status = ask(teller, false, take, &more);
    return status;
}

/* Finds out how many are before the newest ones, to leave them out. */
static int find_newest(struct teller *teller, uint64_t newest)
{
    int status = ask_history(teller, count);
    if (status == 0 && newest > 0)
        wire_set_str(&teller->since, NULL); /* once more, from the first */
    teller->leave_out = newest > 0 && teller->leave_out > newest ? teller->leave_out - newest : 0;
    return status;
}

/* Whether one of the jobs that are wanted is live: else nothing more will come. */
static int find_live(struct teller *teller, bool *ret_any)
{
    struct jobs_view view;
    struct msg_list body = {0}; /* the live ones */
    *ret_any = false;
    int status = jobs_view_fetch(&view, &teller->connection, MSG_LIST, &body);
    if (status != 0)
        return status;
    const struct job_info *jobs = view.jobs.items;
    for (size_t i = 0; i < view.jobs.len; i++)
        for (size_t j = 0; j < teller->uids.len; j++)
            *ret_any = *ret_any || strcmp(jobs[i].uid, teller->uids.items[j]) == 0;
    jobs_view_finish(&view);
    return 0;
}

static int follow(struct teller *teller)
{
    int status = 0;
    watch_reader(teller);
    while (status == 0 && !is_done(teller)) {
        bool any = true, more;
        if (teller->uids.len > 0 && teller->some_may_be_over) {
            status = find_live(teller, &any);
            teller->some_may_be_over = false;
        }
        if (status == 0 && !any)
            return ask_history(teller, print); /* its end is among them */
        if (status == 0)
            status = ask(teller, true, print, &more);
    }
    return status;
}

static int tell(struct teller *teller)
{
    const struct events_options *opts = teller->opts;
    int status = 0;
    if (opts->since && wire_set_str(&teller->since, opts->since) < 0)
        return report_error("out of memory");
    if (opts->since)
        teller->left = opts->limit;
    else if (opts->limit != LIMIT_NONE)
        status = find_newest(teller, opts->limit);
    if (status == 0)
        status = ask_history(teller, print);
    if (status == 0 && opts->follow)
        status = follow(teller);
    return status;
}

/* The unique ids of the jobs that the operands name now. 0 or the exit status. */
static int find_jobs(struct teller *teller, int argc, char **argv)
{
    struct jobs_view view;
    struct msg_list body = {.jobs = {.items = argv, .len = (size_t)argc}};
    if (argc == 0)
        return 0;
    int status = jobs_view_fetch(&view, &teller->connection, MSG_LIST, &body);
    if (status != 0)
        return status;
    const struct job_info *jobs = view.jobs.items;
    char **uids = calloc(view.jobs.len + 1, sizeof(*uids));
    for (size_t i = 0; uids && i < view.jobs.len; i++)
        uids[i] = jobs[i].uid;
    if (!uids || wire_set_strs(&teller->uids, uids, view.jobs.len) < 0)
        status = report_error("out of memory");
    free(uids);
    jobs_view_finish(&view);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    struct teller teller = {
        .opts = options_, .left = LIMIT_NONE, .reader_fd = -1, .some_may_be_over = true};
    teller.filter.labels = &teller.opts->labels;
    struct event_cursor cursor;
    if (teller.opts->since && event_cursor_parse(teller.opts->since, &cursor) < 0) {
        report_error("events: --since '%s' is no cursor: " EVENT_CURSOR_SYNTAX, teller.opts->since);
        return EXIT_USAGE;
    }
    if (!filter_is_valid(&teller.filter, "events"))
        return EXIT_USAGE;
    int r = connection_open(&teller.connection,
                            teller.opts->follow ? CONNECTION_START : CONNECTION_START_IF_JOBS);
    if (r == 1)
        return argc > 0 ? report_error("no job %s", argv[0]) : EXIT_OK;
    if (r < 0)
        return -r;
    int status = find_jobs(&teller, argc, argv);
    if (status == 0)
        status = tell(&teller);
    struct msg_get_events own = {.since = teller.since, .jobs = teller.uids};
    wire_clear(&msg_get_events_fields, &own);
    connection_finish(&teller.connection);
    fd_close(teller.reader_fd);
    return status;
}

const struct command cmd_events = {
    .name = "events",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "tell what has happened to the jobs, and what happens",
    .description =
        "One line for each change of a job's state, each attempt, move in a queue, attached and "
        "detached terminal, bell, title and notification (OSC 9, OSC 99 and OSC 777), and when a "
        "job begins to wait for input. With JOBs only what is about these; with --follow until "
        "all of them have ended. With --label only what is about jobs that have it, later ones "
        "too.\n\n"
        "The server keeps the newest 1024 events in memory. What is missing, because that was too "
        "few, or because another server runs by now, is told as a gap: events are for looking on, "
        "and for how a job has ended there is js wait. --follow goes on over the server's end.\n\n"
        "In JSON each has a cursor, for --since of a later call. Of a job that rings or notifies "
        "much not every time is told: bells once a second at most, with how many they were, and 8 "
        "notifications.",
    .examples = "js events -f\njs events -n 20 build\n"
                "js events -f --json | jq -r 'select(.kind == \"asks\").job'",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct events_options),
    .defaults = &defaults,
    .run = run,
};

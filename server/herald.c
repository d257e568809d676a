#include "server/herald.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "server/event_diff.h"
#include "server/server.h"

#define PART_EVENTS 256u         /* in one answer, at most */
#define PART_BYTES  (512u << 10) /* of texts in it */

/* A client that waits for events. */
struct follower {
    struct follower *next; /* herald::followers */
    struct client *client; /* referenced */
    uint32_t request_id;
    struct wire_strs jobs; /* owned */
    uint64_t at;           /* number of the next event for it */
};

/* Answers */

static bool is_wanted(const struct wire_strs *jobs, const struct job_event *event)
{
    bool wanted = jobs->len == 0;
    for (size_t i = 0; !wanted && event->uid && i < jobs->len; i++)
        wanted = strcmp(jobs->items[i], event->uid) == 0;
    return wanted;
}

/* An answer being made. */
struct answer {
    struct msg_events body;
    struct job_event events[PART_EVENTS + 1]; /* borrowed */
    uint64_t missed;
    size_t bytes;
    char cursor[EVENT_CURSOR_SIZE];
    char gap[160];
};

static void add_gap(struct answer *answer)
{
    answer->events[answer->body.events.len++] = (struct job_event){.kind = EVENT_GAP,
                                                                   .time_ns = clock_realtime_ns(),
                                                                   .count = answer->missed,
                                                                   .text = answer->gap};
}

static void add_event(struct answer *answer, const struct job_event *event)
{
    answer->events[answer->body.events.len++] = *event;
    for (size_t i = 0; i < event->labels.len; i++)
        answer->bytes += strlen(event->labels.items[i]);
    answer->bytes +=
        256 + (event->text ? strlen(event->text) : 0) + (event->title ? strlen(event->title) : 0);
}

/* Fills it with what is wanted from number `at` on; returns the number to go on from. */
static uint64_t fill(const struct herald *herald, struct answer *answer,
                     const struct wire_strs *jobs, uint64_t at)
{
    const struct events *events = &herald->events;
    at = events_after(events, at - 1, &answer->missed);
    if (answer->missed > 0 && !answer->gap[0])
        snprintf(answer->gap, sizeof(answer->gap),
                 "%llu events are not known any more: the newest %zu are kept",
                 (unsigned long long)answer->missed, events->kept);
    if (answer->gap[0])
        add_gap(answer);
    for (; at < events->next && answer->body.events.len < PART_EVENTS && answer->bytes < PART_BYTES;
         at++) {
        const struct job_event *event = events_at(events, at);
        if (is_wanted(jobs, event))
            add_event(answer, event);
    }
    return at;
}

static void send_answer(const struct herald *herald, struct answer *answer, uint64_t at,
                        struct client *client, uint32_t request_id)
{
    struct event_cursor cursor = herald->own;
    cursor.seq = at - 1;
    event_cursor_format(&cursor, answer->cursor);
    answer->body.cursor = answer->cursor;
    answer->body.events.items = answer->events;
    answer->body.more = at < herald->events.next;
    client_send(client, MSG_EVENTS, request_id, &answer->body);
}

static void drop_follower(struct follower *follower)
{
    struct msg_get_events body = {.jobs = follower->jobs};
    wire_clear(&msg_get_events_fields, &body);
    client_unref(follower->client);
    free(follower);
}

/* Whether it was answered. What it does not want is passed over for good. */
static bool answer_follower(const struct herald *herald, struct follower *follower)
{
    struct answer *answer = calloc(1, sizeof(*answer));
    if (!answer) {
        client_send_error(follower->client, follower->request_id, ERROR_INTERNAL, "out of memory");
        return true;
    }
    follower->at = fill(herald, answer, &follower->jobs, follower->at);
    bool any = answer->body.events.len > 0;
    if (any)
        send_answer(herald, answer, follower->at, follower->client, follower->request_id);
    free(answer);
    return any;
}

/* Answers all for whom there is something. */
static void tell_followers(struct herald *herald)
{
    struct follower **at = &herald->followers;
    while (*at) {
        struct follower *follower = *at;
        if (!answer_follower(herald, follower)) {
            at = &follower->next;
            continue;
        }
        *at = follower->next;
        drop_follower(follower);
    }
}

void herald_client_gone(struct herald *herald, const struct client *client)
{
    struct follower **at = &herald->followers;
    while (*at) {
        struct follower *follower = *at;
        if (follower->client != client) {
            at = &follower->next;
            continue;
        }
        *at = follower->next;
        drop_follower(follower);
    }
}

/* Questions */

/* Where the answer begins; *gap is filled if the cursor is not of this server. */
static uint64_t find_start(const struct herald *herald, const struct msg_get_events *body,
                           const struct event_cursor *cursor, char *gap, size_t size)
{
    const struct event_cursor *own = &herald->own;
    if (!body->since)
        return events_first(&herald->events);
    bool same = cursor->generation == own->generation &&
                (cursor->mark == 0 || cursor->mark == own->mark) &&
                cursor->seq < herald->events.next;
    if (same)
        return cursor->seq + 1;
    snprintf(gap, size,
             "another server tells from here on (generation %u, it was %u): what happened in "
             "between is not known",
             own->generation, cursor->generation);
    return events_first(&herald->events);
}

static void keep_follower(struct herald *herald, struct client *client, uint32_t request_id,
                          struct msg_get_events *body, uint64_t at)
{
    struct follower *follower = NULL;
    for (struct follower *f = herald->followers; f; f = f->next)
        if (f->client == client) {
            client_send_error(client, request_id, ERROR_BUSY,
                              "this connection waits for events already");
            return;
        }
    follower = calloc(1, sizeof(*follower));
    if (!follower) {
        client_send_error(client, request_id, ERROR_INTERNAL, "out of memory");
        return;
    }
    *follower = (struct follower){.next = herald->followers,
                                  .client = client_ref(client),
                                  .request_id = request_id,
                                  .jobs = body->jobs,
                                  .at = at};
    body->jobs = (struct wire_strs){0};
    herald->followers = follower;
}

void herald_get_events(struct client *client, uint32_t request_id, struct msg_get_events *body)
{
    struct herald *herald = &client->server->herald;
    struct event_cursor cursor = {0};
    if (body->since && event_cursor_parse(body->since, &cursor) < 0) {
        char text[160];
        snprintf(text, sizeof(text), "'%.32s' is no cursor: %s", body->since, EVENT_CURSOR_SYNTAX);
        client_send_error(client, request_id, ERROR_MALFORMED, text);
        return;
    }
    struct answer *answer = calloc(1, sizeof(*answer));
    if (!answer) {
        client_send_error(client, request_id, ERROR_INTERNAL, "out of memory");
        return;
    }
    uint64_t at = find_start(herald, body, &cursor, answer->gap, sizeof(answer->gap));
    at = fill(herald, answer, &body->jobs, at);
    if (answer->body.events.len == 0 && body->wait)
        keep_follower(herald, client, request_id, body, at);
    else
        send_answer(herald, answer, at, client, request_id);
    free(answer);
}

/* Events */

static void add(void *herald_, const struct job_event *event)
{
    struct herald *herald = herald_;
    if (herald->own.generation > 0)
        events_add(&herald->events, event);
}

static void add_about(struct server *server, const struct job *job, enum event_kind kind,
                      const char *text)
{
    struct job_event event = event_of(&job->info, kind, clock_realtime_ns());
    event.text = (char *)text;
    add(&server->herald, &event);
    tell_followers(&server->herald);
}

void herald_init(struct herald *herald)
{
    *herald = (struct herald){0};
    events_init(&herald->events, EVENTS_KEPT);
}

void herald_begin(struct server *server)
{
    struct herald *herald = &server->herald;
    const struct server_failure *last = server->status.failure;
    bool died = last && last->generation + 1 == server->status.generation;
    char text[512];
    herald->own.generation = server->status.generation;
    herald->own.mark = event_mark(server->started_ns);
    snprintf(text, sizeof(text), "began (pid %d, generation %u)%s%.300s", (int)getpid(),
             herald->own.generation, died ? "; the one before it died: " : "",
             died ? last->text : "");
    herald_say(server, text);
}

void herald_finish(struct herald *herald)
{
    while (herald->followers) {
        struct follower *follower = herald->followers;
        herald->followers = follower->next;
        drop_follower(follower);
    }
    events_finish(&herald->events);
}

void herald_say(struct server *server, const char *text)
{
    struct job_event event = {
        .kind = EVENT_SERVER, .time_ns = clock_realtime_ns(), .text = (char *)text};
    add(&server->herald, &event);
    tell_followers(&server->herald);
}

void herald_fault(struct server *server, enum fault_kind kind)
{
    counters_fault(&server->herald.counters, kind);
}

/* Jobs */

static void count_live(struct server *server, struct job *job)
{
    job->counted = true;
    counters_job_started(&server->herald.counters);
}

static void count_end(struct server *server, struct job *job)
{
    if (!job->counted)
        return;
    job->counted = false;
    counters_job_ended(&server->herald.counters, &job->info);
}

void herald_job_added(struct server *server, struct job *job)
{
    count_live(server, job);
}

void herald_job_found(struct server *server, struct job *job)
{
    uint32_t state = job->info.state;
    count_live(server, job);
    /* So that no more attempts end than were started. */
    server->herald.counters.attempts +=
        state == JOB_RUNNING || state == JOB_STOPPED || state == JOB_EXITING;
    add_about(server, job, EVENT_FOUND, NULL);
}

void herald_job_changed(struct server *server, struct job *job, const struct job_info *before)
{
    struct herald *herald = &server->herald;
    const struct job_info *after = &job->info;
    counters_attempts(&herald->counters, before, after);
    if (job_state_is_final(after->state))
        count_end(server, job);
    if (after->end && !before->end && after->end->reason == END_LOST)
        herald_fault(server, FAULT_LOST);
    if (after->end && !before->end && after->end->reason == END_SPAWN_FAILED)
        herald_fault(server, counters_fault_of(after->end->stage));
    event_diff(before, after, clock_realtime_ns(), add, herald);
    tell_followers(herald);
}

void herald_job_failed(struct server *server, struct job *job, const char *text,
                       enum fault_kind kind)
{
    herald_fault(server, kind);
    if (job_state_is_final(job->info.state))
        count_end(server, job);
    add_about(server, job, EVENT_FAILED, text);
}

void herald_job_removed(struct server *server, struct job *job)
{
    if (server->stopping)
        return; /* it lives on, for the next server */
    if (job->fork_error)
        job->info.state = JOB_FAILED;
    count_end(server, job);
}

void herald_job_forgotten(struct server *server, const struct job *job)
{
    add_about(server, job, EVENT_REMOVED, NULL);
}

static enum event_kind event_of_notice(uint32_t kind)
{
    switch ((enum notice_kind)kind) {
    case NOTICE_BELL:
        return EVENT_BELL;
    case NOTICE_TEXT:
        return EVENT_NOTIFICATION;
    case NOTICE_ASKS:
        return EVENT_ASKS;
    case NOTICE_ASKS_NO_MORE:
        return EVENT_ASKS_NO_MORE;
    case NOTICE_GRACE_OVER:
        return EVENT_GRACE_OVER;
    }
    return 0;
}

void herald_notice(struct server *server, struct job *job, const struct msg_notice *notice)
{
    struct job_event event =
        event_of(&job->info, event_of_notice(notice->kind), clock_realtime_ns());
    bool asks = notice->kind == NOTICE_ASKS;
    if (event.kind == 0 || job_state_is_final(job->info.state))
        return; /* of a newer holder */
    if (asks || notice->kind == NOTICE_ASKS_NO_MORE) {
        if (job->info.asks == asks)
            return;
        job->info.asks = asks;
    }
    event.text = notice->text;
    event.title = notice->title;
    event.count = notice->count;
    add(&server->herald, &event);
    tell_followers(&server->herald);
}

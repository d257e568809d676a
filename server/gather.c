#include "server/gather.h"

#include <stdlib.h>

#include "common/process.h"
#include "server/listing.h"
#include "server/server.h"

struct gather {
    uv_timer_t timer;
    struct client *client; /* referenced; NULL once it is answered */
    uint32_t request_id;
    size_t open; /* questions without an answer */
    bool timer_closed;
    size_t count;
    uint32_t ids[];
};

static void maybe_free(struct gather *gather)
{
    if (!gather->client && gather->open == 0 && gather->timer_closed)
        free(gather);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct gather *gather = handle->data;
    gather->timer_closed = true;
    maybe_free(gather);
}

/* Sends what there is. A job that was removed meanwhile is left out. */
static void answer(struct gather *gather)
{
    struct client *client = gather->client;
    const struct registry *registry = &client->server->registry;
    struct job **jobs = calloc(gather->count + 1, sizeof(struct job *));
    size_t count = 0;
    for (size_t i = 0; jobs && i < gather->count; i++)
        if ((jobs[count] = registry_find(registry, gather->ids[i])))
            count++;
    broker_explain(&client->server->broker); /* a job may have told something new meanwhile */
    if (jobs)
        listing_send(client, gather->request_id, jobs, count, true);
    else
        client_send_error(client, gather->request_id, ERROR_INTERNAL, "out of memory");
    free(jobs);
    gather->client = NULL;
    client_unref(client);
    uv_close((uv_handle_t *)&gather->timer, on_timer_closed);
}

static void on_timer(uv_timer_t *timer)
{
    answer(timer->data);
}

/* A stopped one answers some time, but nobody should have to wait for that. */
static bool can_answer(const struct job *job)
{
    struct process_stat stat;
    return job->linked && !job->incompatible && !job_state_is_final(job->info.state) &&
           (process_stat((pid_t)job->info.holder_pid, &stat) < 0 || stat.state != 'T');
}

/* Once, however often it is listed: each answer takes a holder a walk through all its processes. */
static void ask(struct gather *gather, struct job *job)
{
    if (job->pending && job->pending->gather == gather)
        return;
    job->told_usage = false;
    if (can_answer(job) && job_ask_usage(job, gather) == 0)
        gather->open++;
}

void gather_start(struct client *client, uint32_t request_id, struct job *const *jobs, size_t count)
{
    struct gather *gather = calloc(1, sizeof(*gather) + count * sizeof(gather->ids[0]));
    if (!gather || uv_timer_init(&client->server->loop, &gather->timer) < 0) {
        free(gather);
        client_send_error(client, request_id, ERROR_INTERNAL, "out of memory");
        return;
    }
    gather->timer.data = gather;
    gather->client = client_ref(client);
    gather->request_id = request_id;
    gather->count = count;
    for (size_t i = 0; i < count; i++) {
        gather->ids[i] = jobs[i]->info.id;
        ask(gather, jobs[i]);
    }
    if (gather->open > 0)
        uv_timer_start(&gather->timer, on_timer, GATHER_MS, 0);
    else
        answer(gather);
}

void gather_answered(struct gather *gather, struct job *job, const struct job_usage *usage)
{
    if (usage) {
        job->usage = *usage;
        job->told_usage = true;
    }
    gather->open--;
    if (gather->client && gather->open == 0)
        answer(gather);
    else
        maybe_free(gather);
}

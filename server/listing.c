#include "server/listing.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "server/server.h"

#define BATCH_BYTES  (1u << 20) /* of argv in one frame: far from WIRE_FRAME_MAX with the rest */
#define BATCH_JOBS   512u
#define QUEUE_BYTES  (1u << 20) /* with more than this unread, the rest waits */
#define PARKED_LISTS 1024u      /* answers that wait for one client: it asks and does not read */

static size_t weight(const struct job_info *info)
{
    size_t bytes = 512;
    for (size_t i = 0; i < info->argv.len; i++)
        bytes += strlen(info->argv.items[i]) + 5;
    return bytes;
}

/* What is in info belongs to the job: it is only encoded. */
static void fill(struct job_info *info, struct job *job, bool usage)
{
    *info = job->info;
    if (!job_state_is_final(info->state))
        info->usage = usage && job->told_usage ? &job->usage : NULL;
}

/* Sends the next part. */
static void send_part(struct client *client, struct listing *listing, struct job_info *batch)
{
    const struct registry *registry = &client->server->registry;
    struct msg_jobs body = {.jobs.items = batch};
    registry_current(registry, &body.current, &body.previous);
    size_t bytes = 0;
    while (listing->at < listing->count && body.jobs.len < BATCH_JOBS) {
        struct job *job = registry_find(registry, listing->ids[listing->at]);
        size_t more = job ? weight(&job->info) : 0;
        if (body.jobs.len > 0 && bytes + more > BATCH_BYTES)
            break;
        if (job)
            fill(&batch[body.jobs.len++], job, listing->usage);
        bytes += more;
        listing->at++;
    }
    body.more = listing->at < listing->count;
    client_send(client, MSG_JOBS, listing->request_id, &body);
}

/* Whether it was sent to its end; else the client is behind, or closed. */
static bool send_parts(struct client *client, struct listing *listing)
{
    struct job_info *batch = calloc(BATCH_JOBS, sizeof(*batch));
    if (!batch) {
        client_send_error(client, listing->request_id, ERROR_INTERNAL, "out of memory");
        return true;
    }
    bool whole = false;
    while (!whole && !client->channel.closing && client->channel.out_len < QUEUE_BYTES) {
        send_part(client, listing, batch);
        whole = listing->at >= listing->count;
    }
    free(batch);
    return whole;
}

static void park(struct client *client, struct listing *listing)
{
    struct listing **at = &client->listings;
    size_t parked = 0;
    for (; *at; at = &(*at)->next)
        parked++;
    *at = listing;
    if (parked < PARKED_LISTS || client->channel.closing)
        return;
    log_warn("closed, it does not read what it asked for");
    channel_close(&client->channel);
}

void listing_send(struct client *client, uint32_t request_id, struct job *const *jobs, size_t count,
                  bool usage)
{
    if (client->closed)
        return;
    struct listing *listing = malloc(sizeof(*listing) + count * sizeof(listing->ids[0]));
    if (!listing) {
        client_send_error(client, request_id, ERROR_INTERNAL, "out of memory");
        return;
    }
    *listing = (struct listing){.request_id = request_id, .count = count, .usage = usage};
    for (size_t i = 0; i < count; i++)
        listing->ids[i] = jobs[i]->info.id;
    if (send_parts(client, listing))
        free(listing);
    else
        park(client, listing);
}

void listing_go_on(struct client *client)
{
    while (client->listings) {
        struct listing *listing = client->listings;
        if (!send_parts(client, listing))
            return;
        client->listings = listing->next;
        free(listing);
    }
}

void listing_drop_all(struct client *client)
{
    while (client->listings) {
        struct listing *listing = client->listings;
        client->listings = listing->next;
        free(listing);
    }
}

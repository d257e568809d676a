#include "server/postponed.h"

#include <errno.h>
#include <stdlib.h>

#include "server/requests.h"
#include "server/server.h"

struct postponed {
    struct postponed *next; /* server::postponed */
    struct client *client;  /* referenced */
    struct wire_frame frame;
    struct channel_fds fds;
};

static void destroy(struct postponed *postponed)
{
    wire_frame_finish(&postponed->frame);
    channel_fds_finish(&postponed->fds);
    client_unref(postponed->client);
    free(postponed);
}

int postponed_add(struct client *client, struct wire_frame *frame, struct channel_fds *fds)
{
    struct postponed *postponed = calloc(1, sizeof(*postponed));
    if (!postponed) {
        wire_frame_finish(frame);
        *frame = (struct wire_frame){0};
        channel_fds_finish(fds);
        return -ENOMEM;
    }
    postponed->client = client_ref(client);
    postponed->frame = *frame;
    postponed->fds = *fds;
    *frame = (struct wire_frame){0};
    channel_fds_init(fds);
    struct postponed **at = &client->server->postponed;
    while (*at)
        at = &(*at)->next;
    *at = postponed;
    return 0;
}

void postponed_retry(struct server *server)
{
    struct postponed *list = server->postponed;
    server->postponed = NULL;
    while (list) {
        struct postponed *postponed = list;
        list = postponed->next;
        if (!postponed->client->closed)
            request_handle(postponed->client, &postponed->frame, &postponed->fds);
        destroy(postponed);
    }
}

void postponed_forget(struct client *client)
{
    struct postponed **at = &client->server->postponed;
    while (*at) {
        struct postponed *postponed = *at;
        if (postponed->client != client) {
            at = &postponed->next;
            continue;
        }
        *at = postponed->next;
        destroy(postponed);
    }
}

void postponed_drop(struct server *server)
{
    while (server->postponed) {
        struct postponed *postponed = server->postponed;
        server->postponed = postponed->next;
        destroy(postponed);
    }
}

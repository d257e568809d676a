#include "server/client.h"

#include <errno.h>
#include <stdlib.h>

#include "common/fd.h"
#include "common/log.h"
#include "server/listing.h"
#include "server/requests.h"
#include "server/server.h"

struct client *client_ref(struct client *client)
{
    client->refs++;
    return client;
}

void client_unref(struct client *client)
{
    if (--client->refs == 0)
        free(client);
}

void client_send(struct client *client, enum message_type type, uint32_t request_id,
                 const void *body)
{
    if (client->closed)
        return;
    int r = channel_send(&client->channel, type, request_id, body, NULL, 0);
    if (r == -EMSGSIZE) {
        client_send_error(client, request_id, ERROR_INTERNAL,
                          "the answer is too large for a frame");
    } else if (r == -ENOBUFS || r == -ENOMEM) {
        log_warn("closed, it does not read what it asked for");
        channel_close(&client->channel);
    }
}

void client_send_error(struct client *client, uint32_t request_id, enum error_code code,
                       const char *text)
{
    struct msg_error body = {.code = code, .text = (char *)text};
    client_send(client, MSG_ERROR, request_id, &body);
}

static void greet(struct client *client, struct wire_frame *frame)
{
    char text[256];
    if (frame->type != MSG_HELLO) {
        client_send_error(client, frame->request_id, ERROR_MALFORMED,
                          "the first message must be hello");
        channel_end(&client->channel);
        return;
    }
    const struct msg_hello *hello = frame->body;
    if (!protocol_compatible(hello, "client", text, sizeof(text))) {
        client_send_error(client, 0, ERROR_VERSION, text);
        channel_end(&client->channel);
        return;
    }
    client->greeted = true;
    client->protocol = hello->protocol;
}

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    struct client *client = channel->data;
    if (!client->greeted)
        greet(client, frame);
    else if (frame->request_id == 0)
        client_send_error(client, 0, ERROR_MALFORMED, "a request needs an id that is not 0");
    else
        request_handle(client, frame, fds);
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    struct client *client = channel->data;
    log_debug(LOG_WIRE, "%s", why->text);
    client_send_error(client, why->request_id, (enum error_code)code, why->text);
    if (!client->greeted)
        channel_end(channel);
}

static void on_end(struct channel *channel, int status)
{
    (void)status;
    channel_end(channel); /* what it was sent last may still be on its way */
}

static void on_closed(struct channel *channel)
{
    struct client *client = channel->data;
    struct client **at = &client->server->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    client->closed = true;
    listing_drop_all(client);
    server_client_gone(client->server, client);
    client_unref(client);
}

static void on_drained(struct channel *channel)
{
    listing_go_on(channel->data);
}

static const struct channel_ops ops = {
    .on_drained = on_drained,
    .on_frame = on_frame,
    .on_problem = on_problem,
    .on_end = on_end,
    .on_closed = on_closed,
};

int client_create(struct server *server, int fd)
{
    struct client *client = calloc(1, sizeof(*client));
    if (!client) {
        fd_close(fd);
        return -ENOMEM;
    }
    client->server = server;
    client->refs = 1;
    int r = channel_open(&client->channel, &server->loop, fd, &ops, client);
    if (r < 0) {
        free(client);
        return r;
    }
    client->pid = channel_peer_pid(&client->channel);
    client->channel.log_client = (unsigned)client->pid;
    client->next = server->clients;
    server->clients = client;
    server->client_count++;
    server_check_idle(server);
    channel_send_hello(&client->channel, server->runtime.paths.state_dir);
    return 0;
}

void client_close_all(struct server *server)
{
    for (struct client *c = server->clients; c; c = c->next)
        channel_close(&c->channel);
}

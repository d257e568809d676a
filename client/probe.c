#include "client/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "common/config.h"
#include "common/life.h"

const char *probe_state_name(enum probe_state state)
{
    static const char *const names[] = {
        [PROBE_RUNNING] = "running",
        [PROBE_STOPPED] = "stopped",
        [PROBE_STALE] = "stale",
        [PROBE_UNRESPONSIVE] = "unresponsive",
        [PROBE_INCOMPATIBLE] = "incompatible",
    };
    return names[state];
}

/* Nobody has the lock. What is left of the last server? */
static void look_around(struct probe *probe, const struct place *place)
{
    struct stat st;
    probe->why[0] = '\0';
    bool listened = place_has_listener(place);
    bool left = !listened && lstat(place->socket, &st) == 0;
    struct msg_status *last = &probe->status;
    struct server_failure *failure = life_failure(place->paths.runtime_dir, last);
    if (failure) {
        life_failure_free(last->failure);
        last->failure = failure;
    }
    probe->state = failure || left ? PROBE_STALE : PROBE_STOPPED;
    if (listened)
        snprintf(probe->why, sizeof(probe->why),
                 "another program listens on the socket: systemd's js.socket, which will start a "
                 "server, or one that is in its way");
    else if (probe->state == PROBE_STALE)
        snprintf(probe->why, sizeof(probe->why),
                 "the next js command that needs a server mends this");
}

/* A question that is under way. */
struct question {
    struct connection connection;
    uv_timer_t timer;
    bool late;
};

static void on_late(uv_timer_t *timer)
{
    struct question *question = timer->data;
    question->late = true;
    question->connection.given_up = true;
    uv_stop(&question->connection.loop);
}

/* What is wrong is told with the state, not before it. */
static void on_failure(struct connection *connection)
{
    connection->given_up = true;
}

/* Whether it answered; then probe->status is the answer. */
static bool ask(struct question *question, struct probe *probe)
{
    struct connection *connection = &question->connection;
    struct msg_empty body = {0};
    connection->on_failure = on_failure;
    connection->data = question;
    connection->hopeless = true; /* another server is not the one that is asked about */
    uv_timer_init(&connection->loop, &question->timer);
    question->timer.data = question;
    uv_timer_start(&question->timer, on_late, PROBE_MS, 0);
    int status = connection_request(connection, MSG_GET_STATUS, &body, NULL, 0);
    if (status != 0 || connection->reply.type != MSG_STATUS)
        return false;
    struct msg_status *answer = connection->reply.body;
    wire_clear(&msg_status_fields, &probe->status);
    probe->status = *answer;
    *answer = (struct msg_status){0}; /* its members have moved */
    return true;
}

static void note_peer(struct probe *probe, const struct connection *connection)
{
    struct msg_status *status = &probe->status;
    if (connection->peer_pid)
        status->pid = connection->peer_pid;
    if (!connection->greeted)
        return;
    status->protocol = connection->peer_protocol;
    status->lowest = connection->peer_lowest;
    wire_set_str(&status->version, connection->peer_version);
}

/* It did not answer as it should. */
static void judge(struct probe *probe, const struct question *question)
{
    const struct connection *connection = &question->connection;
    const char *why = connection->problem;
    probe->state = PROBE_UNRESPONSIVE;
    if (question->late)
        why = "it did not answer within 1 s";
    else if (connection->replied || why[0])
        probe->state = PROBE_INCOMPATIBLE;
    if (!why[0])
        why = connection->replied ? "it does not tell its status" : "it closed the connection";
    snprintf(probe->why, sizeof(probe->why), "%s", why);
    note_peer(probe, connection);
}

/* Somebody has the lock. */
static void ask_server(struct probe *probe)
{
    struct question question = {0};
    struct connection *connection = &question.connection;
    probe->state = PROBE_UNRESPONSIVE;
    /* Twice the time: the timer here decides. */
    if (connection_open_within(connection, CONNECTION_NEVER_START, 2 * PROBE_MS) != 0) {
        snprintf(probe->why, sizeof(probe->why), "%s", connection->problem);
        return;
    }
    if (ask(&question, probe))
        probe->state = PROBE_RUNNING;
    else
        judge(probe, &question);
    connection_finish(connection);
}

/* "key=value" of the table's key in what the server told, or NULL. */
static const char *told_value(const struct msg_status *status, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < status->config.len; i++)
        if (strncmp(status->config.items[i], key, len) == 0 && status->config.items[i][len] == '=')
            return status->config.items[i] + len + 1;
    return NULL;
}

static int compare_key(struct bytes *out, const struct msg_status *status,
                       const struct config *config, const struct config_key *key)
{
    const char *told = told_value(status, key->name);
    struct bytes value = {0};
    int r = config_format(config, key, &value);
    if (r == 0)
        r = bytes_append(&value, "", 1);
    /* A server of an older release does not know the key. */
    if (r == 0 && told && strcmp(told, (const char *)value.data) != 0)
        r = bytes_printf(out, "%s: it has %s, the file says %s", key->name, told,
                         (const char *)value.data);
    bytes_finish(&value);
    return r;
}

/* What a reload would change. */
static void compare_config(struct probe *probe)
{
    struct config config;
    const struct msg_status *status = &probe->status;
    char **items = calloc(config_key_count, sizeof(*items));
    config_init(&config);
    int r = 0;
    if (status->config_file)
        r = config_read(&config, status->config_file, NULL, probe->file_problem,
                        sizeof(probe->file_problem));
    if (r == -ENOENT)
        probe->file_problem[0] = '\0'; /* then the defaults hold */
    size_t count = 0;
    for (size_t i = 0; items && (r == 0 || r == -ENOENT) && i < config_key_count; i++) {
        struct bytes line = {0};
        if (compare_key(&line, status, &config, &config_keys[i]) == 0 && line.len > 0 &&
            bytes_append(&line, "", 1) == 0)
            items[count++] = (char *)line.data;
        else
            bytes_finish(&line);
    }
    if (items)
        wire_set_strs(&probe->differs, items, count);
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    free(items);
}

void probe_run(struct probe *probe, const struct place *place)
{
    *probe = (struct probe){.state = PROBE_STOPPED};
    (void)life_read(place->paths.runtime_dir, &probe->status); /* a bad one tells nothing */
    if (place_is_locked(place, 0))
        ask_server(probe);
    /* One that has just ended neither answers nor lives. */
    if (probe->state != PROBE_RUNNING && !place_is_locked(place, 0))
        look_around(probe, place);
    if (probe->state == PROBE_RUNNING)
        compare_config(probe);
}

void probe_finish(struct probe *probe)
{
    struct msg_list differs = {.jobs = probe->differs};
    wire_clear(&msg_list_fields, &differs);
    wire_clear(&msg_status_fields, &probe->status);
    *probe = (struct probe){0};
}

#include "client/connection.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "client/autostart.h"
#include "client/report.h"
#include "common/fd.h"
#include "common/life.h"
#include "version.h"

#define RECONNECT_MAX 64        /* servers in a row that die of one request are no accident */
#define LIVED_NS      100000000 /* one that lived so long with the request did not die of it */

/* No exit status: the server went away, and the request can be repeated. */
#define REQUEST_LOST (-1)

static void lose(struct connection *connection)
{
    connection->lost = true;
    if (connection->on_lost)
        connection->on_lost(connection);
    uv_stop(&connection->loop);
}

/* For a reason that the next server would not mend. */
static void give_up(struct connection *connection)
{
    connection->hopeless = true;
    lose(connection);
}

static void handle_hello(struct connection *connection, const struct msg_hello *hello)
{
    connection->greeted = true;
    connection->peer_protocol = hello->protocol;
    connection->peer_lowest = hello->lowest;
    snprintf(connection->peer_version, sizeof(connection->peer_version), "%s", hello->version);
    uv_timer_stop(&connection->hello_timer);
    if (!protocol_compatible(hello, "server", connection->problem, sizeof(connection->problem)))
        give_up(connection);
    else if (hello->state_dir)
        snprintf(connection->state_dir, sizeof(connection->state_dir), "%s", hello->state_dir);
}

struct connection_part {
    struct connection_part *next;
    struct wire_frame frame;
};

static void keep_part(struct connection *connection, struct wire_frame *frame)
{
    struct connection_part **at = &connection->parts;
    while (*at)
        at = &(*at)->next;
    *at = calloc(1, sizeof(**at));
    if (!*at) {
        snprintf(connection->problem, sizeof(connection->problem), "out of memory");
        give_up(connection);
        return;
    }
    (*at)->frame = *frame;
    *frame = (struct wire_frame){0};
}

/* Whether there was one: it is the reply then. */
static bool take_part(struct connection *connection)
{
    struct connection_part *part = connection->parts;
    if (!part)
        return false;
    connection->parts = part->next;
    connection->reply = part->frame;
    connection->replied = true;
    free(part);
    return true;
}

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    struct connection *connection = channel->data;
    if (frame->type == MSG_HELLO) {
        handle_hello(connection, frame->body);
    } else if (frame->request_id != 0 && frame->request_id == connection->awaited) {
        connection->reply = *frame;
        *frame = (struct wire_frame){0};
        connection->reply_fds = *fds;
        channel_fds_init(fds);
        connection->awaited = 0;
        connection->replied = true;
        uv_stop(&connection->loop);
    } else if (frame->request_id != 0 && frame->request_id == connection->last_request) {
        keep_part(connection, frame);
    } else if (frame->type == MSG_ERROR && frame->request_id == 0) {
        const struct msg_error *error = frame->body;
        snprintf(connection->problem, sizeof(connection->problem), "%s", error->text);
        connection->hopeless = true; /* it says why it does not want to speak with us */
    } else if (connection->on_event) {
        connection->on_event(connection, frame);
    }
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    (void)code;
    struct connection *connection = channel->data;
    snprintf(connection->problem, sizeof(connection->problem),
             "the server sent a message that cannot be understood: %s", why->text);
    give_up(connection);
}

static void on_end(struct channel *channel, int status)
{
    struct connection *connection = channel->data;
    if (status < 0 && status != -ECONNRESET && !connection->problem[0])
        snprintf(connection->problem, sizeof(connection->problem), "%s", strerror(-status));
    lose(connection);
}

static void on_closed(struct channel *channel)
{
    struct connection *connection = channel->data;
    connection->channel_open = false;
    uv_stop(&connection->loop);
}

static const struct channel_ops ops = {
    .on_frame = on_frame,
    .on_problem = on_problem,
    .on_end = on_end,
    .on_closed = on_closed,
};

static bool has_entries(const char *dir)
{
    char path[PATHS_MAX + 32];
    snprintf(path, sizeof(path), "%s/jobs", dir);
    DIR *stream = opendir(path);
    bool found = false;
    for (struct dirent *entry; stream && !found && (entry = readdir(stream));)
        found = entry->d_name[0] != '.';
    if (stream)
        closedir(stream);
    return found;
}

static bool has_jobs(const struct paths *paths)
{
    char fallback[PATHS_MAX + 16];
    snprintf(fallback, sizeof(fallback), "%s/" PATHS_FALLBACK, paths->runtime_dir);
    return has_entries(paths->state_dir) || has_entries(paths->runtime_dir) ||
           has_entries(fallback);
}

/* A connected socket, -ENOENT when there is nothing to connect to, or another -errno with text. */
static int find_server(struct connection *connection, enum connection_start start, char *text,
                       size_t size)
{
    struct paths *paths = &connection->paths;
    char socket_path[PATHS_MAX + 8];
    int r = paths_find(paths, text, size);
    if (r < 0)
        return r == -ENOENT ? -EINVAL : r;
    snprintf(socket_path, sizeof(socket_path), "%s/sock", paths->runtime_dir);
    int fd = paths_check_private(paths->runtime_dir, text, size);
    if (fd == 0)
        fd = channel_connect(socket_path, start != CONNECTION_NEVER_START);
    else if (fd != -ENOENT)
        return fd;
    if (fd >= 0)
        return fd;
    bool nobody = fd == -ENOENT || fd == -ECONNREFUSED;
    if (!nobody || start == CONNECTION_NEVER_START) {
        snprintf(text, size, "cannot connect to %s: %s", socket_path,
                 fd == -EAGAIN ? "too many clients wait there" : strerror(-fd));
        return fd;
    }
    if (start == CONNECTION_START_IF_JOBS && !has_jobs(paths))
        return -ENOENT;
    fd = autostart_connect(paths, socket_path, text, size);
    return fd == -ENOENT ? -ECONNREFUSED : fd;
}

/* Whoever listens has the lock, or its socket would be refused: a server that hangs or is stopped.
 */
static void on_hello_timer(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    snprintf(connection->problem, sizeof(connection->problem),
             "it does not answer (pid %d); see js server status",
             (int)channel_peer_pid(&connection->channel));
    give_up(connection);
}

/* Takes over fd. 0 or -errno. */
static int greet(struct connection *connection, int fd)
{
    connection->lost = connection->greeted = false;
    connection->problem[0] = '\0';
    int r = channel_open(&connection->channel, &connection->loop, fd, &ops, connection);
    if (r < 0)
        return r;
    connection->channel_open = true;
    connection->peer_pid = (uint32_t)channel_peer_pid(&connection->channel);
    uv_timer_start(&connection->hello_timer, on_hello_timer, connection->hello_ms, 0);
    /* It waits for nothing by itself: a loop with nothing else to do may end. */
    uv_unref((uv_handle_t *)&connection->hello_timer);
    r = channel_send_hello(&connection->channel, NULL);
    /* It has gone already: its end is still to be read, and the next one is asked then. */
    return r == -EPIPE ? 0 : r;
}

int connection_open(struct connection *connection, enum connection_start start)
{
    return connection_open_within(connection, start, CONNECTION_HELLO_MS);
}

#define FDS_LEAST 16u /* libuv aborts when there are too few */

static bool has_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FDS_LEAST)
        return true;
    report_error("js may open %llu files only (ulimit -n): it needs %u; raise the limit and try "
                 "again",
                 (unsigned long long)limit.rlim_cur, FDS_LEAST);
    return false;
}

int connection_open_within(struct connection *connection, enum connection_start start,
                           uint64_t hello_ms)
{
    char text[PATHS_MAX + 512];
    *connection = (struct connection){.hello_ms = hello_ms};
    channel_fds_init(&connection->reply_fds);
    if (!has_fds())
        return -EXIT_JS_FAILED;
    int fd = find_server(connection, start, text, sizeof(text));
    if (fd < 0 && start == CONNECTION_NEVER_START) {
        snprintf(connection->problem, sizeof(connection->problem), "%.500s", text);
        return 1;
    }
    if (fd == -ENOENT)
        return 1;
    if (fd < 0)
        return -report_error("%s", text);
    int r = uv_loop_init(&connection->loop);
    if (r < 0) {
        fd_close(fd);
        return -report_error("cannot make an event loop: %s", uv_strerror(r));
    }
    uv_timer_init(&connection->loop, &connection->hello_timer);
    connection->hello_timer.data = connection;
    connection->open = true;
    r = greet(connection, fd);
    if (r < 0) {
        connection_finish(connection);
        return -report_error("cannot use the connection to the server: %s", strerror(-r));
    }
    return 0;
}

/* To the next server, started if need be. 0 or -errno with text (of size bytes). */
static int reconnect(struct connection *connection, char *text, size_t size)
{
    channel_close(&connection->channel);
    while (connection->channel_open)
        uv_run(&connection->loop, UV_RUN_DEFAULT);
    int fd = find_server(connection, CONNECTION_START, text, size);
    if (fd < 0)
        return fd;
    int r = greet(connection, fd);
    if (r < 0)
        snprintf(text, size, "cannot use the connection to the server: %s", strerror(-r));
    return r;
}

static int report_lost(const struct connection *connection)
{
    if (connection->problem[0])
        return report_error("the server went away: %s", connection->problem);
    char *line = life_log_line(connection->paths.runtime_dir, (pid_t)connection->peer_pid);
    int status = report_error("the server went away before it answered; %s in %s/server.log%s%s",
                              line ? "its last line" : "nothing of it is",
                              connection->paths.runtime_dir, line ? ": " : "", line ? line : "");
    free(line);
    return status;
}

static void drop_reply(struct connection *connection)
{
    wire_frame_finish(&connection->reply);
    channel_fds_finish(&connection->reply_fds);
    connection->replied = false;
}

/*
 * Whether a request that a server has left unanswered may be asked again of the next one. Always
 * when nobody can have looked at it: a server greets before it reads.
 */
static bool may_repeat(const struct connection *connection)
{
    return !connection->hopeless &&
           (connection->patient || connection->unsent || !connection->greeted);
}

static int report_reply(const struct connection *connection)
{
    const struct msg_error *error = connection->reply.body;
    if (connection->expected && error->code == connection->expected)
        return CONNECTION_EXPECTED;
    int status = report_message(error);
    if (error->code == ERROR_UNSUPPORTED && strcmp(connection->peer_version, JS_VERSION) != 0)
        report_error("the server is js %s, this is js %s: js server restart starts this one, and "
                     "ends no job",
                     connection->peer_version, JS_VERSION);
    return status;
}

static int await_reply(struct connection *connection)
{
    while (!connection->replied && !connection->lost && !connection->given_up)
        uv_run(&connection->loop, UV_RUN_DEFAULT);
    bool unanswered = connection->lost && !connection->replied && !connection->given_up;
    if (unanswered && connection->end_will_do && !connection->hopeless)
        return 0;
    if (unanswered && may_repeat(connection))
        return REQUEST_LOST;
    if (connection->replied && connection->reply.type != MSG_ERROR)
        return 0;
    if (connection->on_failure)
        connection->on_failure(connection);
    if (connection->replied)
        return report_reply(connection);
    return connection->given_up ? EXIT_JS_FAILED : report_lost(connection);
}

static void drop_answer(struct connection *connection)
{
    do
        drop_reply(connection);
    while (take_part(connection));
}

static int request_once(struct connection *connection, enum message_type type, const void *body,
                        const int *fds, size_t fd_count)
{
    drop_answer(connection);
    connection->awaited = ++connection->last_request;
    int r = channel_send(&connection->channel, type, connection->awaited, body, fds, fd_count);
    if (r == -EMSGSIZE)
        return report_error("arguments and environment are too long (%u bytes at most)",
                            WIRE_FRAME_MAX);
    /* A peer that has closed may have said why: that is still to be read. */
    connection->unsent = r == -EPIPE;
    if (r < 0 && r != -EPIPE)
        return report_error("cannot ask the server: %s", strerror(-r));
    if (connection->on_sent)
        connection->on_sent(connection);
    return await_reply(connection);
}

/* Keeps the descriptors, for another try. */
static int request_copy(struct connection *connection, enum message_type type, const void *body,
                        const int *fds, size_t fd_count)
{
    int copies[CHANNEL_FDS_MAX];
    for (size_t i = 0; i < fd_count; i++) {
        copies[i] = fd_dup(fds[i]);
        if (copies[i] >= 0)
            continue;
        int error = -copies[i];
        while (i > 0)
            fd_close(copies[--i]);
        return report_error("cannot ask the server: %s", strerror(error));
    }
    return request_once(connection, type, body, copies, fd_count);
}

static int request_again(struct connection *connection, enum message_type type, const void *body,
                         const int *fds, size_t fd_count)
{
    char text[PATHS_MAX + 512];
    if (connection->on_failure)
        connection->on_failure(connection);
    int r = reconnect(connection, text, sizeof(text));
    if (connection->again)
        *connection->again = true;
    if (r < 0)
        return report_error("%s", text);
    return request_copy(connection, type, body, fds, fd_count);
}

int connection_request(struct connection *connection, enum message_type type, const void *body,
                       const int *fds, size_t fd_count)
{
    assert(connection->awaited == 0 || connection->lost);
    uint64_t since = uv_hrtime();
    int status = request_copy(connection, type, body, fds, fd_count);
    for (int tries = 0; status == REQUEST_LOST && tries < RECONNECT_MAX; tries++) {
        uint64_t now = uv_hrtime();
        tries = now - since > LIVED_NS ? 0 : tries;
        since = now;
        status = request_again(connection, type, body, fds, fd_count);
    }
    for (size_t i = 0; i < fd_count; i++)
        fd_close(fds[i]);
    return status == REQUEST_LOST ? report_lost(connection) : status;
}

int connection_next_reply(struct connection *connection)
{
    drop_reply(connection);
    if (!take_part(connection))
        connection->awaited = connection->last_request;
    int status = await_reply(connection);
    return status == REQUEST_LOST ? CONNECTION_ASK_AGAIN : status;
}

static void on_walk(uv_handle_t *handle, void *data)
{
    (void)data;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void connection_finish(struct connection *connection)
{
    if (!connection->open)
        return;
    drop_answer(connection);
    if (connection->channel_open)
        channel_close(&connection->channel);
    uv_walk(&connection->loop, on_walk, NULL);
    /* Again if it was told to stop before: what is not closed stays allocated. */
    do
        uv_run(&connection->loop, UV_RUN_DEFAULT);
    while (uv_loop_close(&connection->loop) == UV_EBUSY);
    connection->open = false;
}

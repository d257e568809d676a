#include "server/queue_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/protocol.h"

#define TEMP QUEUE_SETTINGS_FILE ".new"

/* The file */

static int open_dir(const struct queue_settings *settings)
{
    if (!settings->state_dir)
        return -ENOENT;
    int fd = open(settings->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* As queue_settings_set and the rest of us leave them: by name, each once, within the bounds. */
static bool is_sane(const struct msg_queues *body)
{
    const struct queue_setting *queues = body->queues.items;
    char text[128];
    for (size_t i = 0; i < body->queues.len; i++)
        if (!queue_name_is_valid(queues[i].name, "queue", text, sizeof(text)) ||
            (i > 0 && strcmp(queues[i - 1].name, queues[i].name) >= 0))
            return false;
    return true;
}

static int decode(struct queue_settings *settings, const uint8_t *data, size_t len)
{
    struct wire_frame frame = {0};
    struct wire_problem why;
    int r = -EBADMSG;
    if (len > WIRE_HEADER_SIZE && wire_frame_size(data, len) == (long)len)
        r = wire_decode(&protocol, data + WIRE_HEADER_SIZE, len - WIRE_HEADER_SIZE, &frame, &why);
    if (r < 0)
        return r;
    struct msg_queues *body = frame.body;
    if (frame.type == MSG_QUEUES && is_sane(body)) {
        settings->queues = body->queues.items; /* they move */
        settings->count = body->queues.len;
        body->queues = (struct wire_structs){0};
    } else {
        r = -EBADMSG;
    }
    wire_frame_finish(&frame);
    return r;
}

static int read_file(struct queue_settings *settings, int dir_fd)
{
    void *data = NULL;
    size_t len = 0;
    int r = fd_read_file(dir_fd, QUEUE_SETTINGS_FILE, WIRE_FRAME_MAX, &data, &len);
    if (r < 0)
        return r == -EFBIG || r == -EINVAL ? -EBADMSG : r;
    r = decode(settings, data, len);
    free(data);
    return r;
}

static void tell_damage(struct queue_settings *settings)
{
    const char *dir = settings->state_dir;
    snprintf(
        settings->problem, sizeof(settings->problem),
        "the settings of queues were damaged and do not hold: set them again (js queue set, js "
        "queue pause); what is left of them is %s/" QUEUE_SETTINGS_DAMAGED ", and this is told "
        "until you remove it",
        dir);
}

void queue_settings_open(struct queue_settings *settings, const char *state_dir)
{
    *settings = (struct queue_settings){.state_dir = state_dir};
    _cleanup_fd_ int dir_fd = open_dir(settings);
    if (dir_fd < 0)
        return;
    int r = read_file(settings, dir_fd);
    if (r == -EBADMSG && renameat(dir_fd, QUEUE_SETTINGS_FILE, dir_fd, QUEUE_SETTINGS_DAMAGED) < 0)
        r = -errno;
    if (faccessat(dir_fd, QUEUE_SETTINGS_DAMAGED, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        tell_damage(settings);
    else if (r < 0 && r != -ENOENT)
        snprintf(settings->problem, sizeof(settings->problem),
                 "the settings of queues in %s/" QUEUE_SETTINGS_FILE " cannot be read: %s; every "
                 "queue has one slot",
                 state_dir, strerror(-r));
}

static int write_temp(int dir_fd, const struct bytes *frame)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    _cleanup_fd_ int fd = openat(dir_fd, TEMP, flags, 0600);
    int r = fd < 0 ? -errno : fd_write_all(fd, frame->data, frame->len);
    return r == 0 && fsync(fd) < 0 ? -errno : r;
}

static int save(const struct queue_settings *settings)
{
    struct msg_queues body = {.queues = {.items = settings->queues, .len = settings->count}};
    struct bytes frame = {0};
    _cleanup_fd_ int dir_fd = open_dir(settings);
    if (dir_fd < 0)
        return dir_fd;
    int r = wire_encode(&frame, protocol_message(MSG_QUEUES), 0, &body);
    if (r == 0)
        r = write_temp(dir_fd, &frame);
    bytes_finish(&frame);
    if (r == 0 && renameat(dir_fd, TEMP, dir_fd, QUEUE_SETTINGS_FILE) < 0)
        r = -errno;
    if (r == 0 && fsync(dir_fd) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir_fd, TEMP, 0);
    return r;
}

/* The list */

void queue_settings_finish(struct queue_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        free(settings->queues[i].name);
    free(settings->queues);
    *settings = (struct queue_settings){0};
}

/* Index of the first one whose name is not before this. */
static size_t lower_bound(const struct queue_settings *settings, const char *name)
{
    size_t at = 0;
    while (at < settings->count && strcmp(settings->queues[at].name, name) < 0)
        at++;
    return at;
}

static bool is_at(const struct queue_settings *settings, size_t at, const char *name)
{
    return at < settings->count && strcmp(settings->queues[at].name, name) == 0;
}

const struct queue_setting *queue_settings_find(const struct queue_settings *settings,
                                                const char *name)
{
    size_t at = lower_bound(settings, name);
    return is_at(settings, at, name) ? &settings->queues[at] : NULL;
}

static int insert(struct queue_settings *settings, size_t at, const char *name)
{
    if (settings->count >= QUEUES_MAX)
        return -E2BIG;
    struct queue_setting *more =
        realloc(settings->queues, (settings->count + 1) * sizeof(settings->queues[0]));
    if (!more)
        return -ENOMEM;
    settings->queues = more;
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    memmove(more + at + 1, more + at, (settings->count - at) * sizeof(more[0]));
    more[at] = (struct queue_setting){.name = copy, .slots = 1};
    settings->count++;
    return 0;
}

static void remove_at(struct queue_settings *settings, size_t at)
{
    struct queue_setting *queues = settings->queues;
    free(queues[at].name);
    settings->count--;
    memmove(queues + at, queues + at + 1, (settings->count - at) * sizeof(queues[0]));
}

int queue_settings_set(struct queue_settings *settings, const struct msg_set_queue *request,
                       char *text, size_t size)
{
    size_t at = lower_bound(settings, request->name);
    int r = is_at(settings, at, request->name) ? 0 : insert(settings, at, request->name);
    if (r < 0)
        return r;
    struct queue_setting *queue = &settings->queues[at];
    if (request->slots > 0)
        queue->slots = request->slots;
    if (request->pause != QUEUE_AS_IT_IS)
        queue->paused = request->pause == QUEUE_PAUSE;
    if (queue->slots <= 1 && !queue->paused)
        remove_at(settings, at);
    r = save(settings);
    if (r < 0)
        snprintf(text, size,
                 "this holds until the server ends: it cannot be written to %s/" QUEUE_SETTINGS_FILE
                 ": %s",
                 settings->state_dir ? settings->state_dir : "the state directory", strerror(-r));
    return r;
}

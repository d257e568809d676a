#include "common/life.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/paths.h"
#include "common/process.h"
#include "common/signame.h"

#define TEMP          LIFE_STATE ".new"
#define LINE_MAX_KEPT 8000u /* of a log line; its field takes 8192 bytes, and lines are ASCII */
#define LOG_TAIL      (64u << 10) /* bytes of the log that are looked through */

static int open_dir(const char *runtime_dir)
{
    int fd = open(runtime_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int life_read(const char *runtime_dir, struct msg_status *ret)
{
    _cleanup_fd_ int dir_fd = open_dir(runtime_dir);
    void *data = NULL;
    size_t len = 0;
    if (dir_fd < 0)
        return dir_fd;
    int r = fd_read_file(dir_fd, LIFE_STATE, WIRE_FRAME_MAX, &data, &len);
    if (r < 0)
        return r == -EFBIG || r == -EINVAL ? -EBADMSG : r;
    struct wire_frame frame = {0};
    struct wire_problem why;
    r = -EBADMSG;
    if (len > WIRE_HEADER_SIZE && wire_frame_size(data, len) == (long)len)
        r = wire_decode(&protocol, (uint8_t *)data + WIRE_HEADER_SIZE, len - WIRE_HEADER_SIZE,
                        &frame, &why);
    free(data);
    if (r == 0 && frame.type == MSG_STATUS) {
        *ret = *(struct msg_status *)frame.body; /* its members move to the caller */
        free(frame.body);
        return 0;
    }
    wire_frame_finish(&frame);
    return r < 0 ? r : -EBADMSG;
}

static int write_temp(int dir_fd, const struct bytes *frame)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    _cleanup_fd_ int fd = openat(dir_fd, TEMP, flags, 0600);
    return fd < 0 ? -errno : fd_write_all(fd, frame->data, frame->len);
}

int life_write(const char *runtime_dir, const struct msg_status *status)
{
    _cleanup_fd_ int dir_fd = open_dir(runtime_dir);
    if (dir_fd < 0)
        return dir_fd;
    struct bytes frame = {0};
    int r = wire_encode(&frame, protocol_message(MSG_STATUS), 0, status);
    if (r == 0)
        r = write_temp(dir_fd, &frame);
    bytes_finish(&frame);
    if (r == 0 && renameat(dir_fd, TEMP, dir_fd, LIFE_STATE) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir_fd, TEMP, 0);
    return r;
}

void life_remove(const char *runtime_dir)
{
    _cleanup_fd_ int dir_fd = open_dir(runtime_dir);
    if (dir_fd >= 0)
        unlinkat(dir_fd, LIFE_STATE, 0);
}

/* Whether the line is of that process, in either form of common/log.h. */
static bool is_of(const char *line, size_t len, pid_t pid)
{
    char text[32], json[32];
    snprintf(text, sizeof(text), " jsd[%d] ", (int)pid);
    snprintf(json, sizeof(json), "\"pid\":%d,", (int)pid);
    return memmem(line, len, text, strlen(text)) || memmem(line, len, json, strlen(json));
}

static char *find_line(const char *text, size_t len, pid_t pid)
{
    const char *end = text + len;
    while (end > text) {
        const char *line = memrchr(text, '\n', (size_t)(end - text - (end[-1] == '\n')));
        line = line ? line + 1 : text;
        size_t size = (size_t)(end - line);
        if (is_of(line, size, pid)) {
            size -= end[-1] == '\n';
            return strndup(line, size < LINE_MAX_KEPT ? size : LINE_MAX_KEPT);
        }
        end = line;
    }
    return NULL;
}

char *life_log_line(const char *runtime_dir, pid_t pid)
{
    char path[PATHS_MAX + 16];
    struct stat st;
    snprintf(path, sizeof(path), "%s/server.log", runtime_dir);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        return NULL;
    off_t from = st.st_size > (off_t)LOG_TAIL ? st.st_size - (off_t)LOG_TAIL : 0;
    char *text = malloc(LOG_TAIL);
    ssize_t n = text ? pread(fd, text, LOG_TAIL, from) : -1;
    char *line = n > 0 ? find_line(text, (size_t)n, pid) : NULL;
    free(text);
    return line;
}

/* What the server has written down while it died. Whether it is that server's. */
static bool read_crash(const char *runtime_dir, uint32_t pid, struct life_crash *ret)
{
    _cleanup_fd_ int dir_fd = open_dir(runtime_dir);
    if (dir_fd < 0)
        return false;
    _cleanup_fd_ int fd = openat(dir_fd, LIFE_CRASH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && read(fd, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret) &&
           (uint32_t)ret->pid == pid;
}

struct server_failure *life_failure(const char *runtime_dir, const struct msg_status *last)
{
    char boot_id[PROCESS_BOOT_ID_SIZE], text[128];
    struct life_crash crash;
    process_boot_id(boot_id);
    /* A machine that went down took everything with it: no fault of the server's. */
    if (last->stopped_ns || !last->boot_id || strcmp(last->boot_id, boot_id) != 0)
        return NULL;
    struct server_failure *failure = calloc(1, sizeof(*failure));
    if (!failure)
        return NULL;
    failure->generation = last->generation;
    failure->pid = last->pid;
    if (read_crash(runtime_dir, last->pid, &crash)) {
        failure->found_ns = crash.time_ns;
        snprintf(text, sizeof(text), "signal %d (%s)", crash.signal,
                 signame_describe(crash.signal));
    } else {
        failure->found_ns = clock_realtime_ns();
        snprintf(text, sizeof(text), "signal 9 (%s), as it left no word",
                 signame_describe(SIGKILL));
    }
    if (wire_set_str(&failure->text, text) < 0 ||
        wire_set_str(&failure->version, last->version) < 0) {
        life_failure_free(failure);
        return NULL;
    }
    failure->log_line = life_log_line(runtime_dir, (pid_t)last->pid);
    return failure;
}

void life_failure_free(struct server_failure *failure)
{
    if (failure)
        wire_clear(&server_failure_fields, failure);
    free(failure);
}

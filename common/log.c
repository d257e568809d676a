#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/escape.h"

static const char *program_name = "js";
static unsigned job_id;
static bool wanted[LOG_TOPIC_COUNT];

static const char *const topic_names[LOG_TOPIC_COUNT] = {
    [LOG_WIRE] = "wire",
    [LOG_JOB] = "job",
    [LOG_PTY] = "pty",
    [LOG_SERVER] = "server",
};

void log_init(const char *program)
{
    program_name = program;
    const char *list = getenv("JS_LOG");
    for (int topic = 0; list && topic < LOG_TOPIC_COUNT; topic++) {
        const char *name = topic_names[topic];
        const char *at = strstr(list, name);
        char after = at ? at[strlen(name)] : 'x';
        bool starts = at && (at == list || at[-1] == ',');
        wanted[topic] = strcmp(list, "all") == 0 || (starts && (after == '\0' || after == ','));
    }
}

void log_set_job(unsigned id)
{
    job_id = id;
}

bool log_wants(enum log_topic topic)
{
    return wanted[topic];
}

static char file_path[4096];
static bool file_owner;

static int open_file(void)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
    int fd = open(file_path, flags, 0600);
    if (fd < 0)
        return -errno;
    int r = dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ? -errno : 0;
    close(fd);
    return r;
}

int log_to_file(const char *path, bool owner)
{
    if (strlen(path) + 3 > sizeof(file_path))
        return -ENAMETOOLONG;
    strcpy(file_path, path);
    file_owner = owner;
    int r = open_file();
    if (r < 0)
        file_path[0] = '\0';
    return r;
}

/* Before each line: a full file gives way to a new one; one that was moved or removed is left. */
static void keep_file(void)
{
    struct stat mine, there;
    if (!file_path[0] || fstat(STDERR_FILENO, &mine) < 0)
        return;
    bool moved =
        stat(file_path, &there) < 0 || there.st_ino != mine.st_ino || there.st_dev != mine.st_dev;
    if (!moved && (!file_owner || mine.st_size < (off_t)LOG_FILE_MAX))
        return;
    if (!moved) {
        char old[sizeof(file_path) + 2];
        snprintf(old, sizeof(old), "%s.1", file_path);
        rename(file_path, old);
    }
    open_file(); /* failing that, the old file goes on to be written */
}

static void append_head(struct bytes *line, const char *level)
{
    struct timespec now;
    struct tm utc;
    char when[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc))
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
    bytes_printf(line, "%s.%03ldZ %s[%d] %s ", when, now.tv_nsec / 1000000, program_name,
                 (int)getpid(), level);
    if (job_id)
        bytes_printf(line, "job %u: ", job_id);
}

static void write_line(const char *level, const char *format, va_list args)
{
    int saved = errno;
    keep_file();
    char text[LOG_LINE_MAX];
    int len = vsnprintf(text, sizeof(text), format, args);
    if (len < 0)
        len = 0;
    size_t shown = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    struct bytes line = {0};
    append_head(&line, level);
    escape_append(&line, text, shown);
    if ((size_t)len > shown)
        bytes_printf(&line, " (cut, %d bytes)", len);
    bytes_append_text(&line, "\n");
    /* One write, so that lines of several processes do not mix. A failure has nowhere to go. */
    if (line.data && write(STDERR_FILENO, line.data, line.len) < 0) {
    }
    bytes_finish(&line);
    errno = saved;
}

void log_debug(enum log_topic topic, const char *format, ...)
{
    if (!wanted[topic])
        return;
    va_list args;
    va_start(args, format);
    write_line(topic_names[topic], format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("info", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("warn", format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("error", format, args);
    va_end(args);
}

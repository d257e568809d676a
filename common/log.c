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
static unsigned job_id, client_pid;
static bool as_json;
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
    const char *list = getenv("JS_LOG"), *form = getenv(LOG_FORMAT_VARIABLE);
    as_json = form && strcmp(form, "json") == 0;
    for (int topic = 0; list && topic < LOG_TOPIC_COUNT; topic++) {
        const char *name = topic_names[topic];
        const char *at = strstr(list, name);
        char after = at ? at[strlen(name)] : 'x';
        bool starts = at && (at == list || at[-1] == ',');
        wanted[topic] = strcmp(list, "all") == 0 || (starts && (after == '\0' || after == ','));
    }
}

void log_set_json(bool json)
{
    as_json = json;
}

unsigned log_set_job(unsigned id)
{
    unsigned before = job_id;
    job_id = id;
    return before;
}

unsigned log_set_client(unsigned pid)
{
    unsigned before = client_pid;
    client_pid = pid;
    return before;
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

void log_leave_file(void)
{
    file_path[0] = '\0';
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

#define TIME_SIZE 40

static void format_time(char buf[TIME_SIZE])
{
    struct timespec now;
    struct tm utc;
    char when[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc))
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buf, TIME_SIZE, "%s.%03ldZ", when, now.tv_nsec / 1000000);
}

/* A line without its end. text is escaped, so only what JSON itself uses needs a backslash. */
static void append_json(struct bytes *line, const char *level, const char *topic,
                        const struct bytes *text)
{
    char when[TIME_SIZE];
    format_time(when);
    bytes_printf(line, "{\"time\":\"%s\",\"program\":\"%s\",\"pid\":%d,\"level\":\"%s\"", when,
                 program_name, (int)getpid(), level);
    if (topic)
        bytes_printf(line, ",\"topic\":\"%s\"", topic);
    if (client_pid)
        bytes_printf(line, ",\"client\":%u", client_pid);
    if (job_id)
        bytes_printf(line, ",\"job\":%u", job_id);
    bytes_append_text(line, ",\"text\":\"");
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '"' || text->data[i] == '\\')
            bytes_append_text(line, "\\");
        bytes_append(line, &text->data[i], 1);
    }
    bytes_append_text(line, "\"}");
}

static void append_text(struct bytes *line, const char *level, const char *topic,
                        const struct bytes *text)
{
    char when[TIME_SIZE];
    format_time(when);
    bytes_printf(line, "%s %s[%d] %s ", when, program_name, (int)getpid(), topic ? topic : level);
    if (client_pid)
        bytes_printf(line, "client %u: ", client_pid);
    if (job_id)
        bytes_printf(line, "job %u: ", job_id);
    bytes_append(line, text->data, text->len);
}

static void write_line(const char *level, const char *topic, const char *format, va_list args)
{
    int saved = errno;
    keep_file();
    char buf[LOG_LINE_MAX];
    int len = vsnprintf(buf, sizeof(buf), format, args);
    if (len < 0)
        len = 0;
    size_t shown = (size_t)len < sizeof(buf) ? (size_t)len : sizeof(buf) - 1;
    struct bytes text = {0}, line = {0};
    escape_append(&text, buf, shown);
    if ((size_t)len > shown)
        bytes_printf(&text, " (cut, %d bytes)", len);
    (as_json ? append_json : append_text)(&line, level, topic, &text);
    bytes_append_text(&line, "\n");
    /* One write, so that lines of several processes do not mix. A failure has nowhere to go. */
    if (line.data && write(STDERR_FILENO, line.data, line.len) < 0) {
    }
    bytes_finish(&text);
    bytes_finish(&line);
    errno = saved;
}

void log_debug(enum log_topic topic, const char *format, ...)
{
    if (!wanted[topic])
        return;
    va_list args;
    va_start(args, format);
    write_line("debug", topic_names[topic], format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("info", NULL, format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("warn", NULL, format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("error", NULL, format, args);
    va_end(args);
}

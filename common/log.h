/*
 * Log lines on stderr, which in the server and the holders is D/server.log. A line:
 *
 *     2026-11-20T12:00:00.123Z jsd[4711] warn job 3: text
 *
 * Control bytes in the text are escaped, a line is cut at LOG_LINE_MAX bytes. Debug lines are
 * written for the topics named in JS_LOG (comma-separated, "all" for every one), for example
 * JS_LOG=wire,job.
 */
#ifndef JS_COMMON_LOG_H
#define JS_COMMON_LOG_H

#include <stdbool.h>

#define LOG_LINE_MAX 4096
#define LOG_FILE_MAX (1u << 20) /* bytes; then the file becomes NAME.1 and a new one begins */

enum log_topic {
    LOG_WIRE,
    LOG_JOB,
    LOG_PTY,
    LOG_SERVER,
    LOG_TOPIC_COUNT,
};

/* Who writes: the program's name, and the topics from $JS_LOG. Text is not copied. */
void log_init(const char *program);

/* Every line from now on says "job ID: ". 0 = none again. */
void log_set_job(unsigned id);

/*
 * Lines go to this file from now on, through standard output and error. Several processes write
 * there; one of them, the owner, starts a new file when it is full; the others follow. 0 or -errno
 * (lines go where they went before).
 */
int log_to_file(const char *path, bool owner);

bool log_wants(enum log_topic topic);

void log_debug(enum log_topic topic, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

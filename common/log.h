/*
 * Log lines on stderr, which in the server and the holders is D/server.log. A line:
 *
 *     2026-11-20T12:00:00.123Z jsd[4711] warn client 812: job 3: text
 *
 * or, in the JSON form, the same as an object:
 *
 *     {"time":"2026-11-20T12:00:00.123Z","program":"jsd","pid":4711,"level":"warn","client":812,
 *      "job":3,"text":"text"}     and "topic" with the level "debug"
 *
 * client is the process whose connection it is about, job the job's number. Control bytes in the
 * text are escaped (common/escape.h, in both forms), a line is cut at LOG_LINE_MAX bytes of text.
 * Debug lines are written for the topics named in JS_LOG (comma-separated, "all" for every one),
 * for example JS_LOG=wire,job.
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

/* "json" or "text": how a process that the server starts begins. Not for users. */
#define LOG_FORMAT_VARIABLE "JS_LOG_FORMAT"

/*
 * Who writes: the program's name, the topics from $JS_LOG, the form from the variable above. Text
 * is not copied.
 */
void log_init(const char *program);

/* In which form lines are written from now on. */
void log_set_json(bool json);

/* Every line from now on is about this job, or client. 0 = none. Returns who it was before. */
unsigned log_set_job(unsigned id);
unsigned log_set_client(unsigned pid);

/* One line that is about a job, or a client: log_about_job(3, log_warn("..."));. */
#define log_about_job(id, call)                                                                    \
    do {                                                                                           \
        unsigned log_job_before_ = log_set_job(id);                                                \
        call;                                                                                      \
        log_set_job(log_job_before_);                                                              \
    } while (0)
#define log_about_client(pid, call)                                                                \
    do {                                                                                           \
        unsigned log_client_before_ = log_set_client((unsigned)(pid));                             \
        call;                                                                                      \
        log_set_client(log_client_before_);                                                        \
    } while (0)

/*
 * Lines go to this file from now on, through standard output and error. Several processes write
 * there; one of them, the owner, starts a new file when it is full; the others follow. 0 or -errno
 * (lines go where they went before).
 */
int log_to_file(const char *path, bool owner);

/* The file is being removed, and is not made again: lines go where it was until the end. */
void log_leave_file(void);

bool log_wants(enum log_topic topic);

void log_debug(enum log_topic topic, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

#include "client/report.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>

#include "common/amount.h"
#include "common/escape.h"
#include "common/signame.h"

/* On a terminal in raw mode a line feed alone stays in its column. */
static const char *line_end(void)
{
    struct termios tio;
    return tcgetattr(2, &tio) == 0 && !(tio.c_oflag & OPOST) ? "\r\n" : "\n";
}

static int write_error(const char *text, size_t len)
{
    struct bytes line = {0};
    bytes_append_text(&line, "js: ");
    escape_append(&line, text, len);
    bytes_append_text(&line, line_end());
    fwrite(line.data, 1, line.len, stderr);
    bytes_finish(&line);
    return EXIT_JS_FAILED;
}

static const char *command_name = "js";

void report_set_command(const char *name)
{
    command_name = name;
}

static int report(const char *prefix, const char *format, va_list args)
{
    struct bytes text = {0};
    char buf[4096];
    int len = vsnprintf(buf, sizeof(buf), format, args);
    bytes_append_text(&text, prefix);
    bytes_append_text(&text, *prefix ? ": " : "");
    bytes_append(&text, buf,
                 len < 0                     ? 0
                 : (size_t)len < sizeof(buf) ? (size_t)len
                                             : sizeof(buf) - 1);
    int status = write_error((char *)text.data, text.len);
    bytes_finish(&text);
    return status;
}

int report_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = report("", format, args);
    va_end(args);
    return status;
}

int report_of_command(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = report(command_name, format, args);
    va_end(args);
    return status;
}

static int start_status(uint32_t stage, uint32_t os_error)
{
    if (stage != START_EXEC)
        return EXIT_JS_FAILED;
    return os_error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

int report_message(const struct msg_error *error)
{
    report_error("%s", error->text);
    switch (error->code) {
    case ERROR_START:
        return start_status(error->stage, error->os_error);
    case ERROR_NAME_INVALID:
        return EXIT_USAGE;
    case ERROR_BUSY:
        return EXIT_BUSY;
    default:
        return EXIT_JS_FAILED;
    }
}

int report_exit_status(const struct job_info *job)
{
    const struct job_end *end = job->end;
    if (!end || end->reason == END_LOST)
        return EXIT_JS_FAILED;
    if (end->reason == END_TIMEOUT)
        return EXIT_TIMED_OUT;
    if (end->reason == END_EXPIRED)
        return EXIT_BUSY;
    if (end->reason == END_SPAWN_FAILED)
        return start_status(end->stage, end->os_error);
    return end->signal ? EXIT_SIGNAL_BASE + (int)end->signal : end->code;
}

int report_instead(const struct job_info *job)
{
    const char *key = job->plan && job->plan->once ? job->plan->once : "";
    report_error("nothing was started: job %u has the key '%s'", job->id, key);
    printf("%u\n", job->id);
    return EXIT_OK;
}

void report_if_lost(const struct job_info *job)
{
    if (job->end && job->end->reason == END_LOST)
        report_error("job %u is lost: its holder died; what it printed: js logs %u", job->id,
                     job->id);
}

/* The machine may have plenty: it is the job that may not have more. */
static void report_if_out_of_memory(const struct job_info *job)
{
    char most[16] = "?";
    if (!job->end || job->end->reason != END_OUT_OF_MEMORY)
        return;
    if (job->plan)
        amount_format(job->plan->memory, most);
    report_error("job %u was out of memory: it may have %s (--mem)", job->id, most);
}

/* It was ended for the sake of others, or did not come to be. */
static bool report_given_up(const struct job_info *job)
{
    uint32_t reason = job->end ? job->end->reason : END_NONE;
    if (reason == END_EXPIRED)
        report_error("job %u has waited longer than it was to (--queue-timeout)", job->id);
    else if ((reason == END_CANCELED || reason == END_REPLACED) && job->warning)
        report_error("job %u was %s: %s", job->id, end_reason_name(reason), job->warning);
    else
        return false;
    return true;
}

void report_death(const struct job_info *job)
{
    const struct job_end *end = job->end;
    report_if_lost(job);
    report_if_out_of_memory(job);
    if (report_given_up(job))
        return;
    /* As shells: whoever pressed ^C, or closed the pipe, knows. */
    if (!end || !end->signal || end->signal == SIGINT || end->signal == SIGPIPE)
        return;
    fprintf(stderr, "%s%s\n", signame_describe((int)end->signal),
            end->core ? " (core dumped)" : "");
}

char *report_command(const struct job_info *job)
{
    struct bytes line = {0};
    if (escape_append_argv(&line, job->argv.items, job->argv.len) < 0 ||
        bytes_append(&line, "", 1) < 0)
        bytes_finish(&line);
    return (char *)line.data;
}

void report_job_line(const struct job_info *job, char mark, const char *what)
{
    char *command = report_command(job);
    fprintf(stderr, "[%u]%c %s  %s\n", job->id, mark, what, command ? command : "?");
    free(command);
}

#include "client/logs_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/jobs_view.h"
#include "client/report.h"
#include "common/fd.h"
#include "common/newlines.h"
#include "common/process.h"

#define TEXT_HELD (1u << 20)
#define NO_TIME   "-                       " /* as wide as a time */

int logs_output_init(struct logs_output *output, enum logs_form form, int dir_fd,
                     const struct job_info *job, uint64_t lines)
{
    *output = (struct logs_output){.form = form, .job = job, .lines = lines};
    logtimes_init(&output->times, dir_fd);
    logstreams_init(&output->streams, dir_fd);
    bool no_pty = job->plan && job->plan->no_pty;
    output->apart = form == LOGS_JSON && no_pty;
    output->json.terminal = !no_pty;
    output->json.job = job->id;
    if (form == LOGS_PLAIN)
        output->plain = plain_create(job->rows, job->cols);
    return form == LOGS_PLAIN && !output->plain ? -ENOMEM : 0;
}

void logs_output_choose(struct logs_output *output, enum logstreams_stream only)
{
    output->apart = true;
    output->only = only;
}

int logs_output_spare_terminal(struct logs_output *output)
{
    output->replay = replay_create();
    return output->replay ? 0 : -ENOMEM;
}

void logs_output_finish(struct logs_output *output)
{
    replay_destroy(output->replay);
    bytes_finish(&output->passed);
    logtimes_finish(&output->times);
    logstreams_finish(&output->streams);
    logs_json_finish(&output->json);
    plain_destroy(output->plain);
    bytes_finish(&output->text);
}

/* Lines */

static int begin_line(struct logs_output *output, const struct logtimes_entry *entry)
{
    char time[32] = NO_TIME;
    if (output->in_line)
        return 0;
    output->in_line = true;
    if (entry)
        jobs_view_time(entry->time_ns, time);
    int r = bytes_append_text(&output->text, time);
    return r == 0 ? bytes_append_text(&output->text, " ") : r;
}

static int add_lines(struct logs_output *output, const struct logtimes_entry *entry,
                     const char *data, size_t len)
{
    int r = 0;
    while (len > 0 && r == 0) {
        const char *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) + 1 : len;
        r = begin_line(output, entry);
        if (r == 0)
            r = bytes_append(&output->text, data, n);
        if (end)
            output->in_line = false;
        data += n;
        len -= n;
    }
    return r;
}

/* The recording */

/* $TERM of a job that lives still, to be freed; NULL when it cannot be known. Environments are not
 * kept: the kernel tells the one that the program was started with (proc(5)). */
static char *find_term(const struct job_info *job)
{
    char path[64];
    char *entry = NULL, *term = NULL;
    size_t room = 0;
    if (job->pid == 0 || process_start_time((pid_t)job->pid) != job->pid_start)
        return NULL;
    snprintf(path, sizeof(path), "/proc/%u/environ", job->pid);
    FILE *file = fopen(path, "re");
    while (file && !term && getdelim(&entry, &room, '\0', file) > 0)
        if (strncmp(entry, "TERM=", 5) == 0)
            term = strdup(entry + 5);
    free(entry);
    if (file)
        fclose(file);
    return term;
}

static int begin_cast(struct logs_output *output, const struct logtimes_entry *entry,
                      uint64_t offset)
{
    const struct job_info *job = output->job;
    bool sized = entry && entry->rows && entry->cols;
    char *command = report_command(job);
    char *term = find_term(job);
    struct cast_header header = {
        .rows = sized ? entry->rows : job->rows,
        .cols = sized ? entry->cols : job->cols,
        .start_ns = offset > 0 && entry ? entry->time_ns : job->started_ns,
        .title = job->title ? job->title : job->name,
        .command = command,
        .term = term,
    };
    output->begun = true;
    int r = cast_begin(&output->cast, &header, &output->text);
    free(command);
    free(term);
    return r;
}

/* What the job's terminal would have been given: a player has no line discipline. */
static int add_output(struct logs_output *output, uint64_t time_ns, uint64_t offset,
                      const char *data, size_t len)
{
    if (offset >= output->job->no_cr_until)
        return cast_output(&output->cast, time_ns, data, len, &output->text);
    output->passed.len = 0;
    int r = bytes_append(&output->passed, data, len);
    if (r == 0)
        r = newlines_return(&output->passed, 0);
    return r == 0 ? cast_output(&output->cast, time_ns, output->passed.data, output->passed.len,
                                &output->text)
                  : r;
}

static int add_events(struct logs_output *output, const struct logtimes_entry *entry,
                      uint64_t offset, const char *data, size_t len)
{
    uint64_t time_ns = entry ? entry->time_ns : 0;
    int r = output->begun ? 0 : begin_cast(output, entry, offset);
    if (r == 0 && entry)
        r = cast_size(&output->cast, time_ns, entry->rows, entry->cols, &output->text);
    return r == 0 ? add_output(output, time_ns, offset, data, len) : r;
}

/* Plain lines */

static int add_plain(struct logs_output *output, const struct logtimes_entry *entry,
                     const char *data, size_t len)
{
    if (entry)
        plain_resize(output->plain, entry->rows, entry->cols);
    int r = plain_feed(output->plain, data, len, &output->text);
    return r == 0 && output->goes_on ? plain_hurry(output->plain, &output->text) : r;
}

/* Drops all but the last lines. */
static void trim(struct logs_output *output)
{
    size_t start = output->text.len;
    for (uint64_t lines = output->lines; lines > 0 && start > 0; lines--) {
        const uint8_t *at = memrchr(output->text.data, '\n', start - 1);
        start = at ? (size_t)(at - output->text.data) + 1 : 0;
    }
    bytes_consume(&output->text, start);
}

/* All */

static int flush(struct logs_output *output)
{
    int r = fd_write_all(1, output->text.data, output->text.len);
    output->text.len = 0;
    return r;
}

static int add_bytes(struct logs_output *output, const char *data, size_t len)
{
    return output->replay ? replay_feed(output->replay, data, len, &output->text)
                          : bytes_append(&output->text, data, len);
}

static int add_stamped(struct logs_output *output, const struct logtimes_entry *entry,
                       const char *data, size_t len)
{
    if (!output->replay)
        return add_lines(output, entry, data, len);
    output->passed.len = 0;
    int r = replay_feed(output->replay, data, len, &output->passed);
    return r == 0 ? add_lines(output, entry, (const char *)output->passed.data, output->passed.len)
                  : r;
}

/* Output of one time and one stream. */
static int add_piece(struct logs_output *output, enum logstreams_stream stream,
                     const struct logtimes_entry *entry, uint64_t offset, const char *data,
                     size_t len)
{
    switch (output->form) {
    case LOGS_BYTES:
        return add_bytes(output, data, len);
    case LOGS_TIMESTAMPS:
        return add_stamped(output, entry, data, len);
    case LOGS_PLAIN:
        return add_plain(output, entry, data, len);
    case LOGS_JSON:
        return logs_json_feed(&output->json, stream, entry ? entry->time_ns : 0, data, len,
                              &output->text);
    case LOGS_CAST:
        break;
    }
    return add_events(output, entry, offset, data, len);
}

/* Output of one stream. */
static int add_stretch(struct logs_output *output, enum logstreams_stream stream, uint64_t offset,
                       const char *data, size_t len)
{
    int r = 0;
    while (len > 0 && r == 0) {
        uint64_t end;
        const struct logtimes_entry *entry = logtimes_at(&output->times, offset, &end);
        size_t n = end - offset < len ? (size_t)(end - offset) : len;
        r = add_piece(output, stream, entry, offset, data, n);
        offset += n;
        data += n;
        len -= n;
    }
    return r;
}

/* Output of a job without a terminal: of each stream its part, or only that of one. */
static int add_streams(struct logs_output *output, uint64_t offset, const char *data, size_t len)
{
    int r = logstreams_read(&output->streams, offset);
    while (len > 0 && r == 0) {
        uint64_t end;
        enum logstreams_stream stream = logstreams_at(&output->streams, offset, &end);
        size_t n = end - offset < len ? (size_t)(end - offset) : len;
        if (output->only == LOGSTREAMS_UNKNOWN || stream == output->only)
            r = add_stretch(output, stream, offset, data, n);
        else if (stream == LOGSTREAMS_UNKNOWN)
            output->unknown += n;
        offset += n;
        data += n;
        len -= n;
    }
    return r;
}

int logs_output_write(struct logs_output *output, uint64_t offset, const char *data, size_t len)
{
    if (output->form == LOGS_BYTES && !output->apart && !output->replay)
        return fd_write_all(1, data, len);
    /* What was there to be read has its times there. (Without memory they are the last known.) */
    if (output->form != LOGS_BYTES)
        logtimes_read(&output->times, offset);
    int r = output->apart ? add_streams(output, offset, data, len)
                          : add_stretch(output, LOGSTREAMS_UNKNOWN, offset, data, len);
    bool holds = output->form == LOGS_PLAIN && output->lines < UINT64_MAX && !output->goes_on;
    if (holds && output->text.len > TEXT_HELD)
        trim(output);
    return r == 0 && !holds ? flush(output) : r;
}

int logs_output_pause(struct logs_output *output)
{
    if (output->form != LOGS_PLAIN)
        return 0;
    output->goes_on = true;
    int r = plain_hurry(output->plain, &output->text);
    if (output->lines < UINT64_MAX)
        trim(output);
    return r == 0 ? flush(output) : r;
}

static int end_plain(struct logs_output *output)
{
    int r = plain_finish(output->plain, &output->text);
    if (output->lines < UINT64_MAX && !output->goes_on)
        trim(output);
    return r == 0 ? flush(output) : r;
}

/* Nothing is left out without a word. */
static void report_unknown(const struct logs_output *output)
{
    if (output->unknown > 0)
        fprintf(stderr, "[js: %llu bytes left out: it is not known which stream they are of]\n",
                (unsigned long long)output->unknown);
}

int logs_output_end(struct logs_output *output)
{
    int r = 0;
    report_unknown(output);
    if (output->form == LOGS_JSON) {
        r = logs_json_end(&output->json, &output->text);
        return r == 0 ? flush(output) : r;
    }
    if (output->form == LOGS_PLAIN)
        return end_plain(output);
    if (output->replay)
        r = replay_end(output->replay, &output->text);
    if (output->form != LOGS_CAST)
        return r == 0 ? flush(output) : r;
    if (!output->begun)
        r = begin_cast(output, NULL, 0);
    if (r == 0)
        r = cast_end(&output->cast, &output->text);
    return r == 0 ? flush(output) : r;
}

/* The job's output, from the PTY to the log and the viewers; and what others are told of the job.
 */
#include "server/holder/holder.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/record.h"
#include "common/snapshot.h"

#define READ_CHUNK  (64u << 10)  /* output handled at once, at most */
#define READ_SHOWN  (8u << 10)   /* while somebody looks: job and terminal work side by side then */
#define READ_SMALL  1024u        /* after a read this short there is no more: do not ask again */
#define DRAIN_BYTES (1u << 20)   /* read in one go when a job stops or ends; then the loop turns */
#define KEEP_MOST   (512u << 10) /* for a snapshot to go through: some 5 ms; less of a small log */

/*
 * One holder per process, so one buffer; only the pages that are used count. Its first `unseen`
 * bytes are logged and shown, but the tracker has put them off: it is several times as fast with
 * all of the buffer as with a piece of it.
 */
static uint8_t read_buf[READ_CHUNK];
static size_t unseen;

void holder_update_reading(struct holder *holder)
{
    bool wait = false;
    /* An ended job's output goes to the log whoever is slow: nobody can hold it back any more. */
    bool anyway = holder->state == JOB_EXITING;
    if (holder->pipes) {
        holder_update_pipes(holder, anyway);
        return;
    }
    for (struct viewer *v = holder->viewers; v; v = v->next)
        wait = wait || viewer_holds_job(v);
    pty_set_reading(&holder->pty, !wait || anyway);
}

static void note_log_failure(struct holder *holder, int error)
{
    if (holder->info.warning)
        return;
    char text[1024];
    snprintf(text, sizeof(text), "some of its output is not in the log, in %.700s: %s",
             holder->state_dir, strerror(-error));
    log_warn("%s", text);
    wire_set_str(&holder->info.warning, text);
    holder_changed(holder);
}

static uint64_t most_to_go_through(const struct journal *journal)
{
    return journal->limit / 4 < KEEP_MOST ? journal->limit / 4 : KEEP_MOST;
}

static bool is_look_due(const struct holder *holder)
{
    return holder->journal.next - holder->kept >= most_to_go_through(&holder->journal) / 2;
}

/*
 * Snapshots are to be cheap, and to find in the log all that they need: there is a keyframe beside
 * it when there is no safe point near. The log always has three quarters of its limit.
 */
static void keep_screen(struct holder *holder)
{
    const struct journal *journal = &holder->journal;
    if (!is_look_due(holder))
        return;
    struct snapshot_keeping keeping = {.tracker = holder->tracker,
                                       .dir_fd = holder->state_fd,
                                       .first = journal->whole_from,
                                       .most = most_to_go_through(journal),
                                       .reach = journal->limit / 2};
    int r = snapshot_keep(&keeping);
    if (r == -EAGAIN)
        return;
    holder->kept = journal->next;
    /* A screen's cells were in many small blocks: they go back, as an idle holder has little. */
    if (r > 0)
        malloc_trim(0);
    else if (r < 0)
        log_debug(LOG_PTY, "no keyframe at %llu: %s", (unsigned long long)journal->next,
                  strerror(-r));
}

/* The tracker sees what it has put off: output pauses, or the buffer has no room for a chunk. */
static void settle_tracker(struct holder *holder)
{
    tracker_settle(holder->tracker);
    unseen = 0;
    keep_screen(holder);
    holder_check_title(holder);
}

/* Of questions that everybody has got past nobody needs to know. */
static void forget_questions(struct holder *holder, uint64_t offset)
{
    for (struct viewer *v = holder->viewers; v; v = v->next)
        offset = v->cursor < offset ? v->cursor : offset;
    asked_forget(&holder->asked, offset);
}

/* Log first (DESIGN section 5). Returns the offset of the data there. */
static uint64_t log_output(struct holder *holder, enum logstreams_stream stream,
                           const uint8_t *data, size_t len)
{
    uint64_t offset = holder->journal.next;
    journal_set_stream(&holder->journal, stream);
    int r = journal_append(&holder->journal, data, len);
    if (r < 0)
        note_log_failure(holder, r);
    if (holder->asked.count > 0)
        forget_questions(holder, offset);
    return offset;
}

/* Then show. */
static void show_output(struct holder *holder, uint64_t offset, enum logstreams_stream stream,
                        const uint8_t *data, size_t len)
{
    for (struct viewer *v = holder->viewers; v; v = v->next)
        viewer_output(v, offset, stream, data, len);
    if (holder->waiters)
        holder_answer_waiters(holder, MSG_FOLLOW, holder->journal.next);
    if (holder->viewers)
        holder_update_reading(holder);
}

static void handle_output(struct holder *holder, const uint8_t *data, size_t len)
{
    uint64_t offset = log_output(holder, LOGSTREAMS_UNKNOWN, data, len);
    tracker_feed_later(holder->tracker, data, len);
    unseen += len;
    if (holder_filters_output(holder))
        settle_tracker(holder);
    show_output(holder, offset, LOGSTREAMS_UNKNOWN, data, len);
    if (holder->state == JOB_RUNNING)
        holder_watch_asking(holder);
}

void holder_handle_stream(struct holder *holder, enum logstreams_stream stream, const void *data,
                          size_t len)
{
    uint64_t offset = log_output(holder, stream, data, len);
    show_output(holder, offset, stream, data, len);
}

void holder_say(struct holder *holder, const void *text, size_t len)
{
    if (holder->pipes) {
        holder_handle_stream(holder, LOGSTREAMS_ERR, text, len);
        return;
    }
    settle_tracker(holder);
    uint64_t offset = log_output(holder, LOGSTREAMS_UNKNOWN, text, len);
    tracker_feed(holder->tracker, text, len);
    show_output(holder, offset, LOGSTREAMS_UNKNOWN, text, len);
}

/*
 * Reads what there is, a chunk at most. Returns its length, or -errno as pty_read when there was
 * nothing. n_tty hands out at most 4 KiB a read: several reads share one write and one log entry.
 */
static ssize_t read_chunk(struct holder *holder)
{
    size_t len = 0;
    size_t room = sizeof(read_buf) - unseen;
    size_t most = holder->viewers && room > READ_SHOWN ? READ_SHOWN : room;
    if (most > holder->journal.limit / 8) /* a small log must not drop what nobody has seen yet */
        most = holder->journal.limit / 8;
    uint8_t *buf = read_buf + unseen;
    ssize_t n = 0;
    bool paused = false;
    while (len < most && !paused) {
        n = pty_read(&holder->pty, buf + len, most - len);
        if (n > 0)
            len += (size_t)n;
        paused = n < 0 ||
                 (n < (ssize_t)READ_SMALL && !holder->pty.quiet && holder->state == JOB_RUNNING);
    }
    if (len > 0)
        handle_output(holder, buf, len);
    if (paused || sizeof(read_buf) - unseen < READ_SHOWN || !pty_has_more(&holder->pty) ||
        is_look_due(holder))
        settle_tracker(holder);
    return len > 0 ? (ssize_t)len : n;
}

/* Reads to the end of what there is. Returns -EAGAIN, -EIO, or 0 when there may be more. */
int holder_drain(struct holder *holder)
{
    if (holder->pipes)
        return holder_drain_pipes(holder);
    for (size_t total = 0; total < DRAIN_BYTES;) {
        ssize_t n = read_chunk(holder);
        if (n < 0)
            return n == -EAGAIN ? -EAGAIN : -EIO;
        total += (size_t)n;
    }
    return 0;
}

void holder_on_output(struct pty *pty)
{
    struct holder *holder = pty->data;
    if (holder->state == JOB_EXITING) {
        if (holder_drain(holder) != 0)
            holder_settle(holder);
        return;
    }
    ssize_t n = read_chunk(holder);
    if (n < 0 && n != -EAGAIN)
        pty_wait_for_reopen(pty);
}

/* What is told to others */

static bool is_attached(const struct holder *holder, const struct viewer *viewer)
{
    return !viewer->leaving && !viewer->left && !job_state_is_final(holder->state);
}

static int copy_viewers(struct holder *holder)
{
    size_t count = 0;
    for (struct viewer *v = holder->viewers; v; v = v->next)
        count += is_attached(holder, v);
    struct wire_structs list = {.items = count ? calloc(count, sizeof(struct job_viewer)) : NULL};
    if (count && !list.items)
        return -ENOMEM;
    for (struct viewer *v = holder->viewers; v; v = v->next) {
        if (!is_attached(holder, v))
            continue;
        struct job_viewer *to = (struct job_viewer *)list.items + list.len++;
        to->pid = (uint32_t)v->pid;
        to->mode = v->mode;
        to->rows = v->rows;
        to->cols = v->cols;
        to->owns_size = v == holder_size_owner(holder);
        wire_set_str(&to->tty, v->name);
    }
    struct job_info scratch = {.viewers = holder->info.viewers};
    holder->info.viewers = list;
    wire_clear(&job_info_fields, &scratch);
    return 0;
}

void holder_refresh_info(struct holder *holder)
{
    struct job_info *info = &holder->info;
    info->state = holder->state;
    info->asks = info->asks && holder->state == JOB_RUNNING;
    info->log_first = holder->journal.first;
    info->log_next = holder->journal.next;
    info->no_cr_until = holder->tracker ? tracker_no_cr_until(holder->tracker) : 0;
    copy_viewers(holder);
    if (holder->tracker)
        wire_set_str(&info->title, tracker_title(holder->tracker));
}

void holder_changed(struct holder *holder)
{
    holder_refresh_info(holder);
    if (holder->state_fd >= 0 && (holder->known || holder->state != JOB_FAILED)) {
        int r = record_write(holder->state_fd, &holder->info);
        if (r < 0 && !holder->info.warning) {
            char text[1024];
            snprintf(
                text, sizeof(text),
                "its record is not saved in %.700s: %s; once the server is gone, so is the job "
                "from the list",
                holder->state_dir, strerror(-r));
            log_warn("%s", text);
            wire_set_str(&holder->info.warning, text);
        }
    }
    control_publish(holder);
    holder_tell_waiting(holder);
}

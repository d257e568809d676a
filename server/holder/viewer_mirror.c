/*
 * A viewer whose terminal has another size than the job's: a watcher, or one of several writers.
 * What the job prints would wrap and scroll at other places there. It gets pictures instead, on its
 * alternate screen: of the job's screen as much as it has room for, with the cursor in it, and
 * blanks around if it is larger. A writer's terminal encodes keys as the job's meanwhile: the first
 * one that is typed there makes the job's terminal as large as it is (holder_size_owner), but
 * reaches the job before that.
 *
 * A picture is made from the log when there is new output, and at most every FRAME_EVERY ms, so
 * that floods cost next to nothing and memory is bounded whatever the job prints.
 */
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "common/log.h"
#include "common/size.h"
#include "common/snapshot.h"
#include "common/terminal/screen_paint.h"
#include "server/holder/viewer_internal.h"

#define FRAME_SOON  15u        /* ms; a program's update comes in several writes */
#define FRAME_EVERY 100u       /* ms from one to the next */
#define STEP_MAX    (1u << 20) /* bytes from one to the next; with more, a new one is made */

/* Alternate screen, no wrap at its last column; titles and other modes are not for pictures. */
static const char begin_mirror[] = "\033[?1049h\033[?7l\033[2J";
static const char end_mirror[] = "\033[m\033[?2026l\033[?5l\033[?7h\033[?25h\033[?1049l";

/* When the job's terminal has that size. */
static bool needs_mirror(const struct viewer *viewer, unsigned rows, unsigned cols)
{
    if (!viewer->tty || viewer->rows == 0 || viewer->cols == 0)
        return false;
    /* A writer in a hidden window (1x1) is not another size: the job cannot have that. */
    if (viewer_is_writer(viewer) && !size_is_valid(viewer->rows, viewer->cols))
        return false;
    return viewer->rows != rows || viewer->cols != cols;
}

/* What its terminal has shown so far is gone through; then its state is undone. */
static void undo_shown(struct viewer *viewer)
{
    bool exact = !viewer->restoring && viewer->cursor == viewer->source->journal->next;
    if (viewer->restoring)
        viewer_drop_restore(viewer);
    viewer->restoring = viewer->repaint = false;
    if (!viewer->shown)
        return;
    if (exact)
        viewer_append_undo(viewer, &viewer->pending);
    else
        viewer_append_unknown_undo(viewer, &viewer->pending);
    viewer->titled = false;
}

static void on_frame_timer(uv_timer_t *timer)
{
    viewer_pump(timer->data);
}

static void begin(struct viewer *viewer)
{
    viewer->ops->on_missing(viewer);
    undo_shown(viewer);
    viewer_renew_mirror(viewer);
    viewer->mirrored = true;
}

void viewer_prepare_mirror(struct viewer *viewer, unsigned rows, unsigned cols)
{
    if (!viewer->mirrored && needs_mirror(viewer, rows, cols) && viewer_open_timer(viewer))
        begin(viewer);
}

bool viewer_update_mirror(struct viewer *viewer)
{
    const struct tracker *tracker = viewer->source->tracker;
    unsigned rows, cols;
    uint64_t until;
    tracker_size_at(tracker, tracker_offset(tracker), &rows, &cols, &until);
    bool wanted = needs_mirror(viewer, rows, cols) && viewer_open_timer(viewer);
    if (viewer->leaving || viewer->left)
        return viewer->mirrored;
    if (wanted && !viewer->mirrored) {
        begin(viewer);
    } else if (!wanted && viewer->mirrored) {
        viewer_append_mirror_undo(viewer, &viewer->pending);
        uv_timer_stop(&viewer->timer);
        viewer_drop_picture(viewer);
        viewer_begin_restore(viewer, 0);
    }
    viewer->mirrored = viewer->frame_due = wanted;
    return wanted;
}

void viewer_append_mirror_undo(struct viewer *viewer, struct bytes *out)
{
    static const struct typing plain = {0};
    struct writer writer = {.out = out};
    writer_text(&writer, "\030");
    typing_write(&viewer->typing, &plain, &writer);
    writer_text(&writer, end_mirror);
}

void viewer_renew_mirror(struct viewer *viewer)
{
    viewer->typing = (struct typing){0};
    bytes_append_text(&viewer->pending, begin_mirror);
    viewer->frame_due = true;
}

void viewer_touch_mirror(struct viewer *viewer)
{
    uint64_t now = uv_now(viewer->channel.poll.loop), next = viewer->frame_ms + FRAME_EVERY;
    viewer->cursor = viewer->source->journal->next;
    if (viewer->frame_due)
        return;
    viewer->frame_due = true;
    uv_timer_start(&viewer->timer, on_frame_timer,
                   next > now + FRAME_SOON ? next - now : FRAME_SOON, 0);
}

void viewer_drop_picture(struct viewer *viewer)
{
    screen_destroy(viewer->picture);
    viewer->picture = NULL;
}

/* Goes on from the last picture: to make one anew may take all of the log. 0 or -errno. */
static int bring_picture(struct viewer *viewer)
{
    const struct viewer_source *source = viewer->source;
    struct snapshot snapshot = {
        .tracker = source->tracker, .dir_fd = source->dir_fd, .first = source->journal->whole_from};
    bool whole;
    int r = 0;
    if (viewer->picture &&
        (source->journal->next - viewer->pictured > STEP_MAX || snapshot.first > viewer->pictured))
        viewer_drop_picture(viewer);
    if (viewer->picture)
        r = snapshot_continue(&snapshot, viewer->picture, viewer->pictured);
    else
        viewer->picture = snapshot_make(&snapshot, &whole, &r);
    if (r < 0)
        viewer_drop_picture(viewer);
    viewer->pictured = source->journal->next;
    return r;
}

bool viewer_paint_mirror(struct viewer *viewer)
{
    const struct viewer_source *source = viewer->source;
    if (!viewer->frame_due || viewer->leaving || uv_is_active((uv_handle_t *)&viewer->timer))
        return false;
    int r = bring_picture(viewer);
    if (r == 0)
        r = screen_paint_view(viewer->picture, viewer->rows, viewer->cols, &viewer->pending);
    if (r == 0 && viewer_is_writer(viewer))
        r = tracker_write_typing(source->tracker, &viewer->typing, &viewer->pending);
    /* As for a restore. */
    malloc_trim(0);
    viewer->frame_due = false;
    viewer->frame_ms = uv_now(viewer->channel.poll.loop);
    viewer->cursor = source->journal->next;
    if (r < 0)
        log_debug(LOG_PTY, "no picture for client %d: %s", (int)viewer->pid, strerror(-r));
    return r == 0;
}

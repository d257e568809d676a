/* How a viewer's terminal is brought to what it should show: by a replay of the log, or a screen
 * made from it. */
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "common/log.h"
#include "common/snapshot.h"
#include "server/holder/title_find.h"
#include "server/holder/viewer_internal.h"

static void finish_restore(struct viewer *viewer)
{
    viewer->restoring = false;
    replay_end(viewer->replay, &viewer->pending);
    bytes_append(&viewer->pending, viewer->plan.after.data, viewer->plan.after.len);
    tracker_plan_finish(&viewer->plan);
    replay_destroy(viewer->replay);
    viewer->replay = NULL;
}

/* The next piece of the restore into pending. */
void viewer_continue_restore(struct viewer *viewer)
{
    if (viewer->plan_at == viewer->plan.count) {
        finish_restore(viewer);
        return;
    }
    struct tracker_range *range = &viewer->plan.ranges[viewer->plan_at];
    if (range->fresh) {
        range->fresh = false;
        bytes_append(&viewer->pending, range->before.data, range->before.len);
        replay_set_titles(viewer->replay, range->icons, range->titles);
    }
    ssize_t n = viewer_read_back(viewer, range->from, range->to - range->from, true);
    if (n <= 0 || (uint64_t)n >= range->to - range->from)
        viewer->plan_at++;
    else
        range->from += (uint64_t)n;
}

/* Whether a replay would not show what the job's terminal shows. */
static bool would_be_wrong(const struct viewer *viewer, int plan_result)
{
    const struct tracker *tracker = viewer->source->tracker;
    unsigned rows, cols;
    uint64_t until;
    if (plan_result == -E2BIG)
        return true;
    tracker_size_at(tracker, tracker_offset(tracker), &rows, &cols, &until);
    bool fits = viewer->rows == 0 || (viewer->rows == rows && viewer->cols == cols);
    /* Between two ranges the cursor is put where it was on the job's screen. */
    return (viewer->plan.resized || !fits) &&
           (tracker_depends_on_size(tracker) || viewer->plan.count > 1);
}

static int paint_snapshot(struct viewer *viewer, unsigned history_lines)
{
    struct snapshot snapshot = {.tracker = viewer->source->tracker,
                                .dir_fd = viewer->source->dir_fd,
                                .first = viewer->source->journal->whole_from,
                                .history = history_lines};
    bool whole;
    int r = snapshot_paint(&snapshot, viewer->rows, viewer->cols, &viewer->pending, &whole);
    /* A screen's cells were in many small blocks: they go back, as an idle holder has little. */
    malloc_trim(0);
    if (r < 0)
        log_debug(LOG_PTY, "no snapshot for client %d: %s", (int)viewer->pid, strerror(-r));
    return r;
}

void viewer_drop_restore(struct viewer *viewer)
{
    tracker_plan_finish(&viewer->plan);
    replay_destroy(viewer->replay);
    viewer->replay = NULL;
}

void viewer_begin_restore(struct viewer *viewer, unsigned history_lines)
{
    const struct journal *journal = viewer->source->journal;
    viewer->replay = replay_create();
    int r = viewer->replay ? tracker_plan(viewer->source->tracker, journal->whole_from,
                                          viewer->replay_limit, history_lines, &viewer->plan)
                           : -ENOMEM;
    bool snapshot = viewer->restore == RESTORE_SNAPSHOT ||
                    (viewer->restore == RESTORE_AUTO && would_be_wrong(viewer, r));
    bool painted = snapshot && paint_snapshot(viewer, history_lines) == 0;
    if (painted || (r < 0 && r != -E2BIG))
        viewer_drop_restore(viewer);
    if (!painted && r < 0 && r != -E2BIG)
        return;
    viewer->repaint = false;
    viewer->titled = true;
    viewer->cursor = journal->next;
    if (painted)
        return;
    viewer->restoring = true;
    viewer->plan_at = 0;
    bytes_append(&viewer->pending, viewer->plan.before.data, viewer->plan.before.len);
}

void viewer_append_undo(struct viewer *viewer, struct bytes *out)
{
    const struct tracker *tracker = viewer->source->tracker;
    tracker_undo(tracker, out);
    if (viewer->titled && !tracker_sets_title(tracker))
        bytes_append_text(out, TITLE_POP);
}

void viewer_append_unknown_undo(struct viewer *viewer, struct bytes *out)
{
    bytes_append_text(out, tracker_undo_unknown());
    if (viewer->titled)
        bytes_append_text(out, TITLE_POP);
}

void viewer_restore(struct viewer *viewer, unsigned history_lines)
{
    if (!viewer->tty || viewer->restoring)
        return;
    if (!viewer_update_mirror(viewer))
        viewer_begin_restore(viewer, history_lines);
    viewer->shown = true;
    viewer_pump(viewer);
}

/* A watcher too far behind starts over: its terminal is cleaned, and restored. */
void viewer_resync(struct viewer *viewer)
{
    log_about_client(viewer->pid, log_debug(LOG_PTY, "is %llu bytes behind: restored",
                                            (unsigned long long)(viewer->source->journal->next -
                                                                 viewer->cursor)));
    viewer->cursor = viewer->source->journal->next;
    if (!viewer->tty)
        return;
    viewer_append_unknown_undo(viewer, &viewer->pending);
    bytes_append_text(&viewer->pending, "\033[H\033[2J");
    viewer_begin_restore(viewer, 0);
}

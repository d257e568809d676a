#include "client/screen_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/jobs_view.h"
#include "client/report.h"
#include "common/fd.h"
#include "common/joblog.h"
#include "common/snapshot.h"
#include "common/terminal/utf8.h"

enum { ROWS_UNKNOWN = 24, COLS_UNKNOWN = 80 };

/* The log of a job that has ended tells: nobody else has looked at it since. */
static int make_from_log(struct screen_view *view, int dir_fd)
{
    uint64_t first = 0, next = 0;
    unsigned rows = view->job->rows ? view->job->rows : ROWS_UNKNOWN,
             cols = view->job->cols ? view->job->cols : COLS_UNKNOWN;
    int r = joblog_bounds(dir_fd, &first, &next);
    if (r < 0)
        return r;
    struct tracker *tracker =
        snapshot_track(dir_fd, first, next, rows, cols, view->job->no_cr_until, &r);
    if (!tracker)
        return r;
    struct snapshot snapshot = {
        .tracker = tracker, .dir_fd = dir_fd, .first = first, .history = view->history};
    view->screen = snapshot_make(&snapshot, &view->whole, &r);
    tracker_destroy(tracker);
    return view->screen ? 0 : r;
}

static int fetch_from_log(struct screen_view *view, const struct connection *connection)
{
    char dir[PATHS_MAX + 32];
    if (jobs_view_dir(view->job, connection->state_dir, dir, sizeof(dir)) < 0)
        return report_error("the path of the log is too long");
    _cleanup_fd_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return report_error("cannot open %s: %s", dir, strerror(errno));
    int r = make_from_log(view, dir_fd);
    return r < 0 ? report_error("cannot read the log of job %u: %s", view->job->id, strerror(-r))
                 : 0;
}

static int fetch_from_holder(struct screen_view *view, struct connection *connection,
                             bool *ret_ended)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", view->job->id);
    struct msg_get_screen body = {.job = number, .history = view->history};
    int status = connection_request(connection, MSG_GET_SCREEN, &body, NULL, 0);
    if (status != 0)
        return status;
    if (connection->reply.type != MSG_SCREEN)
        return report_error("the server's answer was not about a screen");
    const struct msg_screen *reply = connection->reply.body;
    *ret_ended = reply->ended;
    if (reply->ended)
        return 0;
    view->whole = reply->whole;
    view->screen = screen_create(reply->rows, reply->cols, view->history);
    if (!view->screen)
        return report_error("out of memory");
    screen_feed(view->screen, reply->paint.data, reply->paint.len);
    return 0;
}

int screen_view_fetch(struct screen_view *view, struct connection *connection,
                      const struct job_info *job, unsigned history)
{
    bool ended = job_state_is_final(job->state);
    int status = 0;
    *view = (struct screen_view){.job = job, .history = history};
    if (!ended)
        status = fetch_from_holder(view, connection, &ended);
    if (status == 0 && ended)
        status = fetch_from_log(view, connection);
    return status;
}

void screen_view_finish(struct screen_view *view)
{
    screen_destroy(view->screen);
    view->screen = NULL;
}

unsigned screen_view_used(const struct screen_view *view, const struct grid_cell *cells,
                          bool styled)
{
    unsigned used = screen_cols(view->screen);
    while (used > 0 && cells[used - 1].glyph == 0 && cells[used - 1].width > 0 &&
           (!styled || cells[used - 1].pen == 0))
        used--;
    return used;
}

int screen_view_each_row(const struct screen_view *view, bool all, screen_view_line_fn row,
                         void *user)
{
    unsigned rows = screen_rows(view->screen), cols = screen_cols(view->screen);
    struct grid_cell *cells = calloc((size_t)rows * cols, sizeof(cells[0]));
    if (!cells)
        return -ENOMEM;
    grid_read(screen_grid(view->screen), state_screen(screen_state(view->screen)), cells);
    while (!all && rows > 0 && screen_view_used(view, cells + (size_t)(rows - 1) * cols, true) == 0)
        rows--;
    for (unsigned y = 0; y < rows; y++)
        row(user, cells + (size_t)y * cols);
    free(cells);
    return 0;
}

int screen_view_each_line(const struct screen_view *view, screen_view_line_fn line, void *user)
{
    return grid_read_history(screen_grid(view->screen), view->history, line, user);
}

int screen_view_each(const struct screen_view *view, screen_view_line_fn line, void *user)
{
    int r = screen_view_each_line(view, line, user);
    return r < 0 ? r : screen_view_each_row(view, false, line, user);
}

int screen_view_append(const struct screen_view *view, const struct grid_cell *cell,
                       struct bytes *out)
{
    uint32_t points[GRID_POINTS];
    char text[GRID_POINTS * UTF8_MAX] = " ";
    size_t count = grid_points(screen_grid(view->screen), cell->glyph, points), len = 0;
    for (size_t i = 0; i < count; i++)
        len += utf8_write(points[i], text + len);
    return bytes_append(out, text, count > 0 ? len : 1);
}

/* Text */

struct text {
    const struct screen_view *view;
    struct bytes *out;
    int error;
};

static void append_line(void *user, const struct grid_cell *cells)
{
    struct text *text = user;
    unsigned used = screen_view_used(text->view, cells, false);
    for (unsigned x = 0; x < used && text->error == 0; x++) {
        if (cells[x].width > 0)
            text->error = screen_view_append(text->view, &cells[x], text->out);
    }
    if (text->error == 0)
        text->error = bytes_append(text->out, "\n", 1);
}

int screen_view_text(const struct screen_view *view, struct bytes *out)
{
    struct text text = {.view = view, .out = out};
    int r = screen_view_each(view, append_line, &text);
    return r < 0 ? r : text.error;
}

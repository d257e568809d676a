/* The screen of a job, wherever it comes from, and how it is printed. */
#ifndef JS_CLIENT_SCREEN_VIEW_H
#define JS_CLIENT_SCREEN_VIEW_H

#include "client/connection.h"
#include "common/terminal/screen.h"

struct screen_view {
    struct screen *screen; /* owned */
    const struct job_info *job;
    unsigned history; /* lines of it to print, at most */
    bool whole;       /* all that it shows was still in the log */
};

/*
 * Gets it: from the holder of a live job, from the log of an ended one. job outlives the view. 0 or
 * the exit status, with the user told.
 */
int screen_view_fetch(struct screen_view *view, struct connection *connection,
                      const struct job_info *job, unsigned history);

void screen_view_finish(struct screen_view *view);

/* One row or line of the history, as its cells. */
typedef void (*screen_view_line_fn)(void *user, const struct grid_cell *cells);

/* Calls back for each line of the history, then for each row up to the last that is not blank. 0 or
 * -ENOMEM. */
int screen_view_each(const struct screen_view *view, screen_view_line_fn line, void *user);

/* The same for the rows only, or for the history only. */
int screen_view_each_row(const struct screen_view *view, bool all, screen_view_line_fn row,
                         void *user);
int screen_view_each_line(const struct screen_view *view, screen_view_line_fn line, void *user);

/* How many of the cells there are without the blanks at the end; styled ones count. */
unsigned screen_view_used(const struct screen_view *view, const struct grid_cell *cells,
                          bool styled);

/* Appends what is in cell i as UTF-8, a space for a blank. 0 or -ENOMEM. */
int screen_view_append(const struct screen_view *view, const struct grid_cell *cell,
                       struct bytes *out);

/* The formats: each appends all of it to out. 0 or -ENOMEM. */
int screen_view_text(const struct screen_view *view, struct bytes *out);
int screen_view_html(const struct screen_view *view, struct bytes *out);
int screen_view_json(const struct screen_view *view, struct bytes *out);

#endif

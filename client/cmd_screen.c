#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/report.h"
#include "client/screen_view.h"
#include "common/fd.h"
#include "common/terminal/screen_paint.h"

struct screen_options {
    bool ansi, html, json;
    uint64_t history;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(screen_options, 'a', "ansi", NULL, OPTION_FLAG, ansi,
                   "with colours and links, as escape sequences", NULL),
    COMMAND_OPTION(screen_options, 'w', "html", NULL, OPTION_FLAG, html, "as a page", NULL),
    COMMAND_OPTION(screen_options, 'j', "json", NULL, OPTION_FLAG, json,
                   "all that is known, as JSON", NULL),
    COMMAND_OPTION(screen_options, 'H', "history", "LINES", OPTION_COUNT, history,
                   "with so many lines that have scrolled off, at most", NULL),
};

static int format(const struct screen_view *view, const struct screen_options *opts,
                  struct bytes *out)
{
    if (opts->ansi)
        return screen_write_lines(view->screen, view->history, out);
    if (opts->html)
        return screen_view_html(view, out);
    if (opts->json)
        return screen_view_json(view, out);
    return screen_view_text(view, out);
}

static int print(const struct screen_view *view, const struct screen_options *opts)
{
    struct bytes out = {0};
    int r = format(view, opts, &out), status = 0;
    if (r < 0) {
        status = report_error("out of memory");
    } else {
        if (!view->whole)
            fprintf(stderr, "js: the log of job %u no longer has all that is on its screen\n",
                    view->job->id);
        r = fd_write_all(1, out.data, out.len);
        if (r < 0 && r != -EPIPE)
            status = report_error("cannot write to standard output: %s", strerror(-r));
    }
    bytes_finish(&out);
    return status;
}

static int show(struct connection *connection, const struct job_info *job,
                const struct screen_options *opts)
{
    struct screen_view view;
    if (job->plan && job->plan->no_pty)
        return report_error("job %u has no terminal (it was run with --no-pty); its output: js "
                            "logs %u",
                            job->id, job->id);
    unsigned history = opts->history < UINT32_MAX ? (unsigned)opts->history : UINT32_MAX;
    int status = screen_view_fetch(&view, connection, job, history);
    if (status == 0)
        status = print(&view, opts);
    screen_view_finish(&view);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct screen_options *opts = options_;
    if (argc > 1 || opts->ansi + opts->html + opts->json > 1) {
        report_error(argc > 1 ? "screen: one job at a time"
                              : "screen: only one of --ansi, --html and --json");
        return EXIT_USAGE;
    }
    struct connection connection;
    struct jobs_view view;
    int status = commands_open_jobs(&connection, &view, argc, argv);
    if (status != 0)
        return status;
    if (view.jobs.len > 0)
        status = show(&connection, view.jobs.items, opts);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_screen = {
    .name = "screen",
    .operands = "[JOB]",
    .values = "any",
    .summary = "print what a job's terminal shows",
    .description = "As text, if nothing else is asked for: the screen of a running, stopped or "
                   "ended job, without attaching to it.",
    .examples = "js screen\njs screen --history 100 build\njs screen --html build > build.html",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct screen_options),
    .run = run,
};

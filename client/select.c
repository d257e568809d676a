#include "client/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/report.h"

static bool is_in_scope(const struct job_info *job, enum select_scope scope)
{
    bool final = job_state_is_final(job->state);
    return scope == SELECT_ALL || final == (scope == SELECT_ENDED);
}

void select_filter(struct jobs_view *view, const struct filter *filter, enum select_scope scope)
{
    struct job_info *jobs = view->jobs.items;
    size_t count = 0;
    for (size_t i = 0; i < view->jobs.len; i++) {
        if (is_in_scope(&jobs[i], scope) && filter_passes(filter, &jobs[i]))
            jobs[count++] = jobs[i]; /* with all that it owns */
        else
            wire_clear(&job_info_fields, &jobs[i]);
    }
    view->jobs.len = count;
}

static int tell_none(const struct filter *filter)
{
    struct bytes text = {0};
    filter_describe_none(filter, &text);
    int status = report_error("%.*s", (int)text.len, text.len ? (const char *)text.data : "");
    bytes_finish(&text);
    return status;
}

int select_jobs(struct connection *connection, struct jobs_view *view, const struct filter *filter,
                enum select_scope scope, int argc, char **argv)
{
    bool empty = filter_is_empty(filter);
    struct msg_list body = {.none_is_current = empty,
                            .all = scope != SELECT_LIVE,
                            .jobs = {.items = argv, .len = (size_t)argc}};
    int status = jobs_view_fetch(view, connection, MSG_LIST, &body);
    if (status != 0 || empty)
        return status;
    select_filter(view, filter, argc > 0 ? SELECT_ALL : scope);
    if (view->jobs.len > 0)
        return 0;
    jobs_view_finish(view);
    return tell_none(filter);
}

int select_connect(struct connection *connection, const struct filter *filter, int argc,
                   char **argv)
{
    if (argc > 0 || filter_is_empty(filter))
        return commands_connect(connection, argc > 0 ? argv[0] : NULL);
    int r = connection_open(connection, CONNECTION_START_IF_JOBS);
    return r == 1 ? tell_none(filter) : -r;
}

int select_open(struct connection *connection, struct jobs_view *view, const struct filter *filter,
                enum select_scope scope, int argc, char **argv)
{
    int status = select_connect(connection, filter, argc, argv);
    if (status != 0)
        return status;
    status = select_jobs(connection, view, filter, scope, argc, argv);
    if (status != 0)
        connection_finish(connection);
    return status;
}

/* One request for each */

static int request_one(struct connection *connection, enum message_type type, void *body)
{
    int status = connection_request(connection, type, body, NULL, 0);
    if (status != 0)
        return status;
    const struct msg_done *done = connection->reply.body;
    if (connection->reply.type == MSG_DONE && done->note)
        fprintf(stderr, "js: %s\n", done->note);
    return 0;
}

struct each {
    enum message_type type;
    void *(*make)(const char *spec, void *context);
    void *context;
};

static int request_named(struct connection *connection, const struct each *each, int argc,
                         char **argv)
{
    int status = 0;
    for (int i = 0; (i < argc || i == 0) && !connection->lost; i++) {
        void *body = each->make(argc > 0 ? argv[i] : NULL, each->context);
        int r = request_one(connection, each->type, body);
        status = r == 0 ? status : argc > 1 ? EXIT_SOME_FAILED : r;
    }
    return connection->lost && status != 0 ? EXIT_JS_FAILED : status;
}

/* By their numbers: what else names them may change meanwhile. */
static int request_viewed(struct connection *connection, const struct each *each,
                          const struct jobs_view *view)
{
    const struct job_info *jobs = view->jobs.items;
    char(*numbers)[16] = calloc(view->jobs.len, sizeof(*numbers));
    char **specs = calloc(view->jobs.len + 1, sizeof(*specs));
    for (size_t i = 0; numbers && specs && i < view->jobs.len; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%u", jobs[i].id);
        specs[i] = numbers[i];
    }
    int status = numbers && specs ? request_named(connection, each, (int)view->jobs.len, specs)
                                  : report_error("out of memory");
    free(numbers);
    free(specs);
    return status;
}

static int take_named(struct connection *connection, const char *spec, select_take_fn take,
                      void *data)
{
    struct jobs_view view;
    char *items[] = {(char *)spec};
    struct msg_list body = {.none_is_current = true, .jobs = {.items = items, .len = spec ? 1 : 0}};
    int status = jobs_view_fetch(&view, connection, MSG_LIST, &body);
    if (status != 0)
        return status;
    if (view.jobs.len == 1)
        status = take(view.jobs.items, data);
    jobs_view_finish(&view);
    return status;
}

int select_named(struct connection *connection, int argc, char **argv, select_take_fn take,
                 void *data)
{
    int status = 0;
    for (int i = 0; (i < argc || i == 0) && !connection->lost; i++) {
        int r = take_named(connection, argc > 0 ? argv[i] : NULL, take, data);
        status = r != 0 ? r : status;
    }
    return status;
}

int select_each(enum message_type type, const struct filter *filter, enum select_scope scope,
                int argc, char **argv, void *(*make)(const char *spec, void *context),
                void *context)
{
    struct each each = {.type = type, .make = make, .context = context};
    struct connection connection;
    struct jobs_view view = {0};
    int status;
    if (!filter || filter_is_empty(filter)) {
        status = commands_connect(&connection, argc > 0 ? argv[0] : NULL);
        if (status != 0)
            return status;
        status = request_named(&connection, &each, argc, argv);
    } else {
        status = select_open(&connection, &view, filter, scope, argc, argv);
        if (status != 0)
            return status;
        status = request_viewed(&connection, &each, &view);
        jobs_view_finish(&view);
    }
    connection_finish(&connection);
    return status;
}

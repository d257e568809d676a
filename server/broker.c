#include "server/broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/schedule.h"
#include "server/server.h"

/* What is judged */

/* Live jobs that the server has a say in; all jobs, where one may come after any. */
struct docket {
    struct queue_job *jobs;
    size_t count;
    struct queue_rules rules;
};

static bool is_live(const struct job *job)
{
    return !job_state_is_final(job->info.state);
}

static bool has_say(const struct job *job)
{
    return is_live(job) && queue_has_say(job->info.plan);
}

/* Submitted here, and its holder has not said more than hello. */
static bool is_coming(const struct job *job)
{
    return job->info.state == JOB_STARTING && !job->started && job->info.attempt == 0;
}

static struct queue_job describe(const struct job *job)
{
    bool coming = is_coming(job);
    return (struct queue_job){
        .info = &job->info,
        .coming = coming,
        .begun = job->info.state == JOB_QUEUED && job->begun == job->info.attempt + 1,
        .unknown = !job->heard && !coming,
        .ending = job->dismissed || job->told_to_end,
    };
}

/* One place more than there are jobs, for one that is asked for. 0 or -ENOMEM. */
static int docket_fill(struct docket *docket, const struct broker *broker, bool all)
{
    const struct registry *registry = &broker->server->registry;
    *docket = (struct docket){
        .rules = {.queues = broker->settings.queues,
                  .queue_count = broker->settings.count,
                  .max_running = broker->server->config.max_running,
                  .now_ns = clock_realtime_ns(),
                  .blind = registry_has_unnamed(registry)},
        .jobs = calloc(registry->count + 1, sizeof(docket->jobs[0])),
    };
    for (size_t i = 0; docket->jobs && i < registry->count; i++)
        if (all || has_say(registry->jobs[i]))
            docket->jobs[docket->count++] = describe(registry->jobs[i]);
    return docket->jobs ? 0 : -ENOMEM;
}

/* Whether it will not start (again) without a server's word. */
static bool waits_for_server(const struct job *job)
{
    const struct job_plan *plan = job->info.plan;
    return is_coming(job) || job->info.state == JOB_QUEUED || plan->restart != RESTART_NEVER ||
           plan->every;
}

/*
 * Whether there is anything to be judged; whether jobs that have ended matter for it; whether
 * somebody waits for this server.
 */
static bool look(const struct broker *broker, bool *ret_all, bool *ret_needed)
{
    const struct registry *registry = &broker->server->registry;
    bool any = false;
    *ret_all = *ret_needed = false;
    for (size_t i = 0; i < registry->count; i++) {
        const struct job *job = registry->jobs[i];
        if (!has_say(job))
            continue;
        any = true;
        *ret_all = *ret_all || (job->info.plan->after.len > 0 && job->info.attempt == 0);
        *ret_needed = *ret_needed || waits_for_server(job);
    }
    return any;
}

/* What comes of it */

static void begin(struct job *job)
{
    struct msg_begin body = {.attempt = job->info.attempt + 1};
    int r = job->linked ? channel_send(&job->link, MSG_BEGIN, 0, &body, NULL, 0) : -ENOTCONN;
    if (r == 0)
        job->begun = body.attempt;
    else
        log_about_job(job->info.id, log_warn("cannot be told to start: %s", strerror(-r)));
}

static void dismiss(struct job *job, enum end_reason reason, const char *why)
{
    struct msg_kill body = {.default_grace = true, .reason = reason, .text = (char *)why};
    if (is_coming(job) || !job->linked)
        return; /* when it is there, this is judged again */
    job->dismissed = job_send(job, MSG_KILL, &body, NULL, 0, NULL, 0) == 0;
    if (job->dismissed)
        log_about_job(job->info.id, log_info("is not to go on: %s", why));
}

static void carry_out(struct broker *broker, const struct queue_job *judged, uint64_t now_ns)
{
    char why[256];
    struct job *job = registry_find(&broker->server->registry, judged->info->id);
    if (judged->verdict == QUEUE_START && !judged->coming) {
        begin(job);
    } else if (judged->verdict == QUEUE_CANCEL || judged->verdict == QUEUE_DROP) {
        queue_explain(judged, now_ns, why, sizeof(why));
        dismiss(job, END_CANCELED, why);
    } else if (judged->verdict == QUEUE_REPLACE) {
        queue_explain(judged, now_ns, why, sizeof(why));
        dismiss(job, END_REPLACED, why);
    }
}

static void judge(struct broker *broker)
{
    struct docket docket;
    struct server *server = broker->server;
    bool all, needed;
    if (server->stopping)
        return;
    bool any = look(broker, &all, &needed) && !server->ending_jobs;
    /* A socket that was passed is listened to by whoever passed it, and starts the next server. */
    spawner_set_needed(&server->spawner, any && needed && !server->runtime.passed);
    if (!any)
        return;
    int r = docket_fill(&docket, broker, all);
    if (r == 0)
        r = queue_judge(&docket.rules, docket.jobs, docket.count);
    if (r < 0)
        log_error("queued jobs are not looked at: %s", strerror(-r));
    /* Somebody of whom nothing is known may have the place. */
    for (size_t i = 0; r == 0 && !docket.rules.blind && i < docket.count; i++)
        carry_out(broker, &docket.jobs[i], docket.rules.now_ns);
    free(docket.jobs);
}

static void on_prepare(uv_prepare_t *prepare)
{
    uv_prepare_stop(prepare);
    judge(prepare->data);
}

void broker_wake(struct broker *broker)
{
    if (broker->open && !broker->closing)
        uv_prepare_start(&broker->prepare, on_prepare);
}

void broker_load(struct broker *broker, struct server *server)
{
    const struct runtime *runtime = &server->runtime;
    *broker = (struct broker){.server = server};
    queue_settings_open(&broker->settings,
                        runtime->state_error == 0 ? runtime->paths.state_dir : NULL);
    if (broker->settings.problem[0])
        log_warn("%s", broker->settings.problem);
}

int broker_open(struct broker *broker)
{
    uv_prepare_init(&broker->server->loop, &broker->prepare);
    broker->prepare.data = broker;
    broker->open = true;
    broker_wake(broker);
    return 0;
}

void broker_close(struct broker *broker)
{
    if (broker->open && !broker->closing)
        uv_close((uv_handle_t *)&broker->prepare, NULL);
    if (!broker->closing)
        queue_settings_finish(&broker->settings);
    broker->closing = true;
}

uint64_t broker_stamp(struct broker *broker)
{
    uint64_t now = clock_realtime_ns();
    broker->stamp_ns = now > broker->stamp_ns ? now : broker->stamp_ns + 1;
    return broker->stamp_ns;
}

/* Admission */

static bool names_are_valid(const struct job_plan *plan, char *text, size_t size)
{
    char why[512];
    if ((plan->queue && !queue_name_is_valid(plan->queue, "queue", text, size)) ||
        (plan->slot && !queue_name_is_valid(plan->slot, "slot", text, size)))
        return false;
    if (!plan->every || schedule_check(plan->every, why, sizeof(why)) == 0)
        return true;
    snprintf(text, size, "every '%s': %s", plan->every, why);
    return false;
}

struct job *broker_find_once(const struct broker *broker, const struct job_plan *plan)
{
    const char *key = plan ? plan->once : NULL;
    const struct registry *registry = &broker->server->registry;
    for (size_t i = 0; key && i < registry->count; i++) {
        struct job *job = registry->jobs[i];
        if (is_live(job) && job->info.plan && job->info.plan->once &&
            strcmp(job->info.plan->once, key) == 0)
            return job;
    }
    return NULL;
}

/* What follows a colon may be a part of a name: "7:good" is no job rather than a bad word. */
static void explain_colon(const char *spec, char *text, size_t size)
{
    size_t len = strlen(text);
    if (strchr(spec, ':'))
        snprintf(text + len, size - len, "; --after takes JOB, JOB:ok, JOB:any or JOB:fail");
}

static enum error_code resolve_after(const struct broker *broker, struct job_plan *plan, char *text,
                                     size_t size)
{
    struct plan_after *after = plan->after.items;
    for (size_t i = 0; i < plan->after.len; i++) {
        struct job *job;
        enum error_code code =
            registry_resolve(&broker->server->registry, after[i].job, false, &job, text, size);
        if (code == ERROR_NO_JOB)
            explain_colon(after[i].job, text, size);
        if (code)
            return code;
        if (job->info.uid[0] == '\0') {
            snprintf(text, size, "job %u is just being started: try again", job->info.id);
            return ERROR_BUSY;
        }
        if (wire_set_str(&after[i].job, job->info.uid) < 0) {
            snprintf(text, size, "out of memory");
            return ERROR_INTERNAL;
        }
    }
    return 0;
}

static enum error_code judge_new(const struct broker *broker, struct job_plan *plan, char *text,
                                 size_t size)
{
    struct docket docket;
    char why[256];
    struct job_info info = {.id = UINT32_MAX,
                            .uid = (char *)"",
                            .state = JOB_QUEUED,
                            .queued_ns = UINT64_MAX,
                            .plan = plan};
    int r = docket_fill(&docket, broker, plan->after.len > 0);
    struct queue_job *asked = r == 0 ? &docket.jobs[docket.count] : NULL;
    if (r == 0) {
        *asked = (struct queue_job){.info = &info, .coming = true};
        r = queue_judge_new(&docket.rules, docket.jobs, docket.count + 1);
    }
    bool refused = r == 0 && (asked->verdict == QUEUE_CANCEL || asked->verdict == QUEUE_DROP ||
                              asked->verdict == QUEUE_FULL);
    if (r == 0)
        queue_explain(asked, docket.rules.now_ns, why, sizeof(why));
    if (r == 0)
        snprintf(text, size, "%s%s", refused ? "not started: " : "", why);
    else
        snprintf(text, size, "out of memory");
    free(docket.jobs);
    return refused ? ERROR_BUSY : r < 0 ? ERROR_INTERNAL : 0;
}

enum error_code broker_admit(struct broker *broker, struct msg_run *run, struct job **ret_instead,
                             char *text, size_t size)
{
    struct job_plan *plan = run->plan;
    *ret_instead = NULL;
    text[0] = '\0';
    if (!plan)
        return 0;
    if (!names_are_valid(plan, text, size))
        return ERROR_MALFORMED;
    if ((*ret_instead = broker_find_once(broker, plan)))
        return 0;
    if (!queue_has_say(plan))
        return 0;
    enum error_code code = resolve_after(broker, plan, text, size);
    return code ? code : judge_new(broker, plan, text, size);
}

/* Answers */

static void explain(struct broker *broker, struct docket *docket)
{
    char text[256];
    if (queue_judge(&docket->rules, docket->jobs, docket->count) < 0)
        return;
    for (size_t i = 0; i < docket->count; i++) {
        const struct queue_job *judged = &docket->jobs[i];
        struct job *job = registry_find(&broker->server->registry, judged->info->id);
        queue_explain(judged, docket->rules.now_ns, text, sizeof(text));
        wire_set_str(&job->info.waits_for, text[0] ? text : NULL);
    }
}

void broker_explain(struct broker *broker)
{
    const struct registry *registry = &broker->server->registry;
    struct docket docket;
    bool any = false;
    for (size_t i = 0; i < registry->count; i++) {
        uint32_t state = registry->jobs[i]->info.state;
        any = any || job_state_is_waiting(state) || state == JOB_STARTING;
    }
    if (any && docket_fill(&docket, broker, true) == 0) {
        for (size_t i = 0; i < docket.count; i++)
            docket.jobs[i].unknown = false; /* words may go by what is in the record */
        explain(broker, &docket);
        free(docket.jobs);
    }
}

char *broker_note(struct broker *broker, struct job *job)
{
    if (!job_state_is_waiting(job->info.state))
        return NULL;
    broker_explain(broker);
    return job->info.waits_for;
}

/* The queue of that name among count of them, which are by name; *ret_at is where it belongs. */
static bool find_queue(const struct queue_setting *queues, size_t count, const char *name,
                       size_t *ret_at)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(queues[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return low < count && strcmp(queues[low].name, name) == 0;
}

/* Names are borrowed. */
static void count_job(struct queue_setting *queues, size_t *count, const struct job *job)
{
    size_t at;
    if (!find_queue(queues, *count, job->info.plan->queue, &at)) {
        if (*count >= QUEUES_MAX)
            return;
        memmove(queues + at + 1, queues + at, (*count - at) * sizeof(queues[0]));
        queues[at] = (struct queue_setting){.name = job->info.plan->queue, .slots = 1};
        ++*count;
    }
    uint32_t state = job->info.state;
    if (is_coming(job) || job_state_is_waiting(state))
        queues[at].waiting++;
    else
        queues[at].running++;
}

void broker_send_queues(struct broker *broker, struct client *client, uint32_t request_id)
{
    const struct registry *registry = &broker->server->registry;
    const struct queue_settings *settings = &broker->settings;
    struct queue_setting *queues = calloc(QUEUES_MAX, sizeof(queues[0]));
    if (!queues) {
        client_send_error(client, request_id, ERROR_INTERNAL, "out of memory");
        return;
    }
    size_t count = settings->count;
    if (count > 0)
        memcpy(queues, settings->queues, count * sizeof(queues[0]));
    for (size_t i = 0; i < count; i++)
        queues[i].running = queues[i].waiting = 0;
    for (size_t i = 0; i < registry->count; i++)
        if (is_live(registry->jobs[i]) && registry->jobs[i]->info.plan &&
            registry->jobs[i]->info.plan->queue)
            count_job(queues, &count, registry->jobs[i]);
    struct msg_queues body = {
        .queues = {.items = queues, .len = count},
        .problem = settings->problem[0] ? (char *)settings->problem : NULL,
    };
    client_send(client, MSG_QUEUES, request_id, &body);
    free(queues);
}

void broker_set_queue(struct broker *broker, struct client *client, uint32_t request_id,
                      const struct msg_set_queue *request)
{
    char text[2 * PATHS_MAX];
    struct msg_done done = {0};
    if (!queue_name_is_valid(request->name, "queue", text, sizeof(text))) {
        client_send_error(client, request_id, ERROR_NAME_INVALID, text);
        return;
    }
    int r = queue_settings_set(&broker->settings, request, text, sizeof(text));
    if (r == -ENOMEM || r == -E2BIG) {
        client_send_error(client, request_id, r == -E2BIG ? ERROR_BUSY : ERROR_INTERNAL,
                          r == -E2BIG ? "there are 4096 queues with settings already"
                                      : "out of memory");
        return;
    }
    if (r < 0) {
        log_warn("queue %s: %s", request->name, text);
        done.note = text;
    }
    client_send(client, MSG_DONE, request_id, &done);
    broker_wake(broker);
}

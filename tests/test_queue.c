/* The policy of queues on plain structs: tables of cases, and chance against a naive model. */
#include "server/queue.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW       UINT64_C(1000000000000)
#define JOBS_MAX  8
#define AFTER_END 2

/* A job of a case, and what is expected of it. */
struct spec {
    uint32_t id;
    uint32_t state; /* 0 = end of the list */
    const char *queue;
    int priority;
    uint64_t queued; /* nanoseconds */
    uint64_t due;    /* nanoseconds from NOW; 0 = it waits for no time */
    const char *slot;
    uint32_t if_busy;
    struct plan_after after[AFTER_END]; /* unique ids are "u" and the number */
    int code;                           /* of an ended job; -1: a signal */
    uint32_t reason;                    /* if it is not "exited" */
    uint32_t attempt;
    bool coming, begun, unknown, ending, every;
    /* Expected. */
    enum queue_verdict verdict;
    uint32_t other, ahead;
};

struct scene {
    const char *name;
    struct queue_setting queues[2];
    uint64_t max_running; /* 0 = no bound */
    bool blind;
    struct spec jobs[JOBS_MAX];
};

#define Q .state = JOB_QUEUED
#define R .state = JOB_RUNNING
#define E .state = JOB_ENDED

static const struct scene scenes[] = {
    {"one place, in the order in which they came",
     .jobs = {{1, Q, .queue = "a", .queued = 3, .verdict = QUEUE_WAIT_TURN, .other = 2, .ahead = 1},
              {2, Q, .queue = "a", .queued = 1, .verdict = QUEUE_START},
              {3, Q, .queue = "a", .queued = 2, .verdict = QUEUE_WAIT_TURN, .other = 2}}},
    {"at the same time: the number decides",
     .jobs = {{2, Q, .queue = "a", .verdict = QUEUE_WAIT_TURN, .other = 1},
              {1, Q, .queue = "a", .verdict = QUEUE_START}}},
    {"higher priority first",
     .jobs = {{1, Q, .queue = "a", .queued = 1, .verdict = QUEUE_WAIT_TURN, .other = 2, .ahead = 0},
              {2, Q, .queue = "a", .queued = 2, .priority = 1, .verdict = QUEUE_START},
              {3, Q, .queue = "a", .queued = 3, .priority = -1, .verdict = QUEUE_WAIT_TURN,
               .other = 2, .ahead = 1}}},
    {"who runs, stops or ends has the place; who waits for another attempt has none",
     .jobs = {{1, R, .queue = "a"},
              {2, .state = JOB_STOPPED, .queue = "b"},
              {3, .state = JOB_EXITING, .queue = "c"},
              {4, .state = JOB_BACKOFF, .queue = "d"},
              {5, Q, .queue = "a", .verdict = QUEUE_WAIT_TURN, .other = 1},
              {6, Q, .queue = "b", .verdict = QUEUE_WAIT_TURN, .other = 2},
              {7, Q, .queue = "c", .verdict = QUEUE_WAIT_TURN, .other = 3},
              {8, Q, .queue = "d", .verdict = QUEUE_START}}},
    {"as many as were set, in that queue", .queues = {{.name = (char *)"a", .slots = 2}},
     .jobs = {{1, R, .queue = "a"},
              {2, Q, .queue = "a", .queued = 1, .verdict = QUEUE_START},
              {3, Q, .queue = "a", .queued = 2, .verdict = QUEUE_WAIT_TURN, .other = 2},
              {4, Q, .queue = "b", .queued = 3, .verdict = QUEUE_START}}},
    {"nothing of a paused queue is started",
     .queues = {{.name = (char *)"a", .slots = 2, .paused = true}},
     .jobs = {{1, R, .queue = "a"},
              {2, Q, .queue = "a", .verdict = QUEUE_WAIT_PAUSED},
              {3, Q, .queue = "b", .verdict = QUEUE_START}}},
    {"all queues together", .max_running = 2,
     .jobs = {{1, R, .queue = "a"},
              {2, R, .slot = "x"},
              {3, Q, .queue = "b", .queued = 1, .verdict = QUEUE_START},
              {4, Q, .queue = "c", .queued = 2, .verdict = QUEUE_WAIT_TOTAL},
              {5, Q, .slot = "y", .queued = 3, .verdict = QUEUE_START}}},
    {"a time that has not come holds up nobody, and comes to its old place",
     .jobs = {{1, Q, .queue = "a", .queued = 1, .due = 1, .verdict = QUEUE_WAIT_TIME},
              {2, Q, .queue = "a", .queued = 2, .verdict = QUEUE_START},
              {3, Q, .queue = "b", .queued = 1, .verdict = QUEUE_START},
              {4, Q, .queue = "b", .queued = 2, .verdict = QUEUE_WAIT_TURN, .other = 3}}},
    {"after a job that lives",
     .jobs = {{1, R},
              {2, Q, .after = {{(char *)"u1", AFTER_OK}}, .verdict = QUEUE_WAIT_AFTER, .other = 1},
              {3, Q, .after = {{(char *)"u1", AFTER_ANY}}, .verdict = QUEUE_WAIT_AFTER, .other = 1},
              {4, Q, .after = {{(char *)"u1", AFTER_FAIL}}, .verdict = QUEUE_WAIT_AFTER,
               .other = 1}}},
    {"after one that has ended well",
     .jobs = {{1, E},
              {2, Q, .after = {{(char *)"u1", AFTER_OK}}, .verdict = QUEUE_START},
              {3, Q, .after = {{(char *)"u1", AFTER_ANY}}, .verdict = QUEUE_START},
              {4, Q, .after = {{(char *)"u1", AFTER_FAIL}}, .verdict = QUEUE_CANCEL, .other = 1}}},
    {"after one that has failed",
     .jobs = {{1, E, .code = 1},
              {2, Q, .after = {{(char *)"u1", AFTER_OK}}, .verdict = QUEUE_CANCEL, .other = 1},
              {3, Q, .after = {{(char *)"u1", AFTER_ANY}}, .verdict = QUEUE_START},
              {4, Q, .after = {{(char *)"u1", AFTER_FAIL}}, .verdict = QUEUE_START}}},
    {"a kill, a job that could not be started and a code that is none are no good ends",
     .jobs = {{1, E, .code = -1, .reason = END_KILLED},
              {2, .state = JOB_FAILED},
              {3, E, .reason = END_TIMEOUT},
              {4, Q, .after = {{(char *)"u1", AFTER_OK}}, .verdict = QUEUE_CANCEL, .other = 1},
              {5, Q, .after = {{(char *)"u2", AFTER_OK}}, .verdict = QUEUE_CANCEL, .other = 2},
              {6, Q, .after = {{(char *)"u3", AFTER_OK}}, .verdict = QUEUE_CANCEL, .other = 3},
              {7, Q, .after = {{(char *)"u1", AFTER_FAIL}}, .verdict = QUEUE_START}}},
    {"after several: all of them; one that cannot come true any more decides",
     .jobs = {{1, R},
              {2, E, .code = 1},
              {3, Q, .after = {{(char *)"u1", AFTER_ANY}, {(char *)"u2", AFTER_ANY}},
               .verdict = QUEUE_WAIT_AFTER, .other = 1},
              {4, Q, .after = {{(char *)"u1", AFTER_ANY}, {(char *)"u2", AFTER_OK}},
               .verdict = QUEUE_CANCEL, .other = 2}}},
    {"after one that is no longer known",
     .jobs = {{1, Q, .after = {{(char *)"u9", AFTER_OK}}, .verdict = QUEUE_CANCEL},
              {2, Q, .after = {{(char *)"u9", AFTER_ANY}}, .verdict = QUEUE_START},
              {3, Q, .after = {{(char *)"u9", AFTER_OK}}, .attempt = 1, .verdict = QUEUE_START}}},
    {"after one that may be among those of which nothing is known", .blind = true,
     .jobs = {{1, Q, .after = {{(char *)"u9", AFTER_OK}}, .verdict = QUEUE_WAIT_AFTER},
              {2, Q, .after = {{(char *)"u9", AFTER_ANY}}, .verdict = QUEUE_WAIT_AFTER}}},
    {"a slot has one place; who has it is named",
     .jobs = {{1, R, .slot = "x"},
              {2, Q, .slot = "x", .verdict = QUEUE_WAIT_SLOT, .other = 1},
              {3, Q, .slot = "y", .queued = 2, .verdict = QUEUE_WAIT_SLOT, .other = 4},
              {4, Q, .slot = "y", .queued = 1, .verdict = QUEUE_START}}},
    {"who waits for its slot takes no place in the queue",
     .jobs = {{1, R, .slot = "x"},
              {2, Q, .queue = "a", .slot = "x", .queued = 1, .verdict = QUEUE_WAIT_SLOT,
               .other = 1},
              {3, Q, .queue = "a", .queued = 2, .ahead = 1, .verdict = QUEUE_START}}},
    {"the slot is taken, and it is not to wait",
     .jobs = {{1, R, .slot = "x"},
              {2, Q, .slot = "x", .if_busy = IF_BUSY_DROP, .verdict = QUEUE_DROP, .other = 1},
              {3, Q, .slot = "x", .if_busy = IF_BUSY_DROP, .attempt = 1, .verdict = QUEUE_WAIT_SLOT,
               .other = 1},
              {4, Q, .slot = "x", .if_busy = IF_BUSY_DROP, .every = true,
               .verdict = QUEUE_WAIT_SLOT, .other = 1},
              {5, Q, .slot = "x", .if_busy = IF_BUSY_DROP, .due = 5, .verdict = QUEUE_WAIT_TIME}}},
    {"the newest that replaces ends all that came before, and waits for their end",
     .jobs = {{1, R, .slot = "x", .verdict = QUEUE_REPLACE, .other = 4},
              {2, Q, .slot = "x", .verdict = QUEUE_REPLACE, .other = 4},
              {3, Q, .slot = "x", .if_busy = IF_BUSY_REPLACE, .verdict = QUEUE_REPLACE, .other = 4},
              {4, Q, .slot = "x", .if_busy = IF_BUSY_REPLACE, .verdict = QUEUE_WAIT_SLOT,
               .other = 1},
              {5, Q, .slot = "x", .verdict = QUEUE_WAIT_SLOT, .other = 1},
              {6, .state = JOB_BACKOFF, .slot = "x"},
              {7, R, .slot = "y"}}},
    {"also what waits for its next attempt, or its time",
     .jobs = {{1, .state = JOB_BACKOFF, .slot = "x", .verdict = QUEUE_REPLACE, .other = 3},
              {2, Q, .slot = "x", .due = 5, .verdict = QUEUE_REPLACE, .other = 3},
              {3, Q, .slot = "x", .if_busy = IF_BUSY_REPLACE, .verdict = QUEUE_START}}},
    {"nobody is replaced before the time has come, nor by a later attempt",
     .jobs = {{1, R, .slot = "x"},
              {2, Q, .slot = "x", .if_busy = IF_BUSY_REPLACE, .due = 5, .verdict = QUEUE_WAIT_TIME},
              {3, Q, .slot = "x", .if_busy = IF_BUSY_REPLACE, .attempt = 1,
               .verdict = QUEUE_WAIT_SLOT, .other = 1}}},
    {"what has been told to end keeps its place, and is not started",
     .jobs = {{1, R, .slot = "x", .ending = true},
              {2, Q, .slot = "y", .ending = true},
              {3, Q, .slot = "x", .if_busy = IF_BUSY_REPLACE, .verdict = QUEUE_WAIT_SLOT,
               .other = 1},
              {4, Q, .slot = "y", .verdict = QUEUE_START}}},
    {"who was told to start has the place, and so has who may run",
     .jobs = {{1, Q, .queue = "a", .begun = true},
              {2, Q, .queue = "b", .unknown = true},
              {3, Q, .queue = "a", .verdict = QUEUE_WAIT_TURN, .other = 1},
              {4, Q, .queue = "b", .verdict = QUEUE_WAIT_TURN, .other = 2}}},
    {"a place is kept for who came first, though its holder is not ready",
     .jobs = {{1, .state = JOB_STARTING, .queue = "a", .queued = 1, .coming = true,
               .verdict = QUEUE_START},
              {2, Q, .queue = "a", .queued = 2, .verdict = QUEUE_WAIT_TURN, .other = 1}}},
    {"jobs that nobody has a say in", .jobs = {{1, R}, {2, Q, .due = 5}, {3, Q}}},
};

#define SCENES (int)(sizeof(scenes) / sizeof(scenes[0]))

/* What stands behind a scene's jobs. */
struct stage {
    struct job_info infos[JOBS_MAX];
    struct job_plan plans[JOBS_MAX];
    struct job_end ends[JOBS_MAX];
    char uids[JOBS_MAX][8];
    struct queue_job jobs[JOBS_MAX];
    size_t count;
    struct queue_rules rules;
};

static void set_job(struct stage *stage, const struct spec *spec)
{
    size_t i = stage->count++;
    struct job_plan *plan = &stage->plans[i];
    *plan = (struct job_plan){.queue = (char *)spec->queue,
                              .priority = spec->priority,
                              .slot = (char *)spec->slot,
                              .if_busy = spec->if_busy,
                              .every = spec->every ? (char *)"1h" : NULL,
                              .after.items = (void *)spec->after};
    while (plan->after.len < AFTER_END && spec->after[plan->after.len].job)
        plan->after.len++;
    stage->ends[i] =
        (struct job_end){.reason = spec->reason ? spec->reason : END_EXITED, .code = spec->code};
    snprintf(stage->uids[i], sizeof(stage->uids[i]), "u%u", spec->id);
    stage->infos[i] = (struct job_info){
        .id = spec->id,
        .uid = stage->uids[i],
        .state = spec->state,
        .attempt = spec->attempt,
        .queued_ns = spec->queued,
        .due_ns = spec->due ? NOW + spec->due : 0,
        .end = spec->state == JOB_ENDED ? &stage->ends[i] : NULL,
        .plan = plan,
    };
    stage->jobs[i] = (struct queue_job){.info = &stage->infos[i],
                                        .coming = spec->coming,
                                        .begun = spec->begun,
                                        .unknown = spec->unknown,
                                        .ending = spec->ending};
}

static void set_stage(struct stage *stage, const struct scene *scene)
{
    *stage = (struct stage){
        .rules = {.queues = scene->queues,
                  .max_running = scene->max_running ? scene->max_running : UINT64_MAX,
                  .now_ns = NOW,
                  .blind = scene->blind}};
    while (stage->rules.queue_count < 2 && scene->queues[stage->rules.queue_count].name)
        stage->rules.queue_count++;
    for (size_t i = 0; i < JOBS_MAX && scene->jobs[i].state; i++)
        set_job(stage, &scene->jobs[i]);
}

START_TEST(judges_as_the_rules_say)
{
    const struct scene *scene = &scenes[_i];
    struct stage stage;
    set_stage(&stage, scene);
    ck_assert_int_eq(queue_judge(&stage.rules, stage.jobs, stage.count), 0);
    for (size_t i = 0; i < stage.count; i++) {
        const struct spec *spec = &scene->jobs[i];
        const struct queue_job *job = &stage.jobs[i];
        ck_assert_msg(job->verdict == spec->verdict && job->other == spec->other,
                      "%s: job %u: verdict %d about %u, not %d about %u", scene->name, spec->id,
                      job->verdict, job->other, spec->verdict, spec->other);
        ck_assert_msg(job->ahead == spec->ahead, "%s: job %u: %u ahead, not %u", scene->name,
                      spec->id, job->ahead, spec->ahead);
    }
}
END_TEST

/* Before the holder has repeated it, the time is in the plan. */
START_TEST(the_time_of_the_plan_counts_while_the_job_is_coming)
{
    static const struct scene scene = {"", .jobs = {{1, Q, .queue = "a"}}};
    struct stage stage;
    set_stage(&stage, &scene);
    stage.plans[0].not_before_ns = NOW + 7;
    stage.jobs[0].coming = true;
    ck_assert_int_eq(queue_judge(&stage.rules, stage.jobs, 1), 0);
    ck_assert_int_eq(stage.jobs[0].verdict, QUEUE_WAIT_TIME);
    stage.jobs[0].coming = false;
    ck_assert_int_eq(queue_judge(&stage.rules, stage.jobs, 1), 0);
    ck_assert_int_eq(stage.jobs[0].verdict, QUEUE_START);
}
END_TEST

START_TEST(codes_that_are_no_failure_end_well)
{
    static uint8_t code = 3;
    struct job_plan plan = {.ok_codes = {.data = &code, .len = 1}};
    struct job_end end = {.reason = END_EXITED, .code = 3};
    struct job_info info = {.state = JOB_ENDED, .end = &end, .plan = &plan};
    ck_assert(queue_end_fits(&info, AFTER_OK));
    ck_assert(!queue_end_fits(&info, AFTER_FAIL));
    end.code = 4;
    ck_assert(!queue_end_fits(&info, AFTER_OK));
    ck_assert(queue_end_fits(&info, AFTER_FAIL));
    ck_assert(queue_end_fits(&info, AFTER_ANY));
}
END_TEST

/* One waiter too many for a slot is refused; what replaces them, or waits for less, is not. */
START_TEST(refuses_the_hundred_and_first_waiter)
{
    enum { WAITERS = QUEUE_SLOT_WAITERS + 1 };
    static struct job_info infos[WAITERS + 1];
    static struct queue_job jobs[WAITERS + 1];
    static char uids[WAITERS + 1][16];
    struct job_plan plan = {.slot = (char *)"x"}, newest = plan;
    struct queue_rules rules = {.max_running = UINT64_MAX, .now_ns = NOW};
    for (uint32_t i = 0; i <= WAITERS; i++) {
        snprintf(uids[i], sizeof(uids[i]), "u%u", i + 1);
        infos[i] = (struct job_info){.id = i + 1,
                                     .uid = uids[i],
                                     .state = i == 0 ? JOB_RUNNING : JOB_QUEUED,
                                     .plan = i == WAITERS ? &newest : &plan};
        jobs[i] = (struct queue_job){.info = &infos[i], .coming = i == WAITERS};
    }
    ck_assert_int_eq(queue_judge_new(&rules, jobs, WAITERS + 1), 0);
    ck_assert_int_eq(jobs[WAITERS].verdict, QUEUE_FULL);
    char text[256];
    queue_explain(&jobs[WAITERS], NOW, text, sizeof(text));
    ck_assert_str_eq(text, "slot x is taken, and 100 jobs wait for it already");
    newest.if_busy = IF_BUSY_REPLACE;
    ck_assert_int_eq(queue_judge_new(&rules, jobs, WAITERS + 1), 0);
    ck_assert_int_eq(jobs[WAITERS].verdict, QUEUE_WAIT_SLOT);
    newest.if_busy = IF_BUSY_QUEUE;
    jobs[1].ending = true; /* that one waits no longer */
    ck_assert_int_eq(queue_judge_new(&rules, jobs, WAITERS + 1), 0);
    ck_assert_int_eq(jobs[WAITERS].verdict, QUEUE_WAIT_SLOT);
    newest.if_busy = IF_BUSY_DROP;
    ck_assert_int_eq(queue_judge_new(&rules, jobs, WAITERS + 1), 0);
    ck_assert_int_eq(jobs[WAITERS].verdict, QUEUE_DROP);
}
END_TEST

/* Words */

static const struct {
    enum queue_verdict verdict;
    uint32_t other, condition, ahead;
    const char *text;
} words[] = {
    {QUEUE_NONE, 0, 0, 0, ""},
    {QUEUE_START, 0, 0, 0, ""},
    {QUEUE_WAIT_AFTER, 3, AFTER_OK, 0, "job 3 to end well"},
    {QUEUE_WAIT_AFTER, 3, AFTER_ANY, 0, "job 3 to end"},
    {QUEUE_WAIT_AFTER, 3, AFTER_FAIL, 0, "job 3 to fail"},
    {QUEUE_WAIT_PAUSED, 0, 0, 0, "queue build is paused"},
    {QUEUE_WAIT_SLOT, 4, 0, 0, "its slot, which job 4 has"},
    {QUEUE_WAIT_TURN, 4, 0, 0, "a place in queue build, where job 4 runs"},
    {QUEUE_WAIT_TURN, 4, 0, 1, "1 job ahead in queue build"},
    {QUEUE_WAIT_TURN, 4, 0, 2, "2 jobs ahead in queue build"},
    {QUEUE_WAIT_TOTAL, 0, 0, 0, "another job to end: as many run as may (max-running)"},
    {QUEUE_CANCEL, 3, AFTER_OK, 0, "job 3, which it was to come after, did not end well"},
    {QUEUE_CANCEL, 3, AFTER_FAIL, 0, "job 3 ended well, and it was to come after its failure"},
    {QUEUE_CANCEL, 0, AFTER_OK, 0,
     "it was to come after a job that is no longer known, and how that one ended cannot be said "
     "any more"},
    {QUEUE_DROP, 4, 0, 0, "slot db is taken: job 4 has it"},
    {QUEUE_REPLACE, 9, 0, 0, "job 9 takes slot db"},
};

START_TEST(says_it_in_words)
{
    struct job_plan plan = {.queue = (char *)"build", .slot = (char *)"db"};
    struct job_info info = {.plan = &plan};
    struct queue_job job = {.info = &info,
                            .verdict = words[_i].verdict,
                            .other = words[_i].other,
                            .condition = words[_i].condition,
                            .ahead = words[_i].ahead};
    char text[256] = "?";
    queue_explain(&job, NOW, text, sizeof(text));
    ck_assert_str_eq(text, words[_i].text);
}
END_TEST

#define MINUTES UINT64_C(60000000000)

static const struct {
    uint64_t due_ns;
    const char *text;
} times[] = {
    {1110 * MINUTES, "18:30"},
    {1110 * MINUTES + UINT64_C(5000000000), "18:30:05"},
    {(1440 + 540) * MINUTES, "1970-01-02 09:00"},
};

START_TEST(says_the_time)
{
    struct job_plan plan = {0};
    struct job_info info = {.plan = &plan, .due_ns = times[_i].due_ns};
    struct queue_job job = {.info = &info, .verdict = QUEUE_WAIT_TIME};
    char text[64];
    setenv("TZ", "UTC0", 1);
    queue_explain(&job, MINUTES, text, sizeof(text));
    ck_assert_str_eq(text, times[_i].text);
}
END_TEST

/* Chance: the same jobs for the judge and for a model that picks one after the other. */

enum { CHANCE_JOBS = 24, CHANCE_ROUNDS = 3000 };

static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
    chance_state = chance_state * 1664525u + 1013904223u;
    return (chance_state >> 10) % below;
}

struct world {
    struct job_info infos[CHANCE_JOBS];
    struct job_plan plans[CHANCE_JOBS];
    struct plan_after afters[CHANCE_JOBS][2];
    struct job_end ends[CHANCE_JOBS];
    struct queue_job jobs[CHANCE_JOBS];
    bool starts[CHANCE_JOBS]; /* as the model has it */
    struct queue_setting queues[2];
    struct queue_rules rules;
};

static char *const names[] = {NULL, (char *)"a", (char *)"b", (char *)"c"};
static char uids[CHANCE_JOBS + 1][8];

static void make_job(struct world *world, size_t i)
{
    static const uint32_t states[] = {JOB_QUEUED,  JOB_QUEUED, JOB_QUEUED,  JOB_QUEUED,
                                      JOB_RUNNING, JOB_ENDED,  JOB_BACKOFF, JOB_EXITING};
    struct job_plan *plan = &world->plans[i];
    *plan = (struct job_plan){.queue = names[chance(4)],
                              .priority = (int32_t)chance(3),
                              .slot = chance(3) ? NULL : names[chance(4)],
                              .if_busy = chance(4) ? IF_BUSY_QUEUE : chance(IF_BUSY_COUNT),
                              .after = {.items = world->afters[i], .len = chance(4) ? 0 : 2}};
    for (size_t k = 0; k < 2; k++)
        world->afters[i][k] = (struct plan_after){.job = uids[chance(CHANCE_JOBS + 1)],
                                                  .condition = chance(AFTER_COUNT)};
    world->ends[i] = (struct job_end){.reason = END_EXITED, .code = (int32_t)chance(2)};
    world->infos[i] = (struct job_info){.id = (uint32_t)i + 1,
                                        .uid = uids[i],
                                        .state = states[chance(8)],
                                        .queued_ns = chance(8),
                                        .due_ns = chance(6) ? 0 : NOW - 2 + chance(4),
                                        .attempt = chance(4) ? 0 : 1,
                                        .end = &world->ends[i],
                                        .plan = chance(10) ? plan : NULL};
    world->jobs[i] = (struct queue_job){.info = &world->infos[i],
                                        .begun = chance(10) == 0,
                                        .unknown = chance(20) == 0,
                                        .ending = chance(15) == 0};
}

static void make_world(struct world *world)
{
    *world = (struct world){
        .queues = {{.name = names[1], .slots = 1 + chance(3)},
                   {.name = names[2], .slots = 1 + chance(2), .paused = chance(4) == 0}}};
    world->rules = (struct queue_rules){.queues = world->queues,
                                        .queue_count = 2,
                                        .max_running = chance(2) ? UINT64_MAX : 1 + chance(6),
                                        .now_ns = NOW,
                                        .blind = chance(8) == 0};
    for (size_t i = 0; i < CHANCE_JOBS; i++)
        make_job(world, i);
}

/* The model */

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool model_waits(const struct world *world, size_t i)
{
    const struct queue_job *job = &world->jobs[i];
    const struct job_plan *plan = job->info->plan;
    return plan && (plan->queue || plan->slot || plan->after.len) &&
           job->info->state == JOB_QUEUED && !job->begun && !job->unknown && !world->starts[i];
}

static bool model_has_place(const struct world *world, size_t i)
{
    const struct queue_job *job = &world->jobs[i];
    if (!job->info->plan || job->info->state == JOB_ENDED)
        return false;
    return world->starts[i] || job->begun || job->unknown || job->info->state == JOB_RUNNING ||
           job->info->state == JOB_EXITING;
}

static const struct job_info *model_find(const struct world *world, const char *uid)
{
    for (size_t i = 0; i < CHANCE_JOBS; i++)
        if (strcmp(world->infos[i].uid, uid) == 0)
            return &world->infos[i];
    return NULL;
}

/* Its time has come, its conditions have come true, its queue is not paused. */
static bool model_is_ready(const struct world *world, size_t i)
{
    const struct job_info *info = &world->infos[i];
    if (info->due_ns > 0)
        return false;
    for (size_t k = 0; k < info->plan->after.len && info->attempt == 0; k++) {
        const struct plan_after *after = &world->afters[i][k];
        const struct job_info *other = model_find(world, after->job);
        if (other && other->state != JOB_ENDED)
            return false;
        if (!other && (world->rules.blind || after->condition != AFTER_ANY))
            return false;
        bool ok = other && (other->end->code == 0);
        if (other && after->condition == (ok ? AFTER_FAIL : AFTER_OK))
            return false;
    }
    return !(world->queues[1].paused && same(info->plan->queue, names[2]));
}

static bool model_is_replaced(const struct world *world, size_t i)
{
    for (size_t k = i + 1; k < CHANCE_JOBS; k++)
        if (world->jobs[i].info->plan && model_waits(world, k) && !world->jobs[k].ending &&
            world->plans[k].if_busy == IF_BUSY_REPLACE && world->infos[k].attempt == 0 &&
            same(world->plans[k].slot, world->plans[i].slot) && model_is_ready(world, k))
            return true;
    return false;
}

static bool model_fits(const struct world *world, size_t i)
{
    const struct job_plan *plan = &world->plans[i];
    size_t in_queue = 0, in_slot = 0, in_all = 0, slots = 1;
    for (size_t k = 0; k < CHANCE_JOBS; k++) {
        if (!model_has_place(world, k))
            continue;
        in_queue += same(world->plans[k].queue, plan->queue);
        in_slot += same(world->plans[k].slot, plan->slot);
        in_all += world->plans[k].queue != NULL;
    }
    for (size_t q = 0; q < 2; q++)
        if (same(world->queues[q].name, plan->queue))
            slots = world->queues[q].slots;
    if (plan->slot && in_slot > 0)
        return false;
    return !plan->queue || (in_queue < slots && in_all < world->rules.max_running);
}

static bool model_is_before(const struct world *world, size_t a, size_t b)
{
    const struct job_info *x = &world->infos[a], *y = &world->infos[b];
    if (world->plans[a].priority != world->plans[b].priority)
        return world->plans[a].priority > world->plans[b].priority;
    return x->queued_ns != y->queued_ns ? x->queued_ns < y->queued_ns : x->id < y->id;
}

/* Starts the first that can, until none can. */
static void model_run(struct world *world)
{
    bool out[CHANCE_JOBS];
    for (size_t i = 0; i < CHANCE_JOBS; i++)
        out[i] = !model_waits(world, i) || world->jobs[i].ending || model_is_replaced(world, i) ||
                 !model_is_ready(world, i);
    for (;;) {
        size_t best = CHANCE_JOBS;
        for (size_t i = 0; i < CHANCE_JOBS; i++)
            if (!out[i] && !world->starts[i] && model_fits(world, i) &&
                (best == CHANCE_JOBS || model_is_before(world, i, best)))
                best = i;
        if (best == CHANCE_JOBS)
            return;
        world->starts[best] = true;
    }
}

START_TEST(agrees_with_a_naive_model)
{
    struct world world;
    size_t started = 0;
    chance_state = (uint32_t)_i * 977 + 1;
    for (size_t i = 0; i <= CHANCE_JOBS; i++)
        snprintf(uids[i], sizeof(uids[i]), "u%zu", i);
    for (int round = 0; round < CHANCE_ROUNDS; round++) {
        make_world(&world);
        model_run(&world);
        ck_assert_int_eq(queue_judge(&world.rules, world.jobs, CHANCE_JOBS), 0);
        for (size_t i = 0; i < CHANCE_JOBS; i++) {
            bool starts = world.jobs[i].verdict == QUEUE_START;
            ck_assert_msg(starts == world.starts[i], "seed %d, round %d, job %zu: %d, not %d", _i,
                          round, i + 1, starts, world.starts[i]);
            started += starts;
        }
    }
    ck_assert_uint_gt(started, CHANCE_ROUNDS / 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");
    tcase_add_loop_test(tcase, judges_as_the_rules_say, 0, SCENES);
    tcase_add_test(tcase, the_time_of_the_plan_counts_while_the_job_is_coming);
    tcase_add_test(tcase, codes_that_are_no_failure_end_well);
    tcase_add_test(tcase, refuses_the_hundred_and_first_waiter);
    tcase_add_loop_test(tcase, says_it_in_words, 0, (int)(sizeof(words) / sizeof(words[0])));
    tcase_add_loop_test(tcase, says_the_time, 0, (int)(sizeof(times) / sizeof(times[0])));
    tcase_add_loop_test(tcase, agrees_with_a_naive_model, 0, 4);
    suite_add_tcase(suite, tcase);
    return runner_run(suite);
}

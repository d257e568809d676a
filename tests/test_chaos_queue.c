/*
 * Hundreds of jobs in three queues, with random lengths, ends and priorities, and retries of those
 * that fail; jobs are killed, and servers again and again: each attempt runs once, order and slots
 * are never broken, the numbers add up. See harness/chaos.h.
 */
#include "tests/harness/chaos.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW    24
#define ASKED  200
#define JOB_MS 700 /* of time per job, on a slow machine */
#define QUEUES 3
#define TRIES  2 /* after the first one, of jobs that are tried again */

static struct chaos chaos;

/* What a job is to do, and what has been seen of it. */
struct plan {
    unsigned queue;
    int priority;
    unsigned ms;
    const char *end; /* the last line of its script */
    const char *reason;
    int code;
    bool again;  /* it is tried again when it has failed */
    bool killed; /* by js kill, at whatever time */
    unsigned starts, ends;
    unsigned attempt; /* the last one that has begun */
    bool runs;
};

static struct plan *plans; /* by number; the first one is not used */
static unsigned servers_killed, jobs_killed;
static const unsigned slots[QUEUES] = {1, 2, 3};

static void begin(void)
{
    char path[128];
    fixture_init(&fixture);
    snprintf(path, sizeof(path), "%s/config", fixture.root);
    fixture_setenv(&fixture, "JS_CONFIG", path);
    fixture_shell_line(&fixture, &result, "echo keep-jobs = 1000000 >$JS_CONFIG");
    servers_killed = jobs_killed = 0;
}

static void end(void)
{
    free(plans);
    plans = NULL;
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void kill_server(void)
{
    pid_t server = chaos_server(&fixture);
    if (server <= 1)
        return;
    chaos_kill(server, SIGKILL);
    servers_killed++;
}

/* Submission: in paused queues, so that it is known who is first. */

static void make_plan(struct plan *plan)
{
    static const struct {
        const char *line, *reason;
        int code;
    } ends[] = {{"exit 0", "exited", 0}, {"exit 3", "exited", 3}, {"kill -9 $$", "signaled", 0}};
    unsigned way = chaos_below(&chaos, 3);
    *plan = (struct plan){.queue = chaos_below(&chaos, QUEUES),
                          .priority = (int)chaos_below(&chaos, 3) - 1,
                          .ms = chaos_below(&chaos, 120),
                          .end = ends[way].line,
                          .reason = ends[way].reason,
                          .code = ends[way].code,
                          .again = chaos_below(&chaos, 3) == 0};
}

/*
 * The job writes down its start and its end, each with one write(2) at the end of its queue's file:
 * the order of lines is the order of things. What is killed writes its end as well.
 */
static void submit(unsigned id)
{
    char line[1024], number[16];
    struct plan *plan = &plans[id];
    make_plan(plan);
    snprintf(
        line, sizeof(line),
        "js run -d -q q%u --priority %d %s -- sh -c '"
        "say() { echo $1 $JS_JOB_ID $JS_ATTEMPT >>queue%u; }; "
        "trap \"say end; exit 143\" TERM; say start; sleep 0.%03u; trap \"\" TERM; say end; %s'",
        plan->queue, plan->priority,
        plan->again ? "--restart on-failure:2 --backoff 10ms..50ms" : "", plan->queue, plan->ms,
        plan->end);
    must(line);
    snprintf(number, sizeof(number), "%u\n", id);
    ck_assert_str_eq(result.out, number);
}

static void submit_all(unsigned count)
{
    char line[64];
    plans = calloc(count + 1, sizeof(plans[0]));
    ck_assert_ptr_nonnull(plans);
    for (unsigned queue = 0; queue < QUEUES; queue++) {
        snprintf(line, sizeof(line), "js queue set q%u slots=%u && js queue pause q%u", queue,
                 slots[queue], queue);
        must(line);
    }
    for (unsigned id = 1; id <= count; id++) {
        submit(id);
        if (id % 20 == 0)
            kill_server();
    }
    must("for q in 0 1 2; do js queue resume q$q; done");
}

/* Blows */

static void kill_job(unsigned count)
{
    char id[16];
    unsigned number = 1 + chaos_below(&chaos, count);
    snprintf(id, sizeof(id), "%u", number);
    fixture_js(&fixture, &result, "kill", id, NULL);
    fixture_expect_code(&result, 0);
    jobs_killed += !plans[number].killed;
    plans[number].killed = true;
}

static bool all_have_ended(void)
{
    fixture_js(&fixture, &result, "ls", NULL);
    fixture_expect_code(&result, 0);
    return result.out_len == 0;
}

/* Often nobody is there but the holders, and the template of the server that was killed. */
static void strike(unsigned count, unsigned every_us)
{
    for (unsigned blow = 1; blow % 3 != 0 || !all_have_ended(); blow++) {
        chaos_delay(&chaos, 2 * every_us);
        if (blow % 2 == 0)
            kill_job(count);
        kill_server();
    }
}

/* What has come of it */

/* A line of a queue's file: who runs, and who was to start before. */
static void note_start(unsigned id, unsigned attempt, unsigned count)
{
    struct plan *plan = &plans[id];
    unsigned running = 0, passed_over = 0;
    ck_assert_msg(!plan->runs && attempt == plan->attempt + 1, "job %u: attempt %u after %u%s", id,
                  attempt, plan->attempt, plan->runs ? ", which runs" : "");
    plan->runs = true;
    plan->attempt = attempt;
    plan->starts++;
    for (unsigned other = 1; other <= count; other++) {
        const struct plan *o = &plans[other];
        if (o->queue != plan->queue)
            continue;
        running += o->runs;
        bool first = o->priority > plan->priority || (o->priority == plan->priority && other < id);
        passed_over += first && attempt == 1 && o->starts == 0 && !o->killed;
    }
    ck_assert_msg(running <= slots[plan->queue], "queue %u: %u at once", plan->queue, running);
    /* Those that were told to start at the same time write their lines as they can. */
    ck_assert_msg(passed_over < slots[plan->queue], "queue %u: job %u started before %u others",
                  plan->queue, id, passed_over);
}

static void note_end(unsigned id, unsigned attempt)
{
    struct plan *plan = &plans[id];
    ck_assert_msg(plan->runs && attempt == plan->attempt, "job %u: attempt %u ends", id, attempt);
    plan->runs = false;
    plan->ends++;
}

static void read_queue(unsigned queue, unsigned count)
{
    char line[64], *at;
    snprintf(line, sizeof(line), "touch queue%u && cat queue%u", queue, queue);
    must(line);
    for (at = result.out; *at; at = strchr(at, '\n') + 1) {
        char word[8];
        unsigned id, attempt;
        ck_assert_int_eq(sscanf(at, "%7s %u %u", word, &id, &attempt), 3);
        ck_assert(id >= 1 && id <= count && plans[id].queue == queue);
        if (strcmp(word, "start") == 0)
            note_start(id, attempt, count);
        else
            note_end(id, attempt);
    }
}

static void check_job(const json_t *job)
{
    unsigned id = (unsigned)json_integer_value(json_object_get(job, "id"));
    unsigned attempts = (unsigned)json_integer_value(json_object_get(job, "attempt"));
    const struct plan *plan = &plans[id];
    const json_t *how = json_object_get(job, "end");
    const char *reason = json_string_value(json_object_get(how, "reason"));
    bool fails = plan->code != 0 || strcmp(plan->reason, "signaled") == 0;
    unsigned expected = plan->again && fails ? 1 + TRIES : 1;
    ck_assert_str_eq(json_string_value(json_object_get(job, "state")), "ended");
    ck_assert_ptr_nonnull(reason);
    ck_assert_msg(plan->starts == plan->ends, "job %u: %u starts, %u ends", id, plan->starts,
                  plan->ends);
    /* A kill may come before the first line, after the end, or between two attempts. */
    ck_assert_msg(plan->killed ? attempts <= expected && plan->starts <= attempts
                               : attempts == expected && plan->starts == attempts,
                  "job %u: %u attempts, %u starts, not %u", id, attempts, plan->starts, expected);
    bool own = strcmp(reason, plan->reason) == 0;
    bool by_kill = strcmp(reason, attempts == 0 ? "canceled" : "killed") == 0;
    ck_assert_msg(own || (plan->killed && by_kill), "job %u: %s, not %s", id, reason, plan->reason);
    if (own && strcmp(reason, "exited") == 0 && !plan->killed)
        ck_assert_int_eq(json_integer_value(json_object_get(how, "code")), plan->code);
}

static void check_all(unsigned count)
{
    unsigned starts = 0;
    for (unsigned queue = 0; queue < QUEUES; queue++)
        read_queue(queue, count);
    fixture_js(&fixture, &result, "ls", "-a", "--json", NULL);
    fixture_expect_code(&result, 0);
    json_t *root = json_loads(result.out, 0, NULL);
    const json_t *jobs = json_object_get(root, "jobs");
    ck_assert_uint_eq(json_array_size(jobs), count);
    for (size_t i = 0; i < json_array_size(jobs); i++)
        check_job(json_array_get(jobs, i));
    json_decref(root);
    for (unsigned id = 1; id <= count; id++)
        starts += plans[id].starts;
    must("js queue ls --json | jq -e '[.queues[] | .running + .waiting] | add == 0'");
    must("js server status --json | jq '.server.jobs | .ended, (add - .ended)'");
    char numbers[32];
    snprintf(numbers, sizeof(numbers), "%u\n0\n", count);
    ck_assert_str_eq(result.out, numbers);
    fprintf(stderr, "# queues: %u jobs, %u attempts, %u jobs and %u servers killed\n", count,
            starts, jobs_killed, servers_killed);
}

START_TEST(each_attempt_runs_once_and_in_its_turn)
{
    chaos_begin(&chaos, FEW, ASKED);
    submit_all(chaos.rounds);
    strike(chaos.rounds, chaos.rounds >= ASKED ? 1000000 : 100000);
    check_all(chaos.rounds);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chaos_queue");
    TCase *tcase = tcase_create("queue");
    chaos_set_timeout(tcase, FEW, ASKED, JOB_MS);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, each_attempt_runs_once_and_in_its_turn);
    suite_add_tcase(suite, tcase);
    return runner_run(suite);
}

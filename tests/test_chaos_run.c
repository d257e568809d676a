/*
 * Commands and processes of js against a server, a template and holders that are killed: what was
 * promised is kept, whoever waits gets the answer. See test_chaos.c for the numbers of rounds.
 */
#include "tests/harness/await.h"
#include "tests/harness/chaos.h"
#include "tests/harness/counters.h"
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct chaos chaos;
static struct counters counters;

static void begin(void)
{
    char path[128];
    fixture_init(&fixture);
    snprintf(path, sizeof(path), "%s/config", fixture.root);
    fixture_setenv(&fixture, "JS_CONFIG", path);
    must("echo keep-jobs = 1000000 >$JS_CONFIG");
}

static void begin_rounds(unsigned few, unsigned asked)
{
    chaos_begin(&chaos, few, asked);
    counters_init(&counters, &fixture, &chaos);
}

static void end(void)
{
    counters_finish(&counters);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void list_now(void)
{
    fixture_js(&fixture, &result, "ls", "-a", "--json", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    counters_check(&counters, result.out);
}

/* An id is a promise */

#define PROMISE_FEW   8
#define PROMISE_ASKED 1000

/* Whatever is asked first about a job that has just got its number. */
static void ask_about_last(unsigned id)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", id);
    switch (chaos_below(&chaos, 3)) {
    case 0:
        fixture_js(&fixture, &result, "show", text, NULL);
        break;
    case 1:
        fixture_js(&fixture, &result, "logs", text, NULL);
        break;
    default:
        fixture_js(&fixture, &result, "rename", text, "-n", NULL);
        fixture_js(&fixture, &result, "show", "--json", text, NULL);
        break;
    }
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
}

START_TEST(an_id_is_a_promise)
{
    begin_rounds(PROMISE_FEW, PROMISE_ASKED);
    list_now();
    for (unsigned round = 1; round <= chaos.rounds; round++) {
        counters_start(&counters);
        pid_t server = chaos_server(&fixture);
        ck_assert_int_gt(server, 0);
        if (chaos_below(&chaos, 2))
            chaos_delay(&chaos, 3000);
        chaos_kill(server, SIGKILL);
        if (chaos_below(&chaos, 2))
            ask_about_last(round);
        list_now();
        ck_assert_uint_eq(counters.total, round);
    }
    counters_settle(&counters);
    fprintf(stderr, "# promises: %u servers killed, %u jobs\n", chaos.rounds, counters.total);
}
END_TEST

/* Many starts, again and again another server */

#define MASS_FEW   30
#define MASS_ASKED 300
#define AT_ONCE    8
#define KILL_US    100000

struct start {
    struct program program;
    bool running;
};

static void begin_start(struct start *start)
{
    struct counters_command command;
    counters_make(&counters, &command);
    const char *const *argv = command.argv;
    fixture_start(&fixture, &start->program, argv[0], argv[1], argv[2], argv[3], argv[4], argv[5],
                  argv[6], argv[7], argv[8], argv[9], NULL);
    start->running = true;
}

static void end_start(struct start *start)
{
    program_must_end(&start->program, deadline_default());
    if (program_exit_code(&start->program) != 0)
        program_print(&start->program, stderr);
    ck_assert_int_eq(program_exit_code(&start->program), 0);
    char *text = transcript_text(&start->program.out, 0);
    counters_promise(&counters, text);
    free(text);
    program_finish(&start->program);
    start->running = false;
}

START_TEST(many_starts_while_servers_die)
{
    struct start starts[AT_ONCE] = {0};
    unsigned killed = 0;
    begin_rounds(MASS_FEW, MASS_ASKED);
    int64_t next_ns = deadline_now_ns();
    for (unsigned started = 0; started < chaos.rounds; started++) {
        struct start *start = &starts[started % AT_ONCE];
        if (start->running)
            end_start(start);
        begin_start(start);
        pid_t server = deadline_now_ns() >= next_ns ? chaos_server(&fixture) : -1;
        if (server > 0) {
            chaos_kill(server, SIGKILL);
            next_ns = deadline_now_ns() + (int64_t)KILL_US * 1000;
            killed++;
        }
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        if (starts[i].running)
            end_start(&starts[i]);
    list_now();
    ck_assert_uint_eq(counters.total, chaos.rounds);
    counters_settle(&counters);
    fprintf(stderr, "# mass: %u jobs, %u servers killed\n", counters.total, killed);
}
END_TEST

#define FIRST_FEW   2
#define FIRST_ASKED 50
#define FIRST_JOBS  50

/* Nobody is there, fifty come, and in every second round the server that they get is killed. */
START_TEST(fifty_first_starts_at_once)
{
    begin_rounds(FIRST_FEW, FIRST_ASKED);
    unsigned killed = 0;
    for (unsigned round = 1; round <= chaos.rounds; round++) {
        struct start starts[FIRST_JOBS];
        for (size_t i = 0; i < FIRST_JOBS; i++)
            begin_start(&starts[i]);
        if (round % 2 == 0) {
            chaos_delay(&chaos, 60000);
            pid_t server = chaos_server(&fixture);
            if (server > 0)
                chaos_kill(server, SIGKILL);
            killed += server > 0;
        }
        for (size_t i = 0; i < FIRST_JOBS; i++)
            end_start(&starts[i]);
        list_now();
        ck_assert_uint_eq(counters.total, round * FIRST_JOBS);
        must("js server stop");
    }
    counters_settle(&counters);
    fprintf(stderr, "# first: %u rounds, %u servers killed, %u jobs\n", chaos.rounds, killed,
            counters.total);
}
END_TEST

/* Waiting */

/* It has ended with that code and has printed no complaint. */
static void must_have_waited(struct program *program, int code)
{
    program_must_end(program, deadline_default());
    if (program_exit_code(program) != code || program->err.all.len > 0)
        program_print(program, stderr);
    ck_assert_int_eq(program_exit_code(program), code);
    ck_assert_uint_eq(program->err.all.len, 0);
}

#define WAIT_FEW   2
#define WAIT_ASKED 60

START_TEST(waiting_clients_go_on_with_the_next_server)
{
    unsigned killed = 0;
    begin_rounds(WAIT_FEW, WAIT_ASKED);
    for (unsigned round = 1; round <= chaos.rounds; round++) {
        struct program waiting, any, following;
        char id[16];
        size_t rest;
        must("js run -d -- pty_child numbered 150 4000 exit 9");
        snprintf(id, sizeof(id), "%.*s", (int)strcspn(result.out, "\n"), result.out);
        fixture_start(&fixture, &waiting, fixture.js, "wait", id, NULL);
        fixture_start(&fixture, &any, fixture.js, "wait", "--any", id, NULL);
        fixture_start(&fixture, &following, fixture.js, "logs", "-f", id, NULL);
        for (int i = 0; i < 8; i++) {
            chaos_delay(&chaos, 80000);
            pid_t server = chaos_server(&fixture);
            if (server > 0)
                chaos_kill(server, SIGKILL);
            killed += server > 0;
        }
        must_have_waited(&waiting, 9);
        must_have_waited(&any, 9);
        must_have_waited(&following, 0);
        const struct bytes *out = &following.out.all;
        ck_assert_uint_eq(counters_read_lines((const char *)out->data, out->len, 1, &rest), 150);
        ck_assert_uint_eq(rest, out->len);
        program_finish(&waiting);
        program_finish(&any);
        program_finish(&following);
    }
    fprintf(stderr, "# waiting: %u rounds, %u servers killed\n", chaos.rounds, killed);
}
END_TEST

/* Holders */

#define HOLDER_FEW   3
#define HOLDER_ASKED 200

static pid_t holder_of(const char *job)
{
    char line[128];
    snprintf(line, sizeof(line), "js show %s | sed -n 's/^holder *//p'", job);
    must(line);
    ck_assert_int_gt(atoi(result.out), 1);
    return (pid_t)atoi(result.out);
}

static void expect_lost(const char *job)
{
    char last[32];
    size_t rest;
    fixture_js(&fixture, &result, "wait", job, NULL);
    ck_assert_int_eq(result.code, 125);
    ck_assert_msg(strstr(result.err, "is lost: its holder died") != NULL, "%s", result.err);
    fixture_js(&fixture, &result, "show", "--json", job, NULL);
    fixture_expect_code(&result, 0);
    ck_assert_ptr_nonnull(strstr(result.out, "\"reason\":\"lost\""));
    ck_assert_ptr_nonnull(strstr(result.out, "\"numbered\""));
    /* What it had printed is there, up to the last write. */
    fixture_js(&fixture, &result, "logs", job, NULL);
    fixture_expect_code(&result, 0);
    unsigned lines = counters_read_lines(result.out, result.out_len, 1, &rest);
    snprintf(last, sizeof(last), "line %u\r\n", lines + 1);
    ck_assert_uint_gt(lines, 0);
    ck_assert_uint_lt(result.out_len - rest, strlen(last));
    ck_assert_int_eq(memcmp(result.out + rest, last, result.out_len - rest), 0);
}

/* The server is there when it happens, or comes later. */
START_TEST(a_dead_holder_costs_one_job)
{
    begin_rounds(HOLDER_FEW, HOLDER_ASKED);
    fixture.may_leave_orphans = true; /* its job is hung up by the kernel, in its own time */
    must("js run -d -- pty_child ready hold");
    for (unsigned round = 1; round <= chaos.rounds; round++) {
        char id[16];
        must("js run -d -- pty_child numbered 10000000 300");
        snprintf(id, sizeof(id), "%.*s", (int)strcspn(result.out, "\n"), result.out);
        fixture_js_until(&fixture, &result, "line 1\r\n", "logs", id, NULL);
        pid_t holder = holder_of(id), server = chaos_server(&fixture);
        ck_assert_int_gt(server, 0);
        chaos_delay(&chaos, 20000);
        unsigned order = chaos_below(&chaos, 3);
        if (order == 1)
            chaos_kill(server, SIGKILL);
        chaos_kill(holder, SIGKILL);
        ck_assert_int_eq(await_process_end(holder, deadline_default()), 0);
        if (order == 2)
            chaos_kill(server, SIGKILL);
        expect_lost(id);
        fixture_js(&fixture, &result, "rm", id, NULL);
        fixture_expect_code(&result, 0);
        ck_assert_uint_eq(fixture_count_entries(&fixture, "run/jobs"), 1);
        ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 1);
    }
    jobs_await_state(&fixture, "1", "running");
    must("js kill 1");
    fprintf(stderr, "# holders: %u killed\n", chaos.rounds);
}
END_TEST

/* The template */

#define TEMPLATE_FEW   3
#define TEMPLATE_ASKED 200

/* A process says by its name (prctl(2), PR_SET_NAME) what it is. */
static bool is_named(pid_t pid, const char *name)
{
    char path[64], text[32] = "";
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    bool found = file && fgets(text, sizeof(text), file) && strncmp(text, name, strlen(name)) == 0;
    if (file)
        fclose(file);
    return found;
}

/* The child of that name: -1 when there is none at this moment. */
static pid_t find_child(pid_t parent, const char *name)
{
    struct proc_list list = {0};
    pid_t found = -1;
    ck_assert_int_gt(parent, 1);
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].ppid == parent && list.items[i].state != 'Z' &&
            is_named(list.items[i].pid, name))
            found = list.items[i].pid;
    proc_list_finish(&list);
    return found;
}

/* Waits until there is one: what has died is replaced after a while. */
static pid_t await_child(pid_t parent, const char *name)
{
    struct deadline deadline = deadline_default();
    pid_t found = find_child(parent, name);
    while (found < 0 && !deadline_passed(deadline))
        found = find_child(parent, name);
    ck_assert_int_gt(found, 1);
    return found;
}

/*
 * A start that is under way when the template dies works. A reserve is killed before it can be a
 * holder, or it would be a holder that was killed.
 */
static void start_across(pid_t template)
{
    struct start start;
    bool reserve = chaos_below(&chaos, 2);
    if (reserve)
        chaos_kill(await_child(template, "js-reserve"), SIGKILL);
    begin_start(&start);
    if (!reserve) {
        chaos_delay(&chaos, 6000);
        chaos_kill(template, SIGKILL);
    }
    end_start(&start);
}

/* One that died young is only replaced when a job is to be started. */
static pid_t find_template(unsigned *started)
{
    pid_t template;
    while ((template = find_child(chaos_server(&fixture), "js-template")) < 0) {
        counters_start(&counters);
        ++*started;
    }
    return template;
}

START_TEST(a_dead_template_is_replaced)
{
    unsigned started = 0;
    begin_rounds(TEMPLATE_FEW, TEMPLATE_ASKED);
    list_now();
    for (unsigned round = 1; round <= chaos.rounds; round++) {
        counters_start(&counters);
        start_across(find_template(&started));
        started += 2;
    }
    list_now();
    counters_settle(&counters);
    ck_assert_uint_eq(counters.total, started);
    fprintf(stderr, "# templates: %u killed, %u jobs\n", chaos.rounds, counters.total);
}
END_TEST

static void add(Suite *suite, const char *name, unsigned few, unsigned asked, unsigned round_ms,
                const TTest *test)
{
    TCase *tcase = tcase_create(name);
    chaos_set_timeout(tcase, few, asked, round_ms);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
}

static Suite *chaos_run_suite(void)
{
    Suite *suite = suite_create("chaos_run");
    add(suite, "promise", PROMISE_FEW, PROMISE_ASKED, 1500, an_id_is_a_promise);
    add(suite, "mass", MASS_FEW, MASS_ASKED, 500, many_starts_while_servers_die);
    add(suite, "first", FIRST_FEW, FIRST_ASKED, 8000, fifty_first_starts_at_once);
    add(suite, "wait", WAIT_FEW, WAIT_ASKED, 5000, waiting_clients_go_on_with_the_next_server);
    add(suite, "holder", HOLDER_FEW, HOLDER_ASKED, 2000, a_dead_holder_costs_one_job);
    add(suite, "template", TEMPLATE_FEW, TEMPLATE_ASKED, 2000, a_dead_template_is_replaced);
    return suite;
}

int main(void)
{
    return runner_run(chaos_run_suite());
}

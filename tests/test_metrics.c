/* What the server counts: as Prometheus reads it, and right at any moment. */
#include "tests/harness/chaos.h"
#include "tests/harness/jobs.h"
#include "tests/harness/program.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct program worker;

static void begin(void)
{
    fixture_init(&fixture);
    worker =
        (struct program){.pid = -1, .pid_fd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
}

static void end(void)
{
    program_finish(&worker);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

/* The value of a series such as js_jobs{state="running"} in result.out. */
static double value(const char *series)
{
    char start[128];
    snprintf(start, sizeof(start), "\n%s ", series);
    const char *at = strstr(result.out, start);
    ck_assert_msg(at != NULL, "no %s in\n%s", series, result.out);
    return strtod(at + strlen(start), NULL);
}

/* The sum of all series that begin so. */
static double sum(const char *beginning)
{
    double all = 0;
    size_t found = 0;
    for (const char *line = result.out; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, beginning, strlen(beginning)) != 0)
            continue;
        all += strtod(strchr(line, ' '), NULL);
        found++;
    }
    ck_assert_uint_gt(found, 0);
    return all;
}

static double live(void)
{
    return sum("js_jobs{") - value("js_jobs{state=\"ended\"}") - value("js_jobs{state=\"failed\"}");
}

static void look(void)
{
    must("js server metrics");
    ck_assert_double_eq(value("js_jobs_started_total"), live() + sum("js_jobs_ended_total{"));
}

START_TEST(every_end_has_its_reason)
{
    must("js run -d -- sh -c 'exit 3'; js wait 1; js run -d -- sleep 600; js kill 2; js run -d -- "
         "sh -c 'kill -9 $$'; js wait 3; js run -d -- /nope; js run -d -- sleep 600; js run true");
    look();
    ck_assert_double_eq(value("js_jobs_started_total"), 6);
    ck_assert_double_eq(live(), 1);
    ck_assert_double_eq(value("js_jobs{state=\"running\"}"), 1);
    ck_assert_double_eq(value("js_jobs{state=\"ended\"}"), 4);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"exited\"}"), 2);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"killed\"}"), 1);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"signaled\"}"), 1);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"spawn-failed\"}"), 1);
    ck_assert_double_eq(value("js_errors_total{kind=\"start\"}"), 1);
    ck_assert_double_eq(sum("js_errors_total{"), 1);
    ck_assert_double_eq(value("js_attempts_started_total"), 5);
    ck_assert_double_eq(sum("js_attempts_ended_total{"), 4);
    ck_assert_double_eq(value("js_job_duration_seconds_count"), 4);
    ck_assert_double_eq(value("js_job_duration_seconds_bucket{le=\"+Inf\"}"), 4);
    ck_assert_double_eq(value("js_clients"), 1);
    ck_assert_double_eq(value("js_server_generation"), 1);
    /* The same in JSON. */
    must("js server status --json | jq -c '.server.counters | [.started, .ended.exited, "
         ".ended[\"spawn-failed\"], .errors.start, ([.durations[].jobs] | add)]'");
    ck_assert_str_eq(result.out, "[6,2,1,1,4]\n");
    must("js kill %sleep");
    look();
    ck_assert_double_eq(live(), 0);
}
END_TEST

/* A job that is started again is live again, and ends again; attempts are counted each. */
START_TEST(attempts_and_retries_are_counted)
{
    must("js run -d --restart on-failure:2 --backoff 10ms..10ms -- sh -c 'exit 4'; js wait 1; test "
         "$? = "
         "4");
    look();
    ck_assert_double_eq(value("js_jobs_started_total"), 1);
    ck_assert_double_eq(value("js_attempts_started_total"), 3);
    ck_assert_double_eq(value("js_attempts_ended_total{reason=\"exited\"}"), 3);
    must("js retry 1; js wait 1; test $? = 4; js run true; js retry 2; js wait 2");
    look();
    ck_assert_double_eq(value("js_jobs_started_total"), 4);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"exited\"}"), 4);
    ck_assert_double_eq(value("js_attempts_started_total"), 8);
    ck_assert_double_eq(value("js_attempts_ended_total{reason=\"exited\"}"), 8);
    /* One that waits is live, and when it is canceled it has ended without an attempt. */
    must("js run -d --delay 1h -- true");
    look();
    ck_assert_double_eq(value("js_jobs{state=\"queued\"}"), 1);
    must("js kill 3");
    look();
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"canceled\"}"), 1);
    ck_assert_double_eq(value("js_attempts_started_total"), 8);
    ck_assert_double_eq(value("js_job_duration_seconds_count"), 4);
}
END_TEST

/* Times add up as the jobs' own do, and each is in the first group that it is not too long for. */
START_TEST(durations_are_a_histogram)
{
    must("js run -- sleep 0.02; js run -- sleep 0.2; js server metrics");
    double before = 0;
    static const char *const bounds[] = {"0.01", "0.05", "0.1",   "0.5",   "1",
                                         "5",    "10",   "30",    "60",    "300",
                                         "1800", "3600", "21600", "86400", "+Inf"};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        char series[96];
        snprintf(series, sizeof(series), "js_job_duration_seconds_bucket{le=\"%s\"}", bounds[i]);
        ck_assert_double_ge(value(series), before);
        before = value(series);
    }
    ck_assert_double_eq(before, 2);
    ck_assert_double_eq(value("js_job_duration_seconds_bucket{le=\"0.01\"}"), 0);
    ck_assert_double_le(value("js_job_duration_seconds_bucket{le=\"0.1\"}"), 1);
    ck_assert_double_ge(value("js_job_duration_seconds_sum"), 0.22);
}
END_TEST

/*
 * Prometheus' text format 0.0.4: HELP and TYPE once before the series of a name, all of which stand
 * together, and no series twice.
 */
START_TEST(the_format_is_that_of_prometheus)
{
    regex_t series, comment;
    must("js run true; js server metrics");
    ck_assert_int_eq(regcomp(&series, "^[a-z_]+(\\{[a-z_]+=\"[^\"\\\\]*\"\\})? [0-9]+(\\.[0-9]+)?$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    ck_assert_int_eq(regcomp(&comment,
                             "^# (HELP [a-z_]+ [A-Z].*|TYPE [a-z_]+ (counter|gauge|histogram))$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    char *text = strdup(result.out), name[64] = "";
    ck_assert(text[strlen(text) - 1] == '\n');
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        ck_assert_msg(regexec(line[0] == '#' ? &comment : &series, line, 0, NULL, 0) == 0, "%s",
                      line);
        if (line[0] == '#')
            ck_assert_int_eq(sscanf(line, "# %*s %63s", name), 1);
        else
            ck_assert_msg(strncmp(line, name, strlen(name)) == 0, "%s below %s", line, name);
    }
    free(text);
    regfree(&series);
    regfree(&comment);
    must("js server metrics | sed 's/ [^ ]*$//' | sort | uniq -d; js server metrics | grep -c "
         "'^# TYPE'; js server metrics | grep '^# TYPE' | sort -u | wc -l");
    ck_assert_str_eq(result.out, "12\n12\n");
}
END_TEST

START_TEST(a_server_that_is_not_there_has_no_metrics)
{
    fixture_js(&fixture, &result, "server", "metrics", NULL);
    fixture_expect_code(&result, 3);
    ck_assert_str_eq(result.out, "");
    ck_assert_ptr_nonnull(strstr(result.err, "there are no metrics: the server is stopped"));
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
}
END_TEST

/* What goes wrong is counted by its kind. */
START_TEST(errors_have_kinds)
{
    must("mkdir -p $HOME/.config/js; js run -d -- sleep 600; js run -d -- sleep 600; js server "
         "metrics");
    ck_assert_double_eq(sum("js_errors_total{"), 0);
    fixture.may_change_home = true;
    must("echo nonsense >$HOME/.config/js/config; js server reload; test $? != 0; js server "
         "metrics; rm -r $HOME/.config");
    ck_assert_double_eq(value("js_errors_total{kind=\"config\"}"), 1);
    fixture.may_leave_orphans = true;
    chaos_kill((pid_t)jobs_number(&fixture, "1", "pid"), SIGKILL);
    must("js wait 1; kill -9 $(js show 2 | sed -n 's/^holder *//p'); js wait 2; js server metrics");
    ck_assert_double_eq(value("js_errors_total{kind=\"lost\"}"), 1);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"lost\"}"), 1);
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"signaled\"}"), 1);
    ck_assert_double_eq(value("js_job_duration_seconds_count"), 1);
    look();
}
END_TEST

/* While jobs start and end, at any moment; and for every server after one that was killed. */
START_TEST(what_was_started_is_live_or_has_ended)
{
    static const char *const work =
        "for i in $(seq 12); do js run -d -- true; js run -d -- sh -c 'sleep 0.05; exit 1'; js run "
        "-d -- /nope; js run -- true; js kill $(js run -d -- sleep 600); done >/dev/null 2>&1";
    fixture_start(&fixture, &worker, "/bin/sh", "-c", work, NULL);
    unsigned looks = 0, kills = 0;
    double seen = 0;
    while (program_wait(&worker, deadline_in_ms(20)) == -ETIMEDOUT) {
        fixture_js(&fixture, &result, "server", "metrics", NULL);
        if (result.code != 0)
            continue; /* between two servers */
        ck_assert_double_eq(value("js_jobs_started_total"), live() + sum("js_jobs_ended_total{"));
        seen = value("js_jobs_started_total") > seen ? value("js_jobs_started_total") : seen;
        if (++looks % 8 == 0 && chaos_server(&fixture) > 0) {
            chaos_kill(chaos_server(&fixture), SIGKILL);
            kills++;
        }
    }
    ck_assert_uint_gt(looks, 5);
    ck_assert_uint_gt(kills, 0);
    ck_assert_double_gt(seen, 3);
    /* Of some the server died while they were to be killed. */
    must("js ls --json | jq -r '.jobs[].id' | xargs -r js kill");
    look();
    ck_assert_double_eq(live(), 0);
}
END_TEST

/* The live ones that a server finds count as started; those that ended before do not. */
START_TEST(another_server_counts_what_it_finds)
{
    must("js run true; js run -d -- sleep 600; js run -d -- sleep 600; js stop 3");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("js ls");
    look();
    ck_assert_double_eq(value("js_jobs_started_total"), 2);
    ck_assert_double_eq(value("js_jobs{state=\"stopped\"}"), 1);
    ck_assert_double_eq(sum("js_jobs_ended_total{"), 0);
    ck_assert_double_eq(value("js_server_generation"), 2);
    must("js kill 2 3");
    look();
    ck_assert_double_eq(value("js_jobs_ended_total{reason=\"killed\"}"), 2);
    ck_assert_double_eq(value("js_attempts_started_total"), 2);
    ck_assert_double_eq(sum("js_attempts_ended_total{"), 2);
}
END_TEST

static Suite *metrics_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tc = tcase_create("metrics");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, every_end_has_its_reason);
    tcase_add_test(tc, attempts_and_retries_are_counted);
    tcase_add_test(tc, durations_are_a_histogram);
    tcase_add_test(tc, the_format_is_that_of_prometheus);
    tcase_add_test(tc, a_server_that_is_not_there_has_no_metrics);
    tcase_add_test(tc, errors_have_kinds);
    tcase_add_test(tc, what_was_started_is_live_or_has_ended);
    tcase_add_test(tc, another_server_counts_what_it_finds);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(metrics_suite());
}

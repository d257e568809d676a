/* The title of a job's terminal, as others are told it. */
#include "tests/harness/fixture.h"
#include "tests/harness/jobs.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

static struct fixture fixture;
static struct fixture_result result;

static void begin(void)
{
    fixture_init(&fixture);
}

static void end(void)
{
    fixture_js(&fixture, &result, "kill", "1", NULL);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void run(const char *script)
{
    fixture_js(&fixture, &result, "run", "-d", "--", "sh", "-c", script, NULL);
    fixture_expect_code(&result, 0);
}

START_TEST(a_title_is_told_without_a_change_of_state)
{
    run("printf '\\033]2;first\\007'; kill -STOP $$; printf '\\033]0;second\\007'; sleep 600");
    jobs_await(&fixture, "1", "\"title\":\"first\"");
    jobs_await_state(&fixture, "1", "stopped");
    fixture_js(&fixture, &result, "cont", "1", NULL);
    jobs_await(&fixture, "1", "\"title\":\"second\"");
    fixture_js(&fixture, &result, "ls", "--json", NULL);
    ck_assert_ptr_nonnull(strstr(result.out, "\"title\":\"second\""));
}
END_TEST

/* A program that has not set one, or sets an empty one. */
START_TEST(a_title_can_go_again)
{
    run("printf '\\033]2;first\\007'; kill -STOP $$; printf '\\033]2;\\007'; sleep 600");
    jobs_await(&fixture, "1", "\"title\":\"first\"");
    jobs_await_state(&fixture, "1", "stopped");
    fixture_js(&fixture, &result, "cont", "1", NULL);
    jobs_await(&fixture, "1", "\"title\":\"\"");
}
END_TEST

/* However many there are: the last one comes, and few of those before it. */
START_TEST(a_flood_of_titles_is_a_trickle_of_events)
{
    struct raw_client server;
    struct wire_frame frame = {0};
    unsigned events = 0;
    bool last = false;
    run("kill -STOP $$; i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); "
        "printf '\\033]2;title %d\\007' $i; done; sleep 600");
    jobs_await_state(&fixture, "1", "stopped");
    raw_client_open_holder(&server, &fixture, 1);
    raw_client_say_hello(&server);
    raw_client_expect(&server, MSG_CHANGED, 0);
    uint64_t start_ns = clock_realtime_ns();
    fixture_js(&fixture, &result, "cont", "1", NULL);
    while (!last) {
        ck_assert(raw_client_receive(&server, &frame));
        const char *title = NULL;
        if (frame.type == MSG_TITLE)
            title = ((struct msg_title *)frame.body)->title;
        else
            ck_assert_uint_eq(frame.type, MSG_CHANGED);
        events += title != NULL;
        last = title && strcmp(title, "title 5000") == 0;
        wire_frame_finish(&frame);
    }
    uint64_t ms = (clock_realtime_ns() - start_ns) / 1000000;
    ck_assert_uint_le(events, ms / 250 + 2);
    raw_client_close(&server);
}
END_TEST

static Suite *titles_suite(void)
{
    Suite *suite = suite_create("titles");
    TCase *tc = tcase_create("titles");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_title_is_told_without_a_change_of_state);
    tcase_add_test(tc, a_title_can_go_again);
    tcase_add_test(tc, a_flood_of_titles_is_a_trickle_of_events);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(titles_suite());
}

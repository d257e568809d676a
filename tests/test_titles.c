/* The title of a job's terminal, as others are told it. */
#include "tests/harness/jobs.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

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

/* The terminal's own title is saved when the job sets one, not before, and comes back. */
START_TEST(the_terminals_own_title_comes_back)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    size_t from = pty_driver_here(shell);
    jobs_type(shell, "js run pty_child ready print none");
    pty_driver_expect(shell, "none\r\n<0>", deadline_default());
    const struct transcript *seen = pty_driver_transcript(shell);
    ck_assert(!transcript_has_since(seen, from, "\033[22;0t"));
    ck_assert(!transcript_has_since(seen, from, "\033[23;0t"));

    jobs_type(shell, "js run sh -c 'echo go; printf \"a\\033]2;mine\\007\"; printf \"\\033]2;my"
                     "\\007\"; read x'");
    pty_driver_expect(shell, "go\r\na\033[22;0t\033]2;mine\007\033]2;my\007", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "\034d"), 0);
    pty_driver_expect(shell, "\033[23;0t", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_uint_eq(transcript_count_since(seen, from, "\033[22;0t"), 1);
    ck_assert_uint_eq(transcript_count_since(seen, from, "\033[23;0t"), 1);

    /* Attaching saves it in any case. */
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "\033[22;0t", deadline_default());
    pty_driver_expect(shell, "\033]2;my\007\033[?2026l", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "\034d"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_uint_eq(transcript_count_since(seen, from, "\033[22;0t"), 2);
    ck_assert_uint_eq(transcript_count_since(seen, from, "\033[23;0t"), 2);
    jobs_close(shell);
    fixture_js(&fixture, &result, "kill", "2", NULL);
}
END_TEST

START_TEST(what_an_attach_saves_a_detach_takes)
{
    run("exec sleep 600");
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    size_t from = pty_driver_here(shell);
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "\033[22;0t", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "\034d"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    const struct transcript *seen = pty_driver_transcript(shell);
    ck_assert_uint_eq(transcript_count_since(seen, from, "\033[22;0t"), 1);
    ck_assert_uint_eq(transcript_count_since(seen, from, "\033[23;0t"), 1);
    jobs_close(shell);
}
END_TEST

static Suite *titles_suite(void)
{
    Suite *suite = suite_create("titles");
    TCase *tc = tcase_create("titles");
    tcase_add_checked_fixture(tc, world_begin, end);
    tcase_add_test(tc, a_title_is_told_without_a_change_of_state);
    tcase_add_test(tc, a_title_can_go_again);
    tcase_add_test(tc, a_flood_of_titles_is_a_trickle_of_events);
    tcase_add_test(tc, the_terminals_own_title_comes_back);
    tcase_add_test(tc, what_an_attach_saves_a_detach_takes);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(titles_suite());
}

/* js send: what it types, for whom, and how much. */
#include "tests/harness/jobs.h"
#include "tests/harness/program.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A detached job that has come so far. */
static void start(const char *behaviour, const char *shown)
{
    char text[256];
    snprintf(text, sizeof(text), "js run -d -n it -- pty_child %s", behaviour);
    must(text);
    fixture_js_until(&fixture, &result, shown, "logs", "it", NULL);
}

/* What the job has read is in its log. */
static void await(const char *shown)
{
    fixture_js_until(&fixture, &result, shown, "logs", "it", NULL);
}

START_TEST(words_are_typed_with_blanks_between)
{
    start("ready lines", "READY");
    must("js send it one 'two  words' -e");
    await("GOT one two  words");
    must("js send --enter it -- -x");
    await("GOT -x");
    must("js send 1 half; js send it; test $? = 2 && js send it -e");
    await("GOT half");
    must("js send it \"$(printf '\\004')\"");
    await("END");
    must("js wait it");
}
END_TEST

/* The line discipline makes signals of control keys, as when somebody types them. */
START_TEST(control_keys_do_what_they_do)
{
    start("ready hold", "READY");
    must("js send it \"$(printf '\\003')\"");
    line("js wait it");
    fixture_expect_code(&result, 130);
    line("js send 1 x");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: job 1 was ended by a signal (Interrupt); its output: js logs "
                                 "1\n");
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
    line("js send");
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.err, "js: send: give the job and what to type; see js send --help\n");
    line("js send nobody x");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: no job nobody\n");
}
END_TEST

/* More than any queue has room for: the sender waits for the reader. All bytes come, in order. */
START_TEST(standard_input_is_typed_to_its_end)
{
    must("js run -d -n it -- sh -c 'stty raw -echo; echo READY; head -c 1000000 | sha256sum; exit "
         "7'");
    await("READY");
    must("head -c 1000000 /dev/urandom >bytes; js send it - <bytes; js wait it || test $? = 7; "
         "test $(js logs it | grep -o '^[0-9a-f]*' | tail -n 1) = $(sha256sum <bytes | cut -d ' ' "
         "-f 1)");
}
END_TEST

START_TEST(what_a_job_does_not_read_is_refused)
{
    must("js run -d -n it -- sh -c 'stty raw -echo; echo READY; exec sleep 600'");
    await("READY");
    must("head -c 60000 /dev/zero | tr '\\0' x >bytes; i=0; "
         "while js send it \"$(cat bytes)\" 2>err; do i=$((i+1)); test $i -lt 20 || exit 9; done; "
         "js send it \"$(cat bytes)\" 2>err; echo $?; head -n 1 err");
    ck_assert_str_eq(result.out, "75\njs: job 1 does not read its input: there is no room for 4096 "
                                 "bytes more behind what waits to be read\n");
    must("js kill it");
}
END_TEST

/* Whoever waits for the reader is told when there will be none. */
START_TEST(a_sender_hears_of_the_end)
{
    struct program program;
    must("js run -d -n it -- sh -c 'stty raw -echo; echo READY; head -c 1 >/dev/null; echo GOT; "
         "exec sleep 600'");
    await("READY");
    fixture_start(&fixture, &program, "/bin/sh", "-c", "js send it - </dev/zero", NULL);
    await("GOT");
    must("js kill it");
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 125);
    char *told = transcript_text(&program.err, 0);
    ck_assert_ptr_nonnull(strstr(told, "js: only the first "));
    free(told);
    program_finish(&program);
}
END_TEST

/* It goes between what an attached terminal types, and is seen there. */
START_TEST(an_attached_terminal_sees_it)
{
    struct pty_driver *terminal = fixture_terminal(&fixture, 24, 80, fixture.js, "run", "-n", "it",
                                                   "pty_child", "ready", "lines", NULL);
    pty_driver_expect(terminal, "READY", deadline_default());
    must("js send it hello --enter");
    pty_driver_expect(terminal, "hello\r\nGOT hello\r\n", deadline_default());
    must("js kill it");
    pty_driver_wait(terminal, deadline_default());
    pty_driver_destroy(terminal);
}
END_TEST

/* What is typed may be a password. */
START_TEST(what_is_typed_is_not_logged)
{
    must("JS_LOG=all js run -d -n it -- sh -c 'stty raw -echo; echo READY; head -c 9'");
    await("READY");
    must("JS_LOG=all js send it swordfish 2>client.log; js wait it; js server stop; "
         "! grep -r swordfish $JS_DIR client.log && ! grep swordfish $JS_STATE_DIR/jobs/1/record");
}
END_TEST

static Suite *send_suite(void)
{
    Suite *suite = suite_create("send");
    TCase *tc = tcase_create("send");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, words_are_typed_with_blanks_between);
    tcase_add_test(tc, control_keys_do_what_they_do);
    tcase_add_test(tc, what_is_wrong_is_said);
    tcase_add_test(tc, standard_input_is_typed_to_its_end);
    tcase_add_test(tc, what_a_job_does_not_read_is_refused);
    tcase_add_test(tc, a_sender_hears_of_the_end);
    tcase_add_test(tc, an_attached_terminal_sees_it);
    tcase_add_test(tc, what_is_typed_is_not_logged);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(send_suite());
}

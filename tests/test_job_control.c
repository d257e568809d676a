/*
 * Job control as a user does it at a shell's prompt: ^Z, fg, bg, stop, cont, in one terminal and
 * across two, for programs, pipelines, vim and a shell inside a job.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"

/* How long "at once" may take. */
#define AT_ONCE_MS 2000

/* The modes of the shell's terminal must be these. */
static void expect_termios(struct pty_driver *shell, const struct termios *before)
{
    struct termios now;
    ck_assert_int_eq(pty_driver_termios(shell, &now), 0);
    ck_assert(pty_driver_same_termios(before, &now));
}

static void expect_file(const char *name, const char *text)
{
    char path[160];
    void *data = NULL;
    size_t len = 0;
    snprintf(path, sizeof(path), "%s/%s", fixture.work, name);
    ck_assert_int_eq(fd_read_file(AT_FDCWD, path, 65536, &data, &len), 0);
    ck_assert_uint_eq(len, strlen(text));
    ck_assert_mem_eq(data, text, len);
    free(data);
}

/* ^Z to the job in front: what the shell shows at once. The job was job `id`, shown as `command`.
 */
static void stop_by_key(struct pty_driver *shell, int id, const char *command)
{
    char line[256];
    snprintf(line, sizeof(line), "[%d]+ Stopped  %s\r\n<148>", id, command);
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    ck_assert(pty_driver_await(shell, line, deadline_in_ms(AT_ONCE_MS)));
}

/* vim */

/* Starts vim with a file that does not exist and types a word. */
static void start_vim(struct pty_driver *shell)
{
    jobs_type(shell, "js run vim notes");
    pty_driver_expect(shell, "\"notes\" [New]", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "ihello"), 0);
    pty_driver_expect(shell, "hello", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "\033:echo 'insert'.'ed'\r"), 0);
    pty_driver_expect(shell, "inserted", deadline_default());
}

/* Types another word in vim, saves and quits. */
static void finish_vim(struct pty_driver *shell)
{
    ck_assert_int_eq(pty_driver_send(shell, "A again\033:wq\r"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    expect_file("notes", "hello again\n");
}

START_TEST(vim_stops_and_goes_on)
{
    fixture.may_change_home = true; /* ~/.viminfo */
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    start_vim(shell);
    stop_by_key(shell, 1, "vim notes");
    expect_termios(shell, &before);
    received_expect_clean(shell);

    jobs_type(shell, "js ls");
    pty_driver_expect(shell, "1  +  stopped", deadline_default());
    pty_driver_expect(shell, "vim notes\r\n<0>", deadline_default());

    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "hello", deadline_default());
    finish_vim(shell);
    expect_termios(shell, &before);
    received_expect_clean(shell);
    jobs_close(shell);
}
END_TEST

START_TEST(vim_goes_on_in_another_terminal)
{
    fixture.may_change_home = true;
    struct pty_driver *first = fixture_shell(&fixture, 24, 80);
    start_vim(first);
    stop_by_key(first, 1, "vim notes");

    struct termios before;
    struct pty_driver *second = fixture_shell(&fixture, 43, 132);
    ck_assert_int_eq(pty_driver_termios(second, &before), 0);
    jobs_type(second, "js fg");
    pty_driver_expect(second, "hello", deadline_default());
    /* vim has heard of the other size: &lines and &columns are its own idea. */
    ck_assert_int_eq(pty_driver_send(second, ":echo 'size' &lines &columns\r"), 0);
    pty_driver_expect(second, "size 43 132", deadline_default());
    finish_vim(second);
    expect_termios(second, &before);
    received_expect_clean(second);

    jobs_type(first, "js ls");
    pty_driver_expect(first, "no jobs; js ls -a lists those that have ended\r\n<0>",
                      deadline_default());
    jobs_close(first);
    jobs_close(second);
}
END_TEST

/* Stop and go on */

START_TEST(an_editor_leaves_and_enters_its_screen)
{
    struct termios before;
    struct received received;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    jobs_type(shell, "js run pty_child editor");
    pty_driver_expect(shell, "EDIT", deadline_default());
    for (int i = 0; i < 20; i++) {
        char key[2] = {(char)('a' + i % 16), '\0'};
        char shown[16];
        snprintf(shown, sizeof(shown), "KEY %02x", (unsigned)key[0]);
        ck_assert_int_eq(pty_driver_send(shell, key), 0);
        ck_assert(pty_driver_await(shell, shown, deadline_default()));
        received_until_mark(shell, &received);
        ck_assert(received_mode(&received, 1049));
        stop_by_key(shell, 1, "pty_child editor");
        expect_termios(shell, &before);
        received_expect_clean(shell);
        /* What is restored is old; the editor's own EDIT says that it takes keys again. */
        uint64_t printed = jobs_printed(&fixture, "1");
        jobs_type(shell, "js fg");
        jobs_await_printed(&fixture, "1", printed);
    }
    ck_assert_int_eq(pty_driver_send(shell, "q"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    expect_termios(shell, &before);
    received_expect_clean(shell);
    jobs_close(shell);
}
END_TEST

/* It does not hear of SIGSTOP: the modes are js's to undo, and to set again. */
START_TEST(modes_of_a_job_stopped_unawares_are_undone_and_set_again)
{
    static const unsigned set[] = {1, 1000, 1002, 1004, 1006, 1049, 2004};
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    jobs_type(shell, "js run pty_child modes print OVER");
    pty_driver_expect(shell, "READY", deadline_default());
    fixture_js(&fixture, &result, "stop", "1", NULL);
    fixture_expect_code(&result, 0);
    pty_driver_expect(shell, "[1]+ Stopped  pty_child modes print OVER\r\n<148>",
                      deadline_default());
    expect_termios(shell, &before);
    received_expect_clean(shell);

    jobs_type(shell, "js fg");
    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
        ck_assert(received_await_mode(shell, set[i], true, deadline_default()));
    ck_assert(received_await_mode(shell, 25, false, deadline_default()));
    ck_assert_int_eq(pty_driver_send(shell, "x"), 0);
    pty_driver_expect(shell, "OVER", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    expect_termios(shell, &before);
    received_expect_clean(shell);
    jobs_close(shell);
}
END_TEST

START_TEST(the_whole_group_stops_and_goes_on)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -- sh -c 'pty_child ready line | cat | cat'");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    pid_t group = (pid_t)jobs_number(&fixture, "1", "pid");
    stop_by_key(shell, 1, "sh -c 'pty_child ready line | cat | cat'");
    jobs_await_process(-group, 'T');

    jobs_type(shell, "js fg");
    jobs_await_process(-group, 'S');
    ck_assert_int_eq(pty_driver_send(shell, "on\n"), 0);
    pty_driver_expect(shell, "GOT on\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(a_pipeline_ends_by_itself_after_fg)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -- sh -c 'echo begun; sleep 0.5 | cat; echo over'");
    pty_driver_expect(shell, "begun\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "Stopped", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "over\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(a_job_that_stops_itself_gives_the_shell_back)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child stop-self print AFTER line");
    pty_driver_expect(shell, "STOPPING\r\n", deadline_default());
    pty_driver_expect(shell, "[1]+ Stopped  pty_child stop-self print AFTER line\r\n<148>",
                      deadline_default());
    /* bg: it goes on, and nothing of it comes to this terminal. */
    size_t here = pty_driver_here(shell);
    jobs_type(shell, "js bg");
    pty_driver_expect(shell, "<0>", deadline_default());
    fixture_js_until(&fixture, &result, "CONTINUED\r\nAFTER\r\n", "logs", "1", NULL);
    jobs_await_state(&fixture, "1", "running");
    jobs_type(shell, "echo sen''tinel");
    pty_driver_expect(shell, "sentinel\r\n<0>", deadline_default());
    ck_assert(!transcript_has_since(pty_driver_transcript(shell), here, "CONTINUED"));
    /* fg shows what was missed, and it can be typed to. */
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "CONTINUED\r\nAFTER\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "x\n"), 0);
    pty_driver_expect(shell, "GOT x\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* Of "continued" and "stopped" in one moment the kernel only tells the second; and what was printed
 * just before has to be shown before. */
START_TEST(a_job_that_stops_again_at_once_gives_the_shell_back)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child print 1st stop-self print 2nd stop-self print 3rd stop-self "
                     "print 4th stop-self print 5th stop-self print 6th stop-self");
    for (int i = 1; i <= 6; i++) {
        char text[64];
        const char *ending = i == 1 ? "st" : i == 2 ? "nd" : i == 3 ? "rd" : "th";
        snprintf(text, sizeof(text), "%d%s\r\nSTOPPING\r\n", i, ending);
        ck_assert(pty_driver_await(shell, text, deadline_default()));
        pty_driver_expect(shell, "[1]+ Stopped", deadline_default());
        pty_driver_expect(shell, "<148>", deadline_default());
        jobs_type(shell, "js fg");
    }
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(stop_and_cont_come_from_anywhere)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -n held -- pty_child ignore TSTP ready line");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    /* It ignores SIGTSTP, so that SIGSTOP has to follow. */
    fixture_js(&fixture, &result, "stop", "held", NULL);
    fixture_expect_code(&result, 0);
    pty_driver_expect(shell, "[1]+ Stopped", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_await_state(&fixture, "held", "stopped");
    fixture_js(&fixture, &result, "stop", "held", NULL);
    fixture_expect_code(&result, 0);

    fixture_js(&fixture, &result, "cont", "held", NULL);
    fixture_expect_code(&result, 0);
    jobs_await_state(&fixture, "held", "running");
    fixture_js(&fixture, &result, "stop", "held", NULL);
    fixture_expect_code(&result, 0);
    jobs_await_state(&fixture, "held", "stopped");
    fixture_js(&fixture, &result, "bg", "held", NULL);
    fixture_expect_code(&result, 0);
    jobs_await_state(&fixture, "held", "running");

    jobs_type(shell, "js fg held");
    ck_assert_int_eq(pty_driver_send(shell, "x\n"), 0);
    pty_driver_expect(shell, "GOT x\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* kill -STOP and kill -CONT by somebody who knows nothing of js */
START_TEST(changes_from_outside_are_only_reported)
{
    fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "ready", "lines", NULL);
    fixture_expect_code(&result, 0);
    pid_t pid = (pid_t)jobs_number(&fixture, "1", "pid");
    for (int i = 0; i < 5; i++) {
        pid_t target = i % 2 == 0 ? -pid : pid;
        ck_assert_int_eq(proc_signal(target, SIGSTOP), 0);
        jobs_await_state(&fixture, "1", "stopped");
        ck_assert_int_eq(proc_signal(target, SIGCONT), 0);
        jobs_await_state(&fixture, "1", "running");
    }
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    jobs_type(shell, "js fg");
    ck_assert_int_eq(pty_driver_send(shell, "one\n"), 0);
    pty_driver_expect(shell, "GOT one\r\n", deadline_default());

    ck_assert_int_eq(proc_signal(-pid, SIGSTOP), 0);
    pty_driver_expect(shell, "[1]+ Stopped", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    expect_termios(shell, &before);
    ck_assert_int_eq(proc_signal(-pid, SIGCONT), 0);
    jobs_await_state(&fixture, "1", "running");
    jobs_type(shell, "js fg");
    ck_assert_int_eq(pty_driver_send(shell, "two\n"), 0);
    pty_driver_expect(shell, "GOT two\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(shell, "C-d"), 0);
    pty_driver_expect(shell, "END\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(a_stopped_job_can_end)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child ready hold");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    pid_t pid = (pid_t)jobs_number(&fixture, "1", "pid");
    stop_by_key(shell, 1, "pty_child ready hold");
    ck_assert_int_eq(proc_signal(pid, SIGKILL), 0);
    jobs_type(shell, "js wait 1");
    pty_driver_expect(shell, "<137>", deadline_default());
    jobs_type(shell, "js fg 1");
    pty_driver_expect(shell, "js: job 1 was ended by a signal (Killed)", deadline_default());
    pty_driver_expect(shell, "<125>", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(keys_of_the_terminal_reach_the_job)
{
    static const struct {
        const char *keys;
        const char *status;
    } table[] = {
        {"\003", "<130>"},             /* ^C */
        {"\034\034", "Quit\r\n<131>"}, /* ^\ twice: the first is the chord's */
    };
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        jobs_type(shell, "js run pty_child ready hold");
        pty_driver_expect(shell, "READY\r\n", deadline_default());
        ck_assert_int_eq(pty_driver_send(shell, table[i].keys), 0);
        pty_driver_expect(shell, table[i].status, deadline_default());
    }
    jobs_close(shell);
}
END_TEST

/* Which job */

/* In job control the shell itself names the job; here it says so itself. */
#define TELLER "-- sh -c 'while read l; do echo $0 got $l; done' "

static void fg_and_stop(struct pty_driver *shell, const char *spec, const char *who, size_t number)
{
    const char *other = strcmp(who, "ALPHA") == 0 ? "BETA" : "ALPHA";
    char text[64];
    snprintf(text, sizeof(text), "js fg %s\n", spec);
    ck_assert_int_eq(pty_driver_send(shell, text), 0);
    snprintf(text, sizeof(text), "js fg %s\r\n", spec);
    ck_assert(pty_driver_await(shell, text, deadline_default()));
    /* A new word each time: what is restored shows the old answers. */
    snprintf(text, sizeof(text), "who%zu\n", number);
    ck_assert_int_eq(pty_driver_send(shell, text), 0);
    snprintf(text, sizeof(text), "%s got who%zu\r\n", who, number);
    ck_assert(pty_driver_await(shell, text, deadline_default()));
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "<148>", deadline_default());
    snprintf(text, sizeof(text), "%s got who%zu\r\n", other, number);
    ck_assert(!transcript_has_since(pty_driver_transcript(shell), 0, text));
}

START_TEST(fg_takes_the_job_that_is_meant)
{
    static const struct {
        const char *spec;
        const char *who;
    } table[] = {
        {"", "BETA"},       {"%-", "ALPHA"},   {"", "ALPHA"},       {"%+", "ALPHA"},
        {"%%", "ALPHA"},    {"%-", "BETA"},    {"1", "ALPHA"},      {"%2", "BETA"},
        {"alpha", "ALPHA"}, {"%beta", "BETA"}, {"%?ALPH", "ALPHA"},
    };
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -n alpha " TELLER "ALPHA");
    jobs_await_state(&fixture, "alpha", "running");
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "[1]+ Stopped", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_type(shell, "js run -n beta " TELLER "BETA");
    jobs_await_state(&fixture, "beta", "running");
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "[2]+ Stopped", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_type(shell, "js");
    pty_driver_expect(shell, "1  -  stopped  alpha", deadline_default());
    pty_driver_expect(shell, "2  +  stopped  beta", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        fg_and_stop(shell, table[i].spec, table[i].who, i);
    jobs_close(shell);
}
END_TEST

START_TEST(fg_says_why_it_cannot)
{
    static const struct {
        const char *line;
        const char *says;
        const char *status;
    } table[] = {
        {"js fg 99", "js: no job 99\r\n", "<125>"},
        {"js fg", "js: ", "<125>"},
        {"js fg --steal --watch", "only one of", "<2>"},
        {"js fg 1 2", "one job at a time", "<2>"},
        {"js fg --nope", "--nope", "<2>"},
    };
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ck_assert_int_eq(pty_driver_send(shell, table[i].line), 0);
        ck_assert_int_eq(pty_driver_send(shell, "\n"), 0);
        ck_assert(pty_driver_await(shell, "\r\n", deadline_default()));
        ck_assert(pty_driver_await(shell, table[i].says, deadline_default()));
        ck_assert(pty_driver_await(shell, table[i].status, deadline_default()));
        expect_termios(shell, &before);
    }
    jobs_close(shell);
}
END_TEST

/* Shells */

/* What runs in front inside the job is stopped by ^Z, brought back by fg and ended by ^C. */
static void use_inner_job_control(struct pty_driver *shell)
{
    jobs_type(shell, "pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "Stopped                 pty_child ready lines", deadline_default());
    pty_driver_expect(shell, "in<148>", deadline_default());
    jobs_type(shell, "fg");
    ck_assert_int_eq(pty_driver_send(shell, "word\n"), 0);
    pty_driver_expect(shell, "GOT word\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(shell, "C-c"), 0);
    pty_driver_expect(shell, "in<130>", deadline_default());
}

START_TEST(a_shell_inside_a_job_has_job_control_of_its_own)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -e 'PS1=in<$?>' bash --norc --noprofile --noediting -i");
    pty_driver_expect(shell, "in<0>", deadline_default());
    use_inner_job_control(shell);
    jobs_await_state(&fixture, "1", "running");

    jobs_type(shell, "suspend");
    pty_driver_expect(shell, "[1]+ Stopped  bash", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_type(shell, "js fg");
    ck_assert_int_eq(pty_driver_send(shell, "echo a''live\n"), 0);
    pty_driver_expect(shell, "alive\r\nin<0>", deadline_default());
    use_inner_job_control(shell);
    jobs_type(shell, "exit 5");
    pty_driver_expect(shell, "<5>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* Whoever is in front when the shell inside is stopped from outside is in front again afterwards.
 */
START_TEST(the_group_in_front_inside_is_in_front_again)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -e 'PS1=in<$?>' bash --norc --noprofile --noediting -i");
    pty_driver_expect(shell, "in<0>", deadline_default());
    jobs_type(shell, "pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    struct proc inner;
    ck_assert_int_eq(proc_read((pid_t)jobs_number(&fixture, "1", "pid"), &inner), 0);
    ck_assert_int_ne(inner.foreground, inner.pgrp);
    fixture_js(&fixture, &result, "stop", "1", NULL);
    fixture_expect_code(&result, 0);
    pty_driver_expect(shell, "[1]+ Stopped  bash", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    ck_assert_int_eq(proc_signal(-inner.foreground, SIGSTOP), 0);
    jobs_await_process(-inner.foreground, 'T');
    jobs_type(shell, "js fg");
    ck_assert_int_eq(pty_driver_send(shell, "hi\n"), 0);
    pty_driver_expect(shell, "GOT hi\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(shell, "C-d"), 0);
    pty_driver_expect(shell, "in<0>", deadline_default());
    jobs_type(shell, "exit 6");
    pty_driver_expect(shell, "<6>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* The shell's own job control applies to js, too: started in the background it waits for fg. */
START_TEST(js_in_the_background_waits_for_its_shell)
{
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    jobs_type(shell, "js run pty_child ready line & wait");
    pty_driver_expect(shell, "Stopped", deadline_default());
    expect_termios(shell, &before);
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
    ck_assert_int_eq(pty_driver_send(shell, "fg\n"), 0);
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "x\n"), 0);
    pty_driver_expect(shell, "GOT x\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    expect_termios(shell, &before);
    jobs_close(shell);
}
END_TEST

static Suite *job_control_suite(void)
{
    Suite *suite = suite_create("job_control");
    TCase *tcase = tcase_create("vim");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, vim_stops_and_goes_on);
    tcase_add_test(tcase, vim_goes_on_in_another_terminal);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("stop");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, an_editor_leaves_and_enters_its_screen);
    tcase_add_test(tcase, modes_of_a_job_stopped_unawares_are_undone_and_set_again);
    tcase_add_test(tcase, the_whole_group_stops_and_goes_on);
    tcase_add_test(tcase, a_pipeline_ends_by_itself_after_fg);
    tcase_add_test(tcase, a_job_that_stops_itself_gives_the_shell_back);
    tcase_add_test(tcase, a_job_that_stops_again_at_once_gives_the_shell_back);
    tcase_add_test(tcase, stop_and_cont_come_from_anywhere);
    tcase_add_test(tcase, changes_from_outside_are_only_reported);
    tcase_add_test(tcase, a_stopped_job_can_end);
    tcase_add_test(tcase, keys_of_the_terminal_reach_the_job);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("which");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, fg_takes_the_job_that_is_meant);
    tcase_add_test(tcase, fg_says_why_it_cannot);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("shells");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_shell_inside_a_job_has_job_control_of_its_own);
    tcase_add_test(tcase, the_group_in_front_inside_is_in_front_again);
    tcase_add_test(tcase, js_in_the_background_waits_for_its_shell);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(job_control_suite());
}

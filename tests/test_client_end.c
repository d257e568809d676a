/*
 * Whatever ends or stops the client, the user's terminal is as it was before: modes of the kernel
 * (termios) and of the terminal (what it has received), and the job goes on.
 */
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define CHORD "\034d"

static void must_read_termios(struct pty_driver *driver, struct termios *ret)
{
    ck_assert_int_eq(pty_driver_termios(driver, ret), 0);
}

/*
 * A terminal whose shell does nothing but run one line, tell its status, and wait for a line: it
 * repairs no modes, as interactive shells do. Before the line begins the modes are read.
 */
static struct pty_driver *open_plain(const char *line, struct termios *ret_before)
{
    char script[256];
    snprintf(script, sizeof(script), "read begin; %s; echo \"<$?>\"; read end", line);
    struct pty_driver *driver = fixture_terminal(&fixture, 24, 80, "/bin/sh", "-c", script, NULL);
    must_read_termios(driver, ret_before);
    ck_assert_int_eq(pty_driver_send(driver, "\n"), 0);
    return driver;
}

static bool same(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
           a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* The holder gives a dead client's terminal back; no event tells when it has. */
static void await_termios(struct pty_driver *driver, const struct termios *before)
{
    struct deadline deadline = deadline_default();
    struct termios now;
    do
        must_read_termios(driver, &now);
    while (!same(before, &now) && !deadline_passed(deadline));
    ck_assert(pty_driver_same_termios(before, &now));
}

/* The terminal of a client that has job 1, a `pty_child modes`, in raw mode and with all set. */
static void await_all_modes(struct pty_driver *driver)
{
    static const unsigned set[] = {1, 1000, 1002, 1004, 1006, 1049, 2004};
    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
        ck_assert(received_await_mode(driver, set[i], true, deadline_default()));
    ck_assert(received_await_mode(driver, 25, false, deadline_default()));
}

static void start_modes(void)
{
    fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "modes", "hold", NULL);
    fixture_expect_code(&result, 0);
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
}

/* The end of the client */

static const struct {
    int number;
    int code;
} ends[] = {
    {SIGTERM, 143}, {SIGINT, 130},  {SIGHUP, 129},  {SIGQUIT, 131},
    {SIGKILL, 137}, {SIGSEGV, 139}, {SIGABRT, 134},
};

START_TEST(a_signal_leaves_the_terminal_as_it_was)
{
    char status[16];
    struct termios before;
    struct termios raw;
    start_modes();
    struct pty_driver *driver = open_plain("js fg 1", &before);
    await_all_modes(driver);
    must_read_termios(driver, &raw);
    ck_assert(!same(&before, &raw));
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(driver));
    ck_assert_int_eq(proc_signal(client, ends[_i].number), 0);
    snprintf(status, sizeof(status), "<%d>", ends[_i].code);
    ck_assert(pty_driver_await(driver, status, deadline_default()));
    /* A signal that can be caught is answered in order: all is done before the shell is back. */
    if (ends[_i].number == SIGTERM || ends[_i].number == SIGINT || ends[_i].number == SIGQUIT)
        received_expect_clean(driver);
    ck_assert(received_await_clean(driver, deadline_default()));
    await_termios(driver, &before);
    jobs_await_viewers(&fixture, "1", 0);
    jobs_await_state(&fixture, "1", "running");
    jobs_close(driver);
}
END_TEST

/* The same where a user sees it: in an interactive shell, which goes on in that terminal. */
START_TEST(a_killed_client_leaves_its_shell_usable)
{
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    must_read_termios(shell, &before);
    start_modes();
    for (int i = 0; i < 3; i++) {
        jobs_type(shell, "js fg 1");
        await_all_modes(shell);
        pid_t client = jobs_client(&fixture, "1", pty_driver_tty(shell));
        ck_assert_int_eq(proc_signal(client, SIGKILL), 0);
        pty_driver_expect(shell, "<137>", deadline_default());
        ck_assert(received_await_clean(shell, deadline_default()));
        await_termios(shell, &before);
        jobs_type(shell, "echo us''able");
        pty_driver_expect(shell, "usable\r\n<0>", deadline_default());
        jobs_await_viewers(&fixture, "1", 0);
    }
    jobs_close(shell);
}
END_TEST

/* The holder of job 1. */
static pid_t find_holder(void)
{
    int holder = 0;
    fixture_js(&fixture, &result, "show", "1", NULL);
    fixture_expect_code(&result, 0);
    const char *at = strstr(result.out, "\nholder ");
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(sscanf(at, " holder %d", &holder), 1);
    return holder;
}

/* Somebody who has set the terminal anew after the client's death keeps what they have set. */
START_TEST(a_rescue_leaves_the_next_programs_modes_alone)
{
    struct termios before;
    start_modes();
    struct pty_driver *driver = open_plain("js fg 1 || stty raw -echo min 7", &before);
    await_all_modes(driver);
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(driver));
    pid_t holder = find_holder();
    /* The holder only comes to it when the next program has done what it does. */
    ck_assert_int_eq(proc_signal(holder, SIGSTOP), 0);
    jobs_await_process(holder, 'T');
    ck_assert_int_eq(proc_signal(client, SIGKILL), 0);
    pty_driver_expect(driver, "<0>", deadline_default());
    ck_assert_int_eq(proc_signal(holder, SIGCONT), 0);
    ck_assert(received_await_clean(driver, deadline_default()));
    jobs_await_viewers(&fixture, "1", 0);
    struct termios now;
    must_read_termios(driver, &now);
    ck_assert(!(now.c_lflag & ICANON));
    ck_assert_int_eq(now.c_cc[VMIN], 7);
    jobs_close(driver);
}
END_TEST

START_TEST(a_dead_holder_leaves_the_terminal_as_it_was)
{
    struct termios before;
    fixture.may_leave_orphans = true;
    start_modes();
    struct pty_driver *driver = open_plain("js fg 1", &before);
    await_all_modes(driver);
    ck_assert_int_eq(proc_signal(find_holder(), SIGKILL), 0);
    pty_driver_expect(driver, "js: the holder of job 1 died", deadline_default());
    pty_driver_expect(driver, "\r\n<125>", deadline_default());
    received_expect_clean(driver);
    struct termios now;
    must_read_termios(driver, &now);
    ck_assert(pty_driver_same_termios(&before, &now));
    jobs_close(driver);
}
END_TEST

START_TEST(a_hung_holder_cannot_keep_the_terminal)
{
    struct termios before;
    start_modes();
    struct pty_driver *driver = open_plain("js fg 1", &before);
    await_all_modes(driver);
    pid_t holder = find_holder();
    ck_assert_int_eq(proc_signal(holder, SIGSTOP), 0);
    jobs_await_process(holder, 'T');
    ck_assert_int_eq(pty_driver_send_bytes(driver, CHORD, 2), 0);
    pty_driver_expect(driver, "js: the holder of job 1 does not answer; detached anyway\r\n<0>",
                      deadline_default());
    received_expect_clean(driver);
    struct termios now;
    must_read_termios(driver, &now);
    ck_assert(pty_driver_same_termios(&before, &now));
    ck_assert_int_eq(proc_signal(holder, SIGCONT), 0);
    jobs_await_viewers(&fixture, "1", 0);
    jobs_close(driver);
}
END_TEST

/* Before there is an answer ^C is for js, whoever hangs. */
START_TEST(interrupt_while_the_server_hangs)
{
    struct termios before;
    fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "ready", "hold", NULL);
    fixture_expect_code(&result, 0);
    pid_t server = fixture_server_pid(&fixture);
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    must_read_termios(shell, &before);
    ck_assert_int_eq(proc_signal(server, SIGSTOP), 0);
    jobs_await_process(server, 'T');
    jobs_type(shell, "js fg 1");
    /* Raw mode says that js is waiting; ^C before that would be the kernel's business. */
    struct deadline deadline = deadline_default();
    struct termios now;
    do
        must_read_termios(shell, &now);
    while (now.c_lflag & ISIG && !deadline_passed(deadline));
    ck_assert(!(now.c_lflag & ISIG));
    ck_assert_int_eq(pty_driver_send_key(shell, "C-c"), 0);
    /* At once, not when js itself gives the server up. */
    pty_driver_expect(shell, "<130>", deadline_in_ms(2000));
    must_read_termios(shell, &now);
    ck_assert(pty_driver_same_termios(&before, &now));
    ck_assert_int_eq(proc_signal(server, SIGCONT), 0);
    jobs_await_viewers(&fixture, "1", 0);
    jobs_close(shell);
}
END_TEST

START_TEST(a_refusal_is_printed_in_the_usual_mode)
{
    static const struct {
        const char *line;
        const char *says;
    } table[] = {
        {"js run /nope", "js: /nope: No such file or directory\r\n<127>"},
        {"js run nope-nope", "js: nope-nope: command not found\r\n<127>"},
        {"js run /tmp", "js: /tmp: Is a directory\r\n<126>"},
        {"js run -C /nope true", "js: cannot enter /nope: No such file or directory\r\n<125>"},
        {"js fg 99", "js: no job 99\r\n<125>"},
    };
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    must_read_termios(shell, &before);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct termios now;
        ck_assert_int_eq(pty_driver_send(shell, table[i].line), 0);
        ck_assert_int_eq(pty_driver_send(shell, "\n"), 0);
        ck_assert(pty_driver_await(shell, table[i].says, deadline_default()));
        must_read_termios(shell, &now);
        ck_assert(pty_driver_same_termios(&before, &now));
    }
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
    jobs_close(shell);
}
END_TEST

/* The terminal is full and its user away: what undoes the modes follows when it is read again. */
START_TEST(a_client_killed_in_a_flood_leaves_the_terminal_as_it_was)
{
    struct termios before;
    fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "modes", "flood", "4000000",
               "y", "hold", NULL);
    fixture_expect_code(&result, 0);
    struct pty_driver *driver = open_plain("js fg 1", &before);
    await_all_modes(driver);
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(driver));
    ck_assert_int_eq(pty_driver_send(driver, "x"), 0);
    uint64_t held = jobs_await_held_back(&fixture, "1", NULL);
    ck_assert_uint_lt(held, 3999999);
    ck_assert_int_eq(proc_signal(client, SIGKILL), 0);
    /* Nothing holds the job back any more. */
    jobs_await_printed(&fixture, "1", 3999999);
    pty_driver_expect(driver, "<137>", deadline_default());
    ck_assert(received_await_clean(driver, deadline_default()));
    await_termios(driver, &before);
    jobs_close(driver);
}
END_TEST

/* The shell's own ^Z */

/* How many answers the log of job 1 holds. */
static size_t answers_logged(void)
{
    struct transcript log = {0};
    fixture_js(&fixture, &result, "logs", "1", NULL);
    transcript_add(&log, result.out, result.out_len);
    size_t count = transcript_count_since(&log, 0, "CAUGHT USR1");
    transcript_finish(&log);
    return count;
}

/* Whether SIGUSR1 waits to be delivered to the process (proc(5), ShdPnd). */
static bool usr1_is_pending(pid_t pid)
{
    char path[64];
    char line[256];
    unsigned long long pending = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) && sscanf(line, "ShdPnd: %llx", &pending) != 1)
        ;
    fclose(file);
    return pending >> (SIGUSR1 - 1) & 1;
}

/*
 * Sends the job SIGUSR1, and another one only when it has come: whether the shell's terminal shows
 * its answer before a command of the shell's has run.
 */
static bool shows_answer(struct pty_driver *shell, pid_t job)
{
    size_t here = pty_driver_here(shell);
    struct deadline deadline = deadline_default();
    ck_assert_int_eq(proc_signal(job, SIGUSR1), 0);
    while (usr1_is_pending(job))
        ck_assert(!deadline_passed(deadline));
    jobs_type(shell, "js ls >/dev/null; echo sen''tinel");
    pty_driver_expect(shell, "sentinel\r\n<0>", deadline_default());
    return transcript_count_since(pty_driver_transcript(shell), here, "CAUGHT USR1") > 0;
}

/* kill -STOP of the client: its shell has the terminal, and nothing of the job comes there. */
START_TEST(nothing_is_shown_while_the_shell_has_stopped_the_client)
{
    struct termios before;
    struct termios now;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    must_read_termios(shell, &before);
    jobs_type(shell, "js run pty_child catch USR1 ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    pid_t job = (pid_t)jobs_number(&fixture, "1", "pid");
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(shell));
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    pty_driver_expect(shell, "Stopped", deadline_default());
    pty_driver_expect(shell, "<147>", deadline_default());
    must_read_termios(shell, &now);
    ck_assert(pty_driver_same_termios(&before, &now));

    /* The holder looks at /proc now and then: one answer may still come, later ones may not. */
    struct deadline deadline = deadline_default();
    size_t sent = 0;
    for (size_t hidden = 0; hidden < 5; sent++) {
        hidden = shows_answer(shell, job) ? 0 : hidden + 1;
        ck_assert(!deadline_passed(deadline));
    }
    jobs_type(shell, "fg");
    for (size_t i = 0; i < 5; i++)
        pty_driver_expect(shell, "CAUGHT USR1\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "on\r"), 0);
    pty_driver_expect(shell, "GOT on\r\n", deadline_default());
    must_read_termios(shell, &now);
    ck_assert(!(now.c_lflag & ICANON));
    ck_assert_uint_eq(answers_logged(), sent);
    jobs_close(shell);
}
END_TEST

START_TEST(the_screen_is_painted_again_when_the_client_goes_on)
{
    struct received received;
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    must_read_termios(shell, &before);
    jobs_type(shell, "js run pty_child modes print OVER");
    await_all_modes(shell);
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(shell));
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    pty_driver_expect(shell, "<147>", deadline_default());
    ck_assert_int_eq(pty_driver_resize(shell, 30, 100), 0);
    size_t here = pty_driver_here(shell);
    jobs_type(shell, "fg");
    jobs_await(&fixture, "1", "\"size\":{\"rows\":30,\"cols\":100}");
    pty_driver_expect(shell, "READY", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "x"), 0);
    pty_driver_expect(shell, "OVER", deadline_default());
    const struct transcript *seen = pty_driver_transcript(shell);
    received_read(&received, seen->all.data + here, seen->mark - here);
    ck_assert(received_mode(&received, 1049));
    ck_assert(received_mode(&received, 2004));
    ck_assert(!received_mode(&received, 25));
    pty_driver_expect(shell, "<0>", deadline_default());
    received_expect_clean(shell);
    struct termios now;
    must_read_termios(shell, &now);
    ck_assert(pty_driver_same_termios(&before, &now));
    jobs_close(shell);
}
END_TEST

/* SIGTSTP to the client, as a ^Z would send where there is no raw mode, is ^Z for the job. */
START_TEST(tstp_of_the_client_stops_the_job)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(shell));
    ck_assert_int_eq(proc_signal(client, SIGTSTP), 0);
    pty_driver_expect(shell, "[1]+ Stopped  pty_child ready lines\r\n<148>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* With the output elsewhere the terminal keeps its mode, and its signals are passed on. */
START_TEST(interrupt_without_raw_mode_is_for_the_job)
{
    struct termios before;
    struct termios now;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    must_read_termios(shell, &before);
    jobs_type(shell, "js run pty_child ready hold | cat");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    must_read_termios(shell, &now);
    ck_assert(pty_driver_same_termios(&before, &now));
    ck_assert_int_eq(pty_driver_send_key(shell, "C-c"), 0);
    pty_driver_expect(shell, "<130>", deadline_default());
    jobs_type(shell, "js wait 1");
    pty_driver_expect(shell, "<130>", deadline_default());
    jobs_close(shell);
}
END_TEST

static Suite *client_end_suite(void)
{
    Suite *suite = suite_create("client_end");
    TCase *tcase = tcase_create("ends");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, a_signal_leaves_the_terminal_as_it_was, 0,
                        sizeof(ends) / sizeof(ends[0]));
    tcase_add_test(tcase, a_killed_client_leaves_its_shell_usable);
    tcase_add_test(tcase, a_client_killed_in_a_flood_leaves_the_terminal_as_it_was);
    tcase_add_test(tcase, a_rescue_leaves_the_next_programs_modes_alone);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("others");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_dead_holder_leaves_the_terminal_as_it_was);
    tcase_add_test(tcase, a_hung_holder_cannot_keep_the_terminal);
    tcase_add_test(tcase, interrupt_while_the_server_hangs);
    tcase_add_test(tcase, a_refusal_is_printed_in_the_usual_mode);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("stopped");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, nothing_is_shown_while_the_shell_has_stopped_the_client);
    tcase_add_test(tcase, the_screen_is_painted_again_when_the_client_goes_on);
    tcase_add_test(tcase, tstp_of_the_client_stops_the_job);
    tcase_add_test(tcase, interrupt_without_raw_mode_is_for_the_job);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(client_end_suite());
}

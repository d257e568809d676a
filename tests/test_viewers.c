/*
 * Several terminals on one job: owner, watchers, sharers, thieves; and those that do not keep up.
 */
#include "tests/harness/await.h"
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

#define CHORD "\034d"

static void expect_termios(struct pty_driver *shell, const struct termios *before)
{
    struct termios now;
    ck_assert_int_eq(pty_driver_termios(shell, &now), 0);
    ck_assert(pty_driver_same_termios(before, &now));
}

/* Types a word and waits until all the terminals show the answer of `pty_child lines`. */
static void expect_answer(struct pty_driver *typing, const char *word,
                          struct pty_driver *const *watching, size_t count)
{
    char text[64];
    snprintf(text, sizeof(text), "%s\n", word);
    ck_assert_int_eq(pty_driver_send(typing, text), 0);
    snprintf(text, sizeof(text), "GOT %s\r\n", word);
    for (size_t i = 0; i < count; i++)
        ck_assert(pty_driver_await(watching[i], text, deadline_default()));
}

/* Who may do what */

START_TEST(a_watcher_sees_all_and_changes_nothing)
{
    struct termios before;
    struct pty_driver *owner = fixture_shell(&fixture, 24, 80);
    struct pty_driver *watcher = fixture_shell(&fixture, 24, 80);
    struct pty_driver *const both[] = {owner, watcher};
    ck_assert_int_eq(pty_driver_termios(watcher, &before), 0);
    jobs_type(owner, "js run pty_child ready lines");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    jobs_type(watcher, "js fg --watch");
    pty_driver_expect(watcher, "READY\r\n", deadline_default());
    expect_answer(owner, "one", both, 2);
    jobs_await(&fixture, "1", "\"mode\":\"watch\"");

    /* Neither its keys nor its size get through: once ^C has made it leave, all that is past. */
    ck_assert_int_eq(pty_driver_send(watcher, "forbidden\n"), 0);
    ck_assert_int_eq(pty_driver_resize(watcher, 31, 101), 0);
    ck_assert_int_eq(pty_driver_send_key(watcher, "C-c"), 0);
    pty_driver_expect(watcher, "Detached  pty_child ready lines\r\n<0>", deadline_default());
    expect_termios(watcher, &before);
    expect_answer(owner, "two", both, 1);
    fixture_js(&fixture, &result, "logs", "1", NULL);
    ck_assert_str_eq(result.out, "READY\r\none\r\nGOT one\r\ntwo\r\nGOT two\r\n");
    ck_assert_int_eq(jobs_number(&fixture, "1", "rows"), 24);
    ck_assert_int_eq(jobs_number(&fixture, "1", "cols"), 80);

    ck_assert_int_eq(pty_driver_resize(watcher, 24, 80), 0);
    jobs_type(watcher, "js fg --watch");
    expect_answer(owner, "three", both, 2);
    ck_assert_int_eq(pty_driver_send(watcher, CHORD), 0);
    pty_driver_expect(watcher, "<0>", deadline_default());
    jobs_close(owner);
    jobs_close(watcher);
}
END_TEST

START_TEST(a_watcher_stays_through_stop_and_sees_the_end)
{
    struct pty_driver *owner = fixture_shell(&fixture, 24, 80);
    struct pty_driver *watcher = fixture_shell(&fixture, 24, 80);
    struct pty_driver *const both[] = {owner, watcher};
    jobs_type(owner, "js run pty_child ready line line exit 9");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    jobs_type(watcher, "js fg -w 1");
    expect_answer(owner, "one", both, 2);
    ck_assert_int_eq(pty_driver_send_key(owner, "C-z"), 0);
    pty_driver_expect(owner, "<148>", deadline_default());
    /* Watching a stopped job does not continue it. */
    struct pty_driver *second = fixture_shell(&fixture, 24, 80);
    jobs_type(second, "js fg -w 1");
    pty_driver_expect(second, "GOT one\r\n", deadline_default());
    jobs_await_viewers(&fixture, "1", 2);
    jobs_await_state(&fixture, "1", "stopped");

    jobs_type(owner, "js fg");
    expect_answer(owner, "two", both, 2);
    pty_driver_expect(owner, "<9>", deadline_default());
    pty_driver_expect(watcher, "<9>", deadline_default());
    pty_driver_expect(second, "<9>", deadline_default());
    jobs_close(owner);
    jobs_close(watcher);
    jobs_close(second);
}
END_TEST

START_TEST(a_second_owner_is_told_who_has_it)
{
    char says[160];
    struct termios before;
    struct pty_driver *owner = fixture_shell(&fixture, 24, 80);
    struct pty_driver *second = fixture_shell(&fixture, 30, 100);
    ck_assert_int_eq(pty_driver_termios(second, &before), 0);
    jobs_type(owner, "js run pty_child ready lines");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(owner));
    jobs_type(second, "js fg");
    snprintf(says, sizeof(says),
             "js: job 1 is attached on %s, pid %d: use --steal, --share or --watch\r\n<125>",
             pty_driver_tty(owner), client);
    ck_assert(pty_driver_await(second, says, deadline_default()));
    expect_termios(second, &before);
    expect_answer(owner, "mine", &owner, 1);
    ck_assert_int_eq(jobs_number(&fixture, "1", "rows"), 24);
    jobs_type(second, "js ls");
    snprintf(says, sizeof(says), "%s ", pty_driver_tty(owner) + strlen("/dev/"));
    ck_assert(pty_driver_await(second, says, deadline_default()));
    jobs_close(owner);
    jobs_close(second);
}
END_TEST

START_TEST(steal_tells_the_one_who_lost_it)
{
    struct termios before;
    struct pty_driver *shells[2];
    shells[0] = fixture_shell(&fixture, 24, 80);
    shells[1] = fixture_shell(&fixture, 30, 100);
    ck_assert_int_eq(pty_driver_termios(shells[0], &before), 0);
    jobs_type(shells[0], "js run pty_child modes print OVER");
    for (int i = 0; i < 8; i++) {
        struct pty_driver *owner = shells[i % 2];
        struct pty_driver *thief = shells[(i + 1) % 2];
        char says[160];
        ck_assert(received_await_mode(owner, 25, false, deadline_default()));
        jobs_type(thief, "js fg --steal");
        snprintf(says, sizeof(says), "js: job 1 was taken over on %s (pid ", pty_driver_tty(thief));
        ck_assert(pty_driver_await(owner, says, deadline_default()));
        pty_driver_expect(owner, "<0>", deadline_default());
        expect_termios(owner, &before);
        received_expect_clean(owner);
    }
    ck_assert(received_await_mode(shells[0], 25, false, deadline_default()));
    jobs_await_viewers(&fixture, "1", 1);
    ck_assert_int_eq(jobs_number(&fixture, "1", "rows"), 24);
    ck_assert_int_eq(pty_driver_send(shells[0], "x"), 0);
    pty_driver_expect(shells[0], "OVER", deadline_default());
    pty_driver_expect(shells[0], "<0>", deadline_default());
    jobs_close(shells[0]);
    jobs_close(shells[1]);
}
END_TEST

START_TEST(sharers_both_type)
{
    struct pty_driver *first = fixture_shell(&fixture, 24, 80);
    struct pty_driver *second = fixture_shell(&fixture, 24, 80);
    struct pty_driver *const both[] = {first, second};
    jobs_type(first, "js run pty_child ready lines");
    pty_driver_expect(first, "READY\r\n", deadline_default());
    for (int i = 0; i < 3; i++) {
        jobs_type(second, "js fg --share");
        pty_driver_expect(second, "READY\r\n", deadline_default());
        jobs_await(&fixture, "1", "\"mode\":\"share\"");
        expect_answer(second, "two", both, 2);
        expect_answer(first, "one", both, 2);
        ck_assert_int_eq(pty_driver_send(second, CHORD), 0);
        pty_driver_expect(second, "<0>", deadline_default());
    }
    expect_answer(first, "alone", both, 1);
    /* ^Z gives both their shells back. */
    jobs_type(second, "js fg --share");
    expect_answer(second, "both", both, 2);
    ck_assert_int_eq(pty_driver_send_key(second, "C-z"), 0);
    pty_driver_expect(first, "[1]+ Stopped", deadline_default());
    pty_driver_expect(first, "<148>", deadline_default());
    pty_driver_expect(second, "[1]+ Stopped", deadline_default());
    pty_driver_expect(second, "<148>", deadline_default());
    jobs_close(first);
    jobs_close(second);
}
END_TEST

START_TEST(the_size_is_a_writers)
{
    struct pty_driver *first = fixture_shell(&fixture, 24, 80);
    struct pty_driver *second = fixture_shell(&fixture, 30, 100);
    jobs_type(first, "js run pty_child size");
    pty_driver_expect(first, "SIZE 24 80\r\n", deadline_default());
    jobs_type(second, "js fg --share");
    pty_driver_expect(first, "SIZE 30 100", deadline_default());
    ck_assert_int_eq(pty_driver_resize(first, 26, 90), 0);
    pty_driver_expect(first, "SIZE 26 90\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_resize(second, 31, 101), 0);
    pty_driver_expect(first, "SIZE 31 101", deadline_default());
    /* The one who stays has the say again, however the other left. */
    ck_assert_int_eq(pty_driver_send(second, CHORD), 0);
    jobs_await(&fixture, "1", "\"rows\":26");
    pty_driver_expect(second, "<0>", deadline_default());
    jobs_type(second, "js fg --share");
    jobs_await(&fixture, "1", "\"rows\":31");
    jobs_close(second);
    jobs_await(&fixture, "1", "\"rows\":26");
    jobs_close(first);
}
END_TEST

/* Whoever types has the size; what a terminal says by itself is not typed. */
START_TEST(the_size_goes_to_who_types)
{
    struct pty_driver *first = fixture_shell(&fixture, 24, 80);
    struct pty_driver *second = fixture_shell(&fixture, 30, 100);
    struct pty_driver *const both[] = {first, second};
    jobs_type(first, "js run pty_child size");
    pty_driver_expect(first, "SIZE 24 80\r\n", deadline_default());
    jobs_type(second, "js fg --share");
    pty_driver_expect(first, "SIZE 30 100", deadline_default());
    pty_driver_expect(second, "SIZE 30 100\r\n", deadline_default());
    size_t here = pty_driver_here(second);
    ck_assert_int_eq(pty_driver_send(first, "\033[I\033[3;4R\033[?1;2c\033]11;rgb:0/0/0\a"), 0);
    ck_assert_int_eq(pty_driver_resize(second, 31, 101), 0);
    pty_driver_expect(second, "SIZE 31 101\r\n", deadline_default());
    ck_assert(!transcript_has_since(pty_driver_transcript(second), here, "SIZE 24 80"));
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pty_driver_send(both[i % 2], "x"), 0);
        jobs_await(&fixture, "1", i % 2 ? "\"rows\":31" : "\"rows\":24");
    }
    jobs_close(second);
    jobs_close(first);
}
END_TEST

/* Those who do not keep up */

/* A terminal whose shell has no job control: that js is stopped does not concern it. */
static struct pty_driver *open_plain(const char *line)
{
    char script[512];
    snprintf(script, sizeof(script), "%s; echo \"<$?>\"", line);
    return fixture_terminal(&fixture, 24, 80, "/bin/sh", "-c", script, NULL);
}

/* Behind the sequence that begins at data + at with an ESC: a CSI, or a string that ST ends. */
static size_t skip_sequence(const char *data, size_t len, size_t at)
{
    char kind = ++at < len ? data[at] : '\0';
    if (kind == '[')
        for (at++; at < len && (data[at] < '@' || data[at] > '~');)
            at++;
    else if (kind == ']' || kind == 'P')
        while (at < len && !(data[at] == '\\' && data[at - 1] == '\033'))
            at++;
    return at + 1;
}

/* The bytes without control sequences: a restore writes some, between any two bytes of the job's,
 * and the terminal is asked what it is like. As memory of its own. */
static char *strip_sequences(const char *data, size_t len, size_t *ret_len)
{
    char *text = malloc(len + 1);
    ck_assert_ptr_nonnull(text);
    *ret_len = 0;
    for (size_t at = 0; at < len;) {
        if (data[at] == '\033')
            at = skip_sequence(data, len, at);
        else
            text[(*ret_len)++] = data[at++];
    }
    return text;
}

/* The N of a whole "line N" at the end of the bytes, or -1. What a restore begins with may be the
 * end of a line. */
static long line_number(const char *line, size_t len)
{
    char text[32];
    char *end = NULL;
    const char *at = NULL;
    for (const char *next = line; (next = memmem(next, (size_t)(line + len - next), "line ", 5));)
        at = next++;
    if (!at)
        return -1;
    snprintf(text, sizeof(text), "%.*s", (int)(line + len - at), at);
    long number = strtol(text + 5, &end, 10);
    return end > text + 5 && strcmp(end, "\r") == 0 ? number : -1;
}

/*
 * Every line of `pty_child numbered` from 1 to `last` is there and in order. What was shown before
 * may be shown again (a restore), but nothing may be left out.
 */
static void expect_all_lines(const void *data, size_t data_len, long last, bool repeats)
{
    size_t len;
    char *text = strip_sequences(data, data_len, &len);
    long most = 0;
    const char *end;
    for (const char *at = text; (end = memchr(at, '\n', (size_t)(text + len - at))); at = end + 1) {
        long number = line_number(at, (size_t)(end - at));
        if (number < 0)
            continue;
        ck_assert_msg(number <= most + 1, "after line %ld comes line %ld", most, number);
        ck_assert_msg(repeats || number == most + 1, "line %ld comes again", number);
        if (number > most)
            most = number;
    }
    free(text);
    ck_assert_int_eq(most, last);
}

static void expect_log_complete(long last)
{
    fixture_js(&fixture, &result, "logs", "1", NULL);
    expect_all_lines(result.out, result.out_len, last, false);
}

/* What a kernel terminal, the holder's chunk and one look at /proc may hold, generously. */
#define HELD_MAX ((uint64_t)512 << 10)
#define LINES    "100000" /* 1.2 MB: far more than that */

/* The same lines, written in large pieces, and each cleared off the screen by the next: what was
 * left out no restore would show. */
#define RUN_CLEARING                                                                               \
    "js run -- sh -c 'echo READY; read l; awk \"$0\" | cat; read l; echo GOT $l' "                 \
    "'BEGIN { for (i = 1; i <= " LINES "; i++) printf \"line %d\\n\\033[H\\033[2J\", i }'"

START_TEST(a_stopped_watcher_never_slows_the_job)
{
    fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "ready", "line", "numbered",
               LINES, "exit", "7", NULL);
    fixture_expect_code(&result, 0);
    struct pty_driver *watcher = open_plain("js fg --watch 1");
    pty_driver_expect(watcher, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(watcher));
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    jobs_await_process(client, 'T');

    struct pty_driver *starter = open_plain("js fg 1");
    pty_driver_expect(starter, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(starter, "go\n" CHORD), 0);
    pty_driver_expect(starter, "<0>", deadline_default());
    /* It runs to its end, though nobody reads the watcher's terminal. */
    fixture_js(&fixture, &result, "wait", "1", NULL);
    fixture_expect_code(&result, 7);
    expect_log_complete(100000);

    ck_assert_int_eq(proc_signal(client, SIGCONT), 0);
    pty_driver_expect(watcher, "line 100000\r\n", deadline_default());
    pty_driver_expect(watcher, "<7>", deadline_default());
    received_expect_clean(watcher);
    jobs_close(starter);
    jobs_close(watcher);
}
END_TEST

START_TEST(an_unread_watcher_never_slows_the_job)
{
    struct pty_driver *watcher;
    struct pty_driver *owner = open_plain("js run pty_child ready line numbered " LINES " line");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    watcher = open_plain("js fg --watch 1");
    pty_driver_expect(watcher, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "go\n"), 0);
    pty_driver_expect(owner, "line " LINES "\r\n", deadline_default());
    struct transcript *seen = pty_driver_transcript(owner);
    expect_all_lines(seen->all.data, seen->all.len, 100000, false);
    /* It is brought up to date as soon as it is read, and goes on. */
    pty_driver_expect(watcher, "line " LINES "\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "end\n"), 0);
    pty_driver_expect(watcher, "GOT end\r\n", deadline_default());
    pty_driver_expect(watcher, "<0>", deadline_default());
    pty_driver_expect(owner, "<0>", deadline_default());
    jobs_close(owner);
    jobs_close(watcher);
}
END_TEST

START_TEST(a_stopped_owner_holds_the_job_back_and_loses_nothing)
{
    struct pty_driver *owner = open_plain(RUN_CLEARING);
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(owner));
    ck_assert_int_eq(pty_driver_send(owner, "go\n"), 0);
    pty_driver_expect(owner, "line 100\r\n", deadline_default());
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    jobs_await_process(client, 'T');
    uint64_t at_stop = jobs_printed(&fixture, "1");
    /* The terminal is read all the time: it is the stopped client that the job waits for. */
    uint64_t held = jobs_await_held_back(&fixture, "1", owner);
    ck_assert_uint_le(held, at_stop + HELD_MAX);
    ck_assert_uint_lt(held, 100000 * 10);

    ck_assert_int_eq(proc_signal(client, SIGCONT), 0);
    pty_driver_expect(owner, "line " LINES "\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "end\n"), 0);
    pty_driver_expect(owner, "GOT end\r\n", deadline_default());
    pty_driver_expect(owner, "<0>", deadline_default());
    struct transcript *seen = pty_driver_transcript(owner);
    expect_all_lines(seen->all.data, seen->all.len, 100000, true);
    expect_log_complete(100000);
    jobs_close(owner);
}
END_TEST

/* The same when the terminal takes nothing for a while after the client goes on. */
START_TEST(a_continued_owner_that_is_slow_loses_nothing)
{
    struct pty_driver *owner = open_plain(RUN_CLEARING);
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(owner));
    ck_assert_int_eq(pty_driver_send(owner, "go\n"), 0);
    pty_driver_expect(owner, "line 100\r\n", deadline_default());
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
        jobs_await_process(client, 'T');
        (void)jobs_await_held_back(&fixture, "1", NULL);
        ck_assert_int_eq(proc_signal(client, SIGCONT), 0);
        (void)jobs_await_held_back(&fixture, "1", NULL);
        pty_driver_read_now(owner);
    }
    pty_driver_expect(owner, "line " LINES "\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "end\n"), 0);
    pty_driver_expect(owner, "<0>", deadline_default());
    struct transcript *seen = pty_driver_transcript(owner);
    expect_all_lines(seen->all.data, seen->all.len, 100000, true);
    expect_log_complete(100000);
    jobs_close(owner);
}
END_TEST

START_TEST(an_unread_owner_holds_the_job_back_and_loses_nothing)
{
    struct pty_driver *owner = open_plain("js run pty_child ready line numbered " LINES " line");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "go\n"), 0);
    uint64_t held = jobs_await_held_back(&fixture, "1", NULL);
    ck_assert_uint_le(held, HELD_MAX);
    pty_driver_expect(owner, "line " LINES "\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "end\n"), 0);
    pty_driver_expect(owner, "<0>", deadline_default());
    struct transcript *seen = pty_driver_transcript(owner);
    expect_all_lines(seen->all.data, seen->all.len, 100000, false);
    expect_log_complete(100000);
    jobs_close(owner);
}
END_TEST

/* Nobody waits for a stopped owner: a thief has the job at once, and it goes on for them. */
START_TEST(a_stopped_owner_can_be_robbed)
{
    struct pty_driver *owner = open_plain("js run pty_child ready lines");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(owner));
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    jobs_await_process(client, 'T');
    struct pty_driver *thief = fixture_shell(&fixture, 24, 80);
    jobs_type(thief, "js fg --steal");
    expect_answer(thief, "mine", &thief, 1);
    ck_assert_int_eq(proc_signal(client, SIGCONT), 0);
    pty_driver_expect(owner, "js: job 1 was taken over on ", deadline_default());
    pty_driver_expect(owner, "<0>", deadline_default());
    jobs_await_viewers(&fixture, "1", 1);
    expect_answer(thief, "still", &thief, 1);
    jobs_close(owner);
    jobs_close(thief);
}
END_TEST

/* The same for js detach: the job goes on, and the client is told when it can be. */
START_TEST(a_stopped_owner_can_be_detached)
{
    struct pty_driver *owner = open_plain("js run pty_child ready line numbered " LINES " hold");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(owner));
    ck_assert_int_eq(pty_driver_send(owner, "go\n"), 0);
    pty_driver_expect(owner, "line 100\r\n", deadline_default());
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    jobs_await_process(client, 'T');
    (void)jobs_await_held_back(&fixture, "1", owner);
    fixture_js(&fixture, &result, "detach", "1", NULL);
    fixture_expect_code(&result, 0);
    fixture_js_until(&fixture, &result, "line " LINES "\r\n", "logs", "1", NULL);
    expect_log_complete(100000);
    ck_assert_int_eq(proc_signal(client, SIGCONT), 0);
    pty_driver_expect(owner, "[1]+ Detached by js detach", deadline_default());
    pty_driver_expect(owner, "<0>", deadline_default());
    jobs_close(owner);
}
END_TEST

/* Whoever leaves a job that floods their terminal does not have to see it all first. */
START_TEST(an_unread_owner_that_leaves_lets_the_job_go_on)
{
    struct pty_driver *owner = open_plain("js run pty_child ready line numbered " LINES " hold");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, "go\n"), 0);
    (void)jobs_await_held_back(&fixture, "1", NULL);
    ck_assert_int_eq(pty_driver_send_bytes(owner, CHORD, 2), 0);
    fixture_js_until(&fixture, &result, "line " LINES "\r\n", "logs", "1", NULL);
    expect_log_complete(100000);
    pty_driver_expect(owner, "<0>", deadline_default());
    received_expect_clean(owner);
    jobs_close(owner);
}
END_TEST

static Suite *viewers_suite(void)
{
    Suite *suite = suite_create("viewers");
    TCase *tcase = tcase_create("rights");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_watcher_sees_all_and_changes_nothing);
    tcase_add_test(tcase, a_watcher_stays_through_stop_and_sees_the_end);
    tcase_add_test(tcase, a_second_owner_is_told_who_has_it);
    tcase_add_test(tcase, steal_tells_the_one_who_lost_it);
    tcase_add_test(tcase, sharers_both_type);
    tcase_add_test(tcase, the_size_is_a_writers);
    tcase_add_test(tcase, the_size_goes_to_who_types);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("pace");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_stopped_watcher_never_slows_the_job);
    tcase_add_test(tcase, an_unread_watcher_never_slows_the_job);
    tcase_add_test(tcase, a_stopped_owner_holds_the_job_back_and_loses_nothing);
    tcase_add_test(tcase, a_continued_owner_that_is_slow_loses_nothing);
    tcase_add_test(tcase, an_unread_owner_holds_the_job_back_and_loses_nothing);
    tcase_add_test(tcase, a_stopped_owner_can_be_robbed);
    tcase_add_test(tcase, a_stopped_owner_can_be_detached);
    tcase_add_test(tcase, an_unread_owner_that_leaves_lets_the_job_go_on);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(viewers_suite());
}

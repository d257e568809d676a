#include "common/signame.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    int sig;
} good_cases[] = {
    {"TERM", SIGTERM},      {"SIGTERM", SIGTERM}, {"term", SIGTERM}, {"sigTerm", SIGTERM},
    {"15", SIGTERM},        {"1", SIGHUP},        {"09", SIGKILL},   {"HUP", SIGHUP},
    {"CHLD", SIGCHLD},      {"CLD", SIGCHLD},     {"IOT", SIGABRT},  {"POLL", SIGIO},
    {"SIGWINCH", SIGWINCH},
};

START_TEST(reads_names_and_numbers)
{
    ck_assert_int_eq(signame_parse(good_cases[_i].text), good_cases[_i].sig);
}
END_TEST

START_TEST(reads_realtime_signals_from_both_ends)
{
    ck_assert_int_eq(signame_parse("RTMIN"), SIGRTMIN);
    ck_assert_int_eq(signame_parse("SIGRTMIN+1"), SIGRTMIN + 1);
    ck_assert_int_eq(signame_parse("rtmin+0"), SIGRTMIN);
    ck_assert_int_eq(signame_parse("RTMAX"), SIGRTMAX);
    ck_assert_int_eq(signame_parse("RTMAX-2"), SIGRTMAX - 2);
    char text[32];
    snprintf(text, sizeof(text), "RTMIN+%d", SIGRTMAX - SIGRTMIN);
    ck_assert_int_eq(signame_parse(text), SIGRTMAX);
    snprintf(text, sizeof(text), "RTMIN+%d", SIGRTMAX - SIGRTMIN + 1);
    ck_assert_int_eq(signame_parse(text), -EINVAL);
    snprintf(text, sizeof(text), "RTMAX-%d", SIGRTMAX - SIGRTMIN + 1);
    ck_assert_int_eq(signame_parse(text), -EINVAL);
    snprintf(text, sizeof(text), "%d", SIGRTMAX);
    ck_assert_int_eq(signame_parse(text), SIGRTMAX);
    snprintf(text, sizeof(text), "%d", SIGRTMAX + 1);
    ck_assert_int_eq(signame_parse(text), -EINVAL);
}
END_TEST

static const char *const bad_cases[] = {
    "",
    "0",
    "00",
    "-1",
    "+1",
    "SIG",
    "SIGSIGTERM",
    "TERMX",
    "TER",
    " TERM",
    "TERM ",
    "15 ",
    "15x",
    "SIG15",
    "RTMIN-1",
    "RTMAX+1",
    "RTMIN+",
    "RTMIN+x",
    "RTMIN1",
    "RTMAX--1",
    "RT",
    "99999999999999999999",
    "RTMIN+4294967296",
    "EXIT",
};

START_TEST(refuses_what_is_no_signal)
{
    ck_assert_msg(signame_parse(bad_cases[_i]) == -EINVAL, "'%s'", bad_cases[_i]);
}
END_TEST

/* Every name reads back as its number; none is missing in the range that kill(2) takes. */
START_TEST(names_every_signal)
{
    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        const char *name = signame_of(sig);
        if (sig > SIGSYS && sig < SIGRTMIN) {
            ck_assert_ptr_null(name);
            continue;
        }
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq(signame_parse(name), sig);
        ck_assert_ptr_nonnull(signame_describe(sig));
    }
    ck_assert_str_eq(signame_of(SIGTERM), "TERM");
    ck_assert_str_eq(signame_of(SIGCHLD), "CHLD");
    ck_assert_str_eq(signame_of(SIGRTMIN), "RTMIN");
    ck_assert_str_eq(signame_of(SIGRTMIN + 3), "RTMIN+3");
    ck_assert_ptr_null(signame_of(0));
    ck_assert_ptr_null(signame_of(-1));
    ck_assert_ptr_null(signame_of(SIGRTMAX + 1));
}
END_TEST

START_TEST(describes_as_a_shell_does)
{
    static const struct {
        int sig;
        const char *text;
    } cases[] = {
        {SIGHUP, "Hangup"},
        {SIGINT, "Interrupt"},
        {SIGKILL, "Killed"},
        {SIGTERM, "Terminated"},
        {SIGSEGV, "Segmentation fault"},
        {SIGABRT, "Aborted"},
        {SIGTSTP, "Stopped"},
        {SIGTTIN, "Stopped (tty input)"},
        {0, "Unknown signal"},
        {-5, "Unknown signal"},
        {1000, "Unknown signal"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_str_eq(signame_describe(cases[i].sig), cases[i].text);
    ck_assert_str_eq(signame_describe(SIGRTMIN), "Real-time signal");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *signame_suite(void)
{
    Suite *suite = suite_create("signame");
    TCase *tc = tcase_create("signame");
    tcase_add_loop_test(tc, reads_names_and_numbers, 0, COUNT(good_cases));
    tcase_add_test(tc, reads_realtime_signals_from_both_ends);
    tcase_add_loop_test(tc, refuses_what_is_no_signal, 0, COUNT(bad_cases));
    tcase_add_test(tc, names_every_signal);
    tcase_add_test(tc, describes_as_a_shell_does);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(signame_suite());
}

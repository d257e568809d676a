/* Profiles: what a section may have, what the command line has to say about it, what is wrong. */
#include "client/profiles.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/run_options.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

static char path[160];

static void begin(void)
{
    fixture_init(&fixture);
    snprintf(path, sizeof(path), "%s/config", fixture.work);
    fixture_setenv(&fixture, "JS_CONFIG", path);
}

static void write_config(const char *lines)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(lines, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* Every option of js run, whichever there are, can be in a profile, but for the profile itself. */
static void check_option(const struct option_spec *spec)
{
    static const char *const samples[] = {"yes", "1", "80x24", "HUP"};
    struct run_options options;
    int r = -EINVAL;
    for (size_t i = 0; r == -EINVAL && i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct bytes error = {0};
        options_begin(&cmd_run, &options);
        r = options_set(&cmd_run, &options, spec->name, samples[i], &error);
        ck_assert_int_eq(r == -EINVAL, error.len > 0);
        bytes_finish(&error);
        options_finish(&cmd_run, &options);
    }
    ck_assert_msg(r == 0, "--%s: %d", spec->name, r);
}

START_TEST(every_option_can_be_in_a_profile)
{
    for (size_t i = 0; i < cmd_run.option_count; i++)
        if (cmd_run.options[i].name && strcmp(cmd_run.options[i].name, "profile") != 0)
            check_option(&cmd_run.options[i]);
}
END_TEST

START_TEST(a_file_is_read)
{
    struct profiles profiles;
    write_config("grace = 1s\n[profile one]\ntimeout = 90s ; comment\nenv = A=1\n  B=2\n"
                 "[profile two]\n[profile one]\nlabel=x=y\n");
    ck_assert_int_eq(profiles_read(&profiles, path), 0);
    ck_assert_ptr_null(profiles.problem);
    ck_assert_uint_eq(profiles.count, 2);
    const struct profile *one = profiles_find(&profiles, "one");
    ck_assert_ptr_null(one->problem);
    ck_assert_uint_eq(one->count, 4);
    ck_assert_str_eq(one->settings[0].name, "timeout");
    ck_assert_str_eq(one->settings[0].value, "90s");
    ck_assert_str_eq(one->settings[2].name, "env");
    ck_assert_str_eq(one->settings[2].value, "B=2");
    ck_assert_str_eq(one->settings[3].value, "x=y");
    ck_assert_uint_eq(profiles_find(&profiles, "two")->count, 0);
    ck_assert_ptr_null(profiles_find(&profiles, "on"));
    profiles_finish(&profiles);
    /* Without a file there are none, which is no mistake. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(profiles_read(&profiles, path), 0);
    ck_assert_ptr_null(profiles.problem);
    ck_assert_uint_eq(profiles.count, 0);
    profiles_finish(&profiles);
}
END_TEST

/* Of what is wrong in [profile x] in the second line. */
static const struct {
    const char *setting, *problem;
} mistakes[] = {
    {"zonk = 1", "js run has no option --zonk"},
    {"time = 1s", "js run has no option --time"}, /* not shortened */
    {"profile = y", "js run has no option --profile"},
    {"help = yes", "js run has no option --help"},
    {"timeout = soon", "'timeout': 'soon' is not a duration: write 90 or 1.5"},
    {"timeout =", "'timeout': '' is not a duration"},
    {"detached = maybe", "'detached': 'maybe' is not yes or no"},
    {"size = big", "'size': 'big' is not a size"},
    {"restart = often", "'restart': 'often' is not allowed: write never, on-failure"},
    {"backoff = 1", "'backoff': '1' is not allowed: write two durations"},
    {"jitter = some", "'jitter': 'some' is not allowed: write none, full or equal"},
    {"leftovers = burn", "'leftovers': 'burn' is not allowed: write hup, keep or kill"},
    {"ok-codes = 256", "'ok-codes': '256' is not allowed: write exit codes"},
    {"label = x", "'label': 'x' is not allowed: write NAME=VALUE"},
    {"env = x", "'env': 'x' is not allowed: write NAME=VALUE"},
    {"unset = x=y", "'unset': 'x=y' is not allowed: write the NAME"},
    {"name = 7", "'name': '7' is not allowed: write a name"},
    {"rlimit = core=zero", "'rlimit': 'core=zero' is not allowed: write NAME="},
    {"nice = 20", "'nice': '20' is not allowed: write a number from -20"},
    {"mem = 0", "'mem': '0' is not allowed: "},
    {"cpus = many", "'cpus': 'many' is not allowed: "},
    {"pids = 0", "'pids': '0' is not allowed: write a number from 1"},
    {"queue = a b", "'queue': 'a b' is not allowed: write a name"},
    {"slot = -x", "'slot': '-x' is not allowed: write a name"},
    {"priority = high", "'priority': 'high' is not allowed: write a whole number"},
    {"every = day", "'every': 'day' is not allowed: write a duration"},
    {"if-busy = wait", "'if-busy': 'wait' is not allowed: write queue, drop"},
    {"detach-keys = xyz", "'detach-keys': 'xyz' is not allowed: "},
};

static void check_mistake(const char *setting, const char *problem)
{
    char lines[256], start[256];
    struct profiles profiles;
    snprintf(lines, sizeof(lines), "[profile x]\n%s\nzonk = 2\n[profile good]\ndetached = off\n",
             setting);
    write_config(lines);
    ck_assert_int_eq(profiles_read(&profiles, path), 0);
    ck_assert_ptr_null(profiles.problem);
    const struct profile *wrong = profiles_find(&profiles, "x");
    snprintf(start, sizeof(start), "%s, line 2: [profile x] %s", path, problem);
    ck_assert_int_eq(strncmp(wrong->problem, start, strlen(start)), 0);
    ck_assert_ptr_null(profiles_find(&profiles, "good")->problem);
    profiles_finish(&profiles);
}

START_TEST(a_mistake_is_told_with_its_line)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
        check_mistake(mistakes[i].setting, mistakes[i].problem);
}
END_TEST

/* The profile first, the command line behind it. */
START_TEST(the_command_line_wins)
{
    write_config("[profile p]\ntimeout = 90s\nlabel = app=web\nlabel = tier=1\nenv = A=file\n"
                 "env = B=file\nok-codes = 3\ndetached = yes\nname = wrong\n");
    must("js run --profile p -l app=db -e A=line -n right -- sh -c 'echo $A $B; exit 3'; "
         "js wait right || test $? = 3; js logs right; js ls --failed");
    ck_assert_str_eq(result.out, "1\nline file\r\n");
    must("js show 1 | grep -E '^(name|label)'; js show --json 1 | jq .jobs[0].plan.timeout_ms");
    ck_assert_str_eq(result.out, "name       right\nlabel      app=db\nlabel      tier=1\n90000\n");
    /* Wherever it stands; and what belongs to the command is none. */
    must("js run -t 5s --profile=p -- true --profile q; js show --json 2 | jq -c '.jobs[0] | "
         "[.plan.timeout_ms, .argv]'");
    ck_assert_str_eq(result.out, "2\n[5000,[\"true\",\"--profile\",\"q\"]]\n");
}
END_TEST

START_TEST(a_profile_that_is_not_there_is_refused)
{
    char text[512];
    write_config("[profile a]\n[profile b-2]\ntimeout = 1s\n");
    line("js run --profile c -- true");
    fixture_expect_code(&result, 2);
    snprintf(text, sizeof(text), "js: run: there is no profile 'c'; in %s there are: a, b-2\n",
             path);
    ck_assert_str_eq(result.err, text);
    write_config("");
    line("js run --profile a -- true");
    fixture_expect_code(&result, 2);
    ck_assert_ptr_nonnull(strstr(result.err, "there are: none\n"));
    /* What else is wrong with the command line is told as ever. */
    line("js run --profile a --timeout x -- true");
    fixture_expect_code(&result, 2);
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
}
END_TEST

/* One that is broken keeps nobody from the others, nor the server from its own keys. */
START_TEST(a_broken_profile_is_refused_and_no_other)
{
    write_config("grace = 7s\n[profile bad]\ntimeout = x\n[profile good]\nenv = A=1\n");
    line("js run --profile bad -- true");
    fixture_expect_code(&result, 2);
    ck_assert_ptr_nonnull(strstr(result.err, "line 3: [profile bad] 'timeout': 'x' is not a"));
    must("js run --profile good -- sh -c 'echo $A'");
    ck_assert_str_eq(result.out, "1\n");
    ck_assert_ptr_nonnull(strstr(result.err, "line 3: [profile bad] 'timeout': 'x' is not a"));
    ck_assert_ptr_nonnull(strstr(result.err, "; it is not used\n"));
    must("js server status --json | jq -r '.server.config | .values.grace, .problem'; "
         "js server reload");
    ck_assert_str_eq(result.out, "7s\nnull\n");
    line("js config >out; echo $?; grep -A1 '^.profile' out");
    ck_assert_str_eq(result.out, "125\n[profile bad]\ntimeout      = x\n--\n[profile good]\n"
                                 "env          = A=1\n");
    ck_assert_ptr_nonnull(strstr(result.err, "line 3: [profile bad] 'timeout': 'x' is not a"));
}
END_TEST

/* A line that is none, or is too long, in a profile is nothing to the server either. */
START_TEST(a_broken_line_is_told)
{
    write_config("grace = 7s\n[profile bad]\nwhat is this\n");
    line("js run --profile bad -- true");
    fixture_expect_code(&result, 2);
    ck_assert_ptr_nonnull(strstr(result.err, "line 3: not a line of the form key = value"));
    must(
        "head -c 500 /dev/zero | tr '\\0' x >>$JS_CONFIG; echo >>$JS_CONFIG; echo '[profile more]' "
        ">>$JS_CONFIG; js run -- true; js server status --json | jq -r "
        ".server.config.values.grace");
    ck_assert_str_eq(result.out, "7s\n");
    write_config("[profile a b]\n");
    line("js run --profile a -- true");
    fixture_expect_code(&result, 2);
    ck_assert_ptr_nonnull(strstr(result.err, "line 1: 'a b' is no name for a profile"));
}
END_TEST

START_TEST(what_is_printed_can_be_read)
{
    write_config("[profile one]\nenv = A=x y\ndetached = no\n[profile two]\nlabel = a=b\n");
    must("js config >first; JS_CONFIG=$PWD/first js config >second; "
         "sed -n '/^.profile/,$p' first >a; sed -n '/^.profile/,$p' second | cmp - a; grep -c . a");
    ck_assert_str_eq(result.out, "5\n");
}
END_TEST

/* What a section for programs that are not trusted would have. */
START_TEST(limits_can_be_in_a_profile)
{
    write_config("[profile untrusted]\nrlimit = nofile=64,core=0\nno-new-privs = yes\nnice = 5\n"
                 "timeout = 90s\n");
    must("js run --profile untrusted --nice 7 -- sh -c 'ulimit -n; grep NoNewPrivs "
         "/proc/self/status; nice'");
    ck_assert_str_eq(result.out, "64\nNoNewPrivs:\t1\n7\n");
}
END_TEST

/* When a server is started, whoever started it is told what is wrong with its configuration. */
static const char *const starters[] = {"js server start", "js server restart",
                                       "js run -d -- true; js server stop; js ls", "js run true"};

START_TEST(a_broken_configuration_is_told_at_the_start)
{
    write_config("grace = never\n");
    must(starters[_i]);
    const char *told = strstr(result.err, "line 1: grace = 'never' is not allowed");
    ck_assert_ptr_nonnull(told);
    ck_assert_ptr_nonnull(strstr(told, "; the defaults are used\n"));
    if (_i == 3) /* once */
        ck_assert_ptr_null(strstr(told + 1, "line 1:"));
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, sizeof(table) / sizeof((table)[0]))

static Suite *profiles_suite(void)
{
    Suite *suite = suite_create("profiles");
    TCase *tc = tcase_create("profiles");
    tcase_add_checked_fixture(tc, begin, world_end);
    tcase_add_test(tc, every_option_can_be_in_a_profile);
    tcase_add_test(tc, a_file_is_read);
    tcase_add_test(tc, a_mistake_is_told_with_its_line);
    tcase_add_test(tc, the_command_line_wins);
    tcase_add_test(tc, a_profile_that_is_not_there_is_refused);
    tcase_add_test(tc, a_broken_profile_is_refused_and_no_other);
    tcase_add_test(tc, a_broken_line_is_told);
    tcase_add_test(tc, limits_can_be_in_a_profile);
    tcase_add_test(tc, what_is_printed_can_be_read);
    LOOP(tc, a_broken_configuration_is_told_at_the_start, starters);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(profiles_suite());
}

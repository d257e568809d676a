/*
 * Completion in bash, zsh and fish: command lines are typed in a terminal, the shell's own "insert
 * all candidates" takes the place of TAB, and what it has inserted is what the user is offered.
 * fish says it without a terminal.
 */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/commands.h"
#include "common/fd.h"

/*
 * The world of the cases: four jobs, two of them with names that shells must quote, and in the
 * working directory a directory and two files; "inner-tool" is a program.
 */
static const struct {
    const char *line;
    const char *candidates; /* in the order of their bytes, '|' behind each, without a final '/' */
} cases[] = {
    {"js k", "kill|"},
    {"js att", "attach|"},
    {"js xx", ""},
    {"js help ren", "rename|"},
    /* Jobs: the live ones, those that have ended, those that have stopped; none twice. */
    {"js fg ", "1|2|3|a b|paused|web:80|"},
    {"js kill 1 ", "2|3|paused|web:80|"},
    {"js kill paused 1 ", "2|web:80|"},
    {"js kill a", "a b|"},
    {"js kill a\\ ", "a b|"},
    {"js kill web:", "web:80|"},
    {"js fg %w", "%web:80|"},
    {"js rm ", "4|gone|"},
    {"js bg ", "3|paused|"},
    {"js stop ", "1|2|a b|web:80|"},
    {"js wait g", "gone|"},
    {"js fg 1 ", ""},
    {"js rename 1 ", ""},
    {"js server re", "reload|restart|"},
    {"js server status ", ""},
    {"js fg --restore ", "auto|replay|snapshot|"},
    {"js fg --restore=re", "--restore=replay|"},
    {"js ls -o cw", "cwd|"},
    {"js show -o id,na", "id,name|"},
    {"js run --rlimit n", "nice=|nofile=|nproc=|"},
    {"js run --rlimit core=0,sta", "core=0,stack=|"},
    {"js run --rlimit=sta", "--rlimit=stack=|"},
    {"js kil w", "web:80|"}, /* a shortened command */
    /* Options, and what is behind them. */
    {"js run --det", "--detach-keys|--detached|"},
    {"js kill --si", "--signal|"},
    {"js kill --h", "--help|"},
    {"js kill -s TE", "TERM|"},
    {"js kill --signal TE", "TERM|"},
    {"js kill --signal=TE", "--signal=TERM|"},
    {"js kill --sig TE", "TERM|"}, /* a shortened option */
    {"js kill -s TERM w", "web:80|"},
    {"js kill -- w", "web:80|"},
    {"js kill -- --si", ""},
    {"js run -n ", ""},
    {"js run -u JS_STATE_D", "JS_STATE_DIR|"},
    {"js run -C s", "some dir|"},
    {"js run -dC s", "some dir|"},
    {"js run --directory=s", "--directory=some dir|"},
    /* Options in front of the command. */
    {"js --c", "--config|"},
    {"js -c so", "some dir|some file|"},
    {"js -c x kil", "kill|"},
    {"js --config=x kill w", "web:80|"},
    /* Somebody else's command line. */
    {"js run inner-to", "inner-tool|"},
    {"js run -d -n x inner-to", "inner-tool|"},
    {"js run -n x -- inner-to", "inner-tool|"},
    {"js run -d cat som", "some dir|some file|"},
    {"js run -- cat --num oth", "other|"},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* A path in the fixture's own directory, in static memory. */
static const char *path_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof(path), "%s/%s", fixture.root, name);
    return path;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
    fd_close(fd);
}

/* The shell's completion file in the source tree. */
static const char *completion_file(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/completions/%s", getenv("JS_TEST_SOURCE"), name);
    return path;
}

static void make_jobs(void)
{
    fixture_js(&fixture, &result, "run", "-d", "-n", "a b", "sleep", "600", NULL);
    fixture_expect_code(&result, 0);
    fixture_js(&fixture, &result, "run", "-d", "-n", "web:80", "sleep", "600", NULL);
    fixture_js(&fixture, &result, "run", "-d", "-n", "paused", "sleep", "600", NULL);
    fixture_js(&fixture, &result, "stop", "paused", NULL);
    fixture_js_until(&fixture, &result, "stopped", "ls", "paused", NULL);
    fixture_js(&fixture, &result, "run", "-d", "-n", "gone", "true", NULL);
    fixture_js(&fixture, &result, "wait", "gone", NULL);
    fixture_expect_code(&result, 0);
}

static void setup(void)
{
    char path[3 * PATH_MAX];
    fixture_init(&fixture);
    ck_assert_int_eq(mkdir(path_of("bin"), 0700), 0);
    write_file(path_of("bin/inner-tool"), "#!/bin/sh\n", 0700);
    ck_assert_int_eq(mkdir(path_of("work/some dir"), 0700), 0);
    write_file(path_of("work/some file"), "", 0600);
    write_file(path_of("work/other"), "", 0600);
    snprintf(path, sizeof(path), "%s:%s:%s", path_of("bin"), getenv("JS_TEST_BINDIR"),
             getenv("PATH"));
    fixture_setenv(&fixture, "PATH", path);
    make_jobs();
}

/*
 * For bash and zsh: `offered N WORD...` prints the words behind the first N in the order of their
 * bytes, each once.
 */
static const char shell_function[] =
    "offered() {\n"
    "    shift $(($1 + 1))\n"
    "    printf '<%s>\\n' \"$(printf '%s\\n' \"$@\" | sed 's,/$,,' | LC_ALL=C sort -u | grep . |\n"
    "        tr '\\n' '|')\"\n"
    "}\n";

/* How many words stand before the one that is to be completed. */
static int words_before(const char *line)
{
    int count = 0;
    for (; *line; line++)
        count += *line == ' ' && line[-1] != '\\';
    return count;
}

/*
 * Types the line, ^X ^A, which both shells have as "insert all candidates" here, then goes to its
 * start to put the command in front that shows them.
 */
static void expect_offered(struct pty_driver *shell, const char *line, const char *candidates)
{
    char text[256], expected[256];
    snprintf(text, sizeof(text), "%s\x18\x01", line);
    ck_assert_int_eq(pty_driver_send(shell, text), 0);
    snprintf(text, sizeof(text), "\x01 offered %d \r", words_before(line));
    ck_assert_int_eq(pty_driver_send(shell, text), 0);
    snprintf(expected, sizeof(expected), "<%s>", candidates);
    ck_assert_msg(pty_driver_await(shell, expected, deadline_default()), "'%s' does not offer '%s'",
                  line, candidates);
    ck_assert(pty_driver_await(shell, "ready> ", deadline_default()));
}

static void expect_all_offered(struct pty_driver *shell)
{
    ck_assert(pty_driver_await(shell, "ready> ", deadline_default()));
    for (size_t i = 0; i < CASES; i++) {
        /* What is not replaced by a candidate stays as it was typed. */
        const char *word = strrchr(cases[i].line, ' ') + 1;
        char typed[64];
        snprintf(typed, sizeof(typed), "%s|", word);
        bool nothing = cases[i].candidates[0] == '\0' && *word;
        expect_offered(shell, cases[i].line, nothing ? typed : cases[i].candidates);
    }
    pty_driver_destroy(shell);
}

static struct pty_driver *start_bash(const char *more)
{
    char text[PATH_MAX + 1024];
    snprintf(text, sizeof(text),
             "%s. %s\n%s\nbind '\"\\C-x\\C-a\": insert-completions'\nHISTFILE=\nPS1='ready> '\n",
             shell_function, completion_file("js.bash"), more);
    write_file(path_of("bashrc"), text, 0600);
    return fixture_terminal(&fixture, 24, 200, "bash", "--rcfile", path_of("bashrc"), "-i", NULL);
}

START_TEST(bash_offers)
{
    expect_all_offered(start_bash(""));
}
END_TEST

/* Without "=" and ":" in COMP_WORDBREAKS readline replaces the whole word. */
START_TEST(bash_offers_with_other_word_breaks)
{
    expect_all_offered(start_bash("COMP_WORDBREAKS=$' \\t\\n\"'"));
}
END_TEST

START_TEST(bash_completes_inside_quotes)
{
    struct pty_driver *shell = start_bash("");
    ck_assert(pty_driver_await(shell, "ready> ", deadline_default()));
    ck_assert_int_eq(pty_driver_send(shell, "js kill 'a\t\x01 offered 2 \r"), 0);
    pty_driver_expect(shell, "<a b|>", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "js kill \"web:\t\x01 offered 2 \r"), 0);
    pty_driver_expect(shell, "<web:80|>", deadline_default());
    pty_driver_destroy(shell);
}
END_TEST

START_TEST(bash_explains_what_it_lists)
{
    struct pty_driver *shell = start_bash("");
    ck_assert(pty_driver_await(shell, "ready> ", deadline_default()));
    ck_assert_int_eq(pty_driver_send(shell, "js fg \t\t"), 0);
    pty_driver_expect(shell, "running: sleep 600", deadline_default());
    pty_driver_expect(shell, "stopped: sleep 600", deadline_default());
    pty_driver_destroy(shell);
}
END_TEST

START_TEST(bash_offers_nothing_without_js)
{
    struct pty_driver *shell = start_bash("PATH=/usr/bin:/bin");
    ck_assert(pty_driver_await(shell, "ready> ", deadline_default()));
    expect_offered(shell, "js k", "k|");
    pty_driver_destroy(shell);
}
END_TEST

START_TEST(zsh_offers)
{
    char text[PATH_MAX + 1024];
    ck_assert_int_eq(mkdir(path_of("zsh"), 0700), 0);
    ck_assert_int_eq(symlink(completion_file("js.zsh"), path_of("zsh/_js")), 0);
    snprintf(text, sizeof(text),
             "%s"
             "fpath=(%s $fpath)\n"
             "autoload -U compinit; compinit -D -u\n"
             "zle -C all-matches complete-word _generic\n"
             "zstyle ':completion:all-matches::::' completer _all_matches _complete\n"
             "zstyle ':completion:all-matches:*' insert true\n"
             "bindkey '^X^A' all-matches; bindkey '^A' beginning-of-line\n"
             "unset HISTFILE zle_bracketed_paste\n"
             "unsetopt prompt_sp; PS1='ready> '\n",
             shell_function, path_of("zsh"));
    write_file(path_of("zsh/.zshrc"), text, 0600);
    fixture_setenv(&fixture, "ZDOTDIR", path_of("zsh"));
    expect_all_offered(fixture_terminal(&fixture, 24, 200, "zsh", "-d", "-i", NULL));
}
END_TEST

START_TEST(fish_offers)
{
    char line[PATH_MAX + 256], expected[256];
    fixture_setenv(&fixture, "XDG_CONFIG_HOME", path_of("config"));
    fixture_setenv(&fixture, "XDG_DATA_HOME", path_of("data"));
    for (size_t i = 0; i < CASES; i++) {
        /* fish takes what is not the start of any candidate as a part of one as well. */
        snprintf(line, sizeof(line),
                 "source %s; complete -C '%s' | string replace -r '/?(\\t.*)?$' '' |"
                 " LC_ALL=C sort -u",
                 completion_file("js.fish"), cases[i].line);
        fixture_run(&fixture, &result, "fish", "-c", line, NULL);
        fixture_expect_code(&result, 0);
        for (char *at = result.out; (at = strchr(at, '\n'));)
            *at = '|';
        snprintf(expected, sizeof(expected), "%s", cases[i].candidates);
        ck_assert_msg(strcmp(result.out, expected) == 0, "'%s' offers '%s', not '%s'",
                      cases[i].line, result.out, expected);
    }
}
END_TEST

/* What follows a script are its arguments, and no command line. */
START_TEST(a_script_has_files_for_arguments)
{
    static const struct {
        const char *words[5];
        const char *out;
    } lines[] = {
        {{"run", "make", ""}, ":command 1\n"},
        {{"run", "--script", ""}, ":files\n"},
        {{"run", "--script", "s", ""}, ":files\n"},
        {{"run", "--script=s", ""}, ":files\n"},
        {{"run", "-d", "--script=s", "x", ""}, ":files\n"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *const *words = lines[i].words;
        fixture_js(&fixture, &result, "complete", "--", words[0], words[1], words[2], words[3],
                   words[4], NULL);
        ck_assert_str_eq(result.out, lines[i].out);
    }
}
END_TEST

/* Every command and every option of the table is offered; `complete` itself is not. */
START_TEST(the_whole_table_is_offered)
{
    char line[128];
    fixture_js(&fixture, &result, "complete", "--", "", NULL);
    for (const struct command *const *at = commands; *at; at++) {
        snprintf(line, sizeof(line), "%s\t%s\n", (*at)->name, (*at)->summary);
        ck_assert_msg(!strstr(result.out, line) == (*at)->hidden, "%s", line);
    }
    for (const struct command *const *at = commands; *at; at++) {
        struct fixture_result options = {0};
        const struct option_spec *spec;
        if ((*at)->hidden)
            continue;
        fixture_js(&fixture, &options, "complete", "--", (*at)->name, "-", NULL);
        fixture_expect_code(&options, 0);
        for (size_t i = 0; (spec = options_row(*at, i)); i++) {
            snprintf(line, sizeof(line), "--%s\t%s\n", spec->name, spec->help);
            ck_assert_msg(strstr(options.out, line) != NULL, "%s: %s", (*at)->name, line);
        }
        fixture_result_finish(&options);
    }
}
END_TEST

static bool is_installed(const char *shell)
{
    char line[64];
    snprintf(line, sizeof(line), "command -v %s >/dev/null", shell);
    if (system(line) == 0)
        return true;
    fprintf(stderr, "# %s is not installed: not tested\n", shell);
    return false;
}

static Suite *completions_suite(void)
{
    Suite *suite = suite_create("completions");
    TCase *tc = tcase_create("shells");
    tcase_add_checked_fixture(tc, setup, world_end);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_whole_table_is_offered);
    tcase_add_test(tc, bash_offers);
    tcase_add_test(tc, bash_offers_with_other_word_breaks);
    tcase_add_test(tc, bash_completes_inside_quotes);
    tcase_add_test(tc, a_script_has_files_for_arguments);
    tcase_add_test(tc, bash_explains_what_it_lists);
    tcase_add_test(tc, bash_offers_nothing_without_js);
    if (is_installed("zsh"))
        tcase_add_test(tc, zsh_offers);
    if (is_installed("fish"))
        tcase_add_test(tc, fish_offers);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(completions_suite());
}

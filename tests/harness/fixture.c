#include "tests/harness/fixture.h"

#include "tests/harness/proc.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS_MAX 64

static void must_make_directory(const char *path)
{
    ck_assert_msg(mkdir(path, 0700) == 0, "cannot make %s: %s", path, strerror(errno));
}

/* The program `name` in the directory that the variable tells. */
static void find_program(char path[PATH_MAX], const char *variable, const char *name)
{
    const char *directory = getenv(variable);
    ck_assert_msg(directory != NULL, "%s is not set: which %s is to be tested?", variable, name);
    char *resolved = realpath(directory, NULL);
    ck_assert_msg(resolved != NULL, "%s=%s: %s", variable, directory, strerror(errno));
    int len = snprintf(path, PATH_MAX, "%s/%s", resolved, name);
    free(resolved);
    ck_assert_int_lt(len, PATH_MAX);
}

static void make_directories(struct fixture *fixture)
{
    snprintf(fixture->root, sizeof(fixture->root), "%s/XXXXXX", runner_directory());
    ck_assert_msg(mkdtemp(fixture->root) != NULL, "%s: %s", fixture->root, strerror(errno));
    snprintf(fixture->run_dir, sizeof(fixture->run_dir), "%s/run", fixture->root);
    snprintf(fixture->state_dir, sizeof(fixture->state_dir), "%s/state", fixture->root);
    snprintf(fixture->home, sizeof(fixture->home), "%s/home", fixture->root);
    snprintf(fixture->work, sizeof(fixture->work), "%s/work", fixture->root);
    must_make_directory(fixture->home);
    must_make_directory(fixture->work);
}

static void set_path(struct fixture *fixture)
{
    char path[3 * PATH_MAX];
    const char *rest = getenv("PATH");
    snprintf(path, sizeof(path), "%s:%s:%s", getenv("JS_TEST_BINDIR"), getenv("JS_TEST_HELPERS"),
             rest ? rest : "/usr/bin:/bin");
    fixture_setenv(fixture, "PATH", path);
}

static void set_environment(struct fixture *fixture)
{
    static const char *const kept[] = {"ASAN_OPTIONS",     "UBSAN_OPTIONS",  "LSAN_OPTIONS",
                                       "JS_TEST_SLOW",     "JS_TEST_BINDIR", "JS_TEST_HELPERS",
                                       "LLVM_PROFILE_FILE"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const char *value = getenv(kept[i]);
        if (value)
            fixture_setenv(fixture, kept[i], value);
    }
    set_path(fixture);
    fixture_setenv(fixture, "HOME", fixture->home);
    fixture_setenv(fixture, "JS_DIR", fixture->run_dir);
    fixture_setenv(fixture, "JS_STATE_DIR", fixture->state_dir);
    fixture_setenv(fixture, "TERM", "xterm-256color");
    fixture_setenv(fixture, "LANG", "C.UTF-8");
    fixture_setenv(fixture, "SHELL", "/bin/sh");
    fixture_setenv(fixture, "USER", "tester");
    fixture_setenv(fixture, "LOGNAME", "tester");
}

void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.fds_before = runner_fd_count()};
    /* Orphans come to this process first, so that fixture_finish can tell whose they are. */
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    find_program(fixture->js, "JS_TEST_BINDIR", "js");
    find_program(fixture->jsd, "JS_TEST_BINDIR", "jsd");
    find_program(fixture->pty_child, "JS_TEST_HELPERS", "pty_child");
    make_directories(fixture);
    set_environment(fixture);
}

/* The slot of the variable in the environment, or the first empty one. */
static size_t find_variable(struct fixture *fixture, const char *name)
{
    size_t len = strlen(name);
    size_t i = 0;
    while (fixture->env[i]) {
        if (strncmp(fixture->env[i], name, len) == 0 && fixture->env[i][len] == '=')
            break;
        i++;
    }
    return i;
}

void fixture_setenv(struct fixture *fixture, const char *name, const char *value)
{
    size_t at = find_variable(fixture, name);
    free(fixture->env[at]);
    if (value) {
        ck_assert_uint_lt(at, FIXTURE_ENV_MAX);
        char *entry = NULL;
        ck_assert_int_gt(asprintf(&entry, "%s=%s", name, value), 0);
        fixture->env[at] = entry;
        return;
    }
    /* Close the gap with the last entry. */
    size_t last = at;
    while (fixture->env[last] && last < FIXTURE_ENV_MAX && fixture->env[last + 1])
        last++;
    fixture->env[at] = last > at ? fixture->env[last] : NULL;
    fixture->env[last] = NULL;
}

void fixture_result_finish(struct fixture_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct fixture_result){0};
}

/* The transcript's bytes with a NUL behind them, as memory of its own. */
static char *take_text(const struct transcript *transcript, size_t *ret_len)
{
    char *text = malloc(transcript->all.len + 1);
    ck_assert_ptr_nonnull(text);
    if (transcript->all.len > 0)
        memcpy(text, transcript->all.data, transcript->all.len);
    text[transcript->all.len] = '\0';
    *ret_len = transcript->all.len;
    return text;
}

static struct program_options complete(const struct fixture *fixture,
                                       const struct program_options *options)
{
    struct program_options full = *options;
    if (!full.env)
        full.env = (char *const *)fixture->env;
    if (!full.cwd)
        full.cwd = fixture->work;
    return full;
}

void fixture_run_options(struct fixture *fixture, struct fixture_result *result,
                         const struct program_options *options)
{
    fixture_result_finish(result);
    struct program_options full = complete(fixture, options);
    struct program program;
    int64_t start_ns = deadline_now_ns();
    int r = program_start(&program, &full);
    ck_assert_msg(r == 0, "cannot start %s: %s", options->argv[0], strerror(-r));
    r = program_wait(&program, deadline_default());
    if (r < 0) {
        program_print(&program, stderr);
        ck_abort_msg("%s %s: %s", options->argv[0], options->argv[1] ? options->argv[1] : "",
                     r == -EBUSY ? "has ended, but its output is held open" : strerror(-r));
    }
    result->ms = (double)(deadline_now_ns() - start_ns) / 1e6;
    result->wait_status = program.wait_status;
    result->code = program_exit_code(&program);
    result->out = take_text(&program.out, &result->out_len);
    result->err = take_text(&program.err, &result->err_len);
    program_finish(&program);
}

/* Collects arguments up to NULL behind argv[count]. */
static void collect(const char **argv, size_t count, va_list rest)
{
    const char *argument;
    do {
        ck_assert_uint_lt(count, ARGUMENTS_MAX);
        argument = va_arg(rest, const char *);
        argv[count++] = argument;
    } while (argument);
}

void fixture_run(struct fixture *fixture, struct fixture_result *result, const char *path, ...)
{
    const char *argv[ARGUMENTS_MAX] = {path};
    va_list rest;
    va_start(rest, path);
    collect(argv, 1, rest);
    va_end(rest);
    fixture_run_options(fixture, result, &(struct program_options){.argv = argv});
}

void fixture_js(struct fixture *fixture, struct fixture_result *result, ...)
{
    const char *argv[ARGUMENTS_MAX] = {fixture->js};
    va_list rest;
    va_start(rest, result);
    collect(argv, 1, rest);
    va_end(rest);
    fixture_run_options(fixture, result, &(struct program_options){.argv = argv});
}

void fixture_shell_line(struct fixture *fixture, struct fixture_result *result, const char *line)
{
    fixture_run(fixture, result, "/bin/sh", "-c", line, NULL);
}

void fixture_js_until(struct fixture *fixture, struct fixture_result *result, const char *text, ...)
{
    const char *argv[ARGUMENTS_MAX] = {fixture->js};
    va_list rest;
    va_start(rest, text);
    collect(argv, 1, rest);
    va_end(rest);
    struct deadline deadline = deadline_default();
    do {
        fixture_run_options(fixture, result, &(struct program_options){.argv = argv});
        if (strstr(result->out, text))
            return;
    } while (!deadline_passed(deadline));
    fprintf(stderr, "# last stdout: %s\n# last stderr: %s\n", result->out, result->err);
    ck_abort_msg("js %s did not say \"%s\" in time", argv[1] ? argv[1] : "", text);
}

void fixture_start(struct fixture *fixture, struct program *program, const char *path, ...)
{
    const char *argv[ARGUMENTS_MAX] = {path};
    va_list rest;
    va_start(rest, path);
    collect(argv, 1, rest);
    va_end(rest);
    struct program_options options =
        complete(fixture, &(struct program_options){.argv = argv, .keep_input = true});
    int r = program_start(program, &options);
    ck_assert_msg(r == 0, "cannot start %s: %s", path, strerror(-r));
}

static struct pty_driver *open_window(struct fixture *fixture, int rows, int cols,
                                      const char *const *argv)
{
    struct pty_driver *driver = pty_driver_start(&(struct pty_driver_options){
        .argv = argv,
        .env = fixture->env,
        .cwd = fixture->work,
        .rows = rows,
        .cols = cols,
    });
    ck_assert_msg(driver != NULL, "cannot run %s in a terminal", argv[0]);
    return driver;
}

struct pty_driver *fixture_terminal(struct fixture *fixture, int rows, int cols, const char *path,
                                    ...)
{
    const char *argv[ARGUMENTS_MAX] = {path};
    va_list rest;
    va_start(rest, path);
    collect(argv, 1, rest);
    va_end(rest);
    return open_window(fixture, rows, cols, argv);
}

struct pty_driver *fixture_shell(struct fixture *fixture, int rows, int cols)
{
    static const char *const argv[] = {"bash", "--norc", "--noprofile", "--noediting", "-i", NULL};
    fixture_setenv(fixture, "PS1", "<$?>");
    fixture_setenv(fixture, "HISTFILE", "");
    struct pty_driver *driver = open_window(fixture, rows, cols, argv);
    fixture_setenv(fixture, "PS1", NULL);
    fixture_setenv(fixture, "HISTFILE", NULL);
    pty_driver_expect(driver, "<0>", deadline_default());
    return driver;
}

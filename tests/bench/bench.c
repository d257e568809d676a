#include "tests/bench/bench.h"

#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/program.h"
#include "tests/harness/tree.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MINUTE_MS 60000

static const char *const names[BENCH_TOOLS] = {
    [BENCH_BARE] = "bare", [BENCH_SCRIPT] = "script", [BENCH_DTACH] = "dtach",
    [BENCH_TMUX] = "tmux", [BENCH_SCREEN] = "screen", [BENCH_JS] = "js",
};

const struct bench_kind bench_kinds[BENCH_KINDS] = {
    {"long", 32, 50},
    {"y", 4, 5},
    {"colour", 32, 50},
    {"cursor", 32, 50},
};

static struct bench *current; /* whose world bench_fail clears away */

void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    if (current)
        bench_end(current);
    exit(1);
}

const char *bench_name(enum bench_tool tool)
{
    return names[tool];
}

long bench_scaled(long number)
{
    const char *percent = getenv("JS_BENCH_PERCENT");
    long scaled = percent ? number * strtol(percent, NULL, 10) / 100 : number;
    return scaled > 0 ? scaled : 1;
}

double bench_now_ms(void)
{
    return (double)deadline_now_ns() / 1e6;
}

double bench_cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The world */

static bool in_path(const char *name)
{
    const char *path = getenv("PATH");
    char *copy = strdup(path ? path : "/usr/bin:/bin");
    bool found = false;
    char *rest = NULL;
    for (char *at = strtok_r(copy, ":", &rest); at && !found; at = strtok_r(NULL, ":", &rest)) {
        char program[PATH_MAX];
        snprintf(program, sizeof(program), "%s/%s", at, name);
        found = access(program, X_OK) == 0;
    }
    free(copy);
    return found;
}

static bool is_chosen(const char *name)
{
    const char *chosen = getenv("JS_BENCH_TOOLS");
    if (!chosen)
        return true;
    char list[200];
    char word[40];
    snprintf(list, sizeof(list), ",%s,", chosen);
    snprintf(word, sizeof(word), ",%s,", name);
    return strstr(list, word) != NULL;
}

static void set_directory(const struct bench *bench, const char *variable, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", bench->root, name);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        bench_fail("cannot make %s: %s", path, strerror(errno));
    setenv(variable, path, 1);
}

/*
 * Below the build directory, not /tmp: ext4 takes no inode that was freed within the last seconds,
 * and looks for another. Where tests have just removed thousands of files, creating one takes
 * 700 us instead of 10. Socket paths must stay short, though.
 */
static void name_root(struct bench *bench)
{
    enum { ROOT_MAX = 40 };
    const char *below = getenv("JS_BENCH_DIR");
    if (!below)
        below = getenv("JS_TEST_BINDIR");
    if (!below || strlen(below) > ROOT_MAX)
        below = "/tmp";
    snprintf(bench->root, sizeof(bench->root), "%s/jsb-XXXXXX", below);
}

static void make_world(struct bench *bench)
{
    name_root(bench);
    if (!mkdtemp(bench->root))
        bench_fail("cannot make %s: %s", bench->root, strerror(errno));
    set_directory(bench, "HOME", "home");
    set_directory(bench, "JS_DIR", "run");
    set_directory(bench, "JS_STATE_DIR", "state");
    set_directory(bench, "TMUX_TMPDIR", "tmux");
    set_directory(bench, "SCREENDIR", "screen");
}

static void find_tools(struct bench *bench)
{
    const char *helpers = getenv("JS_TEST_HELPERS");
    const char *programs = getenv("JS_TEST_BINDIR");
    if (!helpers)
        bench_fail("JS_TEST_HELPERS is not set: where is pty_child?");
    snprintf(bench->pty_child, sizeof(bench->pty_child), "%s/pty_child", helpers);
    if (programs) {
        char path[3 * PATH_MAX];
        const char *rest = getenv("PATH");
        snprintf(path, sizeof(path), "%s:%s", programs, rest ? rest : "/usr/bin:/bin");
        setenv("PATH", path, 1);
    }
    for (int tool = 0; tool < BENCH_TOOLS; tool++)
        bench->present[tool] =
            is_chosen(names[tool]) && (tool == BENCH_BARE || in_path(names[tool]));
}

void bench_begin(struct bench *bench, const char *title)
{
    static const char *const unwanted[] = {"TMUX",      "STY",        "JS_JOB_ID", "JS_JOB_UID",
                                           "JS_SOCKET", "JS_ATTEMPT", "JS_CONFIG", "JS_LOG"};
    *bench = (struct bench){0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        bench_fail("cannot become a subreaper: %s", strerror(errno));
    for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
        unsetenv(unwanted[i]);
    setenv("TERM", "xterm-256color", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("SHELL", "/bin/sh", 1);
    make_world(bench);
    current = bench;
    find_tools(bench);
    printf("== %s\n", title);
}

void bench_end(struct bench *bench)
{
    current = NULL;
    if (proc_kill_descendants(deadline_in_ms(MINUTE_MS)) < 0)
        fprintf(stderr, "some processes did not die\n");
    int r = tree_remove(bench->root);
    if (r < 0)
        fprintf(stderr, "cannot remove %s: %s\n", bench->root, strerror(-r));
}

void bench_renew(struct bench *bench)
{
    bench_end(bench);
    make_world(bench);
    current = bench;
}

/* Commands */

static size_t append(struct bench_command *command, size_t count, const char *const *words)
{
    for (; *words; words++) {
        if (count + 1 >= sizeof(command->argv) / sizeof(command->argv[0]))
            bench_fail("too many arguments");
        command->argv[count++] = *words;
    }
    command->argv[count] = NULL;
    return count;
}

/* All words of the program in one, for a shell. */
static const char *join(struct bench_command *command, const char *const *program)
{
    size_t len = 0;
    char *line = command->words[0];
    for (; *program; program++)
        len += (size_t)snprintf(line + len, sizeof(command->words[0]) - len, "%s%s",
                                len > 0 ? " " : "exec ", *program);
    return line;
}

/* A name that no command had before: a socket's path for dtach, a session's name for screen. */
static const char *fresh_name(struct bench *bench, enum bench_tool tool,
                              struct bench_command *command)
{
    bench->serial++;
    if (tool == BENCH_DTACH)
        snprintf(command->words[1], sizeof(command->words[1]), "%s/d%u", bench->root,
                 bench->serial);
    else
        snprintf(command->words[1], sizeof(command->words[1]), "s%u", bench->serial);
    return command->words[1];
}

void bench_attached(struct bench *bench, enum bench_tool tool, const char *const *program,
                    struct bench_command *ret)
{
    const char *name = fresh_name(bench, tool, ret);
    const char *const no_words[] = {NULL};
    const char *const by_script[] = {"script", "-q", "-c", join(ret, program), "/dev/null", NULL};
    const char *const by_dtach[] = {"dtach", "-A", name, "-r", "none", NULL};
    const char *const by_tmux[] = {"tmux", "-f", "/dev/null", "new-session", NULL};
    const char *const by_screen[] = {"screen", "-c", "/dev/null", "-m", "-S", name, NULL};
    const char *const by_js[] = {"js", "run", "--", NULL};
    const char *const *const words[BENCH_TOOLS] = {no_words, by_script, by_dtach,
                                                   by_tmux,  by_screen, by_js};
    size_t count = append(ret, 0, words[tool]);
    if (tool != BENCH_SCRIPT)
        append(ret, count, program);
}

bool bench_detached(struct bench *bench, enum bench_tool tool, const char *const *program,
                    struct bench_command *ret)
{
    const char *name = fresh_name(bench, tool, ret);
    const char *const by_dtach[] = {"dtach", "-n", name, NULL};
    const char *const by_tmux[] = {"tmux", "-f", "/dev/null", "new-session", "-d", NULL};
    const char *const by_screen[] = {"screen", "-c", "/dev/null", "-dmS", name, NULL};
    const char *const by_js[] = {"js", "run", "-d", "--", NULL};
    const char *const *const words[BENCH_TOOLS] = {NULL, NULL, by_dtach, by_tmux, by_screen, by_js};
    if (!words[tool])
        return false;
    append(ret, append(ret, 0, words[tool]), program);
    return true;
}

void bench_use_fresh_server(struct bench *bench)
{
    char name[40];
    snprintf(name, sizeof(name), "fresh%u", ++bench->serial);
    set_directory(bench, "JS_DIR", name);
    set_directory(bench, "TMUX_TMPDIR", name);
}

/* Running them */

struct pty_driver *bench_open(const char *const *argv)
{
    struct pty_driver *driver = pty_driver_start(&(struct pty_driver_options){.argv = argv});
    if (!driver)
        bench_fail("cannot run %s", argv[0]);
    return driver;
}

/* Runs to the end; the result is the caller's to finish. */
static double run_to_end(const char *const *argv, struct program *program)
{
    double start = bench_now_ms();
    int r = program_start(program, &(struct program_options){.argv = argv});
    if (r < 0)
        bench_fail("cannot run %s: %s", argv[0], strerror(-r));
    r = program_wait(program, deadline_in_ms(MINUTE_MS));
    if (r < 0 || program_exit_code(program) != 0) {
        program_print(program, stderr);
        bench_fail("%s %s: %s", argv[0], argv[1] ? argv[1] : "",
                   r == -EBUSY ? "its output is still held open"
                   : r < 0     ? strerror(-r)
                               : "it has failed");
    }
    return bench_now_ms() - start;
}

double bench_run(const char *const *argv)
{
    struct program program;
    double ms = run_to_end(argv, &program);
    program_finish(&program);
    return ms;
}

char *bench_output(const char *const *argv)
{
    struct program program;
    (void)run_to_end(argv, &program);
    transcript_add(&program.out, "", 1);
    char *text = (char *)program.out.all.data;
    program.out.all = (struct bytes){0};
    program_finish(&program);
    return text;
}

#define TAIL_MAX 256

void bench_read_until(int fd, const char *text)
{
    /* The end of what came before stays in front of what comes, for a text that is cut in two. */
    static char data[TAIL_MAX + 65536];
    size_t tail = 0;
    struct deadline deadline = deadline_in_ms(MINUTE_MS);
    for (;;) {
        if (await_readable(fd, deadline) < 0)
            bench_fail("\"%s\" did not come", text);
        ssize_t n = read(fd, data + tail, sizeof(data) - tail);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            bench_fail("the output has ended without \"%s\"", text);
        size_t len = tail + (size_t)n;
        if (memmem(data, len, text, strlen(text)))
            return;
        tail = len < TAIL_MAX ? len : TAIL_MAX;
        memmove(data, data + len - tail, tail);
    }
}

void bench_read_until_quiet(int fd, int ms)
{
    char data[65536];
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    while (poll(&entry, 1, ms) > 0 && read(fd, data, sizeof(data)) > 0)
        continue;
}

size_t bench_find(const char *text, pid_t **ret_pids)
{
    struct proc_list list = {0};
    if (proc_list_descendants(getpid(), &list) < 0)
        bench_fail("cannot read /proc");
    pid_t *pids = calloc(list.count + 1, sizeof(*pids));
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) {
        char command[1000];
        proc_command(list.items[i].pid, command, sizeof(command));
        /* The tool's own command line has the program's in it: only the program begins with it. */
        if (list.items[i].state != 'Z' && strncmp(command, text, strlen(text)) == 0)
            pids[count++] = list.items[i].pid;
    }
    proc_list_finish(&list);
    *ret_pids = pids;
    return count;
}

void bench_await(const char *text, size_t count)
{
    struct deadline deadline = deadline_in_ms(MINUTE_MS);
    size_t found = 0;
    while (found < count) {
        if (deadline_passed(deadline))
            bench_fail("only %zu of %zu processes \"%s\" have come", found, count, text);
        pid_t *pids = NULL;
        found = bench_find(text, &pids);
        free(pids);
        (void)poll(NULL, 0, 10);
    }
}

void bench_header(const struct bench *bench, const char *columns)
{
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        if (!bench->present[tool])
            printf("%s: missing, not measured\n", names[tool]);
    }
    printf("%-8s %s\n", "tool", columns);
}

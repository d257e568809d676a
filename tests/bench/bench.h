/*
 * What the benchmarks share: a private world (directories, environment, cleaning up), js and its
 * peers as tools that run a program in a terminal, and how their results are printed.
 *
 * All tools are measured in the same run, taking turns, so that their ratios mean something on a
 * machine that is busy otherwise. A peer that is not installed is reported as missing.
 *
 * Environment: JS_TEST_BINDIR (js), JS_TEST_HELPERS (pty_child); JS_BENCH_PERCENT (rounds and
 * amounts, 100 unless set); JS_BENCH_TOOLS (names with commas: only these tools); JS_BENCH_DIR
 * (where the private world is made; unless set, the build directory, or /tmp if its path is long).
 *
 * What goes wrong ends the program with a message and status 1.
 */
#ifndef JS_TESTS_BENCH_BENCH_H
#define JS_TESTS_BENCH_BENCH_H

#include "tests/bench/samples.h"
#include "tests/harness/pty_driver.h"

#include <limits.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

enum bench_tool {
    BENCH_BARE, /* no tool: the program in the terminal itself */
    BENCH_SCRIPT,
    BENCH_DTACH,
    BENCH_TMUX,
    BENCH_SCREEN,
    BENCH_JS,
    BENCH_TOOLS
};

struct bench {
    char root[64];
    char pty_child[PATH_MAX];
    bool present[BENCH_TOOLS];
    unsigned serial; /* makes the names of sockets */
};

/* Kinds of output: how pty_child calls them, and how many MB are enough to measure (a terminal
 * takes lines of one letter thirty times slower than long ones). */
enum { BENCH_KINDS = 4 };
extern const struct bench_kind {
    const char *name;
    int attached_mb;
    int detached_mb;
} bench_kinds[BENCH_KINDS];

/* A program with its arguments. */
struct bench_command {
    const char *argv[24]; /* NULL-terminated; into words or to constants */
    char words[4][PATH_MAX];
};

noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes the world, sets the environment, finds the tools, prints the title. */
void bench_begin(struct bench *bench, const char *title);

/* Kills everything that descends from this program and removes the world. */
void bench_end(struct bench *bench);

/* Kills everything that descends from this program, and starts over with empty directories. */
void bench_renew(struct bench *bench);

const char *bench_name(enum bench_tool tool);

/* number × JS_BENCH_PERCENT / 100, at least 1. */
long bench_scaled(long number);

/*
 * The command that runs `program` in the caller's terminal under the tool, attached. The program's
 * arguments must not need quoting, for script(1) takes one shell line.
 */
void bench_attached(struct bench *bench, enum bench_tool tool, const char *const *program,
                    struct bench_command *ret);

/* The command that starts `program` under the tool, detached. False for those that cannot. */
bool bench_detached(struct bench *bench, enum bench_tool tool, const char *const *program,
                    struct bench_command *ret);

/* Makes commands of tmux and js use servers that do not run yet, from now on. */
void bench_use_fresh_server(struct bench *bench);

/* Opens a terminal of 24 rows and 80 columns with the command in it. */
struct pty_driver *bench_open(const char *const *argv);

/* Runs a command without a terminal to its end, expects status 0. How long it took, in ms. */
double bench_run(const char *const *argv);

/* The same, keeping its stdout: the caller frees it. */
char *bench_output(const char *const *argv);

/* Reads and forgets a terminal's output until the text has come; its distance to the last output
 * byte does not matter. Fails after a minute. */
void bench_read_until(int fd, const char *text);

/* Reads and forgets until nothing has come for so long. */
void bench_read_until_quiet(int fd, int ms);

double bench_now_ms(void);

/* The processor time of this process so far. */
double bench_cpu_ms(void);

/* Living descendants of this program whose command line contains the text: their pids, into fresh
 * memory that the caller frees. */
size_t bench_find(const char *text, pid_t **ret_pids);

/* Waits until at least `count` descendants' command lines contain the text. */
void bench_await(const char *text, size_t count);

/* A line about each tool that is missing; then a blank line and the names of the columns. */
void bench_header(const struct bench *bench, const char *columns);

#endif

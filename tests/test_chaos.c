/*
 * The server dies, is replaced or hangs at random moments while jobs count, end and are started,
 * and two terminals are attached. Nothing is lost, nobody is interrupted, nothing is left behind.
 *
 *     meson test -C build --setup chaos --suite chaos
 *
 * runs the chaos tests with the numbers of rounds that the project promises; see harness/chaos.h.
 */
#include "tests/harness/await.h"
#include "tests/harness/chaos.h"
#include "tests/harness/counters.h"
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/tree.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEW       1
#define ASKED     200
#define ROUND_MS  3000
#define LIVE_JOBS 20
#define VICTIMS   3
#define MOMENT_US 12000 /* within which the blow falls, once commands are under way */

static struct chaos chaos;
static struct counters counters;

/* Two terminals: job 1 answers each line, job 2 counts by itself. */
static struct pty_driver *talker, *shower;
static pid_t holders[2];
static size_t holder_fds[2], client_fds[2];

static struct {
    unsigned commands, broken_off;
} told;

/* A command that is under way when the blow falls. */
struct victim {
    struct program program;
    bool runs; /* js run -d */
};

static struct victim victims[VICTIMS];

/* The world */

/* The programs in a directory of their own, where one may be replaced. */
static void use_private_binaries(void)
{
    char bin[80];
    snprintf(bin, sizeof(bin), "%s/bin/", fixture.root);
    ck_assert_int_eq(mkdir(bin, 0700), 0);
    fixture_run(&fixture, &result, "/bin/cp", fixture.js, fixture.jsd, bin, NULL);
    fixture_expect_code(&result, 0);
    snprintf(fixture.js, sizeof(fixture.js), "%s/bin/js", fixture.root);
    snprintf(fixture.jsd, sizeof(fixture.jsd), "%s/bin/jsd", fixture.root);
}

static void keep_all_jobs(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/config", fixture.root);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs("keep-jobs = 1000000\n", file);
    fclose(file);
    fixture_setenv(&fixture, "JS_CONFIG", path);
}

static pid_t holder_of(const char *job)
{
    char line[128];
    snprintf(line, sizeof(line), "js show %s | sed -n 's/^holder *//p'", job);
    fixture_shell_line(&fixture, &result, line);
    ck_assert_int_gt(atoi(result.out), 1);
    return (pid_t)atoi(result.out);
}

/* How many descriptors a process has once it is at rest. */
static size_t settled_fds(pid_t pid)
{
    struct deadline deadline = deadline_default();
    size_t fds = watch_fds(pid);
    for (int same = 0; same < 20; same++) {
        size_t now = watch_fds(pid);
        same = now == fds ? same : 0;
        fds = now;
        ck_assert(!deadline_passed(deadline));
    }
    return fds;
}

static void begin(void)
{
    fixture_init(&fixture);
    use_private_binaries();
    keep_all_jobs();
    chaos_begin(&chaos, FEW, ASKED);
    counters_init(&counters, &fixture, &chaos);
    talker = fixture_terminal(&fixture, 24, 80, fixture.js, "run", "--", fixture.pty_child, "ready",
                              "lines", NULL);
    pty_driver_expect(talker, "READY\r\n", deadline_default());
    fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "line", "numbered",
               "10000000", "15000", NULL);
    fixture_expect_code(&result, 0);
    shower = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "2", NULL);
    jobs_await_viewers(&fixture, "2", 1);
    ck_assert_int_eq(pty_driver_send(shower, "go\r"), 0);
    pty_driver_expect(shower, "GOT go\r\n", deadline_default());
    pty_driver_expect(shower, "line 1\r\n", deadline_default());
    holders[0] = holder_of("1");
    holders[1] = holder_of("2");
    client_fds[0] = settled_fds(pty_driver_pid(talker));
    client_fds[1] = settled_fds(pty_driver_pid(shower));
    for (int i = 0; i < 2; i++)
        holder_fds[i] = settled_fds(holders[i]);
}

static void end(void)
{
    counters_finish(&counters);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

/* Commands under way */

static void start_victim(struct victim *victim)
{
    static const char *const others[][4] = {
        {"ls", "-a", "--json"}, {"show", "1"}, {"logs", "-n", "3", "2"}, {"ls"}};
    struct counters_command command;
    unsigned other = chaos_below(&chaos, 8);
    victim->runs = other >= 4;
    counters_make(&counters, &command);
    if (victim->runs)
        fixture_start(&fixture, &victim->program, command.argv[0], "run", "-d", "--", "pty_child",
                      "numbered", command.argv[6], command.argv[7], command.argv[8],
                      command.argv[9], NULL);
    else
        fixture_start(&fixture, &victim->program, fixture.js, others[other][0], others[other][1],
                      others[other][2], others[other][3], NULL);
    told.commands++;
}

/* It has done what it should, or says in words that the server went away under it. */
static void judge_victim(struct victim *victim)
{
    program_must_end(&victim->program, deadline_default());
    int code = program_exit_code(&victim->program);
    char *out = transcript_text(&victim->program.out, 0);
    if (code != 0) {
        told.broken_off++;
        program_print(&victim->program, stderr);
    }
    ck_assert_int_eq(code, 0);
    if (victim->runs)
        counters_promise(&counters, out);
    free(out);
    program_finish(&victim->program);
}

/* The attached terminals */

static void expect_attached(const char *when, unsigned round)
{
    char line[64], answer[80];
    struct transcript *shown = pty_driver_transcript(shower);
    snprintf(line, sizeof(line), "%s %u\r", when, round);
    snprintf(answer, sizeof(answer), "GOT %s %u\r\n", when, round);
    ck_assert_int_eq(pty_driver_send(talker, line), 0);
    ck_assert(pty_driver_await(talker, answer, deadline_default()));
    pty_driver_read_now(shower);
    shown->mark = shown->all.len;
    pty_driver_expect(shower, "\n", deadline_default());
}

/* The length of the escape sequence that text begins with (ECMA-48: CSI, OSC up to ST), or 0. */
static size_t sequence_length(const char *text, size_t len)
{
    size_t at = 2;
    if (len < 3 || text[0] != '\033' || (text[1] != '[' && text[1] != ']'))
        return 0;
    if (text[1] == ']') {
        const char *end = memmem(text, len, "\033\\", 2);
        return end ? (size_t)(end - text) + 2 : 0;
    }
    while (at < len && (text[at] < 0x40 || text[at] > 0x7e))
        at++;
    return at < len ? at + 1 : 0;
}

/* What is shown, without what js asks the terminal about itself. */
static size_t strip(char *text, size_t len)
{
    size_t kept = 0;
    for (size_t at = 0; at < len;) {
        size_t sequence = sequence_length(text + at, len - at);
        if (sequence == 0)
            text[kept++] = text[at];
        at += sequence ? sequence : 1;
    }
    return kept;
}

/* One line after the other since the start, and nothing else. */
static void expect_uninterrupted(void)
{
    const struct transcript *shown = pty_driver_transcript(shower);
    const char *text = (const char *)shown->all.data;
    const char *first = memmem(text, shown->all.len, "GOT go\r\n", 8);
    ck_assert_ptr_nonnull(first);
    char *stripped = transcript_text(shown, (size_t)(first + 8 - text));
    size_t len = strip(stripped, strlen(stripped)), rest;
    unsigned lines = counters_read_lines(stripped, len, 1, &rest);
    free(stripped);
    ck_assert_uint_gt(lines, chaos.rounds);
    if (rest != len)
        transcript_print(shown, stderr);
    ck_assert_uint_eq(rest, len);
    ck_assert(!transcript_has_since(pty_driver_transcript(talker), 0, "js:"));
}

/* The blows */

static pid_t server;

static void list_now(void)
{
    fixture_js(&fixture, &result, "ls", "-a", "--json", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    counters_check(&counters, result.out);
}

static void strike_kill(void)
{
    chaos_kill(server, SIGKILL);
}

static void strike_restart(void)
{
    fixture_js(&fixture, &result, "server", "restart", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    ck_assert_int_ne(fixture_server_pid(&fixture), server);
}

/* As an upgrade does: another file of that name. A byte behind an ELF file's end means nothing. */
static void swap_binary(void)
{
    fixture_run(&fixture, &result, "/bin/sh", "-c",
                "cp $0 $0.new && printf x >>$0.new && mv -f $0.new $0", fixture.jsd, NULL);
    fixture_expect_code(&result, 0);
}

static void expect_new_binary(void)
{
    char path[64];
    struct stat installed, running;
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)fixture_server_pid(&fixture));
    ck_assert_int_eq(stat(path, &running), 0);
    ck_assert_int_eq(stat(fixture.jsd, &installed), 0);
    ck_assert_uint_eq(running.st_ino, installed.st_ino);
}

static void strike_swap(void)
{
    swap_binary();
    if (chaos_below(&chaos, 2))
        strike_restart();
    else
        strike_kill();
    list_now();
    expect_new_binary();
}

/* A server that hangs for a while delays whoever asks it, and nobody else. */
static void strike_stop(void)
{
    struct program asking;
    chaos_kill(server, SIGSTOP);
    jobs_await_process(server, 'T');
    expect_attached("stopped", 0);
    fixture_start(&fixture, &asking, fixture.js, "ls", "-a", "--json", NULL);
    chaos_delay(&chaos, 3 * MOMENT_US);
    chaos_kill(server, SIGCONT);
    program_must_end(&asking, deadline_default());
    ck_assert_int_eq(program_exit_code(&asking), 0);
    program_finish(&asking);
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
}

/* Hung first, killed then. */
static void strike_stop_and_kill(void)
{
    chaos_kill(server, SIGSTOP);
    chaos_delay(&chaos, MOMENT_US);
    strike_kill();
}

/* As a cleaner of temporary files does it; what comes back meanwhile may be left. */
static void strike_sweep(void)
{
    fixture_run(&fixture, &result, "/bin/rm", "-rf", fixture.run_dir, NULL);
}

static void strike_sweep_and_kill(void)
{
    strike_sweep();
    chaos_delay(&chaos, MOMENT_US);
    pid_t now = chaos_server(&fixture);
    if (now > 0)
        chaos_kill(now, SIGKILL);
}

static const struct blow {
    const char *name;
    void (*strike)(void);
} blows[] = {
    {"kill", strike_kill},
    {"restart", strike_restart},
    {"swap", strike_swap},
    {"stop", strike_stop},
    {"stop and kill", strike_stop_and_kill},
    {"sweep", strike_sweep},
    {"sweep and kill", strike_sweep_and_kill},
};

#define BLOWS (sizeof(blows) / sizeof(blows[0]))

static void round_of(const struct blow *blow, unsigned round)
{
    while (counters.live < LIVE_JOBS) {
        counters_start(&counters);
        counters.live++;
    }
    server = fixture_server_pid(&fixture);
    ck_assert_int_gt(server, 0);
    for (size_t i = 0; i < VICTIMS; i++)
        start_victim(&victims[i]);
    chaos_delay(&chaos, MOMENT_US);
    blow->strike();
    if (chaos_below(&chaos, 3) == 0)
        counters_start(&counters); /* the next command is one that starts a job */
    list_now();
    expect_attached("round", round);
    for (size_t i = 0; i < VICTIMS; i++)
        judge_victim(&victims[i]);
    list_now();
}

/* The end of the world, in order */

static void expect_no_process(void)
{
    struct deadline deadline = deadline_default();
    struct proc_list list = {0};
    size_t alive;
    do {
        ck_assert_int_eq(proc_reap_and_list(&list), 0);
        alive = proc_list_alive(&list);
        if (alive > 0 && deadline_passed(deadline))
            proc_list_print(&list, "still there");
        proc_list_finish(&list);
    } while (alive > 0 && !deadline_passed(deadline));
    ck_assert_uint_eq(alive, 0);
}

/* What a server that was stopped leaves in its directory. */
static void expect_empty_runtime_dir(void)
{
    DIR *directory = opendir(fixture.run_dir);
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        const char *name = entry->d_name;
        bool belongs = name[0] == '.' || strcmp(name, "lock") == 0 ||
                       strcmp(name, "start.lock") == 0 || strcmp(name, "jobs") == 0 ||
                       strcmp(name, "server.state") == 0 || strncmp(name, "server.log", 10) == 0;
        ck_assert_msg(belongs, "%s is left in the runtime directory", name);
    }
    closedir(directory);
    ck_assert_uint_eq(fixture_count_entries(&fixture, "run/jobs"), 0);
}

/* As many as before, soon: a server that has just come may still have to find the holder. */
static void await_fds(pid_t pid, size_t expected)
{
    struct deadline deadline = deadline_default();
    while (settled_fds(pid) != expected && !deadline_passed(deadline))
        continue;
    ck_assert_uint_eq(settled_fds(pid), expected);
}

static void leave_terminals(void)
{
    pty_driver_read_now(shower);
    expect_uninterrupted();
    for (int i = 0; i < 2; i++)
        await_fds(holders[i], holder_fds[i]);
    await_fds(pty_driver_pid(talker), client_fds[0]);
    await_fds(pty_driver_pid(shower), client_fds[1]);
    ck_assert_int_eq(pty_driver_send(shower, "\034d"), 0);
    pty_driver_expect(shower, "Detached", deadline_default());
    pty_driver_expect_exit(shower, 0, deadline_default());
    ck_assert_int_eq(pty_driver_send_key(talker, "C-d"), 0);
    pty_driver_expect(talker, "END\r\n", deadline_default());
    pty_driver_expect_exit(talker, 0, deadline_default());
    pty_driver_destroy(talker);
    pty_driver_destroy(shower);
    fixture_js(&fixture, &result, "kill", "2", NULL);
    fixture_expect_code(&result, 0);
}

static size_t fds_beside_jobs(void)
{
    list_now();
    pid_t pid = fixture_server_pid(&fixture);
    ck_assert_int_gt(pid, 0);
    return settled_fds(pid) - counters.live;
}

/* Some of the times the connection of the command before is not closed yet. */
static size_t least_fds_beside_jobs(void)
{
    size_t least = SIZE_MAX;
    for (int i = 0; i < 5; i++) {
        size_t fds = fds_beside_jobs();
        least = fds < least ? fds : least;
    }
    return least;
}

START_TEST(nothing_is_lost)
{
    const struct blow *blow = &blows[_i];
    size_t fds = least_fds_beside_jobs();
    for (unsigned round = 1; round <= chaos.rounds; round++)
        round_of(blow, round);
    leave_terminals();
    counters_settle(&counters);
    ck_assert_uint_eq(counters.live, 0);
    ck_assert_uint_eq(least_fds_beside_jobs(), fds);
    fprintf(stderr, "# %s: %u rounds, %u jobs, %u commands under way, %u broken off\n", blow->name,
            chaos.rounds, counters.total, told.commands, told.broken_off);
    fixture_js(&fixture, &result, "server", "stop", NULL);
    fixture_expect_code(&result, 0);
    expect_no_process();
    expect_empty_runtime_dir();
}
END_TEST

static Suite *chaos_suite(void)
{
    Suite *suite = suite_create("chaos");
    for (int i = 0; i < (int)BLOWS; i++) {
        TCase *tcase = tcase_create(blows[i].name);
        chaos_set_timeout(tcase, FEW, ASKED, ROUND_MS);
        tcase_add_checked_fixture(tcase, begin, end);
        tcase_add_loop_test(tcase, nothing_is_lost, i, i + 1);
        suite_add_tcase(suite, tcase);
    }
    return suite;
}

int main(void)
{
    return runner_run(chaos_suite());
}

/* What is known of a server afterwards: the file, what the log says last, and how it died. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/life.h"
#include "common/process.h"
#include "server/last_words.h"
#include "server/server.h"
#include "tests/harness/runner.h"

static char dir[64];

static void begin(void)
{
    strcpy(dir, "/tmp/js-test-life-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void end(void)
{
    ck_assert_int_eq(paths_remove_flat(dir), 0);
}

static void write_file(const char *name, const char *text, size_t len)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fd_write_all(fd, text, len), 0);
    fd_close(fd);
}

static struct msg_status some_status(char boot_id[PROCESS_BOOT_ID_SIZE])
{
    process_boot_id(boot_id);
    return (struct msg_status){.pid = 4711,
                               .version = (char *)"1.2",
                               .socket = (char *)"/s",
                               .state_dir = (char *)"/d",
                               .started_ns = 5,
                               .generation = 8,
                               .boot_id = boot_id};
}

START_TEST(what_is_written_is_read)
{
    char boot_id[PROCESS_BOOT_ID_SIZE];
    struct msg_status status = some_status(boot_id), again = {0};
    ck_assert_int_eq(life_read(dir, &again), -ENOENT);
    ck_assert_int_eq(life_write(dir, &status), 0);
    ck_assert_int_eq(life_read(dir, &again), 0);
    ck_assert_uint_eq(again.pid, 4711);
    ck_assert_uint_eq(again.generation, 8);
    ck_assert_str_eq(again.boot_id, boot_id);
    wire_clear(&msg_status_fields, &again);
    ck_assert_int_eq(life_read("/nonexistent", &again), -ENOENT);
    ck_assert_int_eq(life_write("/nonexistent", &status), -ENOENT);
}
END_TEST

/* Whatever is there, it is refused, and nothing is left of it in memory (the sanitizers tell). */
START_TEST(what_is_damaged_is_refused)
{
    char boot_id[PROCESS_BOOT_ID_SIZE], path[128];
    struct msg_status status = some_status(boot_id), again = {0};
    void *data = NULL;
    size_t len = 0;
    ck_assert_int_eq(life_write(dir, &status), 0);
    snprintf(path, sizeof(path), "%s/%s", dir, LIFE_STATE);
    ck_assert_int_eq(fd_read_file(AT_FDCWD, path, 4096, &data, &len), 0);
    for (size_t cut = 0; cut < len; cut++) {
        write_file(LIFE_STATE, data, cut);
        ck_assert_int_eq(life_read(dir, &again), -EBADMSG);
    }
    free(data);
    struct bytes frame = {0};
    struct msg_done done = {0};
    ck_assert_int_eq(wire_encode(&frame, protocol_message(MSG_DONE), 0, &done), 0);
    write_file(LIFE_STATE, (char *)frame.data, frame.len);
    ck_assert_int_eq(life_read(dir, &again), -EBADMSG);
    bytes_finish(&frame);
}
END_TEST

static const struct {
    const char *log;
    const char *line; /* of pid 47 */
} logs[] = {
    {"", NULL},
    {"\n", NULL},
    {"T jsd[47] info one\n", "T jsd[47] info one"},
    {"T jsd[47] info one\nT jsd[47] info two\nT holder[9] info three\n", "T jsd[47] info two"},
    {"T jsd[47] info one\nT jsd[48] info jsd[47]\n", "T jsd[47] info one"},
    {"T jsd[47] info without an end", "T jsd[47] info without an end"},
    {"T holder[47] info not it\n", NULL},
    {"{\"program\":\"jsd\",\"pid\":47,\"text\":\"x\"}\n{\"pid\":48,\"text\":\"y\"}\n",
     "{\"program\":\"jsd\",\"pid\":47,\"text\":\"x\"}"},
};

START_TEST(the_last_line_of_a_process_is_found)
{
    ck_assert_ptr_null(life_log_line(dir, 47));
    write_file("server.log", logs[_i].log, strlen(logs[_i].log));
    char *line = life_log_line(dir, 47);
    if (logs[_i].line)
        ck_assert_str_eq(line, logs[_i].line);
    else
        ck_assert_ptr_null(line);
    free(line);
}
END_TEST

static void expect_failure(const struct msg_status *last, const char *text)
{
    struct server_failure *failure = life_failure(dir, last);
    if (!text) {
        ck_assert_ptr_null(failure);
        return;
    }
    ck_assert_ptr_nonnull(failure);
    ck_assert_str_eq(failure->text, text);
    ck_assert_uint_eq(failure->pid, 4711);
    ck_assert_uint_eq(failure->generation, 8);
    ck_assert_str_eq(failure->version, "1.2");
    life_failure_free(failure);
}

START_TEST(a_death_is_told_from_what_is_left)
{
    char boot_id[PROCESS_BOOT_ID_SIZE];
    struct msg_status last = some_status(boot_id);
    struct life_crash crash = {.pid = 4711, .signal = SIGSEGV, .time_ns = 77};
    expect_failure(&last, "signal 9 (Killed), as it left no word");
    write_file(LIFE_CRASH, (char *)&crash, sizeof(crash));
    expect_failure(&last, "signal 11 (Segmentation fault)");
    struct server_failure *failure = life_failure(dir, &last);
    ck_assert_uint_eq(failure->found_ns, 77);
    life_failure_free(failure);
    crash.pid = 1; /* somebody else's */
    write_file(LIFE_CRASH, (char *)&crash, sizeof(crash));
    expect_failure(&last, "signal 9 (Killed), as it left no word");
    write_file(LIFE_CRASH, (char *)&crash, 5);
    expect_failure(&last, "signal 9 (Killed), as it left no word");
    last.stopped_ns = 6;
    expect_failure(&last, NULL);
    last.stopped_ns = 0;
    last.boot_id = (char *)"another";
    expect_failure(&last, NULL);
    last.boot_id = NULL;
    expect_failure(&last, NULL);
}
END_TEST

/* A signal still has its usual effect; what is ignored or handled already stays so. */
START_TEST(last_words_change_no_death)
{
    static const int signals[] = {SIGABRT, SIGQUIT, SIGUSR1, SIGALRM, SIGXCPU};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct rlimit none = {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            signal(signals[i], SIG_DFL); /* the test runner has handlers */
            signal(SIGUSR2, SIG_IGN);
            if (last_words_prepare(dir) < 0 || raise(SIGUSR2) != 0 || raise(SIGCHLD) != 0)
                _exit(1);
            raise(signals[i]);
            _exit(2);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), signals[i]);
        struct msg_status last = {.pid = (uint32_t)pid, .version = (char *)"1"};
        char boot_id[PROCESS_BOOT_ID_SIZE], expected[32];
        process_boot_id(boot_id);
        last.boot_id = boot_id;
        struct server_failure *failure = life_failure(dir, &last);
        snprintf(expected, sizeof(expected), "signal %d (", signals[i]);
        ck_assert_int_eq(strncmp(failure->text, expected, strlen(expected)), 0);
        life_failure_free(failure);
    }
}
END_TEST

/* As runtime_open. */
static void take_place(struct server *server)
{
    char path[128];
    snprintf(server->runtime.paths.runtime_dir, PATHS_MAX, "%s", dir);
    snprintf(path, sizeof(path), "%s/lock", dir);
    server->runtime.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* A server that could not be set up ends in order, and that is a failure all the same. */
START_TEST(a_start_that_failed_is_known_to_the_next)
{
    static struct server first, second;
    struct msg_status left = {0};
    pid_t pid = fork(); /* the signal handlers are not for this process */
    if (pid == 0) {
        take_place(&first);
        status_begin(&first);
        status_end(&first, -EMFILE);
        take_place(&second);
        status_begin(&second);
        second.status.ended = "it was told to";
        status_end(&second, 0);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(life_read(dir, &left), 0);
    ck_assert_uint_eq(left.generation, 2);
    ck_assert_str_eq(left.stopped_text, "it was told to");
    ck_assert_ptr_nonnull(left.failure);
    ck_assert_uint_eq(left.failure->generation, 1);
    ck_assert_str_eq(left.failure->text, "it could not start: Too many open files");
    wire_clear(&msg_status_fields, &left);
}
END_TEST

static Suite *life_suite(void)
{
    Suite *suite = suite_create("life");
    TCase *tcase = tcase_create("life");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, what_is_written_is_read);
    tcase_add_test(tcase, what_is_damaged_is_refused);
    tcase_add_loop_test(tcase, the_last_line_of_a_process_is_found, 0,
                        (int)(sizeof(logs) / sizeof(logs[0])));
    tcase_add_test(tcase, a_death_is_told_from_what_is_left);
    tcase_add_test(tcase, last_words_change_no_death);
    tcase_add_test(tcase, a_start_that_failed_is_known_to_the_next);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(life_suite());
}

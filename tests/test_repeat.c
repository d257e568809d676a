/* Asking again: a server that goes away before it has answered costs no job, and makes none twice.
 */
#include "common/fd.h"
#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The process below us with that name (/proc/PID/comm). */
static pid_t find_process(const char *name)
{
    struct proc_list list = {0};
    pid_t found = -1;
    struct deadline deadline = deadline_default();
    while (found < 0 && !deadline_passed(deadline)) {
        ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
        for (size_t i = 0; i < list.count; i++) {
            char path[64], text[32] = "";
            snprintf(path, sizeof(path), "/proc/%d/comm", (int)list.items[i].pid);
            _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
            if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
                strncmp(text, name, strlen(name)) == 0)
                found = list.items[i].pid;
        }
        proc_list_finish(&list);
    }
    ck_assert_int_gt(found, 0);
    return found;
}

/* The next job's holder is stopped before it knows its job, and the one behind it does not matter.
 */
static pid_t stop_reserve(void)
{
    must("js server start");
    pid_t reserve = find_process("js-reserve");
    ck_assert_int_eq(proc_signal(reserve, SIGSTOP), 0);
    return reserve;
}

/* The client has connected to the server: it waits in its loop. */
static void await_loop(pid_t pid)
{
    struct deadline deadline = deadline_default();
    char dir[64], path[320], target[64];
    snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
    while (!deadline_passed(deadline)) {
        DIR *stream = opendir(dir);
        ck_assert_ptr_nonnull(stream);
        bool found = false;
        for (struct dirent *entry; (entry = readdir(stream));) {
            snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
            ssize_t len = readlink(path, target, sizeof(target) - 1);
            target[len > 0 ? len : 0] = '\0';
            found = found || strstr(target, "eventpoll");
        }
        closedir(stream);
        if (found)
            return;
    }
    ck_abort_msg("the client did not connect");
}

#define COMMAND "echo x >>count; echo out"

static void start_client(struct program *program, bool detached)
{
    if (detached)
        fixture_start(&fixture, program, fixture.js, "run", "-d", "--", "sh", "-c", COMMAND, NULL);
    else
        fixture_start(&fixture, program, fixture.js, "run", "--", "sh", "-c", COMMAND, NULL);
    program_end_input(program);
}

/* It has what it asked for, and its command ran once. */
static void expect_one_job(struct program *program, bool detached)
{
    program_must_end(program, deadline_default());
    if (program_exit_code(program) != 0)
        program_print(program, stderr);
    ck_assert_int_eq(program_exit_code(program), 0);
    ck_assert(transcript_has_since(&program->out, 0, detached ? "1\n" : "out\n"));
    program_finish(program);
    must("js wait 1; js ls -a --json | jq -c '[.jobs[] | [.id, .state, .end.code]]'");
    ck_assert_str_eq(result.out, "[[1,\"ended\",0]]\n");
    must("wc -l <count; js logs 1 | tr -d '\\r'");
    ck_assert_str_eq(result.out, "1\nout\n");
}

/* The server dies with the request unread: the next one starts the job. */
START_TEST(what_no_server_has_read_is_asked_again)
{
    struct program program;
    must("js server start");
    pid_t server = fixture_server_pid(&fixture);
    ck_assert_int_eq(proc_signal(server, SIGSTOP), 0);
    start_client(&program, _i);
    await_loop(program.pid);
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    expect_one_job(&program, _i);
}
END_TEST

/*
 * The server dies when the holder has been asked for but does not run yet: the next one finds a
 * job of which it knows no more than the number, and waits for what that is.
 */
START_TEST(a_job_that_is_being_started_is_not_started_twice)
{
    struct program program;
    char path[160];
    pid_t reserve = stop_reserve();
    start_client(&program, _i);
    snprintf(path, sizeof(path), "%s/jobs/1", fixture.state_dir);
    ck_assert_int_eq(await_path(path, deadline_default()), 0);
    must("js ls"); /* answered behind it */
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("js ls --json | jq -c '[.jobs[] | [.id, .state]]'");
    ck_assert_str_eq(result.out, "[[1,\"starting\"]]\n");
    if (_i) /* its client is back, and waits */
        must("until js server status | grep -q 'clients  *2'; do :; done");
    ck_assert_int_eq(proc_signal(reserve, SIGCONT), 0);
    expect_one_job(&program, _i);
}
END_TEST

/* The same, but nothing comes of that start: then the next server makes the job. */
START_TEST(a_start_that_came_to_nothing_is_made_good)
{
    struct program program;
    char path[160];
    pid_t reserve = stop_reserve();
    start_client(&program, _i);
    snprintf(path, sizeof(path), "%s/jobs/1", fixture.state_dir);
    ck_assert_int_eq(await_path(path, deadline_default()), 0);
    must("js ls");
    ck_assert_int_eq(proc_signal(find_process("js-template"), SIGKILL), 0);
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    ck_assert_int_eq(proc_signal(reserve, SIGKILL), 0);
    expect_one_job(&program, _i);
}
END_TEST

/* `run` of a job with that uid, detached. */
static void send_run(struct raw_client *client, uint32_t id, const char *uid, bool again)
{
    char *argv[] = {(char *)"true"}, *env[] = {(char *)"PATH=/usr/bin:/bin"};
    struct msg_run run = {.argv = {.items = argv, .len = 1},
                          .env = {.items = env, .len = 1},
                          .cwd = (char *)"/",
                          .detached = true,
                          .uid = (char *)uid,
                          .again = again};
    ck_assert(raw_client_send(client, MSG_RUN, id, &run, NULL, 0));
}

static void expect_job(struct raw_client *client, uint32_t request_id, uint32_t id, const char *uid)
{
    struct wire_frame frame;
    ck_assert(raw_client_receive(client, &frame));
    ck_assert_uint_eq(frame.type, MSG_JOB);
    ck_assert_uint_eq(frame.request_id, request_id);
    const struct job_info *info = frame.body;
    ck_assert_uint_eq(info->id, id);
    ck_assert_str_eq(info->uid, uid);
    wire_frame_finish(&frame);
}

START_TEST(the_uid_tells_which_job_is_meant)
{
    static const char *const uids[] = {"a000000000000001", "f123456789abcdef"};
    struct raw_client client;
    must("js server start");
    raw_client_greet(&client, &fixture);
    send_run(&client, 1, uids[0], false);
    expect_job(&client, 1, 1, uids[0]);
    send_run(&client, 2, uids[0], true);
    expect_job(&client, 2, 1, uids[0]);
    must("js wait 1");
    send_run(&client, 3, uids[0], true); /* it has ended, but it is that job */
    expect_job(&client, 3, 1, uids[0]);
    send_run(&client, 4, uids[1], true);
    expect_job(&client, 4, 2, uids[1]);
    raw_client_close(&client);
    must("js wait 2; js show f1234 | sed -n 's/^uid *//p'");
    ck_assert_str_eq(result.out, "f123456789abcdef\n");
}
END_TEST

START_TEST(a_uid_that_is_none_is_refused)
{
    static const char *const bad[] = {
        "", "a", "1000000000000001", "a00000000000000G", "a0000000000000011", "A000000000000001"};
    struct raw_client client;
    must("js server start");
    raw_client_greet(&client, &fixture);
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        send_run(&client, 1 + i, bad[i], i % 2);
        raw_client_expect_error(&client, ERROR_MALFORMED, 1 + i);
    }
    raw_client_close(&client);
    must("js ls -a");
    ck_assert_str_eq(result.out, "");
}
END_TEST

static Suite *repeat_suite(void)
{
    Suite *suite = suite_create("repeat");
    TCase *run = tcase_create("run");
    tcase_add_checked_fixture(run, world_begin, world_end);
    tcase_add_loop_test(run, what_no_server_has_read_is_asked_again, 0, 2);
    tcase_add_loop_test(run, a_job_that_is_being_started_is_not_started_twice, 0, 2);
    tcase_add_loop_test(run, a_start_that_came_to_nothing_is_made_good, 0, 2);
    tcase_add_test(run, the_uid_tells_which_job_is_meant);
    tcase_add_test(run, a_uid_that_is_none_is_refused);
    suite_add_tcase(suite, run);
    return suite;
}

int main(void)
{
    return runner_run(repeat_suite());
}

/* The server in trouble: out of descriptors, killed, beside a stopped holder, under a flood. */
#include "common/channel.h"
#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The command must be back that soon; deadlines are for those that hang. */
static void must_be_quick(const char *text)
{
    must(text);
    ck_assert_double_lt(result.ms, 1000.0 * deadline_slowness());
}

static pid_t holder_of(const char *job)
{
    char text[128];
    snprintf(text, sizeof(text), "js show %s | sed -n 's/^holder *//p'", job);
    must(text);
    ck_assert_int_gt(atoi(result.out), 1);
    return (pid_t)atoi(result.out);
}

/* No descriptors left */

#define LIMIT "40"

START_TEST(without_descriptors_it_goes_on_serving)
{
    enum { MANY = 100 };
    struct raw_client idle[MANY];
    must("ulimit -n " LIMIT "; js run -d -- pty_child ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    pid_t server = fixture_server_pid(&fixture);
    for (size_t i = 0; i < MANY; i++)
        raw_client_open(&idle[i], &fixture);
    /* Some were accepted and greeted, the others refused at once: none of them is left waiting. */
    size_t greeted = 0;
    for (size_t i = 0; i < MANY; i++) {
        struct wire_frame frame;
        if (raw_client_receive(&idle[i], &frame)) {
            ck_assert_uint_eq(frame.type, MSG_HELLO);
            wire_frame_finish(&frame);
            greeted++;
        }
    }
    ck_assert_uint_ge(greeted, 10);
    ck_assert_uint_lt(greeted, 40);
    line("js ls");
    ck_assert_int_ne(result.code, 0);
    ck_assert_double_lt(result.ms, 5000.0 * deadline_slowness());
    ck_assert_int_eq(strncmp(result.err, "js: ", 4), 0);
    for (size_t i = 0; i < MANY; i++)
        raw_client_close(&idle[i]);
    fixture_js_until(&fixture, &result, "\"running\"", "ls", "--json", NULL);
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
    must("js run -- echo again");
    ck_assert_str_eq(result.out, "again\n");
    must("js kill 1; js wait 1 || echo $?");
    ck_assert_str_eq(result.out, "143\n");
}
END_TEST

/* More jobs than it can have links to: some are refused with the reason, none is lost or half. */
START_TEST(without_descriptors_jobs_are_refused_whole)
{
    must("ulimit -n " LIMIT "; js run -d -- true");
    line("for i in $(seq 60); do js run -d -- sleep 60 >>ids 2>>errors || echo $? >>codes; done; "
         "wc -l <ids; sort -u codes; sed 's/[0-9][0-9]*/N/' errors | sort -u | wc -l");
    int started = atoi(result.out);
    ck_assert_int_ge(started, 5);
    ck_assert_int_lt(started, 60);
    ck_assert_ptr_nonnull(strstr(result.out, "\n125\n"));
    must("js kill $(cat ids)");
    must("js ls --json");
    ck_assert_str_eq(result.out, "{\"version\":1,\"jobs\":[]}\n");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 60"), 0);
    must("js run -- echo again");
    ck_assert_str_eq(result.out, "again\n");
}
END_TEST

/* A holder that does not answer */

START_TEST(a_stopped_holder_delays_nobody)
{
    must("js run -d -- pty_child ready hold; js run -d -- sleep 60");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    pid_t holder = holder_of("1");
    ck_assert_int_eq(proc_signal(holder, SIGSTOP), 0);
    must_be_quick("js ls --json | jq '.jobs | length'");
    ck_assert_str_eq(result.out, "2\n");
    must_be_quick("js run -d -- true");
    must_be_quick("js run -- echo works");
    must_be_quick("js show 1");
    must_be_quick("js logs 1");
    must_be_quick("js kill 2");
    /* Whoever asks it something waits for the answer, and gets it. */
    struct program asking;
    fixture_start(&fixture, &asking, fixture.js, "stop", "1", NULL);
    for (int i = 0; i < 20; i++)
        must_be_quick("js ls");
    ck_assert_int_gt(asking.pid, 0);
    ck_assert_int_eq(proc_signal(holder, SIGCONT), 0);
    program_must_end(&asking, deadline_default());
    ck_assert_int_eq(program_exit_code(&asking), 0);
    program_finish(&asking);
    must("js kill 1");
}
END_TEST

START_TEST(a_holder_that_is_killed_costs_one_job)
{
    must("js run -d -- sleep 60; js run -d -- sleep 60");
    pid_t holder = holder_of("1");
    struct program waiting;
    fixture_start(&fixture, &waiting, fixture.js, "wait", "1", NULL);
    must("js ls");
    ck_assert_int_eq(proc_signal(holder, SIGKILL), 0);
    program_must_end(&waiting, deadline_default());
    ck_assert_int_eq(program_exit_code(&waiting), 125);
    program_finish(&waiting);
    must("js show --json 1 2 | jq -c '[.jobs[] | [.state, .end.reason]]'");
    ck_assert_str_eq(result.out, "[[\"ended\",\"lost\"],[\"running\",null]]\n");
    must("js kill 2");
    fixture.may_leave_orphans = true; /* the job is hung up by the kernel, in its own time */
}
END_TEST

/* The server's death */

START_TEST(a_killed_server_costs_nothing)
{
    must("js run -d -n keep -- pty_child ready hold; js run -d -- sh -c 'sleep 0.3; exit 6'; "
         "js run -d -- sleep 60; js stop 3");
    must("js ls -a --json | jq -c '[.jobs[] | [.id, .uid, .pid, .name, .argv]]' >before");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("js ls -a --json | jq -c '[.jobs[] | [.id, .uid, .pid, .name, .argv]]' >after; "
         "jq -c '[.[] | select(.[0] != 2)]' before >b; jq -c '[.[] | select(.[0] != 2)]' after >a; "
         "cmp a b");
    line("js wait 2"); /* it may have ended meanwhile */
    ck_assert_int_eq(result.code, 6);
    must("js ls --json | jq -c '[.jobs[] | [.id, .state]]'");
    ck_assert_str_eq(result.out, "[[1,\"running\"],[3,\"stopped\"]]\n");
    must("js run -d -- true; js kill keep 3");
    ck_assert_str_eq(result.out, "4\n");
}
END_TEST

START_TEST(ends_without_a_server_are_known_later)
{
    must("mkfifo a b; js run -d -- sh -c 'read x <a; exit 8'; js run -d -- sh -c 'read x <b; kill "
         "-9 $$'");
    pid_t holders[] = {holder_of("1"), holder_of("2")};
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("echo >a; echo >b");
    ck_assert_int_eq(await_process_end(holders[0], deadline_default()), 0);
    ck_assert_int_eq(await_process_end(holders[1], deadline_default()), 0);
    line("js wait 1");
    ck_assert_int_eq(result.code, 8);
    line("js wait 2");
    ck_assert_int_eq(result.code, 137);
}
END_TEST

START_TEST(a_server_is_killed_again_and_again)
{
    must("js run -d -- pty_child numbered 100000 300");
    for (int i = 0; i < 20; i++) {
        (void)fixture_kill_server(&fixture, SIGKILL);
        must("js run -d -- true >/dev/null; js ls --json | jq '.jobs[0].id'");
        ck_assert_str_eq(result.out, "1\n");
    }
    must("js kill 1; js wait $(seq 2 21); js ls -a --json | jq -c '[.jobs[1:][].end.code] | "
         "unique'");
    ck_assert_str_eq(result.out, "[0]\n");
    must("js logs 1 | tr -d '\\r' | awk '$0 != \"line \" NR {print \"gap at\", NR; exit}'");
    ck_assert_str_eq(result.out, "");
}
END_TEST

START_TEST(a_server_that_is_told_to_end_leaves_the_jobs)
{
    must("js run -d -- sleep 60; js show --json 1 | jq .jobs[0].pid >before");
    ck_assert(fixture_kill_server(&fixture, SIGTERM));
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 60"), 1);
    char path[128];
    snprintf(path, sizeof(path), "%s/sock", fixture.run_dir);
    ck_assert_int_eq(access(path, F_OK), -1);
    must("js show --json 1 | jq .jobs[0].pid | cmp - before; js kill 1");
}
END_TEST

/* Whoever comes at that very moment gets the output or the reason, not a broken connection. */
START_TEST(a_job_may_end_while_somebody_attaches)
{
    for (int i = 0; i < 60; i++) {
        line("id=$(js run -d -- echo out); js fg $id");
        /* What came before is in the log: without a terminal nothing is shown again. */
        if (result.code == 0)
            ck_assert_msg(!*result.out || !strcmp(result.out, "out\r\n"), "%s", result.out);
        else
            ck_assert_msg(strstr(result.err, "ended") || strstr(result.err, "exited (0)"), "%s",
                          result.err);
    }
}
END_TEST

/* A flood */

static long kib_of_all(void)
{
    struct proc_list list = {0};
    long sum = 0;
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    for (size_t i = 0; i < list.count; i++) {
        char path[64], text[256], command[256];
        if (!strstr(proc_command(list.items[i].pid, command, sizeof(command)), "js"))
            continue;
        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)list.items[i].pid);
        FILE *file = fopen(path, "re");
        while (file && fgets(text, sizeof(text), file))
            if (strncmp(text, "Private_Dirty:", 14) == 0)
                sum += atol(text + 14);
        if (file)
            fclose(file);
    }
    proc_list_finish(&list);
    return sum;
}

/* Reads what the terminal shows for a while, as a terminal does. */
static void show_for(struct pty_driver *driver, int ms)
{
    struct deadline until = deadline_in_ms(ms);
    while (!deadline_passed(until)) {
        (void)await_readable(pty_driver_fd(driver), until);
        pty_driver_read_now(driver);
        pty_driver_transcript(driver)->all.len = 0; /* nobody looks at it */
        pty_driver_transcript(driver)->mark = 0;
    }
}

START_TEST(a_flood_in_one_terminal_disturbs_no_other)
{
    must("js run -d -- sleep 60");
    struct pty_driver *driver = fixture_terminal(&fixture, 24, 80, fixture.js, "run", "yes", NULL);
    show_for(driver, 300);
    long before = kib_of_all();
    for (int i = 0; i < 5; i++) {
        must_be_quick("js ls");
        must_be_quick("js run -d -- true");
        must_be_quick("js run -- echo quick");
        show_for(driver, 50);
    }
    /* Its log is bounded by 16 MiB, its memory by much less. */
    show_for(driver, 500);
    ck_assert_int_le(kib_of_all(), before + 4096 * deadline_slowness());
    int64_t start = deadline_now_ns();
    ck_assert_int_eq(pty_driver_send(driver, "\003"), 0);
    pty_driver_expect_exit(driver, 130, deadline_default());
    ck_assert_int_lt((deadline_now_ns() - start) / 1000000, 1000 * deadline_slowness());
    pty_driver_destroy(driver);
    must("js kill 1; js ls");
    ck_assert_str_eq(result.out, "");
}
END_TEST

/* Nobody reads the terminal: the job waits, as it would without js, and everybody else goes on. */
START_TEST(a_terminal_that_is_not_read_stops_only_its_job)
{
    struct pty_driver *driver = fixture_terminal(&fixture, 24, 80, fixture.js, "run", "yes", NULL);
    pty_driver_expect(driver, "y\r\ny\r\n", deadline_default());
    for (int i = 0; i < 10; i++) {
        must_be_quick("js ls");
        must_be_quick("js run -- echo quick");
    }
    must("js kill 1");
    pty_driver_expect_exit(driver, 143, deadline_default());
    pty_driver_destroy(driver);
}
END_TEST

/* Somebody else */

/* As nobody: 0 when the server let it in, 1 when it did not, 2 when it could not try. */
static int knock(const char *path)
{
    char byte;
    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 2;
    int fd = channel_connect(path, true);
    if (fd < 0)
        return 2;
    if (await_readable(fd, deadline_default()) < 0)
        return 3;
    return read(fd, &byte, 1) <= 0;
}

/* Also when the directories have been opened up. Only root can be somebody else. */
START_TEST(another_user_is_refused)
{
    char path[128];
    if (geteuid() != 0)
        return;
    must("js run -d -- sleep 60");
    snprintf(path, sizeof(path), "%s/sock", fixture.run_dir);
    ck_assert_int_eq(chmod(runner_directory(), 0755), 0);
    ck_assert_int_eq(chmod(fixture.root, 0755), 0);
    ck_assert_int_eq(chmod(fixture.run_dir, 0755), 0);
    ck_assert_int_eq(chmod(path, 0666), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(knock(path));
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    ck_assert_int_eq(chmod(fixture.run_dir, 0700), 0);
    must("js kill; grep -c 'refused a connection of user 65534' $JS_DIR/server.log");
    ck_assert_str_eq(result.out, "1\n");
}
END_TEST

static Suite *server_trouble_suite(void)
{
    Suite *suite = suite_create("server trouble");
    TCase *descriptors = tcase_create("descriptors");
    tcase_add_checked_fixture(descriptors, world_begin, world_end);
    tcase_add_test(descriptors, without_descriptors_it_goes_on_serving);
    tcase_add_test(descriptors, without_descriptors_jobs_are_refused_whole);
    suite_add_tcase(suite, descriptors);

    TCase *processes = tcase_create("processes");
    tcase_add_checked_fixture(processes, world_begin, world_end);
    tcase_add_test(processes, a_stopped_holder_delays_nobody);
    tcase_add_test(processes, a_holder_that_is_killed_costs_one_job);
    tcase_add_test(processes, a_job_may_end_while_somebody_attaches);
    tcase_add_test(processes, a_killed_server_costs_nothing);
    tcase_add_test(processes, ends_without_a_server_are_known_later);
    tcase_add_test(processes, a_server_is_killed_again_and_again);
    tcase_add_test(processes, a_server_that_is_told_to_end_leaves_the_jobs);
    suite_add_tcase(suite, processes);

    TCase *others = tcase_create("others");
    tcase_add_checked_fixture(others, world_begin, world_end);
    tcase_add_test(others, a_flood_in_one_terminal_disturbs_no_other);
    tcase_add_test(others, a_terminal_that_is_not_read_stops_only_its_job);
    tcase_add_test(others, another_user_is_refused);
    suite_add_tcase(suite, others);
    return suite;
}

int main(void)
{
    return runner_run(server_trouble_suite());
}

/* `js server status`: every state made on purpose and told right, and how the last server ended. */
#include "common/fd.h"
#include "common/life.h"
#include "common/process.h"
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
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void begin(void)
{
    fixture_init(&fixture);
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/config", fixture.work);
    fixture_setenv(&fixture, "JS_CONFIG", path);
}

/* What jq's filter makes of `js server status --json`, whose exit code is this. */
static void expect_status(int code, const char *filter, const char *expected)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "js server status --json >status; echo $? >code; jq -c '.server | %s' status; "
             "exit $(cat code)",
             filter);
    line(text);
    fixture_expect_code(&result, code);
    ck_assert_str_eq(result.err, "");
    char *end_of_line = strrchr(result.out, '\n');
    ck_assert_ptr_nonnull(end_of_line);
    *end_of_line = '\0';
    ck_assert_str_eq(result.out, expected);
}

/* The text for people says it as well. */
static void expect_text(const char *expected)
{
    line("js server status");
    ck_assert_str_eq(result.err, "");
    ck_assert_msg(strstr(result.out, expected) != NULL, "no '%s' in\n%s", expected, result.out);
}

START_TEST(without_any_server_it_is_stopped)
{
    expect_status(3, "[.state, .problem, .pid, .generation, .last_failure, .jobs, .config]",
                  "[\"stopped\",null,null,null,null,null,null]");
    expect_text("state         stopped\n");
    ck_assert_uint_eq(fixture_count_entries(&fixture, "run"), 0);
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
}
END_TEST

START_TEST(a_running_one_tells_of_itself)
{
    char expected[512];
    must("js run -d -- sleep 60; js run -d -- sleep 60; js stop 2; js run -d -- true; js wait 3");
    pid_t pid = fixture_server_pid(&fixture);
    snprintf(expected, sizeof(expected), "[\"running\",null,%d,1,true,null,1]", (int)pid);
    expect_status(0,
                  "[.state, .problem, .pid, .generation, .uptime_ms < 60000, .last_failure, "
                  ".clients]",
                  expected);
    expect_status(0, "[.jobs.running, .jobs.stopped, .jobs.ended, .jobs.queued, (.jobs | length)]",
                  "[1,1,1,0,8]");
    snprintf(expected, sizeof(expected), "[\"%s\",\"%s\",\"%s/sock\",\"%s/server.log\"]",
             fixture.run_dir, fixture.state_dir, fixture.run_dir, fixture.run_dir);
    expect_status(0, "[.runtime_dir, .state_dir, .socket, .log]", expected);
    expect_status(0, ".server_version + (.protocol | \" \\(.lowest) \\(.highest)\")",
                  "\"0.1.0 1 1\"");
    expect_text("jobs          2 live (1 running, 1 stopped), 1 ended\n");
    must("js kill 1 2");
}
END_TEST

START_TEST(a_stopped_one_says_why)
{
    must("js run -d -- sleep 60; js server stop");
    expect_status(3, "[.state, .pid, .generation, .stopped_by, .last_failure, (.stopped != null)]",
                  "[\"stopped\",null,1,\"js server stop\",null,true]");
    expect_text(": js server stop\n");
    must("js ls");
    expect_status(0, "[.state, .generation, .stopped, .last_failure]", "[\"running\",2,null,null]");
    ck_assert(fixture_kill_server(&fixture, SIGTERM));
    expect_status(3, "[.state, .stopped_by]", "[\"stopped\",\"Terminated\"]");
    must("js kill 1");
}
END_TEST

/* SIGKILL leaves no word, which says that it was that; the others are written down. */
static const struct {
    int sig;
    const char *text;
} deaths[] = {
    {SIGKILL, "signal 9 (Killed), as it left no word"},
    {SIGABRT, "signal 6 (Aborted)"},
    {SIGALRM, "signal 14 (Alarm clock)"},
    {SIGUSR2, "signal 12 (User defined signal 2)"},
#if !defined(__SANITIZE_ADDRESS__) /* it takes these itself */
    {SIGSEGV, "signal 11 (Segmentation fault)"},
    {SIGBUS, "signal 7 (Bus error)"},
    {SIGFPE, "signal 8 (Floating point exception)"},
#endif
};

START_TEST(a_death_is_told_by_the_next_one)
{
    char expected[512];
    must("ulimit -c 0; js run -d -- sleep 60");
    pid_t pid = fixture_server_pid(&fixture);
    ck_assert(fixture_kill_server(&fixture, deaths[_i].sig));
    snprintf(expected, sizeof(expected), "[\"stale\",null,\"%s\",1,%d,true,true]", deaths[_i].text,
             (int)pid);
    const char *filter = "[.state, .pid, .last_failure.text, .last_failure.generation, "
                         ".last_failure.pid, (.last_failure.log_line | endswith(\"sock\")), "
                         "(now - (.last_failure.time | sub(\"[.].*Z\"; \"Z\") | fromdate) < 60)]";
    expect_status(4, filter, expected);
    expect_text("hint          the next js command that needs a server mends this\n");
    must("js ls --json | jq '.jobs | length'");
    ck_assert_str_eq(result.out, "1\n");
    snprintf(expected, sizeof(expected), "[\"running\",2,\"%s\",%d]", deaths[_i].text, (int)pid);
    expect_status(0, "[.state, .generation, .last_failure.text, .last_failure.pid]", expected);
    expect_text(deaths[_i].text);
    must("grep -c 'the server before this one (pid' $JS_DIR/server.log; js kill 1");
    ck_assert_str_eq(result.out, "1\n");
    /* It is told until there is a newer one, also when servers have ended in order since. */
    must("js server restart");
    expect_status(0, "[.generation, .last_failure.generation]", "[3,1]");
}
END_TEST

START_TEST(one_that_hangs_is_unresponsive)
{
    char expected[128];
    must("js run -d -- sleep 60");
    pid_t pid = fixture_server_pid(&fixture);
    ck_assert_int_eq(proc_signal(pid, SIGSTOP), 0);
    snprintf(expected, sizeof(expected), "[\"unresponsive\",%d,\"it did not answer within 1 s\"]",
             (int)pid);
    expect_status(4, "[.state, .pid, .problem]", expected);
    ck_assert_double_ge(result.ms, 1000.0);
    ck_assert_double_lt(result.ms, 3000.0 * deadline_slowness());
    expect_text("state         unresponsive\n");
    ck_assert_int_eq(proc_signal(pid, SIGCONT), 0);
    expect_status(0, ".state", "\"running\"");
    must("js kill 1");
}
END_TEST

/* Says hello as the server of another time would. */
static void greet_as(int fd, uint32_t lowest, uint32_t highest)
{
    struct msg_hello hello = {.protocol = highest, .lowest = lowest, .version = (char *)"7.0"};
    struct bytes frame = {0};
    ck_assert_int_eq(wire_encode(&frame, protocol_message(MSG_HELLO), 0, &hello), 0);
    ck_assert_int_eq(fd_write_all(fd, frame.data, frame.len), 0);
    bytes_finish(&frame);
}

static int listen_as_server(int *ret_lock_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[PATH_MAX];
    must("mkdir -m 700 $JS_DIR; : >$JS_DIR/lock");
    snprintf(path, sizeof(path), "%s/lock", fixture.run_dir);
    *ret_lock_fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(*ret_lock_fd, LOCK_EX | LOCK_NB), 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/sock", fixture.run_dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    return fd;
}

/* Nobody may wait for a full backlog either. */
START_TEST(one_that_does_not_accept_is_unresponsive)
{
    enum { MANY = 20 }; /* more than the backlog */
    int fds[MANY], lock_fd;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listen_fd = listen_as_server(&lock_fd);
    snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/sock", fixture.run_dir);
    bool full = false;
    for (int i = 0; i < MANY; i++) {
        fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_ge(fds[i], 0);
        full = full || connect(fds[i], (struct sockaddr *)&address, sizeof(address)) < 0;
    }
    ck_assert(full);
    expect_status(4, "[.state, (.problem | endswith(\"/sock: too many clients wait there\"))]",
                  "[\"unresponsive\",true]");
    for (int i = 0; i < MANY; i++)
        fd_close(fds[i]);
    fd_close(listen_fd);
    fd_close(lock_fd);
}
END_TEST

static const struct {
    uint32_t lowest, highest; /* of the hello; 0 and 0: bytes that are none */
    const char *expected;
} strangers[] = {
    {8, 9,
     "[\"incompatible\",8,9,\"7.0\",\"the server (js 7.0) speaks protocol 8..9, this js 0.1.0 "
     "speaks 1..1: use programs of the same release\"]"},
    {0, 0,
     "[\"incompatible\",0,0,null,\"the server sent a message that cannot be understood: a frame "
     "is longer than 4194304 bytes\"]"},
};

START_TEST(one_that_is_not_understood_is_incompatible)
{
    int lock_fd;
    int listen_fd = listen_as_server(&lock_fd);
    struct program asking;
    fixture_start(&fixture, &asking, "/bin/sh", "-c",
                  "js server status --json; echo $?; js server status >/dev/null", NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(await_readable(listen_fd, deadline_default()), 0);
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        if (strangers[_i].highest)
            greet_as(fd, strangers[_i].lowest, strangers[_i].highest);
        else
            ck_assert_int_eq(fd_write_all(fd, "HTTP/1.1 400 Bad Request\r\n", 26), 0);
        char rest[4096];
        while (read(fd, rest, sizeof(rest)) > 0)
            ;
        fd_close(fd);
    }
    program_must_end(&asking, deadline_default());
    ck_assert_int_eq(program_exit_code(&asking), 4);
    char json[8192];
    snprintf(json, sizeof(json), "%.*s", (int)asking.out.all.len, (char *)asking.out.all.data);
    program_finish(&asking);
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/answer", fixture.work);
    FILE *file = fopen(path, "we");
    fputs(json, file);
    fclose(file);
    must("head -n 1 answer | jq -c '.server | [.state, .protocol.lowest, .protocol.highest, "
         ".server_version, .problem]'; tail -n 1 answer");
    char expected[512];
    snprintf(expected, sizeof(expected), "%s\n4\n", strangers[_i].expected);
    ck_assert_str_eq(result.out, expected);
    fd_close(listen_fd);
    fd_close(lock_fd);
}
END_TEST

/* systemd's socket, or a stranger's: to connect would wake up the one, and tell nothing of the
 * other. */
START_TEST(a_socket_with_another_listener_is_left_alone)
{
    int lock_fd;
    int listen_fd = listen_as_server(&lock_fd);
    fd_close(lock_fd);
    expect_status(3, "[.state, (.problem | startswith(\"another program listens on the socket\"))]",
                  "[\"stopped\",true]");
    ck_assert_int_eq(await_readable(listen_fd, deadline_in_ms(0)), -ETIMEDOUT);
    fd_close(listen_fd);
    expect_status(4, ".state", "\"stale\"");
}
END_TEST

START_TEST(a_lock_without_a_socket_is_unresponsive)
{
    int lock_fd;
    fd_close(listen_as_server(&lock_fd));
    must("rm $JS_DIR/sock");
    expect_status(4, "[.state, (.problem | contains(\"sock: No such file\"))]",
                  "[\"unresponsive\",true]");
    fd_close(lock_fd);
}
END_TEST

START_TEST(a_damaged_file_is_told_and_harms_nobody)
{
    must("js ls; js run -d -- true; js wait 1; js server stop; echo rubbish >$JS_DIR/server.state");
    expect_status(3, "[.state, .generation]", "[\"stopped\",null]");
    must("js ls -a");
    expect_status(0, "[.state, .generation, .last_failure]", "[\"running\",1,null]");
    must("grep -c 'it is damaged; servers are counted anew' $JS_DIR/server.log");
}
END_TEST

/* A machine that went down is nobody's failure. */
START_TEST(another_boot_is_no_failure)
{
    struct msg_status last = {0};
    must("js run -d -- true; js wait 1");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    ck_assert_int_eq(life_read(fixture.run_dir, &last), 0);
    ck_assert_int_eq(wire_set_str(&last.boot_id, "another"), 0);
    ck_assert_int_eq(life_write(fixture.run_dir, &last), 0);
    wire_clear(&msg_status_fields, &last);
    must("js ls -a");
    expect_status(0, "[.generation, .last_failure]", "[2,null]");
}
END_TEST

/* A start that fails */

/* A server of the test's own beside a copy of js: what it does is up to the script. */
static void expect_failed_start(const char *script, const char *expected)
{
    char text[1024];
    snprintf(
        text, sizeof(text),
        "mkdir -p bin && cp $JS_TEST_BINDIR/js bin && printf '%%s\\n' '#!/bin/sh' '%s' "
        ">bin/jsd && chmod +x bin/jsd && mkdir -p -m 700 $JS_DIR && echo old >$JS_DIR/server.log "
        "&& bin/js server start",
        script);
    line(text);
    fixture_expect_code(&result, 125);
    ck_assert_int_eq(strncmp(result.err, "js: ", 4), 0);
    ck_assert_msg(strstr(result.err, expected) != NULL, "%s", result.err);
}

static const struct {
    const char *script;
    const char *expected;
} failed_starts[] = {
    {"echo something is wrong >&3", "something is wrong"},
    {"exit 3", "the server died before it listened, and logged nothing to /"},
    {"echo first >>$JS_DIR/server.log; echo last words >>$JS_DIR/server.log; kill -9 $$",
     "server.log: last words\n"},
    {"printf + >&3", "cannot connect to /"},
};

START_TEST(a_failed_start_says_what_is_known)
{
    expect_failed_start(failed_starts[_i].script, failed_starts[_i].expected);
}
END_TEST

/* The configuration */

START_TEST(a_changed_file_is_told_key_by_key)
{
    must("echo 'grace = 3s' >config; js run -d -- true; js wait 1");
    expect_status(0,
                  "[.config.differs, .config.problem, .config.values.grace, (.config.file | "
                  "endswith(\"/config\"))]",
                  "[[],null,\"3s\",true]");
    must("js server status --json | jq -r .server.config.fingerprint >first");
    must("printf 'grace = 4s\\nkeep-jobs = 9\\n' >config");
    expect_status(0, ".config.differs",
                  "[\"grace: it has 3s, the file says 4s\",\"keep-jobs: it has 500, the file says "
                  "9\"]");
    expect_text("differs       grace: it has 3s, the file says 4s\n");
    must("js server status --json | jq -r .server.config.fingerprint | cmp - first");
    must("js server reload");
    expect_status(0, "[.config.differs, .config.values.grace, .config.values[\"keep-jobs\"]]",
                  "[[],\"4s\",\"9\"]");
    line("js server status --json | jq -r .server.config.fingerprint | cmp -s - first");
    fixture_expect_code(&result, 1);
    /* Back again, it is the same again, however it is written. */
    must("printf '; so\\ngrace=3000ms\\n' >config; js server reload; "
         "js server status --json | jq -r .server.config.fingerprint | cmp - first");
}
END_TEST

START_TEST(a_mistake_in_the_file_is_told)
{
    must("echo 'grace = 3s' >config; js run -d -- true; js wait 1; echo 'grace = soon' >config");
    expect_text("problem       a reload would fail: ");
    line("js server reload");
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "line 1: grace = 'soon' is not allowed: write 90"));
    expect_text("problem       not taken over: ");
    expect_status(0, "[.config.values.grace, (.config.problem | contains(\"line 1: grace\"))]",
                  "[\"3s\",true]");
    must("rm config; js server reload");
    expect_status(0, "[.config.values.grace, .config.problem]", "[\"5s\",null]");
}
END_TEST

/* start and stop, where the state matters */

START_TEST(start_is_no_error_when_the_same_one_runs)
{
    must("js server start");
    ck_assert_str_eq(result.err, "");
    pid_t pid = fixture_server_pid(&fixture);
    must("js server start");
    ck_assert_str_eq(result.err, "js: the server is running already\n");
    ck_assert_int_eq(fixture_server_pid(&fixture), pid);
    line("echo 'grace = 7s' >config; js server start");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err,
                     "js: a server is running with another configuration: grace: it has "
                     "5s, the file says 7s: js server reload\n");
    line("rm config; JS_STATE_DIR=$PWD/other js server start");
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "another state directory: it has "));
    ck_assert_int_eq(fixture_server_pid(&fixture), pid);
}
END_TEST

START_TEST(one_that_hangs_can_be_forced_to_end)
{
    must("js run -d -- sleep 60; js show --json | jq .jobs[0].pid >before");
    pid_t pid = fixture_server_pid(&fixture);
    ck_assert_int_eq(proc_signal(pid, SIGSTOP), 0);
    line("js server start");
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "is unresponsive (it did not answer within 1 s): "));
    must("js server stop --force"); /* continued, it ends by itself */
    expect_status(3, "[.state, .stopped_by]", "[\"stopped\",\"Terminated\"]");
    must("js show --json | jq .jobs[0].pid | cmp - before; js server restart --force; js kill 1");
}
END_TEST

/* The file tells of a process that is not there, or not that one: nobody is killed. */
START_TEST(a_stranger_is_not_killed)
{
    struct msg_status last = {.pid = (uint32_t)getpid(), .pid_start = 1};
    int lock_fd;
    fd_close(listen_as_server(&lock_fd));
    for (int i = 0; i < 2; i++) {
        line("js server stop --force");
        fixture_expect_code(&result, 125);
        ck_assert_ptr_nonnull(strstr(result.err, "but it is not known who"));
        last.version = last.socket = last.state_dir = (char *)"x";
        char boot_id[PROCESS_BOOT_ID_SIZE];
        process_boot_id(boot_id);
        last.boot_id = boot_id;
        ck_assert_int_eq(life_write(fixture.run_dir, &last), 0);
    }
    fd_close(lock_fd);
}
END_TEST

static Suite *server_status_suite(void)
{
    Suite *suite = suite_create("server status");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *states = tcase_create("states");
    tcase_add_checked_fixture(states, begin, world_end);
    tcase_add_test(states, without_any_server_it_is_stopped);
    tcase_add_test(states, a_running_one_tells_of_itself);
    tcase_add_test(states, a_stopped_one_says_why);
    tcase_add_loop_test(states, a_death_is_told_by_the_next_one, 0, COUNT(deaths));
    tcase_add_test(states, one_that_hangs_is_unresponsive);
    tcase_add_test(states, one_that_does_not_accept_is_unresponsive);
    tcase_add_loop_test(states, one_that_is_not_understood_is_incompatible, 0, COUNT(strangers));
    tcase_add_test(states, a_socket_with_another_listener_is_left_alone);
    tcase_add_test(states, a_lock_without_a_socket_is_unresponsive);
    tcase_add_test(states, a_damaged_file_is_told_and_harms_nobody);
    tcase_add_test(states, another_boot_is_no_failure);
    tcase_add_test(states, one_that_hangs_can_be_forced_to_end);
    tcase_add_test(states, a_stranger_is_not_killed);
    suite_add_tcase(suite, states);

    TCase *starts = tcase_create("starts");
    tcase_add_checked_fixture(starts, begin, world_end);
    tcase_add_loop_test(starts, a_failed_start_says_what_is_known, 0, COUNT(failed_starts));
    suite_add_tcase(suite, starts);

    TCase *configuration = tcase_create("configuration");
    tcase_add_checked_fixture(configuration, begin, world_end);
    tcase_add_test(configuration, a_changed_file_is_told_key_by_key);
    tcase_add_test(configuration, a_mistake_in_the_file_is_told);
    tcase_add_test(configuration, start_is_no_error_when_the_same_one_runs);
    suite_add_tcase(suite, configuration);
    return suite;
}

int main(void)
{
    return runner_run(server_status_suite());
}

/* The parts of the harness: deadlines, transcripts, waiting, programs, terminals, processes. */
#include "tests/harness/runner.h"

#include "common/fd.h"
#include "tests/harness/await.h"
#include "tests/harness/deadline.h"
#include "tests/harness/proc.h"
#include "tests/harness/program.h"
#include "tests/harness/pty_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char own_path[PATH_MAX];
static char child[PATH_MAX];

/* Deadlines and transcripts */

START_TEST(deadline_counts_down_and_scales)
{
    setenv("JS_TEST_SLOW", "3", 1);
    struct deadline slow = deadline_in_ms(1000);
    setenv("JS_TEST_SLOW", "nonsense", 1);
    ck_assert_int_eq(deadline_slowness(), 1);
    setenv("JS_TEST_SLOW", "1000", 1);
    ck_assert_int_eq(deadline_slowness(), 1);
    struct deadline plain = deadline_in_ms(1000);
    unsetenv("JS_TEST_SLOW");

    ck_assert_int_gt(deadline_left_ms(slow), 2000);
    ck_assert_int_le(deadline_left_ms(slow), 3000);
    ck_assert_int_le(deadline_left_ms(plain), 1000);
    ck_assert(!deadline_passed(plain));
    ck_assert(deadline_passed(deadline_in_ms(0)));
    ck_assert_int_eq(deadline_left_ms(deadline_in_ms(-50)), 0);
}
END_TEST

START_TEST(transcript_is_read_in_order)
{
    struct transcript transcript = {0};
    ck_assert(!transcript_find(&transcript, "a"));
    transcript_add(&transcript, "one two\0 one", 12);
    const char *const texts[] = {"none", "two", "one", NULL};
    ck_assert_int_eq(transcript_find_any(&transcript, texts), 2);
    ck_assert_uint_eq(transcript.mark, 3);
    ck_assert_int_eq(transcript_find_any(&transcript, texts), 1);
    ck_assert(transcript_find(&transcript, "one"));
    ck_assert(!transcript_find(&transcript, "one"));
    ck_assert(transcript_has_since(&transcript, 0, "two"));
    ck_assert(!transcript_has_since(&transcript, 5, "two"));
    ck_assert(!transcript_has_since(&transcript, 500, "two"));
    ck_assert_uint_eq(transcript_count_since(&transcript, 0, "one"), 2);
    ck_assert_uint_eq(transcript_count_since(&transcript, 1, "one"), 1);
    transcript_finish(&transcript);
}
END_TEST

START_TEST(transcript_is_printed_escaped)
{
    char *printed = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&printed, &len);
    transcript_print_bytes("a\033[1m\r\n\t\\\x07\xff", 11, to);
    fclose(to);
    ck_assert_str_eq(printed, "a\\e[1m\\r\\n\n\\t\\\\\\x07\\xff");
    free(printed);
}
END_TEST

/* Waiting */

START_TEST(await_times_out_and_succeeds)
{
    int fds[2];
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    ck_assert_int_eq(await_readable(fds[0], deadline_in_ms(1)), -ETIMEDOUT);
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    ck_assert_int_eq(await_readable(fds[0], deadline_default()), 0);
    fd_close(fds[0]);
    fd_close(fds[1]);
}
END_TEST

START_TEST(await_sees_a_process_end)
{
    int fds[2];
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        _exit(read(fds[0], &byte, 1) == 1 ? 0 : 1);
    }
    ck_assert_int_eq(await_process_end(pid, deadline_in_ms(1)), -ETIMEDOUT);
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    ck_assert_int_eq(await_process_end(pid, deadline_default()), 0);
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), pid);
    ck_assert_int_eq(await_process_end(pid, deadline_in_ms(1)), 0);
    fd_close(fds[0]);
    fd_close(fds[1]);
}
END_TEST

START_TEST(await_sees_files)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/awaited", runner_directory());
    ck_assert_int_eq(await_path(path, deadline_in_ms(1)), -ETIMEDOUT);
    ck_assert_int_eq(await_no_path(path, deadline_in_ms(1)), 0);
    ck_assert_int_eq(await_path("/nonexistent/x", deadline_in_ms(1)), -ENOENT);

    struct program writer;
    const char *const argv[] = {"sh", "-c", "printf one > $0; printf two >> $0", path, NULL};
    ck_assert_int_eq(program_start(&writer, &(struct program_options){.argv = argv}), 0);
    ck_assert_int_eq(await_path(path, deadline_default()), 0);
    ck_assert_int_eq(await_file_text(path, "onetwo", deadline_default()), 0);
    ck_assert_int_eq(await_file_text(path, "three", deadline_in_ms(1)), -ETIMEDOUT);
    program_must_end(&writer, deadline_default());
    program_finish(&writer);

    const char *const remove[] = {"rm", path, NULL};
    ck_assert_int_eq(program_start(&writer, &(struct program_options){.argv = remove}), 0);
    ck_assert_int_eq(await_no_path(path, deadline_default()), 0);
    program_must_end(&writer, deadline_default());
    program_finish(&writer);
}
END_TEST

/* Programs without a terminal */

static int run(struct program *program, const char *const *argv, const char *input)
{
    struct program_options options = {
        .argv = argv, .input = input, .input_len = input ? strlen(input) : 0};
    int r = program_start(program, &options);
    return r < 0 ? r : program_wait(program, deadline_default());
}

START_TEST(program_gives_output_and_status)
{
    runner_fds_begin();
    struct program program;
    const char *const argv[] = {"sh", "-c", "cat; echo no >&2; exit 7", NULL};
    ck_assert_int_eq(run(&program, argv, "given"), 0);
    ck_assert_int_eq(program_exit_code(&program), 7);
    ck_assert_uint_eq(program.out.all.len, 5);
    ck_assert_mem_eq(program.out.all.data, "given", 5);
    ck_assert_mem_eq(program.err.all.data, "no\n", 3);
    program_finish(&program);

    const char *const killed[] = {child, "kill", "KILL", NULL};
    ck_assert_int_eq(run(&program, killed, NULL), 0);
    ck_assert_int_eq(program_exit_code(&program), 137);
    program_finish(&program);

    const char *const missing[] = {"/nonexistent/program", NULL};
    ck_assert_int_eq(run(&program, missing, NULL), -ENOENT);
    program_finish(&program);
    runner_fds_end();
}
END_TEST

START_TEST(program_has_no_terminal_and_clean_signals)
{
    sigset_t hup;
    sigemptyset(&hup);
    sigaddset(&hup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hup, NULL);
    signal(SIGINT, SIG_IGN);
    struct program program;
    const char *const argv[] = {child, "sigstate", "tty", NULL};
    ck_assert_int_eq(run(&program, argv, NULL), 0);
    ck_assert(program_await_out(&program, "IGNORED 0000000000000000\n", deadline_in_ms(0)));
    ck_assert(program_await_out(&program, "BLOCKED 0000000000000000\n", deadline_in_ms(0)));
    ck_assert(program_await_out(&program, "TTY none", deadline_in_ms(0)));
    ck_assert(program_await_out(&program, "foreground=-1", deadline_in_ms(0)));
    program_finish(&program);
}
END_TEST

START_TEST(program_inherits_three_fds)
{
    int extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct program program;
    const char *const argv[] = {child, "fdlist", NULL};
    ck_assert_int_eq(run(&program, argv, NULL), 0);
    ck_assert(program_await_out(&program, "FDS 3\n", deadline_in_ms(0)));
    program_finish(&program);
    fd_close(extra);
}
END_TEST

START_TEST(program_tells_who_holds_its_output)
{
    struct program program;
    const char *const argv[] = {child, "setsid-hold", NULL};
    ck_assert_int_eq(program_start(&program, &(struct program_options){.argv = argv}), 0);
    ck_assert(program_await_out(&program, "CHILD ", deadline_default()));
    if (program.pid > 0)
        ck_assert_int_eq(await_process_end(program.pid, deadline_default()), 0);
    ck_assert_int_eq(program_wait(&program, deadline_in_ms(50)), -EBUSY);
    transcript_add(&program.out, "", 1);
    pid_t held = (pid_t)atoi((char *)program.out.all.data + program.out.mark);
    ck_assert_int_eq(proc_signal(held, SIGKILL), 0);
    ck_assert_int_eq(program_wait(&program, deadline_default()), 0);
    program_finish(&program);
}
END_TEST

START_TEST(program_talks_while_it_runs)
{
    struct program program;
    const char *const argv[] = {child, "ready", "lines", NULL};
    struct program_options options = {
        .argv = argv, .input = "one\n", .input_len = 4, .keep_input = true};
    ck_assert_int_eq(program_start(&program, &options), 0);
    program_expect(&program, "READY\n", deadline_default());
    program_expect(&program, "GOT one\n", deadline_default());
    ck_assert(!program_await_out(&program, "END", deadline_in_ms(20)));
    program_end_input(&program);
    program_expect(&program, "END\n", deadline_default());
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 0);
    program_finish(&program);
}
END_TEST

/* Terminals */

static struct pty_driver *open_terminal(int rows, int cols, const char *const *argv)
{
    struct pty_driver *driver =
        pty_driver_start(&(struct pty_driver_options){.argv = argv, .rows = rows, .cols = cols});
    ck_assert_ptr_nonnull(driver);
    return driver;
}

START_TEST(pty_driver_is_the_controlling_terminal)
{
    runner_fds_begin();
    const char *const argv[] = {child, "tty", "onesize", "fdlist", "exit", "5", NULL};
    struct pty_driver *driver = open_terminal(33, 99, argv);
    char line[300];
    pid_t pid = pty_driver_pid(driver);
    snprintf(line, sizeof(line), "TTY %s pid=%d ppid=%d pgrp=%d sid=%d foreground=%d\r\n",
             pty_driver_tty(driver), pid, getpid(), pid, pid, pid);
    pty_driver_expect(driver, line, deadline_default());
    pty_driver_expect(driver, "SIZE 33 99\r\n", deadline_default());
    pty_driver_expect(driver, "FDS 3\r\n", deadline_default());
    pty_driver_expect_exit(driver, 5, deadline_default());
    pty_driver_expect_closed(driver, deadline_default());
    ck_assert_int_eq(pty_driver_pid(driver), -1);
    pty_driver_destroy(driver);
    runner_fds_end();
}
END_TEST

START_TEST(pty_driver_sends_resizes_and_hangs_up)
{
    const char *const argv[] = {child, "size", NULL};
    struct pty_driver *driver = open_terminal(24, 80, argv);
    pty_driver_expect(driver, "SIZE 24 80", deadline_default());
    ck_assert_int_eq(pty_driver_resize(driver, 43, 132), 0);
    pty_driver_expect(driver, "SIZE 43 132", deadline_default());
    int rows = 0;
    int cols = 0;
    ck_assert_int_eq(pty_driver_size(driver, &rows, &cols), 0);
    ck_assert_int_eq(rows, 43);
    ck_assert_int_eq(cols, 132);
    pty_driver_hang_up(driver);
    ck_assert_int_eq(pty_driver_wait_code(driver, deadline_default()), 128 + SIGHUP);
    pty_driver_destroy(driver);
}
END_TEST

START_TEST(pty_driver_sends_keys)
{
    static const struct {
        const char *key;
        const char *shown;
    } keys[] = {{"a", NULL},
                {"C-z", "KEY"},
                {"Up", "KEY 1b\r\nKEY 5b\r\nKEY 41"},
                {"C-\\", "KEY 1c"},
                {"M-x", "KEY 1b\r\nKEY 78"},
                {"Enter", "KEY 0d"},
                {"Delete", "KEY 1b\r\nKEY 5b\r\nKEY 33\r\nKEY 7e"},
                {"Nonsense", NULL}};
    const char *const argv[] = {child, "editor", NULL};
    struct pty_driver *driver = open_terminal(24, 80, argv);
    pty_driver_expect(driver, "EDIT", deadline_default());
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!keys[i].shown) {
            ck_assert_int_eq(pty_driver_send_key(driver, keys[i].key), -EINVAL);
        } else if (strcmp(keys[i].key, "C-z") != 0) {
            ck_assert_int_eq(pty_driver_send_key(driver, keys[i].key), 0);
            pty_driver_expect(driver, keys[i].shown, deadline_default());
        }
    }
    /* A session leader's group is orphaned: SIGTSTP does not stop it, and it draws again. */
    ck_assert_int_eq(pty_driver_send_key(driver, "C-z"), 0);
    pty_driver_expect(driver, "\033[?1049l\033[?1049hEDIT", deadline_default());
    ck_assert_int_eq(pty_driver_send(driver, "q"), 0);
    pty_driver_expect_exit(driver, 0, deadline_default());
    pty_driver_destroy(driver);
}
END_TEST

START_TEST(pty_driver_reads_modes)
{
    struct termios given;
    struct termios now;
    const char *const plain[] = {child, "line", NULL};
    struct pty_driver *driver = open_terminal(24, 80, plain);
    ck_assert_int_eq(pty_driver_termios(driver, &given), 0);
    pty_driver_destroy(driver);

    given.c_cc[VERASE] = 010;
    given.c_lflag &= ~(tcflag_t)ECHO;
    const char *const argv[] = {child, "termios", "modes", NULL};
    driver = pty_driver_start(&(struct pty_driver_options){.argv = argv, .termios = &given});
    ck_assert_ptr_nonnull(driver);
    char line[200];
    snprintf(line, sizeof(line), "TERMIOS %o %o %o %o 10", given.c_iflag, given.c_oflag,
             given.c_cflag, given.c_lflag);
    pty_driver_expect(driver, line, deadline_default());
    pty_driver_expect(driver, "\033[?25lREADY", deadline_default());
    ck_assert_int_eq(pty_driver_termios(driver, &now), 0);
    ck_assert(!pty_driver_same_termios(&given, &now));
    ck_assert(!(now.c_lflag & ICANON));
    ck_assert_int_eq(pty_driver_send(driver, "x"), 0);
    pty_driver_expect_exit(driver, 0, deadline_default());
    pty_driver_destroy(driver);
}
END_TEST

START_TEST(pty_driver_finds_the_first_of_several)
{
    const char *const argv[] = {child, "print", "second", "print", "first", "hold", NULL};
    struct pty_driver *driver = open_terminal(24, 80, argv);
    const char *const texts[] = {"first", "second", NULL};
    ck_assert_int_eq(pty_driver_await_any(driver, texts, deadline_default()), 1);
    ck_assert_int_eq(pty_driver_await_any(driver, texts, deadline_default()), 0);
    ck_assert(!pty_driver_await(driver, "second", deadline_in_ms(1)));
    ck_assert_int_eq(pty_driver_wait(driver, deadline_in_ms(1)), -ETIMEDOUT);
    pty_driver_destroy(driver);
}
END_TEST

START_TEST(pty_driver_types_much_without_blocking)
{
    const char *const argv[] = {child, "echo", NULL};
    struct pty_driver *driver = open_terminal(24, 80, argv);
    pty_driver_expect(driver, "READY\r\n", deadline_default());
    static char data[300000];
    memset(data, 'x', sizeof(data));
    data[sizeof(data) - 1] = '!';
    ck_assert_int_eq(pty_driver_send_bytes(driver, data, sizeof(data)), 0);
    pty_driver_expect(driver, "x!", deadline_default());
    ck_assert_uint_eq(pty_driver_transcript(driver)->mark, sizeof(data) + 7);
    ck_assert_int_eq(pty_driver_send_key(driver, "C-d"), 0);
    pty_driver_expect_exit(driver, 0, deadline_default());
    pty_driver_destroy(driver);
}
END_TEST

/* Processes */

START_TEST(process_facts)
{
    struct proc own;
    ck_assert_int_eq(proc_read(getpid(), &own), 0);
    ck_assert_int_eq(own.pid, getpid());
    ck_assert_int_eq(own.ppid, getppid());
    ck_assert_int_eq(own.pgrp, getpgrp());
    ck_assert_int_eq(own.state, 'R');
    struct proc none;
    ck_assert_int_eq(proc_read(0x7ffffff, &none), -ESRCH);
    char command[PATH_MAX];
    ck_assert_ptr_nonnull(strstr(proc_command(getpid(), command, sizeof(command)), "harness"));
    ck_assert_str_eq(proc_executable(getpid(), command, sizeof(command)), own_path);
}
END_TEST

START_TEST(process_kills_a_whole_tree)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    char mark[40];
    snprintf(mark, sizeof(mark), "/harness/tree/%d", getpid());
    ck_assert_int_eq(setenv("HARNESS_MARK", mark, 1), 0);
    struct program program;
    const char *const argv[] = {child,         "ignore-hup", "ignore-term", "setsid-quiet",
                                "setsid-hold", "children",   "3",           "hold",
                                NULL};
    ck_assert_int_eq(program_start(&program, &(struct program_options){.argv = argv}), 0);
    program_expect(&program, "CHILDREN 3\n", deadline_default());
    struct proc_list list = {0};
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    ck_assert_uint_eq(proc_list_alive(&list), 6);
    proc_list_finish(&list);
    ck_assert_int_eq(proc_list_touching(mark, &list), 0);
    ck_assert_uint_eq(proc_list_alive(&list), 6);
    proc_list_finish(&list);

    ck_assert_int_eq(proc_kill_descendants(deadline_default()), 0);
    ck_assert_int_eq(proc_list_touching(mark, &list), 0);
    ck_assert_uint_eq(list.count, 0);
    proc_list_finish(&list);
    program.pid = -1;
    program_finish(&program);
}
END_TEST

static Suite *harness_suite(void)
{
    Suite *suite = suite_create("harness");
    TCase *tcase = tcase_create("basics");
    tcase_add_test(tcase, deadline_counts_down_and_scales);
    tcase_add_test(tcase, transcript_is_read_in_order);
    tcase_add_test(tcase, transcript_is_printed_escaped);
    tcase_add_test(tcase, await_times_out_and_succeeds);
    tcase_add_test(tcase, await_sees_a_process_end);
    tcase_add_test(tcase, await_sees_files);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("programs");
    tcase_add_test(tcase, program_gives_output_and_status);
    tcase_add_test(tcase, program_has_no_terminal_and_clean_signals);
    tcase_add_test(tcase, program_inherits_three_fds);
    tcase_add_test(tcase, program_tells_who_holds_its_output);
    tcase_add_test(tcase, program_talks_while_it_runs);
    tcase_add_test(tcase, process_facts);
    tcase_add_test(tcase, process_kills_a_whole_tree);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("terminals");
    tcase_add_test(tcase, pty_driver_is_the_controlling_terminal);
    tcase_add_test(tcase, pty_driver_sends_resizes_and_hangs_up);
    tcase_add_test(tcase, pty_driver_sends_keys);
    tcase_add_test(tcase, pty_driver_reads_modes);
    tcase_add_test(tcase, pty_driver_finds_the_first_of_several);
    tcase_add_test(tcase, pty_driver_types_much_without_blocking);
    suite_add_tcase(suite, tcase);

    return suite;
}

int main(void)
{
    const char *helpers = getenv("JS_TEST_HELPERS");
    if (!helpers) {
        fprintf(stderr, "JS_TEST_HELPERS is not set\n");
        return 1;
    }
    snprintf(child, sizeof(child), "%s/pty_child", helpers);
    proc_executable(getpid(), own_path, sizeof(own_path));
    return runner_run(harness_suite());
}

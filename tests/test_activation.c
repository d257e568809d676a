/* Sockets and notifications as systemd passes them, made by the test. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/listener.h"
#include "server/activation.h"
#include "tests/harness/runner.h"

static char dir[] = "/tmp/js-test-act-XXXXXX";
static char path[64];

static void begin(void)
{
    strcpy(dir, "/tmp/js-test-act-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/sock", dir);
}

static void end(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
}

/*
 * Passes fd as systemd would, to a child of its own (Check needs this process's descriptor 3), and
 * returns what activation_take_socket returned there; *ret_clean: whether nothing of it is left in
 * the environment, and a taken socket has the flags it should.
 */
static int take(int fd, const char *count, bool for_us, bool *ret_clean)
{
    struct {
        int result;
        bool clean;
    } told = {0};
    int pipe_fds[2];
    ck_assert_int_eq(pipe(pipe_fds), 0);
    int tell_fd = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 100);
    pid_t pid = fork();
    if (pid == 0) {
        char text[16];
        dup2(fd, 3);
        snprintf(text, sizeof(text), "%d", for_us ? (int)getpid() : (int)getppid());
        setenv("LISTEN_FDS", count, 1);
        setenv("LISTEN_PID", text, 1);
        setenv("LISTEN_FDNAMES", "js.socket", 1);
        told.result = activation_take_socket();
        told.clean = !getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES") &&
                     activation_take_socket() == -ENOENT;
        if (told.result >= 0)
            told.clean = told.clean && fcntl(3, F_GETFD) == FD_CLOEXEC &&
                         (fcntl(3, F_GETFL) & O_NONBLOCK) != 0;
        _exit(write(tell_fd, &told, sizeof(told)) != (ssize_t)sizeof(told));
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(read(pipe_fds[0], &told, sizeof(told)), (ssize_t)sizeof(told));
    fd_close(tell_fd);
    fd_close(pipe_fds[0]);
    fd_close(pipe_fds[1]);
    fd_close(fd);
    *ret_clean = told.clean;
    return told.result;
}

START_TEST(a_passed_socket_is_taken)
{
    bool clean;
    ck_assert_int_eq(take(listener_bind(path), "1", true, &clean), 3);
    ck_assert(clean);
}
END_TEST

START_TEST(what_is_for_another_process_is_not_taken)
{
    bool clean;
    ck_assert_int_eq(take(listener_bind(path), "1", false, &clean), -ENOENT);
    ck_assert(clean);
}
END_TEST

START_TEST(something_else_is_refused)
{
    bool clean;
    int pair[2];
    ck_assert_int_eq(take(open("/dev/null", O_RDONLY), "1", true, &clean), -EINVAL);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fd_close(pair[1]);
    ck_assert_int_eq(take(pair[0], "1", true, &clean), -EINVAL);
    ck_assert(clean);
}
END_TEST

static int notify_socket(const char *name, bool abstract)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strcpy(addr.sun_path + abstract, name);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, len), 0);
    return fd;
}

START_TEST(readiness_is_notified)
{
    char text[32] = "", name[64];
    bool abstract = _i == 1;
    snprintf(name, sizeof(name), "%s", abstract ? dir + 1 : path);
    int fd = notify_socket(name, abstract);
    char address[80];
    snprintf(address, sizeof(address), "%s%s", abstract ? "@" : "", name);
    setenv("NOTIFY_SOCKET", address, 1);
    ck_assert_int_eq(activation_notify("READY=1"), 0);
    ck_assert_int_eq(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 7);
    ck_assert_str_eq(text, "READY=1");
    unsetenv("NOTIFY_SOCKET");
    ck_assert_int_eq(activation_notify("READY=1"), 0);
    ck_assert_int_eq(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), -1);
    setenv("NOTIFY_SOCKET", "relative", 1);
    ck_assert_int_eq(activation_notify("READY=1"), -EINVAL);
    unsetenv("NOTIFY_SOCKET");
    fd_close(fd);
}
END_TEST

static Suite *activation_suite(void)
{
    Suite *suite = suite_create("activation");
    TCase *tcase = tcase_create("activation");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_passed_socket_is_taken);
    tcase_add_test(tcase, what_is_for_another_process_is_not_taken);
    tcase_add_test(tcase, something_else_is_refused);
    tcase_add_loop_test(tcase, readiness_is_notified, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(activation_suite());
}

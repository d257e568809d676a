/* Sockets and notifications as systemd passes them, made by the test. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/listener.h"
#include "server/activation.h"
#include "tests/harness/runner.h"

static char dir[] = "/tmp/js-test-act-XXXXXX";
static char path[64];
static int saved_fd; /* what 3 was: Check may need it */

static void begin(void)
{
    strcpy(dir, "/tmp/js-test-act-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/sock", dir);
    saved_fd = fcntl(3, F_DUPFD_CLOEXEC, 100);
}

static void end(void)
{
    if (saved_fd >= 0)
        dup2(saved_fd, 3);
    fd_close(saved_fd);
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
}

static void pass(int fd, const char *count, pid_t pid)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", (int)pid);
    if (fd != 3) {
        ck_assert_int_eq(dup2(fd, 3), 3);
        fd_close(fd);
    }
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDNAMES", "js.socket", 1);
}

START_TEST(a_passed_socket_is_taken)
{
    int fd = listener_bind(path);
    ck_assert_int_ge(fd, 0);
    pass(fd, "1", getpid());
    ck_assert_int_eq(activation_take_socket(), 3);
    ck_assert_int_eq(fcntl(3, F_GETFD), FD_CLOEXEC);
    ck_assert(fcntl(3, F_GETFL) & O_NONBLOCK);
    ck_assert_ptr_null(getenv("LISTEN_FDS"));
    ck_assert_ptr_null(getenv("LISTEN_PID"));
    ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
    ck_assert_int_eq(activation_take_socket(), -ENOENT);
    fd_close(3);
}
END_TEST

START_TEST(what_is_for_another_process_is_not_taken)
{
    int fd = listener_bind(path);
    pass(fd, "1", getppid());
    ck_assert_int_eq(activation_take_socket(), -ENOENT);
    fd_close(3);
}
END_TEST

START_TEST(something_else_is_refused)
{
    pass(open("/dev/null", O_RDONLY), "1", getpid());
    ck_assert_int_eq(activation_take_socket(), -EINVAL);
    fd_close(3);
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fd_close(pair[1]);
    pass(pair[0], "1", getpid());
    ck_assert_int_eq(activation_take_socket(), -EINVAL);
    fd_close(3);
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

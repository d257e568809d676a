#include "common/channel.h"
#include "common/fd.h"
#include "common/listener.h"
#include "tests/harness/await.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS 200

static char directory[64];
static char path[80];
static uv_loop_t loop;
static struct listener listener;
static int accepted[CLIENTS];
static size_t accepted_count;
static bool close_in_accept;
static int closed_count;
static int fds_before;

static void on_accept(struct listener *from, int fd)
{
    ck_assert_ptr_eq(from->data, accepted);
    ck_assert_uint_lt(accepted_count, CLIENTS);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    accepted[accepted_count++] = fd;
    if (close_in_accept) {
        listener_close(from);
        listener_close(from);
    }
}

static void on_closed(struct listener *from)
{
    (void)from;
    closed_count++;
}

static void open_listener(void)
{
    /* libuv makes a pipe for signals with its first loop, and keeps it. */
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    fds_before = runner_fd_count();
    snprintf(directory, sizeof(directory), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/sock", directory);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    int fd = listener_bind(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(listener_open(&listener, &loop, fd, on_accept, on_closed, accepted), 0);
}

static void drop_accepted(void)
{
    while (accepted_count > 0)
        fd_close(accepted[--accepted_count]);
}

static void close_listener(void)
{
    listener_close(&listener);
    listener_close(&listener);
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    drop_accepted();
    if (runner_fd_count() != fds_before)
        runner_fd_print();
    ck_assert_int_eq(runner_fd_count(), fds_before);
}

static void turn(void)
{
    for (int i = 0; i < 8; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static int must_connect(void)
{
    int fd = channel_connect(path, true);
    ck_assert_msg(fd >= 0, "%s", strerror(-fd));
    return fd;
}

/* Whether the other side has closed: its end is there to be read, at once. */
static bool is_refused(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    char byte;
    return poll(&entry, 1, 0) == 1 && read(fd, &byte, 1) <= 0;
}

/* Binding */

START_TEST(the_socket_is_private)
{
    struct stat st;
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(fcntl(listener.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(listener.fd, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(the_umask_stays)
{
    char other[96];
    snprintf(other, sizeof(other), "%s/other", directory);
    mode_t before = umask(0);
    int fd = listener_bind(other);
    ck_assert_int_ge(fd, 0);
    fd_close(fd);
    ck_assert_uint_eq(umask(before), 0);
    struct stat st;
    ck_assert_int_eq(lstat(other, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(what_is_there_stays_there)
{
    struct stat before, after;
    ck_assert_int_eq(lstat(path, &before), 0);
    ck_assert_int_eq(listener_bind(path), -EADDRINUSE);
    ck_assert_int_eq(lstat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    fd_close(must_connect());
}
END_TEST

START_TEST(paths_are_checked)
{
    char longest[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_int_eq(listener_bind(longest), -ENAMETOOLONG);
    ck_assert_int_eq(channel_connect(longest, true), -ENAMETOOLONG);
    ck_assert_int_eq(listener_bind("/nonexistent/sock"), -ENOENT);
    ck_assert_int_eq(channel_connect("/nonexistent/sock", true), -ENOENT);
    ck_assert_int_eq(channel_connect("/dev/null", true), -ECONNREFUSED);
}
END_TEST

START_TEST(nobody_listens_behind_a_dead_socket)
{
    listener_close(&listener);
    turn();
    ck_assert_int_eq(channel_connect(path, true), -ECONNREFUSED);
    ck_assert_int_eq(channel_connect(path, false), -ECONNREFUSED);
}
END_TEST

/* Connecting without waiting, with nobody who accepts: the server does not wait for a holder. */
START_TEST(a_full_backlog_is_said_and_not_waited_for)
{
    char other[96];
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fds[8], count = 0, r;
    snprintf(other, sizeof(other), "%s/small", directory);
    strcpy(addr.sun_path, other);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    while ((r = channel_connect(other, false)) >= 0 && count < 8)
        fds[count++] = r;
    ck_assert_int_eq(r, -EAGAIN);
    ck_assert_int_gt(count, 0);
    ck_assert_int_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    while (count > 0)
        fd_close(fds[--count]);
    fd_close(fd);
}
END_TEST

/* Accepting */

START_TEST(everybody_is_accepted)
{
    int clients[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = must_connect();
    turn();
    ck_assert_uint_eq(accepted_count, CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++)
        fd_close(clients[i]);
}
END_TEST

START_TEST(a_client_that_is_gone_before_it_is_accepted_does_no_harm)
{
    for (int i = 0; i < 20; i++)
        fd_close(must_connect());
    int fd = must_connect();
    turn();
    ck_assert_uint_ge(accepted_count, 1);
    ck_assert(!is_refused(fd));
    fd_close(fd);
}
END_TEST

START_TEST(accepting_may_close_the_listener)
{
    int first = must_connect(), second = must_connect();
    close_in_accept = true;
    turn();
    ck_assert_uint_eq(accepted_count, 1);
    ck_assert_int_eq(closed_count, 1);
    fd_close(first);
    fd_close(second);
}
END_TEST

/* No descriptor left for another connection: it is refused, at once, and the loop does not spin. */
START_TEST(without_descriptors_connections_are_refused)
{
    int clients[10], fillers[512];
    size_t filler_count = 0;
    struct rlimit limit, low;
    for (size_t i = 0; i < 10; i++)
        clients[i] = must_connect();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = (struct rlimit){.rlim_cur = 300, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (filler_count < 512 && (fillers[filler_count] = dup(0)) >= 0)
        filler_count++;
    ck_assert_int_eq(errno, EMFILE);
    /* Room for two. */
    fd_close(fillers[--filler_count]);
    fd_close(fillers[--filler_count]);
    turn();
    size_t taken = accepted_count;
    int refused = 0;
    for (size_t i = 0; i < 10; i++)
        refused += is_refused(clients[i]);
    while (filler_count > 0)
        fd_close(fillers[--filler_count]);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_eq(taken, 2);
    ck_assert_int_eq(refused, 8);
    for (size_t i = 0; i < 10; i++)
        fd_close(clients[i]);
    /* And the next one is welcome again. */
    clients[0] = must_connect();
    turn();
    ck_assert_uint_eq(accepted_count, 3);
    ck_assert_int_ge(listener.reserve_fd, 0);
    fd_close(clients[0]);
}
END_TEST

/* Another user: 0 when it was let in, 1 when it was not, 2 when it could not try. */
static int knock_as_nobody(void)
{
    char byte;
    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 2;
    int fd = channel_connect(path, true);
    if (fd < 0)
        return 2;
    struct deadline deadline = deadline_default();
    if (await_readable(fd, deadline) < 0)
        return 0;
    return read(fd, &byte, 1) <= 0;
}

/* Also when somebody has opened up the directory and the socket. Only root can be two users. */
START_TEST(another_user_is_refused)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(runner_directory(), 0755), 0);
    ck_assert_int_eq(chmod(directory, 0755), 0);
    ck_assert_int_eq(chmod(path, 0666), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(knock_as_nobody());
    int status = 0;
    struct deadline deadline = deadline_default();
    while (waitpid(pid, &status, WNOHANG) == 0 && !deadline_passed(deadline))
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    ck_assert_uint_eq(accepted_count, 0);
}
END_TEST

static Suite *listener_suite(void)
{
    Suite *suite = suite_create("listener");
    TCase *binding = tcase_create("bind");
    tcase_add_checked_fixture(binding, open_listener, close_listener);
    tcase_add_test(binding, the_socket_is_private);
    tcase_add_test(binding, the_umask_stays);
    tcase_add_test(binding, what_is_there_stays_there);
    tcase_add_test(binding, paths_are_checked);
    tcase_add_test(binding, nobody_listens_behind_a_dead_socket);
    tcase_add_test(binding, a_full_backlog_is_said_and_not_waited_for);
    suite_add_tcase(suite, binding);

    TCase *accepting = tcase_create("accept");
    tcase_add_checked_fixture(accepting, open_listener, close_listener);
    tcase_add_test(accepting, everybody_is_accepted);
    tcase_add_test(accepting, a_client_that_is_gone_before_it_is_accepted_does_no_harm);
    tcase_add_test(accepting, accepting_may_close_the_listener);
    tcase_add_test(accepting, without_descriptors_connections_are_refused);
    tcase_add_test(accepting, another_user_is_refused);
    suite_add_tcase(suite, accepting);
    return suite;
}

int main(void)
{
    return runner_run(listener_suite());
}

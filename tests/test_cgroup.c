/*
 * Cgroups of jobs: where they can be made and where not, with a directory that stands for /proc and
 * the cgroup file system; and what the kernel does with one, where this process may make one.
 */
#include "common/fd.h"
#include "server/holder/cgroup.h"
#include "server/holder/cgroup_base.h"
#include "server/holder/cgroup_file.h"
#include "tests/harness/fixture.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ALL          (CGROUP_MEMORY | CGROUP_CPU | CGROUP_PIDS)

static struct fixture fixture;
static struct fixture_result result;
static char text[4096];

static void begin(void)
{
    fixture_init(&fixture);
}

static void end(void)
{
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void line(const char *command)
{
    fixture_shell_line(&fixture, &result, command);
    fixture_expect_code(&result, 0);
}

/* A world below the working directory: the cgroup /a/b is mounted at /sys/cg, and is ours. */
#define WORLD                                                                                      \
    "mkdir -p proc/self sys/cg/a/b/js.server; printf '3:pids:/x\\n0::/a/b\\n' >proc/self/cgroup; " \
    "printf '%s\\n' '31 23 0:28 / /sys rw - tmpfs tmpfs rw' "                                      \
    "'35 31 0:32 / /sys/fs/memory rw - cgroup cgroup rw,memory' "                                  \
    "'41 31 0:38 / /sys/cg rw shared:9 - cgroup2 cgroup2 rw' >proc/self/mountinfo; cd sys/cg/a/b;" \
    "echo 'cpuset cpu io memory pids' >cgroup.controllers; : >cgroup.subtree_control; "            \
    ": >cgroup.procs; : >js.server/cgroup.procs; echo domain >cgroup.type; cd ../../../..; "

static int open_base(struct cgroup_base *base, unsigned controllers)
{
    text[0] = '\0';
    return cgroup_base_open(base, fixture.work, controllers, text, sizeof(text));
}

static const struct {
    const char *change; /* of the world */
    const char *name;   /* of the base */
} found_cases[] = {
    {"true", "/a/b"},
    {"echo 0::/a/b/js.server >proc/self/cgroup", "/a/b"},
    {"echo 0::/ >proc/self/cgroup; cp -r sys/cg/a/b/* sys/cg", "/"},
    {"echo 0::/js.server >proc/self/cgroup; cp -r sys/cg/a/b/* sys/cg", "/"},
    {"printf '%s\\n' '9 1 0:3 /a /sys/cg/x\\040y rw - cgroup2 c rw' >proc/self/mountinfo; "
     "mkdir 'sys/cg/x y'; mv sys/cg/a/b 'sys/cg/x y'",
     "/a/b"},
    /* A part of the hierarchy that we are not in, then one that we are in. */
    {"(echo '9 1 0:3 /b /else rw - cgroup2 c rw'; echo '9 1 0:3 /a/bb /else rw - cgroup2 c rw'; "
     "cat proc/self/mountinfo) >new; mv new proc/self/mountinfo",
     "/a/b"},
};

START_TEST(the_base_is_found)
{
    struct cgroup_base base;
    line(WORLD);
    line(found_cases[_i].change);
    int r = open_base(&base, ALL);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(r, 0);
    ck_assert_str_eq(base.name, found_cases[_i].name);
    ck_assert_int_eq(base.is_root, false);
    ck_assert_int_eq(faccessat(base.dir_fd, "cgroup.controllers", F_OK, 0), 0);
    cgroup_base_close(&base);
    cgroup_base_close(&base);
    ck_assert_int_eq(base.dir_fd, -1);
}
END_TEST

#define WHAT_TO_DO                                                                                 \
    "; run the server in a cgroup of its own, under systemd with Delegate=yes: systemctl --user "  \
    "enable --now js.socket (see CGROUPS in jsd(1))"

static const struct {
    const char *change;
    const char *says;
} refused_cases[] = {
    {"echo 4:pids:/ >proc/self/cgroup",
     "cgroup: limits of a whole job need cgroup v2, and this process is in no cgroup of it "
     "(/proc/self/cgroup): No such file or directory"},
    {"rm proc/self/cgroup",
     "cgroup: limits of a whole job need cgroup v2, and this process is in no cgroup of it "
     "(/proc/self/cgroup): No such file or directory"},
    {"sed -i /cgroup2/d proc/self/mountinfo",
     "cgroup: limits of a whole job need cgroup v2, which is not mounted here "
     "(/proc/self/mountinfo): No such file or directory"},
    {"echo '9 1 0:3 /else /sys/cg rw - cgroup2 c rw' >proc/self/mountinfo",
     "cgroup: limits of a whole job need cgroup v2, which is not mounted here "
     "(/proc/self/mountinfo): No such file or directory"},
    {"rm sys/cg/a/b/cgroup.procs", "cgroup: /a/b is not delegated to this user: cgroup.procs: No "
                                   "such file or directory" WHAT_TO_DO},
    {"rm sys/cg/a/b/cgroup.subtree_control",
     "cgroup: /a/b is not delegated to this user: cgroup.subtree_control: No such file or "
     "directory" WHAT_TO_DO},
    {"echo 'cpuset cpu io pids' >sys/cg/a/b/cgroup.controllers",
     "cgroup: /a/b has no controller 'memory', only 'cpuset cpu io pids': the cgroup above has to "
     "delegate it, and cgroup v1 must not have taken it (see CGROUPS in jsd(1))"},
    {"echo 'cpuset memory pids' >sys/cg/a/b/cgroup.controllers",
     "cgroup: /a/b has no controller 'cpu', only 'cpuset memory pids': the cgroup above has to "
     "delegate it, and cgroup v1 must not have taken it (see CGROUPS in jsd(1))"},
    {": >sys/cg/a/b/cgroup.controllers; mkdir sys/cg/user@7.service; "
     "mv sys/cg/a/b sys/cg/user@7.service; echo 0::/user@7.service/b >proc/self/cgroup",
     "cgroup: /user@7.service/b has no controller 'memory', only '': the administrator can add it "
     "with systemctl edit user@.service: [Service] Delegate=cpu memory pids (see CGROUPS in "
     "jsd(1))"},
};

START_TEST(what_cannot_be_is_refused_with_its_reason)
{
    struct cgroup_base base;
    line(WORLD);
    line(refused_cases[_i].change);
    ck_assert_int_lt(open_base(&base, ALL), 0);
    ck_assert_str_eq(text, refused_cases[_i].says);
    ck_assert_int_eq(base.dir_fd, -1);
}
END_TEST

/* As it is for whoever is not root; root may write everywhere. */
START_TEST(what_belongs_to_another_user_is_refused)
{
    line(WORLD "chmod -R go+rX . ..; chmod 444 sys/cg/a/b/cgroup.procs; chmod 711 .. ../..");
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct cgroup_base base;
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(1);
        bool refused = open_base(&base, ALL) == -EACCES;
        bool says = strstr(text, "cgroup: /a/b is not delegated to this user: ") == text &&
                    strstr(text, ": Permission denied" WHAT_TO_DO);
        _exit(refused && says ? 0 : 2);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert(WIFEXITED(status));
}
END_TEST

/* systemd marks what it delegates. */

static const struct {
    const char *path, *marked; /* both below sys/cg */
    bool ours;
} marked_cases[] = {
    {"user@7.service/app.slice/x.scope", "user@7.service", false},
    {"user@7.service/app.slice/x.scope", "user@7.service/app.slice/x.scope", true},
    {"user@7.service/app.slice/x.scope/y", "user@7.service/app.slice/x.scope", true},
    {"system.slice/x.service/payload", "system.slice/x.service", true},
    {"user@7.service", "user@7.service", true},
};

START_TEST(only_what_systemd_delegates_is_taken)
{
    char command[768], path[256];
    const char *inner = marked_cases[_i].path;
    line(WORLD);
    snprintf(command, sizeof(command),
             "mkdir -p sys/cg/%s; cp -r sys/cg/a/b/* sys/cg/%s; echo 0::/%s >proc/self/cgroup",
             inner, inner, inner);
    line(command);
    snprintf(path, sizeof(path), "%s/sys/cg/%s", fixture.work, marked_cases[_i].marked);
    if (setxattr(path, "user.delegate", "1", 1, 0) < 0) {
        ck_assert_int_eq(errno, ENOTSUP); /* a file system without them: then there is no mark */
        return;
    }
    struct cgroup_base base;
    int r = open_base(&base, ALL);
    snprintf(command, sizeof(command),
             "cgroup: /%s is not delegated to this user: it is systemd's own" WHAT_TO_DO, inner);
    ck_assert_str_eq(text, marked_cases[_i].ours ? "" : command);
    ck_assert_int_eq(r, marked_cases[_i].ours ? 0 : -EPERM);
    cgroup_base_close(&base);
}
END_TEST

/* Root could take everything; of other users' units the mark may not be seen. */
START_TEST(root_takes_nothing_of_systemds)
{
    struct cgroup_base base;
    line(WORLD "mkdir -p run/systemd/system");
    int r = open_base(&base, ALL);
    ck_assert_int_eq(r, geteuid() == 0 ? -EPERM : 0);
    cgroup_base_close(&base);
    line("rmdir run/systemd/system");
    ck_assert_int_eq(open_base(&base, ALL), 0);
    cgroup_base_close(&base);
}
END_TEST

static int prepare(unsigned controllers)
{
    struct cgroup_base base;
    ck_assert_int_eq(open_base(&base, controllers), 0);
    int r = cgroup_base_prepare(&base, controllers, text, sizeof(text));
    cgroup_base_close(&base);
    return r;
}

static void expect_file(const char *path, const char *expected)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "%s/%s", fixture.work, path);
    char *found = cgroup_file_read(AT_FDCWD, whole);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found, expected);
    free(found);
}

START_TEST(controllers_are_enabled)
{
    line(WORLD);
    ck_assert_int_eq(prepare(CGROUP_PIDS | CGROUP_MEMORY), 0);
    expect_file("sys/cg/a/b/cgroup.subtree_control", "+memory +pids");
    expect_file("sys/cg/a/b/js.server/cgroup.procs", "");
}
END_TEST

/* Nothing is moved then, and nothing written. */
START_TEST(what_is_enabled_is_left_alone)
{
    line(WORLD "echo 'memory io pids' >sys/cg/a/b/cgroup.subtree_control; "
               "echo 1 >sys/cg/a/b/cgroup.procs");
    ck_assert_int_eq(prepare(CGROUP_PIDS | CGROUP_MEMORY), 0);
    expect_file("sys/cg/a/b/cgroup.subtree_control", "memory io pids\n");
    expect_file("sys/cg/a/b/js.server/cgroup.procs", "");
}
END_TEST

/* This program and what it has started stand for the server and its jobs. */
START_TEST(our_processes_make_room)
{
    char command[512], number[16];
    line(WORLD);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    snprintf(command, sizeof(command), "echo %s >sys/cg/a/b/cgroup.procs", number);
    line(command);
    ck_assert_int_eq(prepare(CGROUP_CPU), 0);
    expect_file("sys/cg/a/b/js.server/cgroup.procs", number);
    expect_file("sys/cg/a/b/cgroup.subtree_control", "+cpu");
}
END_TEST

START_TEST(others_do_not)
{
    line(WORLD "printf '1\\n' >sys/cg/a/b/cgroup.procs");
    ck_assert_int_eq(prepare(CGROUP_CPU), -EBUSY);
    const char *begins = "cgroup: /a/b is not delegated to this user: process 1 (";
    ck_assert_int_eq(strncmp(text, begins, strlen(begins)), 0);
    ck_assert_ptr_nonnull(strstr(text, "), which is not of js, is in it" WHAT_TO_DO));
    expect_file("sys/cg/a/b/js.server/cgroup.procs", "");
    expect_file("sys/cg/a/b/cgroup.subtree_control", "");
    /* None is moved when not all can be. */
    char command[128];
    snprintf(command, sizeof(command), "printf '%d\\n1\\n' >sys/cg/a/b/cgroup.procs",
             (int)getpid());
    line(command);
    ck_assert_int_eq(prepare(CGROUP_CPU), -EBUSY);
    expect_file("sys/cg/a/b/js.server/cgroup.procs", "");
    /* 0: of another pid namespace, and so of nobody that we know. */
    line("echo 0 >sys/cg/a/b/cgroup.procs");
    ck_assert_int_eq(prepare(CGROUP_CPU), -EBUSY);
}
END_TEST

/* The root of all cgroups may have processes, whoever's they are. */
START_TEST(the_root_needs_no_room)
{
    line(WORLD "cp -r sys/cg/a/b/* sys/cg; rm sys/cg/cgroup.type; echo 0::/ >proc/self/cgroup; "
               "echo 1 >sys/cg/cgroup.procs");
    ck_assert_int_eq(prepare(CGROUP_CPU), 0);
    expect_file("sys/cg/js.server/cgroup.procs", "");
    expect_file("sys/cg/cgroup.subtree_control", "+cpu");
}
END_TEST

static const struct {
    struct job_plan plan;
    const char *memory, *swap, *cpu, *pids; /* the files afterwards; "-" is what was there */
} limit_cases[] = {
    {{.memory = 104857600}, "104857600", "0", "-", "-"},
    {{.cpu = 500}, "-", "-", "50000 100000", "-"},
    {{.cpu = 10}, "-", "-", "1000 100000", "-"},
    {{.cpu = 2250}, "-", "-", "225000 100000", "-"},
    {{.pids = 50}, "-", "-", "-", "50"},
    {{.memory = 1, .cpu = 1000, .pids = 1}, "1", "0", "100000 100000", "1"},
};

static int open_work(void)
{
    int fd = open(fixture.work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(limits_are_written)
{
    line("for i in memory.max memory.swap.max cpu.max pids.max; do printf -- - >$i; done");
    int fd = open_work();
    ck_assert_int_eq(cgroup_set_limits(fd, &limit_cases[_i].plan, text, sizeof(text)), 0);
    fd_close(fd);
    expect_file("memory.max", limit_cases[_i].memory);
    expect_file("memory.swap.max", limit_cases[_i].swap);
    expect_file("cpu.max", limit_cases[_i].cpu);
    expect_file("pids.max", limit_cases[_i].pids);
}
END_TEST

/* Without swap accounting there is no memory.swap.max; without its controller a limit fails. */
START_TEST(a_limit_that_cannot_be_set_is_told)
{
    line(": >memory.max");
    struct job_plan plan = {.memory = 4096};
    int fd = open_work();
    ck_assert_int_eq(cgroup_set_limits(fd, &plan, text, sizeof(text)), 0);
    expect_file("memory.max", "4096");
    plan.pids = 3;
    ck_assert_int_eq(cgroup_set_limits(fd, &plan, text, sizeof(text)), -ENOENT);
    ck_assert_str_eq(text, "cgroup: cannot set pids.max to 3: No such file or directory");
    fd_close(fd);
}
END_TEST

START_TEST(usage_is_read)
{
    line("printf 'usage_usec 1234567\\nuser_usec 1000000\\n' >cpu.stat; echo 4096 >memory.current; "
         "echo 8192 >memory.peak; "
         "printf 'low 0\\nmax 9\\noom 7\\noom_kill 3\\noom_group_kill 0\\n' >memory.events");
    struct job_usage usage = {.processes = 5};
    struct cgroup cgroup = {.path = (char *)"x", .dir_fd = open_work()};
    ck_assert_int_eq(cgroup_read_usage(&cgroup, &usage), true);
    ck_assert_uint_eq(usage.cpu_ms, 1234);
    ck_assert_uint_eq(usage.memory, 4096);
    ck_assert_uint_eq(usage.peak, 8192);
    ck_assert_uint_eq(usage.processes, 5);
    ck_assert_uint_eq(cgroup_oom_kills(&cgroup), 3);
    fd_close(cgroup.dir_fd);
}
END_TEST

START_TEST(what_its_controllers_do_not_tell_stays)
{
    struct job_usage usage = {.memory = 1, .peak = 2, .read = 3, .written = 4, .processes = 5};
    struct cgroup cgroup = {.path = (char *)"x", .dir_fd = open_work()};
    ck_assert_int_eq(cgroup_read_usage(&cgroup, &usage), true);
    ck_assert_uint_eq(usage.memory, 1);
    ck_assert_uint_eq(usage.peak, 2);
    ck_assert_uint_eq(cgroup_oom_kills(&cgroup), 0);
    fd_close(cgroup.dir_fd);
    cgroup_init(&cgroup);
    ck_assert_int_eq(cgroup_read_usage(&cgroup, &usage), false);
    ck_assert_uint_eq(cgroup_oom_kills(&cgroup), 0);
    ck_assert_int_eq(cgroup_kill(&cgroup), -ENOENT);
    cgroup_close(&cgroup);
}
END_TEST

START_TEST(only_cgroups_of_jobs_are_removed)
{
    char path[160];
    line("mkdir js-x other");
    snprintf(path, sizeof(path), "%s/js-x", fixture.work);
    ck_assert_int_eq(cgroup_remove(path), -EINVAL); /* not in a cgroup file system */
    snprintf(path, sizeof(path), "%s/other", fixture.work);
    ck_assert_int_eq(cgroup_remove(path), -EINVAL);
    ck_assert_int_eq(cgroup_remove("js-x"), -EINVAL);
    ck_assert_int_eq(cgroup_remove("/nowhere/js-x"), -ENOENT);
}
END_TEST

/* The kernel's own, where we may make one: without limits it takes no controller. */

static const struct job_plan no_limits;
static char uid[32];

/* False, having said why on stderr, where no cgroup can be made; then the reason must be one. */
static bool make(struct cgroup *cgroup, uint32_t attempt)
{
    snprintf(uid, sizeof(uid), "test%d", (int)getpid());
    text[0] = '\0';
    int r = cgroup_open(cgroup, "", &no_limits, uid, attempt, text, sizeof(text));
    if (r == 0)
        return true;
    fprintf(stderr, "# no cgroup can be made here: %s\n", text);
    ck_assert_int_eq(strncmp(text, "cgroup: ", 8), 0);
    ck_assert_ptr_null(cgroup->path);
    ck_assert_int_eq(cgroup->dir_fd, -1);
    return false;
}

/* Starts processes in it that nothing but KILL ends, in sessions of their own: tree of three. */
static pid_t start_in(const struct cgroup *cgroup)
{
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    int procs = cgroup_open_procs(cgroup);
    ck_assert_int_ge(procs, 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (write(procs, "0", 1) < 0)
            _exit(1);
        close(cgroup->dir_fd); /* and its lock, as an exec does */
        signal(SIGTERM, SIG_IGN);
        fork();
        fork();
        setsid();
        if (write(ready[1], "+", 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    char bytes[4];
    for (size_t got = 0; got < sizeof(bytes);) {
        ssize_t n = read(ready[0], bytes, sizeof(bytes));
        ck_assert_int_gt(n, 0);
        got += (size_t)n;
    }
    fd_close(ready[0]);
    fd_close(ready[1]);
    fd_close(procs);
    return pid;
}

static void expect_populated(const struct cgroup *cgroup, bool populated)
{
    char *events = cgroup_file_read(cgroup->dir_fd, "cgroup.events");
    ck_assert_ptr_nonnull(events);
    ck_assert_uint_eq(cgroup_file_sum(events, "populated"), populated);
    free(events);
}

/* Its file wakes who polls it when it changes (cgroups(7)). */
static void await_empty(const char *path)
{
    char name[4096 + 16];
    snprintf(name, sizeof(name), "%s/cgroup.events", path);
    struct deadline deadline = deadline_default();
    _cleanup_fd_ int fd = open(name, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    for (;;) {
        char events[128] = "";
        ck_assert_int_gt(pread(fd, events, sizeof(events) - 1, 0), 0);
        if (cgroup_file_sum(events, "populated") == 0)
            return;
        struct pollfd wait = {.fd = fd, .events = POLLPRI};
        ck_assert_int_eq(poll(&wait, 1, deadline_left_ms(deadline)), 1);
    }
}

static void reap(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

START_TEST(a_cgroup_kills_all_that_is_in_it)
{
    struct cgroup cgroup;
    if (!make(&cgroup, 1))
        return;
    char path[4096];
    snprintf(path, sizeof(path), "%s", cgroup.path);
    expect_populated(&cgroup, false);
    pid_t pid = start_in(&cgroup);
    expect_populated(&cgroup, true);
    ck_assert_int_eq(cgroup_remove(path), -EAGAIN); /* it is ours, and locked */
    ck_assert_int_eq(cgroup_kill(&cgroup), 0);
    reap(pid);
    await_empty(path);
    struct job_usage usage = {0};
    ck_assert_int_eq(cgroup_read_usage(&cgroup, &usage), true);
    cgroup_close(&cgroup);
    ck_assert_int_lt(access(path, F_OK), 0);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* A holder that is killed leaves its cgroup, and what is in it: gone once that has ended. */
START_TEST(what_a_killed_holder_left_is_swept)
{
    struct cgroup first, second;
    if (!make(&first, 1))
        return;
    char path[4096];
    snprintf(path, sizeof(path), "%s", first.path);
    pid_t pid = start_in(&first);
    fd_close(first.dir_fd); /* as the kernel does; the name stays */
    free(first.path);
    ck_assert_int_eq(cgroup_remove(path), -EBUSY);
    ck_assert(make(&second, 2));
    ck_assert_int_eq(access(path, F_OK), 0);
    cgroup_close(&second);
    char kill_path[sizeof(path) + 16];
    snprintf(kill_path, sizeof(kill_path), "%s/cgroup.kill", path);
    ck_assert_int_eq(cgroup_file_write(AT_FDCWD, kill_path, "1"), 0);
    reap(pid);
    await_empty(path);
    ck_assert(make(&second, 2));
    ck_assert_int_lt(access(path, F_OK), 0);
    cgroup_close(&second);
}
END_TEST

/* Some programs make cgroups of their own in theirs. */
START_TEST(what_the_job_made_in_it_goes_too)
{
    struct cgroup cgroup;
    if (!make(&cgroup, 1))
        return;
    char path[4096];
    snprintf(path, sizeof(path), "%s", cgroup.path);
    ck_assert_int_eq(mkdirat(cgroup.dir_fd, "inner", 0755), 0);
    ck_assert_int_eq(mkdirat(cgroup.dir_fd, "inner/most", 0755), 0);
    cgroup_close(&cgroup);
    ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

START_TEST(an_attempt_has_one_of_its_own)
{
    struct cgroup first, second, third;
    if (!make(&first, 1))
        return;
    ck_assert(make(&second, 2));
    ck_assert_str_ne(first.path, second.path);
    ck_assert(!make(&third, 2)); /* never somebody else's: the name is taken */
    ck_assert_ptr_nonnull(strstr(text, ": File exists"));
    cgroup_close(&first);
    cgroup_close(&second);
}
END_TEST

static Suite *cgroup_suite(void)
{
    Suite *suite = suite_create("cgroup");
    TCase *tc = tcase_create("cgroup");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, the_base_is_found, 0, COUNT(found_cases));
    tcase_add_loop_test(tc, what_cannot_be_is_refused_with_its_reason, 0, COUNT(refused_cases));
    tcase_add_test(tc, what_belongs_to_another_user_is_refused);
    tcase_add_loop_test(tc, only_what_systemd_delegates_is_taken, 0, COUNT(marked_cases));
    tcase_add_test(tc, root_takes_nothing_of_systemds);
    tcase_add_test(tc, controllers_are_enabled);
    tcase_add_test(tc, what_is_enabled_is_left_alone);
    tcase_add_test(tc, our_processes_make_room);
    tcase_add_test(tc, others_do_not);
    tcase_add_test(tc, the_root_needs_no_room);
    tcase_add_loop_test(tc, limits_are_written, 0, COUNT(limit_cases));
    tcase_add_test(tc, a_limit_that_cannot_be_set_is_told);
    tcase_add_test(tc, usage_is_read);
    tcase_add_test(tc, what_its_controllers_do_not_tell_stays);
    tcase_add_test(tc, only_cgroups_of_jobs_are_removed);
    tcase_add_test(tc, a_cgroup_kills_all_that_is_in_it);
    tcase_add_test(tc, what_a_killed_holder_left_is_swept);
    tcase_add_test(tc, what_the_job_made_in_it_goes_too);
    tcase_add_test(tc, an_attempt_has_one_of_its_own);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(cgroup_suite());
}

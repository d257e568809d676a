#include "common/fd.h"
#include "common/joblog.h"
#include "common/listener.h"
#include "common/record.h"
#include "server/server.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A server that does not run: its loop, and its registry over directories of the test's own. */
#define KEEP_JOBS 500u
#define KEEP_NS   (UINT64_C(7) * 86400u * 1000000000u)

static struct server server;
static struct registry *const registry = &server.registry;
static char root[64];
static char text[1024];
static int fds_before;

static void make_directory(const char *path)
{
    ck_assert_msg(mkdir(path, 0700) == 0, "%s: %s", path, strerror(errno));
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    fd_close(fd);
}

static void open_registry(void)
{
    char path[PATHS_MAX + 16];
    struct paths *paths = &server.runtime.paths;
    /* libuv makes a pipe for signals with its first loop, and keeps it. */
    ck_assert_int_eq(uv_loop_init(&server.loop), 0);
    ck_assert_int_eq(uv_loop_close(&server.loop), 0);
    fds_before = runner_fd_count();
    snprintf(root, sizeof(root), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(paths->runtime_dir, sizeof(paths->runtime_dir), "%s/run", root);
    snprintf(paths->state_dir, sizeof(paths->state_dir), "%s/state", root);
    make_directory(paths->runtime_dir);
    make_directory(paths->state_dir);
    snprintf(path, sizeof(path), "%s/jobs", paths->runtime_dir);
    make_directory(path);
    snprintf(path, sizeof(path), "%s/jobs", paths->state_dir);
    make_directory(path);
    ck_assert_int_eq(uv_loop_init(&server.loop), 0);
    registry_init(registry, &server, paths);
    registry_set_keep(registry, KEEP_JOBS, KEEP_NS / 1000000u);
}

static void close_registry(void)
{
    server.stopping = true;
    registry_finish(registry);
    ck_assert_int_eq(uv_run(&server.loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&server.loop), 0);
    if (runner_fd_count() != fds_before)
        runner_fd_print();
    ck_assert_int_eq(runner_fd_count(), fds_before);
}

/* S/jobs/ID as an open directory; the caller closes it. */
static int open_job(const char *id)
{
    char path[PATHS_MAX + 32];
    snprintf(path, sizeof(path), "%s/jobs/%s", server.runtime.paths.state_dir, id);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int make_job_directory(const char *id)
{
    char path[PATHS_MAX + 32];
    snprintf(path, sizeof(path), "%s/jobs/%s", server.runtime.paths.state_dir, id);
    make_directory(path);
    return open_job(id);
}

static bool exists(const char *below)
{
    char path[PATHS_MAX];
    snprintf(path, sizeof(path), "%s/%s", root, below);
    return access(path, F_OK) == 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The record of a job that ended, or else that runs. */
static void write_record(int dir_fd, uint32_t id, bool ended)
{
    char *argv[] = {(char *)"sleep", (char *)"60"};
    struct job_end end = {.reason = END_EXITED, .code = 3};
    char runtime_dir[PATHS_MAX + 24];
    ck_assert_int_eq(
        paths_job(runtime_dir, sizeof(runtime_dir), server.runtime.paths.runtime_dir, id), 0);
    struct job_info info = {.id = id,
                            .uid = (char *)"abcd0000abcd0000",
                            .name = (char *)"kept",
                            .state = ended ? JOB_ENDED : JOB_RUNNING,
                            .argv = {.items = argv, .len = 2},
                            .cwd = (char *)"/tmp",
                            .started_ns = 5,
                            .ended_ns = ended ? now_ns() : 0,
                            .end = ended ? &end : NULL,
                            .runtime_dir = runtime_dir};
    ck_assert_int_eq(record_write(dir_fd, &info), 0);
}

static void add_job(uint32_t id, uint32_t state, uint64_t ended_ns)
{
    char name[16];
    snprintf(name, sizeof(name), "%u", id);
    fd_close(make_job_directory(name));
    struct job *job = job_create(&server, id, "0123456789abcdef");
    ck_assert_ptr_nonnull(job);
    job->info.state = state;
    job->info.ended_ns = ended_ns;
    ck_assert_int_eq(registry_add(registry, job), 0);
}

/* The list */

START_TEST(jobs_are_kept_in_the_order_of_their_numbers)
{
    static const uint32_t ids[] = {5, 1, 9, 3, 7, 2, 100, 50};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        add_job(ids[i], JOB_RUNNING, 0);
    ck_assert_uint_eq(registry->count, 8);
    for (size_t i = 1; i < registry->count; i++)
        ck_assert_uint_gt(registry->jobs[i]->info.id, registry->jobs[i - 1]->info.id);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        ck_assert_uint_eq(registry_find(registry, ids[i])->info.id, ids[i]);
    ck_assert_ptr_null(registry_find(registry, 4));
    ck_assert_ptr_null(registry_find(registry, 0));
    ck_assert_ptr_null(registry_find(registry, UINT32_MAX));
    registry_remove(registry, registry_find(registry, 9));
    ck_assert_ptr_null(registry_find(registry, 9));
    ck_assert_uint_eq(registry->count, 7);
}
END_TEST

START_TEST(specs_are_resolved_over_all_jobs)
{
    struct job *job = NULL;
    add_job(1, JOB_ENDED, 5);
    add_job(2, JOB_STOPPED, 0);
    ck_assert_int_eq(registry_resolve(registry, "2", true, &job, text, sizeof(text)), 0);
    ck_assert_uint_eq(job->info.id, 2);
    ck_assert_int_eq(registry_resolve(registry, NULL, true, &job, text, sizeof(text)), 0);
    ck_assert_uint_eq(job->info.id, 2);
    ck_assert_int_eq(registry_resolve(registry, "99", true, &job, text, sizeof(text)),
                     ERROR_NO_JOB);
    ck_assert_str_eq(text, "no job 99");
    add_job(3, JOB_STOPPED, 0);
    ck_assert_int_eq(registry_resolve(registry, "0123", true, &job, text, sizeof(text)),
                     ERROR_NO_JOB); /* a number, never a uid */
    uint32_t current, previous;
    registry_current(registry, &current, &previous);
    ck_assert_uint_eq(current, 3);
    ck_assert_uint_eq(previous, 2);
}
END_TEST

/* New numbers */

START_TEST(numbers_rise_and_places_are_made)
{
    struct registry_slot slots[5];
    char path[64];
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_int_eq(registry_claim(registry, &slots[i], text, sizeof(text)), 0);
        ck_assert_uint_eq(slots[i].id, i + 1);
        snprintf(path, sizeof(path), "run/jobs/%u/sock", i + 1);
        ck_assert(exists(path));
        snprintf(path, sizeof(path), "state/jobs/%u/lock", i + 1);
        ck_assert(exists(path));
        ck_assert_int_eq(fcntl(slots[i].lock_fd, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(fcntl(slots[i].listen_fd, F_GETFD), FD_CLOEXEC);
    }
    for (int i = 0; i < 5; i++)
        registry_release(&slots[i], true);
    ck_assert(!exists("run/jobs/1"));
    ck_assert(!exists("state/jobs/5"));
    /* A number is not given out twice, also when nothing came of it. */
    ck_assert_int_eq(registry_claim(registry, &slots[0], text, sizeof(text)), 0);
    ck_assert_uint_eq(slots[0].id, 6);
    registry_release(&slots[0], true);
}
END_TEST

START_TEST(a_number_whose_record_exists_is_passed_over)
{
    struct registry_slot slot;
    fd_close(make_job_directory("1"));
    fd_close(make_job_directory("2"));
    fd_close(make_job_directory("4"));
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_uint_eq(slot.id, 3);
    registry_release(&slot, true);
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_uint_eq(slot.id, 5);
    registry_release(&slot, true);
}
END_TEST

/* A socket that a dead holder left behind under a number that is free again. */
START_TEST(an_old_socket_gives_way)
{
    char path[PATHS_MAX + 32];
    struct registry_slot slot;
    snprintf(path, sizeof(path), "%s/jobs/1", server.runtime.paths.runtime_dir);
    make_directory(path);
    strcat(path, "/sock");
    int fd = listener_bind(path);
    fd_close(fd);
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_uint_eq(slot.id, 1);
    registry_release(&slot, true);
}
END_TEST

/* What stands where a job's socket would be is left alone, and so is its number. */
START_TEST(a_number_whose_socket_is_taken_is_passed_over)
{
    char path[2][PATHS_MAX + 32];
    struct registry_slot slot;
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof(path[i]), "%s/jobs/%d", server.runtime.paths.runtime_dir, i + 1);
        make_directory(path[i]);
        strcat(path[i], "/sock");
    }
    make_file(path[0]);
    int fd = listener_bind(path[1]);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_uint_eq(slot.id, 3);
    ck_assert(exists("run/jobs/1/sock"));
    ck_assert(exists("run/jobs/2/sock"));
    ck_assert(!exists("state/jobs/1"));
    ck_assert(!exists("state/jobs/2"));
    registry_release(&slot, true);
    fd_close(fd);
}
END_TEST

START_TEST(a_failed_claim_leaves_nothing)
{
    char path[PATHS_MAX + 16];
    struct registry_slot slot;
    snprintf(path, sizeof(path), "%s/jobs", server.runtime.paths.runtime_dir);
    ck_assert_int_eq(rmdir(path), 0);
    int fds = runner_fd_count();
    make_file(path);
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), -ENOTDIR);
    ck_assert_str_eq(text, "cannot make job 1: Not a directory");
    ck_assert(!exists("state/jobs/1"));
    ck_assert_int_eq(unlink(path), 0);
    /* Somebody has removed both of them: they are made again. */
    ck_assert_int_eq(rmdir(server.runtime.paths.runtime_dir), 0);
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert(exists("run/jobs/2/sock"));
    registry_release(&slot, true);
    ck_assert_int_eq(runner_fd_count(), fds);
}
END_TEST

/* Where the state directory takes no job, the runtime directory does. */
START_TEST(a_job_may_be_misplaced)
{
    char path[PATHS_MAX + 16], dir[PATHS_MAX + 32];
    struct registry_slot slot;
    snprintf(path, sizeof(path), "%s/jobs", server.runtime.paths.state_dir);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_ptr_nonnull(strstr(slot.misplaced, server.runtime.paths.state_dir));
    ck_assert_ptr_nonnull(strstr(slot.misplaced, ": No such file or directory"));
    snprintf(dir, sizeof(dir), "%s/state/jobs/1", server.runtime.paths.runtime_dir);
    ck_assert_str_eq(slot.state_dir, dir);
    struct job_info info = {.id = 1, .state_dir = slot.state_dir};
    ck_assert_int_eq(registry_job_dir(registry, &info, dir, sizeof(dir)), 0);
    ck_assert_str_eq(dir, slot.state_dir);
    /* Nobody is led elsewhere by a record. */
    info.state_dir = (char *)"/etc";
    ck_assert_int_eq(registry_job_dir(registry, &info, dir, sizeof(dir)), 0);
    snprintf(path, sizeof(path), "%s/jobs/1", server.runtime.paths.state_dir);
    ck_assert_str_eq(dir, path);
    registry_release(&slot, true);
    ck_assert_int_eq(access(slot.state_dir, F_OK), -1);
    /* A directory that is not to be used is not even tried. */
    registry->state_problem = "it is somebody else's";
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_uint_eq(slot.id, 2);
    ck_assert_ptr_nonnull(strstr(slot.misplaced, ": it is somebody else's"));
    registry_release(&slot, true);
}
END_TEST

/* Ended jobs */

START_TEST(a_forgotten_job_leaves_nothing)
{
    add_job(1, JOB_ENDED, now_ns());
    int fd = open_job("1");
    write_record(fd, 1, true);
    fd_close(fd);
    ck_assert_int_eq(registry_forget(registry, registry_find(registry, 1)), 0);
    ck_assert_ptr_null(registry_find(registry, 1));
    ck_assert(!exists("state/jobs/1"));
}
END_TEST

START_TEST(old_jobs_are_dropped)
{
    uint64_t now = now_ns();
    add_job(1, JOB_ENDED, now - KEEP_NS - 1000000000u);
    add_job(2, JOB_ENDED, now - KEEP_NS + 60000000000u);
    add_job(3, JOB_RUNNING, 0);
    registry_prune(registry);
    ck_assert_ptr_null(registry_find(registry, 1));
    ck_assert(!exists("state/jobs/1"));
    ck_assert_ptr_nonnull(registry_find(registry, 2));
    ck_assert_ptr_nonnull(registry_find(registry, 3));
}
END_TEST

START_TEST(of_very_many_the_last_are_kept)
{
    uint64_t now = now_ns();
    for (uint32_t id = 1; id <= KEEP_JOBS + 20; id++)
        add_job(id, id == 5 ? JOB_RUNNING : JOB_ENDED, id == 5 ? 0 : now);
    registry_prune(registry);
    ck_assert_uint_eq(registry->count, KEEP_JOBS + 1);
    ck_assert_ptr_nonnull(registry_find(registry, 5));
    ck_assert_ptr_null(registry_find(registry, 1));
    ck_assert_ptr_null(registry_find(registry, 20));
    ck_assert_ptr_nonnull(registry_find(registry, 21));
}
END_TEST

/* Finding jobs on the disk */

START_TEST(an_ended_job_is_found)
{
    int fd = make_job_directory("7");
    write_record(fd, 7, true);
    fd_close(fd);
    ck_assert_int_eq(registry_load(registry), 0);
    ck_assert_uint_eq(registry->count, 1);
    const struct job_info *info = &registry_find(registry, 7)->info;
    ck_assert_uint_eq(info->state, JOB_ENDED);
    ck_assert_int_eq(info->end->code, 3);
    ck_assert_str_eq(info->name, "kept");
    ck_assert_uint_eq(registry->last_id, 7);
}
END_TEST

/* Its record says that it runs, but nobody has the lock: the holder died without a word. */
START_TEST(a_job_without_a_holder_is_lost_and_that_is_written_down)
{
    char name[JOBLOG_NAME_SIZE];
    int fd = make_job_directory("7");
    write_record(fd, 7, false);
    joblog_segment_name(name, 100);
    int log_fd = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(log_fd, "hello", 5), 5);
    fd_close(log_fd);
    ck_assert_int_eq(registry_load(registry), 0);
    const struct job_info *info = &registry_find(registry, 7)->info;
    ck_assert_uint_eq(info->state, JOB_ENDED);
    ck_assert_uint_eq(info->end->reason, END_LOST);
    ck_assert_uint_eq(info->log_first, 100);
    ck_assert_uint_eq(info->log_next, 105);
    struct job_info record = {0};
    ck_assert_int_eq(record_read(fd, &record), 0);
    ck_assert_uint_eq(record.state, JOB_ENDED);
    ck_assert_uint_eq(record.end->reason, END_LOST);
    ck_assert_str_eq(record.name, "kept");
    wire_clear(&job_info_fields, &record);
    fd_close(fd);
}
END_TEST

START_TEST(a_damaged_record_is_shown_and_kept)
{
    static const char damage[] = "this is no record";
    void *data = NULL;
    size_t len = 0;
    int fd = make_job_directory("7");
    int file = openat(fd, RECORD_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(fd_write_all(file, damage, sizeof(damage)), 0);
    fd_close(file);
    int other = make_job_directory("8");
    write_record(other, 8, true);
    fd_close(other);
    ck_assert_int_eq(registry_load(registry), 0);
    const struct job_info *info = &registry_find(registry, 7)->info;
    ck_assert_ptr_nonnull(strstr(info->warning, "record cannot be read"));
    ck_assert_uint_eq(info->state, JOB_ENDED);
    ck_assert_ptr_nonnull(registry_find(registry, 8));
    ck_assert_int_eq(fd_read_file(fd, RECORD_NAME, 100, &data, &len), 0);
    ck_assert_uint_eq(len, sizeof(damage));
    ck_assert_mem_eq(data, damage, len);
    free(data);
    fd_close(fd);
}
END_TEST

START_TEST(a_start_that_never_came_to_be_is_cleared_away)
{
    fd_close(make_job_directory("7"));
    ck_assert_int_eq(registry_load(registry), 0);
    ck_assert_uint_eq(registry->count, 0);
    ck_assert(!exists("state/jobs/7"));
}
END_TEST

START_TEST(what_is_no_job_is_left_alone)
{
    static const char *const names[] = {"0", "07", "x", "1x", "-1", "4294967296", ".hidden"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        fd_close(make_job_directory(names[i]));
    ck_assert_int_eq(registry_load(registry), 0);
    ck_assert_uint_eq(registry->count, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int fd = open_job(names[i]);
        ck_assert_int_ge(fd, 0);
        fd_close(fd);
    }
}
END_TEST

START_TEST(a_file_in_place_of_a_job_does_no_harm)
{
    char path[PATHS_MAX + 32];
    snprintf(path, sizeof(path), "%s/jobs/7", server.runtime.paths.state_dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    fd_close(fd);
    ck_assert_int_eq(registry_load(registry), 0);
    ck_assert_uint_eq(registry->count, 0);
    /* Its number is not free, though. */
    registry->last_id = 6;
    struct registry_slot slot;
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    ck_assert_uint_eq(slot.id, 8);
    registry_release(&slot, true);
}
END_TEST

/* The lock is the proof of life: such a job is connected to, and not touched. */
START_TEST(a_job_whose_lock_is_held_lives)
{
    struct registry_slot slot;
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    int fd = open_job("1");
    write_record(fd, 1, false);
    ck_assert_int_eq(registry_load(registry), 0);
    const struct job *job = registry_find(registry, 1);
    ck_assert_ptr_nonnull(job);
    ck_assert_uint_eq(job->info.state, JOB_RUNNING);
    ck_assert(job->linked);
    fd_close(fd);
    registry_release(&slot, false);
}
END_TEST

START_TEST(a_job_of_another_runtime_directory_is_not_ours)
{
    char runtime_dir[PATHS_MAX + 24];
    struct registry_slot slot;
    /* The first has the same beginning. */
    snprintf(runtime_dir, sizeof(runtime_dir), "%s%s", server.runtime.paths.runtime_dir,
             "-2/jobs/1");
    struct job_info info = {.id = 1,
                            .uid = (char *)"u",
                            .state = JOB_RUNNING,
                            .cwd = (char *)"/",
                            .runtime_dir = _i == 0 ? runtime_dir : (char *)"/else/jobs/1"};
    ck_assert_int_eq(registry_claim(registry, &slot, text, sizeof(text)), 0);
    int fd = open_job("1");
    ck_assert_int_eq(record_write(fd, &info), 0);
    fd_close(fd);
    ck_assert_int_eq(registry_load(registry), 0);
    ck_assert_uint_eq(registry->count, 0);
    ck_assert(exists("state/jobs/1/record"));
    registry_release(&slot, false);
}
END_TEST

START_TEST(a_renamed_job_is_saved_only_without_a_holder)
{
    int fd = make_job_directory("7");
    write_record(fd, 7, true);
    ck_assert_int_eq(registry_load(registry), 0);
    struct job *job = registry_find(registry, 7);
    int lock_fd = record_lock(fd);
    enum job_state ended = job->info.state;
    job->info.state = JOB_RUNNING; /* then its holder writes */
    ck_assert_int_eq(registry_save(registry, job), -EWOULDBLOCK);
    job->info.state = ended; /* and no more from here on, although it may not be gone yet */
    ck_assert_int_eq(wire_set_str(&job->info.name, "new"), 0);
    ck_assert_int_eq(registry_save(registry, job), 0);
    fd_close(lock_fd);
    struct job_info record = {0};
    ck_assert_int_eq(record_read(fd, &record), 0);
    ck_assert_str_eq(record.name, "new");
    wire_clear(&job_info_fields, &record);
    fd_close(fd);
}
END_TEST

static Suite *registry_suite(void)
{
    Suite *suite = suite_create("registry");
    TCase *list = tcase_create("list");
    tcase_add_checked_fixture(list, open_registry, close_registry);
    tcase_add_test(list, jobs_are_kept_in_the_order_of_their_numbers);
    tcase_add_test(list, specs_are_resolved_over_all_jobs);
    tcase_add_test(list, numbers_rise_and_places_are_made);
    tcase_add_test(list, a_number_whose_record_exists_is_passed_over);
    tcase_add_test(list, an_old_socket_gives_way);
    tcase_add_test(list, a_number_whose_socket_is_taken_is_passed_over);
    tcase_add_test(list, a_failed_claim_leaves_nothing);
    tcase_add_test(list, a_job_may_be_misplaced);
    tcase_add_test(list, a_forgotten_job_leaves_nothing);
    tcase_add_test(list, old_jobs_are_dropped);
    tcase_add_test(list, of_very_many_the_last_are_kept);
    suite_add_tcase(suite, list);

    TCase *load = tcase_create("load");
    tcase_add_checked_fixture(load, open_registry, close_registry);
    tcase_add_test(load, an_ended_job_is_found);
    tcase_add_test(load, a_job_without_a_holder_is_lost_and_that_is_written_down);
    tcase_add_test(load, a_damaged_record_is_shown_and_kept);
    tcase_add_test(load, a_start_that_never_came_to_be_is_cleared_away);
    tcase_add_test(load, what_is_no_job_is_left_alone);
    tcase_add_test(load, a_file_in_place_of_a_job_does_no_harm);
    tcase_add_test(load, a_job_whose_lock_is_held_lives);
    tcase_add_loop_test(load, a_job_of_another_runtime_directory_is_not_ours, 0, 2);
    tcase_add_test(load, a_renamed_job_is_saved_only_without_a_holder);
    suite_add_tcase(suite, load);
    return suite;
}

int main(void)
{
    return runner_run(registry_suite());
}

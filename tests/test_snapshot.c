#include "common/keyframe.h"
#include "common/snapshot.h"
#include "server/holder/journal.h"
#include "tests/harness/runner.h"
#include "tests/harness/screens.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 6, COLS = 20, HISTORY = 30 };

/* A job: its log, its tracker, and a screen that has seen all of it. */
struct job {
    char dir[64];
    int dir_fd;
    struct journal journal;
    struct tracker *tracker;
    struct screen *eager;
    unsigned keyframes;
};

static void start(struct job *job, uint64_t log_size)
{
    *job = (struct job){0};
    snprintf(job->dir, sizeof(job->dir), "/tmp/js-snapshot-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(job->dir));
    job->dir_fd = open(job->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(job->dir_fd, 0);
    journal_init(&job->journal, job->dir_fd, log_size);
    job->tracker = tracker_create(ROWS, COLS);
    job->eager = screen_create(ROWS, COLS, HISTORY);
    ck_assert_ptr_nonnull(job->tracker);
    ck_assert_ptr_nonnull(job->eager);
}

static void finish(struct job *job)
{
    journal_remove(&job->journal);
    keyframe_remove(job->dir_fd);
    close(job->dir_fd);
    ck_assert_int_eq(rmdir(job->dir), 0);
    tracker_destroy(job->tracker);
    screen_destroy(job->eager);
}

static void print(struct job *job, const char *text)
{
    size_t len = strlen(text);
    ck_assert_int_eq(journal_append(&job->journal, text, len), 0);
    tracker_feed(job->tracker, text, len);
    screen_feed(job->eager, text, len);
}

static void resize(struct job *job, unsigned rows, unsigned cols)
{
    tracker_resize(job->tracker, rows, cols);
    screen_resize(job->eager, rows, cols);
}

static struct snapshot snapshot_of(const struct job *job)
{
    return (struct snapshot){.tracker = job->tracker,
                             .dir_fd = job->dir_fd,
                             .first = job->journal.whole_from,
                             .history = HISTORY};
}

static void check(struct job *job, bool with_history)
{
    struct snapshot snapshot = snapshot_of(job);
    bool whole = false;
    int error = 0;
    char text[200] = "";
    struct screen *lazy = snapshot_make(&snapshot, &whole, &error);
    ck_assert_msg(lazy != NULL, "%s", strerror(-error));
    ck_assert(whole);
    ck_assert_uint_eq(screen_rows(lazy), screen_rows(job->eager));
    ck_assert_uint_eq(screen_cols(lazy), screen_cols(job->eager));
    ck_assert_msg(screens_equal(job->eager, lazy, text, sizeof(text)), "%s", text);
    if (with_history) {
        ck_assert_uint_eq(screen_history(lazy), HISTORY);
        ck_assert_msg(screens_equal_history(job->eager, lazy, HISTORY, text, sizeof(text)), "%s",
                      text);
    }
    screen_destroy(lazy);
}

static const char *const pieces[] = {
    "plain lines\r\nthat go on\r\n",
    "\033[1;31mcoloured\033[m and \033]8;;http://a\033\\linked\033]8;;\033\\\r\n",
    "\033[2;5r\033[5;1H\nin a region\033[r\033[6;1H\r\n",
    "\rprogress 1 %\rprogress 2 %\033[K",
    "\033[?1049h\033[H\033[2Jan editor\033[3;3Hline\033[?1049l",
    "\033[H\033[2J\xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81\r\n",
    "a line that is longer than the terminal is wide\r\n",
};

START_TEST(lazy_is_eager_at_any_time)
{
    enum { COUNT = sizeof(pieces) / sizeof(pieces[0]) };
    struct job job;
    unsigned seed = 7 + (unsigned)_i;
    start(&job, 64u << 10);
    for (int round = 0; round < 3000; round++) {
        seed = seed * 1664525 + 1013904223;
        print(&job, pieces[(seed >> 16) % COUNT]);
        if (round % 250 == 249)
            check(&job, false);
    }
    finish(&job);
}
END_TEST

/* Much more output than the log keeps, of which the last lines are all that counts. */
START_TEST(a_flood_costs_its_last_lines)
{
    struct job job;
    char line[64];
    start(&job, 64u << 10);
    for (int i = 0; i < 50000; i++) {
        snprintf(line, sizeof(line), "\033[%dmline %d\033[m\r\n", 30 + i % 8, i);
        print(&job, line);
    }
    ck_assert_uint_gt(job.journal.first, 0);
    check(&job, true);
    finish(&job);
}
END_TEST

START_TEST(each_stretch_has_the_size_it_was_written_for)
{
    struct job job;
    start(&job, 0);
    print(&job, "\033[H\033[2J\033[6;1Hbottom\033[2;15Hright");
    resize(&job, 4, 12);
    check(&job, false);
    print(&job, "\033[4;1Hnew bottom\033[1;1H0123456789abcdef");
    check(&job, false);
    resize(&job, 9, 40);
    print(&job, "\033[9;30Hcorner");
    resize(&job, 10, 50);
    check(&job, false);
    finish(&job);
}
END_TEST

/* Live output goes on in the middle of a sequence. */
START_TEST(what_is_unfinished_follows_the_paint)
{
    static const char *const unfinished[] = {"\033[1;3", "\xe6\xbc", "\033]0;tit", "\033"};
    static const char *const rest[] = {"1mred", "\xa2", "le\007x", "[1mbold"};
    struct job job;
    struct bytes out = {0};
    bool whole = false;
    char text[200] = "";
    start(&job, 0);
    print(&job, "\033[2;2Hsome text");
    print(&job, unfinished[_i]);
    struct snapshot snapshot = snapshot_of(&job);
    ck_assert_int_eq(snapshot_paint(&snapshot, 0, 0, &out, &whole), 0);
    struct screen *view = screen_create(ROWS, COLS, 0);
    ck_assert_ptr_nonnull(view);
    screen_feed(view, out.data, out.len);
    screen_feed(view, rest[_i], strlen(rest[_i]));
    print(&job, rest[_i]);
    ck_assert_msg(screens_equal(job.eager, view, text, sizeof(text)), "%s", text);
    bytes_finish(&out);
    screen_destroy(view);
    finish(&job);
}
END_TEST

/* The log no longer has what would tell: what it has is shown, and said to be no more than that. */
START_TEST(a_log_without_its_start_shows_what_it_has)
{
    struct job job;
    bool whole = true;
    int error = 0;
    start(&job, 0);
    print(&job, "lost");
    tracker_gap(job.tracker, 1000);
    job.journal.next = job.journal.whole_from = 1000;
    journal_finish(&job.journal);
    print(&job, "kept\r\n");
    struct snapshot snapshot = snapshot_of(&job);
    struct screen *screen = snapshot_make(&snapshot, &whole, &error);
    ck_assert_ptr_nonnull(screen);
    ck_assert(!whole);
    char *text = screens_text(screen, false);
    ck_assert_str_eq(text, "kept\n");
    free(text);
    screen_destroy(screen);
    finish(&job);
}
END_TEST

START_TEST(an_ended_jobs_log_is_tracked_anew)
{
    struct job job;
    int error = 0;
    char text[200] = "";
    start(&job, 0);
    for (int i = 0; i < 100; i++)
        print(&job, pieces[i % 7]);
    struct tracker *tracker =
        snapshot_track(job.dir_fd, 0, job.journal.next, ROWS, COLS, 0, &error);
    ck_assert_ptr_nonnull(tracker);
    struct snapshot snapshot = snapshot_of(&job);
    snapshot.tracker = tracker;
    bool whole = false;
    struct screen *screen = snapshot_make(&snapshot, &whole, &error);
    ck_assert_ptr_nonnull(screen);
    ck_assert(whole);
    ck_assert_msg(screens_equal(job.eager, screen, text, sizeof(text)), "%s", text);
    screen_destroy(screen);
    tracker_destroy(tracker);
    finish(&job);
}
END_TEST

/* What has no safe point near: some rows are written once, others again and again in part. */
static const char *const updates[][8] = {
    {"\033[2;3H\033[31mone\033[m", "\033[5;9H\033[1mtwo\033[m", "\033[3;15H3\xe6\xbc\xa2 ",
     "\033[4;1Ha\033[1P\033[2@", "\033[6;18Hxyz", "\033[2;1H\033[44m\033[K\033[m",
     "\033[3;4H\033[3X", "\0337\033[6;2H\033[7mbar\033[m\0338"},
    {"scrolls\r\n", "in a region\r\n", "\033[32mgreen\033[m\r\n",
     "\0337\033[6;1H\033[7mstatus\033[m\0338", "\033[2L", "\033[M", "\033[S",
     "wraps and wraps and wraps\r\n"},
    {"\033[?1049h\033[3;3Hinside\033[?1049l", "\033[2;2Houtside", "\033[?1049h", "\033[5;5H5",
     "\033[4;4H44", "\033[?1049l", "\033[3;9Hthree", "\033[5;2Hfive"},
    {"\033(0lqqk\033(B", "\033[3;5H\033]8;;http://b\033\\link\033]8;;\033\\", "\033[4;7He\xcc\x81",
     "\033[5;1H\033[4:3m\033[58:5:9mcurly\033[m", "\033[2;7H\033[38;2;1;2;3mrgb\033[m",
     "\033[?7lno wrap at all "
     "at the end of it\033[?7h",
     "\033[6;6H\033[4hins\033[4l", "\033[3;3H\033[5bx"},
};
static const char *const headers[] = {"\033[H\033[2J\033[7mheader\033[m",
                                      "\033[Hheader\033[2;5r\033[2;1H", "\033[Hheader",
                                      "\033[?1049h\033[2Jheader\033[1;12Hagain"};

static int keep(struct job *job)
{
    struct snapshot_keeping keeping = {.tracker = job->tracker,
                                       .dir_fd = job->dir_fd,
                                       .first = job->journal.whole_from,
                                       .most = 16u << 10,
                                       .reach = 32u << 10};
    int r = snapshot_keep(&keeping);
    ck_assert(r >= 0 || r == -EAGAIN || r == -EBUSY);
    job->keyframes += r > 0;
    return r;
}

static void print_updates(struct job *job, int kind, int count, unsigned seed)
{
    for (int i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        print(job, updates[kind][(seed >> 16) % 8]);
        if (seed >> 24 < 4)
            keep(job);
    }
}

/* Many times what the log has room for, and nothing is missing. */
START_TEST(keyframes_keep_what_the_log_drops)
{
    struct job job;
    start(&job, 64u << 10);
    print(&job, headers[_i]);
    for (int round = 0; round < 60; round++) {
        print_updates(&job, _i, 700, (unsigned)round);
        check(&job, false);
    }
    ck_assert_uint_gt(job.journal.first, 0);
    ck_assert_uint_ge(job.keyframes, 8);
    finish(&job);
}
END_TEST

/* A snapshot begins near the end, wherever the last safe point is. */
START_TEST(keyframes_are_near)
{
    struct job job;
    struct keyframe newest, older;
    start(&job, 0);
    print(&job, headers[0]);
    print_updates(&job, 0, 20000, 1);
    while (keep(&job) < 0)
        print(&job, "x");
    ck_assert_int_eq(keyframe_read(job.dir_fd, false, &newest), 0);
    ck_assert_int_eq(keyframe_read(job.dir_fd, true, &older), 0);
    ck_assert_uint_le(job.journal.next - newest.offset, 2 * (16u << 10));
    ck_assert_uint_lt(older.offset, newest.offset);
    ck_assert(newest.whole && older.whole);
    ck_assert_uint_eq(newest.rows, ROWS);
    ck_assert_uint_eq(newest.cols, COLS);
    keyframe_finish(&newest);
    keyframe_finish(&older);
    finish(&job);
}
END_TEST

START_TEST(what_has_safe_points_needs_no_keyframes)
{
    struct job job;
    start(&job, 64u << 10);
    for (int i = 0; i < 5000; i++) {
        print(&job, i % 2 ? "\033[1mplain\033[m lines\r\n" : "and more of them\r\n");
        ck_assert_int_ne(keep(&job), 1);
    }
    check(&job, true);
    ck_assert_int_eq(keyframe_read(job.dir_fd, false, &(struct keyframe){0}), -ENOENT);
    finish(&job);
}
END_TEST

/* A program that writes each row over and over, without ever clearing it or the screen. */
START_TEST(a_picture_costs_its_last_time)
{
    struct job job;
    struct tracker_plan plan;
    char text[64];
    start(&job, 0);
    print(&job, _i ? "\033[?1049h" : "");
    for (int i = 0; i < 3000; i++) {
        for (int row = 1; row <= ROWS; row++) {
            snprintf(text, sizeof(text), "\033[%d;1H\033[3%dmpicture\033[m\033[%d;8H %09d    ", row,
                     i % 8, row, i);
            print(&job, text);
        }
    }
    ck_assert_int_eq(tracker_plan(job.tracker, 0, 0, 0, &plan), 0);
    ck_assert_uint_gt(tracker_offset(job.tracker), 600000);
    ck_assert_uint_le(tracker_plan_bytes(&plan), 3 * 4096);
    tracker_plan_finish(&plan);
    check(&job, false);
    finish(&job);
}
END_TEST

/* What a picture was painted with counts as long as anything of it may be there. */
START_TEST(what_may_still_show_is_not_left_out)
{
    static const char *const odd[] = {
        "\033[3;5H\033[3@",
        "\033[3;5H\033[2P",
        "\033[3;4H\xe6\xbc\xa2",
        "\033[3;4H\033[4hin\033[4l",
        "\033[3;20Hw\033[5b",
        "\033[?7l\033[3;18Hover\033[?7h",
        "\033[3;9H\033[?1K",
        "\033[1\"q\033[3;2HP\033[0\"q\033[3;5H\033[?0K",
        "\033[3;4Ha\xcc\x81\033[m\xcc\x81",
        "\033[3;20Hx\033[K",
        "\033[3;20Hxy\bz",
    };
    struct job job;
    char text[128];
    start(&job, 0);
    print(&job, "\033[Hfirst\033[3;1Hfirst of the row\033[6;1Hlast");
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof(text), "\033[3;%dH\033[4%dm%c\033[m\033[4;1H%06d", 3 + i % 9, i % 8,
                 'a' + i % 26, i);
        print(&job, text);
        if (i % 600 == 300)
            print(&job, odd[_i]);
        if (i % 500 == 499)
            check(&job, false);
    }
    finish(&job);
}
END_TEST

START_TEST(a_keyframe_has_the_size_it_was_made_with)
{
    struct job job;
    start(&job, 64u << 10);
    print(&job, headers[0]);
    for (int round = 0; round < 12; round++) {
        print_updates(&job, 0, 1500, (unsigned)round);
        resize(&job, ROWS + (unsigned)round % 3, COLS + (unsigned)round % 5);
        check(&job, false);
    }
    ck_assert_uint_ge(job.keyframes, 4);
    finish(&job);
}
END_TEST

/* Neither another version's nor half a file is taken for a screen; the log alone is all there is.
 */
START_TEST(a_broken_keyframe_is_none)
{
    static const char *const names[] = {"screen", "screen.old"};
    struct job job;
    struct keyframe keyframe;
    bool whole;
    int error = 0;
    start(&job, 64u << 10);
    print(&job, headers[0]);
    print_updates(&job, 0, 30000, 1);
    for (int i = 0; i < 2; i++) {
        int fd = openat(job.dir_fd, names[i], O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        if (_i == 0)
            ck_assert_int_eq(ftruncate(fd, 100), 0);
        else
            ck_assert_int_eq(pwrite(fd, "\xff", 1, 0), 1);
        close(fd);
        ck_assert_int_eq(keyframe_read(job.dir_fd, i == 1, &keyframe), -EBADMSG);
    }
    struct snapshot snapshot = snapshot_of(&job);
    struct screen *screen = snapshot_make(&snapshot, &whole, &error);
    ck_assert_ptr_nonnull(screen);
    ck_assert(!whole);
    screen_destroy(screen);
    while (keep(&job) < 0)
        print(&job, "x");
    ck_assert_int_eq(keyframe_read(job.dir_fd, false, &keyframe), 0);
    ck_assert(!keyframe.whole);
    keyframe_finish(&keyframe);
    finish(&job);
}
END_TEST

/* Its log begins somewhere, its keyframe tells what was before. */
START_TEST(an_ended_jobs_keyframe_tells_what_its_log_does_not)
{
    struct job job;
    bool whole = false;
    int error = 0;
    char text[200] = "";
    start(&job, 64u << 10);
    print(&job, headers[_i]);
    print_updates(&job, _i, 30000, 5);
    ck_assert_uint_gt(job.journal.first, 0);
    struct tracker *tracker =
        snapshot_track(job.dir_fd, job.journal.first, job.journal.next, ROWS, COLS, 0, &error);
    ck_assert_ptr_nonnull(tracker);
    struct snapshot snapshot = snapshot_of(&job);
    snapshot.tracker = tracker;
    struct screen *screen = snapshot_make(&snapshot, &whole, &error);
    ck_assert_ptr_nonnull(screen);
    ck_assert(whole);
    ck_assert_msg(screens_equal(job.eager, screen, text, sizeof(text)), "%s", text);
    ck_assert(tracker_alternate(tracker) == tracker_alternate(job.tracker));
    screen_destroy(screen);
    tracker_destroy(tracker);
    finish(&job);
}
END_TEST

static Suite *snapshot_suite(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *snapshot = tcase_create("snapshot");
    tcase_add_loop_test(snapshot, lazy_is_eager_at_any_time, 0, 4);
    tcase_add_test(snapshot, a_flood_costs_its_last_lines);
    tcase_add_test(snapshot, each_stretch_has_the_size_it_was_written_for);
    tcase_add_loop_test(snapshot, what_is_unfinished_follows_the_paint, 0, 4);
    tcase_add_test(snapshot, a_log_without_its_start_shows_what_it_has);
    tcase_add_test(snapshot, an_ended_jobs_log_is_tracked_anew);
    suite_add_tcase(suite, snapshot);
    TCase *keyframes = tcase_create("keyframes");
    tcase_add_loop_test(keyframes, keyframes_keep_what_the_log_drops, 0, 4);
    tcase_add_test(keyframes, keyframes_are_near);
    tcase_add_test(keyframes, what_has_safe_points_needs_no_keyframes);
    tcase_add_loop_test(keyframes, a_picture_costs_its_last_time, 0, 2);
    tcase_add_loop_test(keyframes, what_may_still_show_is_not_left_out, 0, 11);
    tcase_add_test(keyframes, a_keyframe_has_the_size_it_was_made_with);
    tcase_add_loop_test(keyframes, a_broken_keyframe_is_none, 0, 2);
    tcase_add_loop_test(keyframes, an_ended_jobs_keyframe_tells_what_its_log_does_not, 0, 4);
    suite_add_tcase(suite, keyframes);
    return suite;
}

int main(void)
{
    return runner_run(snapshot_suite());
}

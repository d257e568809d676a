#include "common/spec.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_MAX 12

/* A job as a line: what matters to job specs, and nothing else. Times are small numbers. */
struct line {
    uint32_t id;
    const char *uid;
    const char *name;
    const char *command; /* words are separated by single blanks */
    uint32_t state;
    uint64_t started, left, ended;
    uint32_t viewer; /* enum attach_mode, 0 = nobody */
};

static struct job_info infos[JOBS_MAX];
static const struct job_info *pointers[JOBS_MAX];
static struct spec_jobs world;

static void split(const char *command, struct wire_strs *ret)
{
    char *words[16];
    size_t count = 0;
    char *copy = strdup(command), *rest = copy;
    ck_assert_ptr_nonnull(copy);
    for (char *word; (word = strsep(&rest, " "));)
        words[count++] = word;
    ck_assert_int_eq(wire_set_strs(ret, words, count), 0);
    free(copy);
}

static void build(const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct job_info *info = &infos[i];
        *info = (struct job_info){.id = lines[i].id,
                                  .state = lines[i].state,
                                  .started_ns = lines[i].started,
                                  .left_ns = lines[i].left,
                                  .ended_ns = lines[i].ended};
        ck_assert_int_eq(wire_set_str(&info->uid, lines[i].uid ? lines[i].uid : "none"), 0);
        ck_assert_int_eq(wire_set_str(&info->name, lines[i].name), 0);
        split(lines[i].command ? lines[i].command : "cmd", &info->argv);
        if (lines[i].viewer) {
            struct job_viewer *viewer = calloc(1, sizeof(*viewer));
            ck_assert_ptr_nonnull(viewer);
            viewer->mode = lines[i].viewer;
            info->viewers = (struct wire_structs){.items = viewer, .len = 1};
        }
        pointers[i] = info;
    }
    world = (struct spec_jobs){.jobs = pointers, .count = count};
}

static void clear(void)
{
    for (size_t i = 0; i < world.count; i++)
        wire_clear(&job_info_fields, &infos[i]);
    world.count = 0;
}

/* The current and the previous job */

static const struct {
    const char *what;
    struct line lines[5];
    size_t count;
    uint32_t current, previous; /* 0 = none */
} order_cases[] = {
    {"no job at all", {{0}}, 0, 0, 0},
    {"one that runs", {{.id = 1, .state = JOB_RUNNING, .started = 1}}, 1, 1, 0},
    {"ended ones do not count",
     {{.id = 1, .state = JOB_ENDED, .ended = 5}, {.id = 2, .state = JOB_FAILED, .ended = 6}},
     2,
     0,
     0},
    {"one that is ending does not count", {{.id = 1, .state = JOB_EXITING, .left = 5}}, 1, 0, 0},
    {"stopped A, then B: B is current, A previous",
     {{.id = 1, .state = JOB_STOPPED, .started = 1, .left = 10},
      {.id = 2, .state = JOB_STOPPED, .started = 2, .left = 20}},
     2,
     2,
     1},
    {"stopped B, then A",
     {{.id = 1, .state = JOB_STOPPED, .started = 1, .left = 30},
      {.id = 2, .state = JOB_STOPPED, .started = 2, .left = 20}},
     2,
     1,
     2},
    {"a job that was left counts like a stopped one",
     {{.id = 1, .state = JOB_RUNNING, .started = 1, .left = 30},
      {.id = 2, .state = JOB_STOPPED, .started = 2, .left = 20}},
     2,
     1,
     2},
    {"a stopped job goes before one never attached, however late that was started",
     {{.id = 1, .state = JOB_STOPPED, .started = 1, .left = 2},
      {.id = 2, .state = JOB_RUNNING, .started = 90}},
     2,
     1,
     2},
    {"one that waits to be started comes after those that run, before those that are attached",
     {{.id = 1, .state = JOB_RUNNING, .started = 1},
      {.id = 2, .state = JOB_QUEUED},
      {.id = 3, .state = JOB_RUNNING, .started = 2, .viewer = ATTACH_OWN}},
     3,
     1,
     2},
    {"of those never attached the last started",
     {{.id = 1, .state = JOB_RUNNING, .started = 5}, {.id = 2, .state = JOB_RUNNING, .started = 3}},
     2,
     1,
     2},
    {"at the same time the higher number",
     {{.id = 1, .state = JOB_RUNNING, .started = 5}, {.id = 2, .state = JOB_RUNNING, .started = 5}},
     2,
     2,
     1},
    {"one attached elsewhere comes last",
     {{.id = 1, .state = JOB_RUNNING, .started = 1},
      {.id = 2, .state = JOB_RUNNING, .started = 5, .left = 50, .viewer = ATTACH_OWN}},
     2,
     1,
     2},
    {"a watcher does not keep it",
     {{.id = 1, .state = JOB_RUNNING, .started = 1},
      {.id = 2, .state = JOB_RUNNING, .started = 5, .viewer = ATTACH_WATCH}},
     2,
     2,
     1},
    {"of three the two latest, in any order of numbers",
     {{.id = 3, .state = JOB_STOPPED, .left = 30},
      {.id = 5, .state = JOB_STOPPED, .left = 10},
      {.id = 9, .state = JOB_STOPPED, .left = 20}},
     3,
     3,
     9},
    {"queued and starting ones are jobs",
     {{.id = 1, .state = JOB_QUEUED}, {.id = 2, .state = JOB_STARTING}},
     2,
     2,
     1},
};

START_TEST(current_is_what_the_user_would_come_back_to)
{
    const struct job_info *current, *previous;
    build(order_cases[_i].lines, order_cases[_i].count);
    spec_current(&world, &current, &previous);
    ck_assert_msg((current ? current->id : 0) == order_cases[_i].current, "%s: current is %u",
                  order_cases[_i].what, current ? current->id : 0);
    ck_assert_msg((previous ? previous->id : 0) == order_cases[_i].previous, "%s: previous is %u",
                  order_cases[_i].what, previous ? previous->id : 0);
    clear();
}
END_TEST

/* Specs */

static const struct line lines[] = {
    {.id = 1, .uid = "a111000000000000", .command = "make all", .state = JOB_ENDED, .ended = 5},
    {.id = 2,
     .uid = "a222000000000000",
     .name = "build",
     .command = "make -j4",
     .state = JOB_ENDED,
     .ended = 9},
    {.id = 3,
     .uid = "b333000000000000",
     .name = "build",
     .command = "make check",
     .state = JOB_RUNNING,
     .started = 3},
    {.id = 4,
     .uid = "b333444400000000",
     .name = "notes",
     .command = "vim notes.txt",
     .state = JOB_STOPPED,
     .started = 4,
     .left = 4},
    {.id = 5,
     .uid = "c555000000000000",
     .command = "vim todo",
     .state = JOB_STOPPED,
     .started = 5,
     .left = 5},
    {.id = 6,
     .uid = "d666000000000000",
     .name = "old",
     .command = "sleep 1",
     .state = JOB_ENDED,
     .ended = 7},
    {.id = 12,
     .uid = "e777000000000000",
     .name = "%odd",
     .command = "grep 'a b'",
     .state = JOB_RUNNING,
     .started = 2},
    {.id = 40, .uid = "f888000000000000", .command = "sleep 60", .state = JOB_FAILED, .ended = 1},
};

static const struct {
    const char *spec;
    bool live_only;
    uint32_t id; /* 0: an error, with this text */
    const char *text;
} spec_cases[] = {
    /* numbers */
    {"3", false, 3, NULL},
    {"%3", false, 3, NULL},
    {"12", true, 12, NULL},
    {"%12", true, 12, NULL},
    {"1", true, 1, NULL}, /* an ended one, but by its number */
    {"003", false, 3, NULL},
    {"7", false, 0, "no job 7"},
    {"%7", false, 0, "no job %7"},
    {"0", false, 0, "no job 0"},
    {"4294967299", false, 0, "no job 4294967299"}, /* 3 in 32 bits */
    {"18446744073709551619", false, 0, "no job 18446744073709551619"},
    /* the current and the previous one */
    {NULL, true, 5, NULL},
    {"%", true, 5, NULL},
    {"%+", true, 5, NULL},
    {"%%", false, 5, NULL},
    {"%-", true, 4, NULL},
    /* names: a live one before an ended one */
    {"build", false, 3, NULL},
    {"build", true, 3, NULL},
    {"%build", true, 3, NULL},
    {"notes", false, 4, NULL},
    {"old", true, 6, NULL}, /* ended, but by its exact name */
    {"note", false, 0, "no job note"},
    {"", false, 0, "no job ''"},
    /* how the command begins */
    {"%make", true, 3, NULL},
    {"%make ch", true, 3, NULL},
    {"%make", false, 3, NULL},
    {"%vim n", false, 4, NULL},
    {"%vim", true, 0, "'vim' matches several jobs: 4 5"},
    {"%sleep", true, 0, "no job %sleep"},
    {"%sleep", false, 40, NULL}, /* the newest of the ended ones */
    {"%sleep 1", false, 6, NULL},
    {"%ake", false, 0, "no job %ake"},
    /* what it contains */
    {"%?todo", true, 5, NULL},
    {"%?check", true, 3, NULL},
    {"%?all", true, 0, "no job %?all"},
    {"%?all", false, 1, NULL},
    {"%?vim", false, 0, "'vim' matches several jobs: 4 5"},
    {"%?'a b'", true, 12, NULL},
    {"%?nothing like it", false, 0, "no job %?nothing like it"},
    /* uids */
    {"c555", true, 5, NULL},
    {"c555000000000000", true, 5, NULL},
    {"a111000000000000", true, 1, NULL}, /* ended, but by its uid */
    {"c55", false, 0, "no job c55"},     /* too short to mean a uid */
    {"b333", false, 0, "'b333' matches several jobs: 3 4"},
    {"b3334", false, 4, NULL},
    {"c5550000000000000", false, 0, "no job c5550000000000000"},
    {"%c555", false, 0, "no job %c555"},
};

START_TEST(a_spec_names_a_job)
{
    char text[256] = "";
    const struct job_info *found = NULL;
    const char *spec = spec_cases[_i].spec;
    build(lines, sizeof(lines) / sizeof(lines[0]));
    int r = spec_resolve(&world, spec, spec_cases[_i].live_only, &found, text, sizeof(text));
    if (spec_cases[_i].id) {
        ck_assert_msg(r == 0, "%s: %s", spec ? spec : "(none)", text);
        ck_assert_uint_eq(found->id, spec_cases[_i].id);
    } else {
        ck_assert_int_eq(r, strstr(spec_cases[_i].text, "several") ? -EEXIST : -ENOENT);
        ck_assert_str_eq(text, spec_cases[_i].text);
        ck_assert_ptr_null(found);
    }
    clear();
}
END_TEST

START_TEST(without_a_live_job_the_last_ended_one_is_meant_where_that_makes_sense)
{
    static const struct line ended[] = {
        {.id = 1, .state = JOB_ENDED, .ended = 5},
        {.id = 2, .state = JOB_ENDED, .ended = 9},
        {.id = 3, .state = JOB_ENDED, .ended = 7},
    };
    char text[256];
    const struct job_info *found = NULL;
    build(ended, 3);
    ck_assert_int_eq(spec_resolve(&world, NULL, false, &found, text, sizeof(text)), 0);
    ck_assert_uint_eq(found->id, 2);
    ck_assert_int_eq(spec_resolve(&world, "%%", true, &found, text, sizeof(text)), -ENOENT);
    ck_assert_str_eq(text, "there is no current job");
    ck_assert_int_eq(spec_resolve(&world, "%-", false, &found, text, sizeof(text)), -ENOENT);
    ck_assert_str_eq(text, "there is no previous job");
    clear();
    ck_assert_int_eq(spec_resolve(&world, NULL, false, &found, text, sizeof(text)), -ENOENT);
}
END_TEST

/* A text that does not hold all of it is cut, not overrun. */
START_TEST(long_answers_are_cut)
{
    static struct line many[JOBS_MAX];
    char text[40];
    const struct job_info *found;
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        many[i] = (struct line){.id = 1000000 + i, .state = JOB_RUNNING, .command = "sleep 5"};
    build(many, JOBS_MAX);
    for (size_t size = 1; size <= sizeof(text); size++) {
        memset(text, '#', sizeof(text));
        ck_assert_int_eq(spec_resolve(&world, "%sleep", true, &found, text, size), -EEXIST);
        ck_assert_uint_eq(strlen(text), size - 1);
        ck_assert_int_eq(spec_resolve(&world, "a name that is rather long, and no job has it", true,
                                      &found, text, size),
                         -ENOENT);
        ck_assert_uint_eq(strlen(text), size - 1);
    }
    clear();
}
END_TEST

/* Names */

static const struct {
    const char *name;
    const char *why; /* NULL: it is valid */
} name_cases[] = {
    {"build", NULL},
    {"a", NULL},
    {"my job", NULL},
    {"3a", NULL},
    {"a%", NULL},
    {"h\xc3\xa9llo", NULL},
    {"0123456789012345678901234567890123456789012345678901234567890xyz", NULL},
    {"0123456789012345678901234567890123456789012345678901234567890wxyz", "longer than 64 bytes"},
    {"", "empty"},
    {"3", "a number"},
    {"0042", "a number"},
    {"%1", "'%' or '-'"},
    {"-x", "'%' or '-'"},
    {"a\nb", "control character"},
    {"\033[1m", "control character"},
    {"a\x7f", "control character"},
};

START_TEST(names_are_checked)
{
    char text[128] = "";
    bool valid = spec_name_is_valid(name_cases[_i].name, text, sizeof(text));
    ck_assert_int_eq(valid, name_cases[_i].why == NULL);
    if (!valid)
        ck_assert_msg(strstr(text, name_cases[_i].why) != NULL, "%s", text);
}
END_TEST

static Suite *spec_suite(void)
{
    Suite *suite = suite_create("spec");
    TCase *specs = tcase_create("specs");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    tcase_add_loop_test(specs, current_is_what_the_user_would_come_back_to, 0, COUNT(order_cases));
    tcase_add_loop_test(specs, a_spec_names_a_job, 0, COUNT(spec_cases));
    tcase_add_test(specs, without_a_live_job_the_last_ended_one_is_meant_where_that_makes_sense);
    tcase_add_test(specs, long_answers_are_cut);
    tcase_add_loop_test(specs, names_are_checked, 0, COUNT(name_cases));
    suite_add_tcase(suite, specs);
    return suite;
}

int main(void)
{
    return runner_run(spec_suite());
}

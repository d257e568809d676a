#include "client/columns.h"
#include "common/clock.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static char *argv[] = {(char *)"make", (char *)"a b", NULL};
static struct job_end killed = {.reason = END_OUT_OF_MEMORY, .code = -1, .signal = 9};
static struct job_usage used = {
    .cpu_ms = 61234, .memory = 0, .peak = 3u << 20, .read = 1536, .written = 12, .processes = 0};
static struct job_usage uses = {.cpu_ms = 7, .memory = 4096, .peak = 8192, .processes = 2};
static char *labels[] = {(char *)"team=a b", (char *)"x=", NULL};
static struct job_plan queued = {.queue = (char *)"build",
                                 .priority = -2,
                                 .slot = (char *)"db",
                                 .labels = {.items = labels, .len = 2}};
static struct job_info infos[] = {
    {.id = 3,
     .uid = (char *)"d9ac4d0281017931",
     .name = (char *)"tab\there",
     .state = JOB_ENDED,
     .argv = {.items = argv, .len = 2},
     .cwd = (char *)"/home/ada",
     .title = (char *)"\033[1m",
     .pid = 0,
     .holder_pid = 77,
     .started_ns = UINT64_C(1700000000123000000),
     .ended_ns = UINT64_C(1700000001000000000),
     .end = &killed,
     .attempt = 2,
     .rows = 24,
     .cols = 80,
     .log_next = 2048,
     .usage = &used},
    {.id = 12,
     .uid = (char *)"0123456789abcdef",
     .state = JOB_RUNNING,
     .argv = {.items = argv, .len = 1},
     .cwd = (char *)"/",
     .pid = 4711,
     .holder_pid = 4710,
     .attempt = 1,
     .rows = 43,
     .cols = 132,
     .cgroup = (char *)"/sys/fs/cgroup/x",
     .usage = &uses},
    {.id = 13,
     .uid = (char *)"x",
     .state = JOB_QUEUED,
     .argv = {.items = argv, .len = 1},
     .plan = &queued,
     .waits_for = (char *)"job 12 to end"},
};
static const struct jobs_view view = {
    .jobs = {.items = infos, .len = COUNT(infos)}, .current = 12, .previous = 3};

static struct bytes out;

static void begin(void)
{
    out = (struct bytes){0};
    for (int i = 0; i < COUNT(infos); i++)
        infos[i].created_ns = clock_realtime_ns();
}

static void end(void)
{
    bytes_finish(&out);
}

static const char *told(void)
{
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    return (const char *)out.data;
}

static const struct {
    const char *list, *values;
} value_cases[] = {
    {"id", "3\n12\n13\n"},
    {"mark", "-\n+\n\n"},
    {"uid,id", "d9ac4d0281017931\t3\n0123456789abcdef\t12\nx\t13\n"},
    {"state", "ended\nrunning\nqueued\n"},
    {"name", "tab\\there\n\n\n"},
    {"attached", "\n\n\n"},
    {"exit", "out-of-memory\n\n\n"},
    {"reason", "out-of-memory\n\n\n"},
    {"command", "make 'a b'\nmake\nmake\n"},
    {"cwd", "/home/ada\n/\n\n"},
    {"title", "\\x1b[1m\n\n\n"},
    {"pid", "\n4711\n\n"},
    {"holder", "\n4710\n\n"},
    {"attempt", "2\n1\n0\n"},
    {"started", "2023-11-14T22:13:20.123Z\n\n\n"},
    {"ended", "2023-11-14T22:13:21.000Z\n\n\n"},
    {"size", "80x24\n132x43\n0x0\n"},
    {"log", "2048\n0\n0\n"},
    {"cgroup", "\n/sys/fs/cgroup/x\n\n"},
    {"cpu", "61.234\n0.007\n\n"},
    {"mem", "0\n4096\n\n"},
    {"peak", "3145728\n8192\n\n"},
    {"read,written", "1536\t12\n0\t0\n\t\n"},
    {"io", "1536/12\n0/0\n\n"},
    {"labels", "\n\nteam=a b x=\n"},
    {"queue", "\n\nbuild\n"},
    {"priority", "\n\n-2\n"},
    {"slot", "\n\ndb\n"},
    {"waits", "\n\njob 12 to end\n"},
    {"procs", "0\n2\n\n"},
    {"id,id", "3\t3\n12\t12\n13\t13\n"},
};

START_TEST(values_are_exact)
{
    struct columns_list list;
    ck_assert_int_eq(columns_parse(value_cases[_i].list, "show", &list), 0);
    ck_assert_int_eq(columns_values(&list, &view, &out), 0);
    ck_assert_str_eq(told(), value_cases[_i].values);
}
END_TEST

START_TEST(every_column_is_among_them)
{
    const char *name = column_table[_i].name;
    bool found = strcmp(name, "age") == 0; /* told in time */
    for (int i = 0; i < COUNT(value_cases); i++) {
        const char *list = value_cases[i].list;
        size_t len = strlen(name);
        found = found || strcmp(list, name) == 0 ||
                (strncmp(list, name, len) == 0 && list[len] == ',') ||
                (strlen(list) > len && strcmp(list + strlen(list) - len, name) == 0 &&
                 list[strlen(list) - len - 1] == ',');
    }
    ck_assert_msg(found, "no test of %s", name);
    ck_assert_str_ne(column_table[_i].doc, "");
    for (int i = 0; i < _i; i++)
        ck_assert_str_ne(column_table[i].name, name);
}
END_TEST

START_TEST(a_table_has_short_ones)
{
    struct columns_list list;
    ck_assert_int_eq(columns_parse("id,state,cpu,mem,peak,io,procs,age,log", "ls", &list), 0);
    ck_assert(list.usage);
    infos[0].started_ns = clock_realtime_ns();
    ck_assert_int_eq(columns_table(&list, &view, 0, false, &out), 0);
    infos[0].started_ns = UINT64_C(1700000000123000000);
    ck_assert_str_eq(told(), "ID  STATE      CPU   MEM  PEAK       IO  PROCS  AGE   LOG\n"
                             " 3  ended    1m01s     0  3.0M  1.5k/12      0   0s  2.0k\n"
                             "12  running  0.00s  4.0k  8.0k      0/0      2   0s     0\n"
                             "13  queued                                       0s     0\n");
}
END_TEST

/* What was asked for by name is cut rather than left out. */
START_TEST(only_the_default_leaves_columns_out)
{
    struct columns_list list;
    ck_assert_int_eq(columns_parse("id,state,exit", "ls", &list), 0);
    ck_assert(!list.usage);
    ck_assert_int_eq(columns_table(&list, &view, 7, false, &out), 0);
    ck_assert_ptr_nonnull(strstr(told(), "12  ru"));
    out.len = 0;
    ck_assert_int_eq(columns_table(&list, &view, 7, true, &out), 0);
    ck_assert_ptr_null(strstr(told(), "12  ru"));
}
END_TEST

START_TEST(the_default_is_a_list)
{
    struct columns_list list;
    ck_assert_int_eq(columns_parse(COLUMNS_DEFAULT, "ls", &list), 0);
    ck_assert_uint_eq(list.count, 8);
    ck_assert(!list.usage);
}
END_TEST

static const char *const bad_lists[] = {"", "id,", ",id", "ID", "id, state", "cpus", "id;state"};

START_TEST(what_is_no_column_is_refused)
{
    struct columns_list list;
    ck_assert_int_eq(columns_parse(bad_lists[_i], "ls", &list), -EINVAL);
}
END_TEST

START_TEST(a_list_has_an_end)
{
    char text[4 * COLUMNS_MOST + 4] = "id";
    struct columns_list list;
    for (unsigned i = 1; i < COLUMNS_MOST; i++)
        strcat(text, ",id");
    ck_assert_int_eq(columns_parse(text, "ls", &list), 0);
    ck_assert_uint_eq(list.count, COLUMNS_MOST);
    strcat(text, ",id");
    ck_assert_int_eq(columns_parse(text, "ls", &list), -EINVAL);
}
END_TEST

static Suite *columns_suite(void)
{
    Suite *suite = suite_create("columns");
    TCase *tc = tcase_create("columns");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, values_are_exact, 0, COUNT(value_cases));
    tcase_add_loop_test(tc, every_column_is_among_them, 0, (int)column_count);
    tcase_add_test(tc, a_table_has_short_ones);
    tcase_add_test(tc, only_the_default_leaves_columns_out);
    tcase_add_test(tc, the_default_is_a_list);
    tcase_add_loop_test(tc, what_is_no_column_is_refused, 0, COUNT(bad_lists));
    tcase_add_test(tc, a_list_has_an_end);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(columns_suite());
}

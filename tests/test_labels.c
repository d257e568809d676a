/* Labels and selectors, and the other conditions that choose jobs. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/filter.h"
#include "client/labels.h"
#include "tests/harness/runner.h"

static struct job_plan plan;

static void begin(void)
{
    plan = (struct job_plan){0};
}

static void end(void)
{
    wire_clear(&job_plan_fields, &plan);
}

#define NAME_63 "a23456789012345678901234567890123456789012345678901234567890123"

static const char *const labels[] = {
    "a=b",  "app=web",    "a=",         "a==b",  "a=b=c", "example.org/app_1=x y!",
    "_x=1", "9=\xc3\xa9", NAME_63 "=1", "A-b=c", "a=!=b",
};

START_TEST(a_label_is_read)
{
    ck_assert_int_eq(labels_add(labels[_i], &plan), 0);
    ck_assert_uint_eq(plan.labels.len, 1);
    ck_assert_str_eq(plan.labels.items[0], labels[_i]);
    ck_assert_ptr_null(plan.labels.items[1]);
    ck_assert(labels_fit(&plan, labels[_i]));
}
END_TEST

static const char *const no_labels[] = {
    "", "=", "=b", "a", "a!=b", "-a=b", "a b=c", "a=b\n", "a\x1b=b", "\xc3\xa9=1", NAME_63 "4=1",
};

START_TEST(what_is_no_label_changes_nothing)
{
    ck_assert_int_eq(labels_add(no_labels[_i], &plan), -EINVAL);
    ck_assert_uint_eq(plan.labels.len, 0);
}
END_TEST

START_TEST(a_value_has_a_longest_length)
{
    char label[3 + LABEL_VALUE_MAX + 1] = "a=";
    memset(label + 2, 'x', LABEL_VALUE_MAX);
    ck_assert_int_eq(labels_add(label, &plan), 0);
    label[2 + LABEL_VALUE_MAX] = 'x';
    ck_assert_int_eq(labels_add(label, &plan), -EINVAL);
    ck_assert_uint_eq(plan.labels.len, 1);
}
END_TEST

START_TEST(the_last_value_of_a_name_counts)
{
    ck_assert_int_eq(labels_add("app=web", &plan), 0);
    ck_assert_int_eq(labels_add("ap=1", &plan), 0);
    ck_assert_int_eq(labels_add("app=db", &plan), 0);
    ck_assert_uint_eq(plan.labels.len, 2);
    ck_assert_str_eq(plan.labels.items[0], "app=db");
    ck_assert_str_eq(plan.labels.items[1], "ap=1");
}
END_TEST

START_TEST(there_are_so_many_and_no_more)
{
    for (unsigned i = 0; i < PLAN_LABELS_MAX; i++) {
        char label[16] = {'n', (char)('0' + i / 10), (char)('0' + i % 10), '='};
        ck_assert_int_eq(labels_add(label, &plan), 0);
    }
    ck_assert_int_eq(labels_add("more=1", &plan), -EINVAL);
    ck_assert_int_eq(labels_add("n00=new", &plan), 0); /* one that is there */
    ck_assert_uint_eq(plan.labels.len, PLAN_LABELS_MAX);
}
END_TEST

/* Of a job with app=web and empty=. */
static const struct {
    const char *selector;
    bool fits;
} selectors[] = {
    {"app", true},       {"app=web", true},  {"app=we", false},  {"app=webb", false},
    {"app=", false},     {"ap", false},      {"apps", false},    {"ap=web", false},
    {"app!=web", false}, {"app!=db", true},  {"none!=x", true},  {"none", false},
    {"none=", false},    {"none!=", true},   {"empty", true},    {"empty=", true},
    {"empty!=", false},  {"empty!=x", true}, {"App=web", false},
};

START_TEST(a_selector_chooses)
{
    ck_assert(labels_selector_is_valid(selectors[_i].selector));
    ck_assert_int_eq(labels_add("app=web", &plan), 0);
    ck_assert_int_eq(labels_add("empty=", &plan), 0);
    ck_assert_int_eq(labels_fit(&plan, selectors[_i].selector), selectors[_i].fits);
}
END_TEST

START_TEST(a_job_without_labels_fits_what_differs_only)
{
    ck_assert(!labels_fit(NULL, "app"));
    ck_assert(!labels_fit(NULL, "app=web"));
    ck_assert(labels_fit(NULL, "app!=web"));
}
END_TEST

static const char *const no_selectors[] = {"",   "=",   "!=x",  "!app", "a b",
                                           "a!", "a!b", "a=\t", "-a"};

START_TEST(what_is_no_selector_is_known)
{
    ck_assert(!labels_selector_is_valid(no_selectors[_i]));
}
END_TEST

/* Filters */

static const struct {
    const char *text;
    uint32_t bits;
} states[] = {
    {"running", 1u << JOB_RUNNING},
    {"queued,backoff", 1u << JOB_QUEUED | 1u << JOB_BACKOFF},
    {"ended,ended", 1u << JOB_ENDED},
    {"live", 1u << JOB_QUEUED | 1u << JOB_STARTING | 1u << JOB_RUNNING | 1u << JOB_STOPPED |
                 1u << JOB_EXITING | 1u << JOB_BACKOFF},
    {"failed,live", 0x1fe & ~(1u << JOB_ENDED)},
};

START_TEST(states_are_read)
{
    uint32_t bits = 0;
    ck_assert_int_eq(filter_read_states(states[_i].text, &bits), 0);
    ck_assert_uint_eq(bits, states[_i].bits);
}
END_TEST

static const char *const no_states[] = {
    "", ",", "run", "running,", ",ended", "running ended", "Running", "all", "unknown"};

START_TEST(what_is_no_state_is_known)
{
    uint32_t bits = 7;
    ck_assert_int_eq(filter_read_states(no_states[_i], &bits), -EINVAL);
    ck_assert_uint_eq(bits, 7);
}
END_TEST

/* How a job ended, and whether that is a failure; code 3 is none for it. */
static const struct {
    uint32_t state, reason;
    int32_t code;
    bool has_end, failure;
} ends[] = {
    {JOB_ENDED, END_EXITED, 0, true, false},   {JOB_ENDED, END_EXITED, 3, true, false},
    {JOB_ENDED, END_EXITED, 1, true, true},    {JOB_ENDED, END_SIGNALED, -1, true, true},
    {JOB_ENDED, END_KILLED, 0, true, false},   {JOB_ENDED, END_TIMEOUT, -1, true, true},
    {JOB_ENDED, END_LOST, -1, true, true},     {JOB_FAILED, END_SPAWN_FAILED, -1, true, true},
    {JOB_ENDED, END_NONE, 0, false, true},     {JOB_RUNNING, END_NONE, 0, false, false},
    {JOB_BACKOFF, END_EXITED, 1, true, false},
};

START_TEST(a_failure_is_known)
{
    uint8_t codes[] = {3};
    struct job_plan own = {.ok_codes = {.data = codes, .len = 1}};
    struct job_end how = {.reason = ends[_i].reason, .code = ends[_i].code};
    struct job_info job = {
        .state = ends[_i].state, .end = ends[_i].has_end ? &how : NULL, .plan = &own};
    bool final = job_state_is_final(ends[_i].state);
    ck_assert_int_eq(filter_passes(&(struct filter){.failed = true}, &job), ends[_i].failure);
    ck_assert_int_eq(filter_passes(&(struct filter){.ok = true}, &job), final && !ends[_i].failure);
}
END_TEST

START_TEST(all_conditions_must_hold)
{
    struct job_end how = {.reason = END_EXITED};
    struct job_info job = {
        .state = JOB_ENDED, .name = (char *)"web-1", .end = &how, .ended_ns = 1000, .plan = &plan};
    const char *items[] = {"app", "tier!=2"};
    struct option_list list = {.items = items, .count = 2};
    struct filter filter = {.labels = &list};
    ck_assert_int_eq(labels_add("app=web", &plan), 0);
    ck_assert(filter_passes(&filter, &job));
    ck_assert_int_eq(labels_add("tier=2", &plan), 0);
    ck_assert(!filter_passes(&filter, &job));
    list.count = 0;
    ck_assert(filter_is_empty(&filter));
    filter.name = "web-?";
    ck_assert(!filter_is_empty(&filter));
    ck_assert(filter_passes(&filter, &job));
    filter.name = "web";
    ck_assert(!filter_passes(&filter, &job));
    job.name = NULL;
    filter.name = "*";
    ck_assert(!filter_passes(&filter, &job));
    filter = (struct filter){.ended_before_ns = 1001};
    ck_assert(filter_passes(&filter, &job));
    job.ended_ns = 1001;
    ck_assert(!filter_passes(&filter, &job));
    job.state = JOB_RUNNING;
    job.ended_ns = 0;
    ck_assert(!filter_passes(&filter, &job));
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, sizeof(table) / sizeof((table)[0]))

static Suite *labels_suite(void)
{
    Suite *suite = suite_create("labels");
    TCase *tc = tcase_create("labels");
    tcase_add_checked_fixture(tc, begin, end);
    LOOP(tc, a_label_is_read, labels);
    LOOP(tc, what_is_no_label_changes_nothing, no_labels);
    tcase_add_test(tc, a_value_has_a_longest_length);
    tcase_add_test(tc, the_last_value_of_a_name_counts);
    tcase_add_test(tc, there_are_so_many_and_no_more);
    LOOP(tc, a_selector_chooses, selectors);
    tcase_add_test(tc, a_job_without_labels_fits_what_differs_only);
    LOOP(tc, what_is_no_selector_is_known, no_selectors);
    LOOP(tc, states_are_read, states);
    LOOP(tc, what_is_no_state_is_known, no_states);
    LOOP(tc, a_failure_is_known, ends);
    tcase_add_test(tc, all_conditions_must_hold);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(labels_suite());
}

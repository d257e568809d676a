#include "server/holder/states.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <signal.h>

/* '-': nothing changes, '!': impossible; the letters are the new states. */
static const struct {
    enum job_state state;
    char after[STATE_EVENT_COUNT + 1]; /* in the order of enum state_event */
} rows[] = {
    {JOB_STARTING, "rf--x!q!!!"}, {JOB_RUNNING, "!!s-x!!!!!"}, {JOB_STOPPED, "!!-rx!!!!!"},
    {JOB_EXITING, "!!--!eqb!!"},  {JOB_ENDED, "!!!!!!!!!!"},   {JOB_FAILED, "!!!!!!!!!!"},
    {JOB_QUEUED, "!!--!!!!ne"},   {JOB_BACKOFF, "!!--!!q!ne"},
};

#define ROWS  (int)(sizeof(rows) / sizeof(rows[0]))
#define CELLS (ROWS * STATE_EVENT_COUNT)

static enum job_state expected(enum job_state before, char letter)
{
    switch (letter) {
    case 'r':
        return JOB_RUNNING;
    case 'f':
        return JOB_FAILED;
    case 's':
        return JOB_STOPPED;
    case 'x':
        return JOB_EXITING;
    case 'e':
        return JOB_ENDED;
    case 'q':
        return JOB_QUEUED;
    case 'b':
        return JOB_BACKOFF;
    case 'n':
        return JOB_STARTING;
    default:
        return before;
    }
}

START_TEST(every_cell_is_decided)
{
    enum job_state state = rows[_i / STATE_EVENT_COUNT].state;
    enum state_event event = (enum state_event)(_i % STATE_EVENT_COUNT);
    char letter = rows[_i / STATE_EVENT_COUNT].after[event];
    ck_assert_int_eq(state_is_impossible(state, event), letter == '!');
    if (letter != '!')
        ck_assert_int_eq(state_after(state, event), expected(state, letter));
}
END_TEST

START_TEST(every_state_has_a_row)
{
    ck_assert_int_eq(ROWS, JOB_STATE_COUNT - 1);
    for (int i = 0; i < ROWS; i++)
        for (int other = 0; other < i; other++)
            ck_assert_int_ne(rows[i].state, rows[other].state);
}
END_TEST

/* A bug of ours must not pass as a state of the job. */
START_TEST(the_impossible_ends_the_process)
{
    signal(SIGABRT, SIG_DFL);
    (void)state_after(JOB_ENDED, STATE_EXITED);
}
END_TEST

/* Stopped or running does not matter any more once a job is over; nothing brings it back. */
START_TEST(no_event_leads_out_of_an_end)
{
    for (int event = 0; event < STATE_EVENT_COUNT; event++)
        for (uint32_t state = JOB_QUEUED; state < JOB_STATE_COUNT; state++)
            if (job_state_is_final(state))
                ck_assert(state_is_impossible((enum job_state)state, (enum state_event)event));
}
END_TEST

static Suite *states_suite(void)
{
    Suite *suite = suite_create("states");
    TCase *table = tcase_create("table");
    tcase_add_loop_test(table, every_cell_is_decided, 0, CELLS);
    tcase_add_test(table, every_state_has_a_row);
    tcase_add_test_raise_signal(table, the_impossible_ends_the_process, SIGABRT);
    tcase_add_test(table, no_event_leads_out_of_an_end);
    suite_add_tcase(suite, table);
    return suite;
}

int main(void)
{
    return runner_run(states_suite());
}

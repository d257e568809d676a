#include "server/holder/states.h"

#include <assert.h>

#define SAME  (JOB_STATE_COUNT)
#define NEVER 0

/* What is not named is NEVER. */
static const unsigned char table[JOB_STATE_COUNT][STATE_EVENT_COUNT] = {
    [JOB_STARTING] = {[STATE_EXEC_OK] = JOB_RUNNING,
                      [STATE_EXEC_FAILED] = JOB_FAILED,
                      [STATE_STOPPED] = SAME,
                      [STATE_CONTINUED] = SAME,
                      [STATE_EXITED] = JOB_EXITING,
                      [STATE_WAIT] = JOB_QUEUED},
    [JOB_RUNNING] =
        {[STATE_STOPPED] = JOB_STOPPED, [STATE_CONTINUED] = SAME, [STATE_EXITED] = JOB_EXITING},
    [JOB_STOPPED] =
        {[STATE_STOPPED] = SAME, [STATE_CONTINUED] = JOB_RUNNING, [STATE_EXITED] = JOB_EXITING},
    [JOB_EXITING] = {[STATE_STOPPED] = SAME,
                     [STATE_CONTINUED] = SAME,
                     [STATE_FINISHED] = JOB_ENDED,
                     [STATE_WAIT] = JOB_QUEUED,
                     [STATE_DELAY] = JOB_BACKOFF},
    [JOB_QUEUED] = {[STATE_STOPPED] = SAME,
                    [STATE_CONTINUED] = SAME,
                    [STATE_BEGIN] = JOB_STARTING,
                    [STATE_CANCEL] = JOB_ENDED},
    [JOB_BACKOFF] = {[STATE_STOPPED] = SAME,
                     [STATE_CONTINUED] = SAME,
                     [STATE_WAIT] = JOB_QUEUED,
                     [STATE_BEGIN] = JOB_STARTING,
                     [STATE_CANCEL] = JOB_ENDED},
    [JOB_ENDED] = {NEVER},
    [JOB_FAILED] = {NEVER},
};

bool state_is_impossible(enum job_state state, enum state_event event)
{
    return table[state][event] == NEVER;
}

enum job_state state_after(enum job_state state, enum state_event event)
{
    assert(!state_is_impossible(state, event));
    return table[state][event] == SAME ? state : (enum job_state)table[state][event];
}

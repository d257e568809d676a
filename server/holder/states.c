#include "server/holder/states.h"

#include <assert.h>

#define SAME  (JOB_STATE_COUNT)
#define NEVER 0

static const unsigned char table[JOB_STATE_COUNT][STATE_EVENT_COUNT] = {
    [JOB_STARTING] = {[STATE_EXEC_OK] = JOB_RUNNING,
                      [STATE_EXEC_FAILED] = JOB_FAILED,
                      [STATE_STOPPED] = SAME,
                      [STATE_CONTINUED] = SAME,
                      [STATE_EXITED] = JOB_EXITING,
                      [STATE_FINISHED] = NEVER},
    [JOB_RUNNING] = {[STATE_EXEC_OK] = NEVER,
                     [STATE_EXEC_FAILED] = NEVER,
                     [STATE_STOPPED] = JOB_STOPPED,
                     [STATE_CONTINUED] = SAME,
                     [STATE_EXITED] = JOB_EXITING,
                     [STATE_FINISHED] = NEVER},
    [JOB_STOPPED] = {[STATE_EXEC_OK] = NEVER,
                     [STATE_EXEC_FAILED] = NEVER,
                     [STATE_STOPPED] = SAME,
                     [STATE_CONTINUED] = JOB_RUNNING,
                     [STATE_EXITED] = JOB_EXITING,
                     [STATE_FINISHED] = NEVER},
    [JOB_EXITING] = {[STATE_EXEC_OK] = NEVER,
                     [STATE_EXEC_FAILED] = NEVER,
                     [STATE_STOPPED] = SAME,
                     [STATE_CONTINUED] = SAME,
                     [STATE_EXITED] = NEVER,
                     [STATE_FINISHED] = JOB_ENDED},
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

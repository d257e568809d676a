/*
 * The states of a job that has a holder, and what each event does to them. Pure: no processes.
 *
 *             exec-ok  exec-failed  stopped  continued  exited   finished
 *   starting  running  failed       -        -          exiting  !
 *   running   !        !            stopped  -          exiting  !
 *   stopped   !        !            -        running    exiting  !
 *   exiting   !        !            -        -          !        ended
 *   queued    !        !            -        -          !        !
 *   backoff   !        !            -        -          !        !
 *
 *             wait     delay        begin     cancel
 *   starting  queued   !            !         !
 *   exiting   queued   backoff      !         !
 *   queued    !        !            starting  ended
 *   backoff   queued   !            starting  ended
 *
 * "-": nothing changes (a stop or continue by anybody is only news), "!": cannot happen, a bug; as
 * is what is not in the tables, and any event after ended and failed. "finished", and "wait" and
 * "delay" of an exiting job: the leader is dead, its last output has been read, and what it left
 * behind has been dealt with (DESIGN: exit and end of output are two facts); there is no further
 * attempt, or there is.
 */
#ifndef JS_SERVER_HOLDER_STATES_H
#define JS_SERVER_HOLDER_STATES_H

#include "common/protocol.h"

enum state_event {
    STATE_EXEC_OK,
    STATE_EXEC_FAILED,
    STATE_STOPPED,
    STATE_CONTINUED,
    STATE_EXITED,
    STATE_FINISHED,
    STATE_WAIT,   /* its next attempt waits for its turn or its time */
    STATE_DELAY,  /* its next attempt comes after a delay */
    STATE_BEGIN,  /* it is started now */
    STATE_CANCEL, /* it ends, and there is no attempt to be ended */
    STATE_EVENT_COUNT,
};

/* The state after the event. Returns the same state when nothing changes; never returns for "!". */
enum job_state state_after(enum job_state state, enum state_event event);

/* Whether the event is one of "!": for tests, and for input that is not ours to trust. */
bool state_is_impossible(enum job_state state, enum state_event event);

#endif

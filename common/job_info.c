#include "common/job_info.h"

#include <assert.h>
#include <stdio.h>

#include "common/signame.h"
#include "common/wire_tables.h"

static const struct wire_field viewer_table[] = {
    FIELD(job_viewer, tty, WIRE_STR, OPTIONAL, PATH_LIMIT, "its terminal"),
    FIELD(job_viewer, pid, WIRE_U32, OPTIONAL, 0, "process id of the client"),
    FIELD(job_viewer, mode, WIRE_U32, REQUIRED, ATTACH_MODE_COUNT - 1, "as in attach"),
    FIELD(job_viewer, rows, WIRE_U32, OPTIONAL, SIZE_LIMIT, "rows"),
    FIELD(job_viewer, cols, WIRE_U32, OPTIONAL, SIZE_LIMIT, "columns"),
    FIELD(job_viewer, owns_size, WIRE_BOOL, OPTIONAL, 0, "its size is the job's"),
};
STRUCT(job_viewer, viewer_table);

static const struct wire_field end_table[] = {
    FIELD(job_end, reason, WIRE_U32, REQUIRED, 0, "why it ended"),
    FIELD(job_end, code, WIRE_I32, OPTIONAL, 0, "exit code, -1 when ended by a signal"),
    FIELD(job_end, signal, WIRE_U32, OPTIONAL, 0, "signal that ended it"),
    FIELD(job_end, core, WIRE_BOOL, OPTIONAL, 0, "core dumped"),
    FIELD(job_end, stage, WIRE_U32, OPTIONAL, 0, "step of the start that failed"),
    FIELD(job_end, os_error, WIRE_U32, OPTIONAL, 0, "errno of that"),
};
STRUCT(job_end, end_table);

static const struct wire_field attempt_table[] = {
    FIELD(job_attempt, number, WIRE_U32, REQUIRED, 0, "which one, from 1"),
    FIELD(job_attempt, log_from, WIRE_U64, OPTIONAL, 0, "where its output begins"),
    FIELD(job_attempt, log_to, WIRE_U64, OPTIONAL, 0, "and where it ended"),
    FIELD(job_attempt, started_ns, WIRE_U64, OPTIONAL, 0, "when its program was started"),
    FIELD(job_attempt, ended_ns, WIRE_U64, OPTIONAL, 0, "when it ended"),
    NESTED(job_attempt, end, WIRE_STRUCT, OPTIONAL, 0, job_end_fields, "how it ended"),
};
STRUCT(job_attempt, attempt_table);

static const struct wire_field usage_table[] = {
    FIELD(job_usage, cpu_ms, WIRE_U64, OPTIONAL, 0, "milliseconds of processor time"),
    FIELD(job_usage, memory, WIRE_U64, OPTIONAL, 0, "bytes resident now"),
    FIELD(job_usage, peak, WIRE_U64, OPTIONAL, 0, "the most that was resident"),
    FIELD(job_usage, read, WIRE_U64, OPTIONAL, 0, "bytes read from storage"),
    FIELD(job_usage, written, WIRE_U64, OPTIONAL, 0, "bytes written to storage"),
    FIELD(job_usage, processes, WIRE_U32, OPTIONAL, 0, "processes now"),
};
STRUCT(job_usage, usage_table);

static const struct wire_field info_table[] = {
    FIELD(job_info, id, WIRE_U32, REQUIRED, 0, "number"),
    FIELD(job_info, uid, WIRE_STR, REQUIRED, 64, "immutable unique id"),
    FIELD(job_info, name, WIRE_STR, OPTIONAL, JOB_NAME_MAX, "name"),
    FIELD(job_info, state, WIRE_U32, REQUIRED, JOB_STATE_COUNT - 1,
          "1 queued, 2 starting, 3 running, 4 stopped, 5 exiting, 6 backoff, 7 ended, 8 failed"),
    FIELD(job_info, argv, WIRE_STRS, REQUIRED, JOB_ARGS_MAX, "program and arguments"),
    FIELD(job_info, cwd, WIRE_STR, REQUIRED, PATH_LIMIT, "working directory at the start"),
    FIELD(job_info, pid, WIRE_U32, OPTIONAL, 0, "process id of the job's leader"),
    FIELD(job_info, pid_start, WIRE_U64, OPTIONAL, 0, "its start time, clock ticks since boot"),
    FIELD(job_info, holder_pid, WIRE_U32, OPTIONAL, 0, "process id of the holder"),
    FIELD(job_info, holder_start, WIRE_U64, OPTIONAL, 0, "its start time"),
    FIELD(job_info, boot_id, WIRE_STR, OPTIONAL, 64, "the boot these process ids belong to"),
    FIELD(job_info, runtime_dir, WIRE_STR, OPTIONAL, PATH_LIMIT, "runtime directory of the job"),
    FIELD(job_info, created_ns, WIRE_U64, OPTIONAL, 0, "when it was asked for"),
    FIELD(job_info, started_ns, WIRE_U64, OPTIONAL, 0, "when its program was started"),
    FIELD(job_info, ended_ns, WIRE_U64, OPTIONAL, 0, "when it ended"),
    FIELD(job_info, left_ns, WIRE_U64, OPTIONAL, 0, "when it was last stopped or left"),
    FIELD(job_info, used_ns, WIRE_U64, OPTIONAL, 0, "when it was last used at all"),
    NESTED(job_info, viewers, WIRE_STRUCTS, OPTIONAL, 4096, job_viewer_fields, "who is attached"),
    FIELD(job_info, rows, WIRE_U32, OPTIONAL, SIZE_LIMIT, "rows of its terminal"),
    FIELD(job_info, cols, WIRE_U32, OPTIONAL, SIZE_LIMIT, "columns of its terminal"),
    NESTED(job_info, end, WIRE_STRUCT, OPTIONAL, 0, job_end_fields, "how it ended"),
    FIELD(job_info, log_first, WIRE_U64, OPTIONAL, 0, "oldest byte of output kept"),
    FIELD(job_info, log_next, WIRE_U64, OPTIONAL, 0, "bytes of output so far"),
    FIELD(job_info, attempt, WIRE_U32, OPTIONAL, 0, "how often it was started"),
    FIELD(job_info, leftovers_found, WIRE_U32, OPTIONAL, 0, "processes left at its end"),
    FIELD(job_info, warning, WIRE_STR, OPTIONAL, TEXT_LIMIT, "what the user should know"),
    FIELD(job_info, title, WIRE_STR, OPTIONAL, TEXT_LIMIT, "title of its terminal"),
    FIELD(job_info, state_dir, WIRE_STR, OPTIONAL, PATH_LIMIT + 24,
          "directory of its record and log, none = jobs/ID in the state directory"),
    NESTED(job_info, plan, WIRE_STRUCT, OPTIONAL, 0, job_plan_fields,
           "what was asked beyond a single run"),
    NESTED(job_info, attempts, WIRE_STRUCTS, OPTIONAL, 1024, job_attempt_fields,
           "the newest attempts"),
    FIELD(job_info, failures, WIRE_U32, OPTIONAL, 0, "attempts that failed in a row"),
    FIELD(job_info, queued_ns, WIRE_U64, OPTIONAL, 0, "when it began to wait for its start"),
    FIELD(job_info, due_ns, WIRE_U64, OPTIONAL, 0, "it is not started before that"),
    FIELD(job_info, waits_for, WIRE_STR, OPTIONAL, TEXT_LIMIT, "what it waits for, for people"),
    NESTED(job_info, usage, WIRE_STRUCT, OPTIONAL, 0, job_usage_fields, "what it has used"),
    FIELD(job_info, cgroup, WIRE_STR, OPTIONAL, PATH_LIMIT, "directory of its own cgroup"),
    FIELD(job_info, asks, WIRE_BOOL, OPTIONAL, 0, "it seems to wait for input"),
    FIELD(job_info, no_cr_until, WIRE_U64, OPTIONAL, 0,
          "offset up to which line feeds of the output have no carriage returns"),
};
STRUCT(job_info, info_table);

static const char *name_of(const char *const *names, size_t count, uint32_t value)
{
    return value < count && names[value] ? names[value] : "unknown";
}

const char *job_state_name(uint32_t state)
{
    static const char *const names[] = {
        [JOB_QUEUED] = "queued",   [JOB_STARTING] = "starting", [JOB_RUNNING] = "running",
        [JOB_STOPPED] = "stopped", [JOB_EXITING] = "exiting",   [JOB_BACKOFF] = "backoff",
        [JOB_ENDED] = "ended",     [JOB_FAILED] = "failed",
    };
    static_assert(COUNT(names) == JOB_STATE_COUNT, "a job state has no name");
    return name_of(names, COUNT(names), state);
}

const char *end_reason_name(uint32_t reason)
{
    static const char *const names[] = {
        [END_EXITED] = "exited",
        [END_SIGNALED] = "signaled",
        [END_TIMEOUT] = "timeout",
        [END_KILLED] = "killed",
        [END_CANCELED] = "canceled",
        [END_SPAWN_FAILED] = "spawn-failed",
        [END_LOST] = "lost",
        [END_SERVER_STOP] = "server-stop",
        [END_EXPIRED] = "expired",
        [END_REPLACED] = "replaced",
        [END_OUT_OF_MEMORY] = "out-of-memory",
    };
    static_assert(COUNT(names) == END_REASON_COUNT, "an end reason has no name");
    return name_of(names, COUNT(names), reason);
}

const char *attach_mode_name(uint32_t mode)
{
    static const char *const names[] = {
        [ATTACH_OWN] = "own",
        [ATTACH_STEAL] = "own",
        [ATTACH_SHARE] = "share",
        [ATTACH_WATCH] = "watch",
    };
    static_assert(COUNT(names) == ATTACH_MODE_COUNT, "an attach mode has no name");
    return name_of(names, COUNT(names), mode);
}

const char *start_stage_text(uint32_t stage)
{
    static const char *const texts[] = {
        [START_NONE] = "start the program",
        [START_DIRECTORY] = "make the job's directories",
        [START_PTY] = "open a PTY",
        [START_LOG] = "open the job's log",
        [START_FORK] = "fork",
        [START_GROUP] = "make a process group",
        [START_TERMINAL] = "make the job the terminal's foreground group",
        [START_LIMITS] = "set its resource limits",
        [START_CWD] = "enter the directory",
        [START_STDIO] = "set up standard input and output",
        [START_EXEC] = "execute the program",
        [START_NICE] = "set the nice value",
        [START_NO_NEW_PRIVS] = "do without new privileges",
        [START_CGROUP] = "put it into a cgroup of its own",
        [START_SCRIPT] = "take the script over",
    };
    static_assert(COUNT(texts) == START_STAGE_COUNT, "a start stage has no text");
    return stage < COUNT(texts) ? texts[stage] : texts[START_NONE];
}

void job_end_text(const struct job_end *end, char buf[JOB_END_TEXT_MAX])
{
    static const char *const texts[] = {
        [END_TIMEOUT] = "took too long and was ended",
        [END_CANCELED] = "was canceled",
        [END_SPAWN_FAILED] = "could not be started",
        [END_LOST] = "is lost: its holder died",
        [END_EXPIRED] = "waited too long",
        [END_REPLACED] = "was replaced",
        [END_OUT_OF_MEMORY] = "ran out of the memory it may use",
    };
    uint32_t reason = end ? end->reason : END_LOST;
    if (reason < COUNT(texts) && texts[reason])
        snprintf(buf, JOB_END_TEXT_MAX, "%s", texts[reason]);
    else if (end->signal)
        snprintf(buf, JOB_END_TEXT_MAX, "was ended by a signal (%s)",
                 signame_describe((int)end->signal));
    else
        snprintf(buf, JOB_END_TEXT_MAX, "exited (%d)", end->code);
}

bool job_state_is_final(uint32_t state)
{
    return state == JOB_ENDED || state == JOB_FAILED;
}

bool job_state_is_waiting(uint32_t state)
{
    return state == JOB_QUEUED || state == JOB_BACKOFF;
}

bool job_has_failed(const struct job_info *job)
{
    const struct job_end *end = job->end;
    if (!job_state_is_final(job->state))
        return false;
    if (!end)
        return true;
    switch ((enum end_reason)end->reason) {
    case END_EXITED:
        return !plan_code_is_ok(job->plan, end->code);
    case END_KILLED:
    case END_CANCELED:
    case END_REPLACED:
    case END_SERVER_STOP:
        return false;
    case END_NONE:
    case END_SIGNALED:
    case END_TIMEOUT:
    case END_SPAWN_FAILED:
    case END_LOST:
    case END_EXPIRED:
    case END_OUT_OF_MEMORY:
    case END_REASON_COUNT:
        break;
    }
    return true;
}

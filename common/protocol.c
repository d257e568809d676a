#include "common/protocol.h"

#include <assert.h>
#include <stdio.h>

#include "common/terminal/profile.h"
#include "common/wire_tables.h"
#include "version.h"

static const struct wire_field termios_table[] = {
    FIELD(msg_termios, iflag, WIRE_U32, REQUIRED, 0, "c_iflag"),
    FIELD(msg_termios, oflag, WIRE_U32, REQUIRED, 0, "c_oflag"),
    FIELD(msg_termios, cflag, WIRE_U32, REQUIRED, 0, "c_cflag"),
    FIELD(msg_termios, lflag, WIRE_U32, REQUIRED, 0, "c_lflag"),
    FIELD(msg_termios, ispeed, WIRE_U32, REQUIRED, 0, "input speed"),
    FIELD(msg_termios, ospeed, WIRE_U32, REQUIRED, 0, "output speed"),
    FIELD(msg_termios, cc, WIRE_BIN, REQUIRED, 64, "control characters, by their Linux index"),
};
STRUCT(msg_termios, termios_table);

static const struct wire_field terminal_table[] = {
    FIELD(msg_terminal, tty, WIRE_STR, OPTIONAL, PATH_LIMIT, "name of the terminal"),
    FIELD(msg_terminal, rows, WIRE_U32, OPTIONAL, SIZE_LIMIT, "rows, 0 = unknown"),
    FIELD(msg_terminal, cols, WIRE_U32, OPTIONAL, SIZE_LIMIT, "columns, 0 = unknown"),
    FIELD(msg_terminal, width, WIRE_U32, OPTIONAL, SIZE_LIMIT, "pixels across, 0 = unknown"),
    FIELD(msg_terminal, height, WIRE_U32, OPTIONAL, SIZE_LIMIT, "pixels down, 0 = unknown"),
    FIELD(msg_terminal, keys, WIRE_BOOL, OPTIONAL, 0, "input comes from that terminal"),
    FIELD(msg_terminal, piped, WIRE_BOOL, OPTIONAL, 0,
          "input comes from no terminal: the job's questions are not answered into it"),
    FIELD(msg_terminal, marks, WIRE_BOOL, OPTIONAL, 0, "the client waits for answers to markers"),
    FIELD(msg_terminal, takes_size, WIRE_BOOL, OPTIONAL, 0, "it understands size-taken"),
    FIELD(msg_terminal, errors, WIRE_BOOL, OPTIONAL, 0,
          "the descriptor of its standard error came, too; of a job with plan.no_pty only"),
    NESTED(msg_terminal, original, WIRE_STRUCT, OPTIONAL, 0, msg_termios_fields,
           "settings before the client changed them"),
    NESTED(msg_terminal, raw, WIRE_STRUCT, OPTIONAL, 0, msg_termios_fields,
           "settings while attached"),
};
STRUCT(msg_terminal, terminal_table);

static const struct wire_field rlimit_table[] = {
    FIELD(msg_rlimit, resource, WIRE_U32, REQUIRED, 64, "RLIMIT_x as Linux numbers them"),
    FIELD(msg_rlimit, soft, WIRE_U64, REQUIRED, 0, "soft limit"),
    FIELD(msg_rlimit, hard, WIRE_U64, REQUIRED, 0, "hard limit"),
    FIELD(msg_rlimit, strict, WIRE_BOOL, OPTIONAL, 0, "the job fails to start without it"),
    FIELD(msg_rlimit, keep_hard, WIRE_BOOL, OPTIONAL, 0,
          "where soft fits below, any hard limit does"),
};
STRUCT(msg_rlimit, rlimit_table);

static const struct wire_field hello_table[] = {
    FIELD(msg_hello, protocol, WIRE_U32, REQUIRED, 0, "protocol spoken"),
    FIELD(msg_hello, lowest, WIRE_U32, REQUIRED, 0, "lowest protocol understood"),
    FIELD(msg_hello, version, WIRE_STR, REQUIRED, 64, "program version, for people"),
    FIELD(msg_hello, state_dir, WIRE_STR, OPTIONAL, PATH_LIMIT, "the server's state directory"),
    FIELD(msg_hello, pid, WIRE_U32, OPTIONAL, 0, "process id of the sender"),
};
STRUCT(msg_hello, hello_table);

static const struct wire_field error_table[] = {
    FIELD(msg_error, code, WIRE_U32, REQUIRED, 0, "error code"),
    FIELD(msg_error, text, WIRE_STR, REQUIRED, TEXT_LIMIT, "sentence for people"),
    FIELD(msg_error, os_error, WIRE_U32, OPTIONAL, 0, "errno behind it"),
    FIELD(msg_error, stage, WIRE_U32, OPTIONAL, 0, "step of starting a program that failed"),
};
STRUCT(msg_error, error_table);

static const struct wire_field done_table[] = {
    FIELD(msg_done, note, WIRE_STR, OPTIONAL, TEXT_LIMIT, "what the user should be told"),
};
STRUCT(msg_done, done_table);

static const struct wire_field run_table[] = {
    FIELD(msg_run, argv, WIRE_STRS, REQUIRED, JOB_ARGS_MAX, "program and arguments"),
    SECRET(msg_run, env, REQUIRED, JOB_ARGS_MAX, "environment, NAME=value"),
    FIELD(msg_run, cwd, WIRE_STR, REQUIRED, PATH_LIMIT, "working directory"),
    FIELD(msg_run, name, WIRE_STR, OPTIONAL, JOB_NAME_MAX, "name of the job"),
    FIELD(msg_run, detached, WIRE_BOOL, OPTIONAL, 0, "nobody attaches"),
    FIELD(msg_run, umask, WIRE_U32, REQUIRED, 0777, "file mode creation mask"),
    FIELD(msg_run, nice, WIRE_I32, OPTIONAL, 0, "nice value"),
    FIELD(msg_run, ignored, WIRE_U64, OPTIONAL, 0, "signals ignored, bit n-1 is signal n"),
    FIELD(msg_run, blocked, WIRE_U64, OPTIONAL, 0, "signals blocked"),
    NESTED(msg_run, limits, WIRE_STRUCTS, OPTIONAL, 64, msg_rlimit_fields, "resource limits"),
    SECRET(msg_run, live, OPTIONAL, LIVE_LIMIT, "variables to follow, as in attach"),
    NESTED(msg_run, terminal, WIRE_STRUCT, OPTIONAL, 0, msg_terminal_fields,
           "the caller's terminal"),
    NESTED(msg_run, plan, WIRE_STRUCT, OPTIONAL, 0, job_plan_fields,
           "what is asked beyond a single run"),
    FIELD(msg_run, script_at, WIRE_U32, OPTIONAL, JOB_ARGS_MAX,
          "index in argv of the script's name, with plan.script"),
    FIELD(msg_run, uid, WIRE_STR, OPTIONAL, 64,
          "unique id for the job, none = the server's choice"),
    FIELD(msg_run, again, WIRE_BOOL, OPTIONAL, 0, "a job with that uid, if there is one, is meant"),
};
STRUCT(msg_run, run_table);

static const struct wire_field attach_table[] = {
    FIELD(msg_attach, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_attach, mode, WIRE_U32, REQUIRED, ATTACH_MODE_COUNT - 1,
          "1 own, 2 steal, 3 share, 4 watch"),
    FIELD(msg_attach, resume, WIRE_BOOL, OPTIONAL, 0, "continue the job when it is stopped"),
    FIELD(msg_attach, history, WIRE_U32, OPTIONAL, 0, "earlier lines to show first"),
    SECRET(msg_attach, live, OPTIONAL, LIVE_LIMIT,
           "the client's live environment, NAME=value, or NAME for none"),
    FIELD(msg_attach, restore, WIRE_U32, OPTIONAL, RESTORE_MODE_COUNT - 1,
          "0 = a snapshot where a replay is too long or wrong, 1 = replay, 2 = snapshot"),
    FIELD(msg_attach, replay_limit, WIRE_U64, OPTIONAL, 0,
          "bytes of output to replay at most, 0 = 1 MiB"),
    FIELD(msg_attach, no_pty, WIRE_BOOL, OPTIONAL, 0, "it is ready for a job without a terminal"),
    NESTED(msg_attach, terminal, WIRE_STRUCT, REQUIRED, 0, msg_terminal_fields,
           "the client's terminal"),
};
STRUCT(msg_attach, attach_table);

static const struct wire_field list_table[] = {
    FIELD(msg_list, jobs, WIRE_STRS, OPTIONAL, JOB_ARGS_MAX, "job specs, none = every job"),
    FIELD(msg_list, all, WIRE_BOOL, OPTIONAL, 0, "ended jobs too"),
    FIELD(msg_list, none_is_current, WIRE_BOOL, OPTIONAL, 0, "no spec means the current job"),
    FIELD(msg_list, usage, WIRE_BOOL, OPTIONAL, 0, "with what live jobs use at the moment"),
};
STRUCT(msg_list, list_table);

static const struct wire_field wait_table[] = {
    FIELD(msg_wait, jobs, WIRE_STRS, OPTIONAL, JOB_ARGS_MAX, "job specs, none = the current job"),
    FIELD(msg_wait, any, WIRE_BOOL, OPTIONAL, 0, "the first end is enough"),
};
STRUCT(msg_wait, wait_table);

static const struct wire_field on_job_table[] = {
    FIELD(msg_on_job, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
};
STRUCT(msg_on_job, on_job_table);

static const struct wire_field signal_table[] = {
    FIELD(msg_signal, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_signal, signal, WIRE_U32, REQUIRED, 64, "signal number"),
};
STRUCT(msg_signal, signal_table);

static const struct wire_field kill_table[] = {
    FIELD(msg_kill, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_kill, grace_ms, WIRE_U64, OPTIONAL, 0, "milliseconds between TERM and KILL"),
    FIELD(msg_kill, default_grace, WIRE_BOOL, OPTIONAL, 0, "the job's own grace instead"),
    FIELD(msg_kill, reason, WIRE_U32, OPTIONAL, 0, "5 canceled, 8 server-stop, 10 replaced"),
    FIELD(msg_kill, text, WIRE_STR, OPTIONAL, TEXT_LIMIT, "why, for people"),
    FIELD(msg_kill, no_wait, WIRE_BOOL, OPTIONAL, 0, "answered at once, not at its end"),
};
STRUCT(msg_kill, kill_table);

static const struct wire_field retry_table[] = {
    FIELD(msg_retry, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    NESTED(msg_retry, run, WIRE_STRUCT, OPTIONAL, 0, msg_run_fields,
           "the caller's surroundings; command, directory and plan are the job's own"),
};
STRUCT(msg_retry, retry_table);

static const struct wire_field rename_table[] = {
    FIELD(msg_rename, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_rename, name, WIRE_STR, OPTIONAL, JOB_NAME_MAX, "new name, none = take it away"),
};
STRUCT(msg_rename, rename_table);

static const struct wire_field set_size_table[] = {
    FIELD(msg_set_size, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_set_size, rows, WIRE_U32, REQUIRED, SIZE_LIMIT, "rows"),
    FIELD(msg_set_size, cols, WIRE_U32, REQUIRED, SIZE_LIMIT, "columns"),
};
STRUCT(msg_set_size, set_size_table);

static const struct wire_field send_table[] = {
    FIELD(msg_send, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_send, data, WIRE_BIN, REQUIRED, SEND_MAX, "what is typed"),
    FIELD(msg_send, taken, WIRE_BOOL, OPTIONAL, 0, "answer when the terminal has taken it"),
};
STRUCT(msg_send, send_table);

static const struct wire_field get_screen_table[] = {
    FIELD(msg_get_screen, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_get_screen, history, WIRE_U32, OPTIONAL, 0, "earlier lines wanted with it"),
};
STRUCT(msg_get_screen, get_screen_table);

static const struct wire_field screen_table[] = {
    FIELD(msg_screen, rows, WIRE_U32, OPTIONAL, SIZE_LIMIT, "rows of the job's terminal"),
    FIELD(msg_screen, cols, WIRE_U32, OPTIONAL, SIZE_LIMIT, "columns of the job's terminal"),
    FIELD(msg_screen, paint, WIRE_BIN, OPTIONAL, SCREEN_PAINT_MAX,
          "what makes a blank terminal of that size show it"),
    FIELD(msg_screen, whole, WIRE_BOOL, OPTIONAL, 0, "the log still has all that is shown"),
    FIELD(msg_screen, ended, WIRE_BOOL, OPTIONAL, 0, "the job has ended: its log tells"),
};
STRUCT(msg_screen, screen_table);

static const struct wire_field follow_table[] = {
    FIELD(msg_follow, job, WIRE_STR, OPTIONAL, TEXT_LIMIT, "job spec, none = the current job"),
    FIELD(msg_follow, offset, WIRE_U64, OPTIONAL, 0, "answer when the log has more than this"),
};
STRUCT(msg_follow, follow_table);

static const struct wire_field log_table[] = {
    FIELD(msg_log, first, WIRE_U64, OPTIONAL, 0, "offset of the oldest byte kept"),
    FIELD(msg_log, next, WIRE_U64, OPTIONAL, 0, "offset after the newest byte"),
    FIELD(msg_log, ended, WIRE_BOOL, OPTIONAL, 0, "no more will come"),
};
STRUCT(msg_log, log_table);

static const struct wire_field env_table[] = {
    FIELD(msg_env, id, WIRE_U32, REQUIRED, 0, "number of the job"),
    SECRET(msg_env, values, OPTIONAL, LIVE_LIMIT, "as the newest client has them"),
    SECRET(msg_env, links, OPTIONAL, LIVE_LIMIT, "as the job should have them"),
};
STRUCT(msg_env, env_table);

const struct wire_struct msg_empty_fields = {.name = "msg_empty", .size = sizeof(struct msg_empty)};

static const struct wire_field failure_table[] = {
    FIELD(server_failure, generation, WIRE_U32, OPTIONAL, 0, "which server it was"),
    FIELD(server_failure, pid, WIRE_U32, OPTIONAL, 0, "its process id"),
    FIELD(server_failure, version, WIRE_STR, OPTIONAL, 64, "its version"),
    FIELD(server_failure, found_ns, WIRE_U64, OPTIONAL, 0, "when it died or was found dead"),
    FIELD(server_failure, text, WIRE_STR, REQUIRED, TEXT_LIMIT, "how it died, for people"),
    FIELD(server_failure, log_line, WIRE_STR, OPTIONAL, 2 * TEXT_LIMIT,
          "the last line that it logged"),
};
STRUCT(server_failure, failure_table);

static const struct wire_field count_table[] = {
    FIELD(job_count, state, WIRE_U32, REQUIRED, 0, "state, as in job"),
    FIELD(job_count, jobs, WIRE_U32, REQUIRED, 0, "how many jobs are in it"),
};
STRUCT(job_count, count_table);

static const struct wire_field status_table[] = {
    FIELD(msg_status, pid, WIRE_U32, REQUIRED, 0, "the server's process id"),
    FIELD(msg_status, version, WIRE_STR, REQUIRED, 64, "its version"),
    FIELD(msg_status, socket, WIRE_STR, REQUIRED, PATH_LIMIT, "its socket"),
    FIELD(msg_status, state_dir, WIRE_STR, REQUIRED, PATH_LIMIT, "its state directory"),
    FIELD(msg_status, started_ns, WIRE_U64, REQUIRED, 0, "when it started"),
    FIELD(msg_status, live, WIRE_U32, OPTIONAL, 0, "jobs that have not ended"),
    FIELD(msg_status, ended, WIRE_U32, OPTIONAL, 0, "jobs that have ended and are kept"),
    FIELD(msg_status, clients, WIRE_U32, OPTIONAL, 0, "open client connections"),
    FIELD(msg_status, protocol, WIRE_U32, OPTIONAL, 0, "protocol it speaks"),
    FIELD(msg_status, lowest, WIRE_U32, OPTIONAL, 0, "lowest protocol it understands"),
    FIELD(msg_status, pid_start, WIRE_U64, OPTIONAL, 0, "its start time, clock ticks since boot"),
    FIELD(msg_status, boot_id, WIRE_STR, OPTIONAL, 64, "the boot its process id belongs to"),
    FIELD(msg_status, generation, WIRE_U32, OPTIONAL, 0,
          "how many servers have run in the runtime directory"),
    NESTED(msg_status, counts, WIRE_STRUCTS, OPTIONAL, 64, job_count_fields, "jobs by state"),
    FIELD(msg_status, config_file, WIRE_STR, OPTIONAL, PATH_LIMIT, "its configuration file"),
    FIELD(msg_status, config, WIRE_STRS, OPTIONAL, 1024, "what holds, key=value"),
    FIELD(msg_status, fingerprint, WIRE_STR, OPTIONAL, 64, "of what holds"),
    FIELD(msg_status, config_problem, WIRE_STR, OPTIONAL, 2 * TEXT_LIMIT,
          "why the file was not taken over"),
    FIELD(msg_status, warning, WIRE_STR, OPTIONAL, 2 * TEXT_LIMIT, "what the user should know"),
    NESTED(msg_status, failure, WIRE_STRUCT, OPTIONAL, 0, server_failure_fields,
           "the last failure of a server here"),
    FIELD(msg_status, stopped_ns, WIRE_U64, OPTIONAL, 0, "when it ended in order; on disk only"),
    FIELD(msg_status, stopped_text, WIRE_STR, OPTIONAL, TEXT_LIMIT, "why it ended; on disk only"),
    NESTED(msg_status, counters, WIRE_STRUCT, OPTIONAL, 0, server_counters_fields,
           "what it has counted; not on disk"),
};
STRUCT(msg_status, status_table);

static const struct wire_field shutdown_table[] = {
    FIELD(msg_shutdown, kill_jobs, WIRE_BOOL, OPTIONAL, 0, "end every job first"),
    FIELD(msg_shutdown, grace_ms, WIRE_U64, OPTIONAL, 0, "milliseconds between TERM and KILL"),
    FIELD(msg_shutdown, default_grace, WIRE_BOOL, OPTIONAL, 0, "each job's own grace instead"),
};
STRUCT(msg_shutdown, shutdown_table);

static const struct wire_field jobs_table[] = {
    NESTED(msg_jobs, jobs, WIRE_STRUCTS, OPTIONAL, JOB_ARGS_MAX, job_info_fields, "the jobs"),
    FIELD(msg_jobs, current, WIRE_U32, OPTIONAL, 0, "number of the current job"),
    FIELD(msg_jobs, previous, WIRE_U32, OPTIONAL, 0, "number of the previous job"),
    FIELD(msg_jobs, more, WIRE_BOOL, OPTIONAL, 0, "another one with this request id follows"),
};
STRUCT(msg_jobs, jobs_table);

static const struct wire_field start_table[] = {
    FIELD(msg_start, id, WIRE_U32, REQUIRED, 0, "number"),
    FIELD(msg_start, uid, WIRE_STR, REQUIRED, 64, "unique id"),
    FIELD(msg_start, state_dir, WIRE_STR, REQUIRED, PATH_LIMIT, "directory of record and log"),
    FIELD(msg_start, runtime_dir, WIRE_STR, REQUIRED, PATH_LIMIT, "directory of the socket"),
    NESTED(msg_start, run, WIRE_STRUCT, REQUIRED, 0, msg_run_fields, "what to run"),
    FIELD(msg_start, client_request, WIRE_U32, OPTIONAL, 0, "request id to answer the client with"),
    FIELD(msg_start, client_pid, WIRE_U32, OPTIONAL, 0, "process id of the client"),
    FIELD(msg_start, log_limit, WIRE_U64, OPTIONAL, 0, "bytes of log to keep"),
    FIELD(msg_start, grace_ms, WIRE_U64, OPTIONAL, 0, "milliseconds between TERM and KILL"),
    FIELD(msg_start, leftovers, WIRE_U32, OPTIONAL, 2,
          "processes left at the end: 0 SIGHUP, 1 keep, 2 kill"),
    FIELD(msg_start, misplaced, WIRE_STR, OPTIONAL, 1024,
          "why state_dir is not in the state directory, none = it is"),
    FIELD(msg_start, log_json, WIRE_BOOL, OPTIONAL, 0, "log lines as JSON"),
    FIELD(msg_start, note, WIRE_STR, OPTIONAL, TEXT_LIMIT, "what it waits for, for its client"),
    NESTED(msg_start, before, WIRE_STRUCT, OPTIONAL, 0, job_info_fields,
           "its record, when it has ended and is started again"),
    FIELD(msg_start, queued_ns, WIRE_U64, OPTIONAL, 0, "when it began to wait, none = now"),
};
STRUCT(msg_start, start_table);

static const struct wire_field begin_table[] = {
    FIELD(msg_begin, attempt, WIRE_U32, REQUIRED, 0, "the attempt whose turn it is, from 1"),
};
STRUCT(msg_begin, begin_table);

static const struct wire_field adopt_table[] = {
    FIELD(msg_adopt, mode, WIRE_U32, REQUIRED, ATTACH_MODE_COUNT - 1, "as in attach"),
    FIELD(msg_adopt, resume, WIRE_BOOL, OPTIONAL, 0, "as in attach"),
    FIELD(msg_adopt, history, WIRE_U32, OPTIONAL, 0, "as in attach"),
    SECRET(msg_adopt, live, OPTIONAL, LIVE_LIMIT, "as in attach"),
    FIELD(msg_adopt, restore, WIRE_U32, OPTIONAL, RESTORE_MODE_COUNT - 1, "as in attach"),
    FIELD(msg_adopt, replay_limit, WIRE_U64, OPTIONAL, 0, "as in attach"),
    NESTED(msg_adopt, terminal, WIRE_STRUCT, REQUIRED, 0, msg_terminal_fields,
           "the client's terminal"),
    FIELD(msg_adopt, client_request, WIRE_U32, REQUIRED, 0, "request id to answer with"),
    FIELD(msg_adopt, client_pid, WIRE_U32, OPTIONAL, 0, "process id of the client"),
    FIELD(msg_adopt, note, WIRE_STR, OPTIONAL, TEXT_LIMIT, "what the job waits for, shown first"),
};
STRUCT(msg_adopt, adopt_table);

static const struct wire_field title_table[] = {
    FIELD(msg_title, title, WIRE_STR, OPTIONAL, TEXT_LIMIT, "title of the job's terminal"),
};
STRUCT(msg_title, title_table);

static const struct wire_field notice_table[] = {
    FIELD(msg_notice, kind, WIRE_U32, REQUIRED, 0,
          "1 bell, 2 notification, 3 it seems to wait for input, 4 no more, 5 it is killed now"),
    FIELD(msg_notice, count, WIRE_U64, OPTIONAL, 0, "bells; notifications left out before this"),
    FIELD(msg_notice, title, WIRE_STR, OPTIONAL, EVENT_TEXT_MAX, "title of a notification"),
    FIELD(msg_notice, text, WIRE_STR, OPTIONAL, EVENT_TEXT_MAX, "text of a notification"),
};
STRUCT(msg_notice, notice_table);

static const struct wire_field get_events_table[] = {
    FIELD(msg_get_events, since, WIRE_STR, OPTIONAL, 64, "cursor, none = all that are known"),
    FIELD(msg_get_events, jobs, WIRE_STRS, OPTIONAL, JOB_ARGS_MAX,
          "unique ids of jobs, none = of all and of the server"),
    FIELD(msg_get_events, wait, WIRE_BOOL, OPTIONAL, 0, "answer when there is something to tell"),
};
STRUCT(msg_get_events, get_events_table);

static const struct wire_field events_table[] = {
    FIELD(msg_events, cursor, WIRE_STR, REQUIRED, 64, "of the last event looked at"),
    NESTED(msg_events, events, WIRE_STRUCTS, OPTIONAL, 65536, job_event_fields, "by number"),
    FIELD(msg_events, more, WIRE_BOOL, OPTIONAL, 0, "there are more: ask again"),
};
STRUCT(msg_events, events_table);

static const struct wire_field left_table[] = {
    FIELD(msg_left, reason, WIRE_U32, REQUIRED, 0,
          "1 ended, 2 stopped, 3 detached, 4 detached by somebody, 5 stolen, 6 output closed"),
    FIELD(msg_left, by_tty, WIRE_STR, OPTIONAL, PATH_LIMIT, "terminal of whoever did it"),
    FIELD(msg_left, by_pid, WIRE_U32, OPTIONAL, 0, "process id of whoever did it"),
    NESTED(msg_left, job, WIRE_STRUCT, REQUIRED, 0, job_info_fields, "the job"),
};
STRUCT(msg_left, left_table);

static const struct wire_field resize_table[] = {
    FIELD(msg_resize, rows, WIRE_U32, REQUIRED, SIZE_LIMIT, "rows"),
    FIELD(msg_resize, cols, WIRE_U32, REQUIRED, SIZE_LIMIT, "columns"),
};
STRUCT(msg_resize, resize_table);

static const struct wire_field answers_table[] = {
    FIELD(msg_answers, answers, WIRE_BIN, REQUIRED, PROFILE_ANSWERS_MAX, "as they came"),
};
STRUCT(msg_answers, answers_table);

static const struct wire_field marked_table[] = {
    FIELD(msg_marked, markers, WIRE_U32, REQUIRED, 0, "how often DSR 5 was sent to its terminal"),
};
STRUCT(msg_marked, marked_table);

static const struct wire_field waiting_table[] = {
    FIELD(msg_waiting, waits, WIRE_BOOL, OPTIONAL, 0, "it waits for its (next) start"),
    FIELD(msg_waiting, text, WIRE_STR, OPTIONAL, TEXT_LIMIT, "for what, to be shown"),
};
STRUCT(msg_waiting, waiting_table);

#define MESSAGE(number, text, fields, least, most, doc_text)                                       \
    {                                                                                              \
        .type = number, .name = text, .body = &fields, .min_fds = least, .max_fds = most,          \
        .doc = doc_text                                                                            \
    }

static const struct wire_message rows[] = {
    MESSAGE(MSG_HELLO, "hello", msg_hello_fields, 0, 0, "first message, each way"),
    MESSAGE(MSG_ERROR, "error", msg_error_fields, 0, 0, "reply: the request failed"),
    MESSAGE(MSG_DONE, "done", msg_done_fields, 0, 0, "reply: it was done"),
    MESSAGE(MSG_JOB, "job", job_info_fields, 0, 0,
            "reply to run -d and start, and to run again of an ended job; also the record on disk"),
    MESSAGE(MSG_JOBS, "jobs", msg_jobs_fields, 0, 0, "reply to list and wait"),
    MESSAGE(MSG_LOG, "log", msg_log_fields, 0, 0, "reply to follow"),
    MESSAGE(MSG_SCREEN, "screen", msg_screen_fields, 0, 0, "reply to get-screen"),
    MESSAGE(MSG_STATUS, "status", msg_status_fields, 0, 0, "reply to get-status"),
    MESSAGE(MSG_ENV, "env", msg_env_fields, 0, 0, "reply to get-env"),
    MESSAGE(MSG_RUN, "run", msg_run_fields, 0, 1,
            "client to server: start a job; the fd is the output, none when detached"),
    MESSAGE(MSG_RUN_PLANNED, "run-planned", msg_run_fields, 0, 3,
            "as run, by a server that knows of plans; fds are output, standard error, script"),
    MESSAGE(MSG_ATTACH, "attach", msg_attach_fields, 1, 2,
            "client to server: attach to a job; fds are output and standard error"),
    MESSAGE(MSG_LIST, "list", msg_list_fields, 0, 0, "client to server: which jobs are there"),
    MESSAGE(MSG_WAIT, "wait", msg_wait_fields, 0, 0,
            "client to server: answer when these jobs have ended"),
    MESSAGE(MSG_REMOVE, "remove", msg_on_job_fields, 0, 0, "client to server: forget an ended job"),
    MESSAGE(MSG_GET_STATUS, "get-status", msg_empty_fields, 0, 0,
            "client to server: about the server itself"),
    MESSAGE(MSG_SHUTDOWN, "shutdown", msg_shutdown_fields, 0, 0,
            "client to server: end; answered when it is about to"),
    MESSAGE(MSG_RELOAD, "reload", msg_empty_fields, 0, 0,
            "client to server: read the configuration file again"),
    MESSAGE(
        MSG_RETRY, "retry", msg_retry_fields, 0, 0,
        "client to server: start an ended job again; to the holder: start the next attempt now"),
    MESSAGE(MSG_STOP, "stop", msg_on_job_fields, 0, 0, "to the holder: stop the job"),
    MESSAGE(MSG_CONTINUE, "continue", msg_on_job_fields, 0, 0, "to the holder: continue the job"),
    MESSAGE(MSG_SIGNAL, "signal", msg_signal_fields, 0, 0,
            "to the holder: send the job's process group a signal"),
    MESSAGE(MSG_KILL, "kill", msg_kill_fields, 0, 0,
            "to the holder: TERM and CONT, after the grace KILL; answered when it has ended"),
    MESSAGE(MSG_DETACH, "detach", msg_on_job_fields, 0, 0,
            "to the holder: detach every client of the job"),
    MESSAGE(MSG_RENAME, "rename", msg_rename_fields, 0, 0, "to the holder: name the job"),
    MESSAGE(MSG_SET_SIZE, "set-size", msg_set_size_fields, 0, 0,
            "to the holder: set the terminal's size while no terminal that types does"),
    MESSAGE(MSG_SEND, "send", msg_send_fields, 0, 0,
            "to the holder: type this on the job's terminal; all of it, or it is refused"),
    MESSAGE(MSG_GET_SCREEN, "get-screen", msg_get_screen_fields, 0, 0,
            "client to server, server to holder: what the job's terminal shows"),
    MESSAGE(MSG_FOLLOW, "follow", msg_follow_fields, 0, 0,
            "to the holder: answer when the log has grown"),
    MESSAGE(MSG_GET_ENV, "get-env", msg_on_job_fields, 0, 0,
            "to the holder: the job's live environment"),
    MESSAGE(MSG_START, "start", msg_start_fields, 0, 4,
            "server to holder: start the job; fds are output, connection, standard error, script"),
    MESSAGE(MSG_ADOPT, "adopt", msg_adopt_fields, 2, 3,
            "server to holder: attach a client; fds are output, connection, standard error"),
    MESSAGE(MSG_REPAIR, "repair", msg_empty_fields, 0, 0,
            "server to holder: put the socket back if its file has been removed"),
    MESSAGE(MSG_BEGIN, "begin", msg_begin_fields, 0, 0,
            "server to holder: it is the turn of a job that waits; not answered"),
    MESSAGE(MSG_CHANGED, "changed", job_info_fields, 0, 0, "holder to server: the job's state"),
    MESSAGE(MSG_TITLE, "title", msg_title_fields, 0, 0,
            "holder to server: the title of the job's terminal has changed"),
    MESSAGE(MSG_ATTACHED, "attached", job_info_fields, 0, 1,
            "holder to client: you are attached; the fd takes its input, none to watchers"),
    MESSAGE(MSG_LEFT, "left", msg_left_fields, 0, 0,
            "holder to client: you are no longer attached, and all output has been written"),
    MESSAGE(MSG_SIZE_TAKEN, "size-taken", msg_empty_fields, 0, 0,
            "holder to client: another's size counts; resize takes it back when you are typed at"),
    MESSAGE(MSG_MARKED, "marked", msg_marked_fields, 0, 0,
            "holder to client: all output is written; take your terminal's last answers"),
    MESSAGE(MSG_RESIZE, "resize", msg_resize_fields, 0, 0,
            "client to holder: the terminal's size changed"),
    MESSAGE(MSG_LEAVE, "leave", msg_empty_fields, 0, 0, "client to holder: detach me"),
    MESSAGE(MSG_RESUMED, "resumed", msg_resize_fields, 0, 0,
            "client to holder: I was stopped and go on"),
    MESSAGE(MSG_ASK, "ask", msg_empty_fields, 0, 0,
            "client to holder: ask my terminal what it is like; I take the answers"),
    MESSAGE(MSG_ANSWERS, "answers", msg_answers_fields, 0, 0,
            "client to holder: what it has answered"),
    MESSAGE(MSG_DRAINED, "drained", msg_empty_fields, 0, 0,
            "client to holder: no more answers are under way"),
    MESSAGE(MSG_QUEUES, "queues", msg_queues_fields, 0, 0,
            "reply to list-queues; also the file of their settings"),
    MESSAGE(MSG_LIST_QUEUES, "list-queues", msg_empty_fields, 0, 0,
            "client to server: which queues are there"),
    MESSAGE(MSG_SET_QUEUE, "set-queue", msg_set_queue_fields, 0, 0,
            "client to server: set how many jobs of a queue run at once, pause it, let it go on"),
    MESSAGE(MSG_WAITING, "waiting", msg_waiting_fields, 0, 0,
            "holder to client: whether the job waits for its (next) start"),
    MESSAGE(MSG_GET_USAGE, "get-usage", msg_empty_fields, 0, 0,
            "server to holder: what the job's processes use and have used"),
    MESSAGE(MSG_USAGE, "usage", job_usage_fields, 0, 0, "reply to get-usage"),
    MESSAGE(MSG_EVENTS, "events", msg_events_fields, 0, 0, "reply to get-events"),
    MESSAGE(MSG_GET_EVENTS, "get-events", msg_get_events_fields, 0, 0,
            "client to server: what has happened, or will"),
    MESSAGE(MSG_NOTICE, "notice", msg_notice_fields, 0, 0,
            "holder to server: a bell, a notification, the job asks for input"),
    MESSAGE(MSG_RAISE, "raise", msg_signal_fields, 0, 0,
            "client to holder: a signal for the process group of a job without a terminal"),
    MESSAGE(MSG_INPUT_ENDED, "input-ended", msg_empty_fields, 0, 0,
            "client to holder: a job without a terminal gets no more input from me"),
};

const struct wire_table protocol = {.rows = rows, .count = COUNT(rows)};

const struct wire_message *protocol_message(enum message_type type)
{
    const struct wire_message *message = wire_table_find(&protocol, type);
    assert(message);
    return message;
}

bool protocol_compatible(const struct msg_hello *peer, const char *peer_name, char *text,
                         size_t size)
{
    if (peer->protocol >= PROTOCOL_LOWEST && peer->lowest <= PROTOCOL_VERSION)
        return true;
    snprintf(text, size,
             "the %s (js %s) speaks protocol %u..%u, this js %s speaks %u..%u: use programs of "
             "the same release",
             peer_name, peer->version, peer->lowest, peer->protocol, JS_VERSION, PROTOCOL_LOWEST,
             PROTOCOL_VERSION);
    return false;
}

const char *restore_mode_name(uint32_t mode)
{
    static const char *const names[] = {
        [RESTORE_AUTO] = "auto",
        [RESTORE_REPLAY] = "replay",
        [RESTORE_SNAPSHOT] = "snapshot",
    };
    static_assert(COUNT(names) == RESTORE_MODE_COUNT, "a restore mode has no name");
    return mode < COUNT(names) ? names[mode] : "unknown";
}

/* What the user is told on stderr, and the exit status that goes with it. */
#ifndef JS_CLIENT_REPORT_H
#define JS_CLIENT_REPORT_H

#include "common/protocol.h"

/* Exit statuses of js itself; otherwise it is the job's, or 128 + the signal. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_SOME_FAILED = 1, /* of several jobs; the others are done */
    EXIT_USAGE = 2,
    EXIT_BUSY = 75,
    EXIT_TIMED_OUT = 124,
    EXIT_JS_FAILED = 125,
    EXIT_CANNOT_EXECUTE = 126,
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNAL_BASE = 128,
    EXIT_STOPPED = 148, /* 128 + SIGTSTP, as shells have it */
};

/* "js: " and the text on stderr. Returns EXIT_JS_FAILED. */
int report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command that is carried out, for report_of_command; the text is not copied. */
void report_set_command(const char *name);

/* The same as report_error with the command's name in front: "js: run: ...". For what several
 * commands have in common. */
int report_of_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An `error` message: prints it and returns the exit status for it. */
int report_message(const struct msg_error *error);

/* The exit status that a job's end stands for. */
int report_exit_status(const struct job_info *job);

/* `run` with a key that a live job has: prints that job's number, and says so. The exit status. */
int report_instead(const struct job_info *job);

/* Tells the user when the job's holder died, and how it ended is therefore not known. */
void report_if_lost(const struct job_info *job);

/*
 * Prints what a shell would when its foreground job died of a signal ("Killed"), or why the server
 * or its holder gave it up; else nothing.
 */
void report_death(const struct job_info *job);

/* "[3]+ Stopped  vim notes" on stderr. mark is '+', '-' or ' '. */
void report_job_line(const struct job_info *job, char mark, const char *what);

/* The command line as text a shell would read back; the caller frees it. NULL = no memory. */
char *report_command(const struct job_info *job);

#endif

/*
 * Being attached to a job: from the request (run or attach) until the shell has its terminal back.
 *
 * Output does not come through here: the holder writes it to the terminal. Keys go from here
 * straight into the PTY master that the holder passed. What is left is the detach chord, the
 * terminal's size, and the end.
 */
#ifndef JS_CLIENT_ATTACH_H
#define JS_CLIENT_ATTACH_H

#include "client/connection.h"
#include "common/size.h"

struct attach_options {
    const char *detach_keys; /* as in client/chord.h; never NULL */
    bool watch;              /* keys do not go to the job */
    struct size size;        /* instead of the terminal's, if not 0x0 */
    const char *uid;         /* of the job that is to be run; NULL for MSG_ATTACH */
    bool no_pty;             /* the job has no terminal (as far as is known) */
    bool scripted;           /* script_fd rides along, behind the output */
    int script_fd;           /* the caller's */
};

/*
 * Sends the request, of type MSG_RUN, MSG_RUN_PLANNED or MSG_ATTACH, with the terminal filled in by
 * this function through terminal_member (a member of body), and stays attached. Returns the exit
 * status of js, with the user told what there is to tell.
 */
int attach_run(struct connection *connection, enum message_type type, void *body,
               struct msg_terminal **terminal_member, const struct attach_options *options);

#endif

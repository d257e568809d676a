/*
 * The template: a process that has executed jsd and done nothing else, single-threaded and small.
 * Holders are forked from it: that saves each the dynamic linking, and what the program has
 * touched by then is shared memory. It ends when the server does; holders live on.
 *
 * It keeps one holder in reserve, set up as far as it goes without a job, so that a job does not
 * wait for a fork. Server, template and reserve share a SOCK_SEQPACKET pair: whoever is the
 * reserve takes one struct template_request with two descriptors (the holder's listening socket and
 * the job's lock) from it, tells the template through a pipe to fork the next, and is that job's
 * holder from then on. An answer to the server comes only when a fork failed.
 */
#ifndef JS_SERVER_TEMPLATE_H
#define JS_SERVER_TEMPLATE_H

#include <stdint.h>

#define TEMPLATE_FD 3 /* where the template finds its socket */

struct template_request {
    uint32_t id; /* of the job */
};

struct template_failure {
    uint32_t id;
    int32_t error; /* errno of fork(2) */
};

/* Serves the socket until it is closed. Returns the exit status: the template's or a holder's. */
int template_main(int socket_fd);

#endif

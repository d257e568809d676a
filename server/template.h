/*
 * The template: a process that has executed jsd and done nothing else, single-threaded and small.
 * Holders are forked from it: that saves each the dynamic linking, and what the program has
 * touched by then is shared memory. It ends when the server does; holders live on.
 *
 * There is one exception. Jobs that wait for their turn wait for a server to say so: when one that
 * is needed for that dies without a word, the template becomes the next server, by executing jsd in
 * its own process. Should a client have been quicker, the lock of the runtime directory decides,
 * and it ends. Of servers that die young there is at most one in TEMPLATE_LEAST_MS.
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

#define TEMPLATE_FD        3 /* where the template finds its socket */
#define TEMPLATE_NEEDED_FD 4 /* an eventfd(2) above zero: jobs wait for the server's word */
#define TEMPLATE_LEAST_MS  1000u

struct template_request {
    uint32_t id; /* of the job */
};

struct template_failure {
    uint32_t id;
    int32_t error; /* errno of fork(2) */
};

/*
 * Serves the socket until it is closed. Returns the exit status: the template's or a holder's; or
 * does not, see above. needed_fd is taken over; -1 = there is none.
 */
int template_main(int socket_fd, int needed_fd);

#endif

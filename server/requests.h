/* What clients ask the server: one handler per message type, in a table. */
#ifndef JS_SERVER_REQUESTS_H
#define JS_SERVER_REQUESTS_H

#include "server/client.h"

/*
 * Handles one request; the answer is sent now or when it is there. Descriptors that the handler
 * does not take stay in fds.
 */
void request_handle(struct client *client, struct wire_frame *frame, struct channel_fds *fds);

#endif

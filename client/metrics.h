/*
 * The numbers of a server for Prometheus: its text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Every series is there from the
 * start, at 0; labels have few values, none of which anybody but us makes up.
 */
#ifndef JS_CLIENT_METRICS_H
#define JS_CLIENT_METRICS_H

#include "common/bytes.h"
#include "common/protocol.h"

/*
 * Appends what status tells, whose counters are not NULL, at that time (since the epoch). 0 or
 * -ENOMEM.
 */
int metrics_format(const struct msg_status *status, uint64_t now_ns, struct bytes *out);

#endif

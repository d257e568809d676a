/* Where the last lines of a log begin, looked for from its end. */
#ifndef JS_CLIENT_LOG_TAIL_H
#define JS_CLIENT_LOG_TAIL_H

#include <stdint.h>

#include "common/logstreams.h"

/*
 * The offset at which the last `lines` lines between the two offsets begin, 0 when there are not so
 * many. only: just the lines of that stream; unknown: all. dir_fd is where the log is.
 */
uint64_t log_tail_start(int dir_fd, uint64_t from, uint64_t end, uint64_t lines,
                        enum logstreams_stream only);

#endif

/*
 * The bytes of protocol 1 as the holders of js 0.1.0 send them: captured once, never changed. A
 * holder lives as long as its job, so every server has to go on understanding these.
 *
 * A frame is its length (4 bytes), then "\x93", the type, the request id, and one of the bodies
 * below. Only length, request id and the path of the runtime directory are filled in.
 */
#ifndef JS_TESTS_HELPERS_OLD_HOLDER_BYTES_H
#define JS_TESTS_HELPERS_OLD_HOLDER_BYTES_H

enum {
    OLD_HELLO = 1,
    OLD_ERROR = 2,
    OLD_DONE = 3,
    OLD_JOB = 10,
    OLD_KILL = 33,
    OLD_ADOPT = 41,
    OLD_CHANGED = 50,
    OLD_ATTACHED = 60,
    OLD_LEFT = 61,
    OLD_RESIZE = 70,
    OLD_LEAVE = 71,
};

#define OLD_HELLO_BODY(digit, text)                                                                \
    "\x84\xa8"                                                                                     \
    "protocol" digit "\xa6"                                                                        \
    "lowest" digit "\xa7"                                                                          \
    "version\xa5" text "\xa3"                                                                      \
    "pid\xcd\x12\x67"

#define OLD_DONE_BODY "\x80"

#define OLD_UNSUPPORTED_BODY                                                                       \
    "\x82\xa4"                                                                                     \
    "code\x03\xa4"                                                                                 \
    "text\xbb"                                                                                     \
    "this type is not known here"

#define OLD_VERSION_BODY                                                                           \
    "\x82\xa4"                                                                                     \
    "code\x04\xa4"                                                                                 \
    "text\xbc"                                                                                     \
    "this holder speaks only 9..9"

/* struct job_info: number of fields, id to boot_id (without state), the path, the rest by state. */
#define OLD_RUNNING_COUNT "\xde\x00\x13"
#define OLD_VIEWED_COUNT  "\xde\x00\x14"
#define OLD_LEFT_COUNT    "\xde\x00\x14"
#define OLD_ENDED_COUNT   "\xde\x00\x16"

#define OLD_INFO_HEAD(state)                                                                       \
    "\xa2"                                                                                         \
    "id\x07\xa3"                                                                                   \
    "uid\xb0"                                                                                      \
    "c0ffee0000000007\xa4"                                                                         \
    "name\xa3"                                                                                     \
    "old\xa5"                                                                                      \
    "state" state "\xa4"                                                                           \
    "argv\x92\xa5"                                                                                 \
    "sleep\xa2"                                                                                    \
    "60\xa3"                                                                                       \
    "cwd\xa1/\xa3"                                                                                 \
    "pid\xcd\x12\x68\xa9"                                                                          \
    "pid_start\xce\x00\x01\xe2\x40\xaa"                                                            \
    "holder_pid\xcd\x12\x67\xac"                                                                   \
    "holder_start\xce\x00\x01\xe2\x3f\xa7"                                                         \
    "boot_id\xd9\x24"                                                                              \
    "01234567-89ab-cdef-0123-456789abcdef\xab"                                                     \
    "runtime_dir"

#define OLD_INFO_TIMES                                                                             \
    "\xaa"                                                                                         \
    "created_ns\xcf\x18\x86\x72\x51\xed\xfa\x00\x00\xaa"                                           \
    "started_ns\xcf\x18\x86\x72\x51\xee\x09\x42\x40"

#define OLD_INFO_USED                                                                              \
    "\xa7"                                                                                         \
    "used_ns\xcf\x18\x86\x72\x51\xee\x09\x42\x40"

#define OLD_INFO_SIZE                                                                              \
    "\xa4"                                                                                         \
    "rows\x18\xa4"                                                                                 \
    "colsP"

#define OLD_INFO_LOG                                                                               \
    "\xa8"                                                                                         \
    "log_next\x0c\xa7"                                                                             \
    "attempt\x01"

/* In the year 2100: not too old to be kept. */
#define OLD_INFO_ENDED                                                                             \
    "\xa8"                                                                                         \
    "ended_ns\xcf\x38\xee\xcf\xcf\x56\xa6\x00\x00"

#define OLD_INFO_LEFT                                                                              \
    "\xa7"                                                                                         \
    "left_ns\xcf\x18\x86\x72\x52\x29\x94\xca\x00"

#define OLD_INFO_VIEWERS                                                                           \
    "\xa7"                                                                                         \
    "viewers\x91\x85\xa3"                                                                          \
    "tty\xaa/dev/pts/1\xa3"                                                                        \
    "pid\xcd\x12\x69\xa4"                                                                          \
    "mode\x01\xa4"                                                                                 \
    "rows\x18\xa4"                                                                                 \
    "colsP"

#define OLD_INFO_END                                                                               \
    "\xa3"                                                                                         \
    "end\x83\xa6"                                                                                  \
    "reason\x04\xa4"                                                                               \
    "code\xff\xa6"                                                                                 \
    "signal\x0f"

#define OLD_LEFT_HEAD(reason)                                                                      \
    "\x82\xa6"                                                                                     \
    "reason" reason "\xa3"                                                                         \
    "job"

#endif

/* The unique ids of jobs: 64 random bits as text, made by whoever asks for the job. */
#ifndef JS_COMMON_UID_H
#define JS_COMMON_UID_H

#include <stdbool.h>

#define UID_LENGTH 16

/*
 * A new one: hexadecimal digits, the first one a letter, so that it is never taken for a job's
 * number. 0 or the -errno of getrandom(2).
 */
int uid_make(char uid[UID_LENGTH + 1]);

/* Whether text is what uid_make makes. */
bool uid_is_valid(const char *text);

#endif

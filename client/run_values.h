/*
 * What the texts are like that options of js run take: for profiles, whose values are looked at
 * before anything is run (client/profiles.h). Values that are more than texts (durations, numbers,
 * ...) are checked as they are read (client/options.h).
 */
#ifndef JS_CLIENT_RUN_VALUES_H
#define JS_CLIENT_RUN_VALUES_H

#include "common/bytes.h"

/*
 * Whether the option may have that value. 0; -EINVAL with what it should be like appended to
 * syntax; -ENOMEM. Of an option without a row here every value is fine until it is used.
 */
int run_values_check(const char *option, const char *value, struct bytes *syntax);

#endif

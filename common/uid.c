#include "common/uid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int uid_make(char uid[UID_LENGTH + 1])
{
    uint64_t bits;
    if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
        return -errno;
    snprintf(uid, UID_LENGTH + 1, "%016" PRIx64, bits);
    uid[0] = (char)('a' + (bits >> 60) % 6);
    return 0;
}

bool uid_is_valid(const char *text)
{
    return strlen(text) == UID_LENGTH && strspn(text, "0123456789abcdef") == UID_LENGTH &&
           text[0] >= 'a';
}

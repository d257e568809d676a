#include "tests/harness/watch.h"

#include "tests/harness/deadline.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SLACK_KIB (600L << 10) /* the quarantine of what was freed, and shadows of it */
#else
#define SLACK_KIB 0L
#endif

size_t watch_fds(pid_t pid)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    ck_assert_msg(fds != NULL, "process %d is gone", (int)pid);
    for (struct dirent *entry; (entry = readdir(fds));)
        count += entry->d_name[0] != '.';
    closedir(fds);
    return count;
}

long watch_status(pid_t pid, const char *key)
{
    char path[64], text[256];
    long value = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    ck_assert_msg(status != NULL, "process %d is gone", (int)pid);
    while (fgets(text, sizeof(text), status))
        if (strncmp(text, key, strlen(key)) == 0)
            value = atol(text + strlen(key));
    fclose(status);
    ck_assert_int_ge(value, 0);
    return value;
}

long watch_slack_kib(void)
{
    return SLACK_KIB;
}

void watch_begin(struct watch *watch, pid_t pid)
{
    *watch = (struct watch){.pid = pid, .fds = watch_fds(pid), .kib = watch_status(pid, "VmRSS:")};
}

void watch_end(const struct watch *watch, long kib)
{
    struct deadline deadline = deadline_default();
    while (watch_fds(watch->pid) > watch->fds && !deadline_passed(deadline))
        continue;
    ck_assert_uint_le(watch_fds(watch->pid), watch->fds);
    ck_assert_int_le(watch_status(watch->pid, "VmRSS:"), watch->kib + kib + SLACK_KIB);
}

#include "server/holder/start_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/rlimits.h"

/* Looks at the program as the job would have found it: a relative name begins at its directory. */
static bool stat_program(const struct msg_run *run, struct stat *ret)
{
    _cleanup_fd_ int cwd_fd = open(run->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return cwd_fd >= 0 && fstatat(cwd_fd, run->argv.items[0], ret, 0) == 0;
}

static void exec_text(const struct msg_run *run, int error, char *text, size_t size)
{
    const char *name = run->argv.items[0];
    struct stat st;
    bool is_path = strchr(name, '/') != NULL;
    if (error == ENOENT && !is_path)
        snprintf(text, size, "%.2000s: command not found", name);
    else if (error == ENOENT && stat_program(run, &st))
        snprintf(text, size, "%.2000s: the interpreter it names was not found", name);
    else if (error == EACCES && is_path && stat_program(run, &st) && S_ISDIR(st.st_mode))
        snprintf(text, size, "%.2000s: Is a directory", name);
    else
        snprintf(text, size, "%.2000s: %s", name, strerror(error));
}

static const struct msg_rlimit *find_limit(const struct msg_run *run, int resource)
{
    const struct msg_rlimit *limits = run->limits.items;
    for (size_t i = 0; i < run->limits.len; i++)
        if (limits[i].strict && (int)limits[i].resource == resource)
            return &limits[i];
    return NULL;
}

static void limit_text(const struct msg_run *run, const struct start_failure *failure, char *text,
                       size_t size)
{
    const struct msg_rlimit *wanted = find_limit(run, failure->resource);
    const struct rlimit_kind *kind = wanted ? rlimits_find(wanted->resource) : NULL;
    if (!kind) {
        snprintf(text, size, "cannot %s: %s", start_stage_text(START_LIMITS),
                 strerror(failure->error));
        return;
    }
    char to[96], most[96] = "";
    struct rlimit now;
    rlimits_format(wanted->soft, wanted->keep_hard ? wanted->soft : wanted->hard, to, sizeof(to));
    if (failure->error == EPERM && getrlimit((__rlimit_resource_t)wanted->resource, &now) == 0) {
        char hard[48];
        rlimits_format(now.rlim_max, now.rlim_max, hard, sizeof(hard));
        snprintf(most, sizeof(most), "; without privileges %s is the most", hard);
    }
    snprintf(text, size, "cannot set the limit %s (%s) to %s: %s%s", kind->name, kind->doc, to,
             strerror(failure->error), most);
}

static void nice_text(const struct msg_run *run, int error, char *text, size_t size)
{
    int now = getpriority(PRIO_PROCESS, 0);
    snprintf(text, size,
             "cannot set the nice value %d: %s; the jobs' server has %d, and only with privileges "
             "it can be less",
             run->nice, strerror(error), now);
}

void start_text(const struct msg_run *run, const struct start_failure *failure, char *text,
                size_t size)
{
    const char *why = failure->why ? failure->why : strerror(failure->error);
    if (failure->stage == START_EXEC)
        exec_text(run, failure->error, text, size);
    else if (failure->stage == START_CWD)
        snprintf(text, size, "cannot enter %.2000s: %s", run->cwd, why);
    else if (failure->stage == START_LIMITS)
        limit_text(run, failure, text, size);
    else if (failure->stage == START_NICE)
        nice_text(run, failure->error, text, size);
    else if (failure->why)
        snprintf(text, size, "%s", failure->why);
    else
        snprintf(text, size, "cannot %s: %s", start_stage_text(failure->stage), why);
}

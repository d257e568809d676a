#include "client/run_limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/report.h"
#include "common/amount.h"
#include "common/rlimits.h"

#define PIDS_MOST (UINT64_C(1) << 22) /* PID_MAX_LIMIT of Linux: pids.max takes no more */

static int parse_pids(const char *text, uint64_t *ret)
{
    uint64_t count;
    if (strspn(text, "0123456789") != strlen(text) || amount_parse(text, &count) < 0 ||
        count > PIDS_MOST)
        return -EINVAL;
    *ret = count;
    return 0;
}

/* A limit of the cgroup; none of them may be 0. */
static int take(const char *text, int (*parse)(const char *text, uint64_t *ret), const char *option,
                const char *syntax, uint64_t *ret)
{
    if (!text || (parse(text, ret) == 0 && *ret > 0))
        return 0;
    report_of_command("--%s '%s': %s", option, text, syntax);
    return EXIT_USAGE;
}

int run_limits_plan(const struct run_limits *limits, struct job_plan *plan)
{
    plan->no_new_privs = limits->no_new_privs;
    plan->own_nice = limits->nice != NULL;
    int status = take(limits->mem, amount_parse, "mem", AMOUNT_SYNTAX ", not 0", &plan->memory);
    if (status == 0)
        status = take(limits->cpus, amount_parse_cpus, "cpus", AMOUNT_CPUS_SYNTAX, &plan->cpu);
    if (status == 0)
        status =
            take(limits->pids, parse_pids, "pids", "write a number from 1 to 4194304", &plan->pids);
    return status;
}

static int apply_nice(const char *text, struct msg_run *run)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || (*text != '-' && (*text < '0' || *text > '9')) ||
        value < RUN_LIMITS_NICE_LEAST || value > RUN_LIMITS_NICE_MOST) {
        report_of_command("--nice '%s': write a number from -20 (first) to 19 (last)", text);
        return EXIT_USAGE;
    }
    run->nice = (int32_t)value;
    return 0;
}

int run_limits_apply(const struct run_limits *limits, struct msg_run *run)
{
    int status = limits->nice ? apply_nice(limits->nice, run) : 0;
    for (size_t i = 0; status == 0 && i < limits->rlimits.count; i++) {
        char error[512];
        int r = rlimits_parse(limits->rlimits.items[i], &run->limits, error, sizeof(error));
        if (r == -EINVAL) {
            report_of_command("--rlimit: %s", error);
            status = EXIT_USAGE;
        } else if (r < 0) {
            status = report_of_command("out of memory");
        }
    }
    return status;
}

#include "tests/harness/jobs.h"

#include "tests/harness/await.h"
#include "tests/harness/proc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number behind "key": in the text. */
static int64_t number_after(const char *text, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof(quoted), "\"%s\":", key);
    const char *at = strstr(text, quoted);
    ck_assert_msg(at != NULL, "no %s in %s", quoted, text);
    char *end = NULL;
    int64_t value = strtoll(at + strlen(quoted), &end, 10);
    ck_assert_msg(end != at + strlen(quoted), "%s is no number in %s", quoted, text);
    return value;
}

int64_t jobs_number(struct fixture *fixture, const char *job, const char *key)
{
    struct fixture_result result = {0};
    fixture_js(fixture, &result, "show", "--json", job, NULL);
    fixture_expect_code(&result, 0);
    int64_t value = number_after(result.out, key);
    fixture_result_finish(&result);
    return value;
}

uint64_t jobs_printed(struct fixture *fixture, const char *job)
{
    struct fixture_result result = {0};
    fixture_js(fixture, &result, "logs", job, NULL);
    fixture_expect_code(&result, 0);
    uint64_t printed = result.out_len;
    fixture_result_finish(&result);
    return printed;
}

pid_t jobs_client(struct fixture *fixture, const char *job, const char *tty)
{
    char quoted[128];
    struct fixture_result result = {0};
    snprintf(quoted, sizeof(quoted), "\"tty\":\"%s\"", tty);
    fixture_js_until(fixture, &result, quoted, "show", "--json", job, NULL);
    pid_t pid = (pid_t)number_after(strstr(result.out, quoted), "pid");
    fixture_result_finish(&result);
    return pid;
}

void jobs_await_printed(struct fixture *fixture, const char *job, uint64_t before)
{
    struct deadline deadline = deadline_default();
    while (jobs_printed(fixture, job) <= before)
        ck_assert_msg(!deadline_passed(deadline), "job %s prints nothing more", job);
}

static void let_time_pass(struct fixture *fixture)
{
    struct fixture_result result = {0};
    fixture_js(fixture, &result, "run", "-d", "--", fixture->pty_child, "flood", "4000000", "long",
               NULL);
    fixture_expect_code(&result, 0);
    char *id = strndup(result.out, strcspn(result.out, "\n"));
    fixture_js(fixture, &result, "wait", id, NULL);
    fixture_expect_code(&result, 0);
    free(id);
    fixture_result_finish(&result);
}

uint64_t jobs_await_held_back(struct fixture *fixture, const char *job, struct pty_driver *reading)
{
    struct deadline deadline = deadline_default();
    uint64_t before;
    uint64_t after = jobs_printed(fixture, job);
    do {
        before = after;
        if (reading)
            pty_driver_read_now(reading);
        let_time_pass(fixture);
        after = jobs_printed(fixture, job);
        ck_assert_msg(!deadline_passed(deadline), "job %s is not held back", job);
    } while (after != before);
    return after;
}

void jobs_await(struct fixture *fixture, const char *job, const char *text)
{
    struct fixture_result result = {0};
    fixture_js_until(fixture, &result, text, "show", "--json", job, NULL);
    fixture_result_finish(&result);
}

void jobs_await_state(struct fixture *fixture, const char *job, const char *state)
{
    char text[64];
    snprintf(text, sizeof(text), "\"state\":\"%s\"", state);
    jobs_await(fixture, job, text);
}

static unsigned count_viewers(const char *json)
{
    unsigned count = 0;
    for (const char *at = json; (at = strstr(at, "\"tty\":")); at++)
        count++;
    return count;
}

void jobs_await_viewers(struct fixture *fixture, const char *job, unsigned count)
{
    struct deadline deadline = deadline_default();
    struct fixture_result result = {0};
    unsigned found;
    do {
        fixture_js(fixture, &result, "show", "--json", job, NULL);
        found = count_viewers(result.out);
    } while (found != count && !deadline_passed(deadline));
    ck_assert_msg(found == count, "%u viewers and not %u: %s", found, count, result.out);
    fixture_result_finish(&result);
}

/* How many processes are of that group, and how many of those in that state. */
static void look_at_group(pid_t group, char state, size_t *ret_members, size_t *ret_in_state)
{
    struct proc_list list = {0};
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    *ret_members = *ret_in_state = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct proc *process = &list.items[i];
        if (process->pgrp != group || process->state == 'Z')
            continue;
        ++*ret_members;
        *ret_in_state += process->state == state;
    }
    proc_list_finish(&list);
}

static bool is_in_state(pid_t pid, char state)
{
    struct proc process;
    size_t members;
    size_t in_state;
    if (pid > 0)
        return proc_read(pid, &process) == 0 && process.state == state;
    look_at_group(-pid, state, &members, &in_state);
    return members > 0 && members == in_state;
}

void jobs_await_process(pid_t pid, char state)
{
    struct deadline deadline = deadline_default();
    while (!is_in_state(pid, state))
        ck_assert_msg(!deadline_passed(deadline), "process %d is not in state %c", pid, state);
}

/* A living process of the session below this one, or 0. */
static pid_t find_in_session(pid_t session)
{
    struct proc_list list = {0};
    pid_t found = 0;
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    for (size_t i = 0; i < list.count && found == 0; i++)
        if (list.items[i].session == session && list.items[i].state != 'Z')
            found = list.items[i].pid;
    proc_list_finish(&list);
    return found;
}

void jobs_close(struct pty_driver *driver)
{
    pid_t session = pty_driver_pid(driver);
    pid_t left;
    pty_driver_hang_up(driver);
    /* One after the other, and not one list: a process on its way out may start another. */
    while (session > 0 && (left = find_in_session(session)) > 0)
        ck_assert_int_eq(await_process_end(left, deadline_default()), 0);
    pty_driver_destroy(driver);
}

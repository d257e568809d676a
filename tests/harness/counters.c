#include "tests/harness/counters.h"

#include <ctype.h>
#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 256
#define LINES_MOST 150
#define PAUSE_MOST 8000 /* microseconds from line to line, at most */

void counters_init(struct counters *counters, struct fixture *fixture, struct chaos *chaos)
{
    *counters = (struct counters){.fixture = fixture, .chaos = chaos};
}

void counters_finish(struct counters *counters)
{
    free(counters->promised);
    free(counters->ended);
    *counters = (struct counters){0};
}

static bool *grow(bool *flags, size_t before, size_t after)
{
    flags = realloc(flags, after * sizeof(*flags));
    ck_assert_ptr_nonnull(flags);
    memset(flags + before, 0, (after - before) * sizeof(*flags));
    return flags;
}

static void make_room(struct counters *counters, size_t id)
{
    if (id < counters->room)
        return;
    size_t room = counters->room ? counters->room : ROOM_FIRST;
    while (room <= id)
        room *= 2;
    counters->promised = grow(counters->promised, counters->room, room);
    counters->ended = grow(counters->ended, counters->room, room);
    counters->room = room;
}

/* New jobs */

void counters_make(struct counters *counters, struct counters_command *ret)
{
    struct chaos *chaos = counters->chaos;
    snprintf(ret->words[0], sizeof(ret->words[0]), "%u", 1 + chaos_below(chaos, LINES_MOST));
    snprintf(ret->words[1], sizeof(ret->words[1]), "%u", 200 + chaos_below(chaos, PAUSE_MOST));
    snprintf(ret->words[2], sizeof(ret->words[2]), "%u", chaos_below(chaos, 100));
    const char *const begin[] = {counters->fixture->js, "run",      "-d",          "--",
                                 "pty_child",           "numbered", ret->words[0], ret->words[1]};
    static const char *const ends[][2] = {{"exit", NULL}, {"kill", "TERM"}, {"hold", NULL}};
    unsigned end = chaos_below(chaos, 16);
    end = end < 14 ? 0 : end - 13;
    memcpy(ret->argv, begin, sizeof(begin));
    ret->argv[8] = ends[end][0];
    ret->argv[9] = end == 0 ? ret->words[2] : ends[end][1];
    ret->argv[10] = NULL;
}

void counters_promise(struct counters *counters, const char *out)
{
    char *end = NULL;
    unsigned long id = strtoul(out, &end, 10);
    ck_assert_msg(id > 0 && strcmp(end, "\n") == 0, "js run -d printed \"%s\"", out);
    make_room(counters, id);
    ck_assert_msg(!counters->promised[id], "job %lu was promised twice", id);
    counters->promised[id] = true;
}

void counters_start(struct counters *counters)
{
    struct counters_command command;
    struct fixture_result result = {0};
    counters_make(counters, &command);
    fixture_run_options(counters->fixture, &result,
                        &(struct program_options){.argv = command.argv});
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    counters_promise(counters, result.out);
    fixture_result_finish(&result);
}

/* Logs */

unsigned counters_read_lines(const char *text, size_t len, unsigned from, size_t *ret_rest)
{
    unsigned count = 0;
    size_t at = 0;
    for (;;) {
        char line[32];
        size_t line_len = (size_t)snprintf(line, sizeof(line), "line %u\r\n", from + count);
        size_t left = len - at;
        if (left < line_len || memcmp(text + at, line, line_len) != 0) {
            *ret_rest = at;
            return count;
        }
        at += line_len;
        count++;
    }
}

/* Its command line, of the job in the list. */
static const char *word(const json_t *job, size_t index)
{
    const char *text = json_string_value(json_array_get(json_object_get(job, "argv"), index));
    return text ? text : "";
}

static bool counts(const json_t *job)
{
    return strcmp(word(job, 1), "numbered") == 0;
}

static unsigned id_of(const json_t *job)
{
    return (unsigned)json_integer_value(json_object_get(job, "id"));
}

static const char *text_of(const json_t *job, const char *key)
{
    const char *text = json_string_value(json_object_get(job, key));
    return text ? text : "";
}

/* whole: it has printed all its lines, and not the first of them. */
static void check_log(struct counters *counters, const json_t *job, bool whole)
{
    char id[16], last[32];
    struct fixture_result result = {0};
    size_t rest;
    snprintf(id, sizeof(id), "%u", id_of(job));
    fixture_js(counters->fixture, &result, "logs", id, NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    unsigned lines = counters_read_lines(result.out, result.out_len, 1, &rest);
    unsigned all = (unsigned)strtoul(word(job, 2), NULL, 10);
    snprintf(last, sizeof(last), "line %u\r\n", lines + 1);
    size_t cut = result.out_len - rest;
    ck_assert_msg(cut < strlen(last) && memcmp(result.out + rest, last, cut) == 0,
                  "job %s: \"%.40s\" after line %u", id, result.out + rest, lines);
    ck_assert_msg(whole ? lines == all && cut == 0 : lines <= all, "job %s: %u lines of %u", id,
                  lines, all);
    fixture_result_finish(&result);
}

/* Ends */

/* How it ended is how it should have. */
static void check_end(const json_t *job)
{
    const json_t *end = json_object_get(job, "end");
    const char *reason = text_of(end, "reason");
    const char *manner = word(job, 4);
    long code = (long)json_integer_value(json_object_get(end, "code"));
    bool right;
    if (strcmp(manner, "exit") == 0)
        right = strcmp(reason, "exited") == 0 && code == strtol(word(job, 5), NULL, 10);
    else if (strcmp(manner, "kill") == 0)
        right = strcmp(reason, "signaled") == 0 &&
                json_integer_value(json_object_get(end, "signal")) == SIGTERM;
    else
        right = strcmp(reason, "killed") == 0;
    char *shown = json_dumps(job, 0);
    ck_assert_msg(right, "the end is wrong: %s", shown);
    free(shown);
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);
    ck_assert_msg(root != NULL, "no JSON: %s: %s", error.text, text);
    return root;
}

static void check_job(struct counters *counters, const json_t *job, bool *listed)
{
    unsigned id = id_of(job);
    bool ended = strcmp(text_of(job, "state"), "ended") == 0;
    ck_assert_msg(!listed[id], "job %u is listed twice", id);
    listed[id] = true;
    counters->total++;
    counters->live += !ended;
    if (!counts(job))
        return;
    ck_assert_msg(ended || !counters->ended[id], "job %u lives again", id);
    if (!ended || counters->ended[id])
        return;
    check_end(job);
    check_log(counters, job, strcmp(word(job, 4), "hold") != 0);
    counters->ended[id] = true;
}

static unsigned highest_id(const json_t *jobs)
{
    unsigned highest = 0;
    for (size_t i = 0; i < json_array_size(jobs); i++) {
        unsigned id = id_of(json_array_get(jobs, i));
        highest = id > highest ? id : highest;
    }
    return highest;
}

void counters_check(struct counters *counters, const char *json)
{
    json_t *root = parse(json);
    const json_t *jobs = json_object_get(root, "jobs");
    make_room(counters, highest_id(jobs));
    bool *listed = calloc(counters->room, sizeof(*listed));
    ck_assert_ptr_nonnull(listed);
    counters->live = counters->total = 0;
    for (size_t i = 0; i < json_array_size(jobs); i++)
        check_job(counters, json_array_get(jobs, i), listed);
    for (size_t id = 0; id < counters->room; id++)
        ck_assert_msg(listed[id] || !counters->promised[id], "job %zu is gone: %s", id, json);
    free(listed);
    json_decref(root);
}

/* The end of all */

static void list(struct counters *counters, struct fixture_result *result)
{
    fixture_js(counters->fixture, result, "ls", "-a", "--json", NULL);
    fixture_expect_code(result, 0);
    ck_assert_str_eq(result->err, "");
}

/* Asks js to do that with every living counter that holds, or does not. */
static void with_living(struct counters *counters, const char *command, bool holds)
{
    struct fixture_result listed = {0}, result = {0};
    list(counters, &listed);
    json_t *root = parse(listed.out);
    const json_t *jobs = json_object_get(root, "jobs");
    for (size_t i = 0; i < json_array_size(jobs); i++) {
        const json_t *job = json_array_get(jobs, i);
        char id[16];
        snprintf(id, sizeof(id), "%u", id_of(job));
        if (!counts(job) || strcmp(text_of(job, "state"), "ended") == 0 ||
            (strcmp(word(job, 4), "hold") == 0) != holds)
            continue;
        fixture_js(counters->fixture, &result, command, id, NULL);
        ck_assert_str_eq(result.err, "");
    }
    json_decref(root);
    fixture_result_finish(&listed);
    fixture_result_finish(&result);
}

static bool belongs(const char *name)
{
    return name[0] == '.' || strcmp(name, "record") == 0 || strcmp(name, "lock") == 0 ||
           strncmp(name, "log.", 4) == 0 || strncmp(name, "index.", 6) == 0;
}

static void check_directory(const char *path)
{
    DIR *directory = opendir(path);
    ck_assert_msg(directory != NULL, "no %s", path);
    for (struct dirent *entry; (entry = readdir(directory));)
        ck_assert_msg(belongs(entry->d_name), "%s/%s does not belong there", path, entry->d_name);
    closedir(directory);
}

static void check_directories(struct counters *counters, const json_t *jobs)
{
    ck_assert_uint_eq(fixture_count_entries(counters->fixture, "state/jobs"),
                      json_array_size(jobs));
    for (size_t i = 0; i < json_array_size(jobs); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/jobs/%u", counters->fixture->state_dir,
                 id_of(json_array_get(jobs, i)));
        check_directory(path);
    }
}

void counters_settle(struct counters *counters)
{
    struct fixture_result result = {0};
    with_living(counters, "wait", false);
    with_living(counters, "kill", true);
    /* All logs once more: what was whole then may have been damaged since. */
    memset(counters->ended, 0, counters->room * sizeof(*counters->ended));
    list(counters, &result);
    counters_check(counters, result.out);
    json_t *root = parse(result.out);
    check_directories(counters, json_object_get(root, "jobs"));
    json_decref(root);
    fixture_result_finish(&result);
}

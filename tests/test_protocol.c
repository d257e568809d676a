/* The message table is data: what the compiler cannot check of it is checked here. */
#include "common/channel_io.h"
#include "common/fd.h"
#include "common/protocol.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOC_MAX 90u /* columns of the manual that a line of the table has */

/* Size of the member that a kind of field stands for. */
static size_t member_size(enum wire_kind kind)
{
    switch (kind) {
    case WIRE_BOOL:
        return sizeof(bool);
    case WIRE_U32:
        return sizeof(uint32_t);
    case WIRE_U64:
        return sizeof(uint64_t);
    case WIRE_I32:
        return sizeof(int32_t);
    case WIRE_STR:
        return sizeof(char *);
    case WIRE_BIN:
        return sizeof(struct wire_bin);
    case WIRE_STRS:
        return sizeof(struct wire_strs);
    case WIRE_STRUCT:
        return sizeof(void *);
    case WIRE_STRUCTS:
        return sizeof(struct wire_structs);
    }
    return 0;
}

static bool is_word(const char *text, const char *also)
{
    for (const char *at = text; *at; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && !strchr(also, *at))
            return false;
    return *text != '\0';
}

static void check_doc(const char *name, const char *doc)
{
    ck_assert_msg(doc && *doc, "%s has no text for the manual", name);
    ck_assert_uint_le(strlen(doc), DOC_MAX);
    ck_assert_int_ne(doc[strlen(doc) - 1], '.');
    for (const char *at = doc; *at; at++)
        ck_assert_int_ne(*at, '\n');
}

static void check_struct(const struct wire_struct *type, unsigned depth);

static void check_field(const struct wire_struct *type, size_t index, unsigned depth)
{
    const struct wire_field *field = &type->fields[index];
    char name[128];
    snprintf(name, sizeof(name), "%s.%s", type->name, field->name);
    ck_assert_msg(is_word(field->name, "_"), "%s is no name", name);
    check_doc(name, field->doc);
    size_t size = member_size(field->kind);
    ck_assert_uint_gt(size, 0);
    ck_assert_msg(field->offset + size <= type->size, "%s lies outside of its struct", name);
    for (size_t i = 0; i < index; i++) {
        const struct wire_field *other = &type->fields[i];
        ck_assert_str_ne(other->name, field->name);
        ck_assert_msg(other->offset + member_size(other->kind) <= field->offset ||
                          field->offset + size <= other->offset,
                      "%s and %s overlap", name, other->name);
    }
    bool nested = field->kind == WIRE_STRUCT || field->kind == WIRE_STRUCTS;
    ck_assert_msg(nested == (field->sub != NULL), "%s: struct and kind do not match", name);
    /* Nothing that repeats or has a length is without a limit of its own. */
    bool sized = field->kind == WIRE_STR || field->kind == WIRE_BIN || field->kind == WIRE_STRS ||
                 field->kind == WIRE_STRUCTS;
    ck_assert_msg(!sized || field->max > 0, "%s has no limit", name);
    ck_assert_msg(field->kind != WIRE_U32 || field->max <= UINT32_MAX, "%s: limit", name);
    if (nested)
        check_struct(field->sub, depth + 1);
}

static void check_struct(const struct wire_struct *type, unsigned depth)
{
    /* A frame is an array that holds a map; each level of structs is an array and a map at most. */
    ck_assert_uint_le(2 + 2 * depth, WIRE_DEPTH_MAX);
    ck_assert_msg(type->name && is_word(type->name, "_"), "a struct has no name");
    ck_assert_uint_gt(type->size, 0);
    ck_assert_msg(type->count <= 64, "%s: the decoder has 64 bits for its fields", type->name);
    for (size_t i = 0; i < type->count; i++)
        check_field(type, i, depth);
}

START_TEST(every_row_is_complete)
{
    const struct wire_message *row = &protocol.rows[_i];
    ck_assert_uint_gt(row->type, 0);
    ck_assert_msg(row->name && is_word(row->name, "-"), "message %u has no name", row->type);
    check_doc(row->name, row->doc);
    ck_assert_uint_le(row->min_fds, row->max_fds);
    ck_assert_uint_le(row->max_fds, CHANNEL_FDS_MAX);
    check_struct(row->body, 0);
    for (size_t i = 0; i < (size_t)_i; i++) {
        ck_assert_uint_ne(protocol.rows[i].type, row->type);
        ck_assert_str_ne(protocol.rows[i].name, row->name);
    }
}
END_TEST

/* A new message needs a seed, or the fuzzer has to find its fields' names by chance. */
START_TEST(every_message_has_seeds_for_the_fuzzer)
{
    char path[PATH_MAX];
    const char *source = getenv("JS_TEST_SOURCE");
    ck_assert_ptr_nonnull(source);
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/fuzz_wire/%s-%d", source,
                 protocol.rows[_i].name, i);
        void *data = NULL;
        size_t len = 0;
        int r = fd_read_file(AT_FDCWD, path, WIRE_FRAME_MAX, &data, &len);
        ck_assert_msg(r == 0, "%s: %s", path, strerror(-r));
        struct wire_frame frame;
        struct wire_problem why;
        ck_assert_int_eq(wire_decode(&protocol, data, len, &frame, &why), 0);
        ck_assert_uint_eq(frame.type, protocol.rows[_i].type);
        wire_frame_finish(&frame);
        free(data);
    }
}
END_TEST

/* The types of enum message_type, by hand: numbers never change, and none is without a row. */
static const struct {
    enum message_type type;
    uint32_t number;
    const char *name;
} types[] = {
    // clang-format off: one a line
    {MSG_HELLO, 1, "hello"},
    {MSG_ERROR, 2, "error"},
    {MSG_DONE, 3, "done"},
    {MSG_JOB, 10, "job"},
    {MSG_JOBS, 11, "jobs"},
    {MSG_LOG, 12, "log"},
    {MSG_STATUS, 13, "status"},
    {MSG_ENV, 14, "env"},
    {MSG_SCREEN, 15, "screen"},
    {MSG_RUN, 20, "run"},
    {MSG_RUN_PLANNED, 105, "run-planned"},
    {MSG_RAISE, 106, "raise"},
    {MSG_INPUT_ENDED, 107, "input-ended"},
    {MSG_ATTACH, 21, "attach"},
    {MSG_LIST, 22, "list"},
    {MSG_WAIT, 23, "wait"},
    {MSG_REMOVE, 24, "remove"},
    {MSG_GET_STATUS, 25, "get-status"},
    {MSG_SHUTDOWN, 26, "shutdown"},
    {MSG_RELOAD, 27, "reload"},
    {MSG_RETRY, 28, "retry"},
    {MSG_STOP, 30, "stop"},
    {MSG_CONTINUE, 31, "continue"},
    {MSG_SIGNAL, 32, "signal"},
    {MSG_KILL, 33, "kill"},
    {MSG_DETACH, 34, "detach"},
    {MSG_RENAME, 35, "rename"},
    {MSG_FOLLOW, 36, "follow"},
    {MSG_SET_SIZE, 37, "set-size"},
    {MSG_GET_ENV, 38, "get-env"},
    {MSG_GET_SCREEN, 39, "get-screen"},
    {MSG_START, 40, "start"},
    {MSG_ADOPT, 41, "adopt"},
    {MSG_REPAIR, 42, "repair"},
    {MSG_BEGIN, 43, "begin"},
    {MSG_CHANGED, 50, "changed"},
    {MSG_TITLE, 51, "title"},
    {MSG_ATTACHED, 60, "attached"},
    {MSG_LEFT, 61, "left"},
    {MSG_SIZE_TAKEN, 62, "size-taken"},
    {MSG_MARKED, 63, "marked"},
    {MSG_RESIZE, 70, "resize"},
    {MSG_LEAVE, 71, "leave"},
    {MSG_RESUMED, 72, "resumed"},
    {MSG_ASK, 73, "ask"},
    {MSG_ANSWERS, 74, "answers"},
    {MSG_DRAINED, 75, "drained"},
    {MSG_QUEUES, 80, "queues"},
    {MSG_LIST_QUEUES, 81, "list-queues"},
    {MSG_SET_QUEUE, 82, "set-queue"},
    {MSG_WAITING, 83, "waiting"},
    {MSG_EVENTS, 90, "events"},
    {MSG_GET_EVENTS, 91, "get-events"},
    {MSG_NOTICE, 92, "notice"},
    {MSG_GET_USAGE, 100, "get-usage"},
    {MSG_USAGE, 101, "usage"},
    {MSG_SEND, 115, "send"},
    // clang-format on
};

START_TEST(types_keep_their_numbers_and_names)
{
    const struct wire_message *row = wire_table_find(&protocol, types[_i].number);
    ck_assert_uint_eq(types[_i].type, types[_i].number);
    ck_assert_ptr_nonnull(row);
    ck_assert_str_eq(row->name, types[_i].name);
    ck_assert_ptr_eq(protocol_message(types[_i].type), row);
}
END_TEST

START_TEST(every_row_is_among_them)
{
    ck_assert_uint_eq(sizeof(types) / sizeof(types[0]), protocol.count);
}
END_TEST

/* Words for enums */

static void check_names(const char *(*name_of)(uint32_t), uint32_t first, uint32_t count,
                        bool unique)
{
    for (uint32_t i = first; i < count; i++) {
        ck_assert_msg(is_word(name_of(i), "-"), "value %u has no name", i);
        ck_assert_str_ne(name_of(i), "unknown");
        for (uint32_t other = first; unique && other < i; other++)
            ck_assert_str_ne(name_of(other), name_of(i));
    }
    ck_assert_str_eq(name_of(count), "unknown");
    ck_assert_str_eq(name_of(UINT32_MAX), "unknown");
    ck_assert_str_eq(name_of(0), "unknown");
}

START_TEST(states_reasons_and_modes_have_names)
{
    check_names(job_state_name, JOB_QUEUED, JOB_STATE_COUNT, true);
    check_names(end_reason_name, END_EXITED, END_REASON_COUNT, true);
    check_names(attach_mode_name, ATTACH_OWN, ATTACH_MODE_COUNT, false);
    check_names(event_kind_name, EVENT_GAP, EVENT_KIND_COUNT, true);
    check_names(fault_kind_name, FAULT_SPAWN, FAULT_KIND_COUNT, true);
    ck_assert_str_eq(job_state_name(JOB_RUNNING), "running");
    ck_assert_str_eq(end_reason_name(END_EXITED), "exited");
    ck_assert_str_eq(end_reason_name(END_SPAWN_FAILED), "spawn-failed");
    ck_assert_str_eq(attach_mode_name(ATTACH_STEAL), "own");
}
END_TEST

START_TEST(start_stages_have_texts)
{
    for (uint32_t i = START_NONE + 1; i < START_STAGE_COUNT; i++) {
        ck_assert_str_ne(start_stage_text(i), "");
        for (uint32_t other = START_NONE + 1; other < i; other++)
            ck_assert_str_ne(start_stage_text(other), start_stage_text(i));
    }
    ck_assert_str_ne(start_stage_text(START_STAGE_COUNT), "");
    ck_assert_str_ne(start_stage_text(UINT32_MAX), "");
}
END_TEST

START_TEST(only_the_ends_are_final)
{
    for (uint32_t i = 0; i < JOB_STATE_COUNT + 2; i++)
        ck_assert_int_eq(job_state_is_final(i), i == JOB_ENDED || i == JOB_FAILED);
}
END_TEST

/* Versions */

static const struct {
    uint32_t protocol, lowest;
    bool compatible;
} versions[] = {
    {PROTOCOL_VERSION, PROTOCOL_LOWEST, true},
    {PROTOCOL_LOWEST, PROTOCOL_LOWEST, true},
    {PROTOCOL_VERSION + 7, PROTOCOL_VERSION, true},
    {PROTOCOL_VERSION + 7, PROTOCOL_LOWEST, true},
    {PROTOCOL_VERSION, 0, true},
    {PROTOCOL_VERSION + 7, PROTOCOL_VERSION + 1, false},
    {PROTOCOL_LOWEST - 1, 0, false},
    {UINT32_MAX, UINT32_MAX, false},
};

START_TEST(versions_meet_where_their_ranges_do)
{
    char text[256] = "";
    struct msg_hello peer = {.protocol = versions[_i].protocol,
                             .lowest = versions[_i].lowest,
                             .version = (char *)"9.8.7"};
    ck_assert_int_eq(protocol_compatible(&peer, "server", text, sizeof(text)),
                     versions[_i].compatible);
    if (versions[_i].compatible)
        return;
    char range[64];
    snprintf(range, sizeof(range), "speaks protocol %u..%u", versions[_i].lowest,
             versions[_i].protocol);
    ck_assert_msg(strstr(text, range) != NULL, "%s", text);
    ck_assert_msg(strstr(text, "the server (js 9.8.7)") != NULL, "%s", text);
}
END_TEST

static Suite *protocol_suite(void)
{
    Suite *suite = suite_create("protocol");
    TCase *table = tcase_create("table");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    tcase_add_loop_test(table, every_row_is_complete, 0, (int)protocol.count);
    tcase_add_loop_test(table, every_message_has_seeds_for_the_fuzzer, 0, (int)protocol.count);
    tcase_add_loop_test(table, types_keep_their_numbers_and_names, 0, COUNT(types));
    tcase_add_test(table, every_row_is_among_them);
    tcase_add_test(table, states_reasons_and_modes_have_names);
    tcase_add_test(table, start_stages_have_texts);
    tcase_add_test(table, only_the_ends_are_final);
    tcase_add_loop_test(table, versions_meet_where_their_ranges_do, 0, COUNT(versions));
    suite_add_tcase(suite, table);
    return suite;
}

int main(void)
{
    return runner_run(protocol_suite());
}

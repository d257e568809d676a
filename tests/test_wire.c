#include "common/protocol.h"
#include "common/wire.h"
#include "tests/harness/allocations.h"
#include "tests/harness/messages.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of generated contents for each message. */
#define ROUNDS 40

/*
 * The largest block that decoding len bytes may ask for. msgpack-c takes 24 bytes for a value of
 * one byte, our arrays of structs less than a hundred times what their elements have on the wire.
 */
#define ALLOWED_BLOCK(len) (65536 + 128 * (len))

/* A generated message of the row of the table. */
struct sample {
    const struct wire_message *message;
    void *body;
    uint32_t request_id;
    struct bytes frame;
};

static void sample_init(struct sample *sample, size_t row, uint64_t seed)
{
    struct messages_random random = {.state = seed * 0x9e3779b97f4a7c15u + row + 1};
    *sample = (struct sample){.message = &protocol.rows[row]};
    sample->body = calloc(1, sample->message->body->size);
    ck_assert_ptr_nonnull(sample->body);
    messages_fill(sample->message->body, sample->body, &random);
    sample->request_id = (uint32_t)messages_next(&random);
    int r = wire_encode(&sample->frame, sample->message, sample->request_id, sample->body);
    ck_assert_int_eq(r, 0);
}

static const uint8_t *payload(const struct sample *sample)
{
    return sample->frame.data + WIRE_HEADER_SIZE;
}

static size_t payload_len(const struct sample *sample)
{
    return sample->frame.len - WIRE_HEADER_SIZE;
}

static void sample_finish(struct sample *sample)
{
    wire_clear(sample->message->body, sample->body);
    free(sample->body);
    bytes_finish(&sample->frame);
}

/* Round trips */

static void check_round_trip(const struct sample *sample)
{
    struct wire_frame got;
    struct wire_problem why;
    ck_assert_int_eq(wire_frame_size(sample->frame.data, sample->frame.len),
                     (long)sample->frame.len);
    ck_assert_int_eq(wire_check(payload(sample), payload_len(sample)), 0);
    int r = wire_decode(&protocol, payload(sample), payload_len(sample), &got, &why);
    ck_assert_msg(r == 0, "%s: %s", sample->message->name, why.text);
    ck_assert_ptr_eq(got.message, sample->message);
    ck_assert_uint_eq(got.type, sample->message->type);
    ck_assert_uint_eq(got.request_id, sample->request_id);
    ck_assert_msg(messages_equal(sample->message->body, sample->body, got.body), "%s differs",
                  sample->message->name);
    wire_frame_finish(&got);
    ck_assert_ptr_null(got.body);
}

START_TEST(every_message_comes_back_as_it_was)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct sample sample;
        sample_init(&sample, (size_t)_i, round);
        allocations_begin();
        check_round_trip(&sample);
        ck_assert_int_eq(allocations_live(), 0);
        sample_finish(&sample);
    }
}
END_TEST

START_TEST(a_message_with_required_fields_only_comes_back)
{
    const struct wire_message *message = &protocol.rows[_i];
    struct sample sample = {.message = message, .body = calloc(1, message->body->size)};
    ck_assert_ptr_nonnull(sample.body);
    for (size_t i = 0; i < message->body->count; i++) {
        const struct wire_field *field = &message->body->fields[i];
        struct messages_random random = {.state = 7};
        struct wire_struct one = {.size = message->body->size, .fields = field, .count = 1};
        if (field->required)
            messages_fill(&one, sample.body, &random);
    }
    ck_assert_int_eq(wire_encode(&sample.frame, message, 0, sample.body), 0);
    check_round_trip(&sample);
    sample_finish(&sample);
}
END_TEST

START_TEST(a_copy_is_equal_and_its_own)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct sample sample;
        sample_init(&sample, (size_t)_i, round);
        const struct wire_struct *type = sample.message->body;
        void *copy = calloc(1, type->size);
        ck_assert_ptr_nonnull(copy);
        allocations_begin();
        ck_assert_int_eq(wire_copy(type, copy, sample.body), 0);
        ck_assert(messages_equal(type, copy, sample.body));
        wire_clear(type, copy);
        ck_assert_int_eq(allocations_live(), 0);
        free(copy);
        /* Freed, or read after the copy was: the sanitizer's to tell. */
        check_round_trip(&sample);
        sample_finish(&sample);
    }
}
END_TEST

START_TEST(a_dump_is_one_printable_line)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct sample sample;
        struct bytes text = {0};
        sample_init(&sample, (size_t)_i, round);
        ck_assert_int_eq(wire_dump(&text, sample.message, 5, sample.body), 0);
        for (size_t i = 0; i < text.len; i++)
            ck_assert_uint_ge(text.data[i], ' ');
        ck_assert_int_eq(bytes_append(&text, "", 1), 0);
        size_t name_len = strlen(sample.message->name);
        ck_assert_int_eq(strncmp((char *)text.data, sample.message->name, name_len), 0);
        ck_assert_int_eq(strncmp((char *)text.data + name_len, " #5 {", 5), 0);
        bytes_finish(&text);
        sample_finish(&sample);
    }
}
END_TEST

START_TEST(a_dump_hides_the_environment)
{
    char *env[] = {"TOKEN=very-secret"};
    char *argv[] = {"shown"};
    struct msg_run run = {
        .argv = {.items = argv, .len = 1}, .env = {.items = env, .len = 1}, .cwd = "/"};
    struct bytes text = {0};
    ck_assert_int_eq(wire_dump(&text, protocol_message(MSG_RUN), 1, &run), 0);
    ck_assert_int_eq(bytes_append(&text, "", 1), 0);
    ck_assert_ptr_nonnull(strstr((char *)text.data, "shown"));
    ck_assert_ptr_null(strstr((char *)text.data, "secret"));
    bytes_finish(&text);
}
END_TEST

START_TEST(frames_are_appended)
{
    struct bytes out = {0};
    struct msg_resize size = {.rows = 5, .cols = 6};
    ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_RESIZE), 1, &size), 0);
    size_t first = out.len;
    ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_RESIZE), 1, &size), 0);
    ck_assert_uint_eq(out.len, 2 * first);
    ck_assert_mem_eq(out.data, out.data + first, first);
    bytes_finish(&out);
}
END_TEST

/* Damage */

/* Whether a decoded message comes back as it is. */
static bool survives_round_trip(const struct wire_frame *frame)
{
    struct bytes out = {0};
    struct wire_frame again = {0};
    struct wire_problem why;
    bool same = wire_encode(&out, frame->message, frame->request_id, frame->body) == 0 &&
                wire_decode(&protocol, out.data + WIRE_HEADER_SIZE, out.len - WIRE_HEADER_SIZE,
                            &again, &why) == 0 &&
                messages_equal(frame->message->body, frame->body, again.body);
    wire_frame_finish(&again);
    bytes_finish(&out);
    return same;
}

/*
 * Whatever the bytes are: an error with a reason, or a message that comes back the same. What is
 * wrong, or NULL. (No assertion here: Check writes to a file at each, and this runs often.)
 */
static const char *check_any(const uint8_t *data, size_t len)
{
    struct wire_frame got = {0};
    struct wire_problem why;
    const char *wrong = NULL;
    allocations_begin();
    int r = wire_decode(&protocol, data, len, &got, &why);
    if (allocations_largest() > ALLOWED_BLOCK(len))
        wrong = "a large block was allocated";
    else if (r < 0 && (r != -EBADMSG || got.body || why.text[0] == '\0'))
        wrong = "refused, but not as it should be";
    else if (r == 0 && got.message && !survives_round_trip(&got))
        wrong = "accepted, but cannot be sent again";
    wire_frame_finish(&got);
    return wrong ? wrong : allocations_live() != 0 ? "not everything was freed" : NULL;
}

/* Fails the test with the bytes in hexadecimal when they are not handled as they should be. */
static void must_handle(const uint8_t *data, size_t len)
{
    const char *wrong = check_any(data, len);
    if (!wrong)
        return;
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, "%s%02x", i ? " " : "# ", data[i]);
    ck_abort_msg("%s", wrong);
}

/* The first len bytes of a message are refused before anything is allocated for them. */
static void check_truncated(const uint8_t *data, size_t len)
{
    struct wire_frame got = {0};
    struct wire_problem why;
    allocations_begin();
    int checked = wire_check(data, len);
    int decoded = wire_decode(&protocol, data, len, &got, &why);
    size_t largest = allocations_largest();
    ck_assert_int_eq(checked, -EBADMSG);
    ck_assert_int_eq(decoded, -EBADMSG);
    ck_assert_uint_eq(largest, 0);
    ck_assert_str_ne(why.text, "");
}

START_TEST(every_truncation_is_an_error)
{
    for (uint64_t round = 1; round <= 4; round++) {
        struct sample sample;
        sample_init(&sample, (size_t)_i, round);
        for (size_t len = 0; len < payload_len(&sample); len++) {
            /* A block of its own, so that reading behind it is seen. */
            uint8_t *cut = malloc(len ? len : 1);
            ck_assert_ptr_nonnull(cut);
            memcpy(cut, payload(&sample), len);
            check_truncated(cut, len);
            free(cut);
        }
        sample_finish(&sample);
    }
}
END_TEST

START_TEST(bytes_behind_a_message_are_an_error)
{
    struct sample sample;
    sample_init(&sample, (size_t)_i, 1);
    struct wire_frame got = {0};
    struct wire_problem why;
    ck_assert_int_eq(bytes_append(&sample.frame, "\xc0", 1), 0);
    ck_assert_int_eq(wire_decode(&protocol, payload(&sample), payload_len(&sample), &got, &why),
                     -EBADMSG);
    sample_finish(&sample);
}
END_TEST

#define SMALL 200 /* bytes of a message at which every value of every byte can be tried */

/* Changes the byte at each place to all the others (headers of msgpack only, unless it is small),
 * or flips single bits. */
static void change_bytes(uint8_t *data, size_t len, bool all)
{
    for (size_t at = 0; at < len; at++) {
        uint8_t was = data[at];
        for (unsigned value = len < SMALL ? 0 : 0xc0; all && value < 256; value++) {
            data[at] = (uint8_t)value;
            must_handle(data, len);
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            data[at] = (uint8_t)(was ^ (1u << bit));
            must_handle(data, len);
        }
        data[at] = was;
    }
}

/* The seed, of a few, that gives the row's smallest message. */
static uint64_t smallest_seed(size_t row)
{
    uint64_t best = 1;
    size_t least = SIZE_MAX;
    for (uint64_t seed = 1; seed <= 16; seed++) {
        struct sample sample;
        sample_init(&sample, row, seed);
        if (sample.frame.len < least)
            best = seed;
        least = sample.frame.len < least ? sample.frame.len : least;
        sample_finish(&sample);
    }
    return best;
}

START_TEST(every_changed_byte_is_an_error_or_a_message)
{
    uint64_t seeds[] = {smallest_seed((size_t)_i), 1};
    for (size_t i = 0; i < 2; i++) {
        struct sample sample;
        sample_init(&sample, (size_t)_i, seeds[i]);
        /* A block of its own, so that reading behind it is seen. */
        uint8_t *data = malloc(payload_len(&sample));
        ck_assert_ptr_nonnull(data);
        memcpy(data, payload(&sample), payload_len(&sample));
        change_bytes(data, payload_len(&sample), i == 0);
        free(data);
        sample_finish(&sample);
    }
}
END_TEST

START_TEST(random_bytes_are_an_error_or_a_message)
{
    struct messages_random random = {.state = (uint64_t)_i + 1};
    uint8_t data[96];
    for (int round = 0; round < 8000; round++) {
        size_t len = messages_below(&random, sizeof(data));
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)messages_next(&random);
        /* Mostly garbage ends at the first byte: begin as a message does. */
        if (len > 3 && messages_below(&random, 4) > 0) {
            data[0] = 0x93;
            data[1] = (uint8_t)protocol.rows[messages_below(&random, protocol.count)].type;
            data[2] &= 0x7f;
            data[3] = (uint8_t)(0x80 | (data[3] & 0x0f));
        }
        must_handle(data, len);
    }
}
END_TEST

/* Limits of a frame */

START_TEST(frame_lengths_are_checked_before_anything_else)
{
    static const struct {
        const char *bytes;
        size_t len;
        long size;
    } cases[] = {
        {"", 0, 0},
        {"\0\0\0", 3, 0},
        {"\0\0\0\1", 4, 5},
        {"\0\0\0\0", 4, -EBADMSG},
        {"\0\0\0\0\0\0", 6, -EBADMSG},
        {"\0\x40\0\0", 4, (4 << 20) + 4},
        {"\0\x40\0\1", 4, -EMSGSIZE},
        {"\xff\xff\xff\xff", 4, -EMSGSIZE},
        {"\x80\0\0\0", 4, -EMSGSIZE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_int_eq(wire_frame_size((const uint8_t *)cases[i].bytes, cases[i].len),
                         cases[i].size);
}
END_TEST

START_TEST(what_does_not_fit_a_frame_is_not_encoded)
{
    struct bytes out = {0};
    char *text = malloc(WIRE_FRAME_MAX + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', WIRE_FRAME_MAX);
    text[WIRE_FRAME_MAX] = '\0';
    char *argv[] = {text};
    struct msg_run run = {.argv = {.items = argv, .len = 1}, .cwd = "/"};
    ck_assert_int_eq(bytes_append_text(&out, "before"), 0);
    ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_RUN), 1, &run), -EMSGSIZE);
    ck_assert_uint_eq(out.len, 6);
    ck_assert_mem_eq(out.data, "before", 6);
    /* And the largest that fits: everything but the text takes this much. */
    text[0] = '\0';
    ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_RUN), 1, &run), 0);
    size_t rest = out.len - 6 - WIRE_HEADER_SIZE + 4;
    memset(text, 'x', WIRE_FRAME_MAX);
    text[WIRE_FRAME_MAX - rest + 1] = '\0';
    out.len = 0;
    ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_RUN), 1, &run), -EMSGSIZE);
    text[WIRE_FRAME_MAX - rest] = '\0';
    ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_RUN), 1, &run), 0);
    ck_assert_uint_eq(out.len, WIRE_FRAME_MAX + WIRE_HEADER_SIZE);
    struct wire_frame got;
    struct wire_problem why;
    ck_assert_int_eq(
        wire_decode(&protocol, out.data + WIRE_HEADER_SIZE, WIRE_FRAME_MAX, &got, &why), 0);
    wire_frame_finish(&got);
    free(text);
    bytes_finish(&out);
}
END_TEST

/* A message of this type whose only field is an array (array 32) of count one-byte values. */
static uint8_t *make_array_message(enum message_type type, const char *field, size_t count,
                                   uint8_t value, size_t *ret_len)
{
    struct bytes out = {0};
    uint8_t head[] = {0x93, (uint8_t)type, 1, 0x81, (uint8_t)(0xa0 | strlen(field))};
    uint8_t array[] = {0xdd, (uint8_t)(count >> 24), (uint8_t)(count >> 16), (uint8_t)(count >> 8),
                       (uint8_t)count};
    ck_assert_int_eq(bytes_append(&out, head, sizeof(head)), 0);
    ck_assert_int_eq(bytes_append_text(&out, field), 0);
    ck_assert_int_eq(bytes_append(&out, array, sizeof(array)), 0);
    ck_assert_int_eq(bytes_reserve(&out, count), 0);
    memset(out.data + out.len, value, count);
    *ret_len = out.len + count;
    return out.data;
}

static const struct {
    enum message_type type;
    const char *field;
    uint8_t value;
    size_t count;
} costly_cases[] = {
    /* msgpack-c would take 24 bytes for each of these values: 100 MB. */
    {MSG_RUN, "argv", 'a', WIRE_FRAME_MAX - 64},
    {MSG_RUN, "unknown", 0xc0, WIRE_FRAME_MAX - 64},
    {MSG_RUN, "unknown", 0xc0, WIRE_VALUES_MAX},
    /* An array of structs that are none; some 400 bytes each: 26 MB. */
    {MSG_JOBS, "jobs", 0xc0, JOB_ARGS_MAX},
    {MSG_JOBS, "jobs", 0x80, JOB_ARGS_MAX},
    {MSG_RUN, "limits", 0x80, 64},
};

START_TEST(small_values_do_not_cost_much)
{
    size_t len;
    uint8_t *data = make_array_message(costly_cases[_i].type, costly_cases[_i].field,
                                       costly_cases[_i].count, costly_cases[_i].value, &len);
    struct wire_frame got = {0};
    struct wire_problem why;
    allocations_begin();
    int r = wire_decode(&protocol, data, len, &got, &why);
    size_t largest = allocations_largest();
    long live = allocations_live();
    ck_assert_int_eq(r, -EBADMSG);
    ck_assert_uint_le(largest, 16u << 20);
    ck_assert_uint_le(largest, ALLOWED_BLOCK(len));
    ck_assert_int_eq(live, 0);
    free(data);
}
END_TEST

START_TEST(setters_replace_and_take_nothing)
{
    struct msg_run run = {0};
    char *words[] = {"a", NULL, "c"};
    allocations_begin();
    ck_assert_int_eq(wire_set_str(&run.cwd, "/one"), 0);
    ck_assert_int_eq(wire_set_str(&run.cwd, "/two"), 0);
    ck_assert_str_eq(run.cwd, "/two");
    ck_assert_int_eq(wire_set_str(&run.cwd, NULL), 0);
    ck_assert_ptr_null(run.cwd);
    ck_assert_int_eq(wire_set_strs(&run.argv, words, 3), 0);
    ck_assert_int_eq(wire_set_strs(&run.argv, words, 3), 0);
    ck_assert_str_eq(run.argv.items[0], "a");
    ck_assert_str_eq(run.argv.items[1], "");
    ck_assert_str_eq(run.argv.items[2], "c");
    ck_assert_ptr_null(run.argv.items[3]);
    ck_assert_int_eq(wire_set_strs(&run.argv, run.argv.items, 1), 0);
    ck_assert_uint_eq(run.argv.len, 1);
    ck_assert_str_eq(run.argv.items[0], "a");
    wire_clear(&msg_run_fields, &run);
    ck_assert_int_eq(allocations_live(), 0);
}
END_TEST

static Suite *wire_suite(void)
{
    Suite *suite = suite_create("wire");
    int rows = (int)protocol.count;
    TCase *trips = tcase_create("round trips");
    tcase_add_loop_test(trips, every_message_comes_back_as_it_was, 0, rows);
    tcase_add_loop_test(trips, a_message_with_required_fields_only_comes_back, 0, rows);
    tcase_add_loop_test(trips, a_copy_is_equal_and_its_own, 0, rows);
    tcase_add_loop_test(trips, a_dump_is_one_printable_line, 0, rows);
    tcase_add_test(trips, a_dump_hides_the_environment);
    tcase_add_test(trips, frames_are_appended);
    tcase_add_test(trips, setters_replace_and_take_nothing);
    suite_add_tcase(suite, trips);

    TCase *damage = tcase_create("damage");
    tcase_add_loop_test(damage, every_truncation_is_an_error, 0, rows);
    tcase_add_loop_test(damage, bytes_behind_a_message_are_an_error, 0, rows);
    tcase_add_loop_test(damage, every_changed_byte_is_an_error_or_a_message, 0, rows);
    tcase_add_loop_test(damage, random_bytes_are_an_error_or_a_message, 0, 4);
    suite_add_tcase(suite, damage);

    TCase *limits = tcase_create("limits");
    tcase_add_test(limits, frame_lengths_are_checked_before_anything_else);
    tcase_add_test(limits, what_does_not_fit_a_frame_is_not_encoded);
    tcase_add_loop_test(limits, small_values_do_not_cost_much, 0,
                        sizeof(costly_cases) / sizeof(costly_cases[0]));
    suite_add_tcase(suite, limits);
    return suite;
}

int main(void)
{
    return runner_run(wire_suite());
}

/*
 * Runs a fuzz target as a test: every seed, every seed damaged in some way, and random bytes. What
 * it tries is the same each time.
 *
 * FUZZ_TARGET is the target's name, JS_TEST_SOURCE (environment) the root of the source tree.
 */
#include "common/fd.h"
#include "tests/fuzz/fuzz.h"
#include "tests/harness/messages.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX      (1u << 20)
#define SEEDS_MAX     1024
#define DAMAGE_BYTES  (4u << 20) /* of damaged seeds tried, in all */
#define RANDOM_ROUNDS 20000
#define RANDOM_BYTES  512

struct seed {
    void *data;
    size_t len;
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;

static void load_seeds(void)
{
    char path[PATH_MAX];
    const char *source = getenv("JS_TEST_SOURCE");
    ck_assert_msg(source != NULL, "JS_TEST_SOURCE is not set");
    snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s", source, FUZZ_TARGET);
    DIR *directory = opendir(path);
    ck_assert_msg(directory != NULL, "there are no seeds in %s", path);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        ck_assert_uint_lt(seed_count, SEEDS_MAX);
        struct seed *seed = &seeds[seed_count++];
        ck_assert_int_eq(
            fd_read_file(dirfd(directory), entry->d_name, SEED_MAX, &seed->data, &seed->len), 0);
    }
    closedir(directory);
    ck_assert_uint_gt(seed_count, 0);
}

static void free_seeds(void)
{
    while (seed_count > 0)
        free(seeds[--seed_count].data);
}

/* In a block of its own size, so that reading behind it is seen. */
static void try(const void *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(copy);
    if (len > 0)
        memcpy(copy, data, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

START_TEST(the_seeds_pass)
{
    try("", 0);
    for (size_t i = 0; i < seed_count; i++)
        try(seeds[i].data, seeds[i].len);
}
END_TEST

/* Changes, removes, repeats or puts in some bytes; data has room for twice len. The new length. */
static size_t damage(uint8_t *data, size_t len, struct messages_random *random)
{
    size_t at = len ? messages_below(random, len) : 0;
    size_t some = 1 + messages_below(random, 16);
    size_t rest = len - at;
    switch (messages_below(random, 5)) {
    case 0: /* flip a bit */
        if (len > 0)
            data[at] ^= (uint8_t)(1u << messages_below(random, 8));
        return len;
    case 1: /* set a byte */
        if (len > 0)
            data[at] = (uint8_t)messages_next(random);
        return len;
    case 2: /* cut the end off */
        return at;
    case 3: /* take some out */
        some = some < rest ? some : rest;
        memmove(data + at, data + at + some, rest - some);
        return len - some;
    default: /* repeat some */
        some = some < rest ? some : rest;
        memmove(data + at + some, data + at, rest);
        return len + some;
    }
}

START_TEST(damaged_seeds_pass)
{
    struct messages_random random = {.state = 1};
    for (size_t tried = 0; tried < DAMAGE_BYTES;) {
        const struct seed *seed = &seeds[messages_below(&random, seed_count)];
        uint8_t *data = malloc(2 * seed->len + 256);
        ck_assert_ptr_nonnull(data);
        memcpy(data, seed->data, seed->len);
        size_t len = seed->len;
        for (size_t n = 1 + messages_below(&random, 4); n > 0; n--)
            len = damage(data, len, &random);
        try(data, len);
        free(data);
        tried += len + 64;
    }
}
END_TEST

START_TEST(random_bytes_pass)
{
    struct messages_random random = {.state = 2};
    uint8_t data[RANDOM_BYTES];
    for (int round = 0; round < RANDOM_ROUNDS; round++) {
        size_t len = messages_below(&random, sizeof(data) + 1);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)messages_next(&random);
        try(data, len);
    }
}
END_TEST

static Suite *replay_suite(void)
{
    Suite *suite = suite_create(FUZZ_TARGET);
    TCase *replay = tcase_create("replay");
    tcase_set_timeout(replay, 240);
    tcase_add_unchecked_fixture(replay, load_seeds, free_seeds);
    tcase_add_test(replay, the_seeds_pass);
    tcase_add_test(replay, damaged_seeds_pass);
    tcase_add_test(replay, random_bytes_pass);
    suite_add_tcase(suite, replay);
    return suite;
}

int main(void)
{
    return runner_run(replay_suite());
}

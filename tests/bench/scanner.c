/*
 * How fast output is looked at, for each kind of it: by the parser alone, which finds where each
 * sequence begins and ends, and by the tracker, which all output of a job goes through (in pieces
 * of 64 KiB, as a holder reads a flood). Beside it how fast the same bytes are copied. Budget: more
 * than 1 GB/s for plain text.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal/parser.h"
#include "common/terminal/tracker.h"
#include "tests/bench/outputs.h"

#define AMOUNT 200000000 /* bytes */
#define PERIOD (8u << 20)
#define CHUNK  (64u << 10)
#define ROUNDS 5

enum how { COPIED, PARSED, TRACKED, HOWS };

struct looking {
    uint8_t *copy;
    struct parser parser;
    struct tracker *tracker;
};

static void look(struct looking *looking, enum how how, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t piece = len < CHUNK ? len : CHUNK;
        if (how == COPIED)
            memcpy(looking->copy, data, piece);
        else if (how == PARSED)
            parser_feed(&looking->parser, data, piece);
        else
            tracker_feed(looking->tracker, data, piece);
        data += piece;
        len -= piece;
    }
}

/* MB for each second of processor time. */
static double measure(const struct output_kind *kind, const struct bytes *period, enum how how)
{
    static const struct parser_events none;
    struct looking looking = {.copy = malloc(CHUNK),
                              .tracker = tracker_create(OUTPUT_ROWS, OUTPUT_COLS)};
    struct bytes start = {0};
    if (!looking.copy || !looking.tracker)
        bench_fail("no memory");
    parser_init(&looking.parser, &none, NULL, 8192);
    if (kind->start)
        kind->start(&start);
    look(&looking, how, start.data, start.len);
    long amount = bench_scaled(AMOUNT / 1000000) * 1000000;
    double before = bench_cpu_ms();
    for (long left = amount; left > 0; left -= (long)period->len)
        look(&looking, how, period->data, (size_t)left < period->len ? (size_t)left : period->len);
    double ms = bench_cpu_ms() - before;
    bytes_finish(&start);
    parser_finish(&looking.parser);
    tracker_destroy(looking.tracker);
    free(looking.copy);
    return (double)amount / 1e3 / ms;
}

int main(void)
{
    struct bench bench;
    bench_begin(&bench,
                "looking at output of a terminal of 132x43, MB for a second of processor time");
    printf("\n%-20s %10s %10s %10s\n", "output", "copied", "parsed", "tracked");
    for (int i = 0; i < OUTPUT_KINDS; i++) {
        struct samples samples[HOWS] = {{0}};
        struct bytes period = {0};
        output_make(&output_kinds[i], PERIOD, &period);
        for (int round = 0; round < ROUNDS; round++) {
            for (int how = 0; how < HOWS; how++)
                samples_add(&samples[how], measure(&output_kinds[i], &period, (enum how)how));
        }
        printf("%-20s", output_kinds[i].name);
        for (int how = 0; how < HOWS; how++) {
            printf(" %10.0f", samples_median(&samples[how]));
            samples_finish(&samples[how]);
        }
        printf("%s\n", i == 0 ? "   (budget 1000)" : "");
        bytes_finish(&period);
    }
    bench_end(&bench);
    return 0;
}

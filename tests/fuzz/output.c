#include "tests/fuzz/output.h"

#include <stdio.h>

#include "common/newlines.h"
#include "common/terminal/transition.h"

enum { NO_CR = 240 }; /* first bytes from here on are of output without CRs */

bool output_make(struct output *output, const uint8_t *data, size_t size)
{
    if (size < 4)
        return false;
    *output = (struct output){.rows = 1 + data[0] % 30,
                              .cols = 1 + data[1] % 100,
                              .cuts = (uint32_t)data[2] << 8 | data[3],
                              .data = data + 4,
                              .len = size - 4};
    size_t until = output->cuts % size;
    if (data[0] >= NO_CR)
        output->no_cr_until = until < output->len ? until : output->len;
    return true;
}

void output_append(const struct output *output, uint64_t from, uint64_t to, struct bytes *out)
{
    uint64_t until = output->no_cr_until < from ? from
                     : output->no_cr_until > to ? to
                                                : output->no_cr_until;
    size_t before = out->len;
    must(bytes_append(out, output->data + from, until - from) == 0);
    must(newlines_return(out, before) == 0);
    must(bytes_append(out, output->data + until, to - until) == 0);
}

size_t output_cut(uint32_t *seed, size_t left)
{
    *seed = *seed * 1664525 + 1013904223;
    size_t cut = 1 + (*seed >> 16) % ((*seed >> 8) % 8 ? 24 : 3000);
    return cut < left ? cut : left;
}

void output_must_be_same(const struct state *have, const struct state *want, unsigned cols,
                         void (*settle)(struct state *state, unsigned cols))
{
    struct bytes out = {0};
    struct writer writer = {.out = &out};
    struct state a, b;
    state_init(&a);
    state_init(&b);
    must(state_copy(&a, have) == 0 && state_copy(&b, want) == 0);
    titles_finish(&a.titles);
    titles_finish(&b.titles);
    settle(&a, cols);
    settle(&b, cols);
    must(a.alternate == b.alternate && a.synchronized == b.synchronized);
    struct station from = {.state = &a}, to = {.state = &b};
    transition_write(&from, &to, 100, 100, false, &writer);
    if (out.len > 0)
        fprintf(stderr, "still to do: %zu bytes, %.*s\n", out.len, (int)out.len,
                (const char *)out.data);
    must(writer.error == 0 && out.len == 0);
    state_finish(&a);
    state_finish(&b);
    bytes_finish(&out);
}

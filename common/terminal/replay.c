#include "common/terminal/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/codepoints.h"
#include "common/terminal/parser.h"
#include "common/terminal/questions.h"
#include "common/terminal/replay_rules.h"
#include "common/terminal/titles.h"
#include "common/terminal/utf8.h"

/* How much of a string is kept to judge it; a sequence longer than the second is no question, but
 * rubbish. */
enum { COLLECT_MAX = 16384, SEQUENCE_MAX = 16384 };

struct replay {
    struct parser parser;
    struct bytes *out;   /* the caller's, during a feed */
    int error;           /* the first failure of the feed */
    const uint8_t *data; /* what is being fed */
    uint64_t data_begin; /* its offset */
    uint64_t decided;    /* all before this offset has gone out, was dropped, or is in held */
    uint64_t run; /* but for what is between this and decided: it will go out, in one piece */
    struct bytes
        held; /* owned; the bytes just before decided of which is not known yet whether they pass */
    bool cut_text;     /* the text that went out last ends with a piece of a character */
    bool parted;       /* a control, sequence or string was dropped since the text before */
    struct bytes head; /* owned; the start of a string's payload while its verdict is awaited */
    enum replay_verdict verdict; /* of the string being read */
    bool drop_chunks;            /* the rest of an image that was asked about */
    bool counts_titles; /* those of the job on the terminal's stack, see replay_set_titles() */
    unsigned icons, titles;
    struct bytes embedded;   /* owned; controls inside of a sequence, which act before it does */
    uint64_t embedded_begin; /* where that sequence begins */
};

static const uint8_t *raw(const struct replay *r, uint64_t offset)
{
    return r->data + (offset - r->data_begin);
}

static void append(struct replay *r, const void *data, size_t len)
{
    if (r->error == 0)
        r->error = bytes_append(r->out, data, len);
}

static void flush(struct replay *r)
{
    if (r->run < r->decided)
        append(r, raw(r, r->run), (size_t)(r->decided - r->run));
    r->run = r->decided;
}

static void emit(struct replay *r, const void *data, size_t len)
{
    flush(r);
    append(r, data, len);
}

/* Takes the first len bytes of what is held out, to where they go out or are dropped. */
static void release(struct replay *r, uint64_t len, bool pass)
{
    size_t n = len < r->held.len ? (size_t)len : r->held.len;
    if (pass)
        emit(r, r->held.data, n);
    bytes_consume(&r->held, n);
}

/* All before end goes out, or is dropped. What is held after it stays so. */
static void decide_until(struct replay *r, uint64_t end, bool pass)
{
    uint64_t held_begin = r->decided - r->held.len;
    if (r->held.len > 0 && end > held_begin)
        release(r, end - held_begin, pass);
    if (end <= r->decided)
        return;
    if (!pass) {
        flush(r);
        r->run = end;
    }
    r->decided = end;
}

static void pass_until(struct replay *r, uint64_t end)
{
    decide_until(r, end, true);
}

/* What is not decided yet is dropped up to end; something else may go out in its place. */
static void drop_until(struct replay *r, uint64_t end)
{
    decide_until(r, end, false);
    flush(r);
    /* What comes next must not complete the piece of a character: NUL shows nothing. */
    if (r->cut_text)
        append(r, "", 1);
    r->cut_text = false;
}

/* The controls inside of a sequence that begins before that offset go out, but for bells and the
 * like. */
static void emit_embedded(struct replay *r, uint64_t end)
{
    if (r->embedded.len == 0 || r->embedded_begin >= end)
        return;
    for (size_t i = 0; i < r->embedded.len; i++) {
        if (replay_drops_control(r->embedded.data[i]))
            r->parted = true;
        else
            emit(r, &r->embedded.data[i], 1);
    }
    r->embedded.len = 0;
}

/*
 * A sequence begins: bytes before it that are not decided yet are of one that it has broken off.
 * They mean nothing, but would break off nothing themselves if this sequence did not go out.
 */
static void abandon(struct replay *r, uint64_t begin)
{
    if (r->decided - r->held.len < begin) {
        drop_until(r, begin);
        emit_embedded(r, begin);
    }
}

/* Keeps all before end until it is decided. */
static void hold_until(struct replay *r, uint64_t end)
{
    if (end <= r->decided)
        return;
    flush(r);
    if (r->error == 0)
        r->error = bytes_append(&r->held, raw(r, r->decided), (size_t)(end - r->decided));
    r->run = r->decided = end;
}

/* A sequence, which ends there, goes out without the bells and questions that are in it. */
static void pass_sequence(struct replay *r, uint64_t end)
{
    r->cut_text = false;
    if (r->embedded.len == 0) {
        pass_until(r, end);
        return;
    }
    flush(r);
    size_t len = r->out->len;
    pass_until(r, end);
    flush(r);
    for (size_t i = len; i < r->out->len;) {
        if (!replay_drops_control(r->out->data[i])) {
            i++;
            continue;
        }
        r->parted = true;
        memmove(r->out->data + i, r->out->data + i + 1, r->out->len - i - 1);
        r->out->len--;
    }
    r->embedded.len = 0;
}

/* Something begins that may have broken off a sequence: that goes out, for only so it is broken off
 * there too. */
static void pass_broken(struct replay *r, uint64_t begin)
{
    if (r->decided - r->held.len >= begin)
        return;
    abandon(r, r->parser.sequence.begin);
    pass_sequence(r, begin);
}

/* Whether there is more in a text than marks and broken characters, which REP does not repeat. */
static bool shows_something(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t point;
        i += utf8_decode(data + i, len - i, &point);
        if (point != UTF8_BROKEN && codepoint_columns(point) > 0)
            return true;
    }
    return false;
}

static void on_text(void *user, const uint8_t *data, size_t len, uint64_t begin)
{
    struct replay *r = user;
    pass_broken(r, begin);
    pass_until(r, begin + len);
    r->cut_text = utf8_unfinished(data, len) > 0;
    r->parted = r->parted && !shows_something(data, len);
}

/* A control inside of the sequence being read. */
static void embed(struct replay *r, uint8_t control)
{
    uint64_t begin = r->parser.sequence.begin;
    if (r->embedded.len > 0 && r->embedded_begin != begin)
        abandon(r, begin);
    r->embedded_begin = begin;
    if (r->embedded.len < SEQUENCE_MAX && r->error == 0)
        r->error = bytes_append(&r->embedded, &control, 1);
}

static void on_control(void *user, uint8_t control, uint64_t begin)
{
    struct replay *r = user;
    uint64_t end = begin + (control < 0x80 ? 1 : 2);
    if (parser_in_sequence(&r->parser)) {
        embed(r, control);
        return;
    }
    pass_broken(r, begin);
    if (replay_drops_control(control)) {
        drop_until(r, end);
        r->parted = true;
    } else {
        pass_until(r, end);
        r->cut_text = false;
    }
}

/* A sequence does not go out, but the controls in it do. */
static void drop_sequence(struct replay *r, const struct parser_sequence *sequence)
{
    drop_until(r, sequence->end);
    emit_embedded(r, sequence->end);
    r->parted = true;
}

static void on_escape(void *user, const struct parser_sequence *escape)
{
    struct replay *r = user;
    abandon(r, escape->begin);
    if (replay_drops_escape(escape))
        drop_sequence(r, escape);
    else
        pass_sequence(r, escape->end);
}

static bool change_count(unsigned *count, bool push)
{
    bool change = push ? *count < TITLES_STACK : *count > 0;
    if (change)
        *count += push ? 1 : -1u;
    return push || change;
}

/* Whether a sequence that pushes or pops titles, or does something else, leaves the user's own
 * where they are. */
static bool keeps_titles(struct replay *r, const struct parser_sequence *csi)
{
    int32_t what = parser_param(csi, 0, 0), which = parser_param(csi, 1, 0);
    if (!r->counts_titles || csi->final != 't' || csi->prefix || csi->intermediate[0] ||
        (what != 22 && what != 23))
        return true;
    bool icon = which != 2 && change_count(&r->icons, what == 22);
    bool title = which != 1 && change_count(&r->titles, what == 22);
    return icon || title;
}

static void on_csi(void *user, const struct parser_sequence *csi)
{
    struct replay *r = user;
    enum replay_verdict verdict =
        csi->end - csi->begin > SEQUENCE_MAX ? REPLAY_PASS : replay_judge_csi(csi);
    if (verdict == REPLAY_PASS && !keeps_titles(r, csi))
        verdict = REPLAY_DROP;
    abandon(r, csi->begin);
    /* REP does nothing after something else than a character, and NUL is that. */
    if ((r->parted || r->embedded.len > 0) && csi->final == 'b' && !csi->prefix)
        emit(r, "", 1);
    if (verdict == REPLAY_PASS)
        pass_sequence(r, csi->end);
    else
        drop_sequence(r, csi);
    if (verdict == REPLAY_REWRITE && r->error == 0)
        r->error = replay_rewrite_csi(csi, r->out);
}

static void on_string_start(void *user, const struct parser_string *string)
{
    struct replay *r = user;
    abandon(r, string->begin);
    r->head.len = 0;
    r->verdict = REPLAY_PASS;
    if (string->kind == PARSER_DCS)
        r->verdict = replay_judge_dcs(string->head);
    else if (string->kind == PARSER_OSC || string->kind == PARSER_APC)
        r->verdict = REPLAY_WAIT;
}

static void judge_osc(struct replay *r, bool complete)
{
    r->verdict =
        replay_judge_osc(r->head.data ? r->head.data : (const uint8_t *)"", r->head.len, complete);
    if (r->verdict == REPLAY_WAIT && r->head.len > COLLECT_MAX)
        r->verdict = REPLAY_PASS;
}

/* The part of an APC before its semicolon, which is at offset end, is in head. */
static void judge_apc(struct replay *r, uint64_t end)
{
    const uint8_t *keys = r->head.data ? r->head.data : (const uint8_t *)"";
    r->verdict = replay_judge_apc(keys, r->head.len);
    bool graphics = r->head.len > 0 && keys[0] == 'G';
    if (graphics && r->drop_chunks && r->verdict != REPLAY_DROP &&
        memmem(keys, r->head.len, "a=", 2) == NULL)
        r->verdict = REPLAY_DROP;
    if (graphics)
        r->drop_chunks =
            r->verdict == REPLAY_DROP && question_key_is(keys + 1, r->head.len - 1, "m=1");
    if (r->verdict != REPLAY_REWRITE)
        return;
    drop_until(r, end);
    emit_embedded(r, end);
    if (r->error == 0)
        r->error = replay_rewrite_apc(keys, r->head.len, r->out);
    r->verdict = REPLAY_PASS;
}

static void on_string_data(void *user, const uint8_t *data, size_t len, uint64_t begin)
{
    struct replay *r = user;
    if (r->verdict != REPLAY_WAIT || r->error < 0)
        return;
    bool apc = r->parser.string.kind == PARSER_APC;
    const uint8_t *semicolon = apc ? memchr(data, ';', len) : NULL;
    size_t taken = semicolon ? (size_t)(semicolon - data) : len;
    r->error = bytes_append(&r->head, data, taken);
    if (r->error < 0)
        return;
    if (semicolon)
        judge_apc(r, begin + taken);
    else if (apc && (r->head.data[0] != 'G' || r->head.len > COLLECT_MAX))
        r->verdict = REPLAY_PASS;
    else if (!apc)
        judge_osc(r, false);
}

static void on_string_end(void *user, const struct parser_string *string)
{
    struct replay *r = user;
    if (r->verdict == REPLAY_WAIT && string->kind == PARSER_OSC)
        judge_osc(r, true);
    else if (r->verdict == REPLAY_WAIT) /* no semicolon: the terminator follows the keys */
        judge_apc(r, string->begin + 2 + r->head.len);
    if (r->verdict == REPLAY_REWRITE) {
        drop_until(r, string->end);
        emit_embedded(r, string->end);
        if (r->error == 0 && !string->truncated && !string->cancelled)
            r->error = replay_rewrite_osc(string, r->out);
    } else if (r->verdict == REPLAY_DROP) {
        drop_until(r, string->end);
        emit_embedded(r, string->end);
    } else {
        pass_until(r, string->end);
        /* What ends it may not go out. */
        if (string->broken_off)
            emit(r, "\033\\", 2);
    }
    r->parted |= r->verdict != REPLAY_PASS;
    r->head.len = r->embedded.len = 0;
}

static const struct parser_events events = {
    .text = on_text,
    .control = on_control,
    .escape = on_escape,
    .csi = on_csi,
    .string_start = on_string_start,
    .string_data = on_string_data,
    .string_end = on_string_end,
};

struct replay *replay_create(void)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    if (replay)
        parser_init(&replay->parser, &events, replay, COLLECT_MAX);
    return replay;
}

void replay_set_titles(struct replay *replay, unsigned icons, unsigned titles)
{
    replay->counts_titles = true;
    replay->icons = icons;
    replay->titles = titles;
}

void replay_destroy(struct replay *replay)
{
    if (!replay)
        return;
    parser_finish(&replay->parser);
    bytes_finish(&replay->held);
    bytes_finish(&replay->head);
    bytes_finish(&replay->embedded);
    free(replay);
}

/* The end of what was fed: what is undecided is kept, but for strings that pass or do not already.
 */
static void settle(struct replay *r, uint64_t end)
{
    if (parser_is_ground(&r->parser))
        pass_broken(r, end);
    else
        abandon(r, r->parser.sequence.begin);
    if (parser_in_string(&r->parser) && r->verdict != REPLAY_WAIT) {
        /* An ESC or 0xC2 at the end may belong to what comes next. */
        uint8_t last = r->data[end - 1 - r->data_begin];
        uint64_t sure = last == 0x1b || last == 0xc2 ? end - 1 : end;
        decide_until(r, sure, r->verdict != REPLAY_DROP);
        if (r->verdict == REPLAY_DROP)
            emit_embedded(r, sure);
        r->embedded.len = 0;
    }
    /* Nothing is kept without bounds. */
    if (parser_in_sequence(&r->parser) && !parser_in_string(&r->parser) &&
        end - parser_begin(&r->parser) > SEQUENCE_MAX)
        pass_until(r, end);
    hold_until(r, end);
    flush(r);
}

int replay_feed(struct replay *replay, const void *data, size_t len, struct bytes *out)
{
    if (len == 0)
        return 0;
    replay->out = out;
    replay->error = 0;
    replay->data = data;
    replay->data_begin = replay->parser.offset;
    parser_feed(&replay->parser, data, len);
    settle(replay, replay->parser.offset);
    replay->out = NULL;
    return replay->error;
}

/*
 * What lets a terminal ignore the rest of a string whose start was dropped: one of the same kind
 * that means nothing.
 */
static const char *swallower(const struct replay *replay)
{
    if (!parser_in_string(&replay->parser) || replay->verdict != REPLAY_DROP)
        return "";
    return replay->parser.string.kind == PARSER_OSC ? "\033]99999;" : "\033_;";
}

int replay_end(struct replay *replay, struct bytes *out)
{
    int r = bytes_append_text(out, swallower(replay));
    if (r == 0)
        r = bytes_append(out, replay->held.data, replay->held.len);
    replay->held.len = 0;
    replay->head.len = 0;
    replay->embedded.len = 0;
    replay->drop_chunks = replay->cut_text = replay->parted = false;
    parser_skip(&replay->parser, replay->parser.offset);
    return r;
}

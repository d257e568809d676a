#include "client/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/terminal/profile.h"

enum {
    ESC = 0x1b,
    ANSWER_MAX = 1024, /* bytes of one answer */
    DRAIN_MS = 250,    /* for the last answer */
};

/* What a sequence in the input is. */
enum kind {
    KIND_KEY,
    KIND_MARKED,     /* PROFILE_MARKED */
    KIND_ATTRIBUTES, /* DA1's answer */
    KIND_PROFILE,    /* another one of those that profile_questions get, or the job */
    KIND_ANSWER,     /* one that only the job may have asked for */
    KIND_UNFINISHED,
};

bool ask_is_safe(const char *term)
{
    static const char *const emulators[] = {
        "xterm",  "screen",  "tmux",    "rxvt",  "alacritty", "kitty",
        "foot",   "wezterm", "ghostty", "vte",   "contour",   "konsole",
        "mintty", "putty",   "iterm",   "gnome", "mlterm",
    };
    for (size_t i = 0; term && i < sizeof(emulators) / sizeof(emulators[0]); i++) {
        if (strncmp(term, emulators[i], strlen(emulators[i])) == 0)
            return true;
    }
    return false;
}

void ask_begin(struct ask *ask)
{
    ask->state = ASK_AWAITED;
}

void ask_finish(struct ask *ask)
{
    bytes_finish(&ask->held);
    bytes_finish(&ask->answers);
    ask->state = ASK_OFF;
}

/* Sequences */

/* CSI: parameters and intermediates, then the final. Keys have no prefix, mouse reports have '<'.
 */
static enum kind csi_kind(const uint8_t *in, size_t len, size_t *ret_len)
{
    size_t at = 2;
    while (at < len && in[at] >= 0x20 && in[at] < 0x40)
        at++;
    if (at == len)
        return KIND_UNFINISHED;
    *ret_len = at + 1;
    size_t marked = strlen(PROFILE_MARKED);
    if (at + 1 == marked && memcmp(in, PROFILE_MARKED, marked) == 0)
        return KIND_MARKED;
    uint8_t prefix = in[2], final = in[at];
    if (prefix == '?' && final == 'c')
        return KIND_ATTRIBUTES;
    if ((prefix == '>' && final == 'c') || (prefix == '?' && final == 'u'))
        return KIND_PROFILE;
    bool private = prefix == '?' || prefix == '>' || prefix == '=';
    bool report = final == 'R' || final == 'n' || final == 't' || final == 'y' || final == 'x';
    return private || (report && at > 2) ? KIND_ANSWER : KIND_KEY;
}

/* OSC and DCS up to ST or BEL. Alt with ] or P, and a key after it, are no strings. */
static enum kind string_kind(const uint8_t *in, size_t len, size_t *ret_len)
{
    bool osc = in[1] == ']';
    if (len > 2 && (osc ? in[2] < '0' || in[2] > '9' : in[2] < 0x20 || in[2] == 0x7f))
        return KIND_KEY;
    size_t at = 2;
    while (at < len && in[at] >= 0x20)
        at++;
    if (at == len || (in[at] == ESC && at + 1 == len))
        return KIND_UNFINISHED;
    bool ended = in[at] == '\a' || (in[at] == ESC && in[at + 1] == '\\');
    *ret_len = at + (in[at] == ESC ? 2 : 1);
    if (!ended)
        return KIND_KEY;
    bool profile = osc ? memchr("41", in[2], 2) != NULL : in[2] == '>';
    return profile ? KIND_PROFILE : KIND_ANSWER;
}

/* What begins at in, with an ESC; *ret_len is its length unless it is a key or unfinished. */
static enum kind kind_of(const uint8_t *in, size_t len, size_t *ret_len)
{
    enum kind kind = KIND_KEY;
    if (len == 1)
        kind = KIND_UNFINISHED;
    else if (in[1] == '[')
        kind = csi_kind(in, len, ret_len);
    else if (in[1] == ']' || in[1] == 'P')
        kind = string_kind(in, len, ret_len);
    return kind == KIND_UNFINISHED && len > ANSWER_MAX ? KIND_KEY : kind;
}

/* Reading */

/* Takes a sequence, if it is for us. */
static bool take(struct ask *ask, enum kind kind, const uint8_t *sequence, size_t len)
{
    if (kind == KIND_MARKED) {
        ask->marked++;
        ask->state = ask->state == ASK_AWAITED ? ASK_TAKING : ask->state;
        return true;
    }
    bool ours = kind == KIND_ATTRIBUTES || kind == KIND_PROFILE;
    if (ask->state != ASK_TAKING || !ours)
        return false;
    if (ask->answers.len + len <= PROFILE_ANSWERS_MAX)
        (void)bytes_append(&ask->answers, sequence, len);
    if (kind == KIND_ATTRIBUTES)
        ask->state = ASK_OFF;
    return true;
}

/*
 * One piece of input: a sequence, or what comes before the next. Returns its length, 0 if it is
 * unfinished. keys gets what typed; answers, which may be the same, what answers the job.
 */
static size_t feed_piece(struct ask *ask, const uint8_t *in, size_t len, struct bytes *keys,
                         struct bytes *answers)
{
    size_t piece = 1;
    if (in[0] != ESC) {
        const uint8_t *escape = memchr(in, ESC, len);
        piece = escape ? (size_t)(escape - in) : len;
        if (keys)
            (void)bytes_append(keys, in, piece);
        return piece;
    }
    enum kind kind = kind_of(in, len, &piece);
    if (kind == KIND_UNFINISHED)
        return 0;
    if (kind == KIND_KEY)
        piece = 1; /* what follows is looked at by itself */
    if (take(ask, kind, in, piece))
        return piece;
    struct bytes *out = kind == KIND_KEY ? keys : answers;
    if (out)
        (void)bytes_append(out, in, piece);
    return piece;
}

static void feed(struct ask *ask, const uint8_t *in, size_t len, struct bytes *keys,
                 struct bytes *answers)
{
    size_t at = 0, piece = 1;
    if (bytes_append(&ask->held, in, len) < 0)
        return;
    struct bytes input = ask->held;
    ask->held = (struct bytes){0};
    while (at < input.len && piece > 0) {
        piece = feed_piece(ask, input.data + at, input.len - at, keys, answers);
        at += piece;
    }
    bytes_consume(&input, at);
    ask->held = input;
}

bool ask_feed(struct ask *ask, const uint8_t *in, size_t len, struct bytes *keys)
{
    bool off = ask->state == ASK_OFF;
    feed(ask, in, len, keys, keys);
    if (ask->state == ASK_OFF)
        ask_flush(ask, keys);
    return !off && ask->state == ASK_OFF;
}

bool ask_is_holding(const struct ask *ask)
{
    return ask->held.len > 0;
}

void ask_flush(struct ask *ask, struct bytes *keys)
{
    (void)bytes_append(keys, ask->held.data, ask->held.len);
    bytes_finish(&ask->held);
}

/* The end */

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ask_drain(struct ask *ask, int fd, const struct bytes *before, uint32_t markers,
               struct bytes *answers)
{
    uint8_t buf[ANSWER_MAX];
    if (before->len > 0)
        feed(ask, before->data, before->len, NULL, answers);
    long until = now_ms() + DRAIN_MS, left;
    while (ask->marked < markers && (left = until - now_ms()) > 0) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        int r = poll(&entry, 1, (int)left);
        if (r < 0 && errno == EINTR)
            continue;
        ssize_t n = r > 0 ? read(fd, buf, sizeof(buf)) : -1;
        if (n <= 0)
            break;
        feed(ask, buf, (size_t)n, NULL, answers);
    }
}

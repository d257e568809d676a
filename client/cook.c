#include "client/cook.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

/* The most that one byte can become: VLNEXT, itself, VSTART, VEOF. */
#define EXPANSION_MAX 4

static bool is_canonical(const struct termios *job)
{
    return (job->c_lflag & ICANON) && !(job->c_lflag & EXTPROC);
}

/* Whether c is the special character at index, which may be disabled. */
static bool is_special(const struct termios *job, int index, uint8_t c)
{
    return job->c_cc[index] != _POSIX_VDISABLE && job->c_cc[index] == c;
}

static bool has_special(const struct termios *job, int index)
{
    return job->c_cc[index] != _POSIX_VDISABLE;
}

static bool is_signal(const struct termios *job, uint8_t c)
{
    return (job->c_lflag & ISIG) &&
           (is_special(job, VINTR, c) || is_special(job, VQUIT, c) || is_special(job, VSUSP, c));
}

/* Characters that end what can be read, as NL does. */
static bool is_delimiter(const struct termios *job, uint8_t c)
{
    return is_special(job, VEOF, c) || is_special(job, VEOL, c) ||
           ((job->c_lflag & IEXTEN) && is_special(job, VEOL2, c)) ||
           (c == '\r' && (job->c_iflag & ICRNL) && !(job->c_iflag & IGNCR));
}

/* Whether the line discipline would do anything with c but deliver it; NL is looked at elsewhere.
 */
static bool is_interpreted(const struct termios *job, uint8_t c)
{
    if (is_signal(job, c) || is_delimiter(job, c))
        return true;
    if (c == '\r' && (job->c_iflag & IGNCR))
        return true;
    if ((job->c_iflag & IXON) && (is_special(job, VSTART, c) || is_special(job, VSTOP, c)))
        return true;
    if (is_special(job, VERASE, c) || is_special(job, VKILL, c))
        return true;
    return (job->c_lflag & IEXTEN) && (is_special(job, VWERASE, c) || is_special(job, VLNEXT, c) ||
                                       is_special(job, VREPRINT, c));
}

/* The room in out has been made by the callers. */
static void put(struct bytes *out, uint8_t c)
{
    out->data[out->len++] = c;
}

/* c, as the line discipline is to deliver it. Returns false when it cannot be quoted. */
static bool put_quoted(const struct termios *job, uint8_t c, struct bytes *out)
{
    if (!(job->c_lflag & IEXTEN) || !has_special(job, VLNEXT))
        return false;
    put(out, job->c_cc[VLNEXT]);
    put(out, c);
    return true;
}

/* Delivers the pending part of a line. */
static void push(struct cook *cook, const struct termios *job, struct bytes *out)
{
    if (cook->pending > 0 && has_special(job, VEOF)) {
        put(out, job->c_cc[VEOF]);
        cook->pending = 0;
    }
}

/* A byte that means something and cannot be quoted: it acts, and the line changes with it. */
static void put_acting(struct cook *cook, const struct termios *job, uint8_t c, struct bytes *out)
{
    put(out, c);
    bool flushes = is_signal(job, c) && !(job->c_lflag & NOFLSH);
    if (flushes || is_delimiter(job, c) || is_special(job, VKILL, c))
        cook->pending = 0;
}

static void put_newline(struct cook *cook, const struct termios *job, uint8_t byte,
                        struct bytes *out)
{
    if (!(job->c_iflag & INLCR)) {
        put(out, byte);
        cook->pending = 0;
        return;
    }
    /* Quoted it stays NL, but ends no line. */
    if (!put_quoted(job, byte, out))
        put(out, byte);
    cook->pending++;
    push(cook, job, out);
}

static void put_byte(struct cook *cook, const struct termios *job, uint8_t byte, struct bytes *out)
{
    uint8_t c = job->c_iflag & ISTRIP ? byte & 0x7f : byte;
    if (c == '\n') {
        put_newline(cook, job, byte, out);
        return;
    }
    if (!is_interpreted(job, c)) {
        put(out, byte);
        cook->pending++;
    } else if (put_quoted(job, byte, out)) {
        cook->pending++;
    } else {
        put_acting(cook, job, byte, out);
    }
    /* The look ahead for flow control sees raw bytes, and takes a disabled VSTOP for NUL. */
    bool stops = byte == job->c_cc[VSTOP] || is_special(job, VSTOP, c);
    if ((job->c_iflag & IXON) && stops && has_special(job, VSTART))
        put(out, job->c_cc[VSTART]);
    if (cook->pending >= COOK_PIECE)
        push(cook, job, out);
}

int cook_input(struct cook *cook, const struct termios *job, const uint8_t *in, size_t len,
               struct bytes *out)
{
    if (!is_canonical(job)) {
        int r = bytes_append(out, in, len);
        /* Whoever leaves canonical mode can read what is there at once, unfinished line or not. */
        if (r == 0)
            cook->pending = 0;
        return r;
    }
    if (len > SIZE_MAX / EXPANSION_MAX)
        return -ENOMEM;
    int r = bytes_reserve(out, EXPANSION_MAX * len);
    if (r < 0)
        return r;
    for (size_t i = 0; i < len; i++)
        put_byte(cook, job, in[i], out);
    return 0;
}

int cook_eof(struct cook *cook, const struct termios *job, struct bytes *out)
{
    if (!is_canonical(job) || !has_special(job, VEOF))
        return 0;
    int r = bytes_reserve(out, 2);
    if (r < 0)
        return r;
    push(cook, job, out);
    put(out, job->c_cc[VEOF]);
    return 1;
}

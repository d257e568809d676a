/*
 * What a terminal that had got all of a job's output would know, without its screen: modes, pen,
 * margins, titles and so on, where the cursor is, and from which bytes of the output each row of
 * the screen stems. From it come the plan of a restore (which bytes of the log bring the screen
 * back), and the undo at a detach.
 *
 * The tracker starts as a terminal fresh from its reset: blank, cursor at home, every mode at its
 * default.
 */
#ifndef JS_COMMON_TERMINAL_TRACKER_H
#define JS_COMMON_TERMINAL_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/terminal/notices.h"
#include "common/terminal/profile.h"
#include "common/terminal/questions.h"
#include "common/terminal/typing.h"

struct tracker;

/* A tracker for a screen of that size (0 counts as 1). NULL = no memory. Destroy takes NULL. */
struct tracker *tracker_create(unsigned rows, unsigned cols);
void tracker_destroy(struct tracker *tracker);

/*
 * The next len bytes of output; the first byte ever has offset 0. Never fails: without memory it
 * forgets what it cannot keep (a title, a safe point), and plans get longer or say -E2BIG.
 */
void tracker_feed(struct tracker *tracker, const void *data, size_t len);

/*
 * The same, but the work may be put off, so that a flood of output, which comes in small pieces, is
 * seen in large ones: most of those need not be looked at closely. data stays the caller's and must
 * remain as it is until the next call of tracker_settle(); a piece that lies in memory right behind
 * the one before joins it. Every other function here catches up first.
 */
void tracker_feed_later(struct tracker *tracker, const void *data, size_t len);
void tracker_settle(struct tracker *tracker);

/*
 * Calls on_question, while output is taken in, for each question to the terminal in the output
 * (questions.h), all before it having been taken in. What the pointers lead to is valid during the
 * call, which may not feed. NULL: nobody is told, as at first.
 */
typedef void (*tracker_question_fn)(void *user, const struct question *question);
void tracker_set_questions(struct tracker *tracker, tracker_question_fn on_question, void *user);

/*
 * The same for bells and notifications (notices.h). Of several bells in a flood of output one may
 * stand for all.
 */
typedef void (*tracker_notice_fn)(void *user, const struct notice *notice);
void tracker_set_notices(struct tracker *tracker, tracker_notice_fn on_notice, void *user);

/*
 * Appends what the terminal of that profile would answer in the tracked state; nothing if there is
 * no answer. 0 or -ENOMEM (out as before).
 */
int tracker_answer(const struct tracker *tracker, const struct question *question,
                   const struct profile *profile, struct bytes *out);

/* Whether no sequence, string or character of the output is unfinished: something else may be
 * written to the terminals in between. */
bool tracker_is_between(const struct tracker *tracker);

/* Bytes fed and skipped so far: the offset of the next byte. */
uint64_t tracker_offset(const struct tracker *tracker);

/*
 * The output between tracker_offset() and offset was neither logged nor fed (disk full): offset is
 * the next byte's. No plan will reach back behind it.
 */
void tracker_gap(struct tracker *tracker, uint64_t offset);

/*
 * The job's terminal puts no CR before the line feeds of the output before offset `until` (its
 * OPOST is off, termios(3)), though each goes to the start of a line: whoever shows that output
 * puts it there (common/newlines.h). UINT64_MAX: up to further notice; 0, as at first: it always
 * does.
 */
void tracker_set_no_cr(struct tracker *tracker, uint64_t until);
uint64_t tracker_no_cr_until(const struct tracker *tracker);

/*
 * What has been fed so far was no output: it has brought the tracker to the state and the cursor
 * that the job's terminal had at offset, which is the next byte's. No plan will reach back behind
 * it. What was fed must not end inside of a sequence.
 */
void tracker_begin_at(struct tracker *tracker, uint64_t offset);

/* The job's terminal has that size from the next byte on (0 counts as 1). */
void tracker_resize(struct tracker *tracker, unsigned rows, unsigned cols);

/*
 * The size that the job's terminal had for the byte at offset. *ret_until: the offset at which it
 * changed after that, UINT64_MAX if it has not. Of many changes only the last few are known: what
 * was before them counts as of the oldest size known.
 */
void tracker_size_at(const struct tracker *tracker, uint64_t offset, unsigned *ret_rows,
                     unsigned *ret_cols, uint64_t *ret_until);

/* The offset where an unfinished sequence or character begins; tracker_offset() if there is none.
 */
uint64_t tracker_unfinished(const struct tracker *tracker);

/* Whether what is shown depends on which row of the screen it was written to: the alternate screen,
 * or a program that has placed the cursor. */
bool tracker_depends_on_size(const struct tracker *tracker);

/* The window title, as UTF-8 that may be cut at the end; NULL if none was set. Valid until the next
 * feed. */
const char *tracker_title(const struct tracker *tracker);

/* Whether the title was ever set or taken from the terminal's stack: tracker_undo() takes the
 * terminal's own from there then. */
bool tracker_sets_title(const struct tracker *tracker);

/* Whether the alternate screen is shown. */
bool tracker_alternate(const struct tracker *tracker);

/*
 * Appends what makes a terminal that encodes keys as *now says do it as in the tracked state, which
 * *now says then. 0 or -ENOMEM (out as before).
 */
int tracker_write_typing(const struct tracker *tracker, struct typing *now, struct bytes *out);

/*
 * Appends what takes a user's terminal from the tracked state to what a shell expects: exactly the
 * modes that are set, alternate screen left, cursor visible and of the terminal's own style, pen,
 * charsets and margins default, keyboard stacks popped, title popped from the terminal's stack
 * (every plan pushes it first), the cursor at the start of a fresh line below all that was printed.
 * Nothing when nothing is set and the cursor is there already. Never a reset; scrollback stays. 0
 * or -ENOMEM (out as before).
 */
int tracker_undo(const struct tracker *tracker, struct bytes *out);

/* The same for a state that nobody knows (the holder died): all that is usually set is unset.
 * Constant text. */
const char *tracker_undo_unknown(void);

/* One stretch of the log, from < to. */
struct tracker_range {
    uint64_t from, to;
    struct bytes before;   /* owned; sent as it is (not through the replay filter) just before the
                              range; mostly empty */
    uint8_t icons, titles; /* for replay_set_titles(), at from */
    bool fresh;            /* nothing of it has been sent: for who sends it in pieces */
};

struct tracker_plan {
    struct bytes before;          /* owned; sent first: the state at the start of the first range */
    struct tracker_range *ranges; /* owned; replayed in order, each through the replay filter */
    size_t count;                 /* 0 when nothing has to be replayed */
    struct bytes
        after;    /* owned; sent last: what the ranges left out could not say, end of the update */
    bool resized; /* some of the ranges were written for another size: the screen may be off */
};

/*
 * How to bring a terminal that is at its defaults (whatever its screen shows) to the tracked state.
 * first: offset of the oldest byte still in the log. limit: the largest number of bytes to replay,
 * 0 = no limit. history_lines: about how many earlier lines to replay before those that matter, for
 * the terminal's scrollback. All that is sent is one synchronized update; after says its end.
 *
 * 0; -ENOMEM (ret is empty); -E2BIG: no exact plan lies within first and limit; ret then starts at
 * the best point that does, the modes come out right, parts of the screen may be missing. The
 * caller gives ret to tracker_plan_finish() in every case.
 */
int tracker_plan(const struct tracker *tracker, uint64_t first, uint64_t limit,
                 unsigned history_lines, struct tracker_plan *ret);

/*
 * An offset for the next two: at the end of the output, or a little before. What comes after it has
 * nothing to do with what comes before, but for the state and the cursor: no sequence is unfinished
 * there, and no mark or REP that may follow belongs to a character before. The tracker remembers
 * the last two. 0, or -EAGAIN if there is none right now.
 */
int tracker_hold(struct tracker *tracker, uint64_t *ret_offset);

/*
 * tracker_plan() without a limit, up to an offset: what is overwritten by what comes after it may
 * be missing. until: what tracker_hold() has told just now, or tracker_offset().
 */
int tracker_plan_until(const struct tracker *tracker, uint64_t first, uint64_t until,
                       struct tracker_plan *ret);

/*
 * For a screen (screen.h) that was brought to offset `from`, which tracker_hold() has told: what of
 * the output from there on it has to be fed. until: as above. Given to tracker_plan_finish() too. 0
 * or -ENOMEM (ret is empty).
 */
int tracker_plan_rest(const struct tracker *tracker, uint64_t from, uint64_t until,
                      struct tracker_plan *ret);

/* The bytes of the log that a plan replays. */
uint64_t tracker_plan_bytes(const struct tracker_plan *plan);

void tracker_plan_finish(struct tracker_plan *plan);

#endif

#include "common/terminal/tracker.h"

#include <stdlib.h>
#include <string.h>

#include "common/terminal/answers.h"
#include "common/terminal/scan.h"
#include "common/terminal/tracker_internal.h"
#include "common/terminal/undo.h"

enum {
    PAYLOAD_MAX = 8192,          /* of OSC and the like: titles, links, colours */
    CHECKPOINT_SPACING = 4096,   /* bytes between two, if the state is known */
    CHECKPOINT_NEAREST = 256,    /* before a clear of the screen */
    CHECKPOINT_COARSE = 1 << 16, /* without one for so long, a doubtful one has to do */
    TEXT_PIECE = 1 << 15,
    FLOOD_WINDOW = 1 << 16,
    FLOOD_MIN = 2048,
};

static unsigned clip_side(unsigned side)
{
    return side == 0 ? 1 : side > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : side;
}

/* Adds a checkpoint at offset, where the stream has just got to, if the state is known well enough.
 */
static void consider_checkpoint(struct tracker *tracker, uint64_t offset)
{
    if (parser_in_sequence(&tracker->parser))
        return;
    bool sure = canvas_is_sure(&tracker->canvas), doubtful = false;
    if (!sure) {
        uint64_t since = offset - checkpoints_last(&tracker->checkpoints);
        doubtful = since >= CHECKPOINT_COARSE &&
                   cursor_is_exact(&tracker->canvas.cursor, tracker->canvas.cols);
    }
    if ((sure || doubtful) &&
        checkpoints_add(&tracker->checkpoints, &tracker->canvas, offset, doubtful))
        tracker->next_checkpoint = offset + CHECKPOINT_SPACING;
}

void tracker_offer_checkpoint(struct tracker *tracker, const struct parser_sequence *csi)
{
    if (tracker->bare)
        return;
    if (!csi->tangled && csi->begin >= checkpoints_last(&tracker->checkpoints) + CHECKPOINT_NEAREST)
        consider_checkpoint(tracker, csi->begin);
}

void tracker_enter_alternate(struct tracker *tracker, const struct parser_sequence *csi,
                             unsigned mode)
{
    struct canvas *canvas = &tracker->canvas;
    bool first = csi->value[0] == (int32_t)mode;
    if (!tracker->bare && !canvas->state.alternate && canvas_is_sure(canvas) && first &&
        !csi->tangled && checkpoints_add(&tracker->checkpoints, canvas, canvas->begin, false))
        checkpoints_enter(&tracker->checkpoints);
    canvas_enter_alternate(canvas, mode);
}

void tracker_leave_alternate(struct tracker *tracker, const struct parser_sequence *csi,
                             unsigned mode)
{
    struct canvas *canvas = &tracker->canvas;
    bool left = canvas->state.alternate, last = csi->value[csi->count - 1] == (int32_t)mode;
    canvas_leave_alternate(canvas, mode);
    if (left)
        checkpoints_leave(&tracker->checkpoints, canvas, csi->end, canvas_is_sure(canvas) && last);
}

void tracker_reset(struct tracker *tracker)
{
    canvas_reset(&tracker->canvas);
    /* A replay must never reset the user's terminal: it begins after this. */
    checkpoints_finish(&tracker->checkpoints);
    tracker->history = tracker->canvas.last + 1;
    if (!tracker->bare)
        checkpoints_add(&tracker->checkpoints, &tracker->canvas, tracker->canvas.last + 1, false);
}

static void after_event(struct tracker *tracker, uint64_t end)
{
    if (end >= tracker->next_checkpoint)
        consider_checkpoint(tracker, end);
}

/* Where to cut a long text: after a line, or else between characters. */
static size_t piece_of(const uint8_t *data, size_t len)
{
    if (len <= TEXT_PIECE)
        return len;
    const uint8_t *line = memrchr(data, '\n', TEXT_PIECE);
    if (line)
        return (size_t)(line - data) + 1;
    size_t piece = TEXT_PIECE;
    while (piece > TEXT_PIECE - 3 && (data[piece] & 0xc0) == 0x80)
        piece--;
    return piece;
}

/*
 * The length of a text up to where a checkpoint can be: after its last line feed, or else carriage
 * return. 0 without any.
 */
static size_t up_to_last_line(const uint8_t *data, size_t len)
{
    const uint8_t *end = memrchr(data, '\n', len);
    if (!end)
        end = memrchr(data, '\r', len);
    return end ? (size_t)(end - data) + 1 : 0;
}

/* The length of a text up to the first carriage return, that included. 0 without any. */
static size_t up_to_first_return(const uint8_t *data, size_t len)
{
    const uint8_t *end = memchr(data, '\r', len);
    return end ? (size_t)(end - data) + 1 : 0;
}

static void on_text(void *user, const uint8_t *data, size_t len, uint64_t begin)
{
    struct tracker *tracker = user;
    while (len > 0) {
        size_t piece = piece_of(data, len);
        if (begin + piece >= tracker->next_checkpoint) {
            size_t lines =
                tracker->skipped ? up_to_first_return(data, piece) : up_to_last_line(data, piece);
            tracker->skipped &= lines == 0;
            piece = lines > 0 ? lines : piece;
        }
        canvas_text(&tracker->canvas, data, piece, begin);
        data += piece;
        len -= piece;
        begin += piece;
        after_event(tracker, begin);
    }
}

static void on_control(void *user, uint8_t control, uint64_t begin)
{
    struct tracker *tracker = user;
    uint64_t end = begin + (control < 0x80 ? 1 : 2);
    canvas_break_text(&tracker->canvas);
    canvas_at(&tracker->canvas, begin, end);
    tracker_control(tracker, control, begin);
    after_event(tracker, end);
}

static void on_escape(void *user, const struct parser_sequence *escape)
{
    struct tracker *tracker = user;
    canvas_break_text(&tracker->canvas);
    canvas_at(&tracker->canvas, escape->begin, escape->end);
    if (!escape->malformed)
        tracker_escape(tracker, escape);
    after_event(tracker, escape->end);
}

static void on_csi(void *user, const struct parser_sequence *csi)
{
    struct tracker *tracker = user;
    /* REP goes on with the text. */
    if (csi->final != 'b')
        canvas_break_text(&tracker->canvas);
    canvas_at(&tracker->canvas, csi->begin, csi->end);
    if (!csi->malformed)
        tracker_csi(tracker, csi);
    after_event(tracker, csi->end);
}

static void on_string_end(void *user, const struct parser_string *string)
{
    struct tracker *tracker = user;
    canvas_break_text(&tracker->canvas);
    canvas_at(&tracker->canvas, string->begin, string->end);
    if (!string->cancelled)
        tracker_string(tracker, string);
    /* What breaks a string off is what ends it: no replay may end before that. */
    if (!string->broken_off)
        after_event(tracker, string->end);
}

static const struct parser_events events = {
    .text = on_text,
    .control = on_control,
    .escape = on_escape,
    .csi = on_csi,
    .string_end = on_string_end,
};

/* The size is what the canvas has from here on. */
static void note_size(struct tracker *tracker)
{
    const struct canvas *canvas = &tracker->canvas;
    struct tracker_size size = {tracker->parser.offset, (uint16_t)canvas->rows,
                                (uint16_t)canvas->cols};
    if (tracker->sizes > 0 && tracker->size[tracker->sizes - 1].offset == size.offset)
        tracker->sizes--;
    if (tracker->sizes == TRACKER_SIZES) {
        tracker->sizes--;
        memmove(&tracker->size[0], &tracker->size[1], tracker->sizes * sizeof(tracker->size[0]));
    }
    tracker->size[tracker->sizes++] = size;
}

struct tracker *tracker_create(unsigned rows, unsigned cols)
{
    struct tracker *tracker = calloc(1, sizeof(*tracker));
    if (!tracker)
        return NULL;
    parser_init(&tracker->parser, &events, tracker, PAYLOAD_MAX);
    if (canvas_init(&tracker->canvas, clip_side(rows), clip_side(cols)) < 0 ||
        !checkpoints_add(&tracker->checkpoints, &tracker->canvas, 0, false)) {
        tracker_destroy(tracker);
        return NULL;
    }
    tracker->next_checkpoint = CHECKPOINT_SPACING;
    note_size(tracker);
    return tracker;
}

void tracker_destroy(struct tracker *tracker)
{
    if (!tracker)
        return;
    checkpoints_finish(&tracker->checkpoints);
    canvas_finish(&tracker->canvas);
    parser_finish(&tracker->parser);
    free(tracker);
}

/* Skips what a flood has scrolled off itself. Returns how many bytes were skipped. */
static size_t skip_flood(struct tracker *tracker, const uint8_t *data, size_t len)
{
    size_t lines;
    bool bell;
    if (len < FLOOD_MIN || !parser_is_ground(&tracker->parser))
        return 0;
    size_t skip = scan_flood(data, len, tracker->canvas.rows, &lines, &bell);
    if (skip == 0 || !canvas_reaches_bottom(&tracker->canvas, lines))
        return 0;
    uint64_t begin = tracker->parser.offset;
    canvas_flood(&tracker->canvas, begin, begin + skip, lines);
    parser_skip(&tracker->parser, begin + skip);
    /* Or a replay would have to begin before all of that. */
    tracker->next_checkpoint = begin + skip;
    tracker->skipped = true;
    if (bell)
        tracker_ring(tracker);
    return skip;
}

/*
 * Ends what the last feed has left unfinished, so that a flood can be skipped from there: most
 * pieces of coloured output are cut inside a sequence. Returns how many bytes that took.
 */
static size_t finish_unfinished(struct tracker *tracker, const uint8_t *data, size_t len)
{
    if (len < FLOOD_MIN || parser_is_ground(&tracker->parser))
        return 0;
    const uint8_t *line = memchr(data, '\n', FLOOD_MIN);
    size_t taken = line ? (size_t)(line - data) + 1 : 0;
    parser_feed(&tracker->parser, data, taken);
    return taken;
}

static void feed_alike(struct tracker *tracker, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t taken = finish_unfinished(tracker, bytes, len);
        bytes += taken;
        len -= taken;
        size_t window = len < FLOOD_WINDOW ? len : FLOOD_WINDOW;
        size_t skip = skip_flood(tracker, bytes, window);
        parser_feed(&tracker->parser, bytes + skip, window - skip);
        bytes += window;
        len -= window;
    }
}

static void feed(struct tracker *tracker, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return;
    uint64_t offset = tracker->parser.offset, until = tracker->no_cr_until;
    size_t first = until <= offset ? 0 : until - offset < len ? (size_t)(until - offset) : len;
    if (first > 0) {
        tracker->canvas.no_cr = true;
        feed_alike(tracker, bytes, first);
        tracker->canvas.no_cr = false;
    }
    feed_alike(tracker, bytes + first, len - first);
}

void tracker_settle(struct tracker *tracker)
{
    size_t len = tracker->later_len;
    tracker->later_len = 0;
    feed(tracker, tracker->later, len);
}

void tracker_catch_up(const struct tracker *tracker)
{
    if (tracker->later_len > 0)
        tracker_settle((struct tracker *)tracker);
}

void tracker_feed(struct tracker *tracker, const void *data, size_t len)
{
    tracker_catch_up(tracker);
    feed(tracker, data, len);
}

void tracker_feed_later(struct tracker *tracker, const void *data, size_t len)
{
    if (tracker->later_len > 0 && tracker->later + tracker->later_len != data)
        tracker_settle(tracker);
    if (tracker->later_len == 0)
        tracker->later = data;
    tracker->later_len += len;
}

void tracker_set_questions(struct tracker *tracker, tracker_question_fn on_question, void *user)
{
    tracker->on_question = on_question;
    tracker->user = user;
}

void tracker_ask(struct tracker *tracker, enum question_kind kind,
                 const struct parser_sequence *sequence, const struct parser_string *string)
{
    if (kind == QUESTION_NONE || !tracker->on_question)
        return;
    struct question question = {.kind = kind,
                                .begin = tracker->canvas.begin,
                                .end = tracker->canvas.last + 1,
                                .sequence = sequence,
                                .string = string};
    tracker->on_question(tracker->user, &question);
}

void tracker_set_notices(struct tracker *tracker, tracker_notice_fn on_notice, void *user)
{
    tracker->on_notice = on_notice;
    tracker->notice_user = user;
}

void tracker_ring(struct tracker *tracker)
{
    struct notice notice = {.sign = SIGN_BELL};
    if (tracker->on_notice)
        tracker->on_notice(tracker->notice_user, &notice);
}

void tracker_notify(struct tracker *tracker, const struct parser_string *string)
{
    struct notice notice;
    if (tracker->on_notice && notice_in_string(string, &notice))
        tracker->on_notice(tracker->notice_user, &notice);
}

int tracker_answer(const struct tracker *tracker, const struct question *question,
                   const struct profile *profile, struct bytes *out)
{
    return answer_question(&tracker->canvas, profile, question, out);
}

bool tracker_is_between(const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    return parser_is_ground(&tracker->parser);
}

uint64_t tracker_offset(const struct tracker *tracker)
{
    return tracker->parser.offset + tracker->later_len;
}

/* The next byte's offset is that one, and nothing before it counts. */
static void skip_to(struct tracker *tracker, uint64_t offset)
{
    parser_skip(&tracker->parser, offset);
    checkpoints_finish(&tracker->checkpoints);
    tracker->history = offset;
    tracker->next_checkpoint = offset;
}

void tracker_gap(struct tracker *tracker, uint64_t offset)
{
    tracker_catch_up(tracker);
    if (offset <= tracker->parser.offset)
        return;
    skip_to(tracker, offset);
    canvas_forget(&tracker->canvas, offset);
}

void tracker_begin_at(struct tracker *tracker, uint64_t offset)
{
    tracker_catch_up(tracker);
    skip_to(tracker, offset);
    canvas_forget_rows(&tracker->canvas, offset);
    canvas_break_text(&tracker->canvas);
    tracker->sizes = 0;
    note_size(tracker);
    consider_checkpoint(tracker, offset);
}

void tracker_set_no_cr(struct tracker *tracker, uint64_t until)
{
    tracker_catch_up(tracker);
    tracker->no_cr_until = until;
}

uint64_t tracker_no_cr_until(const struct tracker *tracker)
{
    return tracker->no_cr_until;
}

void tracker_resize(struct tracker *tracker, unsigned rows, unsigned cols)
{
    tracker_catch_up(tracker);
    rows = clip_side(rows);
    cols = clip_side(cols);
    if (rows == tracker->canvas.rows && cols == tracker->canvas.cols)
        return;
    tracker->resized = tracker->parser.offset;
    canvas_resize(&tracker->canvas, rows, cols, tracker->parser.offset);
    note_size(tracker);
    tracker->next_checkpoint = tracker->parser.offset;
}

void tracker_size_at(const struct tracker *tracker, uint64_t offset, unsigned *ret_rows,
                     unsigned *ret_cols, uint64_t *ret_until)
{
    unsigned i = tracker->sizes - 1;
    *ret_until = UINT64_MAX;
    for (; i > 0 && tracker->size[i].offset > offset; i--)
        *ret_until = tracker->size[i].offset;
    *ret_rows = tracker->size[i].rows;
    *ret_cols = tracker->size[i].cols;
}

uint64_t tracker_unfinished(const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    return parser_begin(&tracker->parser);
}

bool tracker_depends_on_size(const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    return tracker->canvas.state.alternate || tracker->canvas.absolute;
}

const char *tracker_title(const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    const struct shared *title = tracker->canvas.state.titles.title;
    return title ? title->data : NULL;
}

bool tracker_sets_title(const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    return tracker->canvas.state.titles.touched;
}

bool tracker_alternate(const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    return tracker->canvas.state.alternate;
}

int tracker_write_typing(const struct tracker *tracker, struct typing *now, struct bytes *out)
{
    tracker_catch_up(tracker);
    struct writer writer = {.out = out};
    struct typing want;
    size_t len = out->len;
    typing_of(&tracker->canvas.state, &want);
    typing_write(now, &want, &writer);
    if (writer.error < 0)
        out->len = len;
    else
        *now = want;
    return writer.error;
}

int tracker_undo(const struct tracker *tracker, struct bytes *out)
{
    tracker_catch_up(tracker);
    struct writer writer = {.out = out};
    size_t len = out->len;
    undo_write(&tracker->canvas, !parser_is_ground(&tracker->parser),
               parser_in_sequence(&tracker->parser), &writer);
    if (writer.error < 0)
        out->len = len;
    return writer.error;
}

/*
 * Who answers the job's questions to its terminal: the terminal of the writer that has it attached,
 * or, when there is none, the holder itself, as the last one would (common/terminal/answers.h).
 */
#include "server/holder/holder.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

enum {
    QUESTION_MAX = 8192,  /* bytes of a string that asks */
    TAKEN_OVER_MAX = 256, /* questions answered late; a job that asks more does not wait for each */
};

/* The owner's terminal, or that of the sharer that has been there longest. */
static struct viewer *find_answerer(const struct holder *holder)
{
    struct viewer *found = NULL;
    for (struct viewer *v = holder->viewers; v; v = v->next) {
        if (viewer_can_answer(v) && (!found || found->mode == ATTACH_SHARE))
            found = v;
    }
    return found;
}

/* Somebody's data goes into the job: an answer would become part of it. */
static bool takes_data(const struct holder *holder)
{
    const struct viewer *v = holder->viewers;
    while (v && (!v->piped || !viewer_is_writer(v) || v->left || v->lost))
        v = v->next;
    return v != NULL;
}

/* Without a reader the answers that wait are bounded: what is over is dropped, as a whole. */
static void stand_in(struct holder *holder, const struct question *question)
{
    struct bytes answer = {0};
    if (holder->state == JOB_EXITING || job_state_is_final(holder->state) || takes_data(holder))
        return;
    int r = tracker_answer(holder->tracker, question, &holder->profile, &answer);
    if (r == 0 && answer.len > 0)
        r = pty_type(&holder->pty, answer.data, answer.len);
    if (r < 0)
        log_debug(LOG_PTY, "a question of the job is not answered: %s", strerror(-r));
    bytes_finish(&answer);
}

void holder_on_question(void *user, const struct question *question)
{
    struct holder *holder = user;
    struct viewer *answerer = find_answerer(holder);
    if (answerer)
        viewer_note_question(answerer);
    else
        stand_in(holder, question);
    if (holder->viewers)
        asked_add(&holder->asked, question->begin, question->end,
                  answerer ? answerer->number : ASKED_HOLDER);
}

bool holder_filters_output(const struct holder *holder)
{
    const struct viewer *v = holder->viewers;
    if (!v || (!v->next && (!v->tty || viewer_can_answer(v))))
        return false;
    const struct viewer *answerer = find_answerer(holder);
    while (v && (!v->tty || v == answerer || v->left))
        v = v->next;
    return v != NULL;
}

/* Questions once more, out of the log */

static void on_control(void *user, uint8_t control, uint64_t begin)
{
    (void)begin;
    struct question question = {.kind = question_in_control(control)};
    stand_in(user, &question);
}

static void on_escape(void *user, const struct parser_sequence *escape)
{
    struct question question = {.kind = question_in_escape(escape), .sequence = escape};
    stand_in(user, &question);
}

static void on_csi(void *user, const struct parser_sequence *csi)
{
    struct question question = {.kind = question_in_csi(csi), .sequence = csi};
    stand_in(user, &question);
}

static void on_string_end(void *user, const struct parser_string *string)
{
    struct question question = {.kind = question_in_string(string), .string = string};
    stand_in(user, &question);
}

static void answer_from_log(struct holder *holder, const struct asked_question *asked)
{
    static const struct parser_events events = {
        .control = on_control, .escape = on_escape, .csi = on_csi, .string_end = on_string_end};
    struct parser parser;
    struct joblog log;
    uint8_t buf[512];
    uint64_t skipped, left = asked->end - asked->begin;
    parser_init(&parser, &events, holder, QUESTION_MAX);
    joblog_init(&log, holder->state_fd, asked->begin);
    while (left > 0) {
        ssize_t n = joblog_read(&log, buf, left < sizeof(buf) ? left : sizeof(buf), &skipped);
        if (n <= 0 || skipped > 0)
            break;
        parser_feed(&parser, buf, (size_t)n);
        left -= (uint64_t)n;
    }
    joblog_finish(&log);
    parser_finish(&parser);
}

void holder_take_over_questions(struct holder *holder, const struct viewer *viewer)
{
    size_t count;
    if (!holder->tracker)
        return;
    tracker_settle(holder->tracker);
    const struct asked_question *asked =
        asked_take_over(&holder->asked, viewer->number, viewer->cursor, &count);
    for (size_t i = 0; i < count && i < TAKEN_OVER_MAX; i++)
        answer_from_log(holder, &asked[i]);
}

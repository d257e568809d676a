/* What the replay filter takes out. See replay.h; sources: xterm's ctlseqs, and those named with
 * the rules. */
#ifndef JS_COMMON_TERMINAL_REPLAY_RULES_H
#define JS_COMMON_TERMINAL_REPLAY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/terminal/parser.h"

enum replay_verdict {
    REPLAY_PASS,
    REPLAY_DROP,
    REPLAY_REWRITE, /* something else goes out instead */
    REPLAY_WAIT,    /* for more of the string */
};

bool replay_drops_control(uint8_t control);
bool replay_drops_escape(const struct parser_sequence *escape);
enum replay_verdict replay_judge_csi(const struct parser_sequence *csi);
enum replay_verdict replay_judge_dcs(const struct parser_sequence *head);

/*
 * An OSC of which the first len bytes of the payload are there, all of it if complete. REPLAY_WAIT
 * only if it is not.
 */
enum replay_verdict replay_judge_osc(const uint8_t *data, size_t len, bool complete);

/* An APC whose payload up to the first semicolon, or all of it, is data. */
enum replay_verdict replay_judge_apc(const uint8_t *data, size_t len);

/* Appends what goes out instead; only for REPLAY_REWRITE. 0 or -ENOMEM. */
int replay_rewrite_csi(const struct parser_sequence *csi, struct bytes *out);
int replay_rewrite_osc(const struct parser_string *string, struct bytes *out);

/* The same for the start of an APC: what comes before the semicolon. */
int replay_rewrite_apc(const uint8_t *data, size_t len, struct bytes *out);

#endif

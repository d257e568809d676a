/*
 * The wire format: how every message and every job record is written as bytes, and read back.
 *
 * A frame is a u32 big-endian length followed by that many bytes of one msgpack array
 *
 *     [type, request id, {field name: value, ...}]
 *
 * Messages are data, not code: a C struct, a table of its fields (struct wire_field) and a row in
 * the message table (struct wire_message, see common/protocol.c). The one encoder, the one decoder
 * and the one dump below work from these tables. Nothing else in the project knows msgpack.
 *
 * Rules of decoding:
 *  - a length of 0 or above WIRE_FRAME_MAX is refused before anything is allocated;
 *  - container counts are checked against the bytes that are left before msgpack-c sees them (it
 *    believes headers: five bytes make it reserve 8 GB), nesting is bounded by WIRE_DEPTH_MAX, the
 *    number of values by WIRE_VALUES_MAX (it takes 24 bytes for a value of one byte);
 *  - an unknown field is skipped, so that messages can grow; a missing required field, a repeated
 *    field, a wrong type or a number out of range is an error that names the field;
 *  - everything is copied: no pointer into the received bytes leaves the decoder;
 *  - on any error everything decoded so far is freed.
 * Rules of encoding: optional fields that are zero, NULL or empty are left out.
 */
#ifndef JS_COMMON_WIRE_H
#define JS_COMMON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

#define WIRE_HEADER_SIZE 4u         /* bytes of the length in front of a frame */
#define WIRE_FRAME_MAX   (4u << 20) /* bytes after the length */
#define WIRE_DEPTH_MAX   12u        /* nested msgpack containers */
#define WIRE_VALUES_MAX  (1u << 19) /* msgpack values in a frame */

/* What a field holds in C, and its msgpack type. */
enum wire_kind {
    WIRE_BOOL,    /* bool */
    WIRE_U32,     /* uint32_t; max is the largest value allowed, 0 = any */
    WIRE_U64,     /* uint64_t; likewise */
    WIRE_I32,     /* int32_t */
    WIRE_STR,     /* char *, NUL-terminated, owned; max bytes; NUL inside is refused */
    WIRE_BIN,     /* struct wire_bin; max bytes */
    WIRE_STRS,    /* struct wire_strs; max elements */
    WIRE_STRUCT,  /* pointer to a struct described by sub, owned, NULL when absent */
    WIRE_STRUCTS, /* struct wire_structs of structs described by sub; max elements */
};

struct wire_bin {
    uint8_t *data; /* owned */
    size_t len;
};

/* items has one more element, NULL, so that it can serve as an argv. */
struct wire_strs {
    char **items; /* owned, as are the strings */
    size_t len;
};

struct wire_structs {
    void *items; /* owned array of the struct that the field's table describes */
    size_t len;
};

struct wire_struct;

struct wire_field {
    const char *name;
    enum wire_kind kind;
    bool required;
    bool secret;   /* never shown by wire_dump */
    size_t offset; /* offsetof the member in its struct */
    uint64_t max;  /* see enum wire_kind; 0 = the frame is the limit */
    const struct wire_struct *sub;
    const char *doc; /* one line for the protocol's man page */
};

struct wire_struct {
    const char *name;
    size_t size; /* sizeof the struct */
    const struct wire_field *fields;
    size_t count;
};

struct wire_message {
    uint32_t type;
    const char *name;
    const struct wire_struct *body;
    uint8_t min_fds; /* file descriptors that ride with the frame */
    uint8_t max_fds;
    const char *doc;
};

struct wire_table {
    const struct wire_message *rows;
    size_t count;
};

/* A decoded frame. body is heap memory owned by the frame until wire_frame_finish. */
struct wire_frame {
    uint32_t type;
    uint32_t request_id;
    const struct wire_message *message; /* NULL: the type is unknown */
    void *body;                         /* NULL when message is NULL */
};

/* Why a frame was refused, for the answer to its sender. */
struct wire_problem {
    bool has_request_id; /* the id could be read although the rest is bad */
    uint32_t request_id;
    char text[160];
};

/* The row of a type, or NULL. */
const struct wire_message *wire_table_find(const struct wire_table *table, uint32_t type);

/*
 * Appends a whole frame (length included) to out. 0, -ENOMEM, or -EMSGSIZE when it would be larger
 * than WIRE_FRAME_MAX (out is as before on any error).
 */
int wire_encode(struct bytes *out, const struct wire_message *message, uint32_t request_id,
                const void *body);

/*
 * Reads the length of the frame that starts at data. Returns the number of bytes of the whole
 * frame, 0 when fewer than WIRE_HEADER_SIZE bytes are there, -EBADMSG for a length of 0,
 * -EMSGSIZE for one over WIRE_FRAME_MAX.
 */
long wire_frame_size(const uint8_t *data, size_t len);

/*
 * Decodes one frame without its length. 0 with *ret filled (ret->message is NULL for an unknown
 * type), or -EBADMSG / -ENOMEM with *why filled and nothing allocated.
 */
int wire_decode(const struct wire_table *table, const uint8_t *payload, size_t len,
                struct wire_frame *ret, struct wire_problem *why);

/* Frees the body. The frame is empty afterwards. */
void wire_frame_finish(struct wire_frame *frame);

/* Frees what the members of body own and zeroes it. body itself stays the caller's. */
void wire_clear(const struct wire_struct *type, void *body);

/* A deep copy of src into the zeroed dst. 0, or -ENOMEM with dst cleared. */
int wire_copy(const struct wire_struct *type, void *dst, const void *src);

/* Appends one line of text that shows the message, control bytes escaped. 0 or -ENOMEM. */
int wire_dump(struct bytes *out, const struct wire_message *message, uint32_t request_id,
              const void *body);

/*
 * Walks msgpack bytes without allocating: every container's count and every string's length fits
 * the bytes that are left, nesting is at most WIRE_DEPTH_MAX, there are at most WIRE_VALUES_MAX
 * values, and exactly one object fills the whole. 0 or -EBADMSG. Used by wire_decode; public for
 * its test.
 */
int wire_check(const uint8_t *data, size_t len);

/* Helpers for building messages. Each returns 0 or -ENOMEM; the copies are owned by the struct. */
int wire_set_str(char **member, const char *value);
int wire_set_strs(struct wire_strs *member, char *const *items, size_t len);
int wire_set_bin(struct wire_bin *member, const void *data, size_t len);

#endif

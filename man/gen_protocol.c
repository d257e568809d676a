/* Writes js-protocol(7) from its template and the message table. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/protocol.h"
#include "man/mdoc.h"

enum { STRUCTS_MAX = 64 };

/* Structs that have a place of their own in the page, in the order in which they are met. */
static const struct wire_struct *structs[STRUCTS_MAX];
static size_t struct_count;

/* "job_info" and "msg_run" as the page calls them: "info" and "run"; others by their whole names.
 */
static const char *name_of(const struct wire_struct *type)
{
    bool shortened = strncmp(type->name, "job_", 4) == 0 || strncmp(type->name, "msg_", 4) == 0;
    return shortened ? type->name + 4 : type->name;
}

static bool is_known(const struct wire_struct *type)
{
    for (size_t i = 0; i < struct_count; i++)
        if (structs[i] == type)
            return true;
    return false;
}

static void collect(const struct wire_struct *type)
{
    if (is_known(type) || struct_count == STRUCTS_MAX)
        return;
    structs[struct_count++] = type;
    for (size_t i = 0; i < type->count; i++)
        if (type->fields[i].sub)
            collect(type->fields[i].sub);
}

/* How many messages have this body. */
static size_t count_uses(const struct wire_struct *body)
{
    size_t count = 0;
    for (size_t i = 0; i < protocol.count; i++)
        count += protocol.rows[i].body == body;
    return count;
}

/* What is inside of others, and bodies that several messages share. */
static void collect_all(void)
{
    for (size_t i = 0; i < protocol.count; i++) {
        const struct wire_struct *body = protocol.rows[i].body;
        if (body->count > 0 && count_uses(body) > 1)
            collect(body);
        for (size_t j = 0; j < body->count; j++)
            if (body->fields[j].sub)
                collect(body->fields[j].sub);
    }
}

static const char *kind_name(enum wire_kind kind)
{
    switch (kind) {
    case WIRE_BOOL:
        return "bool";
    case WIRE_U32:
        return "u32";
    case WIRE_U64:
        return "u64";
    case WIRE_I32:
        return "i32";
    case WIRE_STR:
        return "str";
    case WIRE_BIN:
        return "bin";
    case WIRE_STRS:
        return "array of str";
    case WIRE_STRUCT:
        return "map";
    case WIRE_STRUCTS:
        return "array of map";
    }
    return NULL;
}

static const char *limit_unit(enum wire_kind kind)
{
    bool counts = kind == WIRE_STRS || kind == WIRE_STRUCTS;
    return kind == WIRE_STR || kind == WIRE_BIN ? " bytes" : counts ? " elements" : "";
}

static void write_field(const struct wire_field *field)
{
    printf(".It Va %s Pq %s", field->name, kind_name(field->kind));
    if (field->sub)
        printf(" Em %s", name_of(field->sub));
    if (field->max > 0)
        printf(" , at most %llu%s", (unsigned long long)field->max, limit_unit(field->kind));
    puts(field->required ? " , required" : "");
    mdoc_text(field->doc);
}

static void write_fields(const struct wire_struct *type)
{
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < type->count; i++)
        write_field(&type->fields[i]);
    puts(".El");
}

static void write_fds(const struct wire_message *message)
{
    if (message->max_fds == 0)
        return;
    puts(".Pp");
    if (message->min_fds == message->max_fds)
        printf("File descriptors: %u.\n", message->max_fds);
    else
        printf("File descriptors: from %u to %u.\n", message->min_fds, message->max_fds);
}

static void write_message(const struct wire_message *message)
{
    printf(".Ss %u %s\n", message->type, message->name);
    mdoc_text(message->doc);
    write_fds(message);
    if (message->body->count == 0)
        puts(".Pp\nThere are no fields.");
    else if (is_known(message->body))
        printf(".Pp\nThe fields are those of\n.Em %s .\n", name_of(message->body));
    else
        write_fields(message->body);
}

static void write_messages(void)
{
    for (size_t i = 0; i < protocol.count; i++)
        write_message(&protocol.rows[i]);
}

static void write_structures(void)
{
    for (size_t i = 0; i < struct_count; i++) {
        printf(".Ss Structure %s\n", name_of(structs[i]));
        write_fields(structs[i]);
    }
}

static void write_versions(void)
{
    printf("This page describes protocol %u; programs of this release understand all from\n"
           "protocol %u on.\n",
           PROTOCOL_VERSION, PROTOCOL_LOWEST);
}

static void write_limits(void)
{
    printf(".Bl -column -compact \"nesting of arrays and maps\" \"4194304 bytes\"\n"
           ".It length of a frame Ta %u bytes\n"
           ".It nesting of arrays and maps Ta %u\n"
           ".It values in a frame Ta %u\n"
           ".It arguments, environment Ta %u elements\n"
           ".It name of a job Ta %u bytes\n"
           ".El\n",
           WIRE_FRAME_MAX, WIRE_DEPTH_MAX, WIRE_VALUES_MAX, JOB_ARGS_MAX, JOB_NAME_MAX);
}

static void begin_values(const char *title)
{
    printf(".Ss %s\n.Bl -tag -width 12n -compact\n", title);
}

static void write_value(unsigned value, const char *text)
{
    printf(".It %u\n", value);
    mdoc_text(text);
}

/* The compiler complains when an error code has no text here. */
static const char *error_text(enum error_code code)
{
    switch (code) {
    case ERROR_INTERNAL:
        return "internal: the fault of the program, or of the machine: no memory, no descriptors";
    case ERROR_MALFORMED:
        return "malformed: the message could not be decoded, or makes no sense";
    case ERROR_UNSUPPORTED:
        return "unsupported: an unknown message type, or one that this side does not take";
    case ERROR_VERSION:
        return "version: no protocol in common";
    case ERROR_NO_JOB:
        return "no job: the job spec matches nothing";
    case ERROR_AMBIGUOUS:
        return "ambiguous: the job spec matches several jobs";
    case ERROR_ATTACHED:
        return "attached: somebody else is attached";
    case ERROR_ENDED:
        return "ended: the job has ended already";
    case ERROR_LIVE:
        return "live: the job has not ended yet";
    case ERROR_NAME_TAKEN:
        return "name taken: a live job has that name";
    case ERROR_NAME_INVALID:
        return "name invalid: that cannot be a name";
    case ERROR_START:
        return "start: the program could not be started; stage and os_error say why";
    case ERROR_OS:
        return "os: a system call failed; os_error says how";
    case ERROR_LOST:
        return "lost: the job's holder does not answer, or died";
    case ERROR_CONFIG:
        return "config: the configuration file has a mistake; the old one holds";
    case ERROR_WAITING:
        return "waiting: the job is not running, it waits for its (next) start";
    case ERROR_NO_TERMINAL:
        return "no terminal: the job has none";
    case ERROR_BUSY:
        return "busy: a limit was reached";
    }
    return NULL;
}

static void write_errors(void)
{
    begin_values("Error codes");
    const char *text;
    for (unsigned code = 1; (text = error_text((enum error_code)code)); code++)
        write_value(code, text);
    puts(".El");
}

static void write_names(const char *title, unsigned first, unsigned end,
                        const char *(*name)(uint32_t value))
{
    begin_values(title);
    for (unsigned value = first; value < end; value++)
        write_value(value, name(value));
    puts(".El");
}

static void write_values(void)
{
    write_errors();
    write_names("Steps of starting a program", START_NONE + 1, START_STAGE_COUNT, start_stage_text);
    write_names("States of a job", JOB_QUEUED, JOB_STATE_COUNT, job_state_name);
    write_names("Reasons of a job's end", END_EXITED, END_REASON_COUNT, end_reason_name);
    write_names("Kinds of events", EVENT_GAP, EVENT_KIND_COUNT, event_kind_name);
}

int main(int argc, char **argv)
{
    static const struct mdoc_part parts[] = {
        {"versions", write_versions},     {"limits", write_limits},
        {"messages", write_messages},     {"values", write_values},
        {"structures", write_structures}, {NULL, NULL},
    };
    if (argc != 2) {
        fprintf(stderr, "usage: gen_protocol TEMPLATE >js-protocol.7\n");
        return 2;
    }
    collect_all();
    return mdoc_expand(argv[1], parts);
}

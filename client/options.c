#include "client/options.h"

#include "client/command.h"
#include "common/duration.h"
#include "common/escape.h"
#include "common/signame.h"
#include "common/size.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One run over a command line. */
struct parse {
    const struct command *command;
    char *options;
    char **argv;
    int argc;
    int at;              /* of the argument being read */
    int operands;        /* found so far, at argv + 1 */
    struct bytes *error; /* NULL: nobody asks what is wrong */
};

static const struct option_spec help_option = {
    .letter = 'h',
    .name = "help",
    .kind = OPTION_FLAG,
    .help = "show this help",
};

const struct option_spec *options_row(const struct command *command, size_t i)
{
    if (i < command->option_count)
        return &command->options[i];
    i -= command->option_count;
    if (command->extends)
        return options_row(command->extends, i);
    return i == 0 ? &help_option : NULL;
}

/* Appends before + text + after with text escaped. -EINVAL, so that callers can return it. */
static int complain(struct parse *p, const char *before, const char *text, size_t len,
                    const char *after)
{
    if (!p->error)
        return -EINVAL;
    int r = bytes_append_text(p->error, before);
    if (r == 0)
        r = escape_append(p->error, text, len);
    if (r == 0)
        r = bytes_append_text(p->error, after);
    return r < 0 ? r : -EINVAL;
}

/* "'--grace': 'x' is not a duration: ..." */
static int complain_value(struct parse *p, const char *shown, const char *value, const char *kind,
                          const char *syntax)
{
    int r = p->error ? bytes_printf(p->error, "'%s': '", shown) : -EINVAL;
    if (r == 0)
        r = complain(p, "", value, strlen(value), "' is not ");
    return r != -EINVAL ? r : complain(p, kind, "", 0, syntax);
}

static int parse_count(const char *text, uint64_t *ret)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return -EINVAL;
        number = number * 10 + digit;
    }
    if (at == text || *at != '\0')
        return -EINVAL;
    *ret = number;
    return 0;
}

static int list_append(struct option_list *list, const char *item)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 4;
        const char **items = reallocarray(list->items, room, sizeof(*items));
        if (!items)
            return -ENOMEM;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return 0;
}

/* Stores value, NULL for a flag; shown is the option as messages call it. 0, or 1 for --help. */
static int set_value(struct parse *p, const struct option_spec *spec, const char *shown,
                     const char *value)
{
    void *member = p->options + spec->offset;
    int sig;
    switch (spec->kind) {
    case OPTION_FLAG:
        if (spec == &help_option)
            return 1;
        *(bool *)member = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)member = value;
        return 0;
    case OPTION_LIST:
        return list_append(member, value);
    case OPTION_DURATION:
        if (duration_parse(value, member) == 0)
            return 0;
        return complain_value(p, shown, value, "a duration: ", DURATION_SYNTAX);
    case OPTION_SIGNAL:
        sig = signame_parse(value);
        if (sig < 0)
            return complain_value(p, shown, value, "a signal: ", SIGNAME_SYNTAX);
        *(int *)member = sig;
        return 0;
    case OPTION_COUNT:
        if (parse_count(value, member) == 0)
            return 0;
        return complain_value(p, shown, value, "a number: ", "write digits only");
    case OPTION_SIZE:
        if (size_parse(value, member) == 0)
            return 0;
        return complain_value(p, shown, value, "a size: ", SIZE_SYNTAX);
    }
    assert(!"an option kind without a case");
    return -EINVAL;
}

/* Takes the argument behind the option as its value. */
static int set_from_next(struct parse *p, const struct option_spec *spec, const char *shown)
{
    if (p->at + 1 >= p->argc)
        return complain(p, "option '", shown, strlen(shown), "' needs a value");
    return set_value(p, spec, shown, p->argv[++p->at]);
}

static int complain_ambiguous(struct parse *p, const char *text, size_t len)
{
    int r = complain(p, "option '--", text, len, "' is ambiguous: ");
    const char *gap = "";
    const struct option_spec *spec;
    for (size_t i = 0; r == -EINVAL && p->error && (spec = options_row(p->command, i)); i++) {
        if (!spec->name || strncmp(spec->name, text, len) != 0)
            continue;
        int failed = bytes_printf(p->error, "%s'--%s'", gap, spec->name);
        r = failed < 0 ? failed : r;
        gap = ", ";
    }
    return r;
}

/* Finds the long option that text, len bytes, is or begins. 0, -EINVAL or -ENOMEM. */
static int find_long(struct parse *p, const char *text, size_t len, const struct option_spec **ret)
{
    const struct option_spec *spec, *found = NULL;
    size_t matches = 0;
    for (size_t i = 0; len > 0 && (spec = options_row(p->command, i)); i++) {
        if (!spec->name || strncmp(spec->name, text, len) != 0)
            continue;
        found = spec;
        matches++;
        if (spec->name[len] == '\0') {
            matches = 1;
            break;
        }
    }
    if (matches == 0)
        return complain(p, "unknown option '--", text, len, "'");
    if (matches > 1)
        return complain_ambiguous(p, text, len);
    *ret = found;
    return 0;
}

/* "--name", "--name=value", "--name value"; text is behind the dashes. */
static int parse_long(struct parse *p, const char *text)
{
    const char *equals = strchr(text, '=');
    const struct option_spec *spec;
    int r = find_long(p, text, equals ? (size_t)(equals - text) : strlen(text), &spec);
    if (r < 0)
        return r;
    char shown[64];
    size_t len = strlen(spec->name);
    assert(len < sizeof(shown) - 2);
    memcpy(shown, "--", 2);
    memcpy(shown + 2, spec->name, len + 1);
    if (spec->kind == OPTION_FLAG)
        return equals ? complain(p, "option '", shown, len + 2, "' takes no value")
                      : set_value(p, spec, shown, NULL);
    return equals ? set_value(p, spec, shown, equals + 1) : set_from_next(p, spec, shown);
}

/* The row with this letter, or NULL. */
static const struct option_spec *find_letter(const struct command *command, char letter)
{
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)); i++)
        if (spec->letter == letter)
            return spec;
    return NULL;
}

/* "-9", "-TERM", as kill(1) takes them, for a command that has an option for a signal; else NULL.
 */
static const struct option_spec *find_signal(const struct command *command, const char *text)
{
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)); i++)
        if (spec->kind == OPTION_SIGNAL)
            return signame_parse(text) > 0 ? spec : NULL;
    return NULL;
}

/* "-d", "-dn5", "-dn 5"; text is behind the dash. */
static int parse_cluster(struct parse *p, const char *text)
{
    const struct option_spec *spec = find_letter(p->command, *text);
    if (!spec && (spec = find_signal(p->command, text)))
        return set_value(p, spec, "-s", text);
    for (; *text; text++) {
        spec = find_letter(p->command, *text);
        if (!spec) {
            size_t len = 1;
            while (((unsigned char)text[len] & 0xc0) == 0x80)
                len++;
            return complain(p, "unknown option '-", text, len, "'");
        }
        const char shown[] = {'-', *text, '\0'};
        if (spec->kind != OPTION_FLAG)
            return text[1] ? set_value(p, spec, shown, text + 1) : set_from_next(p, spec, shown);
        int r = set_value(p, spec, shown, NULL);
        if (r != 0)
            return r;
    }
    return 0;
}

/* Moves the arguments from at on to the operands: all of them, or the one at at. */
static void take_operands(struct parse *p, bool all)
{
    do
        p->argv[1 + p->operands++] = p->argv[p->at++];
    while (all && p->at < p->argc);
}

static int parse_all(struct parse *p)
{
    p->at = 1;
    while (p->at < p->argc) {
        const char *text = p->argv[p->at];
        if (text[0] != '-' || text[1] == '\0') {
            take_operands(p, p->command->stop_at_operand);
            continue;
        }
        if (strcmp(text, "--") == 0) {
            if (++p->at < p->argc)
                take_operands(p, true);
            continue;
        }
        int r = text[1] == '-' ? parse_long(p, text + 2) : parse_cluster(p, text + 1);
        if (r != 0)
            return r;
        p->at++;
    }
    return 0;
}

void options_begin(const struct command *command, void *options)
{
    if (command->options_size > 0)
        memset(options, 0, command->options_size);
    if (command->extends)
        options_begin(command->extends, options);
    else if (command->defaults)
        memcpy(options, command->defaults, command->options_size);
}

static int parse_flag(const char *text, bool *ret)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = i % 2;
            return 0;
        }
    }
    return -EINVAL;
}

int options_set(const struct command *command, void *options, const char *name, const char *value,
                struct bytes *error)
{
    struct parse p = {.command = command, .options = options, .error = error};
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)) && spec != &help_option; i++) {
        if (!spec->name || strcmp(spec->name, name) != 0)
            continue;
        if (spec->kind != OPTION_FLAG)
            return set_value(&p, spec, name, value);
        if (parse_flag(value, (bool *)((char *)options + spec->offset)) == 0)
            return 0;
        return complain_value(&p, name, value, "yes or no", "");
    }
    return -ENOENT;
}

int options_parse(const struct command *command, int argc, char **argv, void *options,
                  char ***ret_operands, int *ret_count, struct bytes *error)
{
    struct parse p = {
        .command = command, .options = options, .argv = argv, .argc = argc, .error = error};
    int r = parse_all(&p);
    if (r != 0) {
        options_finish(command, options);
        return r;
    }
    /* With fewer operands than arguments the end moved down; argv[argc] is NULL already. */
    if (1 + p.operands < argc)
        argv[1 + p.operands] = NULL;
    *ret_operands = argc > 0 ? argv + 1 : argv;
    *ret_count = p.operands;
    return 0;
}

void options_finish(const struct command *command, void *options)
{
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)); i++) {
        if (spec->kind != OPTION_LIST)
            continue;
        struct option_list *list = (void *)((char *)options + spec->offset);
        free(list->items);
        *list = (struct option_list){0};
    }
}

/* Steps over an option, not its value. The option when the value is the next argument, or NULL. */
static const struct option_spec *locate_option(struct parse *p, const char *text)
{
    const struct option_spec *spec;
    if (text[1] == '-') {
        size_t len = strcspn(text + 2, "=");
        bool known = find_long(p, text + 2, len, &spec) == 0;
        return known && spec->arg && text[2 + len] == '\0' ? spec : NULL;
    }
    while (*++text) {
        spec = find_letter(p->command, *text);
        if (spec && spec->arg)
            return text[1] == '\0' ? spec : NULL;
    }
    return NULL;
}

void options_locate(const struct command *command, int argc, char **argv, struct options_place *ret)
{
    struct parse p = {.command = command, .argv = argv, .argc = argc};
    *ret = (struct options_place){0};
    for (p.at = 1; p.at < argc; p.at++) {
        const char *text = argv[p.at];
        ret->value_of = NULL;
        if (ret->options_ended || text[0] != '-' || text[1] == '\0') {
            ret->first_operand = ret->operands++ == 0 ? p.at : ret->first_operand;
            ret->options_ended |= command->stop_at_operand;
        } else if (strcmp(text, "--") == 0) {
            ret->options_ended = true;
        } else {
            ret->value_of = locate_option(&p, text);
            p.at += ret->value_of != NULL;
        }
    }
    /* Only an option at the very end still waits for its value. */
    if (p.at == argc)
        ret->value_of = NULL;
    if (ret->operands == 0)
        ret->first_operand = argc;
}

/*
 * The help text. Nothing here fails but for want of memory, always with -ENOMEM, so results are
 * joined with | and looked at once.
 */

enum {
    WIDTH = 80,
    LABEL_MAX = 28, /* a longer option has its text on the next line */
};

/* Columns of text that is ours: UTF-8 without wide or combining characters. */
static size_t columns(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static int append_spaces(struct bytes *out, size_t count)
{
    return bytes_printf(out, "%*s", (int)count, "");
}

/* Whether the gap at text ends a paragraph. */
static bool is_break(const char *text, size_t gap)
{
    const char *line_end = memchr(text, '\n', gap);
    return line_end && memchr(line_end + 1, '\n', gap - (size_t)(line_end + 1 - text));
}

/*
 * Appends the words of text from column at on, breaking lines before WIDTH; further lines start at
 * indent. Empty lines stay between paragraphs. Ends the last line.
 */
static int append_wrapped(struct bytes *out, const char *text, size_t at, size_t indent)
{
    int r = 0;
    bool fresh = true; /* no word on this line yet */
    bool any = false;
    for (;;) {
        size_t gap = strspn(text, " \n");
        size_t len = strcspn(text + gap, " \n");
        if (len == 0)
            return r | bytes_append_text(out, "\n");
        size_t width = columns(text + gap, len);
        bool paragraph = any && is_break(text, gap);
        if (paragraph || (!fresh && at + 1 + width > WIDTH)) {
            r |= bytes_append_text(out, paragraph ? "\n\n" : "\n") | append_spaces(out, indent);
            at = indent;
            fresh = true;
        }
        r |= bytes_append_text(out, fresh ? "" : " ") | bytes_append(out, text + gap, len);
        at += width + (fresh ? 0 : 1);
        fresh = false;
        any = true;
        text += gap + len;
    }
}

/* Appends text with each line indented by two. */
static int append_indented(struct bytes *out, const char *text)
{
    int r = 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        r |= append_spaces(out, len > 0 ? 2 : 0) | bytes_append(out, text, len) |
             bytes_append_text(out, "\n");
        text += len + (text[len] == '\n');
    }
    return r;
}

/* Appends "  -n, --name=NAME". */
static int append_label(struct bytes *out, const struct option_spec *spec)
{
    int r = spec->letter ? bytes_printf(out, "  -%c", spec->letter) : append_spaces(out, 4);
    if (spec->name)
        r |= bytes_printf(out, "%s --%s", spec->letter ? "," : " ", spec->name);
    if (spec->arg)
        r |= bytes_printf(out, "%s%s", spec->name ? "=" : " ", spec->arg);
    return r;
}

static int append_option(struct bytes *out, const struct option_spec *spec, size_t column)
{
    size_t before = out->len;
    int r = append_label(out, spec);
    size_t used = columns((const char *)out->data + before, out->len - before);
    if (used + 2 > column) {
        r |= bytes_append_text(out, "\n");
        used = 0;
    }
    return r | append_spaces(out, column - used) | append_wrapped(out, spec->help, column, column);
}

/* The column where the texts of the command's options start. */
static size_t help_column(const struct command *command)
{
    size_t widest = 0;
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)); i++) {
        size_t width = strlen("  -x") + (spec->name ? strlen(", --") + strlen(spec->name) : 0) +
                       (spec->arg ? 1 + strlen(spec->arg) : 0);
        if (width > widest && width <= LABEL_MAX)
            widest = width;
    }
    return widest + 2;
}

static int append_usage(const struct command *command, struct bytes *out)
{
    size_t start = out->len;
    int r = bytes_printf(out, "Usage: js %s ", command->name);
    size_t at = out->len - start;
    struct bytes tail = {0};
    r |= bytes_append_text(&tail, "[OPTION]... ");
    /* What is somebody else's command line may begin with a dash. */
    if (command->stop_at_operand)
        r |= bytes_append_text(&tail, "[--] ");
    r |= bytes_append_text(&tail, command->operands ? command->operands : "");
    r |= bytes_append(&tail, "", 1);
    if (r == 0)
        r = append_wrapped(out, (const char *)tail.data, at, at);
    bytes_finish(&tail);
    return r;
}

static int append_aliases(const struct command *command, struct bytes *out)
{
    if (!command->aliases || !command->aliases[0])
        return 0;
    int r = bytes_append_text(out, "\nAlso called: ");
    for (const char *const *alias = command->aliases; *alias; alias++)
        r |= bytes_printf(out, "%s%s", alias == command->aliases ? "" : ", ", *alias);
    return r | bytes_append_text(out, "\n");
}

int options_help(const struct command *command, struct bytes *out)
{
    int r = append_usage(command, out) | append_wrapped(out, command->summary, 0, 0);
    if (command->description)
        r |= bytes_append_text(out, "\n") | append_wrapped(out, command->description, 0, 0);
    r |= append_aliases(command, out) | bytes_append_text(out, "\nOptions:\n");
    size_t column = help_column(command);
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)); i++)
        r |= append_option(out, spec, column);
    if (command->examples)
        r |= bytes_append_text(out, "\nExamples:\n") | append_indented(out, command->examples);
    return r;
}

#include "man/mdoc.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    PARTS_MAX = 16,
    LINE_MAX_COLUMNS = 72, /* before escapes */
};

/* What roff would change or take as an escape. */
static void put(char c)
{
    switch (c) {
    case '\\':
        fputs("\\e", stdout);
        break;
    case '^':
        fputs("\\(ha", stdout);
        break;
    case '~':
        fputs("\\(ti", stdout);
        break;
    case '`':
        fputs("\\(ga", stdout);
        break;
    case '\'':
        fputs("\\(aq", stdout);
        break;
    case '-':
        fputs("\\-", stdout);
        break;
    default:
        putchar(c);
    }
}

void mdoc_literal(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '.' && (at == text || at[-1] == '\n'))
            fputs("\\&", stdout);
        put(*at);
    }
}

/* Whether a sentence ends with the word and another one begins after it. */
static bool ends_sentence(const char *word, size_t len)
{
    return word[len - 1] == '.' && word[len] == ' ' && isupper((unsigned char)word[len + 1]);
}

/* Options are to be found by searching; other words may be broken at their hyphens. */
static void put_word(const char *word, size_t len)
{
    if (*word == '.')
        fputs("\\&", stdout);
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '-' && i > 0 && word[i - 1] != '-')
            putchar('-');
        else
            put(word[i]);
    }
}

void mdoc_text(const char *text)
{
    size_t column = 0;
    for (;;) {
        size_t gap = strspn(text, " \n");
        bool paragraph = column > 0 && gap >= 2 && memchr(text, '\n', gap);
        text += gap;
        size_t len = strcspn(text, " \n");
        if (len == 0)
            break;
        if (column > 0 && (paragraph || column + 1 + len > LINE_MAX_COLUMNS)) {
            fputs(paragraph ? "\n.Pp\n" : "\n", stdout);
            column = 0;
        }
        if (column > 0)
            putchar(' ');
        put_word(text, len);
        column += len + 1;
        if (ends_sentence(text, len)) {
            putchar('\n');
            column = 0;
        }
        text += len;
    }
    if (column > 0)
        putchar('\n');
}

/* The part that the template's line names, or NULL for a line of its own. */
static const struct mdoc_part *find(const char *line, const struct mdoc_part *parts)
{
    size_t len = strcspn(line, "\n");
    if (len < 3 || line[0] != '@' || line[len - 1] != '@')
        return NULL;
    while (parts->name &&
           (strlen(parts->name) != len - 2 || strncmp(line + 1, parts->name, len - 2) != 0))
        parts++;
    return parts;
}

static int check_all_used(const char *path, const struct mdoc_part *parts, const bool *used)
{
    for (size_t i = 0; parts[i].name; i++)
        if (!used[i]) {
            fprintf(stderr, "%s: there is no line @%s@\n", path, parts[i].name);
            return 1;
        }
    return 0;
}

int mdoc_expand(const char *path, const struct mdoc_part *parts)
{
    char line[1024];
    bool used[PARTS_MAX] = {false};
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return 1;
    }
    while (fgets(line, sizeof(line), file)) {
        const struct mdoc_part *part = find(line, parts);
        if (!part) {
            fputs(line, stdout);
        } else if (!part->name) {
            fprintf(stderr, "%s: unknown part %s", path, line);
            fclose(file);
            return 1;
        } else {
            part->write();
            used[part - parts] = true;
        }
    }
    fclose(file);
    return fflush(stdout) == 0 ? check_all_used(path, parts, used) : 1;
}

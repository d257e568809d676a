#include "server/watcher/gitignore.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "server/watcher/path_glob.h"

/* The length without blanks at the end, unless they are quoted ("\ "). */
static size_t trimmed(const char *line, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        bool quotes = line[i] == '\\';
        if (quotes && ++i == len)
            return len;
        if (quotes || line[i] != ' ')
            kept = i + 1;
    }
    return kept;
}

/* What the rule says but for its pattern, whose text is left in *line and *len. */
static struct gitignore_rule read_marks(const char **line, size_t *len)
{
    struct gitignore_rule rule = {0};
    if (*len > 0 && **line == '!') {
        rule.negative = true;
        ++*line;
        --*len;
    }
    if (*len > 0 && (*line)[*len - 1] == '/') {
        rule.directories = true;
        --*len;
    }
    rule.name_only = !memchr(*line, '/', *len);
    if (*len > 0 && **line == '/') {
        ++*line;
        --*len;
    }
    return rule;
}

static int append(struct gitignore *rules, const struct gitignore_rule *rule)
{
    if (rules->count == rules->room) {
        size_t room = rules->room ? 2 * rules->room : 8;
        struct gitignore_rule *more = reallocarray(rules->rules, room, sizeof(*more));
        if (!more)
            return -ENOMEM;
        rules->rules = more;
        rules->room = room;
    }
    rules->rules[rules->count++] = *rule;
    return 0;
}

int gitignore_add_line(struct gitignore *rules, const char *line, size_t len)
{
    len = trimmed(line, len);
    if (len == 0 || line[0] == '#' || memchr(line, '\0', len))
        return 0;
    struct gitignore_rule rule = read_marks(&line, &len);
    rule.pattern = path_glob_split(line, len);
    if (!rule.pattern)
        return errno == EINVAL ? 0 : -ENOMEM;
    int r = append(rules, &rule);
    if (r < 0)
        free(rule.pattern);
    return r;
}

int gitignore_add_text(struct gitignore *rules, const char *text, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf"; /* U+FEFF, as some editors begin a file */
    const char *end = text + len;
    int r = 0;
    if (len >= 3 && memcmp(text, mark, 3) == 0)
        text += 3;
    while (r == 0 && text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t line_len = (size_t)((line_end ? line_end : end) - text);
        bool cr = line_len > 0 && text[line_len - 1] == '\r';
        r = gitignore_add_line(rules, text, line_len - cr);
        text += line_len + 1;
    }
    return r;
}

static bool rule_matches(const struct gitignore_rule *rule, const char *path, const char *name,
                         bool is_directory)
{
    if (rule->directories && !is_directory)
        return false;
    return rule->name_only ? fnmatch(rule->pattern, name, 0) == 0
                           : path_glob_matches(rule->pattern, path);
}

enum gitignore_verdict gitignore_verdict(const struct gitignore *rules, const char *path,
                                         bool is_directory)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = rules->count; i-- > 0;)
        if (rule_matches(&rules->rules[i], path, name, is_directory))
            return rules->rules[i].negative ? GITIGNORE_INCLUDED : GITIGNORE_IGNORED;
    return GITIGNORE_UNDECIDED;
}

void gitignore_finish(struct gitignore *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free(rules->rules[i].pattern);
    free(rules->rules);
    *rules = (struct gitignore){0};
}

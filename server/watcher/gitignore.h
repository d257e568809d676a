/*
 * What a .gitignore says of a path (gitignore(5)), without a file system: the rules of one file, or
 * of options that are written in the same way. Names are bytes, as for git.
 */
#ifndef JS_SERVER_WATCHER_GITIGNORE_H
#define JS_SERVER_WATCHER_GITIGNORE_H

#include <stdbool.h>
#include <stddef.h>

struct gitignore_rule {
    char *pattern;    /* see path_glob_split; owned */
    bool negative;    /* "!": what it matches is not ignored */
    bool directories; /* "/" at the end: it is for directories only */
    bool name_only;   /* no other slash: it is for the last component, at any depth */
};

/* Zero-initialise before the first use. */
struct gitignore {
    struct gitignore_rule *rules; /* the last one that matches counts */
    size_t count, room;
};

enum gitignore_verdict {
    GITIGNORE_UNDECIDED, /* no rule matches */
    GITIGNORE_IGNORED,
    GITIGNORE_INCLUDED,
};

/* Adds what one line of len bytes says; comments, empty lines and patterns that match nothing add
 * nothing. 0 or -ENOMEM. */
int gitignore_add_line(struct gitignore *rules, const char *line, size_t len);

/* Adds every line of a file's text. 0 or -ENOMEM. */
int gitignore_add_text(struct gitignore *rules, const char *text, size_t len);

/*
 * The verdict on a path relative to the rules' directory. Of the directories that it is in nothing
 * is asked: below one that is ignored, git does not look at all.
 */
enum gitignore_verdict gitignore_verdict(const struct gitignore *rules, const char *path,
                                         bool is_directory);

/* Frees the rules; it is empty then, and can be used again. */
void gitignore_finish(struct gitignore *rules);

#endif

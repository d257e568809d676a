/*
 * Files of `key = value` lines and [sections], read by inih: '#' and ';' begin comments, a value
 * goes on in lines that begin with a blank. Lines are counted here (inih hands over no numbers
 * unless it was built to), headings without keys are seen, and what is too long for inih's buffer
 * is refused: inih takes the rest for a line of its own.
 */
#ifndef JS_COMMON_INIFILE_H
#define JS_COMMON_INIFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct inifile {
    /*
     * A key in a section ("" = before the first), or with name and value NULL a heading. Returns
     * whether to go on: not, after inifile_complain.
     */
    bool (*take)(struct inifile *file, const char *section, const char *name, const char *value);
    void *data;
    bool skipping; /* set by take at a heading: what follows up to the next one is not looked at */

    const char *path;
    int line; /* being read, from 1 */
    FILE *stream;
    char *text; /* for what is wrong */
    size_t size;
    bool failed;
};

/*
 * Reads the file at path. 0; -ENOENT or another -errno of opening it, -EINVAL or -ENOMEM, with text
 * (of size bytes) for the user that names path and line.
 */
int inifile_read(struct inifile *file, const char *path, char *text, size_t size);

/* "PATH, line 3: PROBLEM: HINT" becomes the text, unless there is one. Returns false. */
bool inifile_complain(struct inifile *file, const char *problem, const char *hint);

#endif

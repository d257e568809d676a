/*
 * Writing manual pages in mdoc(7) on stdout: a page is a hand-written template in which lines of
 * the form "@name@" stand for parts that come from the program's own tables.
 */
#ifndef JS_MAN_MDOC_H
#define JS_MAN_MDOC_H

struct mdoc_part {
    const char *name; /* without the "@"s */
    void (*write)(void);
};

/*
 * Copies the template to stdout with the parts (NULL name at the end) in their places. The exit
 * status for main: 0, or 1 with a message when the template cannot be read, names a part that is
 * not there, or leaves one out.
 */
int mdoc_expand(const char *path, const struct mdoc_part *parts);

/* Running text: each sentence starts a line, an empty line becomes a paragraph. */
void mdoc_text(const char *text);

/* Text within a line, or lines of an example, with nothing in it that roff would take for its own:
 * to be copied from the page and pasted into a shell. */
void mdoc_literal(const char *text);

#endif

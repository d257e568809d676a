/*
 * What `js ls -o` and `js show -o` can tell of a job, one value each. As a cell of a table a value
 * is short and rounded; alone it is exact: bytes, seconds, whole times.
 */
#ifndef JS_CLIENT_COLUMNS_H
#define JS_CLIENT_COLUMNS_H

#include "client/jobs_view.h"
#include "client/table.h"

#define COLUMNS_MOST 32u /* in one list */

struct column {
    const char *name;  /* as the user writes it */
    const char *title; /* in a table */
    unsigned flags;    /* enum table_column_flags, TABLE_DROP(n) */
    bool usage;        /* the holder has to be asked for it (msg_list.usage) */
    const char *doc;   /* for the manual and for completions */
    /* Appends the value of a job of the view; nothing when there is none. 0 or -ENOMEM. */
    int (*append)(const struct jobs_view *view, const struct job_info *job, bool exact,
                  struct bytes *out);
};

extern const struct column column_table[];
extern const size_t column_count;

/* Those that `js ls` shows, as a list. */
#define COLUMNS_DEFAULT "id,mark,state,name,attached,age,exit,command"

struct columns_list {
    const struct column *items[COLUMNS_MOST];
    size_t count;
    bool usage; /* of any */
};

/*
 * Reads "id,state,cpu". 0, or -EINVAL with the user told what is wrong, in the name of the command,
 * and which columns there are.
 */
int columns_parse(const char *text, const char *command, struct columns_list *ret);

/* Appends a table of the jobs to out. width: as table_print; drops: columns may be left out where
 * there is no room. 0 or -ENOMEM. */
int columns_table(const struct columns_list *list, const struct jobs_view *view, unsigned width,
                  bool drops, struct bytes *out);

/* Appends a line for each job: the exact values with tabs between them. 0 or -ENOMEM. */
int columns_values(const struct columns_list *list, const struct jobs_view *view,
                   struct bytes *out);

#endif

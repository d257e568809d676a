/* Jobs as a table for people: ls, prune --dry-run. */
#ifndef JS_CLIENT_JOBS_TABLE_H
#define JS_CLIENT_JOBS_TABLE_H

#include "client/columns.h"

/*
 * Prints the view on stdout, fitted to the terminal if it is one; drops: columns may be left out
 * for that. With paged, it goes through a pager when it is longer than the screen
 * (client/pager.h). Returns the exit status.
 */
int jobs_table_print(const struct jobs_view *view, const struct columns_list *columns, bool drops,
                     bool paged);

#endif

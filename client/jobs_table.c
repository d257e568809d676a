#include "client/jobs_table.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/pager.h"
#include "client/report.h"

static unsigned screen_width(void)
{
    struct winsize size;
    return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int write_text(const struct bytes *text, bool paged)
{
    int r = paged ? pager_show(text->data, text->len) : 0;
    if (!paged)
        fwrite(text->data, 1, text->len, stdout);
    return r < 0 ? report_error("cannot write to standard output: %s", strerror(-r)) : 0;
}

int jobs_table_print(const struct jobs_view *view, const struct columns_list *columns, bool drops,
                     bool paged)
{
    struct bytes text = {0};
    int r = columns_table(columns, view, screen_width(), drops, &text);
    int status = r < 0 ? report_error("out of memory") : write_text(&text, paged);
    bytes_finish(&text);
    return status;
}

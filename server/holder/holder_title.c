/* The title of the job's terminal, told to the servers when it changes: not more often than every
 * TITLE_EVERY_MS, for there are programs that show their progress in it. */
#include "server/holder/holder.h"

#include <string.h>

#define TITLE_EVERY_MS 250u

/* Whether the title is another than the servers know. */
static bool title_differs(const struct holder *holder)
{
    const char *now = tracker_title(holder->tracker), *told = holder->info.title;
    return now && told ? strcmp(now, told) != 0 : now != told;
}

static void on_title_timer(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    if (job_state_is_final(holder->state) || !title_differs(holder))
        return;
    holder->title_told_ms = uv_now(&holder->loop);
    if (wire_set_str(&holder->info.title, tracker_title(holder->tracker)) == 0)
        control_publish_title(holder);
}

void holder_check_title(struct holder *holder)
{
    if (uv_is_active((uv_handle_t *)&holder->title_timer) || !title_differs(holder))
        return;
    uint64_t since = uv_now(&holder->loop) - holder->title_told_ms;
    uint64_t delay = since < TITLE_EVERY_MS ? TITLE_EVERY_MS - since : 0;
    uv_timer_start(&holder->title_timer, on_title_timer, delay, 0);
}

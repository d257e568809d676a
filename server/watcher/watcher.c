#include "server/watcher/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/fd.h"
#include "common/log.h"
#include "server/watcher/ignore_base.h"
#include "server/watcher/watch_tree.h"

#define LEAVE_OUT "leave directories out with .gitignore or --ignore"

struct watcher {
    const char *root;
    uint64_t since_ns;
    struct filter filter;
    struct ignore_level *base;
    struct watch_tree tree;
    struct changes changes;
    uint64_t first_ms, last_ms; /* when the present change began, and was seen last */
    bool told_unreadable, told_full;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Records. A holder that is gone is found by poll. */

static void tell(enum watcher_record type, const char *text)
{
    char record[WATCHER_RECORD_MAX];
    int n = snprintf(record, sizeof(record), "%c%s", (char)type, text);
    size_t len = (size_t)n < sizeof(record) ? (size_t)n : sizeof(record) - 1;
    fd_write_all(WATCHER_FD, record, len + 1);
}

static uint64_t watch_limit(void)
{
    char buf[32] = "";
    _cleanup_fd_ int fd = open("/proc/sys/fs/inotify/max_user_watches", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
    return n > 0 ? strtoull(buf, NULL, 10) : 0;
}

static void tell_full(struct watcher *watcher)
{
    char text[512];
    uint64_t limit = watch_limit();
    snprintf(text, sizeof(text),
             "only %zu directories are watched, the others are not: the limit of inotify watches "
             "is reached (fs.inotify.max_user_watches is %" PRIu64
             "); raise it with sysctl fs.inotify.max_user_watches=%" PRIu64 ", or " LEAVE_OUT,
             watcher->tree.count, limit, limit > 262144 ? 2 * limit : UINT64_C(524288));
    tell(WATCHER_WARNING, text);
    watcher->told_full = true;
}

static void tell_unreadable(struct watcher *watcher)
{
    struct bytes text = {0};
    const struct watch_tree *tree = &watcher->tree;
    int r = bytes_append_text(&text, "cannot watch ");
    if (r == 0)
        r = escape_append(&text, tree->unreadable_at.data, tree->unreadable_at.len);
    if (r == 0 && tree->unreadable > 1)
        r = bytes_printf(&text, " and %zu other directories", tree->unreadable - 1);
    if (r == 0)
        r = bytes_printf(&text, ": %s; make them readable, or " LEAVE_OUT,
                         strerror(tree->unreadable_error));
    if (r == 0)
        r = bytes_append(&text, "", 1);
    if (r == 0)
        tell(WATCHER_WARNING, (const char *)text.data);
    bytes_finish(&text);
    watcher->told_unreadable = true;
}

/* Each once: what was not watched then is known to be so. */
static void tell_gaps(struct watcher *watcher)
{
    if (watcher->tree.full && !watcher->told_full)
        tell_full(watcher);
    if (watcher->tree.unreadable > 0 && !watcher->told_unreadable)
        tell_unreadable(watcher);
}

static void tell_gone(struct watcher *watcher)
{
    struct bytes text = {0};
    int r = escape_append(&text, watcher->root, strlen(watcher->root));
    if (r == 0)
        r = bytes_append_text(&text, " was removed or renamed: nothing is watched any more");
    if (r == 0)
        r = bytes_append(&text, "", 1);
    tell(WATCHER_END, r == 0 ? (const char *)text.data : "the directory is gone");
    bytes_finish(&text);
}

static void tell_failure(int error)
{
    char text[256];
    const char *why = strerror(error);
    const char *what = "";
    if (error == EMFILE)
        what = "; the limit of inotify instances is reached: raise it with sysctl "
               "fs.inotify.max_user_instances=1024";
    else if (error == ENOSPC)
        what = "; the limit of inotify watches is reached: raise it with sysctl "
               "fs.inotify.max_user_watches=524288";
    snprintf(text, sizeof(text), "nothing is watched: %s%s", why, what);
    tell(WATCHER_END, text);
}

/* The path to be named: one that is still there, rather than an editor's temporary file. */
static size_t choose_path(const struct watcher *watcher)
{
    char path[PATH_MAX];
    struct stat st;
    for (size_t i = 0; i < watcher->changes.count; i++) {
        int n = snprintf(path, sizeof(path), "%s/%s", watcher->root, watcher->changes.paths[i]);
        if ((size_t)n < sizeof(path) && lstat(path, &st) == 0)
            return i;
    }
    return 0;
}

static void tell_change(struct watcher *watcher)
{
    struct bytes text = {0};
    int r = changes_text(&watcher->changes, choose_path(watcher), &text);
    if (r == 0)
        r = bytes_append(&text, "", 1);
    tell(WATCHER_CHANGE, r == 0 ? (const char *)text.data : "many files");
    bytes_finish(&text);
    changes_clear(&watcher->changes);
}

/* The loop */

/* Milliseconds until the present change is to be told; -1 = there is none. */
static int time_left(const struct watcher *watcher, uint64_t now)
{
    if (!changes_any(&watcher->changes))
        return -1;
    uint64_t quiet = watcher->last_ms + WATCHER_QUIET_MS;
    uint64_t most = watcher->first_ms + WATCHER_MOST_MS;
    uint64_t due = quiet < most ? quiet : most;
    return due > now ? (int)(due - now) : 0;
}

static int read_events(struct watcher *watcher)
{
    bool any = changes_any(&watcher->changes);
    size_t seen = watcher->changes.seen;
    int r = watch_tree_read(&watcher->tree);
    if (watcher->changes.seen != seen) {
        watcher->last_ms = now_ms();
        if (!any)
            watcher->first_ms = watcher->last_ms;
    }
    tell_gaps(watcher);
    return r;
}

/* 0 when the holder is gone, or nothing is left to watch; or -errno. */
static int watch(struct watcher *watcher)
{
    struct pollfd polled[] = {{.fd = watcher->tree.fd, .events = POLLIN}, {.fd = WATCHER_FD}};
    int r = 0;
    while (r == 0) {
        int n = poll(polled, 2, time_left(watcher, now_ms()));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0 && polled[1].revents) /* POLLERR: nobody reads any more, see pipe(7) */
            return 0;
        if (n > 0 && polled[0].revents)
            r = read_events(watcher);
        if (r == 0 && time_left(watcher, now_ms()) == 0) {
            watch_tree_check(&watcher->tree);
            if (!watcher->tree.gone)
                tell_change(watcher);
        }
        if (watcher->tree.gone) {
            tell_gone(watcher);
            return 0;
        }
    }
    return r;
}

static int serve(struct watcher *watcher)
{
    int r = ignore_base_create(watcher->root, &watcher->base);
    if (r == 0)
        r = watch_tree_open(&watcher->tree, watcher->root, &watcher->filter, watcher->base,
                            &watcher->changes, watcher->since_ns);
    if (r < 0)
        return r;
    watcher->first_ms = watcher->last_ms = now_ms();
    tell(WATCHER_READY, "");
    tell_gaps(watcher);
    return watch(watcher);
}

static int read_patterns(struct filter *filter, int argc, char **argv)
{
    int r = filter_init(filter);
    for (int i = 0; r == 0 && i + 1 < argc; i += 2)
        r = strcmp(argv[i], WATCHER_IGNORE_OPTION) == 0 ? filter_ignore(filter, argv[i + 1])
                                                        : filter_watch(filter, argv[i + 1]);
    return r;
}

int watcher_main(int argc, char **argv)
{
    static struct watcher watcher = {.tree = {.fd = -1}};
    char name[16];
    if (argc < 3)
        return 2;
    snprintf(name, sizeof(name), "js-watch-%s", argv[0]);
    prctl(PR_SET_NAME, name);
    log_set_job((uint32_t)strtoul(argv[0], NULL, 10));
    signal(SIGPIPE, SIG_IGN);
    fcntl(WATCHER_FD, F_SETFD, FD_CLOEXEC);
    watcher.since_ns = strtoull(argv[1], NULL, 10);
    watcher.root = argv[2];
    int r = read_patterns(&watcher.filter, argc - 3, argv + 3);
    if (r == 0)
        r = serve(&watcher);
    if (r < 0)
        tell_failure(-r);
    watch_tree_finish(&watcher.tree);
    changes_clear(&watcher.changes);
    ignore_base_destroy(watcher.base);
    filter_finish(&watcher.filter);
    return r < 0;
}

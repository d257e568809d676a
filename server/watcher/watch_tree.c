#include "server/watcher/watch_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/watcher/ignore_base.h"
#include "server/watcher/path_glob.h"

#define NEWS_NONE UINT64_MAX /* for scan */
#define NEWS_ALL  UINT64_C(0)

#define MASK                                                                                       \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |            \
     IN_ONLYDIR | IN_EXCL_UNLINK)

struct watch_dir {
    int number; /* of its watch */
    struct watch_dir *parent;
    struct watch_dir *children; /* owned */
    struct watch_dir *next;     /* of the same parent */
    struct watch_dir *unread;   /* next of the directories that are to be read */
    struct ignore_level *level; /* its own .gitignore; owned; or NULL */
    char name[];
};

/* Paths */

/* The path of name ("" = of dir itself) in dir, relative to root. False when it is too long. */
static bool relative_path(const struct watch_dir *dir, const char *name, char path[PATH_GLOB_MAX])
{
    size_t len = strlen(name), at = PATH_GLOB_MAX - 1 - len;
    if (len >= PATH_GLOB_MAX)
        return false;
    memcpy(path + at, name, len + 1);
    for (; dir->parent; dir = dir->parent) {
        len = strlen(dir->name);
        bool slash = path[at] != '\0';
        if (at < len + slash)
            return false;
        if (slash)
            path[--at] = '/';
        at -= len;
        memcpy(path + at, dir->name, len);
    }
    memmove(path, path + at, PATH_GLOB_MAX - at);
    return true;
}

/* The absolute path. False when it is too long. */
static bool full_path(const struct watch_tree *tree, const char *relative, char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s%s%s", tree->root, *relative ? "/" : "", relative);
    return n < PATH_MAX;
}

static bool stat_path(const struct watch_tree *tree, const char *relative, struct stat *ret)
{
    char path[PATH_MAX];
    return full_path(tree, relative, path) && lstat(path, ret) == 0;
}

/* Directories */

static int compare_numbers(const void *a, const void *b)
{
    int left = ((const struct watch_dir *)a)->number, right = ((const struct watch_dir *)b)->number;
    return (left > right) - (left < right);
}

static struct watch_dir *find_number(struct watch_tree *tree, int number)
{
    struct watch_dir key = {.number = number};
    struct watch_dir **found = tfind(&key, &tree->by_number, compare_numbers);
    return found ? *found : NULL;
}

static struct watch_dir *find_child(struct watch_dir *dir, const char *name)
{
    for (struct watch_dir *child = dir->children; child; child = child->next)
        if (strcmp(child->name, name) == 0)
            return child;
    return NULL;
}

static const struct ignore_level *level_of(const struct watch_tree *tree,
                                           const struct watch_dir *dir)
{
    for (; dir; dir = dir->parent)
        if (dir->level)
            return dir->level;
    return tree->base;
}

static void drop_level(struct watch_dir *dir)
{
    if (!dir->level)
        return;
    gitignore_finish(&dir->level->rules);
    free(dir->level);
    dir->level = NULL;
}

static void remove_dir(struct watch_tree *tree, struct watch_dir *dir);

static void remove_children(struct watch_tree *tree, struct watch_dir *dir)
{
    while (dir->children)
        remove_dir(tree, dir->children);
}

/* With all below it. (The kernel may have removed the watch already: EINVAL.) */
static void remove_dir(struct watch_tree *tree, struct watch_dir *dir)
{
    remove_children(tree, dir);
    tdelete(dir, &tree->by_number, compare_numbers);
    inotify_rm_watch(tree->fd, dir->number);
    tree->count--;
    if (dir->parent) {
        struct watch_dir **at = &dir->parent->children;
        while (*at != dir)
            at = &(*at)->next;
        *at = dir->next;
    }
    drop_level(dir);
    free(dir);
}

static void note_unreadable(struct watch_tree *tree, const char *path, int error)
{
    if (tree->unreadable++ > 0)
        return;
    tree->unreadable_error = error;
    bytes_append_text(&tree->unreadable_at, path);
}

/* Its watch. Negative: there is none, and why. */
static int add_watch(struct watch_tree *tree, const char *relative)
{
    char path[PATH_MAX];
    uint32_t mask = *relative ? MASK | IN_DONT_FOLLOW : MASK | IN_DELETE_SELF | IN_MOVE_SELF;
    if (!full_path(tree, relative, path))
        return -ENAMETOOLONG;
    int number = inotify_add_watch(tree->fd, path, mask);
    if (number >= 0)
        return number;
    int error = errno;
    if (error == ENOSPC)
        tree->full = true;
    else if (error != ENOENT && error != ENOTDIR && error != ELOOP) /* it has gone meanwhile */
        note_unreadable(tree, relative, error);
    return -error;
}

/*
 * A directory that is not watched yet; its entries are for scan. 0 with *ret, or -errno (-EEXIST:
 * the same one is watched elsewhere in the tree, as a bind mount makes it).
 */
static int add_dir(struct watch_tree *tree, struct watch_dir *parent, const char *name,
                   struct watch_dir **ret)
{
    char path[PATH_GLOB_MAX] = "";
    if (parent && !relative_path(parent, name, path))
        return -ENAMETOOLONG;
    int number = add_watch(tree, path);
    if (number < 0)
        return number;
    if (find_number(tree, number))
        return -EEXIST;
    struct watch_dir *dir = calloc(1, sizeof(*dir) + strlen(name) + 1);
    if (dir) {
        dir->number = number;
        strcpy(dir->name, name);
    }
    if (!dir || !tsearch(dir, &tree->by_number, compare_numbers)) {
        free(dir);
        inotify_rm_watch(tree->fd, number);
        return -ENOMEM;
    }
    tree->count++;
    dir->parent = parent;
    if (parent) {
        dir->next = parent->children;
        parent->children = dir;
    }
    *ret = dir;
    return 0;
}

/* Reading directories */

static int load_level(struct watch_tree *tree, struct watch_dir *dir, const char *relative)
{
    char path[PATH_MAX];
    struct gitignore rules = {0};
    size_t len = strlen(relative);
    drop_level(dir);
    if (!full_path(tree, relative, path) || strlen(path) + sizeof("/.gitignore") > sizeof(path))
        return 0;
    strcat(path, "/.gitignore");
    int r = ignore_base_read(&rules, path);
    if (r == 0 && rules.count > 0) {
        dir->level = calloc(1, sizeof(*dir->level));
        r = dir->level ? 0 : -ENOMEM;
    }
    if (!dir->level) {
        gitignore_finish(&rules);
        return r;
    }
    *dir->level = (struct ignore_level){
        .above = level_of(tree, dir->parent), .rules = rules, .skip = len > 0 ? len + 1 : 0};
    return 0;
}

static uint64_t change_time(const struct stat *st)
{
    return (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
}

/* One directory being read. */
struct scan {
    struct watch_tree *tree;
    struct watch_dir *dir;
    const struct ignore_level *level;
    int fd;
    uint64_t since_ns;         /* what is news, or NEWS_NONE, NEWS_ALL */
    struct watch_dir **unread; /* where to put directories in it */
};

static void scan_file(const struct scan *scan, const char *name, const char *path)
{
    struct stat st;
    if (scan->since_ns == NEWS_NONE || !filter_wants(scan->tree->filter, path))
        return;
    if (scan->since_ns == NEWS_ALL || (fstatat(scan->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                                       change_time(&st) > scan->since_ns))
        changes_add(scan->tree->changes, path);
}

static int scan_entry(const struct scan *scan, const struct dirent *entry)
{
    char path[PATH_GLOB_MAX];
    struct watch_dir *dir;
    struct stat st;
    bool is_directory = entry->d_type == DT_DIR;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    if (entry->d_type == DT_UNKNOWN)
        is_directory =
            fstatat(scan->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    if (!relative_path(scan->dir, entry->d_name, path) ||
        filter_ignores(scan->tree->filter, scan->level, path, is_directory))
        return 0;
    if (!is_directory) {
        scan_file(scan, entry->d_name, path);
        return 0;
    }
    if (scan->tree->full || find_child(scan->dir, entry->d_name))
        return 0;
    int r = add_dir(scan->tree, scan->dir, entry->d_name, &dir);
    if (r == 0) {
        dir->unread = *scan->unread;
        *scan->unread = dir;
    }
    return r == -ENOMEM ? r : 0;
}

/* Reads one directory, whose watch is there already: what comes meanwhile is an event. */
static int scan_one(struct watch_tree *tree, struct watch_dir *dir, uint64_t since_ns,
                    struct watch_dir **unread)
{
    char relative[PATH_GLOB_MAX], path[PATH_MAX];
    if (!relative_path(dir, "", relative) || !full_path(tree, relative, path))
        return 0;
    int r = load_level(tree, dir, relative);
    if (r < 0)
        return r;
    DIR *stream = opendir(path);
    if (!stream) {
        if (errno != ENOENT && errno != ENOTDIR)
            note_unreadable(tree, relative, errno);
        return 0;
    }
    struct scan scan = {.tree = tree,
                        .dir = dir,
                        .level = level_of(tree, dir),
                        .fd = dirfd(stream),
                        .since_ns = since_ns,
                        .unread = unread};
    for (struct dirent *entry; r == 0 && (entry = readdir(stream));)
        r = scan_entry(&scan, entry);
    closedir(stream);
    return r;
}

/* Reads a directory and all below it. 0 or -ENOMEM. */
static int scan(struct watch_tree *tree, struct watch_dir *first, uint64_t since_ns)
{
    struct watch_dir *unread = first;
    int r = 0;
    first->unread = NULL;
    while (r == 0 && unread) {
        struct watch_dir *dir = unread;
        unread = dir->unread;
        r = scan_one(tree, dir, since_ns, &unread);
    }
    return r;
}

/* The rules below dir, or more, may be others now. That is news already. */
static int scan_again(struct watch_tree *tree, struct watch_dir *dir)
{
    remove_children(tree, dir);
    tree->full = false;
    return scan(tree, dir, NEWS_NONE);
}

/* Events */

static int on_directory(struct watch_tree *tree, struct watch_dir *dir, uint32_t mask,
                        const char *name, const char *path)
{
    struct watch_dir *child = find_child(dir, name);
    /* IN_CREATE of one that is known: it has been found by a scan, when it was there already. */
    if (child && (mask & (IN_MOVED_FROM | IN_DELETE | IN_MOVED_TO))) {
        remove_dir(tree, child);
        child = NULL;
        if (mask & IN_MOVED_FROM) /* with all that was in it */
            changes_add(tree->changes, path);
    }
    if (child || !(mask & (IN_MOVED_TO | IN_CREATE | IN_ATTRIB)))
        return 0;
    int r = add_dir(tree, dir, name, &child); /* IN_ATTRIB: perhaps it can be read now */
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    return scan(tree, child, NEWS_ALL);
}

/* Whether it is a change, and not the beginning of one or a matter of modes. */
static bool is_news(const struct watch_tree *tree, uint32_t mask, const char *path)
{
    struct stat st;
    if (mask & (IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO))
        return true;
    /* A link, or a file that was made without a name first (open(2), O_TMPFILE). Into one that is
     * made in the ordinary way somebody is about to write. */
    return (mask & IN_CREATE) && stat_path(tree, path, &st) &&
           (!S_ISREG(st.st_mode) || st.st_nlink > 1 || st.st_size > 0);
}

static int on_file(struct watch_tree *tree, struct watch_dir *dir, uint32_t mask, const char *name,
                   const char *path)
{
    bool rules = strcmp(name, ".gitignore") == 0;
    if ((!rules && !filter_wants(tree->filter, path)) || !is_news(tree, mask, path))
        return 0;
    changes_add(tree->changes, path);
    return rules ? scan_again(tree, dir) : 0;
}

static int on_event(struct watch_tree *tree, const struct inotify_event *event)
{
    char path[PATH_GLOB_MAX];
    if (event->mask & IN_Q_OVERFLOW) {
        changes_add_unknown(tree->changes);
        return scan_again(tree, tree->top);
    }
    struct watch_dir *dir = find_number(tree, event->wd);
    if (!dir)
        return 0; /* it was removed, and this was on its way */
    if (dir == tree->top && (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)))
        tree->gone = true;
    else if (event->mask & IN_IGNORED)
        remove_dir(tree, dir);
    if (event->len == 0 || !relative_path(dir, event->name, path))
        return 0;
    bool is_directory = event->mask & IN_ISDIR;
    if (filter_ignores(tree->filter, level_of(tree, dir), path, is_directory))
        return 0;
    return is_directory ? on_directory(tree, dir, event->mask, event->name, path)
                        : on_file(tree, dir, event->mask, event->name, path);
}

int watch_tree_read(struct watch_tree *tree)
{
    static char buf[64 << 10] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n = read(tree->fd, buf, sizeof(buf));
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    int r = 0;
    for (char *at = buf; r == 0 && !tree->gone && at < buf + n;) {
        const struct inotify_event *event = (const struct inotify_event *)at;
        at += sizeof(*event) + event->len;
        r = on_event(tree, event);
    }
    return r;
}

void watch_tree_check(struct watch_tree *tree)
{
    struct stat st;
    if (stat(tree->root, &st) < 0 || st.st_dev != tree->device || st.st_ino != tree->inode)
        tree->gone = true;
}

int watch_tree_open(struct watch_tree *tree, const char *root, const struct filter *filter,
                    const struct ignore_level *base, struct changes *changes, uint64_t since_ns)
{
    struct stat st;
    *tree = (struct watch_tree){
        .fd = -1, .root = root, .filter = filter, .base = base, .changes = changes};
    tree->fd = inotify_init1(IN_CLOEXEC);
    if (tree->fd < 0 || stat(root, &st) < 0)
        return -errno;
    tree->device = st.st_dev;
    tree->inode = st.st_ino;
    int r = add_dir(tree, NULL, "", &tree->top);
    return r < 0 ? r : scan(tree, tree->top, since_ns);
}

void watch_tree_finish(struct watch_tree *tree)
{
    if (tree->top)
        remove_dir(tree, tree->top);
    tree->top = NULL;
    bytes_finish(&tree->unreadable_at);
    if (tree->fd >= 0)
        close(tree->fd);
    tree->fd = -1;
}

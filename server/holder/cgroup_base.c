#include "server/holder/cgroup_base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "server/holder/cgroup_file.h"

#define WHAT_TO_DO                                                                                 \
    "; run the server in a cgroup of its own, under systemd with Delegate=yes: systemctl --user "  \
    "enable --now js.socket (see CGROUPS in jsd(1))"
#define VACATE_TIMES 20 /* something forks in it while it is emptied */

static const struct {
    enum cgroup_controller bit;
    const char *name;
} controller_names[] = {{CGROUP_MEMORY, "memory"}, {CGROUP_CPU, "cpu"}, {CGROUP_PIDS, "pids"}};
#define CONTROLLERS (sizeof(controller_names) / sizeof(controller_names[0]))

static char *read_below(const char *root, const char *path)
{
    char whole[PATH_MAX];
    if (snprintf(whole, sizeof(whole), "%s%s", root, path) >= (int)sizeof(whole)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return cgroup_file_read(AT_FDCWD, whole);
}

/* Our own cgroup, from the line "0::/..." of /proc/self/cgroup. */
static int read_own(const char *root, char *name, size_t size, char *text, size_t text_size)
{
    char *lines = read_below(root, "/proc/self/cgroup");
    int r = lines ? -ENOENT : -errno;
    char *rest = lines;
    for (char *line; r == -ENOENT && (line = strsep(&rest, "\n"));)
        if (strncmp(line, "0::/", 4) == 0)
            r = snprintf(name, size, "%s", line + 3) < (int)size ? 0 : -ENAMETOOLONG;
    free(lines);
    if (r < 0)
        snprintf(
            text, text_size,
            "cgroup: limits of a whole job need cgroup v2, and this process is in no cgroup of "
            "it (/proc/self/cgroup): %s",
            strerror(-r));
    return r;
}

/* "\040" and the like, as /proc/self/mountinfo has them (proc(5)). */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at; to++) {
        if (at[0] == '\\' && strspn(at + 1, "01234567") >= 3) {
            *to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            at += 4;
        } else {
            *to = *at++;
        }
    }
    *to = '\0';
}

/*
 * From a line of mountinfo: where the mount shows the cgroup called name. "36 35 98:0 /part /mnt
 * rw - cgroup2 ...": /part of the hierarchy is seen at /mnt.
 */
static bool match_mount(char *line, const char *name, char *path, size_t size)
{
    char *type = strstr(line, " - ");
    if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
        return false;
    char *part = line;
    for (int field = 0; field < 3 && part; field++)
        if ((part = strchr(part, ' ')))
            part++;
    char *mount = part ? strchr(part, ' ') : NULL;
    char *end = mount ? strchr(mount + 1, ' ') : NULL;
    if (!end)
        return false;
    *mount++ = '\0';
    *end = '\0';
    unescape(part);
    unescape(mount);
    size_t len = strcmp(part, "/") == 0 ? 0 : strlen(part);
    if (strncmp(part, name, len) != 0 || (name[len] != '/' && name[len] != '\0'))
        return false;
    const char *below = strcmp(name + len, "/") == 0 ? "" : name + len;
    return snprintf(path, size, "%s%s", mount, below) < (int)size;
}

static int find_mount(const char *root, struct cgroup_base *base, char *text, size_t size)
{
    char path[PATH_MAX] = "";
    char *lines = read_below(root, "/proc/self/mountinfo");
    int r = lines ? -ENOENT : -errno;
    char *rest = lines;
    for (char *line; r == -ENOENT && (line = strsep(&rest, "\n"));)
        if (match_mount(line, base->name, path, sizeof(path)))
            r = 0;
    free(lines);
    if (r == 0 &&
        snprintf(base->path, sizeof(base->path), "%s%s", root, path) >= (int)sizeof(base->path))
        r = -ENAMETOOLONG;
    if (r < 0)
        snprintf(text, size,
                 "cgroup: limits of a whole job need cgroup v2, which is not mounted here "
                 "(/proc/self/mountinfo): %s",
                 strerror(-r));
    return r;
}

/* In js.server, where we have been moved to: the base is what that is in. */
static void leave_server(char *path)
{
    char *last = strrchr(path, '/');
    if (last && strcmp(last, "/" CGROUP_SERVER) == 0)
        *last = '\0';
}

static bool is_marked(const char *path)
{
    char value;
    return (getxattr(path, "user.delegate", &value, 1) == 1 && value == '1') ||
           (getxattr(path, "trusted.delegate", &value, 1) == 1 && value == '1');
}

/* sd_booted(3) */
static bool has_systemd(const char *root)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof(path), "%s/run/systemd/system", root) < (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

/*
 * Whether it belongs to systemd, or to its manager of this user: that owns all of its tree, but
 * only the units that it marks are left to themselves. (systemd marks what it delegates, and so the
 * manager's own unit, user@UID.service. Before release 251 only root can tell.)
 */
static bool is_managers(const char *path, const char *root)
{
    char at[PATH_MAX];
    snprintf(at, sizeof(at), "%s", path);
    if (is_marked(at))
        return false;
    for (char *last; (last = strrchr(at, '/'));) {
        *last = '\0';
        const char *name = strrchr(at, '/');
        if (name && is_marked(at))
            return strncmp(name, "/user@", 6) == 0;
    }
    return geteuid() == 0 && has_systemd(root);
}

static int refuse(const struct cgroup_base *base, int error, const char *why, char *text,
                  size_t size)
{
    snprintf(text, size, "cgroup: %.1000s is not delegated to this user: %.200s%s", base->name, why,
             WHAT_TO_DO);
    return -error;
}

static int check_writable(const struct cgroup_base *base, const char *root, char *text, size_t size)
{
    static const char *const files[] = {".", "cgroup.procs", "cgroup.subtree_control"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char why[128];
        if (faccessat(base->dir_fd, files[i], W_OK, AT_EACCESS) == 0)
            continue;
        int error = errno;
        snprintf(why, sizeof(why), "%s: %s", i == 0 ? "it cannot be written to" : files[i],
                 strerror(error));
        return refuse(base, error, why, text, size);
    }
    if (!base->is_root && is_managers(base->path, root))
        return refuse(base, EPERM, "it is systemd's own", text, size);
    return 0;
}

static int check_controllers(const struct cgroup_base *base, unsigned controllers, char *text,
                             size_t size)
{
    char *have = cgroup_file_read(base->dir_fd, "cgroup.controllers");
    if (!have) {
        int r = -errno;
        snprintf(text, size, "cgroup: cannot read %.1000s/cgroup.controllers: %s", base->path,
                 strerror(-r));
        return r;
    }
    int r = 0;
    have[strcspn(have, "\n")] = '\0';
    for (size_t i = 0; r == 0 && i < CONTROLLERS; i++) {
        if (!(controllers & controller_names[i].bit) ||
            cgroup_file_has_word(have, controller_names[i].name))
            continue;
        r = -ENOENT;
        snprintf(text, size,
                 "cgroup: %.1000s has no controller '%s', only '%.200s': %s (see CGROUPS in "
                 "jsd(1))",
                 base->name, controller_names[i].name, have,
                 strstr(base->name, "/user@")
                     ? "the administrator can add it with systemctl edit user@.service: "
                       "[Service] Delegate=cpu memory pids"
                     : "the cgroup above has to delegate it, and cgroup v1 must not have taken it");
    }
    free(have);
    return r;
}

static int open_base(struct cgroup_base *base, const char *root, char *text, size_t size)
{
    int r = read_own(root, base->name, sizeof(base->name), text, size);
    if (r == 0)
        r = find_mount(root, base, text, size);
    if (r < 0)
        return r;
    leave_server(base->path);
    leave_server(base->name);
    if (base->name[0] == '\0')
        strcpy(base->name, "/");
    base->dir_fd = open(base->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base->dir_fd < 0) {
        r = -errno;
        snprintf(text, size, "cgroup: cannot open %.1000s: %s", base->path, strerror(-r));
    }
    /* Every cgroup but the root of all has this file (cgroups(7)). */
    base->is_root = r == 0 && faccessat(base->dir_fd, "cgroup.type", F_OK, 0) < 0;
    return r;
}

int cgroup_base_open(struct cgroup_base *base, const char *root, unsigned controllers, char *text,
                     size_t size)
{
    *base = (struct cgroup_base){.dir_fd = -1};
    int r = open_base(base, root, text, size);
    if (r == 0)
        r = check_writable(base, root, text, size);
    if (r == 0)
        r = check_controllers(base, controllers, text, size);
    if (r < 0)
        cgroup_base_close(base);
    return r;
}

/* jsd, whichever release: what it holds or has started is ours. */
static bool is_server(pid_t pid)
{
    char path[40], exe[PATH_MAX];
    struct stat theirs, ours;
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if (stat(path, &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 &&
        theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
        return true;
    ssize_t len = readlink(path, exe, sizeof(exe) - 1);
    if (len < 0)
        return false;
    exe[len] = '\0';
    const char *name = strrchr(exe, '/');
    return name && (strcmp(name, "/jsd") == 0 || strcmp(name, "/jsd (deleted)") == 0);
}

static bool is_ours(pid_t pid)
{
    struct process_stat stat;
    for (; pid > 1; pid = stat.ppid) {
        if (is_server(pid))
            return true;
        if (process_stat(pid, &stat) < 0)
            return false;
    }
    return false;
}

static int refuse_foreign(const struct cgroup_base *base, pid_t pid, char *text, size_t size)
{
    char path[40], why[96];
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    char *name = cgroup_file_read(AT_FDCWD, path);
    if (name)
        name[strcspn(name, "\n")] = '\0';
    snprintf(why, sizeof(why), "process %d (%s), which is not of js, is in it", (int)pid,
             name ? name : "of others");
    free(name);
    return refuse(base, EBUSY, why, text, size);
}

/* The next number of a list with one on each line; 0 at its end, *at behind it. */
static bool next_pid(const char **at, pid_t *ret)
{
    char *end;
    *ret = (pid_t)strtol(*at, &end, 10);
    bool found = end != *at;
    *at = end;
    return found;
}

/* All must be ours before any is moved. */
static int check_ours(const struct cgroup_base *base, const char *list, char *text, size_t size)
{
    struct process_stat stat;
    pid_t pid;
    while (next_pid(&list, &pid))
        if (!is_ours(pid) && (pid == 0 || process_stat(pid, &stat) == 0)) /* it has not ended */
            return refuse_foreign(base, pid, text, size);
    return 0;
}

static int move_all(const struct cgroup_base *base, const char *list, char *text, size_t size)
{
    pid_t pid;
    while (next_pid(&list, &pid)) {
        char number[16];
        snprintf(number, sizeof(number), "%d", (int)pid);
        int r = cgroup_file_write(base->dir_fd, CGROUP_SERVER "/cgroup.procs", number);
        if (r < 0 && r != -ESRCH) { /* it may have ended */
            snprintf(text, size, "cgroup: cannot move process %d to %.1000s/" CGROUP_SERVER ": %s",
                     (int)pid, base->path, strerror(-r));
            return r;
        }
    }
    return 0;
}

static int vacate(const struct cgroup_base *base, bool all_ours, char *text, size_t size)
{
    char *list = cgroup_file_read(base->dir_fd, "cgroup.procs");
    int r = list && !all_ours ? check_ours(base, list, text, size) : 0;
    if (r < 0) {
        free(list);
        return r;
    }
    if (!list || (list[0] && mkdirat(base->dir_fd, CGROUP_SERVER, 0755) < 0 && errno != EEXIST)) {
        r = -errno;
        snprintf(text, size, "cgroup: cannot make room in %.1000s: %s", base->path, strerror(-r));
    } else {
        r = move_all(base, list, text, size);
    }
    free(list);
    return r;
}

/* Those of the controllers that are not enabled yet, as "+memory +pids"; "" for none. */
static int missing(const struct cgroup_base *base, unsigned controllers, char *words, size_t size)
{
    char *have = cgroup_file_read(base->dir_fd, "cgroup.subtree_control");
    if (!have)
        return -errno;
    size_t len = 0;
    words[0] = '\0';
    for (size_t i = 0; i < CONTROLLERS; i++)
        if ((controllers & controller_names[i].bit) &&
            !cgroup_file_has_word(have, controller_names[i].name))
            len += (size_t)snprintf(words + len, size - len, "%s+%s", len ? " " : "",
                                    controller_names[i].name);
    free(have);
    return 0;
}

int cgroup_base_prepare(struct cgroup_base *base, unsigned controllers, char *text, size_t size)
{
    char words[64];
    bool all_ours = is_marked(base->path);
    int r = missing(base, controllers, words, sizeof(words));
    for (int i = 0; r == 0 && words[0] && i < VACATE_TIMES; i++) {
        if (!base->is_root && (r = vacate(base, all_ours, text, size)) < 0)
            return r;
        r = cgroup_file_write(base->dir_fd, "cgroup.subtree_control", words);
        if (r == 0)
            return 0;
        r = r == -EBUSY && i + 1 < VACATE_TIMES ? 0 : r;
    }
    if (r < 0)
        snprintf(text, size, "cgroup: cannot enable %s in %.1000s/cgroup.subtree_control: %s",
                 words, base->path, strerror(-r));
    return r;
}

void cgroup_base_close(struct cgroup_base *base)
{
    base->dir_fd = fd_close(base->dir_fd);
}

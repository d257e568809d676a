#include "server/registry.h"
#include "server/holder/cgroup.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/joblog.h"
#include "common/listener.h"
#include "common/log.h"
#include "common/record.h"
#include "common/sockfile.h"
#include "server/server.h"

void registry_init(struct registry *registry, struct server *server, const struct paths *paths)
{
    *registry = (struct registry){
        .server = server, .paths = paths, .keep_jobs = UINT64_MAX, .keep_ns = UINT64_MAX};
}

void registry_finish(struct registry *registry)
{
    while (registry->count > 0)
        registry_remove(registry, registry->jobs[registry->count - 1]);
    free(registry->jobs);
    registry->jobs = NULL;
    registry->room = 0;
}

/* The list */

/* Index of the first job whose number is at least id. */
static size_t lower_bound(const struct registry *registry, uint32_t id)
{
    size_t low = 0, high = registry->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (registry->jobs[middle]->info.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct job *registry_find(const struct registry *registry, uint32_t id)
{
    size_t at = lower_bound(registry, id);
    return at < registry->count && registry->jobs[at]->info.id == id ? registry->jobs[at] : NULL;
}

int registry_add(struct registry *registry, struct job *job)
{
    if (registry->count == registry->room) {
        size_t room = registry->room ? registry->room * 2 : 64;
        struct job **more = realloc(registry->jobs, room * sizeof(struct job *));
        if (!more)
            return -ENOMEM;
        registry->jobs = more;
        registry->room = room;
    }
    size_t at = lower_bound(registry, job->info.id);
    memmove(registry->jobs + at + 1, registry->jobs + at,
            (registry->count - at) * sizeof(struct job *));
    registry->jobs[at] = job;
    registry->count++;
    job->kept = true;
    if (job->info.id > registry->last_id)
        registry->last_id = job->info.id;
    return 0;
}

void registry_remove(struct registry *registry, struct job *job)
{
    size_t at = lower_bound(registry, job->info.id);
    assert(at < registry->count && registry->jobs[at] == job);
    herald_job_removed(registry->server, job);
    registry->count--;
    memmove(registry->jobs + at, registry->jobs + at + 1,
            (registry->count - at) * sizeof(struct job *));
    job->kept = false;
    job_destroy(job);
}

struct job *registry_find_uid(const struct registry *registry, const char *uid)
{
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->jobs[i]->info.uid, uid) == 0)
            return registry->jobs[i];
    return NULL;
}

bool registry_has_unnamed(const struct registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        if (registry->jobs[i]->linked && registry->jobs[i]->info.uid[0] == '\0')
            return true;
    return false;
}

/* Naming */

/* What most specs are, found without looking at every job. NULL: it is none, or there is no such
 * job. */
static struct job *find_number(const struct registry *registry, const char *spec)
{
    const char *digits = spec && *spec == '%' ? spec + 1 : spec;
    if (!digits || *digits < '0' || *digits > '9')
        return NULL;
    char *end;
    errno = 0;
    unsigned long id = strtoul(digits, &end, 10);
    return errno == 0 && *end == '\0' && id <= UINT32_MAX ? registry_find(registry, (uint32_t)id)
                                                          : NULL;
}

enum error_code registry_resolve(const struct registry *registry, const char *spec, bool live_only,
                                 struct job **ret, char *text, size_t size)
{
    struct job *numbered = find_number(registry, spec);
    if (numbered) {
        *ret = numbered;
        return 0;
    }
    const struct job_info **infos = malloc((registry->count + 1) * sizeof(const struct job_info *));
    if (!infos) {
        snprintf(text, size, "out of memory");
        return ERROR_INTERNAL;
    }
    for (size_t i = 0; i < registry->count; i++)
        infos[i] = &registry->jobs[i]->info;
    struct spec_jobs from = {.jobs = infos, .count = registry->count};
    const struct job_info *found = NULL;
    int r = spec_resolve(&from, spec, live_only, &found, text, size);
    free(infos);
    if (r < 0)
        return r == -EEXIST ? ERROR_AMBIGUOUS : ERROR_NO_JOB;
    *ret = registry_find(registry, found->id);
    return 0;
}

void registry_current(const struct registry *registry, uint32_t *ret_current,
                      uint32_t *ret_previous)
{
    *ret_current = *ret_previous = 0;
    const struct job_info **infos = malloc((registry->count + 1) * sizeof(const struct job_info *));
    if (!infos)
        return;
    for (size_t i = 0; i < registry->count; i++)
        infos[i] = &registry->jobs[i]->info;
    struct spec_jobs from = {.jobs = infos, .count = registry->count};
    const struct job_info *current, *previous;
    spec_current(&from, &current, &previous);
    *ret_current = current ? current->id : 0;
    *ret_previous = previous ? previous->id : 0;
    free(infos);
}

/* New jobs */

/* mkdir decides who gets a number, also between servers that share the state directory dir. */
static int claim_id_in(struct registry *registry, const char *dir, struct registry_slot *slot)
{
    for (uint32_t id = registry->last_id + 1; id != 0; id++) {
        int r = paths_job(slot->state_dir, sizeof(slot->state_dir), dir, id);
        if (r < 0)
            return r;
        if (mkdir(slot->state_dir, 0700) == 0) {
            slot->id = registry->last_id = id;
            return 0;
        }
        if (errno != EEXIST)
            return -errno;
    }
    return -EOVERFLOW;
}

static int claim_id(struct registry *registry, struct registry_slot *slot, char *text, size_t size)
{
    char dir[PATHS_MAX + 16], why[PATHS_MAX + 256];
    int r = registry->state_problem ? -EPERM : 0;
    snprintf(why, sizeof(why), "%s", registry->state_problem ? registry->state_problem : "");
    if (r == 0) {
        r = claim_id_in(registry, registry->paths->state_dir, slot);
        snprintf(why, sizeof(why), "cannot make a job's directory below %s: %s",
                 registry->paths->state_dir, strerror(-r));
    }
    if (r == 0)
        return 0;
    snprintf(dir, sizeof(dir), "%s/" PATHS_FALLBACK, registry->paths->runtime_dir);
    snprintf(
        slot->misplaced, sizeof(slot->misplaced),
        "its record and log are in %.128s for now, which may not outlive a restart of the machine: "
        "%.700s",
        dir, why);
    r = paths_make_with_jobs(dir, "JS_DIR", text, size);
    if (r == 0)
        r = claim_id_in(registry, dir, slot);
    if (r < 0)
        snprintf(text, size, "%s; nor below %s: %s", why, dir, strerror(-r));
    return r;
}

static int claim_lock(struct registry_slot *slot)
{
    _cleanup_fd_ int dir_fd = open(slot->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return -errno;
    slot->lock_fd = record_lock(dir_fd);
    return slot->lock_fd < 0 ? slot->lock_fd : 0;
}

static int claim_socket(struct registry *registry, struct registry_slot *slot)
{
    int r = paths_job(slot->runtime_dir, sizeof(slot->runtime_dir), registry->paths->runtime_dir,
                      slot->id);
    if (r < 0)
        return r;
    char path[sizeof(slot->runtime_dir) + 8];
    snprintf(path, sizeof(path), "%s/sock", slot->runtime_dir);
    if (mkdir(slot->runtime_dir, 0700) < 0) {
        char text[PATHS_MAX + 128];
        if (errno == ENOENT && paths_make_job_again(slot->runtime_dir, text, sizeof(text)) < 0)
            return -ENOENT; /* the runtime directory cannot be made again */
        if (errno != ENOENT && errno != EEXIST)
            return -errno;
        /* Of a holder that died: the number, and so its lock, is ours. Or so it should be. */
        r = sockfile_clear(path, text, sizeof(text));
        if (r == -EADDRINUSE)
            log_about_job(slot->id, log_warn("is left out: %s", text));
        if (r < 0)
            return r;
    }
    slot->listen_fd = listener_bind(path);
    return slot->listen_fd < 0 ? slot->listen_fd : 0;
}

int registry_claim(struct registry *registry, struct registry_slot *ret, char *text, size_t size)
{
    struct registry_slot slot = {.lock_fd = -1, .listen_fd = -1};
    int r = claim_id(registry, &slot, text, size);
    if (r < 0)
        return r;
    r = claim_lock(&slot);
    if (r == 0)
        r = claim_socket(registry, &slot);
    if (r == -EADDRINUSE) {
        slot.runtime_dir[0] = '\0'; /* not ours to remove */
        registry_release(&slot, true);
        return registry_claim(registry, ret, text, size); /* the next number */
    }
    if (r < 0) {
        snprintf(text, size, "cannot make job %" PRIu32 ": %s", slot.id, strerror(-r));
        registry_release(&slot, true);
        return r;
    }
    *ret = slot;
    return 0;
}

/* Its last holder may still be at its very end: the next one waits for the lock. */
static int open_lock(struct registry_slot *slot)
{
    _cleanup_fd_ int dir_fd = open(slot->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return -errno;
    slot->lock_fd = record_open_lock(dir_fd);
    return slot->lock_fd < 0 ? slot->lock_fd : 0;
}

int registry_claim_again(struct registry *registry, const struct job *job,
                         struct registry_slot *ret, char *text, size_t size)
{
    struct registry_slot slot = {.id = job->info.id, .lock_fd = -1, .listen_fd = -1};
    int r = registry_job_dir(registry, &job->info, slot.state_dir, sizeof(slot.state_dir));
    if (r == 0)
        r = open_lock(&slot);
    if (r == 0)
        r = claim_socket(registry, &slot);
    if (job->info.state_dir && job->info.warning)
        snprintf(slot.misplaced, sizeof(slot.misplaced), "%s", job->info.warning);
    if (r == 0) {
        *ret = slot;
        return 0;
    }
    registry_release(&slot, false);
    snprintf(text, size, "cannot start job %" PRIu32 " again: %s", slot.id, strerror(-r));
    return r;
}

void registry_release(struct registry_slot *slot, bool remove)
{
    slot->listen_fd = fd_close(slot->listen_fd);
    slot->lock_fd = fd_close(slot->lock_fd);
    if (!remove)
        return;
    paths_remove_flat(slot->state_dir);
    if (slot->runtime_dir[0])
        paths_remove_flat(slot->runtime_dir);
}

/* Ended jobs */

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);
    return strncmp(path, dir, len) == 0 && path[len] == '/';
}

int registry_job_dir(const struct registry *registry, const struct job_info *info, char *buf,
                     size_t size)
{
    /* The record says so itself; wherever else it may point, we do not follow. */
    if (!info->state_dir || !is_below(info->state_dir, registry->paths->runtime_dir))
        return paths_job(buf, size, registry->paths->state_dir, info->id);
    int len = snprintf(buf, size, "%s", info->state_dir);
    return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* A dead holder's. What is left of the job may be in it for a while: then it is tried again later.
 */
static void drop_cgroup(struct job *job)
{
    if (!job->info.cgroup)
        return;
    int r = cgroup_remove(job->info.cgroup);
    if (r == 0 || r == -ENOENT)
        wire_set_str(&job->info.cgroup, NULL);
}

int registry_forget(struct registry *registry, struct job *job)
{
    char dir[PATHS_MAX + 32];
    int r = registry_job_dir(registry, &job->info, dir, sizeof(dir));
    if (r == 0)
        r = paths_remove_flat(dir);
    if (r < 0 && r != -ENOENT)
        return r;
    drop_cgroup(job);
    herald_job_forgotten(registry->server, job);
    registry_remove(registry, job);
    return 0;
}

static int open_job_dir(const struct registry *registry, const struct job_info *info)
{
    char dir[PATHS_MAX + 32];
    int r = registry_job_dir(registry, info, dir, sizeof(dir));
    if (r < 0)
        return r;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

bool registry_has_record(const struct registry *registry, const struct job *job)
{
    _cleanup_fd_ int dir_fd = open_job_dir(registry, &job->info);
    return dir_fd >= 0 && faccessat(dir_fd, RECORD_NAME, F_OK, 0) == 0;
}

int registry_save(const struct registry *registry, const struct job *job)
{
    _cleanup_fd_ int dir_fd = open_job_dir(registry, &job->info);
    if (dir_fd < 0)
        return dir_fd;
    /* A holder writes no more once it has told the end; before, it is the record's one writer. */
    if (job_state_is_final(job->info.state))
        return record_write(dir_fd, &job->info);
    _cleanup_fd_ int lock_fd = record_lock(dir_fd);
    return lock_fd < 0 ? lock_fd : record_write(dir_fd, &job->info);
}

static void mark_lost(struct job *job)
{
    struct job_end *end = calloc(1, sizeof(*end));
    if (end) {
        end->reason = END_LOST;
        end->code = -1;
    }
    job->info.end = end;
    job->info.state = JOB_ENDED;
    job->info.ended_ns = clock_realtime_ns();
}

static void drop_viewers(struct job_info *info)
{
    struct job_info scratch = {.viewers = info->viewers};
    info->viewers = (struct wire_structs){0};
    wire_clear(&job_info_fields, &scratch);
}

/* Of a holder that is dead. What is not its socket, or answers, is somebody else's. */
static void remove_runtime_dir(const struct registry *registry, uint32_t id)
{
    char dir[PATHS_MAX + 24], path[PATHS_MAX + 32], text[PATHS_MAX + 128];
    if (paths_job(dir, sizeof(dir), registry->paths->runtime_dir, id) < 0)
        return;
    snprintf(path, sizeof(path), "%s/sock", dir);
    int r = sockfile_clear(path, text, sizeof(text));
    if (r == -EADDRINUSE)
        log_about_job(id, log_warn("%s", text));
    else
        paths_remove_flat(dir);
}

static void socket_path(const struct registry *registry, const struct job *job, char *path,
                        size_t size)
{
    snprintf(path, size, "%s/jobs/%" PRIu32 "/sock", registry->paths->runtime_dir, job->info.id);
}

bool registry_holder_lives(const struct registry *registry, const struct job *job)
{
    _cleanup_fd_ int dir_fd = open_job_dir(registry, &job->info);
    return dir_fd >= 0 && record_is_locked(dir_fd);
}

int registry_reconnect(struct registry *registry, struct job *job)
{
    char path[PATHS_MAX + 32];
    if (!registry_holder_lives(registry, job))
        return -ENOLCK;
    socket_path(registry, job, path, sizeof(path));
    return job_connect(job, path);
}

/* The holder's last word, or that it had none. */
static void settle_end(struct registry *registry, struct job *job)
{
    _cleanup_fd_ int dir_fd = open_job_dir(registry, &job->info);
    struct job_info record = {0};
    if (dir_fd >= 0 && record_read(dir_fd, &record) == 0) {
        wire_clear(&job_info_fields, &job->info);
        job->info = record;
    }
    drop_viewers(&job->info);
    remove_runtime_dir(registry, job->info.id);
    if (job_state_is_final(job->info.state))
        return;
    log_about_job(job->info.id,
                  log_warn("is lost: its holder, pid %" PRIu32 ", died without a word",
                           job->info.holder_pid));
    mark_lost(job);
    drop_cgroup(job);
    if (dir_fd >= 0)
        joblog_bounds(dir_fd, &job->info.log_first, &job->info.log_next);
    int r = registry_save(registry, job);
    if (r < 0) {
        log_about_job(job->info.id, log_warn("its record is not saved: %s", strerror(-r)));
        herald_fault(registry->server, FAULT_RECORD);
    }
}

void registry_holder_gone(struct registry *registry, struct job *job)
{
    struct job_info before = {0};
    int r = wire_copy(&job_info_fields, &before, &job->info);
    settle_end(registry, job);
    herald_job_changed(registry->server, job, r == 0 ? &before : &job->info);
    wire_clear(&job_info_fields, &before);
}

/* Finding jobs on disk */

static struct job *unreadable_job(struct registry *registry, uint32_t id, int error)
{
    struct job *job = job_create(registry->server, id, "unknown");
    if (!job)
        return NULL;
    char text[160];
    snprintf(text, sizeof(text), "its record cannot be read: %s",
             error == -EBADMSG ? "it is damaged" : strerror(-error));
    log_about_job(id, log_warn("%s", text));
    mark_lost(job);
    herald_fault(registry->server, FAULT_RECORD);
    char *argv[] = {(char *)"?"};
    wire_set_strs(&job->info.argv, argv, 1);
    wire_set_str(&job->info.cwd, "");
    wire_set_str(&job->info.warning, text);
    return job;
}

static void load_live(struct registry *registry, struct job *job)
{
    char path[PATHS_MAX + 32];
    socket_path(registry, job, path, sizeof(path));
    int r = job_connect(job, path);
    if (r < 0)
        log_about_job(job->info.id, log_warn("its holder lives, but %s cannot be connected to: %s",
                                             path, strerror(-r)));
}

/* A job whose record could not be written (a full disk) may have output all the same. */
static bool has_log(int dir_fd)
{
    uint64_t first, next;
    return joblog_bounds(dir_fd, &first, &next) == 0 && next > 0;
}

/* Takes in a job from its directory, `dir`/jobs/ID. */
static void load_job(struct registry *registry, const char *dir, uint32_t id)
{
    char path[PATHS_MAX + 32];
    struct job_info info = {0};
    if (paths_job(path, sizeof(path), dir, id) < 0)
        return;
    _cleanup_fd_ int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir_fd < 0)
        return;
    int r = record_read(dir_fd, &info);
    bool live = record_is_locked(dir_fd);
    if (live && info.runtime_dir && !is_below(info.runtime_dir, registry->paths->runtime_dir)) {
        wire_clear(&job_info_fields, &info); /* another server's, with another runtime directory */
        return;
    }
    if (r == -ENOENT && !live && !has_log(dir_fd)) {
        paths_remove_flat(path); /* of a start that never came to be */
        return;
    }
    if (registry_find(registry, id)) {
        log_about_job(id, log_warn("%s is of another job with that number: left alone", path));
        wire_clear(&job_info_fields, &info);
        return;
    }
    struct job *job = r < 0 && !live ? unreadable_job(registry, id, r)
                                     : job_create(registry->server, id, info.uid ? info.uid : "");
    if (job && r == 0) {
        wire_clear(&job_info_fields, &job->info);
        job->info = info;
        job->started = true;
    }
    if (job && strcmp(dir, registry->paths->state_dir) != 0)
        wire_set_str(&job->info.state_dir, path);
    if (!job || registry_add(registry, job) < 0) {
        log_about_job(id, log_error("out of memory"));
        return;
    }
    if (!job_state_is_final(job->info.state))
        herald_job_found(registry->server, job);
    if (live)
        load_live(registry, job);
    else if (!job_state_is_final(job->info.state))
        registry_holder_gone(registry, job);
    else
        drop_cgroup(job);
}

static int load_below(struct registry *registry, const char *dir)
{
    char jobs[PATHS_MAX + 32];
    snprintf(jobs, sizeof(jobs), "%s/jobs", dir);
    DIR *stream = opendir(jobs);
    if (!stream)
        return -errno;
    for (struct dirent *entry; (entry = readdir(stream));) {
        char *end;
        unsigned long id = strtoul(entry->d_name, &end, 10);
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && *end == '\0' && id <= UINT32_MAX)
            load_job(registry, dir, (uint32_t)id);
    }
    closedir(stream);
    return 0;
}

int registry_load(struct registry *registry)
{
    char dir[PATHS_MAX + 16];
    snprintf(dir, sizeof(dir), "%s/" PATHS_FALLBACK, registry->paths->runtime_dir);
    /* First, as those of the state directory that have the same number have ended. */
    load_below(registry, dir);
    int r = load_below(registry, registry->paths->state_dir);
    registry_prune(registry);
    return r;
}

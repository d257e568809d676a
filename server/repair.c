#include "server/repair.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/process.h"
#include "server/postponed.h"
#include "server/server.h"

#define GONE (IN_DELETE_SELF | IN_MOVE_SELF)
/* A file that is moved onto another removes that one as well. */
#define REMOVED (IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | GONE | IN_ONLYDIR)
#define CHANGED (REMOVED | IN_CREATE)

/* Holders */

/*
 * For going through all jobs from the last to the first while some may go: those that are left move
 * to places that are still to come, so that none is passed over.
 */
static struct job *job_at(const struct registry *registry, size_t i)
{
    return i < registry->count ? registry->jobs[i] : NULL;
}

static void job_socket(const struct repair *repair, const struct job *job, char *path, size_t size)
{
    snprintf(path, size, "%s/jobs/%" PRIu32 "/sock", repair->server->runtime.paths.runtime_dir,
             job->info.id);
}

static bool is_missing(const struct repair *repair, const struct job *job)
{
    char path[PATHS_MAX + 32];
    job_socket(repair, job, path, sizeof(path));
    return access(path, F_OK) < 0 && errno == ENOENT;
}

/* Whether the job's directory is watched now; it may not be there. */
static bool watch_job(struct repair *repair, struct job *job)
{
    char dir[PATHS_MAX + 24];
    if (repair->inotify_fd < 0 ||
        paths_job(dir, sizeof(dir), repair->server->runtime.paths.runtime_dir, job->info.id) < 0)
        return false;
    int wd = inotify_add_watch(repair->inotify_fd, dir, CHANGED);
    if (wd < 0 && errno != ENOENT)
        log_about_job(job->info.id, log_warn("%s cannot be watched: %s", dir, strerror(errno)));
    job->watch = wd > 0 ? wd : 0;
    return wd > 0;
}

/* While one is under way, what is missing now may have been there when the holder looked. */
static void send_repair(struct job *job)
{
    struct msg_empty body = {0};
    job->repair_again = job->repairing;
    if (!job->repairing)
        job->repairing = job_send(job, MSG_REPAIR, &body, NULL, 0, NULL, 0) == 0;
}

static void ask_holder(struct repair *repair, struct job *job)
{
    if (is_missing(repair, job))
        send_repair(job);
}

static bool is_holder(const struct job_info *info)
{
    char boot_id[PROCESS_BOOT_ID_SIZE];
    struct process_stat stat;
    process_boot_id(boot_id);
    return info->holder_pid > 1 && info->boot_id && strcmp(info->boot_id, boot_id) == 0 &&
           process_stat((pid_t)info->holder_pid, &stat) == 0 && stat.start == info->holder_start &&
           stat.state != 'Z' && stat.state != 'X';
}

static void on_call_timer(uv_timer_t *timer);

bool repair_call_holder(struct repair *repair, struct job *job)
{
    char dir[PATHS_MAX + 24], text[PATHS_MAX];
    if (!repair->open || repair->closing || !is_holder(&job->info))
        return false;
    /* Watched before it is called: what it makes there tells that it has heard. */
    if (paths_job(dir, sizeof(dir), repair->server->runtime.paths.runtime_dir, job->info.id) < 0)
        return false;
    if (paths_make_job_again(dir, text, sizeof(text)) < 0)
        log_about_job(job->info.id, log_error("%s", text));
    watch_job(repair, job);
    if (kill((pid_t)job->info.holder_pid, SIGUSR1) < 0)
        return false;
    log_about_job(job->info.id,
                  log_info("its holder, pid %" PRIu32 ", is asked to put its socket back",
                           job->info.holder_pid));
    job->called = true;
    if (!uv_is_active((uv_handle_t *)&repair->call_timer))
        uv_timer_start(&repair->call_timer, on_call_timer, REPAIR_CALL_MS, 0);
    return true;
}

/* Something has changed where a holder is found that we are not connected to. */
static void look_for_holder(struct repair *repair, struct job *job)
{
    struct server *server = repair->server;
    if (!registry_holder_lives(&server->registry, job)) {
        server_job_gone(server, job);
    } else if (!job->incompatible && registry_reconnect(&server->registry, job) == 0) {
        job->called = false;
        postponed_retry(server);
    }
}

static void look_after(struct repair *repair, struct job *job)
{
    if (job_state_is_final(job->info.state) || !job->started)
        return;
    if (job->linked)
        ask_holder(repair, job);
    else
        look_for_holder(repair, job);
}

/* Those that did not come are shown, but cannot be asked anything; unless they have ended. */
static void on_call_timer(uv_timer_t *timer)
{
    struct repair *repair = timer->data;
    const struct registry *registry = &repair->server->registry;
    for (size_t i = registry->count; i-- > 0;) {
        struct job *job = job_at(registry, i);
        if (!job || !job->called)
            continue;
        uint32_t id = job->info.id;
        job->called = false;
        look_after(repair, job);
        job = registry_find(registry, id);
        if (job && !job->linked && !job_state_is_final(job->info.state))
            log_about_job(id, log_warn("its holder, pid %" PRIu32 ", does not put its socket back",
                                       job->info.holder_pid));
    }
    postponed_retry(repair->server);
}

static void on_watch_timer(uv_timer_t *timer)
{
    struct repair *repair = timer->data;
    const struct registry *registry = &repair->server->registry;
    repair_glance(repair);
    for (size_t i = registry->count; i-- > 0;) {
        struct job *job = job_at(registry, i);
        if (!job || job->watch != 0 || job_state_is_final(job->info.state) || !job->started)
            continue;
        if (watch_job(repair, job) && job->linked)
            send_repair(job); /* whatever has gone before it was watched */
        else
            look_after(repair, job);
    }
}

void repair_job_started(struct repair *repair)
{
    if (repair->open && !repair->closing && !uv_is_active((uv_handle_t *)&repair->watch_timer))
        uv_timer_start(&repair->watch_timer, on_watch_timer, REPAIR_WATCH_MS, 0);
}

void repair_answered(struct repair *repair, struct job *job, bool done)
{
    int before = job->watch;
    job->repairing = false;
    /* Of a job that has ended nothing is put back, and nothing is missed. */
    if (!done || !repair->open || repair->closing || job_state_is_final(job->info.state))
        return;
    /* Its directory may be a new one, from which something has gone before it was watched. */
    watch_job(repair, job);
    if (job->repair_again || job->watch != before || is_missing(repair, job))
        send_repair(job);
}

/* The server's own place */

/* Also when it is another directory than before. */
static void watch_directory(struct repair *repair)
{
    const char *dir = repair->server->runtime.paths.runtime_dir;
    if (repair->inotify_fd < 0)
        return;
    int before = repair->dir_watch;
    repair->dir_watch = inotify_add_watch(repair->inotify_fd, dir, REMOVED);
    if (repair->dir_watch < 0) {
        log_warn("%s cannot be watched: %s; kill -USR1 %d repairs it", dir, strerror(errno),
                 (int)getpid());
        repair->dir_watch = 0;
    }
    if (before > 0 && before != repair->dir_watch)
        inotify_rm_watch(repair->inotify_fd, before); /* it was moved, and is not ours any more */
}

static void keep_socket(struct server *server)
{
    struct runtime *runtime = &server->runtime;
    enum sockfile_state there = sockfile_look(&runtime->socket);
    bool elsewhere = runtime->passed && runtime->socket.ino == 0;
    if (there == SOCKFILE_OURS || elsewhere)
        return;
    int r = there == SOCKFILE_MISSING ? sockfile_put_back(&runtime->socket, &server->listener)
                                      : -EEXIST;
    if (r == -EEXIST) {
        log_error("%s is in the way: it is not this server's socket; when it is removed, that one "
                  "comes back",
                  runtime->socket_path);
    } else if (r < 0) {
        log_error("cannot put %s back: %s", runtime->socket_path, strerror(-r));
    } else {
        runtime->passed = false;
        log_info("%s was removed; it is there again", runtime->socket_path);
    }
}

/* What was in the directory has gone with the lock: the word that the server left, too. */
static void note_new_place(struct server *server)
{
    log_info("%s/lock was removed; it is there again", server->runtime.paths.runtime_dir);
    status_save(server);
}

/*
 * Directory, lock, socket, in this order: whoever finds the socket finds a server that has the
 * lock. False when the server is to end: another has its place, or there is none any more.
 */
static bool keep_place(struct server *server)
{
    char text[PATHS_MAX + 256];
    struct runtime *runtime = &server->runtime;
    int r = runtime_keep_directories(runtime, text, sizeof(text));
    if (r < 0 && !runtime_has_lock(runtime)) {
        log_error("%s: the server ends; the jobs go on, and the next server finds them", text);
        return false;
    }
    watch_directory(&server->repair); /* before it is looked at: nothing is missed then */
    r = runtime_keep_lock(runtime, text, sizeof(text));
    if (r == -EALREADY) {
        log_warn("%s: this one ends; the jobs go on", text);
        return false;
    }
    if (r < 0)
        log_error("%s", text);
    else if (r > 0)
        note_new_place(server);
    keep_socket(server);
    return true;
}

/*
 * Nobody is there who would miss the server when something of its place is gone, whatever is
 * removed first: to put that back, or to write a line to a log that has been removed, would only
 * get in the way of who is removing the directory.
 */
static bool is_not_missed(const struct server *server)
{
    const struct runtime *runtime = &server->runtime;
    if (!server_is_idle(server) || runtime->passed)
        return false;
    return sockfile_look(&runtime->socket) == SOCKFILE_MISSING || !runtime_is_whole(runtime);
}

static void end(struct server *server, bool swept)
{
    server->status.swept = swept;
    if (swept)
        log_leave_file();
    server_end(server, "its place is gone, or another's");
}

static void check(struct repair *repair)
{
    const struct registry *registry = &repair->server->registry;
    bool swept = is_not_missed(repair->server);
    if (swept || !keep_place(repair->server)) {
        end(repair->server, swept);
        return;
    }
    for (size_t i = registry->count; i-- > 0;) {
        struct job *job = job_at(registry, i);
        if (!job)
            continue;
        if (!job->linked && !job->incompatible && job->started &&
            !job_state_is_final(job->info.state))
            repair_call_holder(repair, job);
        else
            look_after(repair, job);
    }
}

void repair_begin(struct repair *repair)
{
    const struct registry *registry = &repair->server->registry;
    /* It may have been swept before it was watched. */
    if (!keep_place(repair->server)) {
        end(repair->server, false);
        return;
    }
    for (size_t i = 0; i < registry->count; i++) {
        struct job *job = registry->jobs[i];
        if (!job->linked && !job_state_is_final(job->info.state))
            repair_call_holder(repair, job);
    }
    repair_job_started(repair);
}

void repair_glance(struct repair *repair)
{
    if (!repair->open || repair->closing)
        return;
    uint64_t now = uv_now(&repair->server->loop);
    if (now - repair->glanced_ms < REPAIR_GLANCE_MS) {
        repair_job_started(repair); /* then it is looked at when that timer has run */
        return;
    }
    repair->glanced_ms = now;
    if (!runtime_has_lock(&repair->server->runtime))
        check(repair);
}

static void on_sigusr1(uv_signal_t *handle, int number)
{
    (void)number;
    check(handle->data);
}

/* Events */

static bool is_of_place(const struct inotify_event *event)
{
    static const char *const names[] = {"lock", "sock", "jobs"};
    if (event->mask & (GONE | IN_UNMOUNT | IN_IGNORED))
        return true;
    for (size_t i = 0; event->len > 0 && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(event->name, names[i]) == 0)
            return true;
    return false;
}

/* A link of the live environment; "new" is a socket that is just being put back. */
static bool is_link_gone(const struct inotify_event *event)
{
    return event->mask & IN_DELETE && event->len > 0 && strcmp(event->name, "sock") != 0 &&
           strcmp(event->name, "new") != 0;
}

static void handle_job_event(struct repair *repair, const struct inotify_event *event)
{
    const struct registry *registry = &repair->server->registry;
    for (size_t i = 0; i < registry->count; i++) {
        struct job *job = registry->jobs[i];
        if (job->watch != event->wd)
            continue;
        if (event->mask & IN_IGNORED)
            job->watch = 0;
        if (is_link_gone(event) && job->linked && !job_state_is_final(job->info.state))
            send_repair(job);
        else
            look_after(repair, job);
        return;
    }
}

/* Whether the server's own place has to be looked at. */
static bool handle_event(struct repair *repair, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    if (event->wd != repair->dir_watch) {
        handle_job_event(repair, event);
        return false;
    }
    if (event->mask & IN_IGNORED)
        repair->dir_watch = 0;
    return is_of_place(event);
}

static void on_inotify(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct repair *repair = poll->data;
    char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool place = false;
    ssize_t len;
    while ((len = read(repair->inotify_fd, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < len;) {
            const struct inotify_event *event = (const struct inotify_event *)(buf + at);
            place = handle_event(repair, event) || place;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    if (place && !repair->closing) /* what has happened to a job may have ended the server */
        check(repair);
}

static int watch_events(struct repair *repair)
{
    repair->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (repair->inotify_fd < 0) {
        log_warn("the runtime directory cannot be watched: %s; kill -USR1 %d repairs it",
                 strerror(errno), (int)getpid());
        return 0;
    }
    int r = uv_poll_init(&repair->server->loop, &repair->poll, repair->inotify_fd);
    if (r < 0) {
        repair->inotify_fd = fd_close(repair->inotify_fd);
        return r;
    }
    repair->poll.data = repair;
    return uv_poll_start(&repair->poll, UV_READABLE, on_inotify);
}

int repair_open(struct repair *repair, struct server *server)
{
    *repair = (struct repair){.server = server, .inotify_fd = -1};
    uv_timer_init(&server->loop, &repair->watch_timer);
    uv_timer_init(&server->loop, &repair->call_timer);
    int r = uv_signal_init(&server->loop, &repair->sigusr1);
    if (r < 0)
        return r;
    repair->open = true;
    repair->watch_timer.data = repair->call_timer.data = repair->sigusr1.data = repair;
    r = watch_events(repair);
    return r < 0 ? r : uv_signal_start(&repair->sigusr1, on_sigusr1, SIGUSR1);
}

void repair_close(struct repair *repair)
{
    if (!repair->open || repair->closing)
        return;
    repair->closing = true;
    uv_close((uv_handle_t *)&repair->watch_timer, NULL);
    uv_close((uv_handle_t *)&repair->call_timer, NULL);
    uv_close((uv_handle_t *)&repair->sigusr1, NULL);
    if (repair->inotify_fd >= 0)
        uv_close((uv_handle_t *)&repair->poll, NULL);
    repair->inotify_fd = fd_close(repair->inotify_fd);
}

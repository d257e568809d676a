#include "server/holder/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* Memory of a plan, freed in the parent once the child is forked. */
struct prepared {
    struct child_plan plan;
    char **env;
    char **candidates;
    char **argv;
    char **script_argv;
    char script_path[32];
    struct child_limit *limits;
    char own_env[4][PATH_MAX + 32];
};

static void prepared_finish(struct prepared *p)
{
    for (size_t i = 0; p->candidates && p->candidates[i]; i++)
        free(p->candidates[i]);
    free(p->candidates);
    free(p->env);
    free(p->argv);
    free(p->script_argv);
    free(p->limits);
}

static bool is_own_variable(const char *entry)
{
    static const char *const names[] = {"JS_JOB_ID=", "JS_JOB_UID=", "JS_SOCKET=", "JS_ATTEMPT="};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* The caller's environment; what an outer job of ours left in it gives way to this job's. */
static int prepare_env(struct prepared *p, const struct msg_run *run, const struct launch_env *env)
{
    p->env = calloc(run->env.len + 5, sizeof(*p->env));
    if (!p->env)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < run->env.len; i++)
        if (!is_own_variable(run->env.items[i]))
            p->env[count++] = run->env.items[i];
    snprintf(p->own_env[0], sizeof(p->own_env[0]), "JS_JOB_ID=%u", env->id);
    snprintf(p->own_env[1], sizeof(p->own_env[1]), "JS_JOB_UID=%s", env->uid);
    snprintf(p->own_env[2], sizeof(p->own_env[2]), "JS_SOCKET=%s", env->socket);
    snprintf(p->own_env[3], sizeof(p->own_env[3]), "JS_ATTEMPT=%u", env->attempt);
    for (size_t i = 0; i < 4; i++)
        p->env[count++] = p->own_env[i];
    p->plan.env = p->env;
    return 0;
}

static const char *find_path(const struct msg_run *run)
{
    for (size_t i = 0; i < run->env.len; i++)
        if (strncmp(run->env.items[i], "PATH=", 5) == 0)
            return run->env.items[i] + 5;
    return DEFAULT_PATH;
}

static char *join(const char *dir, size_t dir_len, const char *name)
{
    char *path = NULL;
    if (dir_len == 0) /* an empty element is the current directory: execvp(3) */
        return strdup(name);
    return asprintf(&path, "%.*s/%s", (int)dir_len, dir, name) < 0 ? NULL : path;
}

/*
 * Whether the child need not try a path: it is not there, or in a directory that may not be
 * searched, which to shells is the same (execvp(3) would make it a "permission denied"). (A failing
 * execve(2) costs ten times as much as this.) Relative ones are left to the child, which is in the
 * right directory.
 */
static bool is_missing(const char *path)
{
    return path[0] == '/' && access(path, F_OK) < 0 &&
           (errno == ENOENT || errno == ENOTDIR || errno == EACCES);
}

/* The files to try, in order: the name itself when it has a slash, else one per PATH element. */
static int prepare_candidates(struct prepared *p, const struct msg_run *run)
{
    const char *name = run->argv.items[0];
    const char *path = find_path(run);
    size_t room = 2;
    for (const char *at = path; *at; at++)
        room += *at == ':';
    p->candidates = calloc(room + 1, sizeof(*p->candidates));
    if (!p->candidates)
        return -ENOMEM;
    p->plan.candidates = p->candidates;
    if (strchr(name, '/'))
        return (p->candidates[0] = strdup(name)) ? 0 : -ENOMEM;
    for (size_t i = 0;;) {
        size_t len = strcspn(path, ":");
        if (!(p->candidates[i] = join(path, len, name)))
            return -ENOMEM;
        if (is_missing(p->candidates[i])) {
            free(p->candidates[i]);
            p->candidates[i] = NULL;
        } else {
            i++;
        }
        if (path[len] == '\0')
            return 0;
        path += len + 1;
    }
}

/* In the place of the script's name stands what its interpreter can open, again and again. */
static int prepare_argv(struct prepared *p, const struct msg_run *run, int script_fd)
{
    p->argv = calloc(run->argv.len + 1, sizeof(*p->argv));
    if (!p->argv)
        return -ENOMEM;
    memcpy(p->argv, run->argv.items, run->argv.len * sizeof(*p->argv));
    if (script_fd >= 0 && run->script_at < run->argv.len) {
        snprintf(p->script_path, sizeof(p->script_path), "/proc/self/fd/%d", script_fd);
        p->argv[run->script_at] = p->script_path;
    }
    p->plan.argv = p->argv;
    p->plan.script_fd = script_fd;
    return 0;
}

/* For a program that is itself a script without a #! line. */
static int prepare_script(struct prepared *p, const struct msg_run *run)
{
    p->script_argv = calloc(run->argv.len + 2, sizeof(*p->script_argv));
    if (!p->script_argv)
        return -ENOMEM;
    p->script_argv[0] = (char *)"/bin/sh";
    for (size_t i = 1; i < run->argv.len; i++)
        p->script_argv[i + 1] = p->argv[i];
    p->plan.script_argv = p->script_argv;
    return 0;
}

static int prepare_limits(struct prepared *p, const struct msg_run *run)
{
    p->limits = calloc(run->limits.len + 1, sizeof(*p->limits));
    if (!p->limits)
        return -ENOMEM;
    const struct msg_rlimit *wanted = run->limits.items;
    for (size_t i = 0; i < run->limits.len; i++)
        p->limits[i] = (struct child_limit){
            .resource = (int)wanted[i].resource,
            .limit = {.rlim_cur = wanted[i].soft, .rlim_max = wanted[i].hard},
            .strict = wanted[i].strict,
            .keep_hard = wanted[i].keep_hard,
        };
    p->plan.limits = p->limits;
    p->plan.limit_count = run->limits.len;
    return 0;
}

static int prepare(struct prepared *p, const struct msg_run *run, const struct launch_env *env)
{
    p->plan = (struct child_plan){
        .cgroup_fd = env->cgroup_fd,
        .cwd = run->cwd,
        .umask = (mode_t)run->umask,
        .nice = run->nice,
        .ignored = run->ignored,
        .blocked = run->blocked,
        .strict_nice = env->plan && env->plan->own_nice,
        .no_new_privs = env->plan && env->plan->no_new_privs,
    };
    int r = prepare_env(p, run, env);
    if (r == 0)
        r = prepare_argv(p, run, env->script_fd);
    if (r == 0)
        r = prepare_candidates(p, run);
    if (r == 0)
        r = prepare_script(p, run);
    if (r == 0)
        r = prepare_limits(p, run);
    return r;
}

/* All signals are blocked across the fork, so that no handler of ours runs in the child. */
static pid_t fork_child(const struct child_plan *plan)
{
    sigset_t all, saved;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &saved);
    pid_t pid = fork();
    if (pid == 0)
        child_exec(plan);
    int r = pid < 0 ? -errno : pid;
    sigprocmask(SIG_SETMASK, &saved, NULL);
    return r;
}

static void on_status(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    launch_check(poll->data);
}

static int watch(struct launch *launch, uv_loop_t *loop)
{
    uv_poll_t *poll = malloc(sizeof(*poll));
    int r = poll ? uv_poll_init(loop, poll, launch->status_fd) : -ENOMEM;
    if (r < 0) {
        free(poll);
        return r;
    }
    launch->poll = poll;
    poll->data = launch;
    return uv_poll_start(poll, UV_READABLE, on_status);
}

int launch_start(struct launch *launch, uv_loop_t *loop, const struct msg_run *run,
                 const struct launch_env *env, const struct child_stdio *stdio,
                 launch_done_fn on_done, void *data, enum start_stage *ret_stage)
{
    *launch = (struct launch){.status_fd = -1, .pid = -1, .on_done = on_done, .data = data};
    *ret_stage = START_FORK;
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return -errno;
    launch->status_fd = pipe_fds[0];

    struct prepared *p = calloc(1, sizeof(*p));
    int r = p ? prepare(p, run, env) : -ENOMEM;
    if (r == 0) {
        p->plan.stdio = *stdio;
        p->plan.status_fd = pipe_fds[1];
        r = fork_child(&p->plan);
    }
    fd_close(pipe_fds[1]);
    if (p)
        prepared_finish(p);
    free(p);
    if (r > 0) {
        launch->pid = r;
        /* Also from here, so that the group exists whoever runs first. */
        setpgid(launch->pid, launch->pid);
        r = watch(launch, loop);
    }
    if (r < 0)
        launch->status_fd = fd_close(launch->status_fd);
    return r;
}

void launch_check(struct launch *launch)
{
    if (launch->done || launch->status_fd < 0)
        return;
    struct child_failure failure = {.resource = -1};
    ssize_t n = read(launch->status_fd, &failure, sizeof(failure));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    launch->done = true;
    if (launch->poll)
        uv_poll_stop(launch->poll);
    launch->resource = failure.resource;
    if (n == (ssize_t)sizeof(failure))
        launch->on_done(launch, (enum start_stage)failure.stage, failure.error);
    else
        launch->on_done(launch, START_NONE, 0);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

void launch_close(struct launch *launch)
{
    if (launch->poll)
        uv_close((uv_handle_t *)launch->poll, on_closed);
    launch->poll = NULL;
    launch->status_fd = fd_close(launch->status_fd);
}

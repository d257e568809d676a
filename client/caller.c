#include "client/caller.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/livevar.h"

#define LAST_SIGNAL  64
#define BIT(sig)     (UINT64_C(1) << ((sig)-1))
#define STOP_SIGNALS (BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))

static uint64_t ignored, blocked;

void caller_remember_signals(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
        struct sigaction action;
        uint64_t bit = UINT64_C(1) << (sig - 1);
        if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            ignored |= bit;
        if (sigismember(&mask, sig) == 1)
            blocked |= bit;
    }
}

static int describe_limits(struct msg_run *run)
{
    struct msg_rlimit *items = calloc(RLIM_NLIMITS, sizeof(*items));
    if (!items)
        return -ENOMEM;
    run->limits.items = items;
    for (unsigned resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
            continue;
        items[run->limits.len++] = (struct msg_rlimit){
            .resource = resource, .soft = limit.rlim_cur, .hard = limit.rlim_max};
    }
    return 0;
}

int caller_describe(struct msg_run *run)
{
    extern char **environ;
    char cwd[PATH_MAX];
    size_t count = 0;
    if (!getcwd(cwd, sizeof(cwd)))
        return -errno;
    while (environ[count])
        count++;
    mode_t mask = umask(0);
    umask(mask);
    run->umask = mask;
    run->nice = getpriority(PRIO_PROCESS, 0);
    /* Of a shell without job control, which ignores them for itself (elvish): its jobs may stop. */
    run->ignored = ignored == STOP_SIGNALS ? 0 : ignored;
    run->blocked = blocked;
    int r = wire_set_str(&run->cwd, cwd);
    if (r == 0)
        r = wire_set_strs(&run->env, environ, count);
    return r == 0 ? describe_limits(run) : r;
}

/* wl_display_connect(3): a name is a socket in $XDG_RUNTIME_DIR, an absolute path is itself. */
static char *live_entry(const char *name, const char *value)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    char *entry = NULL;
    int r;
    if (!value)
        r = asprintf(&entry, "%s", name);
    else if (strcmp(name, "WAYLAND_DISPLAY") == 0 && *value && *value != '/' && dir && *dir == '/')
        r = asprintf(&entry, "%s=%s/%s", name, dir, value);
    else
        r = asprintf(&entry, "%s=%s", name, value);
    return r < 0 ? NULL : entry;
}

int caller_live_env(const struct config *config, struct wire_strs *ret)
{
    *ret = (struct wire_strs){.items = calloc(LIVEVAR_COUNT + 1, sizeof(char *))};
    if (!ret->items)
        return -ENOMEM;
    for (size_t i = 0; i < LIVEVAR_COUNT; i++) {
        if (!config_lets_pass(config, livevars[i].name))
            continue;
        char *entry = live_entry(livevars[i].name, getenv(livevars[i].name));
        if (!entry)
            return -ENOMEM;
        ret->items[ret->len++] = entry;
    }
    return 0;
}

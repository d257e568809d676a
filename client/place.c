#include "client/place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/report.h"
#include "common/fd.h"

#define ACCEPTS 0x10000u /* __SO_ACCEPTCON among the flags of /proc/net/unix */

int place_find(struct place *place)
{
    char text[PATHS_MAX + 256];
    if (paths_find(&place->paths, text, sizeof(text)) < 0)
        return report_error("%s", text);
    const char *dir = place->paths.runtime_dir;
    snprintf(place->lock, sizeof(place->lock), "%s/lock", dir);
    snprintf(place->socket, sizeof(place->socket), "%s/sock", dir);
    snprintf(place->log, sizeof(place->log), "%s/server.log", dir);
    return 0;
}

static void on_alarm(int number)
{
    (void)number;
}

bool place_is_locked(const struct place *place, unsigned wait_ms)
{
    _cleanup_fd_ int fd = open(place->lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    if (wait_ms == 0)
        return flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    /* flock(2) sleeps until then; without SA_RESTART the alarm ends that. */
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm((wait_ms + 999) / 1000);
    bool held = flock(fd, LOCK_SH) < 0;
    alarm(0);
    return held;
}

bool place_has_listener(const struct place *place)
{
    char line[PATHS_MAX + 256];
    bool found = false;
    FILE *file = fopen("/proc/net/unix", "re");
    while (file && !found && fgets(line, sizeof(line), file)) {
        unsigned flags;
        int path = 0;
        line[strcspn(line, "\n")] = '\0';
        /* Num RefCount Protocol Flags Type St Inode Path */
        if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &path) == 1 && path > 0)
            found = (flags & ACCEPTS) && strcmp(line + path, place->socket) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

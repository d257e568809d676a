#include "server/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* How many sockets were passed to this very process. */
static long count_passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    return strtol(count, NULL, 10);
}

static bool is_listening_unix_socket(int fd)
{
    int type = 0, listens = 0, domain = 0;
    socklen_t len = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens;
}

int activation_take_socket(void)
{
    long count = count_passed();
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (count <= 0)
        return -ENOENT;
    for (long i = 0; i < count; i++)
        fcntl(FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC);
    if (count != 1 || !is_listening_unix_socket(FIRST_FD))
        return -EINVAL;
    int r = fd_set_nonblock(FIRST_FD, true);
    return r < 0 ? r : FIRST_FD;
}

int activation_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (!path)
        return 0;
    if ((path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(addr.sun_path))
        return -EINVAL;
    strcpy(addr.sun_path, path);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        addr.sun_path[0] = '\0'; /* an abstract address: unix(7) */
    else
        len++;
    _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    ssize_t n = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr, len);
    return n < 0 ? -errno : 0;
}

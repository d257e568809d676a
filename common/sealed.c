#include "common/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/fd.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int sealed_create(const char *name)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    /* It is read by an interpreter and never executed itself; vm.memfd_noexec wants that said. */
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    return fd < 0 ? -errno : fd;
}

int sealed_finish(int fd)
{
    return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int sealed_check(int fd, uint64_t max, uint64_t *ret_size)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || fstat(fd, &st) < 0)
        return -EINVAL;
    if ((seals & SEALS) != SEALS)
        return -EPERM;
    if (st.st_size == 0)
        return -ENODATA;
    if ((uint64_t)st.st_size > max)
        return -EFBIG;
    *ret_size = (uint64_t)st.st_size;
    return 0;
}

int sealed_reopen(int fd, int least)
{
    _cleanup_fd_ int read_fd = fd_reopen(fd, O_RDONLY);
    if (read_fd < 0)
        return read_fd;
    int high_fd = fcntl(read_fd, F_DUPFD_CLOEXEC, least);
    return high_fd < 0 ? -errno : high_fd;
}

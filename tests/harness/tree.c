#include "tests/harness/tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)walk;
    bool is_directory = type == FTW_DP || type == FTW_DNR || type == FTW_D;
    return (is_directory ? rmdir(path) : unlink(path)) < 0 && errno != ENOENT ? -errno : 0;
}

int tree_remove(const char *path)
{
    int r = nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return r == -1 ? -errno : r;
}

#include "server/holder/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/fd.h"

#define PART 1024u

/* To its end, with a NUL behind it. */
static int read_all(int fd, struct bytes *text)
{
    ssize_t n;
    do {
        if (bytes_reserve(text, PART + 1) < 0)
            return -ENOMEM;
        n = read(fd, text->data + text->len, PART);
        if (n < 0 && errno != EINTR)
            return -errno;
        text->len += n > 0 ? (size_t)n : 0;
    } while (n != 0);
    text->data[text->len] = '\0';
    return 0;
}

char *cgroup_file_read(int dir_fd, const char *path)
{
    struct bytes text = {0};
    _cleanup_fd_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    int r = read_all(fd, &text);
    if (r == 0)
        return (char *)text.data;
    bytes_finish(&text);
    errno = -r;
    return NULL;
}

int cgroup_file_write(int dir_fd, const char *path, const char *text)
{
    _cleanup_fd_ int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\n' || c == '\0';
}

bool cgroup_file_has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len)
        if ((at == text || is_gap(at[-1])) && is_gap(at[len]))
            return true;
    return false;
}

uint64_t cgroup_file_sum(const char *text, const char *key)
{
    size_t len = strlen(key);
    uint64_t sum = 0;
    for (const char *at = text; (at = strstr(at, key)); at += len)
        if ((at == text || is_gap(at[-1])) && (at[len] == ' ' || at[len] == '='))
            sum += strtoull(at + len + 1, NULL, 10);
    return sum;
}

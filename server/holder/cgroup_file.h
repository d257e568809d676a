/* The files of cgroups(7) and proc(5): small texts that the kernel makes when they are read. */
#ifndef JS_SERVER_HOLDER_CGROUP_FILE_H
#define JS_SERVER_HOLDER_CGROUP_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* The whole text, which the caller frees, or NULL with errno. */
char *cgroup_file_read(int dir_fd, const char *path);

/* Writes the text in one piece. 0 or -errno. */
int cgroup_file_write(int dir_fd, const char *path, const char *text);

/* Whether the word is one of the text's, which blanks and line ends separate. */
bool cgroup_file_has_word(const char *text, const char *word);

/*
 * The sum of the numbers behind a key: "oom_kill 3" on a line of its own, or "rbytes=3" anywhere.
 * 0 when there is none.
 */
uint64_t cgroup_file_sum(const char *text, const char *key);

#endif

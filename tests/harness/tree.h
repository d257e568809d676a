/* Directories of tests. */
#ifndef JS_TESTS_HARNESS_TREE_H
#define JS_TESTS_HARNESS_TREE_H

/* Removes a directory and everything in it; symbolic links are not followed. 0 or -errno. */
int tree_remove(const char *path);

#endif

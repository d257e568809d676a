/* What takes more than it should: memory, processes. */
#include "tests/helpers/pty_child.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void behave_hog(char **args)
{
    size_t size = (size_t)child_number(args[0]) << 20;
    char *memory = malloc(size);
    if (!memory)
        child_fail("malloc");
    memset(memory, 1, size);
    /* What nobody looks at, compilers leave out. */
    if (memory[size / 2] != 1)
        child_fail("memset");
    child_say("HOG\n");
}

/* In memory that all of a swarm share. */
struct swarm {
    atomic_long left; /* processes that may still be started: it is bounded in any case */
    atomic_bool full; /* it has been said that there can be no more */
};

static void swarm_on(struct swarm *swarm)
{
    while (atomic_fetch_sub(&swarm->left, 1) > 0) {
        pid_t pid = fork();
        if (pid == 0)
            setsid();
        if (pid < 0 && !atomic_exchange(&swarm->full, true))
            child_say("FULL %s\n", strerrorname_np(errno));
    }
}

void behave_swarm(char **args)
{
    void *memory =
        mmap(NULL, sizeof(struct swarm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        child_fail("mmap");
    struct swarm *swarm = memory;
    atomic_init(&swarm->left, child_number(args[0]));
    atomic_init(&swarm->full, false);
    swarm_on(swarm);
    behave_hold(NULL);
}

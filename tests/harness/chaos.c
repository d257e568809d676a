#include "tests/harness/chaos.h"

#include "common/channel.h"
#include "common/fd.h"
#include "tests/harness/proc.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_BESIDES 20 /* what a test may take besides its rounds */

static unsigned count_rounds(unsigned few, unsigned asked)
{
    const char *text = getenv("JS_CHAOS_ROUNDS");
    if (!text || !*text)
        return few;
    if (strcmp(text, "asked") == 0)
        return asked;
    unsigned long rounds = strtoul(text, NULL, 10);
    return rounds > 0 && rounds < 1000000 ? (unsigned)rounds : few;
}

void chaos_begin(struct chaos *chaos, unsigned few, unsigned asked)
{
    const char *text = getenv("JS_CHAOS_SEED");
    uint32_t seed = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
    if (seed == 0 && getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = 1;
    seed |= seed == 0;
    chaos->random.state = seed;
    chaos->rounds = count_rounds(few, asked);
    /* The first numbers of small seeds are alike. */
    for (int i = 0; i < 8; i++)
        messages_next(&chaos->random);
    fprintf(stderr, "# %u rounds, JS_CHAOS_SEED=%" PRIu32 "\n", chaos->rounds, seed);
}

unsigned chaos_below(struct chaos *chaos, unsigned limit)
{
    return (unsigned)messages_below(&chaos->random, limit);
}

void chaos_delay(struct chaos *chaos, unsigned most_us)
{
    unsigned us = chaos_below(chaos, most_us);
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static bool is_below_us(pid_t pid)
{
    struct proc process;
    while (pid > 1 && pid != getpid() && proc_read(pid, &process) == 0)
        pid = process.ppid;
    return pid == getpid();
}

void chaos_kill(pid_t pid, int signal_number)
{
    struct proc process;
    ck_assert_msg(pid > 1, "no process to be sent signal %d", signal_number);
    if (proc_read(pid, &process) < 0)
        return;
    ck_assert_msg(is_below_us(pid) || proc_read(pid, &process) < 0, "process %d is not ours", pid);
    ck_assert(proc_signal(pid, signal_number) == 0 || errno == ESRCH);
}

pid_t chaos_server(struct fixture *fixture)
{
    char path[128];
    struct ucred peer = {.pid = -1};
    socklen_t len = sizeof(peer);
    snprintf(path, sizeof(path), "%s/sock", fixture->run_dir);
    _cleanup_fd_ int fd = channel_connect(path, false);
    /* The listening side's credentials are those of whoever called listen(2) (unix(7)). */
    if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        peer.pid = -1;
    return peer.pid;
}

void chaos_set_timeout(TCase *tcase, unsigned few, unsigned asked, unsigned round_ms)
{
    double rounds = count_rounds(few, asked);
    tcase_set_timeout(tcase, SECONDS_BESIDES + rounds * round_ms / 1000.0);
}

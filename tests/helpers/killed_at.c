/*
 * killed_at N PROGRAM [ARGUMENT]...
 *
 * Runs the program and kills it (SIGKILL) as it enters its Nth system call after exec: so a test
 * can try every point at which a program may die, in order, and none twice. N = 0 never kills.
 * Exits with 137 when it has killed, else as the program did (128 + signal for a signal).
 *
 * It is ptrace(2) of a child of its own, which needs no privilege; what the program forks is left
 * alone. Its signals are passed on to it, and a stop stops only the program.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED_STATUS 99

static noreturn void fail(const char *what)
{
    fprintf(stderr, "killed_at: %s: %s\n", what, strerror(errno));
    exit(FAILED_STATUS);
}

static int shell_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The next stop or the end of the program, which goes on with that signal until then. */
static int next_stop(pid_t pid, int signal_number)
{
    int status = 0;
    if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal_number) < 0 && errno != ESRCH)
        fail("PTRACE_SYSCALL");
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            fail("waitpid");
    return status;
}

static int run(pid_t pid, long kill_at)
{
    int status = 0, signal_number = 0;
    long entered = 0;
    bool inside = false;
    for (;;) {
        status = next_stop(pid, signal_number);
        if (!WIFSTOPPED(status))
            return shell_status(status);
        signal_number = 0;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
            entered = 0;
            inside = true; /* the exec itself is still to return */
            continue;
        }
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
            signal_number = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
            continue;
        }
        inside = !inside;
        if (inside && ++entered == kill_at) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return 128 + SIGKILL;
        }
    }
}

/* The leak check of a sanitizer build traces its own process, which cannot be traced twice. */
static void set_sanitizer(void)
{
    char text[1024];
    const char *given = getenv("ASAN_OPTIONS");
    snprintf(text, sizeof(text), "%s:detect_leaks=0", given ? given : "");
    setenv("ASAN_OPTIONS", text, 1);
}

/* The traced child. */
static noreturn void become(char **argv)
{
    set_sanitizer();
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        fail("PTRACE_TRACEME");
    raise(SIGSTOP);
    execvp(argv[0], argv);
    fail(argv[0]);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "killed_at: killed_at N PROGRAM [ARGUMENT]...\n");
        return FAILED_STATUS;
    }
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0)
        become(argv + 2);
    /* Whoever waits for the program to close what it has inherited must not wait for us. */
    close_range(3, ~0U, 0);
    /* What the terminal sends the group is the program's affair. */
    for (int number = 1; number < 32; number++)
        if (number != SIGCHLD)
            signal(number, SIG_IGN);
    int status = 0;
    if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
        fail("waitpid");
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0)
        fail("PTRACE_SETOPTIONS");
    return run(pid, atol(argv[1]));
}

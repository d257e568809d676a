#include "tests/harness/program.h"

#include "common/fd.h"
#include "tests/harness/leader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pipe, or /dev/null in place of its reading end. ret[0] is what the program gets. */
static int open_input(const struct program_options *options, int ret[2])
{
    if (options->input_len > 0 || options->keep_input || options->pipe_input)
        return pipe2(ret, O_CLOEXEC) < 0 ? -errno : 0;
    ret[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return ret[0] < 0 ? -errno : 0;
}

static int start_with_pipes(struct program *program, const struct program_options *options,
                            int in[2], int out[2], int err[2])
{
    int r = open_input(options, in);
    if (r < 0)
        return r;
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        return -errno;
    struct leader_options leader = {
        .argv = options->argv,
        .env = options->env,
        .cwd = options->cwd,
        .fds = {in[0], out[1], err[1]},
    };
    pid_t pid = leader_spawn(&leader);
    if (pid < 0)
        return (int)pid;
    program->pid = pid;
    program->pid_fd = pidfd_open(pid, 0);
    return program->pid_fd < 0 ? -errno : 0;
}

int program_start(struct program *program, const struct program_options *options)
{
    *program = (struct program){
        .pid = -1,
        .pid_fd = -1,
        .stdin_fd = -1,
        .stdout_fd = -1,
        .stderr_fd = -1,
        .input = options->input,
        .input_len = options->input_len,
        .keep_input = options->keep_input,
    };
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    int r = start_with_pipes(program, options, in, out, err);
    fd_close(in[0]);
    fd_close(out[1]);
    fd_close(err[1]);
    program->stdin_fd = in[1];
    program->stdout_fd = out[0];
    program->stderr_fd = err[0];
    if (program->stdin_fd >= 0)
        (void)fd_set_nonblock(program->stdin_fd, true);
    return r;
}

static void feed(struct program *program)
{
    /* Writing to a program that does not read gives SIGPIPE, which would be the test's end. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    sigaction(SIGPIPE, &ignore, &before);
    ssize_t n =
        program->input_len > 0 ? write(program->stdin_fd, program->input, program->input_len) : 0;
    bool broken = n < 0 && errno != EAGAIN && errno != EINTR;
    sigaction(SIGPIPE, &before, NULL);
    if (n > 0) {
        program->input += n;
        program->input_len -= (size_t)n;
    }
    if (broken || (program->input_len == 0 && !program->keep_input))
        program->stdin_fd = fd_close(program->stdin_fd);
}

/* Reads what is there once. The new value of the fd: -1 at the end. */
static int read_some(int fd, struct transcript *transcript)
{
    char data[65536];
    ssize_t n = read(fd, data, sizeof(data));
    if (n > 0)
        transcript_add(transcript, data, (size_t)n);
    bool again = n < 0 && (errno == EINTR || errno == EAGAIN);
    return n > 0 || again ? fd : fd_close(fd);
}

static void reap(struct program *program)
{
    if (waitpid(program->pid, &program->wait_status, 0) == program->pid) {
        program->pid = -1;
        program->pid_fd = fd_close(program->pid_fd);
    }
}

/* Waits for something to happen and handles it. 0, or -ETIMEDOUT. */
static int pump(struct program *program, struct deadline deadline)
{
    bool may_write = program->input_len > 0 || !program->keep_input;
    struct pollfd entries[] = {
        {.fd = may_write ? program->stdin_fd : -1, .events = POLLOUT},
        {.fd = program->stdout_fd, .events = POLLIN},
        {.fd = program->stderr_fd, .events = POLLIN},
        {.fd = program->pid_fd, .events = POLLIN},
    };
    int n = poll(entries, 4, deadline_left_ms(deadline));
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ETIMEDOUT;
    if (entries[0].revents)
        feed(program);
    if (entries[1].revents)
        program->stdout_fd = read_some(program->stdout_fd, &program->out);
    if (entries[2].revents)
        program->stderr_fd = read_some(program->stderr_fd, &program->err);
    if (entries[3].revents)
        reap(program);
    return 0;
}

int program_wait(struct program *program, struct deadline deadline)
{
    while (program->pid > 0 || program->stdout_fd >= 0 || program->stderr_fd >= 0) {
        int r = pump(program, deadline);
        if (r == -ETIMEDOUT && program->pid < 0)
            return -EBUSY;
        if (r < 0)
            return r;
    }
    return 0;
}

static bool await_text(struct program *program, struct transcript *in, const int *fd,
                       const char *text, struct deadline deadline)
{
    while (!transcript_find(in, text)) {
        if (*fd < 0 || pump(program, deadline) < 0)
            return transcript_find(in, text);
    }
    return true;
}

bool program_await_out(struct program *program, const char *text, struct deadline deadline)
{
    return await_text(program, &program->out, &program->stdout_fd, text, deadline);
}

bool program_await_err(struct program *program, const char *text, struct deadline deadline)
{
    return await_text(program, &program->err, &program->stderr_fd, text, deadline);
}

void program_end_input(struct program *program)
{
    program->keep_input = false;
    if (program->input_len == 0)
        program->stdin_fd = fd_close(program->stdin_fd);
}

int program_exit_code(const struct program *program)
{
    int status = program->wait_status;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void program_finish(struct program *program)
{
    if (program->pid > 0) {
        kill(-program->pid, SIGKILL);
        kill(program->pid, SIGKILL);
        waitpid(program->pid, NULL, 0);
    }
    fd_close(program->pid_fd);
    fd_close(program->stdin_fd);
    fd_close(program->stdout_fd);
    fd_close(program->stderr_fd);
    transcript_finish(&program->out);
    transcript_finish(&program->err);
    *program =
        (struct program){.pid = -1, .pid_fd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
}

void program_print(const struct program *program, FILE *to)
{
    fprintf(to, "stdout:\n");
    transcript_print(&program->out, to);
    fprintf(to, "stderr:\n");
    transcript_print(&program->err, to);
}

#include "client/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/report.h"
#include "common/fd.h"
#include "common/sealed.h"

#define SHELL_DEFAULT "/bin/sh"   /* as for every file without a #! line: execvp(3) */
#define LINE_MAX_LEN  256u        /* of a #! line; the kernel looks no further (execve(2)) */
#define COUNTED_MAX   (64u << 20) /* how far one that is too long is read to tell its size */
#define CHUNK_SIZE    65536u

void script_init(struct script *script)
{
    *script = (struct script){.fd = -1};
}

void script_finish(struct script *script)
{
    fd_close(script->fd);
    free(script->interpreter.program);
    free(script->interpreter.argument);
    script_init(script);
}

/* The interpreter */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int script_parse_interpreter(const char *line, size_t len, struct script_interpreter *ret)
{
    while (len > 0 && is_blank(line[len - 1]))
        len--;
    while (len > 0 && is_blank(*line)) {
        line++;
        len--;
    }
    size_t end = 0;
    while (end < len && !is_blank(line[end]))
        end++;
    if (end == 0)
        return -ENOENT;
    size_t rest = end;
    while (rest < len && is_blank(line[rest]))
        rest++;
    *ret = (struct script_interpreter){.program = strndup(line, end)};
    if (rest < len)
        ret->argument = strndup(line + rest, len - rest);
    return ret->program && (rest == len || ret->argument) ? 0 : -ENOMEM;
}

/* What its #! line says. 0, -ENOENT when there is none, or -ENOMEM. */
static int find_interpreter(struct script *script)
{
    char line[LINE_MAX_LEN];
    ssize_t n = pread(script->fd, line, sizeof(line), 0);
    if (n < 2 || line[0] != '#' || line[1] != '!')
        return -ENOENT;
    size_t len = 2;
    while (len < (size_t)n && line[len] != '\n' && line[len] != '\0')
        len++;
    return script_parse_interpreter(line + 2, len - 2, &script->interpreter);
}

static int choose_interpreter(struct script *script, const char *asked)
{
    int r = asked ? script_parse_interpreter(asked, strlen(asked), &script->interpreter)
                  : find_interpreter(script);
    if (r == -ENOENT && asked) {
        report_of_command("--interp is empty: name a program, as in --interp bash");
        return EXIT_USAGE;
    }
    if (r == -ENOENT)
        r = script_parse_interpreter(SHELL_DEFAULT, strlen(SHELL_DEFAULT), &script->interpreter);
    return r < 0 ? report_error("cannot read the script: %s", strerror(-r)) : 0;
}

/* The body */

/* "the script x.sh", for messages. */
static const char *shown_name(const char *name)
{
    static char text[512];
    bool is_input = strcmp(name, "-") == 0;
    snprintf(text, sizeof(text), "the script %.400s", is_input ? "from standard input" : name);
    return text;
}

/* How much there is, as far as is looked; *ret_exact: that was all. */
static uint64_t count_rest(int from_fd, uint64_t size, bool *ret_exact)
{
    static char buf[CHUNK_SIZE];
    ssize_t n = 1;
    while (n > 0 && size < COUNTED_MAX) {
        n = read(from_fd, buf, sizeof(buf));
        size += n > 0 ? (uint64_t)n : 0;
    }
    *ret_exact = n == 0;
    return size;
}

static int refuse_size(int from_fd, const char *name, uint64_t size)
{
    bool exact;
    size = count_rest(from_fd, size, &exact);
    report_of_command("%s is %llu bytes%s, the limit is %u", shown_name(name),
                      (unsigned long long)size, exact ? "" : " or more", SEALED_SCRIPT_MAX);
    return EXIT_USAGE;
}

/* Copies all of it, unless it is too long. 0 or the exit status. */
static int copy_body(struct script *script, int from_fd, const char *name)
{
    static char buf[CHUNK_SIZE];
    for (;;) {
        ssize_t n = read(from_fd, buf, sizeof(buf));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return report_error("cannot read %s: %s", shown_name(name), strerror(errno));
        if (n == 0)
            return 0;
        script->size += (uint64_t)n;
        if (script->size > SEALED_SCRIPT_MAX)
            return refuse_size(from_fd, name, script->size);
        int r = fd_write_all(script->fd, buf, (size_t)n);
        if (r < 0)
            return report_error("cannot keep the script in memory: %s", strerror(-r));
    }
}

static int read_body(struct script *script, int from_fd, const char *name)
{
    script->fd = sealed_create("js-script");
    if (script->fd < 0)
        return report_error("cannot keep the script in memory: %s", strerror(-script->fd));
    int status = copy_body(script, from_fd, name);
    if (status == 0 && script->size == 0) {
        report_of_command("%s is empty: there is nothing to run", shown_name(name));
        status = EXIT_USAGE;
    }
    int r = status == 0 ? sealed_finish(script->fd) : 0;
    return r < 0 ? report_error("cannot seal the script: %s", strerror(-r)) : status;
}

/* Standard input */

/*
 * The terminal that this process belongs to; the one that the output goes to is opened by that, so
 * that the two are seen to be the same (/dev/tty has a number of its own). Returns the fd or
 * -errno.
 */
static int open_terminal(void)
{
    _cleanup_fd_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    unsigned device;
    if (fd < 0)
        return -errno;
    if (isatty(1) && fstat(1, &st) == 0 && ioctl(fd, TIOCGDEV, &device) == 0 &&
        st.st_rdev == device) {
        int same_fd = fd_reopen(1, O_RDWR);
        if (same_fd >= 0)
            return same_fd;
    }
    return fd_take(&fd);
}

/* What was read to its end is no input any more: keys come from the terminal, or from nowhere. */
static int take_keys(void)
{
    if (isatty(0))
        return 0;
    _cleanup_fd_ int fd = open_terminal();
    if (fd < 0)
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || dup2(fd, 0) < 0)
        return report_error("cannot open /dev/null: %s", strerror(errno));
    return 0;
}

int script_read(struct script *script, const char *name, const char *interpreter)
{
    _cleanup_fd_ int file_fd = -1;
    bool is_input = strcmp(name, "-") == 0;
    if (!is_input)
        file_fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (!is_input && file_fd < 0)
        return report_error("cannot open %s: %s", shown_name(name), strerror(errno));
    int status = read_body(script, is_input ? 0 : file_fd, name);
    if (status == 0)
        status = choose_interpreter(script, interpreter);
    return status == 0 && is_input ? take_keys() : status;
}

int script_describe(const struct script *script, const char *name, int argc, char **argv,
                    struct msg_run *run)
{
    char **items = calloc((size_t)argc + 4, sizeof(*items));
    if (!run->plan)
        run->plan = calloc(1, sizeof(*run->plan));
    int r = items && run->plan ? 0 : -ENOMEM;
    if (r == 0) {
        size_t count = 0;
        items[count++] = script->interpreter.program;
        if (script->interpreter.argument)
            items[count++] = script->interpreter.argument;
        run->script_at = (uint32_t)count;
        items[count++] = (char *)name;
        memcpy(items + count, argv, (size_t)argc * sizeof(*items));
        run->plan->script = script->size;
        r = wire_set_strs(&run->argv, items, count + (size_t)argc);
    }
    free(items);
    return r;
}

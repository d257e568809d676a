#include "common/inifile.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

bool inifile_complain(struct inifile *file, const char *problem, const char *hint)
{
    if (!file->failed)
        snprintf(file->text, file->size, "%s, line %d: %s%s%s", file->path, file->line, problem,
                 hint ? ": " : "", hint ? hint : "");
    file->failed = true;
    return false;
}

/* inih's callback: 1 = go on, 0 = an error. */
static int on_key(void *data, const char *section, const char *name, const char *value)
{
    struct inifile *file = data;
    return file->take(file, section, name, value ? value : "");
}

/* inih tells of a section only with its first key. */
static void take_heading(struct inifile *file, const char *line)
{
    char name[128];
    size_t len = strcspn(line + 1, "]");
    if (line[1 + len] != ']' || len >= sizeof(name))
        return; /* inih says what is wrong with it */
    snprintf(name, sizeof(name), "%.*s", (int)len, line + 1);
    file->skipping = false;
    file->take(file, name, NULL, NULL);
}

/* Reads the rest of a line that is not looked at. It counts as an empty one. */
static char *skip_line(struct inifile *file, char *line)
{
    while (!strchr(line, '\n') && fgets(line, 16, file->stream))
        ;
    line[0] = '\0';
    return line;
}

static char *next_line(char *buf, int size, void *data)
{
    struct inifile *file = data;
    file->line++;
    char *line = fgets(buf, size, file->stream);
    if (line && file->skipping && line[0] != '[')
        return skip_line(file, line);
    if (line && !strchr(line, '\n') && !feof(file->stream)) {
        char problem[64];
        snprintf(problem, sizeof(problem), "it is longer than %d bytes", size - 2);
        inifile_complain(file, problem, "what is a list may be given several times");
    }
    if (line && !file->failed && line[0] == '[')
        take_heading(file, line);
    return file->failed ? NULL : line;
}

int inifile_read(struct inifile *file, const char *path, char *text, size_t size)
{
    file->path = path;
    file->text = text;
    file->size = size;
    file->stream = fopen(path, "re");
    if (!file->stream) {
        int r = -errno;
        snprintf(text, size, "cannot read %s: %s", path, strerror(-r));
        return r;
    }
    int wrong = ini_parse_stream(next_line, file, on_key, file);
    fclose(file->stream);
    file->stream = NULL;
    if (wrong > 0 && !file->failed) {
        file->line = wrong;
        inifile_complain(file, "not a line of the form key = value", NULL);
    }
    if (wrong < 0)
        snprintf(text, size, "%s: out of memory", path);
    return wrong < 0 ? -ENOMEM : file->failed ? -EINVAL : 0;
}

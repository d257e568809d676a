#include "server/watcher/filter.h"

#include <stdio.h>
#include <string.h>

#include "server/watcher/path_glob.h"

/*
 * vim (swap files; 4913 tries whether a directory can be written to), emacs (locks, auto-save),
 * backups of most, kate, GNOME's, JetBrains', LibreOffice's locks.
 */
static const char standard[] = ".*.sw[a-p]\n"
                               "4913\n"
                               ".#*\n"
                               "\\#*#\n"
                               "*~\n"
                               ".*.kate-swp\n"
                               ".goutputstream-*\n"
                               "*___jb_tmp___\n"
                               "*___jb_old___\n"
                               ".~lock.*#\n";

int filter_init(struct filter *filter)
{
    *filter = (struct filter){0};
    return gitignore_add_text(&filter->standard, standard, sizeof(standard) - 1);
}

static int add(struct gitignore *rules, const char *pattern)
{
    if (strncmp(pattern, "./", 2) == 0) /* as one writes paths: of this directory */
        pattern++;
    return gitignore_add_line(rules, pattern, strlen(pattern));
}

int filter_watch(struct filter *filter, const char *pattern)
{
    return add(&filter->watch, pattern);
}

int filter_ignore(struct filter *filter, const char *pattern)
{
    return add(&filter->ignore, pattern);
}

static bool is_repository(const char *path)
{
    static const char *const names[] = {".git", ".hg", ".jj", ".svn"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static enum gitignore_verdict level_verdict(const struct ignore_level *level, const char *path,
                                            bool is_directory)
{
    char longer[PATH_GLOB_MAX];
    if (!level->prefix)
        return gitignore_verdict(&level->rules, path + level->skip, is_directory);
    int n = snprintf(longer, sizeof(longer), "%s%s", level->prefix, path);
    return (size_t)n < sizeof(longer) ? gitignore_verdict(&level->rules, longer, is_directory)
                                      : GITIGNORE_UNDECIDED;
}

bool filter_ignores(const struct filter *filter, const struct ignore_level *level, const char *path,
                    bool is_directory)
{
    if (is_repository(path))
        return true;
    enum gitignore_verdict verdict = gitignore_verdict(&filter->ignore, path, is_directory);
    for (; verdict == GITIGNORE_UNDECIDED && level; level = level->above)
        verdict = level_verdict(level, path, is_directory);
    if (verdict == GITIGNORE_UNDECIDED)
        verdict = gitignore_verdict(&filter->standard, path, is_directory);
    return verdict == GITIGNORE_IGNORED;
}

bool filter_wants(const struct filter *filter, const char *path)
{
    char part[PATH_GLOB_MAX];
    size_t len = strlen(path);
    if (len >= sizeof(part))
        return true; /* no pattern can tell */
    memcpy(part, path, len + 1);
    enum gitignore_verdict verdict = gitignore_verdict(&filter->watch, part, false);
    for (char *slash; verdict == GITIGNORE_UNDECIDED && (slash = strrchr(part, '/'));) {
        *slash = '\0';
        verdict = gitignore_verdict(&filter->watch, part, true);
    }
    return verdict == GITIGNORE_IGNORED; /* what .gitignore lists it ignores, and -p wants */
}

void filter_finish(struct filter *filter)
{
    gitignore_finish(&filter->watch);
    gitignore_finish(&filter->ignore);
    gitignore_finish(&filter->standard);
}

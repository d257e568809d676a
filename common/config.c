#include "common/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/amount.h"
#include "common/duration.h"
#include "common/inifile.h"
#include "common/queues.h"

/* Words of a list; *at is moved behind the one that is returned, NULL at the end. */
static const char *next_word(const char **at, size_t *ret_len)
{
    const char *word = *at + strspn(*at, " \t");
    *ret_len = strcspn(word, " \t");
    *at = word + *ret_len;
    return *ret_len > 0 ? word : NULL;
}

/* "-NAME", "-BEGINNING*" or "NAME=VALUE". */
static bool is_variable_rule(const char *word, size_t len)
{
    size_t name = 0;
    bool drops = word[0] == '-';
    word += drops;
    len -= drops;
    while (name < len && (isalnum((unsigned char)word[name]) || word[name] == '_'))
        name++;
    if (drops)
        return len > 0 && (name == len || (name == len - 1 && word[name] == '*'));
    return name > 0 && name < len && word[name] == '=';
}

static bool check_environment(const char *value)
{
    size_t len;
    const char *word;
    while ((word = next_word(&value, &len)))
        if (!is_variable_rule(word, len))
            return false;
    return true;
}

#define KEY(key_name, key_kind, member, key_initial, lowest, highest, allowed, text)               \
    {                                                                                              \
        .name = key_name, .kind = key_kind, .offset = offsetof(struct config, member),             \
        .initial = key_initial, .least = lowest, .most = highest, .bounds = allowed, .doc = text   \
    }

const struct config_key config_keys[] = {
    KEY("detach-keys", CONFIG_TEXT, detach_keys, "^\\ d", 0, 0,
        "one key or two (^], ctrl-a, d), or none", "keys that detach while attached"),
    KEY("grace", CONFIG_DURATION, grace_ms, "5s", 0, DURATION_MAX, DURATION_SYNTAX,
        "from TERM to KILL when a job is ended"),
    KEY("log-size", CONFIG_SIZE, log_size, "16M", 64u << 10, UINT64_C(1) << 40, "64k to 1024G",
        "how much of a job's output is kept on disk"),
    KEY("keep-jobs", CONFIG_NUMBER, keep_jobs, "500", 0, 1000000, "0 to 1000000",
        "how many ended jobs are kept"),
    KEY("keep-time", CONFIG_DURATION, keep_ms, "7d", 0, DURATION_MAX, DURATION_SYNTAX,
        "how long ended jobs are kept"),
    KEY("scrollback", CONFIG_NUMBER, scrollback, "1000", 0, 1000000, "0 to 1000000",
        "earlier lines shown when a job is attached to again"),
    KEY("replay-limit", CONFIG_SIZE, replay_limit, "1M", 1u << 10, UINT64_C(1) << 30, "1k to 1G",
        "attaching: where more output would be replayed, the screen is painted"),
    KEY("idle-exit", CONFIG_DURATION, idle_ms, "30m", 0, DURATION_MAX, DURATION_SYNTAX,
        "when a server without jobs and clients ends; 0 = never"),
    KEY("leftovers", CONFIG_CHOICE, leftovers, "hup", 0, 2, "hup, keep, kill",
        "what becomes of processes that a job leaves behind when it ends"),
    KEY("max-running", CONFIG_NUMBER, max_running, "4096", 1, QUEUE_SLOTS_MAX, "1 to 4096",
        "how many jobs of queues run at once, all queues together"),
    {.name = "environment",
     .kind = CONFIG_LIST,
     .offset = offsetof(struct config, environment),
     .initial = "",
     .bounds = "words -NAME, -BEGINNING* or NAME=VALUE",
     .doc = "variables that jobs do not get from js run, or get with another value",
     .check = check_environment},
    KEY("log-format", CONFIG_CHOICE, log_format, "text", 0, 1, "text, json",
        "form of the lines in server.log"),
};
#define CONFIG_KEYS (sizeof(config_keys) / sizeof(config_keys[0]))
const size_t config_key_count = CONFIG_KEYS;

static int parse_number(const char *text, uint64_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9')
        return -EINVAL;
    *ret = number;
    return 0;
}

static int set_text(struct config *config, const struct config_key *key, const char *value)
{
    char *member = (char *)config + key->offset;
    if (strlen(value) >= CONFIG_TEXT_MAX)
        return -EINVAL;
    strcpy(member, value);
    return 0;
}

/* The index of the word in "a, b, c". */
static int parse_choice(const char *choices, const char *word, uint64_t *ret)
{
    size_t len = strlen(word);
    for (uint64_t i = 0; *choices; i++) {
        size_t size = strcspn(choices, ",");
        if (size == len && strncmp(choices, word, len) == 0) {
            *ret = i;
            return 0;
        }
        choices += size + strspn(choices + size, ", ");
    }
    return -EINVAL;
}

/* Adds the words to those that are there. */
static int add_words(struct config *config, const struct config_key *key, const char *value)
{
    char *member = (char *)config + key->offset;
    size_t len = strlen(member);
    if (key->check && !key->check(value))
        return -EINVAL;
    int n = snprintf(member + len, CONFIG_LIST_MAX - len, "%s%s", len && *value ? " " : "", value);
    return n < 0 || (size_t)n >= CONFIG_LIST_MAX - len ? -EINVAL : 0;
}

static int set(struct config *config, const struct config_key *key, const char *value)
{
    uint64_t number = 0;
    int r = -EINVAL;
    switch (key->kind) {
    case CONFIG_TEXT:
        return set_text(config, key, value);
    case CONFIG_DURATION:
        r = duration_parse(value, &number);
        break;
    case CONFIG_SIZE:
        r = amount_parse(value, &number);
        break;
    case CONFIG_NUMBER:
        r = parse_number(value, &number);
        break;
    case CONFIG_CHOICE:
        r = parse_choice(key->bounds, value, &number);
        break;
    case CONFIG_LIST:
        return add_words(config, key, value);
    }
    if (r < 0 || number < key->least || number > key->most)
        return -EINVAL;
    *(uint64_t *)((char *)config + key->offset) = number;
    return 0;
}

void config_init(struct config *config)
{
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < config_key_count; i++)
        if (set(config, &config_keys[i], config_keys[i].initial) < 0)
            abort(); /* a default that its own key does not allow: the test finds it first */
}

static const char *home_dir(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return home;
    const struct passwd *entry = getpwuid(geteuid());
    return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

static const char *named_file; /* see config_set_file */

void config_set_file(const char *path)
{
    named_file = path;
}

bool config_file_is_named(void)
{
    const char *given = named_file ? named_file : getenv("JS_CONFIG");
    return given && *given;
}

int config_path(char path[CONFIG_PATH_MAX])
{
    const char *given = named_file ? named_file : getenv("JS_CONFIG");
    const char *xdg = getenv("XDG_CONFIG_HOME");
    int len;
    if (given && *given) {
        len = snprintf(path, CONFIG_PATH_MAX, "%s", given);
    } else if (xdg && *xdg == '/') {
        len = snprintf(path, CONFIG_PATH_MAX, "%s/js/config", xdg);
    } else {
        const char *home = home_dir();
        if (!home)
            return -ENOENT;
        len = snprintf(path, CONFIG_PATH_MAX, "%s/.config/js/config", home);
    }
    return len < 0 || (unsigned)len >= CONFIG_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* What the file is read into. */
struct reader {
    struct config config;
    bool *given;
    bool seen[CONFIG_KEYS];
};

static const struct config_key *find_key(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    return NULL;
}

/* Profiles are the client's, and checked there. */
static bool take_section(struct inifile *file, const char *section)
{
    char problem[256];
    file->skipping = strncmp(section, CONFIG_PROFILE, strlen(CONFIG_PROFILE)) == 0;
    if (file->skipping)
        return true;
    snprintf(problem, sizeof(problem), "there is no section [%.64s]", section);
    return inifile_complain(file, problem, "[" CONFIG_PROFILE "NAME] is for options of js run");
}

static bool take_key(struct inifile *file, const char *section, const char *name, const char *value)
{
    struct reader *reader = file->data;
    char problem[256];
    if (*section || !name)
        return take_section(file, section);
    const struct config_key *key = find_key(name);
    if (!key) {
        snprintf(problem, sizeof(problem), "unknown key '%.64s'", name);
        return inifile_complain(file, problem, "see js config");
    }
    size_t index = (size_t)(key - config_keys);
    if (key->kind == CONFIG_LIST && !reader->seen[index])
        *((char *)&reader->config + key->offset) = '\0';
    reader->seen[index] = true;
    if (set(&reader->config, key, value) < 0) {
        snprintf(problem, sizeof(problem), "%s = '%.64s' is not allowed", name, value);
        return inifile_complain(file, problem, key->bounds);
    }
    if (reader->given)
        reader->given[index] = true;
    return true;
}

int config_read(struct config *config, const char *path, bool *given, char *text, size_t size)
{
    struct reader reader = {.config = *config, .given = given};
    struct inifile file = {.take = take_key, .data = &reader};
    int r = inifile_read(&file, path, text, size);
    if (r == 0)
        *config = reader.config;
    return r;
}

static int format_size(uint64_t bytes, struct bytes *out)
{
    static const char units[] = {'\0', 'k', 'M', 'G'};
    unsigned unit = 0;
    while (unit + 1 < sizeof(units) && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    int r = bytes_printf(out, "%" PRIu64, bytes);
    return r == 0 && unit ? bytes_append(out, &units[unit], 1) : r;
}

/* Exact, unlike duration_format, which is for ages. */
static int format_duration(uint64_t ms, struct bytes *out)
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    for (size_t i = 0; ms > 0 && i < sizeof(units) / sizeof(units[0]); i++)
        if (ms % units[i].ms == 0)
            return bytes_printf(out, "%" PRIu64 "%s", ms / units[i].ms, units[i].unit);
    return bytes_printf(out, "%" PRIu64 "%s", ms, ms ? "ms" : "");
}

static int format_choice(const char *choices, uint64_t index, struct bytes *out)
{
    for (; index > 0; index--)
        choices += strcspn(choices, " ") + 1;
    return bytes_append(out, choices, strcspn(choices, ","));
}

int config_format(const struct config *config, const struct config_key *key, struct bytes *out)
{
    const void *member = (const char *)config + key->offset;
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_LIST:
        return bytes_append_text(out, member);
    case CONFIG_DURATION:
        return format_duration(*(const uint64_t *)member, out);
    case CONFIG_SIZE:
        return format_size(*(const uint64_t *)member, out);
    case CONFIG_NUMBER:
        return bytes_printf(out, "%" PRIu64, *(const uint64_t *)member);
    case CONFIG_CHOICE:
        return format_choice(key->bounds, *(const uint64_t *)member, out);
    }
    return 0;
}

bool config_lets_pass(const struct config *config, const char *variable)
{
    const char *at = config->environment, *word;
    size_t len, name = strcspn(variable, "=");
    while ((word = next_word(&at, &len))) {
        if (word[0] != '-') {
            if (strcspn(word, "=") == name && strncmp(word, variable, name) == 0)
                return false; /* it gets the other value */
        } else if (word[len - 1] == '*') {
            if (name >= len - 2 && strncmp(word + 1, variable, len - 2) == 0)
                return false;
        } else if (len - 1 == name && strncmp(word + 1, variable, name) == 0) {
            return false;
        }
    }
    return true;
}

int config_each_variable(const struct config *config,
                         int (*take)(const char *variable, size_t len, void *data), void *data)
{
    const char *at = config->environment, *word;
    size_t len;
    int r = 0;
    while (r == 0 && (word = next_word(&at, &len)))
        if (word[0] != '-')
            r = take(word, len, data);
    return r;
}

int config_line(const struct config *config, const struct config_key *key, struct bytes *out)
{
    int r = bytes_printf(out, "%s=", key->name);
    return r == 0 ? config_format(config, key, out) : r;
}

void config_fingerprint(const struct config *config, char ret[CONFIG_FINGERPRINT_SIZE])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < config_key_count; i++) {
        struct bytes line = {0};
        config_line(config, &config_keys[i], &line);
        bytes_append_text(&line, "\n");
        for (size_t at = 0; at < line.len; at++)
            hash = (hash ^ line.data[at]) * UINT64_C(0x100000001b3);
        bytes_finish(&line);
    }
    snprintf(ret, CONFIG_FINGERPRINT_SIZE, "%016" PRIx64, hash);
}

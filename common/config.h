/*
 * The configuration file: what config_set_file was given, else $JS_CONFIG, else
 * $XDG_CONFIG_HOME/js/config, else ~/.config/js/config (XDG base directory specification). Lines of
 * `key = value`; '#' and ';' begin comments. One table gives each key's name, type, default, bounds
 * and text; parsing, `js config` and the manual use it.
 *
 * Sections [profile NAME] have options of js run, which the client knows (client/profiles.h): here
 * they are passed over.
 *
 * A file with a mistake changes nothing: the message names file, line and key, and what is allowed.
 */
#ifndef JS_COMMON_CONFIG_H
#define JS_COMMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

#define CONFIG_PROFILE  "profile " /* how the names of sections begin that are profiles */
#define CONFIG_PATH_MAX 4096u
#define CONFIG_TEXT_MAX 128u
#define CONFIG_LIST_MAX 4096u

/* What becomes of processes that a job leaves behind (DESIGN section 2, rule 5). */
enum config_leftovers {
    LEFTOVERS_HUP,  /* SIGHUP, as when a terminal is closed */
    LEFTOVERS_KEEP, /* nothing: they go on, without a terminal */
    LEFTOVERS_KILL, /* TERM, after the grace KILL, to everything that the job started */
};

enum config_log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
};

struct config {
    char detach_keys[CONFIG_TEXT_MAX];
    uint64_t grace_ms;
    uint64_t log_size;     /* bytes */
    uint64_t keep_jobs;    /* ended ones */
    uint64_t keep_ms;      /* how long */
    uint64_t scrollback;   /* lines */
    uint64_t replay_limit; /* bytes */
    uint64_t idle_ms;      /* 0 = never */
    uint64_t max_running;  /* jobs of queues */
    uint64_t leftovers;    /* enum config_leftovers */
    uint64_t log_format;   /* enum config_log_format */
    /* What jobs get of the environment: words "-NAME", "-BEGINNING*", "NAME=VALUE". */
    char environment[CONFIG_LIST_MAX];
};

enum config_kind {
    CONFIG_TEXT,
    CONFIG_DURATION, /* milliseconds, common/duration.h */
    CONFIG_SIZE,     /* bytes: 65536, 64k, 16M, 1G */
    CONFIG_NUMBER,
    CONFIG_CHOICE, /* a word of the key's bounds, which are separated by ", ": its index */
    CONFIG_LIST,   /* words; a file that gives the key several times adds them up */
};

struct config_key {
    const char *name;
    enum config_kind kind;
    size_t offset;        /* in struct config */
    const char *initial;  /* as one would write it */
    uint64_t least, most; /* of the value; not for text */
    const char *bounds;   /* what is allowed, for messages */
    const char *doc;
    bool (*check)(const char *value); /* of text and lists; NULL = anything */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* Every key at its default. */
void config_init(struct config *config);

/*
 * Names the file, for this process and the servers that it starts; NULL: as without this. The
 * text is not copied.
 */
void config_set_file(const char *path);

/* Whether config_set_file or $JS_CONFIG names it: then it should be there. */
bool config_file_is_named(void);

/* The path of the file into path. 0, or -ENOENT when there is no home directory. */
int config_path(char path[CONFIG_PATH_MAX]);

/*
 * Reads the file at path over *config. 0; -ENOENT when there is none (nothing changes); -EINVAL or
 * another -errno with text (of size bytes) and *config as it was. given, unless NULL, has one
 * element per key of the table: whether the file sets it.
 */
int config_read(struct config *config, const char *path, bool *given, char *text, size_t size);

/*
 * Applies config->environment to one variable, "NAME=value": whether a job gets it.
 */
bool config_lets_pass(const struct config *config, const char *variable);

/*
 * The variables that config->environment sets: calls take with each "NAME=VALUE" (not terminated:
 * len bytes) and data. 0, or what take returned when it was not 0.
 */
int config_each_variable(const struct config *config,
                         int (*take)(const char *variable, size_t len, void *data), void *data);

/* Appends a key's value in config as one would write it. 0 or -ENOMEM. */
int config_format(const struct config *config, const struct config_key *key, struct bytes *out);

/* Appends "key=value". 0 or -ENOMEM. */
int config_line(const struct config *config, const struct config_key *key, struct bytes *out);

#define CONFIG_FINGERPRINT_SIZE 17 /* 16 hexadecimal digits and NUL */

/*
 * The same for two configurations exactly when every value is: FNV-1a with 64 bits
 * (http://www.isthe.com/chongo/tech/comp/fnv) over config_line of each key and a line feed, in the
 * order of the table.
 */
void config_fingerprint(const struct config *config, char ret[CONFIG_FINGERPRINT_SIZE]);

#endif

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/json.h"
#include "client/report.h"
#include "client/table.h"

struct queue_options {
    bool json;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(queue_options, 'j', "json", NULL, OPTION_FLAG, json, "ls: as JSON", NULL),
};

/* ls */

static int print_json(const struct msg_queues *queues)
{
    const struct queue_setting *items = queues->queues.items;
    json_t *list = json_array(), *root = NULL;
    for (size_t i = 0; i < queues->queues.len; i++) {
        json_t *queue =
            json_pack("{s:s, s:i, s:b, s:i, s:i}", "name", items[i].name, "slots",
                      items[i].slots ? (int)items[i].slots : 1, "paused", items[i].paused,
                      "running", (int)items[i].running, "waiting", (int)items[i].waiting);
        json_array_append_new(list, queue);
    }
    root = json_pack("{s:i, s:o}", "version", JSON_VERSION, "queues", list);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (!text)
        return report_error("out of memory, or the name of a queue is no UTF-8");
    puts(text);
    free(text);
    return 0;
}

static int add_row(struct table *table, const struct queue_setting *queue)
{
    char slots[16], running[16], waiting[16];
    snprintf(slots, sizeof(slots), "%u", queue->slots ? queue->slots : 1);
    snprintf(running, sizeof(running), "%u", queue->running);
    snprintf(waiting, sizeof(waiting), "%u", queue->waiting);
    const char *cells[] = {queue->name, slots, running, waiting, queue->paused ? "paused" : ""};
    return table_add_row(table, cells);
}

static int print_table(const struct msg_queues *queues)
{
    const struct queue_setting *items = queues->queues.items;
    struct table table = {0};
    struct bytes text = {0};
    int r = table_add_column(&table, "QUEUE", 0);
    if (r == 0)
        r = table_add_column(&table, "SLOTS", TABLE_RIGHT);
    if (r == 0)
        r = table_add_column(&table, "RUNNING", TABLE_RIGHT);
    if (r == 0)
        r = table_add_column(&table, "WAITING", TABLE_RIGHT);
    if (r == 0)
        r = table_add_column(&table, "STATE", 0);
    for (size_t i = 0; r == 0 && i < queues->queues.len; i++)
        r = add_row(&table, &items[i]);
    if (r == 0)
        r = table_print(&table, 0, &text);
    if (r == 0)
        fwrite(text.data, 1, text.len, stdout);
    bytes_finish(&text);
    table_finish(&table);
    return r < 0 ? report_error("%s", strerror(-r)) : 0;
}

static int list(struct connection *connection, const struct queue_options *opts)
{
    struct msg_empty body = {0};
    int status = connection_request(connection, MSG_LIST_QUEUES, &body, NULL, 0);
    if (status != 0)
        return status;
    if (connection->reply.type != MSG_QUEUES)
        return report_error("the server's answer was not a list of queues");
    const struct msg_queues *queues = connection->reply.body;
    if (queues->problem)
        report_error("%s", queues->problem);
    return opts->json ? print_json(queues) : print_table(queues);
}

/* set, pause, resume */

static int set(struct connection *connection, const struct msg_set_queue *body)
{
    int status = connection_request(connection, MSG_SET_QUEUE, body, NULL, 0);
    const struct msg_done *done = connection->reply.body;
    if (status == 0 && connection->reply.type == MSG_DONE && done->note)
        report_error("%s", done->note);
    return status;
}

static int usage(const char *format, const char *word)
{
    report_error(format, word);
    return EXIT_USAGE;
}

/* "slots=2". 0 or the exit status. */
static int read_setting(const char *text, struct msg_set_queue *body)
{
    static const char key[] = "slots=";
    char *end;
    if (strncmp(text, key, sizeof(key) - 1) != 0)
        return usage("queue set: '%s': write slots=N", text);
    const char *number = text + sizeof(key) - 1;
    errno = 0;
    unsigned long slots = strtoul(number, &end, 10);
    if (errno || *number < '0' || *number > '9' || *end || slots < 1 || slots > QUEUE_SLOTS_MAX)
        return usage("queue set: '%s': 1 to 4096 jobs run at once; js queue pause lets none start",
                     text);
    body->slots = (uint32_t)slots;
    return 0;
}

/* What is asked of which queue. 0 or the exit status. */
static int read_request(int argc, char **argv, struct msg_set_queue *body)
{
    const char *verb = argv[0];
    char text[160];
    bool sets = strcmp(verb, "set") == 0;
    if (!sets && strcmp(verb, "pause") != 0 && strcmp(verb, "resume") != 0)
        return usage("queue: '%s' is none of ls, set, pause and resume", verb);
    if (argc != (sets ? 3 : 2))
        return usage(sets ? "queue %s: give the queue and slots=N" : "queue %s: give the queue",
                     verb);
    body->name = argv[1];
    if (!queue_name_is_valid(body->name, "queue", text, sizeof(text)))
        return usage("queue: %s", text);
    if (sets)
        return read_setting(argv[2], body);
    body->pause = strcmp(verb, "pause") == 0 ? QUEUE_PAUSE : QUEUE_RESUME;
    return 0;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct queue_options *opts = options_;
    struct connection connection;
    struct msg_set_queue body = {0};
    bool lists = argc == 0 || strcmp(argv[0], "ls") == 0;
    int status = 0;
    if (lists && argc > 1)
        status = usage("queue %s: it takes no operands", "ls");
    else if (!lists)
        status = read_request(argc, argv, &body);
    if (status != 0)
        return status;
    status = -connection_open(&connection, CONNECTION_START);
    if (status != 0)
        return status;
    status = lists ? list(&connection, opts) : set(&connection, &body);
    connection_finish(&connection);
    return status;
}

const struct command cmd_queue = {
    .name = "queue",
    .operands = "[ls | set NAME slots=N | pause NAME | resume NAME]",
    .values = "=ls|set|pause|resume",
    .summary = "list queues of waiting jobs, or set how they go",
    .description =
        "Jobs of a queue (js run --queue) start one after the other in the order in which they "
        "came, those with a higher --priority first. A queue is there when it is named. set tells "
        "how many of its jobs run at once (1 when nothing is set), pause lets none of it start, "
        "whatever runs goes on. Settings outlive the server.",
    .examples = "js queue\njs queue set build slots=2\njs queue pause build",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct queue_options),
    .run = run,
};

#include "client/command.h"
#include "common/size.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct demo_options {
    bool detach;
    bool force;
    const char *name;
    struct option_list env;
    struct option_list labels;
    uint64_t grace;
    int sig;
    uint64_t lines;
    struct size size;
};

static const struct option_spec demo_specs[] = {
    {'d', "detach", NULL, OPTION_FLAG, offsetof(struct demo_options, detach),
     "Print the id and leave the job running in the background.", NULL},
    {'f', "force", NULL, OPTION_FLAG, offsetof(struct demo_options, force), "Do it.", NULL},
    {'n', "name", "NAME", OPTION_TEXT, offsetof(struct demo_options, name),
     "Call the job NAME. A name is one word that starts with a letter, and no other job that "
     "is alive may have it already.",
     NULL},
    {'e', "env", "K=V", OPTION_LIST, offsetof(struct demo_options, env), "Set K to V.", NULL},
    {'\0', "label", "K=V", OPTION_LIST, offsetof(struct demo_options, labels), "Label.", NULL},
    {'\0', "grace", "TIME", OPTION_DURATION, offsetof(struct demo_options, grace), "Wait.", NULL},
    {'s', "signal", "SIG", OPTION_SIGNAL, offsetof(struct demo_options, sig), "Send SIG.",
     "signal"},
    {'\0', "signal-everything-that-descends", NULL, OPTION_FLAG,
     offsetof(struct demo_options, force), "Long.", NULL},
    {'l', NULL, "N", OPTION_COUNT, offsetof(struct demo_options, lines), "Last N lines.", NULL},
    {'\0', "size", "CxR", OPTION_SIZE, offsetof(struct demo_options, size), "Size.", NULL},
};

static const struct demo_options demo_defaults = {.grace = 5000, .sig = SIGTERM};
static const char *const demo_aliases[] = {"attach", "demonstrate", NULL};

#define DEMO                                                                                       \
    .name = "demo", .aliases = demo_aliases, .operands = "[JOB]...",                               \
    .summary = "Show what a command can say about itself.", .options = demo_specs,                 \
    .option_count = sizeof(demo_specs) / sizeof(demo_specs[0]),                                    \
    .options_size = sizeof(struct demo_options), .defaults = &demo_defaults

static const struct command demo = {
    DEMO,
    .description = "A first paragraph that is long enough to be broken at the eightieth column of "
                   "the\nterminal.\n\nA second one.",
    .examples = "js demo -n x\n\njs demo --grace 5s %1\n",
};
static const struct command demo_run = {DEMO, .stop_at_operand = true};
struct longer_options {
    struct demo_options demo;
    const char *more;
    struct option_list list;
};
static const struct option_spec longer_specs[] = {
    {'m', "more", "TEXT", OPTION_TEXT, offsetof(struct longer_options, more), "More.", NULL},
    {'\0', "list", "TEXT", OPTION_LIST, offsetof(struct longer_options, list), "List.", NULL},
};
static const struct command longer = {.name = "longer",
                                      .summary = "Do as demo, and more.",
                                      .options = longer_specs,
                                      .option_count = 2,
                                      .options_size = sizeof(struct longer_options),
                                      .extends = &demo};
static const struct command bare = {.name = "bare", .summary = "Nothing to set."};

#define ARGS_MAX 12

/* A parsed command line; argv holds the operands afterwards. */
struct parsed {
    int result;
    struct demo_options options;
    char *argv[ARGS_MAX + 1];
    char **operands;
    int count;
    struct bytes error;
};

static void parse(struct parsed *p, const struct command *command, const char *const *args)
{
    *p = (struct parsed){.count = -1};
    int argc = 0;
    p->argv[argc++] = (char *)"demo";
    while (args[argc - 1]) {
        ck_assert_int_lt(argc, ARGS_MAX);
        p->argv[argc] = (char *)args[argc - 1];
        argc++;
    }
    memset(&p->options, 0xaa, sizeof(p->options));
    options_begin(command, &p->options);
    p->result =
        options_parse(command, argc, p->argv, &p->options, &p->operands, &p->count, &p->error);
    ck_assert_int_eq(bytes_append(&p->error, "", 1), 0);
}

static void finish(struct parsed *p)
{
    if (p->result == 0)
        options_finish(&demo, &p->options);
    bytes_finish(&p->error);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(starts_from_the_defaults)
{
    struct parsed p;
    parse(&p, &demo, ARGS(NULL));
    ck_assert_int_eq(p.result, 0);
    ck_assert_int_eq(p.count, 0);
    ck_assert_ptr_null(p.operands[0]);
    ck_assert_int_eq(p.options.detach, false);
    ck_assert_ptr_null(p.options.name);
    ck_assert_uint_eq(p.options.grace, 5000);
    ck_assert_int_eq(p.options.sig, SIGTERM);
    ck_assert_uint_eq(p.options.env.count, 0);
    finish(&p);
}
END_TEST

START_TEST(reads_every_kind_of_value)
{
    struct parsed p;
    parse(&p, &demo,
          ARGS("-dn", "x", "--grace=1.5", "-sKILL", "--env", "A=1", "-eB=2", "-l20", "--size",
               "100x30"));
    ck_assert_str_eq((char *)p.error.data, "");
    ck_assert_int_eq(p.result, 0);
    ck_assert_int_eq(p.options.detach, true);
    ck_assert_int_eq(p.options.force, false);
    ck_assert_str_eq(p.options.name, "x");
    ck_assert_uint_eq(p.options.grace, 1500);
    ck_assert_int_eq(p.options.sig, SIGKILL);
    ck_assert_uint_eq(p.options.lines, 20);
    ck_assert_uint_eq(p.options.size.cols, 100);
    ck_assert_uint_eq(p.options.size.rows, 30);
    ck_assert_uint_eq(p.options.env.count, 2);
    ck_assert_str_eq(p.options.env.items[0], "A=1");
    ck_assert_str_eq(p.options.env.items[1], "B=2");
    ck_assert_int_eq(p.count, 0);
    finish(&p);
}
END_TEST

START_TEST(keeps_lists_of_any_length_apart)
{
    struct parsed p;
    parse(&p, &demo, ARGS("-e1", "-e2", "-e3", "-e4", "-e5", "--label", "x", "-e6"));
    ck_assert_int_eq(p.result, 0);
    ck_assert_uint_eq(p.options.env.count, 6);
    ck_assert_str_eq(p.options.env.items[5], "6");
    ck_assert_uint_eq(p.options.labels.count, 1);
    finish(&p);
}
END_TEST

START_TEST(takes_the_last_of_two_and_values_with_dashes)
{
    struct parsed p;
    parse(&p, &demo, ARGS("--name=a", "--name=", "--name", "--grace", "-l", "007"));
    ck_assert_int_eq(p.result, 0);
    ck_assert_str_eq(p.options.name, "--grace");
    ck_assert_uint_eq(p.options.grace, 5000);
    ck_assert_uint_eq(p.options.lines, 7);
    finish(&p);
}
END_TEST

START_TEST(takes_unique_beginnings)
{
    struct parsed p;
    parse(&p, &demo, ARGS("--det", "--nam=x", "--gr", "3s", "--signal", "HUP"));
    ck_assert_int_eq(p.result, 0);
    ck_assert_int_eq(p.options.detach, true);
    ck_assert_str_eq(p.options.name, "x");
    ck_assert_uint_eq(p.options.grace, 3000);
    ck_assert_int_eq(p.options.sig, SIGHUP);
    ck_assert_int_eq(p.options.force, false);
    finish(&p);
}
END_TEST

static const struct {
    const struct command *command;
    const char *args[8];
    const char *operands[5];
    bool detach;
} operand_cases[] = {
    {&demo, {"1", "-d", "2"}, {"1", "2"}, true},
    {&demo, {"-d", "--", "-f", "x"}, {"-f", "x"}, true},
    {&demo, {"a", "--", "-d", "--"}, {"a", "-d", "--"}, false},
    {&demo, {"--"}, {NULL}, false},
    {&demo, {"-", "", "-d"}, {"-", ""}, true},
    {&demo, {"a", "b", "-n", "c", "d"}, {"a", "b", "d"}, false},
    {&demo_run, {"-d", "make", "-d", "--help"}, {"make", "-d", "--help"}, true},
    {&demo_run, {"-d", "--", "make", "-f"}, {"make", "-f"}, true},
    {&demo_run, {"--", "--", "-d"}, {"--", "-d"}, false},
    {&demo_run, {"make", "--", "-d"}, {"make", "--", "-d"}, false},
    {&demo_run, {"-"}, {"-"}, false},
};

START_TEST(finds_the_operands)
{
    struct parsed p;
    parse(&p, operand_cases[_i].command, operand_cases[_i].args);
    ck_assert_int_eq(p.result, 0);
    ck_assert_int_eq(p.options.detach, operand_cases[_i].detach);
    int i = 0;
    for (; operand_cases[_i].operands[i]; i++)
        ck_assert_str_eq(p.operands[i], operand_cases[_i].operands[i]);
    ck_assert_int_eq(p.count, i);
    ck_assert_ptr_null(p.operands[i]);
    finish(&p);
}
END_TEST

static const struct {
    const char *args[5];
    const char *message;
} error_cases[] = {
    {{"--frob"}, "unknown option '--frob'"},
    {{"--frob=1"}, "unknown option '--frob'"},
    {{"--=x"}, "unknown option '--'"},
    {{"-x"}, "unknown option '-x'"},
    {{"-dxf"}, "unknown option '-x'"},
    {{"-d\u00e9"}, "unknown option '-\u00e9'"},
    {{"--fr\x1b[31m"}, "unknown option '--fr\\x1b[31m'"},
    {{"--detachx"}, "unknown option '--detachx'"},
    {{"---detach"}, "unknown option '---detach'"},
    {{"--grace"}, "option '--grace' needs a value"},
    {{"--gra"}, "option '--grace' needs a value"},
    {{"a", "-n"}, "option '-n' needs a value"},
    {{"-dn"}, "option '-n' needs a value"},
    {{"--force=yes"}, "option '--force' takes no value"},
    {{"--force="}, "option '--force' takes no value"},
    {{"--sig", "x"},
     "option '--sig' is ambiguous: '--signal', '--signal-everything-that-descends'"},
    {{"--grace", "-1"},
     "'--grace': '-1' is not a duration: write 90 or 1.5 (seconds), 200ms, 5s, 3m, 2h or 1d"},
    {{"-s", "F\n"},
     "'-s': 'F\\n' is not a signal: write a name (TERM, SIGTERM, RTMIN+1) or a number (15)"},
    {{"--signal=0"},
     "'--signal': '0' is not a signal: write a name (TERM, SIGTERM, RTMIN+1) or a number (15)"},
    {{"--size", "2x1"}, "'--size': '2x1' is not a size: write COLSxROWS, from 4x2 to 4096x4096"},
    {{"-l", "-5"}, "'-l': '-5' is not a number: write digits only"},
    {{"-l="}, "'-l': '=' is not a number: write digits only"},
    {{"-l", ""}, "'-l': '' is not a number: write digits only"},
    {{"-l18446744073709551616"}, "'-l': '18446744073709551616' is not a number: write digits only"},
    {{"-eA=1", "--env=B=2", "--oops"}, "unknown option '--oops'"},
};

START_TEST(names_the_option_that_is_wrong)
{
    struct parsed p;
    parse(&p, &demo, error_cases[_i].args);
    ck_assert_str_eq((char *)p.error.data, error_cases[_i].message);
    ck_assert_int_eq(p.result, -EINVAL);
    ck_assert_int_eq(p.count, -1);
    finish(&p);
}
END_TEST

START_TEST(takes_the_largest_number)
{
    struct parsed p;
    parse(&p, &demo, ARGS("-l18446744073709551615"));
    ck_assert_int_eq(p.result, 0);
    ck_assert_uint_eq(p.options.lines, UINT64_MAX);
    finish(&p);
}
END_TEST

static const struct {
    const struct command *command;
    const char *args[4];
} help_cases[] = {
    {&demo, {"-h"}},       {&demo, {"--help"}},       {&demo, {"--he"}},
    {&demo, {"1", "-dh"}}, {&demo_run, {"-d", "-h"}}, {&demo, {"-eA=1", "--help", "--frob"}},
    {&bare, {"--help"}},
};

/* Its own options come first, help comes last, and the defaults are those of the other one. */
START_TEST(extends_another_command)
{
    struct longer_options options;
    struct bytes error = {0}, out = {0};
    char *argv[] = {(char *)"longer", (char *)"-e",         (char *)"A=1",
                    (char *)"-mx",    (char *)"--list=one", (char *)"-n",
                    (char *)"name",   (char *)"operand",    NULL};
    char **operands;
    int count;
    memset(&options, 0xaa, sizeof(options));
    options_begin(&longer, &options);
    ck_assert_int_eq(options_parse(&longer, 8, argv, &options, &operands, &count, &error), 0);
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(operands[0], "operand");
    ck_assert_uint_eq(options.demo.grace, 5000);
    ck_assert_int_eq(options.demo.sig, SIGTERM);
    ck_assert_str_eq(options.demo.name, "name");
    ck_assert_uint_eq(options.demo.env.count, 1);
    ck_assert_str_eq(options.more, "x");
    ck_assert_uint_eq(options.list.count, 1);
    ck_assert_int_eq(options_set(&longer, &options, "grace", "7s", &error), 0);
    ck_assert_uint_eq(options.demo.grace, 7000);
    ck_assert_int_eq(options_set(&longer, &options, "help", "yes", &error), -ENOENT);
    options_finish(&longer, &options);
    ck_assert_int_eq(options_help(&longer, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    const char *text = (const char *)out.data;
    ck_assert_ptr_nonnull(strstr(text, "--more"));
    ck_assert(strstr(text, "--more") < strstr(text, "--detach"));
    ck_assert(strstr(text, "--detach") < strstr(text, "--help"));
    bytes_finish(&out);
    bytes_finish(&error);
}
END_TEST

START_TEST(says_that_help_was_asked_for)
{
    struct parsed p;
    parse(&p, help_cases[_i].command, help_cases[_i].args);
    ck_assert_int_eq(p.result, 1);
    ck_assert_str_eq((char *)p.error.data, "");
    finish(&p);
}
END_TEST

START_TEST(refuses_help_with_a_value)
{
    struct parsed p;
    parse(&p, &demo, ARGS("--help=x"));
    ck_assert_int_eq(p.result, -EINVAL);
    ck_assert_str_eq((char *)p.error.data, "option '--help' takes no value");
    finish(&p);
}
END_TEST

START_TEST(prints_help)
{
    static const char expected[] =
        "Usage: js demo [OPTION]... [JOB]...\n"
        "Show what a command can say about itself.\n"
        "\n"
        "A first paragraph that is long enough to be broken at the eightieth column of\n"
        "the terminal.\n"
        "\n"
        "A second one.\n"
        "\n"
        "Also called: attach, demonstrate\n"
        "\n"
        "Options:\n"
        "  -d, --detach      Print the id and leave the job running in the background.\n"
        "  -f, --force       Do it.\n"
        "  -n, --name=NAME   Call the job NAME. A name is one word that starts with a\n"
        "                    letter, and no other job that is alive may have it already.\n"
        "  -e, --env=K=V     Set K to V.\n"
        "      --label=K=V   Label.\n"
        "      --grace=TIME  Wait.\n"
        "  -s, --signal=SIG  Send SIG.\n"
        "      --signal-everything-that-descends\n"
        "                    Long.\n"
        "  -l N              Last N lines.\n"
        "      --size=CxR    Size.\n"
        "  -h, --help        show this help\n"
        "\n"
        "Examples:\n"
        "  js demo -n x\n"
        "\n"
        "  js demo --grace 5s %1\n";
    struct bytes out = {0};
    ck_assert_int_eq(options_help(&demo, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    ck_assert_str_eq((char *)out.data, expected);
    bytes_finish(&out);
}
END_TEST

START_TEST(breaks_a_long_usage_under_itself)
{
    const struct command wide = {
        .name = "run",
        .operands = "COMMAND_WITH_A_LONG_NAME [ARGUMENT_OF_THE_COMMAND]... [AND_ANOTHER]...",
        .summary = "Run.",
        .stop_at_operand = true,
    };
    struct bytes out = {0};
    ck_assert_int_eq(options_help(&wide, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    ck_assert_str_eq((char *)out.data,
                     "Usage: js run [OPTION]... [--] COMMAND_WITH_A_LONG_NAME\n"
                     "              [ARGUMENT_OF_THE_COMMAND]... [AND_ANOTHER]...\n"
                     "Run.\n\nOptions:\n  -h, --help  show this help\n");
    bytes_finish(&out);
}
END_TEST

/* Where the word behind a line stands. */
static const struct {
    const char *args[6];
    bool stop_at_operand;
    const char *value_of; /* a name, or a letter for an option without a name */
    bool options_ended;
    int operands;
    int first_operand; /* in argv, whose first is the command */
} place_cases[] = {
    {{NULL}, false, NULL, false, 0, 1},
    {{"--name"}, false, "name", false, 0, 2},
    {{"--na"}, false, "name", false, 0, 2},
    {{"-n"}, false, "name", false, 0, 2},
    {{"-dn"}, false, "name", false, 0, 2},
    {{"-l"}, false, "l", false, 0, 2},
    {{"-nx"}, false, NULL, false, 0, 2},
    {{"--name=x"}, false, NULL, false, 0, 2},
    {{"--name="}, false, NULL, false, 0, 2},
    {{"--name", "x"}, false, NULL, false, 0, 3},
    {{"-n", "-n"}, false, NULL, false, 0, 3},
    {{"-n", "--"}, false, NULL, false, 0, 3},
    {{"-d", "one", "-n", "x", "two"}, false, NULL, false, 2, 2},
    {{"one", "-n"}, false, "name", false, 1, 1},
    {{"-"}, false, NULL, false, 1, 1},
    {{"--"}, false, NULL, true, 0, 2},
    {{"--", "-n"}, false, NULL, true, 1, 2},
    {{"-d", "make", "-n"}, true, NULL, true, 2, 2},
    {{"-n", "x", "--", "make"}, true, NULL, true, 1, 4},
    /* What is wrong is passed over. */
    {{"--frob"}, false, NULL, false, 0, 2},
    {{"-zn"}, false, "name", false, 0, 2},
    {{"--signal-"}, false, NULL, false, 0, 2},
    {{"--", "--"}, false, NULL, true, 1, 2},
};

START_TEST(locates_the_next_word)
{
    char *argv[ARGS_MAX + 1] = {(char *)"demo"};
    int argc = 1;
    for (; place_cases[_i].args[argc - 1]; argc++)
        argv[argc] = (char *)place_cases[_i].args[argc - 1];
    struct options_place place;
    options_locate(place_cases[_i].stop_at_operand ? &demo_run : &demo, argc, argv, &place);
    const struct option_spec *spec = place.value_of;
    const char letter[] = {spec ? spec->letter : '\0', '\0'};
    ck_assert_pstr_eq(spec && !spec->name ? letter
                      : spec              ? spec->name
                                          : NULL,
                      place_cases[_i].value_of);
    ck_assert_int_eq(place.options_ended, place_cases[_i].options_ended);
    ck_assert_int_eq(place.operands, place_cases[_i].operands);
    ck_assert_int_eq(place.first_operand, place_cases[_i].first_operand);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tc = tcase_create("parse");
    tcase_add_test(tc, starts_from_the_defaults);
    tcase_add_test(tc, reads_every_kind_of_value);
    tcase_add_test(tc, keeps_lists_of_any_length_apart);
    tcase_add_test(tc, takes_the_last_of_two_and_values_with_dashes);
    tcase_add_test(tc, takes_unique_beginnings);
    tcase_add_loop_test(tc, finds_the_operands, 0, COUNT(operand_cases));
    tcase_add_loop_test(tc, names_the_option_that_is_wrong, 0, COUNT(error_cases));
    tcase_add_test(tc, takes_the_largest_number);
    tcase_add_test(tc, extends_another_command);
    tcase_add_loop_test(tc, says_that_help_was_asked_for, 0, COUNT(help_cases));
    tcase_add_test(tc, refuses_help_with_a_value);
    tcase_add_loop_test(tc, locates_the_next_word, 0, COUNT(place_cases));
    suite_add_tcase(suite, tc);
    tc = tcase_create("help");
    tcase_add_test(tc, prints_help);
    tcase_add_test(tc, breaks_a_long_usage_under_itself);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(options_suite());
}

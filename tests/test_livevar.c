/* The variables that a job follows: which they are, and what their values name. */
#include "common/livevar.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

START_TEST(every_variable_is_found)
{
    char entry[64];
    ck_assert_int_eq(livevar_find(livevars[_i].name), _i);
    snprintf(entry, sizeof(entry), "%s=value", livevars[_i].name);
    ck_assert_int_eq(livevar_find(entry), _i);
    ck_assert_str_eq(livevar_value(entry), "value");
    ck_assert_ptr_null(livevar_value(livevars[_i].name));
    snprintf(entry, sizeof(entry), "%sX=value", livevars[_i].name);
    ck_assert_int_eq(livevar_find(entry), -1);
    snprintf(entry, sizeof(entry), "%.*s=v", (int)strlen(livevars[_i].name) - 1, livevars[_i].name);
    ck_assert_int_eq(livevar_find(entry), -1);
}
END_TEST

START_TEST(other_variables_are_not)
{
    ck_assert_int_eq(livevar_find("PATH=/bin"), -1);
    ck_assert_int_eq(livevar_find(""), -1);
    ck_assert_int_eq(livevar_find("=x"), -1);
}
END_TEST

START_TEST(values_that_could_do_harm_are_refused)
{
    char text[LIVEVAR_VALUE_MAX + 2];
    ck_assert(livevar_is_valid(""));
    ck_assert(livevar_is_valid("/tmp/a b'\"$\\\303\251"));
    ck_assert(!livevar_is_valid("/tmp/a\nb"));
    ck_assert(!livevar_is_valid("/tmp/a\033b"));
    ck_assert(!livevar_is_valid("\177"));
    memset(text, 'x', sizeof(text));
    text[LIVEVAR_VALUE_MAX] = '\0';
    ck_assert(livevar_is_valid(text));
    text[LIVEVAR_VALUE_MAX] = 'x';
    text[LIVEVAR_VALUE_MAX + 1] = '\0';
    ck_assert(!livevar_is_valid(text));
}
END_TEST

static const struct {
    const char *entry;
    const char *path; /* NULL: none */
} path_cases[] = {
    {"SSH_AUTH_SOCK=/tmp/ssh-a/agent.1", "/tmp/ssh-a/agent.1"},
    {"SSH_AUTH_SOCK=agent", NULL},
    {"SSH_AUTH_SOCK=", NULL},
    {"XAUTHORITY=/home/ada/.Xauthority", "/home/ada/.Xauthority"},
    {"WAYLAND_DISPLAY=/run/user/1/wayland-0", "/run/user/1/wayland-0"},
    {"WAYLAND_DISPLAY=wayland-0", NULL},
    {"DISPLAY=/tmp/x", NULL},
    {"SSH_CONNECTION=::1 1 ::1 2", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1/bus", "/run/user/1/bus"},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus,guid=0123", "/run/bus"},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus;tcp:host=h", "/run/bus"},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/a%20b%2Cc%2f", "/a b,c/"},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/a%2", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/a%zz", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/a%", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/a%00b", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=/a%0ab", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=bus", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:path=", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=unix:abstract=/tmp/dbus-x", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=tcp:host=h,port=1;unix:path=/a", NULL},
    {"DBUS_SESSION_BUS_ADDRESS=autolaunch:", NULL},
};

START_TEST(a_value_names_a_path_or_none)
{
    char path[64] = "";
    const struct livevar *var = &livevars[livevar_find(path_cases[_i].entry)];
    bool found = livevar_path(var, livevar_value(path_cases[_i].entry), path, sizeof(path));
    ck_assert_int_eq(found, path_cases[_i].path != NULL);
    if (found)
        ck_assert_str_eq(path, path_cases[_i].path);
}
END_TEST

START_TEST(what_does_not_fit_is_no_path)
{
    char path[8];
    const struct livevar *socket = &livevars[livevar_find("SSH_AUTH_SOCK")];
    const struct livevar *bus = &livevars[livevar_find("DBUS_SESSION_BUS_ADDRESS")];
    ck_assert(livevar_path(socket, "/234567", path, sizeof(path)));
    ck_assert(!livevar_path(socket, "/2345678", path, sizeof(path)));
    ck_assert(livevar_path(bus, "unix:path=/234567", path, sizeof(path)));
    ck_assert(!livevar_path(bus, "unix:path=/2345678", path, sizeof(path)));
}
END_TEST

/* What is put into a value is what is found in it. */
START_TEST(a_path_can_be_named)
{
    static const char path[] = "/run/a b,c;d%e\303\251/x";
    char value[256], back[256];
    const struct livevar *var = &livevars[_i];
    bool named = livevar_name_path(var, path, value, sizeof(value));
    ck_assert_int_eq(named, var->kind != LIVEVAR_TOLD);
    if (!named)
        return;
    ck_assert(livevar_path(var, value, back, sizeof(back)));
    ck_assert_str_eq(back, path);
    ck_assert(!livevar_name_path(var, path, value, 12));
}
END_TEST

/* unix(7): 108 bytes with the NUL; a file's name has no such limit. */
START_TEST(a_socket_needs_a_short_path)
{
    char path[128], value[256];
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[107] = '\0';
    const struct livevar *var = &livevars[_i];
    ck_assert_int_eq(livevar_name_path(var, path, value, sizeof(value)), var->kind != LIVEVAR_TOLD);
    path[107] = 'x';
    path[108] = '\0';
    ck_assert_int_eq(livevar_name_path(var, path, value, sizeof(value)), var->kind == LIVEVAR_FILE);
}
END_TEST

static Suite *livevar_suite(void)
{
    Suite *suite = suite_create("livevar");
    TCase *names = tcase_create("names");
    TCase *values = tcase_create("values");
    tcase_add_loop_test(names, every_variable_is_found, 0, LIVEVAR_COUNT);
    tcase_add_test(names, other_variables_are_not);
    suite_add_tcase(suite, names);
    tcase_add_test(values, values_that_could_do_harm_are_refused);
    tcase_add_loop_test(values, a_value_names_a_path_or_none, 0,
                        sizeof(path_cases) / sizeof(path_cases[0]));
    tcase_add_test(values, what_does_not_fit_is_no_path);
    tcase_add_loop_test(values, a_path_can_be_named, 0, LIVEVAR_COUNT);
    tcase_add_loop_test(values, a_socket_needs_a_short_path, 0, LIVEVAR_COUNT);
    suite_add_tcase(suite, values);
    return suite;
}

int main(void)
{
    return runner_run(livevar_suite());
}

/* What `meson install` puts where, and that the installed programs find each other. */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void setup(void)
{
    char root[128];
    fixture_init(&fixture);
    snprintf(root, sizeof(root), "%s/root", fixture.root);
    fixture_run(&fixture, &result, "meson", "install", "-C", getenv("JS_TEST_BINDIR"),
                "--no-rebuild", "--destdir", root, NULL);
    fixture_expect_code(&result, 0);
}

/* Below the prefix. */
static const char *const files[] = {
    "bin/js",
    "bin/jsd",
    "share/man/man1/js.1",
    "share/man/man1/jsd.1",
    "share/man/man7/js-protocol.7",
    "share/bash-completion/completions/js",
    "share/zsh/site-functions/_js",
    "share/fish/vendor_completions.d/js.fish",
    "share/elvish/lib/js.elv",
};

static const char *installed(const char *file)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/root%s/%s", fixture.root, getenv("JS_TEST_PREFIX"), file);
    return path;
}

START_TEST(everything_has_its_place)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        ck_assert_msg(access(installed(files[i]), R_OK) == 0, "%s is missing", files[i]);
}
END_TEST

START_TEST(installed_js_finds_its_server)
{
    /* That one, and not the one of the build, is the server and the holders. */
    snprintf(fixture.jsd, sizeof(fixture.jsd), "%s", installed("bin/jsd"));
    fixture_run(&fixture, &result, installed("bin/js"), "run", "--", "sh", "-c", "exit 7", NULL);
    fixture_expect_code(&result, 7);
}
END_TEST

static Suite *install_suite(void)
{
    Suite *suite = suite_create("install");
    TCase *tc = tcase_create("install");
    tcase_add_checked_fixture(tc, setup, world_end);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, everything_has_its_place);
    tcase_add_test(tc, installed_js_finds_its_server);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(install_suite());
}

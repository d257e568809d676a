/*
 * What a user who tries supervision finds: one shell line for each thing that jobs promise, and
 * what it prints. The modules' own tests go into the details; this is the view from outside.
 */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* Shell functions, so that the lines are about js: the end of a job, and a fact that is awaited
 * (the test's time limit is theirs). */
#define PRELUDE                                                                                    \
    "end() { js show --json $1 | jq -c '.jobs[0].end | [.reason, .code, .signal]'; }; "            \
    "until_state() { until [ \"$(js show -o state $1)\" = $2 ]; do :; done; }; "                   \
    "until_logged() { until js logs $1 | grep -q $2; do :; done; }; "                              \
    "server() { js server status --json | jq \".server$1\"; }; "

static void begin(void)
{
    char path[128];
    fixture_init(&fixture);
    snprintf(path, sizeof(path), "%s/config", fixture.root);
    fixture_setenv(&fixture, "JS_CONFIG", path);
    fixture_shell_line(&fixture, &result, "echo grace = 200ms >$JS_CONFIG");
}

struct row {
    const char *line;
    const char *out; /* of both outputs together */
};

/* Ends that are ends */
static const struct row ends[] = {
    /* R1: a group of its own, in the foreground of its terminal, in the session of its holder. */
    {"js run -d -- pty_child ready hold; p=$(js show -o pid 1); ps -o pid=,pgid=,tpgid=,sid= -p $p "
     "| awk -v p=$p -v h=$(js show -o holder 1) '{ print $1 == p, $2 == p, $3 == p, $4 == h }'; "
     "kill -TSTP -$p; until_state 1 stopped; cut -d ' ' -f 3 /proc/$p/stat",
     "1\n1 1 1 1\nT\n"},
    /* R2 */
    {"js run -d -- sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.05; done'; "
     "until_logged 1 up; js kill --grace 100ms 1; end 1",
     "1\n[\"killed\",null,9]\n"},
    /* R3 */
    {"js run -d -- sleep 60; for g in -1 nan inf x ''; do js kill --grace=$g 1 2>/dev/null; "
     "printf '%s ' $?; done; js show -o state 1; js kill --grace 1e100s 1; echo $?; end 1",
     "1\n2 2 2 2 2 running\n0\n[\"killed\",null,15]\n"},
    /* R4, S10: whoever has the lock is a grandchild that ignores TERM. */
    {"js run -d -- sh -c 'exec 9>held; flock 9; setsid sh -c \"trap \\\"\\\" TERM; sleep 60\" & "
     "trap \"exit 0\" TERM; echo up; wait'; until_logged 1 up; flock -n held true || echo held; "
     "js kill 1; flock -n held echo free",
     "1\nheld\nfree\n"},
    /* R5 */
    {"js run true; js kill 1; js kill 1; echo $?",
     "js: job 1 already exited (0)\njs: job 1 already exited (0)\n0\n"},
    /* R6, S12 */
    {"js run -- sh -c 'exit 3'; js run -- sh -c 'kill -9 $$' 2>/dev/null; echo $?; "
     "js run -d --delay 1h -- true; js kill 3; js run --timeout 50ms -- sleep 60 2>/dev/null; "
     "echo $?; js run -d --slot s -- sleep 60; js run -d --slot s --queue-timeout 50ms -- true; "
     "js wait 6; js run -d --slot s --if-busy replace -- sleep 60; js wait 5 2>/dev/null; "
     "js server stop --kill-jobs; for i in 1 2 3 4 5 6 7; do end $i; done",
     "137\n3\n124\n5\n6\n7\n[\"exited\",3,null]\n[\"signaled\",null,9]\n"
     "[\"canceled\",null,15]\n[\"timeout\",null,15]\n[\"replaced\",null,15]\n"
     "[\"expired\",null,null]\n[\"server-stop\",null,15]\n"},
    /* R13: the slot is free when the one that had it is dead. */
    {"js run -d --slot x --timeout 50ms -- sh -c 'trap \"\" TERM; while :; do sleep 0.05; done'; "
     "js run -d --slot x -- true; js wait 2; js show --json 1 2 | "
     "jq -c '[.jobs[0].end.signal, .jobs[1].started >= .jobs[0].ended]'",
     "1\n2\n[9,true]\n"},
    /* R19: a limit is that of one job. */
    {"js run -d -- pty_child ready hold; p=$(js show -o pid 1); js run --timeout 50ms -- sleep 60 "
     "2>/dev/null; echo $?; test $p = $(js show -o pid 1) && js show -o state 1",
     "1\n124\nrunning\n"},
    /* S11: whoever is first, all tell the same. */
    {"for i in 1 2 3 4 5 6 7 8; do js run -d -- true >/dev/null; js kill $i 2>/dev/null; "
     "js wait $i 2>/dev/null; js show --json $i | jq -r --argjson w $? '.jobs[0].end | "
     "(.reason == \"exited\" or .reason == \"killed\") and (.code // 128 + .signal) == $w'; done "
     "| uniq",
     "true\n"},
    /* U25: each is tried, and that one could not be is not forgotten. */
    {"js run -d -- sleep 60; js kill 9 1; echo $?; end 1",
     "1\njs: no job 9\n1\n[\"killed\",null,15]\n"},
};

/* How a job is started */
static const struct row starts[] = {
    /* R7 */
    {"JS_DIR=/proc/x js server start; echo $?",
     "js: cannot make the directory /proc/x: No such file or directory; set JS_DIR to another "
     "one\n125\n"},
    /* R9 */
    {"js run true; p=$(server .pid); n=$(ls /proc/$p/fd | wc -l); for i in 1 2 3; do "
     "js run -- /nope; js run -d -- /nope; done 2>&1 | uniq; js ls -a -o command; "
     "until [ $(ls /proc/$p/fd | wc -l) -le $n ]; do :; done; ls $JS_DIR/jobs $JS_STATE_DIR/jobs | "
     "grep -v :",
     "js: /nope: No such file or directory\nCOMMAND\ntrue\n\n1\n"},
    /* R10 */
    {"echo max-running = 0 >c; js -c c config 2>&1 >/dev/null | sed 's/ .*, line/ line/'; "
     "js -c c config >/dev/null 2>&1; echo $?",
     "js: line 1: max-running = '0' is not allowed: 1 to 4096\n125\n"},
    /* S1 */
    {"echo 'echo $1' | js run --script - -- a", "a\n"},
    /* S2 */
    {"head -c 2097153 /dev/zero | js run --script -; echo $?; js ls -a --json | jq '.jobs | "
     "length'",
     "js: run: the script from standard input is 2097153 bytes, the limit is 2097152\n2\n0\n"},
    /* S3 */
    {"printf 'echo $1 $JS_ATTEMPT # b%s\\nexit 1' ody | js run -d --restart on-failure:2 --backoff "
     "1ms..1ms --script - -- a; js wait 1; js logs --plain 1 | grep ^a; "
     "grep -rlF 'body' $JS_DIR $JS_STATE_DIR $HOME $PWD | wc -l",
     "1\na 1\na 2\na 3\n0\n"},
    /* S4: its values are never kept where js show could tell them. */
    {"A=1 js run -e B=secret -- env | grep -E '^(A|B|JS_JOB_ID|JS_ATTEMPT)=' | sort; "
     "A=1 js run --clean-env -- env | grep -c ^A=; { js show 1; js show --json 1; } | grep -c secr",
     "A=1\nB=secret\nJS_ATTEMPT=1\nJS_JOB_ID=1\n0\n0\n"},
    /* S5 */
    {"js run -C /nope -- true; echo $?; js ls -a --json | jq '.jobs | length'",
     "js: cannot enter /nope: No such file or directory\n125\n0\n"},
    /* S6 */
    {"js run -- ''; echo $?", "js: run: there is no command to run; see js run --help\n2\n"},
    /* S7 */
    {"js run --rlimit nofile=77 -- sh -c 'ulimit -n'; js run --rlimit nofile=0 -- true; echo $?",
     "77\njs: run: --rlimit: nofile=0 is not allowed: write a number, not 0, or unlimited; or "
     "SOFT:HARD\n2\n"},
    /* S9 */
    {"js run --no-new-privs -- grep NoNew /proc/self/status", "NoNewPrivs:\t1\n"},
    /* U18 */
    {"printf '[profile untrusted]\\nrlimit = nofile=64\\nno-new-privs = yes\\nlabel = trust=no\\n' "
     ">>$JS_CONFIG; js run --profile untrusted -- sh -c 'ulimit -n; exit 4'; js run true; "
     "js ls -a -l trust=no -o id; js logs -l trust=no; js wait -l trust=no; echo $?",
     "64\nID\n 1\n64\n4\n"},
    /* U20 */
    {"js run -- sh -c 'exec 2>&1; echo /proc/self/fd/*' 7</dev/null 8<&7 | wc -w", "4\n"},
};

/* Restarts and queues */
static const struct row policies[] = {
    /* R8, U2: at least so long, each time twice as long. */
    {"js run -d --restart on-failure:3 --backoff 20ms..1s --jitter none -- false; js wait 1; "
     "js events --json 1 | jq -sc 'def ms: (.[0:19] + \"Z\" | fromdateiso8601) * 1000 + "
     "(.[20:23] | tonumber); [[.[] | select(.kind == \"attempt-ended\").time | ms][0:3], "
     "[.[] | select(.kind == \"backoff\").due | ms]] | transpose | map(.[1] - .[0]) | "
     "[length, .[0] >= 19, .[1] >= 39, .[2] >= 79]'",
     "1\n[3,true,true,true]\n"},
    /* R14 */
    {"js run -d -n x --restart always --backoff 1ms..1ms -- sh -c 'exit 1'; "
     "until [ $(js show -o attempt 1) -gt 2 ]; do :; done; js show -o id,name 1",
     "1\n1\tx\n"},
    /* S13 */
    {"js run --ok-codes 3 --restart on-failure -- sh -c 'exit 3'; echo $?; js show -o attempt 1",
     "3\n1\n"},
    /* S14 */
    {"js run --restart always -- /nope; echo $?; js ls -a --json | jq '.jobs | length'",
     "js: /nope: No such file or directory\n127\n0\n"},
    /* S15 */
    {"js run -d --restart on-failure:2 --backoff 1ms..1ms -- sh -c 'echo try $JS_ATTEMPT; exit 1'; "
     "js wait 1; js logs --attempt 2 1 | tr -d '\\r'; js logs --plain 1 | cut -d ';' -f 1",
     "1\ntry 2\ntry 1\n[js: attempt 1 exited (1)\ntry 2\n[js: attempt 2 exited (1)\ntry 3\n"},
    /* S20, U3: all at once, and told as they were asked for. */
    {"js run -d --timeout 10s --restart always:1m --backoff 100ms..1s --jitter full --slot s "
     "--if-busy replace -- sleep 60; js show --json 1 | jq -c '.jobs[0].plan | [.timeout_ms, "
     ".restart, .interval_ms, .backoff_first_ms, .backoff_most_ms, .jitter, .slot, .if_busy]'; "
     "js kill 1; js show -o attempt,state 1",
     "1\n[10000,\"always\",60000,100,1000,\"full\",\"s\",\"replace\"]\n1\tended\n"},
    /* R12 */
    {"js run -d -q b -- pty_child ready hold; js run -d -q b --queue-timeout 100ms -- touch ran; "
     "js wait 2; echo $?; test -e ran || end 2",
     "1\n2\n75\n[\"expired\",null,null]\n"},
    /* U5 */
    {"js run -d --slot s -- pty_child ready hold; js run --slot s --if-busy drop -- true; echo $?; "
     "js run -d --slot s -- true; js show --json 2 | jq -r .jobs[0].waits_for",
     "1\njs: not started: slot s is taken: job 1 has it\n75\n2\nits slot, which job 1 has\n"},
    /* U6, U12 */
    {"js queue set build slots=2; for i in 1 2 3; do js run -d -q build -- pty_child ready hold; "
     "done; until_state 2 running; js queue; js queue pause build; js kill 1; js ls -o id,queue,"
     "waits; js queue resume build; until_state 3 running",
     "1\n2\n3\nQUEUE  SLOTS  RUNNING  WAITING  STATE\nbuild      2        2        1\n"
     "ID  QUEUE  WAITS FOR\n 2  build\n 3  build  queue build is paused\n"},
    /* U10, U11 */
    {"js run -d --every '0 3 * * *' -n night -- true; js run -d --delay 10m --once k -- true; "
     "js run -d --once k -- true; js ls -o id,state; js show --json night | jq -r '.jobs[0] | "
     ".waits_for[11:16]'",
     "1\n2\njs: nothing was started: job 2 has the key 'k'\n2\n"
     "ID  STATE\n 1  queued\n 2  queued\n03:00\n"},
    /* U13 */
    {"js run -- sh -c 'test -e gate'; js run true; js retry --failed --dry-run; touch gate; "
     "js retry --failed; js wait 1; js show -o attempt,exit 1; js ls --failed -o id",
     "1  sh -c 'test -e gate'\n1\n2\t0\n"},
};

/* What is told */
static const struct row told[] = {
    /* R21 */
    {"js run --no-pty -- sh -c 'echo o; echo e >&2' >out 2>err; cat out err; js logs --stderr 1; "
     "js logs --json 1 | jq -c '[.stream, .text]' | sort",
     "o\ne\ne\n[\"stderr\",\"e\\n\"]\n[\"stdout\",\"o\\n\"]\n"},
    /* S17 */
    {"js run -- printf '\\033]0;x\\a' | od -An -c | tr -d ' '; "
     "{ js ls -a -o title,command; js show 1; } | grep -c $(printf '\\033')",
     "033]0;x\\a\n0\n"},
    /* S18 */
    {"for i in 1 2 3 4 5 6 7 8 9 10; do js run -- seq 1 2000 | tail -n 1; done | uniq", "2000\n"},
    /* S19, U16 */
    {"js run true; js run -- false; js run -d -- sleep 60; js run -- /nope 2>/dev/null; js kill 3; "
     "js run -d -- pty_child ready hold; js server metrics | awk '/^js_jobs_started_total/ { s = "
     "$2 "
     "} /^js_jobs_ended_total/ { e += $2 } /^js_jobs{/ && !/ended|failed/ { live += $2 } END { "
     "print s, live, e }'; server .counters.started",
     "3\n5\n5 1 4\n5\n"},
    /* U7 */
    {"js run --restart on-failure:1 --backoff 1ms..1ms -- false; js events --json 1 | "
     "jq -r 'select(.kind | test(\"attach|detach\") | not) | .kind' | tr '\\n' ' '",
     "started attempt-ended backoff started ended "},
    /* U8: of the record, whatever has become of the server. */
    {"js run -d -- sh -c 'sleep 0.1; exit 4'; kill -9 $(server .pid); js wait 1; echo $?",
     "1\n4\n"},
    /* U17 */
    {"for n in a b c; do js run -n $n true; done; js run -- false; js ls -a --limit 2 -o id; "
     "js ls -n '[ab]' --state ended -o name; js prune --older 1h; js prune --failed; "
     "js ls -a -o id | wc -l",
     "ID\n 3\n 4\nNAME\na\nb\njs: no ended job fits: nothing to forget\njs: 1 job forgotten\n4\n"},
    /* U22 */
    {"js run -d --queue build -- sh -c 'stty -echo; printf Password:; read -r x; echo got $x'; "
     "until js ls | grep -q '(asks)'; do :; done; js send 1 -e sesame; js logs --wait 1 | "
     "tr -d '\\r'",
     "1\nPassword:got sesame\n"},
};

static void expect(const struct row *row)
{
    char text[4096];
    int len = snprintf(text, sizeof(text), "exec 2>&1; " PRELUDE "%s", row->line);
    ck_assert_int_lt(len, (int)sizeof(text));
    fixture_shell_line(&fixture, &result, text);
    ck_assert_msg(strcmp(result.out, row->out) == 0, "%s\nprinted\n%s", row->line, result.out);
}

START_TEST(jobs_end)
{
    expect(&ends[_i]);
}
END_TEST

START_TEST(jobs_start)
{
    expect(&starts[_i]);
}
END_TEST

START_TEST(policies_hold)
{
    expect(&policies[_i]);
}
END_TEST

START_TEST(facts_are_told)
{
    expect(&told[_i]);
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, sizeof(table) / sizeof((table)[0]))

static Suite *rows_suite(void)
{
    Suite *suite = suite_create("rows");
    TCase *tc = tcase_create("rows");
    tcase_add_checked_fixture(tc, begin, world_end);
    tcase_set_timeout(tc, 30);
    LOOP(tc, jobs_end, ends);
    LOOP(tc, jobs_start, starts);
    LOOP(tc, policies_hold, policies);
    LOOP(tc, facts_are_told, told);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(rows_suite());
}

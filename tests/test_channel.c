/* What a channel receives. */
#include "common/channel.h"
#include "common/fd.h"
#include "tests/harness/allocations.h"
#include "tests/harness/channel_side.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors */

static const struct {
    enum message_type type;
    size_t sent;
    const char *told;
} fds_cases[] = {
    {MSG_RESIZE, 0, "resize#1[]"},
    {MSG_RESIZE, 1, "resize#1[]"},
    {MSG_RESIZE, 4, "resize#1[]"},
    {MSG_ATTACH, 0, "malformed#1"},
    {MSG_ATTACH, 1, "attach#1[11]"},
    {MSG_ATTACH, 2, "attach#1[11,12]"},
    {MSG_ATTACH, 4, "attach#1[11,12]"},
    {MSG_ADOPT, 0, "malformed#1"},
    {MSG_ADOPT, 1, "malformed#1"},
    {MSG_ADOPT, 2, "adopt#1[11,12]"},
    {MSG_ADOPT, 3, "adopt#1[11,12,13]"},
    {MSG_ADOPT, 4, "adopt#1[11,12,13]"},
    {MSG_RUN, 0, "run#1[]"},
    {MSG_RUN, 1, "run#1[11]"},
    {MSG_RUN, 2, "run#1[11]"},
};

START_TEST(a_message_gets_the_descriptors_it_declares)
{
    struct bytes out = {0};
    if (fds_cases[_i].type == MSG_RESIZE)
        side_add_resize(&out, 1);
    else if (fds_cases[_i].type == MSG_ATTACH)
        side_add_attach(&out, 1);
    else if (fds_cases[_i].type == MSG_ADOPT)
        side_add_adopt(&out, 1);
    else
        side_add_run(&out, 1, 10);
    side_send_all(&out, 11, fds_cases[_i].sent);
    /* And whatever it was, the connection goes on. */
    side_add_resize(&out, 2);
    side_send_all(&out, 0, 0);
    side_turn();
    char expected[64];
    snprintf(expected, sizeof(expected), "%s resize#2[]", fds_cases[_i].told);
    ck_assert_str_eq(side_told(), expected);
    bytes_finish(&out);
}
END_TEST

START_TEST(missing_descriptors_are_said)
{
    struct bytes out = {0};
    side_add_adopt(&out, 4);
    side_send_all(&out, 11, 1);
    side_turn();
    ck_assert_str_eq(side_told(), "malformed#4");
    ck_assert_str_eq(side.problem, "adopt: 2 file descriptors are needed, 1 came");
    bytes_finish(&out);
}
END_TEST

/* More than anybody declares, and more than there is room for at all. */
START_TEST(too_many_descriptors_are_closed)
{
    static const size_t counts[] = {5, 16, 17, 100};
    for (size_t i = 0; i < 4; i++) {
        struct bytes out = {0};
        union {
            struct cmsghdr align;
            char space[CMSG_SPACE(100 * sizeof(int))];
        } control = {0};
        side_add_attach(&out, 1);
        struct iovec iov = {.iov_base = out.data, .iov_len = out.len};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = CMSG_SPACE(counts[i] * sizeof(int))};
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(counts[i] * sizeof(int));
        int fd = side_tagged(7);
        for (size_t n = 0; n < counts[i]; n++)
            memcpy(CMSG_DATA(cmsg) + n * sizeof(int), &fd, sizeof(int));
        int before = runner_fd_count();
        ck_assert_int_eq(sendmsg(side.peer_fd, &msg, 0), (ssize_t)out.len);
        side_turn();
        ck_assert_str_eq(side_told(), "attach#1[7,7]");
        ck_assert_int_eq(runner_fd_count(), before);
        fd_close(fd);
        bytes_finish(&out);
    }
}
END_TEST

/* How bytes arrive */

START_TEST(a_frame_may_come_in_two_pieces)
{
    struct bytes out = {0};
    side_add_attach(&out, 1);
    size_t first = out.len;
    side_add_resize(&out, 2);
    for (size_t cut = 1; cut < out.len; cut++) {
        /* Bytes behind the frame must not share its sendmsg: they would seem to own its fds. */
        size_t with_fds = cut < first ? cut : first;
        side_send(out.data, with_fds, 11, 1);
        side_send(out.data + with_fds, cut - with_fds, 0, 0);
        side_turn();
        if (cut < first)
            ck_assert_str_eq(side_told(), "");
        else
            ck_assert_str_eq(side_told(), "attach#1[11]");
        side_send(out.data + cut, out.len - cut, 0, 0);
        side_turn();
        if (cut < first)
            ck_assert_str_eq(side_told(), "attach#1[11] resize#2[]");
        else
            ck_assert_str_eq(side_told(), "resize#2[]");
    }
    bytes_finish(&out);
}
END_TEST

START_TEST(a_frame_may_come_byte_by_byte)
{
    struct bytes out = {0};
    side_add_resize(&out, 1);
    side_add_attach(&out, 2);
    size_t second = out.len;
    side_add_resize(&out, 3);
    struct bytes first = {0};
    side_add_resize(&first, 1);
    for (size_t i = 0; i < out.len; i++) {
        side_send(out.data + i, 1, 5, i == first.len);
        side_turn();
        if (i + 1 == first.len)
            ck_assert_str_eq(side_told(), "resize#1[]");
        else if (i + 1 == second)
            ck_assert_str_eq(side_told(), "attach#2[5]");
        else if (i + 1 < out.len)
            ck_assert_str_eq(side_told(), "");
    }
    ck_assert_str_eq(side_told(), "resize#3[]");
    bytes_finish(&first);
    bytes_finish(&out);
}
END_TEST

/* Frames that wait in the socket together. Each is sent by itself, as channel_send does. */
static const struct {
    struct {
        enum message_type type;
        size_t size; /* of a `run` */
        int tag;
        size_t fds;
    } frames[4];
    const char *told;
} together_cases[] = {
    {{{MSG_RESIZE, 0, 0, 0}, {MSG_ATTACH, 0, 21, 1}}, "resize#1[] attach#2[21]"},
    {{{MSG_ATTACH, 0, 11, 1}, {MSG_RESIZE, 0, 0, 0}}, "attach#1[11] resize#2[]"},
    {{{MSG_ATTACH, 0, 11, 1}, {MSG_ATTACH, 0, 21, 1}}, "attach#1[11] attach#2[21]"},
    {{{MSG_ADOPT, 0, 11, 2}, {MSG_ADOPT, 0, 21, 2}, {MSG_RESIZE, 0, 0, 0}},
     "adopt#1[11,12] adopt#2[21,22] resize#3[]"},
    /* The first is longer than one read: its end and the next frame are read together. */
    {{{MSG_RUN, 5000, 11, 1}, {MSG_RESIZE, 0, 0, 0}}, "run#1[11] resize#2[]"},
    {{{MSG_RUN, 5000, 11, 1}, {MSG_ATTACH, 0, 21, 1}}, "run#1[11] attach#2[21]"},
    {{{MSG_RUN, 5000, 11, 1}, {MSG_ADOPT, 0, 21, 2}, {MSG_ADOPT, 0, 31, 2}},
     "run#1[11] adopt#2[21,22] adopt#3[31,32]"},
    {{{MSG_RUN, 5000, 11, 1}, {MSG_RUN, 5000, 21, 1}, {MSG_RUN, 5000, 31, 1}},
     "run#1[11] run#2[21] run#3[31]"},
    {{{MSG_RUN, 5000, 11, 1}, {MSG_RUN, 5000, 0, 0}, {MSG_ATTACH, 0, 31, 1}},
     "run#1[11] run#2[] attach#3[31]"},
    {{{MSG_RUN, 5000, 11, 1}, {MSG_RESIZE, 0, 0, 0}, {MSG_ATTACH, 0, 0, 0}, {MSG_RESIZE, 0, 0, 0}},
     "run#1[11] resize#2[] malformed#3 resize#4[]"},
    {{{MSG_RUN, 100000, 11, 1}, {MSG_ATTACH, 0, 21, 1}, {MSG_RUN, 100000, 31, 1}},
     "run#1[11] attach#2[21] run#3[31]"},
    /* Descriptors that nobody declared stay with their frame, too. */
    {{{MSG_RESIZE, 0, 11, 3}, {MSG_ATTACH, 0, 0, 0}}, "resize#1[] malformed#2"},
    {{{MSG_RESIZE, 0, 11, 3}, {MSG_ADOPT, 0, 21, 2}}, "resize#1[] adopt#2[21,22]"},
};

static void send_case(size_t index)
{
    struct bytes out = {0};
    for (uint32_t i = 0; i < 4 && together_cases[index].frames[i].type; i++) {
        enum message_type type = together_cases[index].frames[i].type;
        if (type == MSG_RESIZE)
            side_add_resize(&out, i + 1);
        else if (type == MSG_ATTACH)
            side_add_attach(&out, i + 1);
        else if (type == MSG_ADOPT)
            side_add_adopt(&out, i + 1);
        else
            side_add_run(&out, i + 1, together_cases[index].frames[i].size);
        side_send_all(&out, together_cases[index].frames[i].tag,
                      together_cases[index].frames[i].fds);
    }
    bytes_finish(&out);
}

START_TEST(descriptors_stay_with_their_frame)
{
    int size = 1 << 20;
    ck_assert_int_eq(setsockopt(side.peer_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
    send_case((size_t)_i);
    for (int i = 0; i < 20; i++)
        side_turn();
    ck_assert_str_eq(side_told(), together_cases[_i].told);
}
END_TEST

/* Refused frames */

static const struct {
    const char *payload;
    size_t len;
    const char *told;
} refused_cases[] = {
    {"\xc1", 1, "malformed#0"},
    {"\x93\x46\x07\x80", 4, "malformed#7"},                     /* resize without its fields */
    {"\x93\xcd\x27\x0f\x07\x80", 6, "unsupported#7"},           /* type 9999 */
    {"\x93\x46\x07\x80\x80", 5, "malformed#0"},                 /* bytes behind it */
    {"\x93\x46\x07\xdd\x0f\xff\xff\xff", 8, "malformed#0"},     /* 8 GB */
    {"\x93\x0a\x07\xdf\x0f\xff\xff\xff\x01", 9, "malformed#0"}, /* 16 GB */
};

START_TEST(a_refused_frame_does_not_end_the_connection)
{
    uint8_t head[WIRE_HEADER_SIZE] = {0, 0, 0, (uint8_t)refused_cases[_i].len};
    struct bytes out = {0};
    ck_assert_int_eq(bytes_append(&out, head, sizeof(head)), 0);
    ck_assert_int_eq(bytes_append(&out, refused_cases[_i].payload, refused_cases[_i].len), 0);
    side_add_resize(&out, 2);
    side_send_all(&out, 11, 2);
    allocations_begin();
    side_turn();
    size_t largest = allocations_largest();
    ck_assert_uint_le(largest, 1u << 20);
    char expected[64];
    snprintf(expected, sizeof(expected), "%s resize#2[]", refused_cases[_i].told);
    ck_assert_str_eq(side_told(), expected);
    bytes_finish(&out);
}
END_TEST

static const char *const bad_lengths[] = {"\0\0\0\0", "\xff\xff\xff\xff", "\x00\x40\x00\x01",
                                          "GET "};

START_TEST(a_bad_length_ends_the_connection)
{
    struct bytes out = {0};
    side_add_resize(&out, 1);
    ck_assert_int_eq(bytes_append(&out, bad_lengths[_i], 4), 0);
    side_add_resize(&out, 2);
    side_send_all(&out, 11, 1);
    allocations_begin();
    side_turn();
    size_t largest = allocations_largest();
    ck_assert_uint_le(largest, 1u << 16);
    ck_assert_str_eq(side_told(), _i == 0 ? "resize#1[] malformed#0 end(EBADMSG)"
                                          : "resize#1[] malformed#0 end(EMSGSIZE)");
    /* Nothing more is read, and nothing is sent any more. */
    struct msg_empty body = {0};
    ck_assert_int_eq(channel_send(&side.channel, MSG_LEAVE, 0, &body, NULL, 0), -EPIPE);
    side_add_resize(&out, 3);
    side_send_all(&out, 0, 0);
    side_turn();
    ck_assert_str_eq(side_told(), "");
    bytes_finish(&out);
}
END_TEST

START_TEST(a_long_frame_costs_what_has_arrived)
{
    uint8_t data[1000] = {0, 0x3f, 0xff, 0xff};
    allocations_begin();
    side_send(data, sizeof(data), 0, 0);
    side_turn();
    size_t largest = allocations_largest();
    ck_assert_uint_le(largest, 1u << 16);
    ck_assert_str_eq(side_told(), "");
}
END_TEST

static const struct {
    bool close_at_once;
    const char *told;
} close_cases[] = {
    {false, "resize#1[] malformed#0 resize#2[] end(0)"},
    {true, "resize#1[] closed"},
};

START_TEST(every_callback_may_close)
{
    struct bytes out = {0};
    side.close_at_once = close_cases[_i].close_at_once;
    side_add_resize(&out, 1);
    ck_assert_int_eq(bytes_append(&out, "\0\0\0\1\xc1", 5), 0);
    side_add_resize(&out, 2);
    side_send_all(&out, 0, 0);
    side.peer_fd = fd_close(side.peer_fd);
    side_turn();
    ck_assert_str_eq(side_told(), close_cases[_i].told);
    bytes_finish(&out);
}
END_TEST

START_TEST(a_problem_may_close)
{
    side.close_at_once = true;
    side_send("\0\0\0\1\xc1\0\0\0\1\xc1", 10, 11, 1);
    side_turn();
    ck_assert_str_eq(side_told(), "malformed#0 closed");
}
END_TEST

START_TEST(an_end_may_close)
{
    side.close_at_once = true;
    side.peer_fd = fd_close(side.peer_fd);
    side_turn();
    ck_assert_str_eq(side_told(), "end(0) closed");
}
END_TEST

/* The end of the peer */

START_TEST(a_peer_may_vanish_at_any_byte)
{
    struct bytes out = {0};
    side_add_attach(&out, 1);
    for (size_t len = 0; len <= out.len; len++) {
        side_close();
        side_open();
        if (len > 0)
            side_send(out.data, len, 11, 1);
        side.peer_fd = fd_close(side.peer_fd);
        side_turn();
        ck_assert_str_eq(side_told(), len == 0         ? "end(0)"
                                      : len == out.len ? "attach#1[11] end(0)"
                                                       : "end(ECONNRESET)");
        side_turn();
        ck_assert_str_eq(side_told(), "");
    }
    bytes_finish(&out);
}
END_TEST

/* The kernel drops descriptors that the process has no number for: the message is not complete. */
START_TEST(a_process_without_free_descriptors_sees_it)
{
    struct bytes out = {0};
    struct rlimit limit;
    side_add_adopt(&out, 1);
    side_send_all(&out, 11, 2);
    /* The highest number in use is not known: leave no number free below the limit. */
    int fds[256];
    size_t count = 0;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {.rlim_cur = 200, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (count < 256 && (fds[count] = dup(0)) >= 0)
        count++;
    side_turn();
    while (count > 0)
        fd_close(fds[--count]);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_str_eq(side_told(), "end(EMFILE)");
    bytes_finish(&out);
}
END_TEST

START_TEST(a_peer_that_is_gone_is_seen_when_sending)
{
    struct msg_empty body = {0};
    side.peer_fd = fd_close(side.peer_fd);
    int fd = side_tagged(1);
    ck_assert_int_eq(channel_send(&side.channel, MSG_ATTACHED, 0,
                                  &(struct job_info){.uid = "u", .cwd = "/"}, &fd, 1),
                     -EPIPE);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_int_eq(channel_send(&side.channel, MSG_LEAVE, 0, &body, NULL, 0), -EPIPE);
    side_turn();
    ck_assert_str_eq(side_told(), "end(0)");
}
END_TEST

static Suite *channel_suite(void)
{
    Suite *suite = suite_create("channel");
    TCase *receive = tcase_create("receive");
    tcase_add_checked_fixture(receive, side_open, side_close);
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    tcase_add_loop_test(receive, a_message_gets_the_descriptors_it_declares, 0, COUNT(fds_cases));
    tcase_add_test(receive, missing_descriptors_are_said);
    tcase_add_test(receive, too_many_descriptors_are_closed);
    tcase_add_test(receive, a_frame_may_come_in_two_pieces);
    tcase_add_test(receive, a_frame_may_come_byte_by_byte);
    tcase_add_loop_test(receive, descriptors_stay_with_their_frame, 0, COUNT(together_cases));
    tcase_add_loop_test(receive, a_refused_frame_does_not_end_the_connection, 0,
                        COUNT(refused_cases));
    tcase_add_loop_test(receive, a_bad_length_ends_the_connection, 0, COUNT(bad_lengths));
    tcase_add_test(receive, a_long_frame_costs_what_has_arrived);
    tcase_add_loop_test(receive, every_callback_may_close, 0, COUNT(close_cases));
    tcase_add_test(receive, a_problem_may_close);
    tcase_add_test(receive, an_end_may_close);
    tcase_add_test(receive, a_peer_may_vanish_at_any_byte);
    tcase_add_test(receive, a_process_without_free_descriptors_sees_it);
    tcase_add_test(receive, a_peer_that_is_gone_is_seen_when_sending);
    suite_add_tcase(suite, receive);
    return suite;
}

int main(void)
{
    return runner_run(channel_suite());
}

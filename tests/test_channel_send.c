/* What a channel sends, its end, and giving its socket away. */
#include "common/channel.h"
#include "common/fd.h"
#include "tests/harness/channel_side.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sending */

/* Reads what the peer was sent: the number of bytes; descriptors are counted and closed. */
static size_t read_peer(struct bytes *ret, size_t *ret_fds)
{
    size_t total = 0;
    for (;;) {
        struct channel_fds fds;
        channel_fds_init(&fds);
        ck_assert_int_eq(bytes_reserve(ret, 65536), 0);
        ssize_t n = channel_io_recv(side.peer_fd, ret->data + ret->len, 65536, &fds);
        if (n <= 0)
            return total;
        *ret_fds += fds.count;
        channel_fds_finish(&fds);
        ret->len += (size_t)n;
        total += (size_t)n;
    }
}

/* How many frames with this request id and type are in the bytes, all of them whole. */
static uint32_t count_frames(const struct bytes *in, enum message_type type)
{
    uint32_t count = 0;
    for (size_t at = 0; at < in->len;) {
        struct wire_frame frame;
        struct wire_problem why;
        long size = wire_frame_size(in->data + at, in->len - at);
        ck_assert_int_gt(size, 0);
        ck_assert_uint_le(at + (size_t)size, in->len);
        ck_assert_int_eq(wire_decode(&protocol, in->data + at + WIRE_HEADER_SIZE,
                                     (size_t)size - WIRE_HEADER_SIZE, &frame, &why),
                         0);
        ck_assert_uint_eq(frame.type, type);
        ck_assert_uint_eq(frame.request_id, ++count);
        wire_frame_finish(&frame);
        at += (size_t)size;
    }
    return count;
}

START_TEST(a_peer_that_does_not_read_reaches_the_cap)
{
    static char text[4001];
    struct bytes got = {0};
    size_t fds = 0;
    uint32_t sent = 0;
    int r = 0;
    memset(text, 'n', sizeof(text) - 1);
    struct msg_done body = {.note = text};
    ck_assert_int_eq(fd_set_nonblock(side.peer_fd, true), 0);
    while (r == 0) {
        r = channel_send(&side.channel, MSG_DONE, sent + 1, &body, NULL, 0);
        sent += r == 0;
        ck_assert_uint_le(side.channel.out_len, CHANNEL_OUT_MAX);
    }
    ck_assert_int_eq(r, -ENOBUFS);
    ck_assert_uint_gt(side.channel.out_len, CHANNEL_OUT_MAX - 3 * sizeof(text));
    ck_assert_str_eq(side_told(), "");
    /* It reads again: everything that was taken arrives, whole and in order. */
    while (read_peer(&got, &fds) > 0 || side.channel.out_len > 0)
        side_turn();
    ck_assert_uint_eq(count_frames(&got, MSG_DONE), sent);
    ck_assert_int_eq(channel_send(&side.channel, MSG_DONE, 1, &body, NULL, 0), 0);
    bytes_finish(&got);
}
END_TEST

START_TEST(descriptors_wait_with_their_frame)
{
    struct bytes got = {0};
    size_t fds = 0;
    struct job_info info = {.uid = "u", .cwd = "/"};
    int before = runner_fd_count();
    ck_assert_int_eq(fd_set_nonblock(side.peer_fd, true), 0);
    for (uint32_t i = 1; i <= 2000; i++) {
        int fd = i % 20 == 0 ? side_tagged(1) : -1;
        ck_assert_int_eq(channel_send(&side.channel, MSG_ATTACHED, i, &info, &fd, i % 20 == 0), 0);
    }
    ck_assert_uint_gt(side.channel.out_len, 0);
    while (read_peer(&got, &fds) > 0 || side.channel.out_len > 0)
        side_turn();
    ck_assert_uint_eq(count_frames(&got, MSG_ATTACHED), 2000);
    ck_assert_uint_eq(fds, 100);
    ck_assert_int_eq(runner_fd_count(), before);
    bytes_finish(&got);
}
END_TEST

/* Fills the socket and more, so that frames wait. */
static uint32_t send_much(void)
{
    static char text[4001];
    memset(text, 'n', sizeof(text) - 1);
    struct msg_done body = {.note = text};
    for (uint32_t id = 1; id <= 500; id++)
        ck_assert_int_eq(channel_send(&side.channel, MSG_DONE, id, &body, NULL, 0), 0);
    ck_assert_uint_gt(side.channel.out_len, 0);
    return 500;
}

START_TEST(ending_sends_what_waits_and_closes)
{
    struct bytes got = {0};
    struct msg_done body = {0};
    size_t fds = 0;
    uint32_t sent = send_much();
    ck_assert_int_eq(fd_set_nonblock(side.peer_fd, true), 0);
    channel_end(&side.channel);
    ck_assert_int_eq(channel_send(&side.channel, MSG_DONE, 1, &body, NULL, 0), -EPIPE);
    /* Nothing is read any more: this must not show. */
    side_send("\0\0\0\1\xc1", 5, 0, 0);
    side_turn();
    ck_assert_str_eq(side_told(), "");
    while (read_peer(&got, &fds) > 0 || !side.closed)
        side_turn();
    ck_assert_str_eq(side_told(), "closed");
    ck_assert_uint_eq(count_frames(&got, MSG_DONE), sent);
    bytes_finish(&got);
}
END_TEST

START_TEST(ending_with_a_peer_that_is_gone_closes)
{
    send_much();
    channel_end(&side.channel);
    side_turn();
    ck_assert(!side.closed);
    side.peer_fd = fd_close(side.peer_fd);
    side_turn();
    ck_assert_str_eq(side_told(), "closed");
}
END_TEST

START_TEST(closing_drops_what_waits)
{
    struct msg_done body = {0};
    int fd = side_tagged(1);
    send_much();
    ck_assert_int_eq(channel_send(&side.channel, MSG_ATTACHED, 0,
                                  &(struct job_info){.uid = "u", .cwd = "/"}, &fd, 1),
                     0);
    channel_close(&side.channel);
    ck_assert_int_eq(channel_send(&side.channel, MSG_DONE, 1, &body, NULL, 0), -EPIPE);
    side_turn();
    ck_assert_str_eq(side_told(), "closed");
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(errors_and_hellos_are_messages)
{
    struct bytes got = {0};
    size_t fds = 0;
    ck_assert_int_eq(fd_set_nonblock(side.peer_fd, true), 0);
    ck_assert_int_eq(channel_send_error(&side.channel, 1, ERROR_BUSY, "later"), 0);
    read_peer(&got, &fds);
    ck_assert_uint_eq(count_frames(&got, MSG_ERROR), 1);
    got.len = 0;
    ck_assert_int_eq(channel_send_hello(&side.channel, "/state"), 0);
    read_peer(&got, &fds);
    struct wire_frame frame;
    struct wire_problem why;
    ck_assert_int_eq(wire_decode(&protocol, got.data + WIRE_HEADER_SIZE, got.len - WIRE_HEADER_SIZE,
                                 &frame, &why),
                     0);
    const struct msg_hello *hello = frame.body;
    ck_assert_uint_eq(frame.type, MSG_HELLO);
    ck_assert_uint_eq(hello->protocol, PROTOCOL_VERSION);
    ck_assert_uint_eq(hello->lowest, PROTOCOL_LOWEST);
    ck_assert_uint_eq(hello->pid, (uint32_t)getpid());
    ck_assert_str_eq(hello->state_dir, "/state");
    wire_frame_finish(&frame);
    bytes_finish(&got);
}
END_TEST

/* Handing the socket over */

START_TEST(the_socket_can_be_taken)
{
    struct bytes out = {0};
    side.take = true;
    side_add_attach(&out, 1);
    side_send_all(&out, 11, 1);
    side_turn();
    ck_assert_str_eq(side_told(), "attach#1[11] closed");
    ck_assert_int_ge(side.taken, 0);
    ck_assert_int_eq(fcntl(side.taken, F_GETFD), FD_CLOEXEC);
    /* What comes later belongs to whoever has it now. */
    char byte = 0;
    ck_assert_int_eq(write(side.peer_fd, "x", 1), 1);
    side_turn();
    ck_assert_int_eq(read(side.taken, &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    ck_assert_int_eq(write(side.taken, "y", 1), 1);
    ck_assert_int_eq(read(side.peer_fd, &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    bytes_finish(&out);
}
END_TEST

/* Bytes that were read behind the message, a whole one or not, would be lost: then it stays. */
START_TEST(the_socket_is_not_taken_from_under_unread_bytes)
{
    struct bytes out = {0};
    side_add_resize(&out, 1);
    size_t first = out.len;
    side_add_resize(&out, 2);
    for (size_t len = first + 1; len <= out.len; len++) {
        side.take = true;
        side_send(out.data, len, 0, 0);
        side_turn();
        ck_assert_int_eq(side.taken, -EBUSY);
        ck_assert_str_eq(side_told(), len < out.len ? "resize#1[]" : "resize#1[] resize#2[]");
        side_send(out.data + len, out.len - len, 0, 0);
        side_turn();
        ck_assert_str_eq(side_told(), len < out.len ? "resize#2[]" : "");
    }
    bytes_finish(&out);
}
END_TEST

START_TEST(the_socket_is_not_taken_while_frames_wait)
{
    send_much();
    ck_assert_int_eq(channel_take_fd(&side.channel), -EBUSY);
    side_turn();
    ck_assert_str_eq(side_told(), "");
    ck_assert(!side.closed);
}
END_TEST

START_TEST(the_socket_is_taken_once)
{
    side.taken = channel_take_fd(&side.channel);
    ck_assert_int_ge(side.taken, 0);
    ck_assert_int_eq(channel_take_fd(&side.channel), -EBUSY);
    side_turn();
    ck_assert_str_eq(side_told(), "closed");
}
END_TEST

START_TEST(the_peer_is_known)
{
    ck_assert_int_eq(channel_peer_pid(&side.channel), getpid());
}
END_TEST

static Suite *channel_send_suite(void)
{
    Suite *suite = suite_create("channel send");
    TCase *sending = tcase_create("send");
    tcase_add_checked_fixture(sending, side_open, side_close);
    tcase_add_test(sending, a_peer_that_does_not_read_reaches_the_cap);
    tcase_add_test(sending, descriptors_wait_with_their_frame);
    tcase_add_test(sending, ending_sends_what_waits_and_closes);
    tcase_add_test(sending, ending_with_a_peer_that_is_gone_closes);
    tcase_add_test(sending, closing_drops_what_waits);
    tcase_add_test(sending, errors_and_hellos_are_messages);
    suite_add_tcase(suite, sending);

    TCase *take = tcase_create("take");
    tcase_add_checked_fixture(take, side_open, side_close);
    tcase_add_test(take, the_socket_can_be_taken);
    tcase_add_test(take, the_socket_is_not_taken_from_under_unread_bytes);
    tcase_add_test(take, the_socket_is_not_taken_while_frames_wait);
    tcase_add_test(take, the_socket_is_taken_once);
    tcase_add_test(take, the_peer_is_known);
    suite_add_tcase(suite, take);
    return suite;
}

int main(void)
{
    return runner_run(channel_send_suite());
}

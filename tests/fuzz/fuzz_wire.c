/*
 * Bytes of a peer through the decoder and back: whatever they are, an error or a message that can
 * be copied, shown and sent again as it is.
 */
#include "common/protocol.h"
#include "tests/fuzz/fuzz.h"
#include "tests/harness/messages.h"

#include <stdlib.h>

static void use(const struct wire_frame *frame)
{
    const struct wire_struct *type = frame->message->body;
    struct bytes out = {0}, text = {0};
    struct wire_frame again;
    struct wire_problem why;
    must(wire_dump(&text, frame->message, frame->request_id, frame->body) == 0);
    for (size_t i = 0; i < text.len; i++)
        must(text.data[i] >= ' ' && text.data[i] != 0x7f);

    void *copy = calloc(1, type->size);
    must(copy && wire_copy(type, copy, frame->body) == 0);
    must(messages_equal(type, frame->body, copy));
    must(wire_encode(&out, frame->message, frame->request_id, copy) == 0);
    must(wire_frame_size(out.data, out.len) == (long)out.len);
    must(wire_decode(&protocol, out.data + WIRE_HEADER_SIZE, out.len - WIRE_HEADER_SIZE, &again,
                     &why) == 0);
    must(again.type == frame->type && again.request_id == frame->request_id);
    must(messages_equal(type, frame->body, again.body));

    wire_frame_finish(&again);
    wire_clear(type, copy);
    free(copy);
    bytes_finish(&text);
    bytes_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_frame frame = {0};
    struct wire_problem why;
    long frame_size = wire_frame_size(data, size);
    must(frame_size <= (long)(WIRE_FRAME_MAX + WIRE_HEADER_SIZE));
    bool well_formed = wire_check(data, size) == 0;
    int r = wire_decode(&protocol, data, size, &frame, &why);
    must(r <= 0 && (r < 0 || well_formed) && (r == 0 || why.text[0]));
    if (r == 0 && frame.message)
        use(&frame);
    wire_frame_finish(&frame);
    return 0;
}

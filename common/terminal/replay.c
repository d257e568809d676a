#include "common/terminal/replay.h"

#include <stdlib.h>

struct replay {
    int nothing;
};

struct replay *replay_create(void)
{
    return calloc(1, sizeof(struct replay));
}

void replay_destroy(struct replay *replay)
{
    free(replay);
}

int replay_feed(struct replay *replay, const void *data, size_t len, struct bytes *out)
{
    (void)replay;
    return bytes_append(out, data, len);
}

int replay_end(struct replay *replay, struct bytes *out)
{
    (void)replay;
    (void)out;
    return 0;
}

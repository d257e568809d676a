#include "tests/bench/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->room) {
        size_t room = samples->room ? samples->room * 2 : 64;
        double *values = realloc(samples->values, room * sizeof(*values));
        if (!values) {
            fprintf(stderr, "no memory for %zu samples\n", room);
            abort();
        }
        samples->values = values;
        samples->room = room;
    }
    samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double samples_quantile(struct samples *samples, double share)
{
    if (samples->count == 0)
        return NAN;
    qsort(samples->values, samples->count, sizeof(*samples->values), compare);
    double place = share * (double)(samples->count - 1);
    size_t below = (size_t)place;
    size_t above = below + 1 < samples->count ? below + 1 : below;
    double part = place - (double)below;
    return samples->values[below] * (1 - part) + samples->values[above] * part;
}

double samples_median(struct samples *samples)
{
    return samples_quantile(samples, 0.5);
}

void samples_finish(struct samples *samples)
{
    free(samples->values);
    *samples = (struct samples){0};
}

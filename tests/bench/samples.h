/* Measured values and their quantiles. Zero-initialised is empty and valid. */
#ifndef JS_TESTS_BENCH_SAMPLES_H
#define JS_TESTS_BENCH_SAMPLES_H

#include <stddef.h>

struct samples {
    double *values;
    size_t count;
    size_t room;
};

/* Adds a value. Ends the program when there is no memory. */
void samples_add(struct samples *samples, double value);

/* The value below which the share (0 to 1) of all lies; NAN when there is none. Sorts them. */
double samples_quantile(struct samples *samples, double share);

/* samples_quantile(samples, 0.5). */
double samples_median(struct samples *samples);

void samples_finish(struct samples *samples);

#endif

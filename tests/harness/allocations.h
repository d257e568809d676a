/*
 * Watches the memory that a test program allocates, that of libraries included: the largest block
 * asked for, and the blocks not freed yet. Works with and without AddressSanitizer.
 *
 * allocations.c replaces malloc(3), so it is linked only to the programs that name it in
 * tests/meson.build.
 */
#ifndef JS_TESTS_HARNESS_ALLOCATIONS_H
#define JS_TESTS_HARNESS_ALLOCATIONS_H

#include <stddef.h>

/* Starts anew: what is allocated now is not looked at any more. */
void allocations_begin(void);

/* Bytes of the largest block that was asked for since then. */
size_t allocations_largest(void);

/* Blocks allocated since then, less those freed since then. */
long allocations_live(void);

#endif

#include "tests/harness/allocations.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

static size_t largest;
static long live;

static void note_new(size_t size)
{
    live++;
    if (size > largest)
        largest = size;
}

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)

/* From sanitizer/allocator_interface.h, which not every compiler's package has. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *block, size_t size)
{
    (void)block;
    note_new(size);
}

static void on_free(const volatile void *block)
{
    live -= block != NULL;
}

static void watch(void)
{
    static int installed;
    if (!installed)
        installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

/* The C library's own functions, below the names that a program may replace ("Replacing malloc" in
 * its manual). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);

void *malloc(size_t size)
{
    note_new(size);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    note_new(count * size);
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    note_new(size);
    live -= block != NULL;
    return __libc_realloc(block, size);
}

void free(void *block)
{
    live -= block != NULL;
    __libc_free(block);
}

static void watch(void)
{
}

#endif

void allocations_begin(void)
{
    watch();
    largest = 0;
    live = 0;
}

size_t allocations_largest(void)
{
    return largest;
}

long allocations_live(void)
{
    return live;
}

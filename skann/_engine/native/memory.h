/* Memory that begins on a cache line, on every system. */
#ifndef SKANN_MEMORY_H
#define SKANN_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

#if defined(_WIN32)

#include <malloc.h>

/* NULL if there is none. */
static inline void *aligned_new(size_t size)
{
    return _aligned_malloc(size, CACHE_LINE);
}

/* Free what aligned_new has given; free() may not. */
static inline void aligned_delete(void *start) { _aligned_free(start); }

#else

static inline void *aligned_new(size_t size)
{
    void *start;
    return posix_memalign(&start, CACHE_LINE, size) ? NULL : start;
}

static inline void aligned_delete(void *start) { free(start); }

#endif

#endif

/* A library to be preloaded, in which one allocation of the compiled engine fails: see
 * memory.py. (NumPy itself does not survive all of its own.) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static long left = -1, counted;

void fail_at(long n)
{
    __atomic_store_n(&counted, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&left, n, __ATOMIC_RELAXED);
}

long n_counted(void) { return __atomic_load_n(&counted, __ATOMIC_RELAXED); }

static int fails(const void *caller)
{
    Dl_info about;
    if (__atomic_load_n(&left, __ATOMIC_RELAXED) < 0 || !dladdr(caller, &about)
        || !about.dli_fname || !strstr(about.dli_fname, "_compiled"))
        return 0;
    return __atomic_fetch_add(&counted, 1, __ATOMIC_RELAXED)
           == __atomic_load_n(&left, __ATOMIC_RELAXED);
}

#define FAILS fails(__builtin_return_address(0))

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

static void *nothing(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t n) { return FAILS ? nothing() : __libc_malloc(n); }

void *calloc(size_t n, size_t size)
{
    return FAILS ? nothing() : __libc_calloc(n, size);
}

void *realloc(void *start, size_t n)
{
    return FAILS ? nothing() : __libc_realloc(start, n);
}

void *aligned_alloc(size_t to, size_t n)
{
    return FAILS ? nothing() : __libc_memalign(to, n);
}

int posix_memalign(void **found, size_t to, size_t n)
{
    *found = FAILS ? NULL : __libc_memalign(to, n);
    return *found ? 0 : ENOMEM;
}

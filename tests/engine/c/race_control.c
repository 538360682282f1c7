/* A race, which ThreadSanitizer must find, or its silence about the rest means nothing:
 * two tasks of a pool write one number without a barrier between them. */
#include <stdio.h>

#include "thread_pool.h"

static long written;

static void write_all_at_once(void *unused, int thread)
{
    (void)unused;
    for (int i = 0; i < 1000; i++)
        written += thread;
}

int main(void)
{
    ThreadPool *pool = pool_acquire(2);
    pool_run(pool, 2, write_all_at_once, NULL);
    pool_release(pool);
    printf("%ld\n", written);
    return 0;
}

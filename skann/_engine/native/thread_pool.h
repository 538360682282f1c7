/* A pool of worker threads that run one function together.
 *
 * Pools belong to the process: a call borrows one for as long as it needs threads, and
 * no object keeps any. There are as many as have been in use at once; their workers
 * sleep in between.
 */
#ifndef SKANN_THREAD_POOL_H
#define SKANN_THREAD_POOL_H

typedef struct ThreadPool ThreadPool;

/* A pool for n threads, of which the caller will be one; for fewer if the system does
 * not give as many. NULL without memory. */
ThreadPool *pool_acquire(int n);
/* For others to use. */
void pool_release(ThreadPool *);
/* Threads that it has, the caller counted; one in the child of a fork, where no task
 * that was begun can be ended. */
int pool_size(const ThreadPool *);

/* Run task(argument, i) on threads i = 0 ... n - 1, the caller being number 0, and wait
 * for all; n is at most the size. */
void pool_run(ThreadPool *, int n, void (*task)(void *, int), void *argument);
/* Within a task: wait until all its threads have come here. Returns the seconds that it
 * took, if they count. */
double pool_barrier(ThreadPool *);

/* How many forks this process has come out of since there were pools. */
unsigned n_forks(void);

/* A monotonic clock. */
double seconds_now(void);

#endif

/* See thread_pool.h.
 *
 * A step of some hundred microseconds has two barriers. Sleeping and being woken costs
 * as much as a step, so threads spin there, and yield when that takes long. Between
 * tasks workers sleep.
 *
 * Idle pools are ended before a fork, for their threads would be missing in the child.
 * A pool in use when a thread of the process forks is one thread large in the child.
 */
#include "thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#define CPU_RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define CPU_RELAX() __asm__ __volatile__("yield")
#else
#define CPU_RELAX() ((void)0)
#endif

/* Looks at the barrier before the processor is offered to somebody else: about as long
 * as the longest wait that is due to chance alone. */
enum { SPIN_LIMIT = 1 << 11, CACHE_LINE = 64 };

struct ThreadPool {
    pthread_t *workers;
    int size, capacity; /* threads and room for them, the owner counted */
    int n_in_barrier;   /* threads of the task; written by the owner between tasks */
    ThreadPool *next;   /* in the list of all pools */
    int in_use;         /* under the list's mutex */
    /* The barrier. A line of its own: it is written by all. */
    _Alignas(CACHE_LINE) atomic_int n_arrived;
    _Alignas(CACHE_LINE) atomic_uint generation;
    /* The task, under the mutex. */
    _Alignas(CACHE_LINE) pthread_mutex_t mutex;
    pthread_cond_t posted;
    void (*task)(void *, int);
    void *argument;
    int n_active; /* threads that are to run it */
    unsigned n_posted;
    int is_ending;
};

typedef struct {
    ThreadPool *pool;
    int number;
    unsigned n_seen; /* tasks posted before it was started */
} Worker;

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_handlers = PTHREAD_ONCE_INIT;
static ThreadPool *all_pools;

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* -- workers ---------------------------------------------------------------------- */

static void *worker_main(void *pointer)
{
    Worker worker = *(Worker *)pointer;
    ThreadPool *pool = worker.pool;
    free(pointer);
    for (;;) {
        pthread_mutex_lock(&pool->mutex);
        while (pool->n_posted == worker.n_seen && !pool->is_ending)
            pthread_cond_wait(&pool->posted, &pool->mutex);
        const int is_ending = pool->is_ending;
        const int is_active = worker.number < pool->n_active;
        worker.n_seen = pool->n_posted;
        pthread_mutex_unlock(&pool->mutex);
        if (is_ending)
            return NULL;
        if (is_active) {
            pool->task(pool->argument, worker.number);
            pool_barrier(pool);
        }
    }
}

static int start_worker(ThreadPool *pool)
{
    Worker *worker = malloc(sizeof *worker);
    sigset_t all, before;
    if (!worker)
        return 0;
    *worker = (Worker){pool, pool->size, pool->n_posted};
    /* Signals are for threads that know Python. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed =
        pthread_create(&pool->workers[pool->size - 1], NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        free(worker);
    else
        pool->size++;
    return !failed;
}

/* Start workers until there are n threads, or as many as the system gives. */
static void grow(ThreadPool *pool, int n)
{
    if (n > pool->capacity) {
        pthread_t *workers = realloc(pool->workers, (size_t)n * sizeof *workers);
        if (!workers)
            return;
        pool->workers = workers;
        pool->capacity = n;
    }
    while (pool->size < n && start_worker(pool))
        continue;
}

static void end_workers(ThreadPool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->is_ending = 1;
    pthread_cond_broadcast(&pool->posted);
    pthread_mutex_unlock(&pool->mutex);
    while (pool->size > 1)
        pthread_join(pool->workers[--pool->size - 1], NULL);
    pool->is_ending = 0;
}

/* -- pools ------------------------------------------------------------------------ */

/* As if no worker had ever been. */
static void reset(ThreadPool *pool)
{
    pool->size = pool->n_in_barrier = pool->n_active = 1;
    pool->is_ending = 0;
    pool->n_posted = 0;
    atomic_init(&pool->n_arrived, 0);
    atomic_init(&pool->generation, 0);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->posted, NULL);
}

static void before_fork(void)
{
    pthread_mutex_lock(&list_mutex);
    for (ThreadPool *pool = all_pools; pool; pool = pool->next)
        if (!pool->in_use)
            end_workers(pool);
}

static void after_fork_in_parent(void) { pthread_mutex_unlock(&list_mutex); }

/* The workers of pools in use are not in the child, but may have held a mutex. */
static void after_fork_in_child(void)
{
    for (ThreadPool *pool = all_pools; pool; pool = pool->next)
        if (pool->in_use)
            reset(pool);
    pthread_mutex_unlock(&list_mutex);
}

static void install_fork_handlers(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static ThreadPool *pool_new(void)
{
    ThreadPool *pool = aligned_alloc(CACHE_LINE, (sizeof *pool + CACHE_LINE - 1)
                                                     / CACHE_LINE * CACHE_LINE);
    if (!pool)
        return NULL;
    memset(pool, 0, sizeof *pool);
    pool->in_use = 1;
    reset(pool);
    return pool;
}

ThreadPool *pool_acquire(int n)
{
    pthread_once(&fork_handlers, install_fork_handlers);
    pthread_mutex_lock(&list_mutex);
    ThreadPool *pool = all_pools;
    while (pool && pool->in_use)
        pool = pool->next;
    if (pool)
        pool->in_use = 1;
    else if ((pool = pool_new())) {
        pool->next = all_pools;
        all_pools = pool;
    }
    pthread_mutex_unlock(&list_mutex);
    if (pool)
        grow(pool, n);
    return pool;
}

void pool_release(ThreadPool *pool)
{
    pthread_mutex_lock(&list_mutex);
    pool->in_use = 0;
    pthread_mutex_unlock(&list_mutex);
}

int pool_size(const ThreadPool *pool) { return pool->size; }

/* -- tasks ------------------------------------------------------------------------ */

void pool_run(ThreadPool *pool, int n, void (*task)(void *, int), void *argument)
{
    pool->n_in_barrier = n;
    if (n > 1) {
        pthread_mutex_lock(&pool->mutex);
        pool->task = task;
        pool->argument = argument;
        pool->n_active = n;
        pool->n_posted++;
        pthread_cond_broadcast(&pool->posted);
        pthread_mutex_unlock(&pool->mutex);
    }
    task(argument, 0);
    pool_barrier(pool);
}

double pool_barrier(ThreadPool *pool)
{
    const int n = pool->n_in_barrier;
    if (n == 1)
        return 0;
    const unsigned generation =
        atomic_load_explicit(&pool->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&pool->n_arrived, 1, memory_order_acq_rel) + 1 == n) {
        atomic_store_explicit(&pool->n_arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&pool->generation, generation + 1, memory_order_release);
        return 0;
    }
    double since = 0;
    for (int looks = 0;
         atomic_load_explicit(&pool->generation, memory_order_acquire) == generation;
         looks++) {
        if (looks < SPIN_LIMIT) {
            CPU_RELAX();
            continue;
        }
        if (looks == SPIN_LIMIT)
            since = seconds_now();
        sched_yield();
    }
    return since > 0 ? seconds_now() - since : 0;
}

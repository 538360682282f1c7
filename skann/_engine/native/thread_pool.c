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

#include <stdatomic.h>
#include <string.h>

#include "memory.h"
#include "threads.h"

#if defined(__x86_64__)
#define CPU_RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define CPU_RELAX() __asm__ __volatile__("yield")
#else
#define CPU_RELAX() ((void)0)
#endif

/* Looks at the barrier before the processor is offered to somebody else: about as long
 * as the longest wait that is due to chance alone. */
enum { SPIN_LIMIT = 1 << 11 };

struct ThreadPool {
    Thread *workers;
    int size, capacity; /* threads and room for them, the owner counted */
    int n_in_barrier;   /* threads of the task; written by the owner between tasks */
    ThreadPool *next;   /* in the list of all pools */
    int in_use;         /* under the list's mutex */
    /* The barrier. A line of its own: it is written by all. */
    _Alignas(CACHE_LINE) atomic_int n_arrived;
    _Alignas(CACHE_LINE) atomic_uint generation;
    /* The task, under the mutex. */
    _Alignas(CACHE_LINE) Mutex mutex;
    Condition posted;
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

static Mutex list_mutex = MUTEX_INITIALIZER;
static ThreadPool *all_pools;
static unsigned forks; /* written where there is one thread */

unsigned n_forks(void) { return forks; }

double seconds_now(void) { return monotonic_seconds(); }

/* -- workers ---------------------------------------------------------------------- */

static ThreadResult THREAD_CALL worker_main(void *pointer)
{
    Worker worker = *(Worker *)pointer;
    ThreadPool *pool = worker.pool;
    free(pointer);
    for (;;) {
        mutex_lock(&pool->mutex);
        while (pool->n_posted == worker.n_seen && !pool->is_ending)
            condition_wait(&pool->posted, &pool->mutex);
        const int is_ending = pool->is_ending;
        const int is_active = worker.number < pool->n_active;
        worker.n_seen = pool->n_posted;
        mutex_unlock(&pool->mutex);
        if (is_ending)
            return 0;
        if (is_active) {
            pool->task(pool->argument, worker.number);
            pool_barrier(pool);
        }
    }
}

static int start_worker(ThreadPool *pool)
{
    Worker *worker = malloc(sizeof *worker);
    if (!worker)
        return 0;
    *worker = (Worker){pool, pool->size, pool->n_posted};
    if (!thread_start(&pool->workers[pool->size - 1], worker_main, worker)) {
        free(worker);
        return 0;
    }
    pool->size++;
    return 1;
}

/* Start workers until there are n threads, or as many as the system gives. */
static void grow(ThreadPool *pool, int n)
{
    if (n > pool->capacity) {
        Thread *workers = realloc(pool->workers, (size_t)n * sizeof *workers);
        if (!workers)
            return;
        pool->workers = workers;
        pool->capacity = n;
    }
    while (pool->size < n && start_worker(pool))
        continue;
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
    mutex_init(&pool->mutex);
    condition_init(&pool->posted);
}

#if defined(_WIN32)

static void prepare_for_forks(void) {} /* there are none */

#else

static void end_workers(ThreadPool *pool)
{
    mutex_lock(&pool->mutex);
    pool->is_ending = 1;
    condition_broadcast(&pool->posted);
    mutex_unlock(&pool->mutex);
    while (pool->size > 1)
        thread_join(pool->workers[--pool->size - 1]);
    pool->is_ending = 0;
}

static void before_fork(void)
{
    mutex_lock(&list_mutex);
    for (ThreadPool *pool = all_pools; pool; pool = pool->next)
        if (!pool->in_use)
            end_workers(pool);
}

static void after_fork_in_parent(void) { mutex_unlock(&list_mutex); }

/* The workers of pools in use are not in the child, but may have held a mutex. */
static void after_fork_in_child(void)
{
    for (ThreadPool *pool = all_pools; pool; pool = pool->next)
        if (pool->in_use)
            reset(pool);
    forks++;
    mutex_unlock(&list_mutex);
}

static void install_fork_handlers(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static void prepare_for_forks(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_fork_handlers);
}

#endif

static ThreadPool *pool_new(void)
{
    ThreadPool *pool = aligned_new(sizeof *pool);
    if (!pool)
        return NULL;
    memset(pool, 0, sizeof *pool);
    pool->in_use = 1;
    reset(pool);
    return pool;
}

ThreadPool *pool_acquire(int n)
{
    prepare_for_forks();
    mutex_lock(&list_mutex);
    ThreadPool *pool = all_pools;
    while (pool && pool->in_use)
        pool = pool->next;
    if (pool)
        pool->in_use = 1;
    else if ((pool = pool_new())) {
        pool->next = all_pools;
        all_pools = pool;
    }
    mutex_unlock(&list_mutex);
    if (pool)
        grow(pool, n);
    return pool;
}

void pool_release(ThreadPool *pool)
{
    mutex_lock(&list_mutex);
    pool->in_use = 0;
    mutex_unlock(&list_mutex);
}

int pool_size(const ThreadPool *pool) { return pool->size; }

/* -- tasks ------------------------------------------------------------------------ */

void pool_run(ThreadPool *pool, int n, void (*task)(void *, int), void *argument)
{
    pool->n_in_barrier = n;
    if (n > 1) {
        mutex_lock(&pool->mutex);
        pool->task = task;
        pool->argument = argument;
        pool->n_active = n;
        pool->n_posted++;
        condition_broadcast(&pool->posted);
        mutex_unlock(&pool->mutex);
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
        thread_yield();
    }
    return since > 0 ? seconds_now() - since : 0;
}

/* The thread pool: every task by all threads, barriers, pools side by side, forks. */
#include "check.h"

#include "thread_pool.h"
#include "threads.h"

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { MOST = 8, N_STEPS = 200 };

/* Each thread writes its own number and, past a barrier, reads all of them: a barrier
 * that lets somebody through is a wrong sum, and a race that TSan sees. */
typedef struct {
    ThreadPool *pool;
    int n;
    long numbers[MOST], sums[MOST];
} Sums;

static void add_up(void *pointer, int thread)
{
    Sums *sums = pointer;
    for (int step = 0; step < N_STEPS; step++) {
        sums->numbers[thread] += thread + 1;
        pool_barrier(sums->pool);
        for (int i = 0; i < sums->n; i++)
            sums->sums[thread] += sums->numbers[i];
        pool_barrier(sums->pool);
    }
}

static int adds_up(ThreadPool *pool, int n)
{
    Sums sums = {.pool = pool, .n = n};
    long right = 0;
    pool_run(pool, n, add_up, &sums);
    for (long step = 1; step <= N_STEPS; step++)
        right += step * n * (n + 1) / 2;
    for (int i = 0; i < n; i++)
        if (sums.sums[i] != right)
            return 0;
    return 1;
}

static void test_tasks(void)
{
    ThreadPool *pool = pool_acquire(1);
    CHECK(pool && pool_size(pool) >= 1, "a pool");
    pool_release(pool);
    for (int n = 1; n <= MOST; n++) {
        ThreadPool *again = pool_acquire(n);
        CHECK(again == pool, "a pool that is free is used again");
        CHECK(pool_size(again) >= n, "it grows: %d", pool_size(again));
        for (int m = n; m > 0; m--)
            CHECK(adds_up(again, m), "%d of %d threads", m, n);
        pool_release(again);
    }
}

static ThreadResult THREAD_CALL work_alone(void *result)
{
    int *ok = result;
    for (int i = 0; i < 20; i++) {
        ThreadPool *pool = pool_acquire(2);
        *ok &= adds_up(pool, 2);
        pool_release(pool);
    }
    return 0;
}

static void test_side_by_side(void)
{
    int ok[3] = {1, 1, 1};
    Thread threads[3];
    ThreadPool *one = pool_acquire(2), *other = pool_acquire(2);
    CHECK(one != other, "pools in use are nobody else's");
    for (int i = 0; i < 3; i++)
        CHECK(thread_start(&threads[i], work_alone, &ok[i]), "a thread");
    CHECK(adds_up(one, 2) && adds_up(other, 2), "beside others");
    for (int i = 0; i < 3; i++) {
        thread_join(threads[i]);
        CHECK(ok[i], "a thread with pools of its own");
    }
    pool_release(one), pool_release(other);
}

#if !defined(_WIN32) && !defined(HAS_TSAN) /* which dies of threads after a fork */
static void test_fork(void)
{
    int status = -1;
    ThreadPool *in_use = pool_acquire(3);
    CHECK(adds_up(in_use, 3), "before a fork");
    const pid_t child = fork();
    if (child == 0) {
        ThreadPool *own = pool_acquire(3);
        const int ok = pool_size(in_use) == 1 && adds_up(in_use, 1) && own != in_use
                       && adds_up(own, pool_size(own));
        _exit(!ok);
    }
    waitpid(child, &status, 0);
    CHECK(status == 0, "the child works: %d", status);
    CHECK(pool_size(in_use) >= 3 && adds_up(in_use, 3), "and the parent");
    pool_release(in_use);
}
#else
static void test_fork(void) {}
#endif

void test_pool(void)
{
    test_tasks();
    test_side_by_side();
    test_fork();
    const double before = seconds_now();
    CHECK(seconds_now() >= before, "the clock is monotonic");
}

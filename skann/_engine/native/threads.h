/* Threads, mutexes, conditions and a clock: POSIX's, or those of Windows.
 *
 * (C11's <threads.h> is in neither macOS nor older C libraries.)
 */
#ifndef SKANN_THREADS_H
#define SKANN_THREADS_H

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef SRWLOCK Mutex;
typedef CONDITION_VARIABLE Condition;
typedef HANDLE Thread;
typedef DWORD ThreadResult;
#define THREAD_CALL WINAPI
#define MUTEX_INITIALIZER SRWLOCK_INIT

static inline void mutex_init(Mutex *mutex) { InitializeSRWLock(mutex); }
static inline void mutex_lock(Mutex *mutex) { AcquireSRWLockExclusive(mutex); }
static inline void mutex_unlock(Mutex *mutex) { ReleaseSRWLockExclusive(mutex); }

static inline void condition_init(Condition *condition)
{
    InitializeConditionVariable(condition);
}

static inline void condition_wait(Condition *condition, Mutex *mutex)
{
    SleepConditionVariableSRW(condition, mutex, INFINITE, 0);
}

static inline void condition_broadcast(Condition *condition)
{
    WakeAllConditionVariable(condition);
}

/* Whether the system has given one. */
static inline int thread_start(Thread *thread, ThreadResult(THREAD_CALL *run)(void *),
                               void *argument)
{
    *thread = CreateThread(NULL, 0, run, argument, 0, NULL);
    return *thread != NULL;
}

static inline void thread_join(Thread thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

/* Offer the processor to somebody else. */
static inline void thread_yield(void) { SwitchToThread(); }

static inline double monotonic_seconds(void)
{
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    return (double)ticks.QuadPart / (double)per_second.QuadPart;
}

#else

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

typedef pthread_mutex_t Mutex;
typedef pthread_cond_t Condition;
typedef pthread_t Thread;
typedef void *ThreadResult;
#define THREAD_CALL
#define MUTEX_INITIALIZER PTHREAD_MUTEX_INITIALIZER

static inline void mutex_init(Mutex *mutex) { pthread_mutex_init(mutex, NULL); }
static inline void mutex_lock(Mutex *mutex) { pthread_mutex_lock(mutex); }
static inline void mutex_unlock(Mutex *mutex) { pthread_mutex_unlock(mutex); }

static inline void condition_init(Condition *condition)
{
    pthread_cond_init(condition, NULL);
}

static inline void condition_wait(Condition *condition, Mutex *mutex)
{
    pthread_cond_wait(condition, mutex);
}

static inline void condition_broadcast(Condition *condition)
{
    pthread_cond_broadcast(condition);
}

/* Signals are for threads that know Python: this one gets none. */
static inline int thread_start(Thread *thread, ThreadResult (*run)(void *),
                               void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

static inline void thread_join(Thread thread) { pthread_join(thread, NULL); }
static inline void thread_yield(void) { sched_yield(); }

static inline double monotonic_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif

#endif

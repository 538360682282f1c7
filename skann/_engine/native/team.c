/* Threads that work on one step together.
 *
 * A step of some hundred microseconds has two places where all threads must have come
 * before any goes on. Sleeping and being woken costs as much as a step, so threads spin
 * there, and give way to others when that takes long. Between calls they sleep.
 */
#include "engine.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__)
#define RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ __volatile__("yield")
#else
#define RELAX() ((void)0)
#endif

/* Looks at the others before the processor is offered to somebody else: about as long
 * as the longest wait that is due to chance alone. */
enum { PATIENCE = 1 << 11 };

struct Team {
    int n;
    pthread_t *threads; /* the n - 1 others */
    /* The barrier. A line of its own: it is written by all. */
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_uint round;
    /* The work of team_run, under the mutex. */
    _Alignas(64) pthread_mutex_t mutex;
    pthread_cond_t posted;
    void (*work)(void *, int);
    void *data;
    unsigned job;
    int ending;
};

typedef struct {
    Team *team;
    int number;
} Member;

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *live(void *argument)
{
    Member *member = argument;
    Team *team = member->team;
    const int number = member->number;
    free(member);
    unsigned seen = 0;
    for (;;) {
        pthread_mutex_lock(&team->mutex);
        while (team->job == seen && !team->ending)
            pthread_cond_wait(&team->posted, &team->mutex);
        const int ending = team->ending;
        seen = team->job;
        pthread_mutex_unlock(&team->mutex);
        if (ending)
            return NULL;
        team->work(team->data, number);
        team_wait(team);
    }
}

static int start_thread(Team *team, int number)
{
    Member *member = malloc(sizeof *member);
    if (!member)
        return 0;
    *member = (Member){team, number};
    if (pthread_create(&team->threads[number - 1], NULL, live, member) != 0) {
        free(member);
        return 0;
    }
    return 1;
}

Team *team_new(int n)
{
    Team *team = aligned_alloc(64, (sizeof *team + 63) / 64 * 64);
    if (!team)
        return NULL;
    team->threads = calloc((size_t)n, sizeof *team->threads);
    if (!team->threads) {
        free(team);
        return NULL;
    }
    atomic_init(&team->arrived, 0);
    atomic_init(&team->round, 0);
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->posted, NULL);
    team->job = 0;
    team->ending = 0;
    team->n = 1;
    while (team->n < n && start_thread(team, team->n))
        team->n++;
    return team;
}

void team_free(Team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->mutex);
    team->ending = 1;
    pthread_cond_broadcast(&team->posted);
    pthread_mutex_unlock(&team->mutex);
    for (int i = 0; i < team->n - 1; i++)
        pthread_join(team->threads[i], NULL);
    pthread_cond_destroy(&team->posted);
    pthread_mutex_destroy(&team->mutex);
    free(team->threads);
    free(team);
}

int team_size(const Team *team) { return team->n; }

void team_run(Team *team, void (*work)(void *, int), void *data)
{
    if (team->n > 1) {
        pthread_mutex_lock(&team->mutex);
        team->work = work;
        team->data = data;
        team->job++;
        pthread_cond_broadcast(&team->posted);
        pthread_mutex_unlock(&team->mutex);
    }
    work(data, 0);
    team_wait(team);
}

double team_wait(Team *team)
{
    if (team->n == 1)
        return 0;
    const unsigned round = atomic_load_explicit(&team->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1
        == team->n) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->round, round + 1, memory_order_release);
        return 0;
    }
    double since = 0;
    for (int looks = 0;
         atomic_load_explicit(&team->round, memory_order_acquire) == round; looks++) {
        if (looks < PATIENCE) {
            RELAX();
            continue;
        }
        if (looks == PATIENCE)
            since = seconds_now();
        sched_yield();
    }
    return since > 0 ? seconds_now() - since : 0;
}

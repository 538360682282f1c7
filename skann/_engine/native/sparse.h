/* Sparse data: the first layer's products, and its weights feature by feature.
 *
 * Each thread has a range of features. At the start of a step it sorts the batch's
 * stored numbers of these by feature, so that in the second half the gradient of a
 * feature's weights is a sum over few rows.
 *
 * Where weights may sleep, those of a feature that no row of the batch has are left
 * alone, and what they have missed is made up for when a batch meets them again: see
 * _engine/lazy_rows.py, whose formulas these are. Else all of them move in every step.
 */
#ifndef SKANN_SPARSE_H
#define SKANN_SPARSE_H

#include "layers.h"
#include "rules.h"

/* One stored number of the batch: which row's, and at which place it is stored. */
typedef struct {
    int32_t slot, row;
    Index place;
} Entry;

/* A thread's features. Those that the batch has get numbers, their slots. */
typedef struct {
    Index first, end; /* range of features */
    Index n_slots, n_entries;
    int32_t *features; /* of each slot */
    Index *starts;     /* of each slot in what follows, and the end */
    int32_t *rows;     /* of the batch */
    real *values;
    Entry *found; /* as they are met */
} Features;

/* What all threads have of the features. A step is known by the number of steps that
 * have been taken before it. */
typedef struct {
    const Matrix *X;
    int32_t *slots, *step; /* a feature's slot, and the step for which it got it */
    int32_t *asleep_since; /* steps taken after its last update; -1 for none */
    int32_t n_steps;       /* before this run */
    double *moves;         /* of what has been asleep since a step, until now */
    Index moves_room;
} Sleep;

/* -- products -------------------------------------------------------------------- */

/* z = X W for rows [begin, end) of those that `order` or `first` says. */
static void sparse_product(const Matrix *X, const Layer *layer, const real *theta,
                           const Index *order, Index first, Index begin, Index end,
                           real *z)
{
    enum { AHEAD = 4 };
    const Index n = layer->n_out;
    const real *values = (const real *)X->start, *W = theta + layer->weights;
    for (Index i = begin; i < end; i++) {
        const Index row = order ? order[i] : first + i;
        const Index stop = index_at(X->offsets, X->index_size, row + 1);
        real *restrict sum = z + i * layer->stride;
        memset(sum, 0, (size_t)layer->stride * sizeof *sum);
        for (Index e = index_at(X->offsets, X->index_size, row); e < stop; e++) {
            const real *line = W + index_at(X->columns, X->index_size, e) * n;
            const real x = values[e];
            if (e + AHEAD < stop)
                __builtin_prefetch(
                    W + index_at(X->columns, X->index_size, e + AHEAD) * n);
            for (Index j = 0; j < n; j++)
                sum[j] += x * line[j];
        }
    }
}

/* -- memory ---------------------------------------------------------------------- */

static void features_free(Features *own)
{
    free(own->features), free(own->starts), free(own->rows), free(own->values);
    free(own->found);
}

/* Room for up to so many features. */
static int features_init(Features *own, const Matrix *X, Index n_features)
{
    const Index n = X->largest_batch + 1;
    const Index n_slots = X->sleeps ? smaller(n_features, n) : n_features;
    own->features = memory(n_slots + 1, sizeof *own->features);
    own->starts = memory(n_slots + 2, sizeof *own->starts);
    own->rows = memory(n, sizeof *own->rows);
    own->values = reals(n);
    own->found = memory(n, sizeof *own->found);
    return own->features && own->starts && own->rows && own->values && own->found;
}

static void sleep_free(Sleep *sleep)
{
    free(sleep->slots), free(sleep->step), free(sleep->asleep_since);
    free(sleep->moves);
}

static int sleep_init(Sleep *sleep, const Matrix *X, Index n_features, int is_new)
{
    sleep->X = X;
    if (!X->sleeps)
        return 1;
    sleep->slots = memory(n_features, sizeof *sleep->slots);
    sleep->step = memory(n_features, sizeof *sleep->step);
    sleep->asleep_since = memory(n_features, sizeof *sleep->asleep_since);
    if (!(sleep->slots && sleep->step && sleep->asleep_since))
        return 0;
    for (Index f = 0; f < n_features; f++) {
        sleep->step[f] = -1;
        sleep->asleep_since[f] = is_new ? -1 : 0;
    }
    return 1;
}

/* Room for some more steps; 0 without memory. */
static int sleep_reserve(Sleep *sleep, Index n_steps)
{
    const Index needed = sleep->n_steps + n_steps + 1;
    if (needed <= sleep->moves_room)
        return 1;
    if (needed > INT32_MAX)
        return 0;
    double *moves = realloc(sleep->moves, (size_t)(2 * needed) * sizeof *moves);
    if (!moves)
        return 0;
    memset(moves + sleep->moves_room, 0,
           (size_t)(2 * needed - sleep->moves_room) * sizeof *moves);
    sleep->moves = moves;
    sleep->moves_room = 2 * needed;
    return 1;
}

/* -- sorting a batch ------------------------------------------------------------- */

INLINE int32_t slot_of(Sleep *sleep, Features *own, Index feature, int32_t now)
{
    if (!sleep->X->sleeps)
        return (int32_t)(feature - own->first);
    if (sleep->step[feature] != now) {
        sleep->step[feature] = now;
        sleep->slots[feature] = (int32_t)own->n_slots;
        own->features[own->n_slots++] = (int32_t)feature;
    }
    return sleep->slots[feature];
}

/* Find a thread's stored numbers in the batch. */
static void find_entries(Sleep *sleep, Features *own, const Index *order, Index first,
                         Index n_rows, int32_t now)
{
    const Matrix *X = sleep->X;
    own->n_entries = 0;
    own->n_slots = X->sleeps ? 0 : own->end - own->first;
    for (Index i = 0; i < n_rows; i++) {
        const Index row = order ? order[i] : first + i;
        const Index stop = index_at(X->offsets, X->index_size, row + 1);
        for (Index e = index_at(X->offsets, X->index_size, row); e < stop; e++) {
            const Index feature = index_at(X->columns, X->index_size, e);
            if (feature >= own->first && feature < own->end)
                own->found[own->n_entries++] =
                    (Entry){slot_of(sleep, own, feature, now), (int32_t)i, e};
        }
    }
}

/* Sort them by slot, rows in order. */
static void sort_entries(const Sleep *sleep, Features *own)
{
    const real *values = (const real *)sleep->X->start;
    Index *starts = own->starts;
    memset(starts, 0, (size_t)(own->n_slots + 2) * sizeof *starts);
    for (Index e = 0; e < own->n_entries; e++)
        starts[own->found[e].slot + 2]++;
    for (Index s = 2; s <= own->n_slots + 1; s++)
        starts[s] += starts[s - 1];
    for (Index e = 0; e < own->n_entries; e++) {
        const Index place = starts[own->found[e].slot + 1]++;
        own->rows[place] = own->found[e].row;
        own->values[place] = values[own->found[e].place];
    }
}

/* The gradient of a slot's weights, added to g. */
INLINE void add_gradient(const Features *own, Index slot, const real *delta,
                         Index stride, Index n, real *restrict g)
{
    for (Index e = own->starts[slot]; e < own->starts[slot + 1]; e++) {
        const real x = own->values[e], *row = delta + own->rows[e] * stride;
        for (Index j = 0; j < n; j++)
            g[j] += x * row[j];
    }
}

/* -- sleep ----------------------------------------------------------------------- */

/* From step to step asleep, movement is multiplied by this. */
static double sleep_ratio(const Rule *rule)
{
    return rule->kind == ADAM ? rule->beta_1 / sqrt(rule->beta_2) : rule->momentum;
}

/* Make up for the movement of weights [start, start + n) since they fell asleep. */
static void catch_up(const Rule *rule, Index start, Index n, real *restrict theta,
                     real move)
{
    if (!rule->n_vectors)
        return;
    const real *restrict first = (const real *)rule->vectors[0] + start;
    theta += start;
    if (rule->kind == ADAM) {
        const real *restrict v = (const real *)rule->vectors[1] + start;
        const real epsilon = R(rule->epsilon / sqrt(1 - rule->beta_2));
        for (Index j = 0; j < n; j++)
            theta[j] -= move * first[j] / (square_root(v[j]) + epsilon);
        return;
    }
    if (rule->nesterov)
        move *= R(rule->momentum);
    for (Index j = 0; j < n; j++)
        theta[j] += move * first[j];
}

/* What is left of a vector of the state after so many steps asleep. */
static void fade(const Rule *rule, Index start, Index n, int32_t n_steps)
{
    const double factors[2] = {rule->kind == ADAM ? rule->beta_1 : rule->momentum,
                               rule->beta_2};
    for (int i = 0; i < rule->n_vectors; i++) {
        real *vector = (real *)rule->vectors[i] + start;
        const real factor = R(pow(factors[i], n_steps));
        for (Index j = 0; j < n; j++)
            vector[j] *= factor;
    }
}

/* Tell the processor that parameters [start, start + n) and their state come next:
 * nothing in the order of features lets it foresee that. */
INLINE void foresee(const Rule *rule, const real *theta, Index start, Index n)
{
    enum { PER_LINE = LINE / sizeof(real) };
    for (Index j = start; j < start + n; j += PER_LINE) {
        __builtin_prefetch(theta + j, 1);
        for (int i = 0; i < rule->n_vectors; i++)
            __builtin_prefetch((const real *)rule->vectors[i] + j, 1);
    }
}

/* Steps that a feature's weights have slept and that must be made up for. */
INLINE int32_t steps_asleep(const Sleep *sleep, Index feature, int32_t now)
{
    const int32_t since = sleep->asleep_since[feature];
    return since < 0 ? 0 : now - since;
}

/* Bring a feature's weights up to date; their state follows in the update. */
static void wake(const Sleep *sleep, const Rule *rule, const Layer *layer,
                 Index feature, int32_t now, real *theta)
{
    if (steps_asleep(sleep, feature, now))
        catch_up(rule, layer->weights + feature * layer->n_out, layer->n_out, theta,
                 R(sleep->moves[sleep->asleep_since[feature]]));
}

/* How far those move on that sleep through step `now`, at its rate. */
static void note_moves(Sleep *sleep, const Rule *rule, double rate, int32_t now)
{
    const double ratio = sleep_ratio(rule), first = rule->kind == ADAM ? rate : 1.0;
    double move = first;
    for (Index since = now; since >= 0; since--) {
        move *= ratio;
        if (move <= 1e-20 * first)
            return;
        sleep->moves[since] += move;
    }
}

#endif

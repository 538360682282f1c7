/* Sparse data: the first layer's products, and its weights feature by feature.
 *
 * Each thread has a range of features. At the start of a step it sorts the batch's
 * stored numbers of these by feature, so that in the second half the gradient of a
 * feature's weights is a sum over few rows.
 *
 * With lazy updates the weights of a feature that no row of the batch has are left
 * alone and catch up when a batch has it again. With a state s_k after k steps without
 * a gradient and decay factors d, s_k = d^k s_0 exactly, and the weights have moved by
 * direction(s_0) Σ_j rate_j ratio^j:
 *
 *   - SGD without momentum does not move: exact;
 *   - momentum, v_j = mu^j v_0: exact;
 *   - Adam moves by -rate_j beta_1^j m_0 / (beta_2^(j/2) sqrt(v_0) + epsilon) at its
 *     j-th step: here epsilon is taken to shrink like sqrt(v), so that the sum is one
 *     division and a factor. Relative to exact Adam a movement is off by less than 0.2
 *     epsilon / sqrt(v) before it has died away: nothing, unless gradients are as small
 *     as epsilon.
 *
 * Sums over rates are kept for every step that may have been a feature's last. Terms
 * with ratio^j below 1e-20 are left out. Else all weights move in every step.
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
    int32_t *ids;  /* of each slot */
    Index *starts; /* of each slot in what follows, and the end */
    int32_t *rows; /* of the batch */
    real *values;
    Entry *found; /* as they are met */
} Features;

/* What all threads have of the features. A step is known by the number of steps that
 * have been taken before it. */
typedef struct {
    const Matrix *X;
    int32_t *slots, *step; /* a feature's slot, and the step for which it got it */
    int32_t *last_update;  /* steps taken after its last update; -1 for none */
    int32_t n_steps;       /* before this run */
    double *movements;     /* of what was last updated in a step, since then */
    Index movements_capacity;
} LazyUpdates;

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
        const Index row = row_number(order, first, i);
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

static void features_free(Features *features)
{
    aligned_delete(features->ids), aligned_delete(features->starts),
        aligned_delete(features->rows), aligned_delete(features->values);
    aligned_delete(features->found);
}

/* Room for up to so many features. */
static int features_init(Features *features, const Matrix *X, Index n_features)
{
    const Index n = X->largest_batch + 1;
    const Index n_slots = X->is_lazy ? index_min(n_features, n) : n_features;
    features->ids = alloc_zeros(n_slots + 1, sizeof *features->ids);
    features->starts = alloc_zeros(n_slots + 2, sizeof *features->starts);
    features->rows = alloc_zeros(n, sizeof *features->rows);
    features->values = alloc_reals(n);
    features->found = alloc_zeros(n, sizeof *features->found);
    return features->ids && features->starts && features->rows && features->values
           && features->found;
}

static void lazy_free(LazyUpdates *lazy)
{
    aligned_delete(lazy->slots), aligned_delete(lazy->step);
    aligned_delete(lazy->last_update);
    free(lazy->movements);
}

static int lazy_init(LazyUpdates *lazy, const Matrix *X, Index n_features, int is_new)
{
    lazy->X = X;
    if (!X->is_lazy)
        return 1;
    lazy->slots = alloc_zeros(n_features, sizeof *lazy->slots);
    lazy->step = alloc_zeros(n_features, sizeof *lazy->step);
    lazy->last_update = alloc_zeros(n_features, sizeof *lazy->last_update);
    if (!(lazy->slots && lazy->step && lazy->last_update))
        return 0;
    for (Index f = 0; f < n_features; f++) {
        lazy->step[f] = -1;
        lazy->last_update[f] = is_new ? -1 : 0;
    }
    return 1;
}

/* Room for some more steps; 0 without memory. */
static int lazy_reserve(LazyUpdates *lazy, Index n_steps)
{
    const Index needed = lazy->n_steps + n_steps + 1;
    if (needed <= lazy->movements_capacity)
        return 1;
    if (needed > INT32_MAX)
        return 0;
    double *movements =
        realloc(lazy->movements, (size_t)(2 * needed) * sizeof *movements);
    if (!movements)
        return 0;
    memset(movements + lazy->movements_capacity, 0,
           (size_t)(2 * needed - lazy->movements_capacity) * sizeof *movements);
    lazy->movements = movements;
    lazy->movements_capacity = 2 * needed;
    return 1;
}

/* -- sorting a batch ------------------------------------------------------------- */

INLINE int32_t slot_of(LazyUpdates *lazy, Features *features, Index feature,
                       int32_t now)
{
    if (!lazy->X->is_lazy)
        return (int32_t)(feature - features->first);
    if (lazy->step[feature] != now) {
        lazy->step[feature] = now;
        lazy->slots[feature] = (int32_t)features->n_slots;
        features->ids[features->n_slots++] = (int32_t)feature;
    }
    return lazy->slots[feature];
}

/* Find a thread's stored numbers in the batch. */
static void find_entries(LazyUpdates *lazy, Features *features, const Index *order,
                         Index first, Index n_rows, int32_t now)
{
    const Matrix *X = lazy->X;
    features->n_entries = 0;
    features->n_slots = X->is_lazy ? 0 : features->end - features->first;
    for (Index i = 0; i < n_rows; i++) {
        const Index row = row_number(order, first, i);
        const Index stop = index_at(X->offsets, X->index_size, row + 1);
        for (Index e = index_at(X->offsets, X->index_size, row); e < stop; e++) {
            const Index feature = index_at(X->columns, X->index_size, e);
            if (feature >= features->first && feature < features->end)
                features->found[features->n_entries++] =
                    (Entry){slot_of(lazy, features, feature, now), (int32_t)i, e};
        }
    }
}

/* Sort them by slot, rows in order. */
static void sort_entries(const LazyUpdates *lazy, Features *features)
{
    const real *values = (const real *)lazy->X->start;
    Index *starts = features->starts;
    memset(starts, 0, (size_t)(features->n_slots + 2) * sizeof *starts);
    for (Index e = 0; e < features->n_entries; e++)
        starts[features->found[e].slot + 2]++;
    for (Index s = 2; s <= features->n_slots + 1; s++)
        starts[s] += starts[s - 1];
    for (Index e = 0; e < features->n_entries; e++) {
        const Index place = starts[features->found[e].slot + 1]++;
        features->rows[place] = features->found[e].row;
        features->values[place] = values[features->found[e].place];
    }
}

/* The gradient of a slot's weights, added to g. */
INLINE void add_gradient(const Features *features, Index slot, const real *delta,
                         Index stride, Index n, real *restrict g)
{
    for (Index e = features->starts[slot]; e < features->starts[slot + 1]; e++) {
        const real x = features->values[e], *row = delta + features->rows[e] * stride;
        for (Index j = 0; j < n; j++)
            g[j] += x * row[j];
    }
}

/* -- lazy updates ---------------------------------------------------------------- */

/* What multiplies movement from one missed step to the next. */
static double movement_ratio(const Rule *rule)
{
    return rule->kind == ADAM ? rule->beta_1 / sqrt(rule->beta_2) : rule->momentum;
}

/* Move weights [start, start + n) as far as they have missed. */
static void move_missed(const Rule *rule, Index start, Index n, real *restrict theta,
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
            theta[j] -= move * first[j] / (real_sqrt(v[j]) + epsilon);
        return;
    }
    if (rule->nesterov)
        move *= R(rule->momentum);
    for (Index j = 0; j < n; j++)
        theta[j] += move * first[j];
}

/* Decay the state of weights [start, start + n) for missed steps. */
static void decay_state(const Rule *rule, Index start, Index n, int32_t n_steps)
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

/* Parameters [start, start + n) and their state come next: nothing in the order of
 * features lets the hardware prefetch them. */
INLINE void prefetch_parameters(const Rule *rule, const real *theta, Index start,
                                Index n)
{
    enum { PER_LINE = CACHE_LINE / sizeof(real) };
    for (Index j = start; j < start + n; j += PER_LINE) {
        __builtin_prefetch(theta + j, 1);
        for (int i = 0; i < rule->n_vectors; i++)
            __builtin_prefetch((const real *)rule->vectors[i] + j, 1);
    }
}

/* Steps that a feature's weights have missed. */
INLINE int32_t steps_missed(const LazyUpdates *lazy, Index feature, int32_t now)
{
    const int32_t since = lazy->last_update[feature];
    return since < 0 ? 0 : now - since;
}

/* Bring a feature's weights up to date; their state follows in the update. */
static void catch_up(const LazyUpdates *lazy, const Rule *rule, const Layer *layer,
                     Index feature, int32_t now, real *theta)
{
    if (steps_missed(lazy, feature, now))
        move_missed(rule, layer->weights + feature * layer->n_out, layer->n_out, theta,
                    R(lazy->movements[lazy->last_update[feature]]));
}

/* How far those move that miss step `now`, at its rate. */
static void record_movement(LazyUpdates *lazy, const Rule *rule, double rate,
                            int32_t now)
{
    const double ratio = movement_ratio(rule), first = rule->kind == ADAM ? rate : 1.0;
    double move = first;
    for (Index since = now; since >= 0; since--) {
        move *= ratio;
        if (move <= 1e-20 * first)
            return;
        lazy->movements[since] += move;
    }
}

#endif

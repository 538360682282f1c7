/* Which units a step leaves out of which rows, as in _engine/masks.py: a function of
 * the step's key, the layer, the row of the batch and the unit, so that it does not
 * matter which thread has a row.
 */
#ifndef SKANN_DROPOUT_H
#define SKANN_DROPOUT_H

#include "activations.h"

#define GOLDEN_32 0x9e3779b9u

INLINE uint32_t hash_32(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

static uint64_t mixed_64(uint64_t key)
{
    uint64_t z = key + 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The masks of a layer in a step; layer 0 are the inputs. */
typedef struct {
    uint32_t key, threshold;
    real scale; /* of what stays */
} Masks;

static Masks masks_of(uint64_t step_key, Index layer, double rate)
{
    return (Masks){(uint32_t)mixed_64(step_key + (uint64_t)layer),
                   (uint32_t)(rate * 4294967296.0), R(1 / (1 - rate))};
}

/* 0 or the scale, for n units of a row from a first one on. */
static void mask_of_row(const Masks *masks, Index row, Index first, Index n,
                        real *restrict mask)
{
    const uint32_t key =
        hash_32(masks->key + (uint32_t)row * GOLDEN_32) + (uint32_t)first * GOLDEN_32;
    const uint32_t threshold = masks->threshold;
    const real scale = masks->scale;
    for (uint32_t j = 0; j < (uint32_t)n; j++)
        mask[j] = hash_32(key + j * GOLDEN_32) < threshold ? R(0) : scale;
}

INLINE void multiply_by(real *restrict numbers, const real *restrict mask, Index n)
{
    for (Index j = 0; j < n; j++)
        numbers[j] *= mask[j];
}

/* Leave units out of rows of a layer's output: a = m a. The slopes become m f', which
 * is more than the output could tell; `mask` is room for a row. */
static void leave_out_units(const Masks *masks, int activation, Index begin, Index end,
                            Index n, real *a, real *slopes, real *mask)
{
    for (Index i = begin; i < end; i++, a += n, slopes += n) {
        mask_of_row(masks, i, 0, n, mask);
        if (saves_slope(activation))
            multiply_by(slopes, mask, n);
        else {
            memcpy(slopes, mask, (size_t)n * sizeof(real));
            activate_backward(activation, &(Deltas){.stride = n, .rows = slopes}, a,
                              (Range){0, 1});
        }
        multiply_by(a, mask, n);
    }
}

#endif

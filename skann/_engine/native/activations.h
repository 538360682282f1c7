/* Hidden layers' functions and their derivatives, as in _network/activations.py.
 *
 * Each is a function of one number that is inlined into a loop. Most derivatives can be
 * told from the output; gelu, silu and mish leave theirs in a second matrix on the way
 * forward.
 */
#ifndef SKANN_ACTIVATIONS_H
#define SKANN_ACTIVATIONS_H

#include "elementwise.h"
#include "gemm_narrow.h"

#define SELU_SCALE R(1.0507009873554805)
#define SELU_BELOW R(1.0507009873554805 * 1.6732632423543772)
#define TANH_HEIGHT R(1.7159)
#define TANH_SLOPE R(2.0 / 3)
#define LEAK R(0.01)

/* -- a = f(z) -------------------------------------------------------------------- */

INLINE real f_identity(real z) { return z; }
INLINE real f_tanh_opt(real z) { return TANH_HEIGHT * real_tanh(TANH_SLOPE * z); }
INLINE real f_relu(real z) { return blend(z < R(0), R(0), z); }
INLINE real f_leaky_relu(real z) { return blend(z < R(0), LEAK * z, z); }
INLINE real f_elu(real z)
{
    return blend(z > R(0), z, expm1_nonpositive(blend(z > R(0), R(0), z)));
}
INLINE real f_selu(real z)
{
    const real below = SELU_BELOW * expm1_nonpositive(blend(z > R(0), R(0), z));
    return blend(z > R(0), SELU_SCALE * z, below);
}

/* -- a = f(z) and f'(z) ---------------------------------------------------------- */

/* z times the normal distribution function of z */
INLINE real f_gelu(real z, real *slope)
{
    const real share = R(0.5) * R(erfc(-(double)z / 1.4142135623730951));
    const real density = R(0.3989422804014327) * exp_nonpositive(R(-0.5) * z * z);
    *slope = share + z * density;
    return z * share;
}

INLINE real f_silu(real z, real *slope)
{
    const real share = logistic(z);
    *slope = share * (R(1) + z * (R(1) - share));
    return z * share;
}

/* z t, t = tanh(softplus(z)) = (1 + 2e) / (1 + 2e + 2e²) for e = exp(-|z|) and z > 0,
 * e (e + 2) / (e (e + 2) + 2) for z < 0 */
INLINE real f_mish(real z, real *slope)
{
    const real e = exp_nonpositive(-real_abs(z));
    const real above = R(1) + R(2) * e, below = e * (e + R(2));
    const real t =
        blend(z > R(0), above / (above + R(2) * e * e), below / (below + R(2)));
    const real sigma = blend(z > R(0), R(1) / (R(1) + e), e / (R(1) + e));
    *slope = t + z * sigma * (R(1) - t * t);
    return z * t;
}

/* -- delta f'(z) from a = f(z) --------------------------------------------------- */

INLINE real d_identity(real delta, real a) { return (void)a, delta; }
INLINE real d_logistic(real delta, real a) { return delta * (a - a * a); }
INLINE real d_tanh(real delta, real a) { return delta * (R(1) - a * a); }
INLINE real d_tanh_opt(real delta, real a)
{
    return delta * (TANH_SLOPE * TANH_HEIGHT - TANH_SLOPE / TANH_HEIGHT * (a * a));
}
INLINE real d_relu(real delta, real a) { return blend(a > R(0), delta, R(0)); }
INLINE real d_leaky_relu(real delta, real a)
{
    return blend(a > R(0), delta, LEAK * delta);
}
INLINE real d_elu(real delta, real a)
{
    return delta * (R(1) + blend(a < R(0), a, R(0)));
}
INLINE real d_selu(real delta, real a)
{
    return delta * blend(a > R(0), SELU_SCALE, a + SELU_BELOW);
}
INLINE real d_softplus(real delta, real a) { return -delta * expm1_nonpositive(-a); }
INLINE real d_saved(real delta, real slope) { return delta * slope; }

/* -- over matrices --------------------------------------------------------------- */

/* Deltas of a layer: where they come from and go. */
typedef struct {
    Index n_rows, n_columns, stride;
    /* Products with the weights above, from `first_row` on; not read with factors. */
    real *rows;
    Index first_row;
    /* Of a layer above that has few units: its deltas, and its weights in panels. */
    const real *factors, *weights;
    Index n_factors, factor_stride;
    /* Where to, as pack_b brings a matrix there; NULL for back into the rows. */
    real *panels;
    int keeps_rows; /* whether they go there as well */
} Deltas;

INLINE int saves_slope(int activation)
{
    return activation == GELU || activation == SILU || activation == MISH;
}

INLINE void map_forward(real f(real), real *z, const real *bias, Index n_rows, Index n)
{
    for (Index i = 0; i < n_rows; i++, z += n)
        for (Index j = 0; j < n; j++)
            z[j] = f(z[j] + bias[j]);
}

INLINE void map_forward_saving(real f(real, real *), real *z, const real *bias,
                               real *slopes, Index n_rows, Index n)
{
    for (Index i = 0; i < n_rows; i++, z += n) {
        for (Index j = 0; j < n; j++) {
            real slope;
            z[j] = f(z[j] + bias[j], &slope);
            if (slopes)
                slopes[j] = slope;
        }
        if (slopes)
            slopes += n;
    }
}

/* A micro-panel's line of some factors times lines of weights. */
INLINE void product_line(const int width, const real *factors, Index n_factors,
                         const real *weights, real *line)
{
    if (width < LANES) {
        half_vector sum = {0};
        for (Index c = 0; c < n_factors; c++)
            sum += factors[c] * *(const half_vector *)(weights + c * width);
        memcpy(line, &sum, sizeof sum);
        return;
    }
    vector sum[2] = {{0}};
    for (Index c = 0; c < n_factors; c++)
        for (int v = 0; v < width / LANES; v++)
            sum[v] += factors[c] * *(const vector *)(weights + c * width + v * LANES);
    memcpy(line, sum, (size_t)width * sizeof(real));
}

/* The lines of a micro-panel, which begins at this row and this column, of n_rows. */
INLINE void map_backward_panel(real d(real, real), const int n_factors, const int width,
                               const Deltas *deltas, Index row, Index column,
                               Index n_rows, const real *known, real *panel)
{
    const Index stride = deltas->stride;
    const real *weights =
        n_factors ? deltas->weights + column * deltas->n_factors : NULL;
    const real *factors =
        n_factors ? deltas->factors + row * deltas->factor_stride : NULL;
    real *delta = deltas->rows + (row - deltas->first_row) * stride + column, line[NR];
    known += row * stride + column;
    for (Index r = 0; r < n_rows; r++) {
        if (n_factors > 1)
            product_line(width, factors, deltas->n_factors, weights, line);
        VECTOR_LOOP
        for (int k = 0; k < width; k++)
            panel[k] = d(n_factors == 1  ? *factors * weights[k]
                         : n_factors > 1 ? line[k]
                                         : delta[k],
                         known[k]);
        if (deltas->keeps_rows)
            memcpy(delta, panel, (size_t)width * sizeof(real));
        delta += stride, known += stride, panel += width;
        if (n_factors)
            factors += deltas->factor_stride;
    }
}

INLINE void map_backward_panels(real d(real, real), const int n_factors,
                                const Deltas *deltas, const real *known, Range rows)
{
    const Index n = deltas->n_columns;
    for (Index r = rows.begin, next; r < rows.end; r = next) {
        Index depth;
        real *block = deltas->panels + packed_b_offset(r, deltas->n_rows, n, &depth);
        next = index_min(rows.end, (r / KC_TN + 1) * KC_TN);
        for (Index j = 0; j < n; j += NR) {
            const Index width = panel_width(n - j);
            real *panel = block + j * depth + r % KC_TN * width;
            if (width == NR)
                map_backward_panel(d, n_factors, NR, deltas, r, j, next - r, known,
                                   panel);
            else if (HALF == LANES || width == LANES)
                map_backward_panel(d, n_factors, LANES, deltas, r, j, next - r, known,
                                   panel);
            else
                map_backward_panel(d, n_factors, HALF, deltas, r, j, next - r, known,
                                   panel);
        }
    }
}

INLINE void map_backward(real d(real, real), const Deltas *deltas, const real *known,
                         Range rows)
{
    if (deltas->factors && deltas->n_factors == 1)
        map_backward_panels(d, 1, deltas, known, rows);
    else if (deltas->factors)
        map_backward_panels(d, NARROW, deltas, known, rows);
    else if (deltas->panels)
        map_backward_panels(d, 0, deltas, known, rows);
    else
        for (Index i = rows.begin * deltas->stride; i < rows.end * deltas->stride; i++)
            deltas->rows[i] = d(deltas->rows[i], known[i]);
}

/* z = f(z + bias), row by row; the slopes where f saves them and they are wanted. */
static void activate(int activation, real *z, const real *bias, real *slopes,
                     Index n_rows, Index n)
{
    switch (activation) {
    case IDENTITY: map_forward(f_identity, z, bias, n_rows, n); break;
    case LOGISTIC: map_forward(logistic, z, bias, n_rows, n); break;
    case TANH: map_forward(real_tanh, z, bias, n_rows, n); break;
    case TANH_OPT: map_forward(f_tanh_opt, z, bias, n_rows, n); break;
    case RELU: map_forward(f_relu, z, bias, n_rows, n); break;
    case LEAKY_RELU: map_forward(f_leaky_relu, z, bias, n_rows, n); break;
    case ELU: map_forward(f_elu, z, bias, n_rows, n); break;
    case SELU: map_forward(f_selu, z, bias, n_rows, n); break;
    case SOFTPLUS: map_forward(softplus, z, bias, n_rows, n); break;
    case GELU: map_forward_saving(f_gelu, z, bias, slopes, n_rows, n); break;
    case SILU: map_forward_saving(f_silu, z, bias, slopes, n_rows, n); break;
    case MISH: map_forward_saving(f_mish, z, bias, slopes, n_rows, n); break;
    }
}

/* Instead of an activation, where its slopes have been saved whatever it is. */
enum { SAVED = N_ACTIVATIONS };

/* delta = delta f' in some rows; `known` is the output, or the slopes that f has
 * saved. */
static void activate_backward(int activation, const Deltas *deltas, const real *known,
                              Range rows)
{
    switch (activation) {
    case IDENTITY: map_backward(d_identity, deltas, known, rows); break;
    case LOGISTIC: map_backward(d_logistic, deltas, known, rows); break;
    case TANH: map_backward(d_tanh, deltas, known, rows); break;
    case TANH_OPT: map_backward(d_tanh_opt, deltas, known, rows); break;
    case RELU: map_backward(d_relu, deltas, known, rows); break;
    case LEAKY_RELU: map_backward(d_leaky_relu, deltas, known, rows); break;
    case ELU: map_backward(d_elu, deltas, known, rows); break;
    case SELU: map_backward(d_selu, deltas, known, rows); break;
    case SOFTPLUS: map_backward(d_softplus, deltas, known, rows); break;
    default: map_backward(d_saved, deltas, known, rows);
    }
}

#endif

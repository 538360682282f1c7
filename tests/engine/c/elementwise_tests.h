/* Errors of elementwise functions against long double, in units of the last place.
 *
 * Functions run over whole arrays, so that the vector instructions are tested. Budgets
 * are little more than what has been measured on SSE2, AVX2, AVX-512 and NEON.
 */
#include "activations.h"

enum { N_POINTS = 1 << 16 };

typedef struct {
    const char *name;
    void (*found)(const real *x, real *y, Index n);
    long double (*right)(long double);
    double low, high;  /* of the arguments */
    double budgets[2]; /* of float and of double */
} Elementwise;

#define MAPPED(name, call)                                                             \
    static void map_##name(const real *x, real *y, Index n)                            \
    {                                                                                  \
        for (Index i = 0; i < n; i++)                                                  \
            y[i] = call(x[i]);                                                         \
    }

MAPPED(exp, exp_nonpositive)
MAPPED(expm1, expm1_nonpositive)
MAPPED(log1p, log1p_unit)
MAPPED(log, log_from_one)
MAPPED(logistic, logistic)
MAPPED(tanh, real_tanh)
MAPPED(softplus, softplus)

static long double right_logistic(long double x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

static long double right_softplus(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

/* The length of the last place of a number. */
static double last_place(long double x)
{
    int exponent;
    frexp(fmax(fabs((double)x), SMALLEST), &exponent);
    return ldexp(1.0, exponent - DIGITS);
}

/* Arguments: some evenly spread, others over all magnitudes. */
static void fill_arguments(double low, double high, real *x)
{
    const double largest = fmax(fabs(low), fabs(high));
    for (int i = 0; i < N_POINTS; i++) {
        double value = low + (high - low) * uniform();
        if (i % 2) {
            value = largest * exp2(-40 * uniform());
            value = low < 0 && (high <= 0 || i % 4 == 1) ? -value : value;
        }
        x[i] = R(fmin(fmax(value, low), high));
    }
    x[0] = R(low), x[1] = R(high), x[2] = R(fmin(fmax(0, low), high));
}

/* The reference must have more digits than the result: long double is double on some
 * systems. */
static int has_reference(void) { return LDBL_MANT_DIG > DIGITS + 8; }

static void check_error(const char *name, double worst, double at, double budget)
{
    if (prints_errors)
        printf("float%d, %2d bytes, %-22s %8.2f of %8.2f at %.9g\n", REAL_BITS,
               VECTOR_BYTES, name, worst, budget, at);
    CHECK(worst <= budget, "%s: %.2f units of the last place, more than %.2f, at %.9g",
          name, worst, budget, at);
}

static void test_elementwise(void)
{
    const double lowest = (double)LOWEST;
    const Elementwise functions[] = {
        {"exp", map_exp, expl, lowest, 0, {1.1, 1.1}},
        {"expm1", map_expm1, expm1l, lowest, 0, {1.0, 1.25}},
        {"log1p", map_log1p, log1pl, 0, 1, {2.1, 2.1}},
        {"log", map_log, logl, 1, 1e6, {2.1, 2.1}},
        {"logistic", map_logistic, right_logistic, lowest, -lowest, {2.7, 2.7}},
        {"tanh", map_tanh, tanhl, -100, 100, {2.7, 2.7}},
        {"softplus", map_softplus, right_softplus, lowest, -lowest, {2.7, 2.7}},
    };
    real *x = alloc_reals(N_POINTS), *y = alloc_reals(N_POINTS);
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        double worst = 0, at = 0;
        fill_arguments(functions[f].low, functions[f].high, x);
        functions[f].found(x, y, N_POINTS);
        for (int i = 0; has_reference() && i < N_POINTS; i++) {
            const long double right = functions[f].right((long double)x[i]);
            const double error =
                (double)fabsl((long double)y[i] - right) / last_place(right);
            if (!(error <= worst))
                worst = error, at = (double)x[i];
        }
        check_error(functions[f].name, worst, at,
                    functions[f].budgets[REAL_BITS == 64]);
    }
    aligned_delete(x), aligned_delete(y);
}

/* -- activations ------------------------------------------------------------------ */

/* f, and f' of z. */
static long double right_activation(int activation, long double z)
{
    const long double below = 1.6732632423543772L, scale = 1.0507009873554805L;
    switch (activation) {
    case LOGISTIC: return right_logistic(z);
    case TANH: return tanhl(z);
    case TANH_OPT: return 1.7159L * tanhl(2 * z / 3);
    case RELU: return z > 0 ? z : 0;
    case LEAKY_RELU: return z > 0 ? z : 0.01L * z;
    case ELU: return z > 0 ? z : expm1l(z);
    case SELU: return scale * (z > 0 ? z : below * expm1l(z));
    case GELU: return z * erfcl(-z / sqrtl(2)) / 2;
    case SILU: return z * right_logistic(z);
    case SOFTPLUS: return right_softplus(z);
    case MISH: return z * tanhl(right_softplus(z));
    default: return z;
    }
}

static long double right_slope(int activation, long double z)
{
    const long double below = 1.6732632423543772L, scale = 1.0507009873554805L;
    const long double sigma = right_logistic(z);
    const long double density = expl(-z * z / 2) / sqrtl(2 * 3.14159265358979323846L);
    const long double gate = tanhl(right_softplus(z));
    switch (activation) {
    case LOGISTIC: return sigma * right_logistic(-z);
    case TANH: return 1 - tanhl(z) * tanhl(z);
    case TANH_OPT: return 1.7159L * 2 / 3 * (1 - tanhl(2 * z / 3) * tanhl(2 * z / 3));
    case RELU: return z > 0;
    case LEAKY_RELU: return z > 0 ? 1 : 0.01L;
    case ELU: return z > 0 ? 1 : expl(z);
    case SELU: return scale * (z > 0 ? 1 : below * expl(z));
    case GELU: return erfcl(-z / sqrtl(2)) / 2 + z * density;
    case SILU: return sigma + z * sigma * right_logistic(-z);
    case SOFTPLUS: return sigma;
    case MISH: return gate + z * sigma * (1 - gate * gate);
    default: return 1;
    }
}

/* The errors of f, in units of its last place; of f', in those of 1: where it is made
 * from f it has lost digits if it is small. (silu' and mish' multiply what rounds by z.)
 */
static const struct {
    const char *name, *slope_name;
    double low; /* down to where exp can follow, and erfc keeps its digits */
    double budgets[2], slope_budgets[2];
} ACTIVATION_BUDGETS[N_ACTIVATIONS] = {
    [IDENTITY] = {"identity", "identity'", -80, {0, 0}, {0, 0}},
    [LOGISTIC] = {"logistic", "logistic'", -80, {2.7, 2.7}, {1.1, 1.1}},
    [TANH] = {"tanh", "tanh'", -80, {2.7, 2.7}, {2.9, 2.9}},
    [TANH_OPT] = {"tanh_opt", "tanh_opt'", -80, {3.5, 4.1}, {4.1, 4.5}},
    [RELU] = {"relu", "relu'", -80, {0, 0}, {0, 0}},
    [LEAKY_RELU] = {"leaky_relu", "leaky_relu'", -80, {1, 1}, {0.02, 0.02}},
    [ELU] = {"elu", "elu'", -80, {1.0, 1.25}, {0.5, 0.5}},
    [SELU] = {"selu", "selu'", -80, {1.8, 2.4}, {1.3, 1.8}},
    [GELU] = {"gelu", "gelu'", -6, {1.7, 60}, {1.1, 1.25}},
    [SILU] = {"silu", "silu'", -80, {3.3, 3.6}, {9, 20}},
    [SOFTPLUS] = {"softplus", "softplus'", -80, {2.7, 2.7}, {0.9, 0.9}},
    [MISH] = {"mish", "mish'", -80, {4.1, 4.7}, {9.6, 20}},
};

static void test_activation(int activation, const real *z, real *a, real *slopes)
{
    const real no_bias = R(0);
    double worst = 0, at = 0, worst_slope = 0, slope_at = 0;
    memcpy(a, z, N_POINTS * sizeof *a);
    /* Lines of one number would not be vectors. */
    real *bias = alloc_reals(N_POINTS);
    bias[0] = no_bias;
    activate(activation, a, bias, slopes, 1, N_POINTS);
    real *delta = bias;
    for (int i = 0; i < N_POINTS; i++)
        delta[i] = R(1);
    activate_backward(activation, &(Deltas){.stride = N_POINTS, .rows = delta},
                      saves_slope(activation) ? slopes : a, (Range){0, 1});
    for (int i = 0; has_reference() && i < N_POINTS; i++) {
        const long double right = right_activation(activation, (long double)z[i]);
        const double error =
            (double)fabsl((long double)a[i] - right) / last_place(right);
        const double slope_error =
            (double)fabsl((long double)delta[i]
                          - right_slope(activation, (long double)z[i]))
            / EPSILON;
        if (!(error <= worst))
            worst = error, at = (double)z[i];
        if (!(slope_error <= worst_slope))
            worst_slope = slope_error, slope_at = (double)z[i];
    }
    const int is_double = REAL_BITS == 64;
    check_error(ACTIVATION_BUDGETS[activation].name, worst, at,
                ACTIVATION_BUDGETS[activation].budgets[is_double]);
    check_error(ACTIVATION_BUDGETS[activation].slope_name, worst_slope, slope_at,
                ACTIVATION_BUDGETS[activation].slope_budgets[is_double]);
    aligned_delete(bias);
}

static void test_activations(void)
{
    real *z = alloc_reals(N_POINTS), *a = alloc_reals(N_POINTS);
    real *slopes = alloc_reals(N_POINTS);
    for (int activation = 0; activation < N_ACTIVATIONS; activation++) {
        fill_arguments(ACTIVATION_BUDGETS[activation].low, 80, z);
        test_activation(activation, z, a, slopes);
    }
    aligned_delete(z), aligned_delete(a), aligned_delete(slopes);
}

/* -- deltas ----------------------------------------------------------------------- */

/* What activate_backward does to one number. */
static real right_delta(int activation, real delta, real known)
{
    activate_backward(activation, &(Deltas){.stride = 1, .rows = &delta}, &known,
                      (Range){0, 1});
    return delta;
}

/* A number of a matrix in panels of `depth` lines. */
static real *in_panels(real *panels, Index depth, Index row, Index column,
                       Index n_columns)
{
    const Index first = column / NR * NR;
    return panels + first * depth + row * panel_width(n_columns - first) + column
           - first;
}

/* What comes to activate_backward, and in `right` what is to become of it. */
static void fill_deltas(int activation, const Deltas *deltas, real *factors,
                        real *weights, real *known, real *right)
{
    const Index n = deltas->n_columns;
    for (Index j = 0; j < n; j++)
        for (Index c = 0; c < deltas->n_factors; c++)
            *in_panels(weights, deltas->n_factors, c, j, n) = R(normal());
    for (Index r = 0; r < deltas->n_rows; r++) {
        for (Index c = 0; c < deltas->n_factors; c++)
            factors[r * deltas->factor_stride + c] = R(normal());
        for (Index j = 0; j < n; j++) {
            const Index at = r * deltas->stride + j;
            known[at] = R(fabs(normal()));
            right[at] = deltas->rows[at] = R(normal());
            if (deltas->n_factors)
                right[at] = R(0);
            for (Index c = 0; c < deltas->n_factors; c++)
                right[at] += factors[r * deltas->factor_stride + c]
                             * *in_panels(weights, deltas->n_factors, c, j, n);
            right[at] = right_delta(activation, right[at], known[at]);
        }
    }
}

/* Deltas in panels, and in their rows where they are kept, whether they come as
 * products or, with factors, are made there. */
static void test_deltas_in_panels(int activation, Index n_rows, Index n_columns,
                                  Index n_factors, int keeps_rows)
{
    const Index stride = rounded_up(padded_columns(n_columns), LANES);
    const Index size = n_rows * stride, factor_stride = NARROW + 1, begin = n_rows / 3;
    real *known = alloc_reals(size), *right = alloc_reals(size);
    real *factors = alloc_reals(n_rows * factor_stride);
    real *weights = alloc_reals(NARROW * padded_columns(n_columns));
    const Deltas deltas = {.n_rows = n_rows,
                           .n_columns = n_columns,
                           .stride = stride,
                           .rows = alloc_reals(size),
                           .factors = n_factors ? factors : NULL,
                           .weights = weights,
                           .n_factors = n_factors,
                           .factor_stride = factor_stride,
                           .panels = alloc_reals(n_rows * padded_columns(n_columns)),
                           .keeps_rows = keeps_rows};
    double worst = 0;
    fill_deltas(activation, &deltas, factors, weights, known, right);
    activate_backward(activation, &deltas, known, (Range){0, begin});
    activate_backward(activation, &deltas, known, (Range){begin, n_rows});
    for (Index r = 0; r < n_rows; r++)
        for (Index j = 0; j < n_columns; j++) {
            const Index at = r * stride + j;
            Index depth;
            real *block = deltas.panels + packed_b_offset(r, n_rows, n_columns, &depth);
            const real found = *in_panels(block, depth, r % KC_TN, j, n_columns);
            worst = larger(worst, fabs((double)(found - right[at])));
            if (keeps_rows)
                worst = larger(worst, fabs((double)(deltas.rows[at] - right[at])));
        }
    CHECK(worst <= 256 * EPSILON, "deltas of %d, %ld x %ld, %ld factors: off by %g",
          activation, (long)n_rows, (long)n_columns, (long)n_factors, worst);
    aligned_delete(known), aligned_delete(right), aligned_delete(factors);
    aligned_delete(weights), aligned_delete(deltas.rows), aligned_delete(deltas.panels);
}

static void test_deltas(void)
{
    for (int activation = 0; activation <= SAVED; activation++)
        for (Index n_columns = 1; n_columns <= 2 * NR + 1; n_columns += 1 + below(7))
            for (Index n_factors = 0; n_factors <= NARROW; n_factors++)
                test_deltas_in_panels(activation,
                                      below(8) ? 1 + below(40) : KC_TN + below(40),
                                      n_columns, n_factors, (int)below(2));
}

/* Matrix products against plain loops in double. */

/* What a sum of n products may be off by, in units of the sum of their magnitudes. */
static double rounding_of_sum(Index n) { return (double)(n + 4) * EPSILON; }

typedef struct {
    Index n_rows, n_in, n_out, row_stride;
    real *memory;      /* of the rows */
    const real **rows; /* in another order than they lie */
    real *theta, *delta;
    Layer layer;
    PackedA packed;
    NonzeroStrips strips;
} Product;

/* Rows of exactly so many numbers as they need, for sanitizers to see what reads on. */
static void product_init(Product *p, Index n_rows, Index n_in, Index n_out,
                         int is_above)
{
    const double share_of_zeros = below(2) ? 0.7 : 0.0;
    *p = (Product){.n_rows = n_rows, .n_in = n_in, .n_out = n_out};
    p->layer = (Layer){.n_in = n_in, .n_out = n_out, .stride = stride_for(n_out)};
    p->layer.bias = alloc_reals(p->layer.stride);
    for (Index j = 0; j < n_out; j++)
        p->layer.bias[j] = R(normal());
    if (is_above)
        p->layer.panels_transposed = alloc_reals(padded_columns(n_in) * n_out);
    if (!is_narrow(&p->layer))
        p->layer.panels = alloc_reals(padded_columns(n_out) * n_in);
    p->row_stride = is_above ? stride_for(n_in) : n_in;
    p->memory = is_above ? alloc_reals(n_rows * p->row_stride)
                         : malloc((size_t)(n_rows * n_in) * sizeof(real));
    p->rows = malloc((size_t)n_rows * sizeof *p->rows);
    for (Index i = 0; i < n_rows; i++) {
        real *row = p->memory + i * p->row_stride;
        p->rows[n_rows - 1 - i] = row;
        for (Index k = 0; k < n_in; k++)
            row[k] = k % 8 && row[k - 1] == R(0) && share_of_zeros > 0 ? R(0)
                     : uniform() < share_of_zeros                      ? R(0)
                                                                       : R(normal());
    }
    p->theta = malloc((size_t)(n_in * n_out) * sizeof(real));
    for (Index k = 0; k < n_in * n_out; k++)
        p->theta[k] = R(normal());
    p->delta = alloc_reals(n_rows * p->layer.stride);
    for (Index i = 0; i < n_rows; i++)
        for (Index j = 0; j < n_out; j++)
            p->delta[i * p->layer.stride + j] = R(normal());
    p->packed.numbers = alloc_reals(MAX_MICROTILES * KC_TN * MR);
    p->packed.lines = alloc_zeros(MAX_MICROTILES * KC_TN, sizeof *p->packed.lines);
    const Index middle = below(n_in + 1);
    pack_weights(&p->layer, p->theta, 0, middle);
    pack_weights(&p->layer, p->theta, middle, n_in);
}

static void product_free(Product *p, int is_above)
{
    if (is_above)
        aligned_delete(p->memory);
    else
        free(p->memory);
    free(p->rows), free(p->theta);
    aligned_delete(p->delta), aligned_delete(p->packed.numbers);
    aligned_delete(p->packed.lines), aligned_delete(p->layer.panels);
    aligned_delete(p->layer.panels_transposed), aligned_delete(p->layer.bias);
}

/* Z = X W, of some rows and some of the inputs. */
static void test_forward(Product *p, int looks_for_zeros)
{
    const Index begin = below(p->n_rows), stride = p->layer.stride;
    Range inputs = {0, p->n_in};
    if (!is_narrow(&p->layer) && below(2)) {
        inputs.begin = below(p->n_in);
        inputs.end = inputs.begin + 1 + below(p->n_in - inputs.begin);
    }
    real *z = alloc_reals(p->n_rows * stride);
    p->layer.activation = below(2) ? RELU : IDENTITY;
    const int may_finish = (int)below(2);
    const int is_finished =
        forward_product(&p->layer, p->rows, begin, p->n_rows, inputs, may_finish,
                        looks_for_zeros ? &p->strips : NULL, z);
    CHECK(may_finish || !is_finished, "finished without leave");
    double worst = 0;
    for (Index i = begin; i < p->n_rows; i++)
        for (Index j = 0; j < p->n_out; j++) {
            double sum = is_finished ? (double)p->layer.bias[j] : 0, size = fabs(sum);
            for (Index k = inputs.begin; k < inputs.end; k++) {
                const double term =
                    (double)p->rows[i][k] * (double)p->theta[k * p->n_out + j];
                sum += term, size += fabs(term);
            }
            if (is_finished)
                sum = fmax(sum, 0);
            const double off = fabs((double)z[i * stride + j] - sum);
            worst = larger(worst, off - rounding_of_sum(p->n_in) * size);
        }
    CHECK(worst <= 0, "%ld x %ld x %ld: off by %g", (long)p->n_rows, (long)p->n_in,
          (long)p->n_out, worst);
    for (Index i = 0; i < begin * stride; i++)
        worst = larger(worst, fabs((double)z[i]));
    CHECK(worst <= 0, "rows before the first are left alone");
    aligned_delete(z);
}

/* W' = X^T D, of some columns of X. */
static void test_gradient(Product *p, int skips_zeros)
{
    const Index column = below(p->n_in), n = 1 + below(index_min(MC, p->n_in - column));
    const Index n_out = p->n_out, stride = p->layer.stride, middle = below(p->n_rows);
    real *panels = alloc_reals(p->n_rows * padded_columns(n_out));
    real *out = malloc((size_t)(n * n_out) * sizeof *out);
    if (is_narrow(&p->layer)) {
        gemm_tn_narrow(p->rows, p->n_rows, column, n, p->delta, stride, n_out, out);
    } else {
        pack_b(p->delta, stride, middle, p->n_rows, p->n_rows, n_out, panels);
        pack_b(p->delta, stride, 0, middle, p->n_rows, n_out, panels);
        gemm_tn(p->rows, p->n_rows, column, n, panels, n_out, skips_zeros, &p->packed,
                out);
    }
    double worst = 0;
    for (Index k = 0; k < n; k++)
        for (Index j = 0; j < n_out; j++) {
            double sum = 0, size = 0;
            for (Index i = 0; i < p->n_rows; i++) {
                const double term =
                    (double)p->rows[i][column + k] * (double)p->delta[i * stride + j];
                sum += term, size += fabs(term);
            }
            const double off = fabs((double)out[k * n_out + j] - sum);
            worst = larger(worst, off - rounding_of_sum(p->n_rows) * size);
        }
    CHECK(worst <= 0, "%ld x %ld x %ld: off by %g", (long)p->n_rows, (long)p->n_in,
          (long)n_out, worst);
    aligned_delete(panels);
    free(out);
}

static void test_product(Index n_rows, Index n_in, Index n_out)
{
    for (int is_above = 0; is_above < 2; is_above++) {
        Product p;
        product_init(&p, n_rows, n_in, n_out, is_above);
        test_forward(&p, 0);
        if (!is_narrow(&p.layer))
            test_forward(&p, 1);
        test_gradient(&p, 0);
        test_gradient(&p, 1);
        product_free(&p, is_above);
    }
}

static void test_products(void)
{
    for (Index n_out = 1; n_out <= 2 * NR + 1; n_out++)
        test_product(1 + below(3 * MR), 1 + below(40), n_out);
    for (Index n_in = 1; n_in <= 3 * MR; n_in++)
        test_product(1 + below(3 * MR), n_in, 1 + below(3 * NR));
    for (Index n_rows = 1; n_rows <= 3 * MR; n_rows++)
        test_product(n_rows, 1 + below(40), 1 + below(3 * NR));
    /* Around the depth of a panel. */
    for (Index off = -1; off <= 1; off++) {
        test_product(MR + 3, KC + off, NR + 1);
        test_product(KC_TN + off, MR + 3, 3);
        test_product(2 * KC_TN + off, MC + 5, NR + 1);
        test_product(MR + 3, 3, NC + off);
    }
}

/* Losses and their derivatives against their formulas in double. */

/* exp goes no lower than this of the largest, see LOWEST. */
static double right_softmax_part(Index n, const real *z, const real *y, double *slopes)
{
    double largest = (double)z[0], sum = 0, loss = 0;
    for (Index k = 1; k < n; k++)
        largest = larger(largest, (double)z[k]);
    for (Index k = 0; k < n; k++)
        sum += exp((double)z[k] - largest);
    for (Index k = 0; k < n; k++) {
        const double log_share = (double)z[k] - largest - log(sum);
        loss -= (double)y[k] * log_share;
        slopes[k] = exp(log_share) - (double)y[k];
    }
    return loss;
}

static double right_of_output(int loss, double z, double y, double *slope)
{
    const double a = z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z));
    switch (loss) {
    case OBSERVED_SQUARED_ERROR:
        if (isnan(y)) {
            *slope = 0;
            return 0;
        } /* fall through */
    case SQUARED_ERROR: *slope = z - y; return 0.5 * (z - y) * (z - y);
    case LOGISTIC_SQUARED_ERROR:
        *slope = (a - y) * a * (1 - a);
        return 0.5 * (a - y) * (a - y);
    default:
        *slope = a - y;
        return y * (fmax(-z, 0) + log1p(exp(-fabs(z))))
               + (1 - y) * (fmax(z, 0) + log1p(exp(-fabs(z))));
    }
}

static void fill_outputs(const Network *network, Index n, real *z, real *y,
                         double scale)
{
    for (Index i = 0; i < n; i++) {
        z[i] = R(scale * normal());
        y[i] = R(network->loss < LOGISTIC_SQUARED_ERROR ? normal() : (double)below(2));
        if (network->loss == OBSERVED_SQUARED_ERROR && below(3) == 0)
            y[i] = R(NAN);
    }
}

/* One class of every part. */
static void fill_classes(const Network *network, Index n_rows, real *y)
{
    const Index all = network->sizes[network->n_layers];
    memset(y, 0, (size_t)(n_rows * all) * sizeof *y);
    for (Index i = 0; i < n_rows; i++, y += all) {
        Index first = 0;
        for (Index t = 0; t < network->n_tasks; first += network->tasks[t++])
            y[first + below(network->tasks[t])] = R(1);
        if (!network->n_tasks)
            y[below(all)] = R(1);
    }
}

static void right_of_row(const Network *network, const real *z, const real *y,
                         double *loss, double *slopes)
{
    const Index n_outputs = network->sizes[network->n_layers];
    const Index n_parts = network->n_tasks ? network->n_tasks : 1;
    *loss = 0;
    for (Index k = 0; network->loss != SOFTMAX && k < n_outputs; k++)
        *loss += right_of_output(network->loss, (double)z[k], (double)y[k], slopes + k);
    for (Index t = 0, k = 0; network->loss == SOFTMAX && t < n_parts; t++) {
        const Index n = network->n_tasks ? network->tasks[t] : n_outputs;
        *loss += right_softmax_part(n, z + k, y + k, slopes + k);
        k += n;
    }
}

/* Lines become columns. */
static void transpose(const real *from, Index n_lines, Index n, real *to)
{
    for (Index i = 0; i < n_lines; i++)
        for (Index k = 0; k < n; k++)
            to[k * n_lines + i] = from[i * n + k];
}

/* Rows [begin, end) alone cost what they cost among n_rows, to the last bit. */
static void test_part_of_rows(const Network *network, const real *given, const real *y,
                              Index begin, Index end, Index n_rows,
                              const real *all_slopes, const double *all_losses)
{
    enum { ROOM = 4096 };
    static real z[ROOM], targets[ROOM], output_losses[ROOM];
    static double losses[ROOM];
    const Index n_outputs = network->sizes[1], n = end - begin;
    transpose(given + begin * n_outputs, n, n_outputs, z);
    transpose(y + begin * n_outputs, n, n_outputs, targets);
    losses_of_rows(network, n, z, targets, output_losses, losses);
    CHECK(!memcmp(losses, all_losses + begin, (size_t)n * sizeof *losses),
          "loss %d of some rows", network->loss);
    for (Index k = 0; k < n_outputs; k++)
        CHECK(
            !memcmp(z + k * n, all_slopes + k * n_rows + begin, (size_t)n * sizeof *z),
            "derivative of loss %d of some rows", network->loss);
}

static void test_loss(const Network *network, Index n_rows, double scale)
{
    enum { ROOM = 4096 };
    static real z[ROOM], given[ROOM], y[ROOM], targets[ROOM], output_losses[ROOM];
    static double losses[ROOM], slopes[ROOM];
    const Index n_outputs = network->sizes[1];
    const double tolerance = 16 * EPSILON;
    double loss, worst = 0, worst_slope = 0;
    fill_outputs(network, n_rows * n_outputs, given, y, scale);
    if (network->loss == SOFTMAX)
        fill_classes(network, n_rows, y);
    transpose(given, n_rows, n_outputs, z);
    transpose(y, n_rows, n_outputs, targets);
    losses_of_rows(network, n_rows, z, targets, output_losses, losses);
    for (Index i = 0; i < n_rows; i++) {
        right_of_row(network, given + i * n_outputs, y + i * n_outputs, &loss, slopes);
        worst = larger(worst, fabs(losses[i] - loss)
                                  / (fabs(loss) + (double)n_outputs * fmax(scale, 1)));
        for (Index k = 0; k < n_outputs; k++)
            worst_slope =
                larger(worst_slope, fabs((double)z[k * n_rows + i] - slopes[k])
                                        / (1 + fabs(slopes[k])));
    }
    CHECK(worst <= tolerance, "loss %d of %ld outputs: %g", network->loss,
          (long)n_outputs, worst);
    CHECK(worst_slope <= tolerance, "derivative of loss %d of %ld outputs: %g",
          network->loss, (long)n_outputs, worst_slope);
    const Index begin = below(n_rows), end = begin + 1 + below(n_rows - begin);
    test_part_of_rows(network, given, y, begin, end, n_rows, z, losses);
}

static void test_losses(void)
{
    const double scales[] = {1e-3, 1, 30, 1e4};
    for (int loss = 0; loss < N_LOSSES; loss++)
        for (Index n_outputs = 1; n_outputs < 20; n_outputs++)
            for (int s = 0; s < 4; s++) {
                const Index sizes[] = {1, n_outputs};
                const Index first = 1 + n_outputs / 3;
                const Index tasks[] = {first, n_outputs - first};
                Network network = {.n_layers = 1, .sizes = sizes, .loss = loss};
                test_loss(&network, 1 + below(200), scales[s]);
                if (loss == SOFTMAX && n_outputs > first) {
                    network.n_tasks = 2, network.tasks = tasks;
                    test_loss(&network, 1 + below(200), scales[s]);
                }
            }
}

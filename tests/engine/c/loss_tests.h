/* Losses and their derivatives against plain.c. */

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
    static double losses[ROOM], outputs[ROOM], right[ROOM], slopes[ROOM];
    const Index n_outputs = network->sizes[1];
    const double tolerance = 16 * EPSILON;
    double worst = 0, worst_slope = 0;
    for (Index i = 0; i < n_rows; i++) {
        draw_targets(network, right);
        for (Index k = 0; k < n_outputs; k++) {
            given[i * n_outputs + k] = R(scale * normal());
            y[i * n_outputs + k] = R(right[k]);
        }
    }
    transpose(given, n_rows, n_outputs, z);
    transpose(y, n_rows, n_outputs, targets);
    losses_of_rows(network, n_rows, z, targets, output_losses, losses);
    for (Index i = 0; i < n_rows; i++) {
        for (Index k = 0; k < n_outputs; k++) {
            outputs[k] = (double)given[i * n_outputs + k];
            right[k] = (double)y[i * n_outputs + k];
        }
        const double loss = plain_losses(network, outputs, right, slopes);
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

/* Alone, and in two parts. */
static void test_losses_of(int loss, Index n_outputs, double scale)
{
    const Index sizes[] = {1, n_outputs}, first = 1 + n_outputs / 3;
    const Index tasks[] = {first, n_outputs - first};
    double options[20];
    Network network = {.n_layers = 1, .sizes = sizes, .loss = loss};
    network.loss_options = options;
    network.n_loss_options = draw_loss_options(loss, n_outputs, options);
    /* exp() of more overflows. */
    if ((has_log_link(loss) || loss == GAUSSIAN) && scale > 3)
        scale = 3;
    test_loss(&network, 1 + below(200), scale);
    if ((loss == SOFTMAX || loss == SOFTMAX_FOCAL) && n_outputs > first) {
        network.n_tasks = 2, network.tasks = tasks;
        test_loss(&network, 1 + below(200), scale);
    }
}

static void test_losses(void)
{
    const double scales[] = {1e-3, 1, 30, 1e4};
    for (int loss = 0; loss < N_LOSSES; loss++)
        for (Index n_outputs = 1; n_outputs < 20; n_outputs++)
            for (int s = 0; s < 4; s++)
                if (loss != GAUSSIAN || n_outputs % 2 == 0)
                    test_losses_of(loss, n_outputs, scales[s]);
}

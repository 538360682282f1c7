/* Optimisers' rules, one step on a block, against their equations in double. */

/* Parameters from FIRST on, and the state that a rule has for them. */
enum { N_MOVED = 67, FIRST = 3 };
typedef struct {
    real theta[FIRST + N_MOVED], average[N_MOVED], g[N_MOVED];
    real state[3][FIRST + N_MOVED];
} Moved;

/* A step of some of them, as a thread has them. */
static void move_part(Rule rule, const Step *step, Moved *moved, Index begin, Index end)
{
    const Index n = end - begin, start = FIRST + begin;
    real *theta = moved->theta + start, *g = moved->g + begin;
    for (int i = 0; i < 3; i++)
        rule.vectors[i] = moved->state[i];
    penalize(step, n, theta, g);
    scale_by(step->keep, n, theta);
    apply(&rule, step, start, n, moved->theta, g);
    take_share(R(0.3), n, theta, moved->average + begin);
}

static void test_rule(Rule rule, Index n_steps_before)
{
    Moved moved = {0}, parts;
    Parameter right[N_MOVED];
    const double rate = 0.1, tolerance = 32 * EPSILON;
    double worst = 0, product = 1 - 0.9 * uniform(), next_product = product;
    for (int i = 0; i < N_MOVED; i++) {
        Parameter p = {
            normal(), normal(), {normal(), 0.5 + uniform(), 0.5 + uniform()}};
        /* Squares are kept in the first vector. */
        if (rule.kind == RMSPROP || rule.kind == ADAGRAD)
            p.state[0] = 0.5 + uniform();
        moved.theta[FIRST + i] = R(p.theta), moved.g[i] = R(p.g);
        for (int k = 0; k < 3; k++)
            moved.state[k][FIRST + i] = R(p.state[k]);
        p.g += rule.alpha * p.theta;
        p.theta *= 1 - rate * rule.decay;
        right[i] = plain_rule(&rule, rate, n_steps_before + 1, product, p);
    }
    parts = moved;
    const Step step = make_step(&rule, rate, n_steps_before, &next_product);
    move_part(rule, &step, &moved, 0, N_MOVED);
    for (int i = 0; i < N_MOVED; i++) {
        const double theta = (double)moved.theta[FIRST + i];
        const double *state = right[i].state;
        worst = larger(worst, fabs(theta - right[i].theta));
        worst = larger(worst, fabs((double)moved.average[i] - 0.3 * theta));
        for (int k = 0; k < rule.n_vectors; k++)
            worst = larger(worst, fabs((double)moved.state[k][FIRST + i] - state[k])
                                      / (1 + fabs(state[k])));
    }
    CHECK(worst <= tolerance, "rule %d: %g", rule.kind, worst);
    if (rule.kind == NADAM)
        product *= plain_momentum(&rule, n_steps_before + 1);
    CHECK(fabs(next_product - product) < 1e-15, "the product of momenta");
    for (Index begin = 0, end; begin < N_MOVED; begin = end) {
        end = index_min(N_MOVED, begin + 1 + below(20));
        move_part(rule, &step, &parts, begin, end);
    }
    CHECK(!memcmp(&moved, &parts, sizeof moved), "rule %d: parts differ", rule.kind);
}

static double sign_of(double x) { return (x > 0) - (x < 0); }

/* A step of gradient descent with an L1 penalty, by the orthant-wise method, and limits
 * of the gradient's components. */
static void test_penalty_and_limits(double l1, double limit)
{
    enum { N = 61 };
    const double rate = 0.5, tolerance = 32 * EPSILON;
    const Rule rule = {.kind = SGD, .l1 = l1, .max_grad_value = limit};
    double unused = 1;
    const Step step = make_step(&rule, rate, 0, &unused);
    real theta[N], g[N], orthant[N];
    double right[N], worst = 0;
    for (int i = 0; i < N; i++) {
        theta[i] = R(i % 3 ? normal() : 0.0), g[i] = R(normal());
        const double w = (double)theta[i], own = (double)g[i];
        double slope =
            w != 0 ? own + l1 * sign_of(w) : sign_of(own) * fmax(fabs(own) - l1, 0);
        slope = fmax(fmin(slope, limit), -limit);
        right[i] = w - rate * slope;
        if (sign_of(right[i]) != (w != 0 ? sign_of(w) : -sign_of(slope)))
            right[i] = 0;
    }
    penalize(&step, N, theta, g);
    clip(step.max_grad_value, N, g);
    find_orthant(N, theta, g, orthant);
    apply(&rule, &step, 0, N, theta, g);
    stay_in_orthant(N, orthant, theta);
    for (int i = 0; i < N; i++) {
        worst = larger(worst, fabs((double)theta[i] - right[i]));
        CHECK((theta[i] == R(0)) == (right[i] == 0), "zero or not with %g", l1);
    }
    CHECK(worst <= tolerance, "penalty %g, limit %g: %g", l1, limit, worst);
    g[0] = R(NAN), theta[0] = R(0);
    penalize(&step, 1, theta, g);
    clip(step.max_grad_value, 1, g);
    CHECK(g[0] != g[0], "NaN stays");
}

static void test_rules(void)
{
    for (int i = 0; i < 8; i++)
        test_penalty_and_limits(0.2 * (1 + below(4)), i % 2 ? 0.3 : 1e6);
    for (int i = 0; i < 8; i++) {
        const Rule rules[] = {
            {.kind = STORE, .n_vectors = 1},
            {.kind = ADD, .n_vectors = 1},
            {.kind = SGD},
            {.kind = SGD, .n_vectors = 1, .momentum = 0.9},
            {.kind = SGD, .n_vectors = 1, .momentum = 0.9, .nesterov = 1},
            {.kind = ADAM,
             .n_vectors = 2,
             .beta_1 = 0.9,
             .beta_2 = 0.99,
             .epsilon = 1e-3},
            {.kind = ADAM,
             .n_vectors = 2,
             .beta_1 = 0.9,
             .beta_2 = 0.99,
             .epsilon = 1e-3,
             .corrected = 1,
             .decay = 0.1},
            {.kind = AMSGRAD,
             .n_vectors = 3,
             .beta_1 = 0.9,
             .beta_2 = 0.99,
             .epsilon = 1e-3,
             .corrected = 1},
            {.kind = NADAM,
             .n_vectors = 2,
             .beta_1 = 0.9,
             .beta_2 = 0.99,
             .epsilon = 1e-3,
             .corrected = 1,
             .momentum_decay = 0.004},
            {.kind = RMSPROP, .n_vectors = 1, .beta_2 = 0.9, .epsilon = 1e-3},
            {.kind = RMSPROP,
             .n_vectors = 2,
             .beta_2 = 0.9,
             .epsilon = 1e-3,
             .momentum = 0.5},
            {.kind = ADAGRAD, .n_vectors = 1, .epsilon = 1e-3},
            {.kind = LION, .n_vectors = 1, .beta_1 = 0.9, .beta_2 = 0.99, .decay = 0.1},
        };
        for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
            Rule rule = rules[r];
            rule.alpha = i % 2 ? 0.1 : 0;
            test_rule(rule, below(100));
        }
    }
    real x[] = {R(1), R(2), R(3), R(4), R(5), R(6)};
    CHECK(square_of(6, x) == 91, "the sum of squares");
    x[1] = R(-2);
    CHECK(size_of(6, x) == 21, "the sum of sizes");
    double numbers[19];
    for (int i = 0; i < 19; i++)
        numbers[i] = i;
    CHECK(sum_of_doubles(numbers, 19) == 171, "the sum of numbers");
}

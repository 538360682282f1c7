/* Optimisers' rules, one step on a block, against their equations in double. */

typedef struct {
    double theta, g, first, second;
} Parameter;

/* The textbook's equations, for vectors that hold what rules.h says: Adam's moments are
 * divided by 1 - beta. */
static Parameter right_step(const Rule *rule, double rate, Index t, Parameter p)
{
    const double seen_1 = 1 - pow(rule->beta_1, (double)t);
    const double seen_2 = 1 - pow(rule->beta_2, (double)t);
    p.g += rule->alpha * p.theta;
    switch (rule->kind) {
    case STORE: p.first = rate * p.g; break;
    case ADD: p.first += rate * p.g; break;
    case SGD:
        if (!rule->n_vectors) {
            p.theta -= rate * p.g;
            break;
        }
        p.first = rule->momentum * p.first - rate * p.g;
        p.theta += rule->nesterov ? rule->momentum * p.first - rate * p.g : p.first;
        break;
    default:
        p.theta *= 1 - rate * rule->decay;
        p.first = rule->beta_1 * p.first + p.g;
        p.second = rule->beta_2 * p.second + p.g * p.g;
        const double m = (1 - rule->beta_1) * p.first,
                     v = (1 - rule->beta_2) * p.second;
        p.theta -= rule->corrected
                       ? rate * m / seen_1 / (sqrt(v / seen_2) + rule->epsilon)
                       : rate * sqrt(seen_2) / seen_1 * m / (sqrt(v) + rule->epsilon);
    }
    return p;
}

static void test_rule(Rule rule, Index n_steps_before)
{
    enum { N = 67, FIRST = 3 };
    real theta[N + FIRST], g[N], first[N + FIRST], second[N + FIRST];
    Parameter right[N];
    const double rate = 0.1, tolerance = 32 * EPSILON;
    double worst = 0;
    rule.vectors[0] = first, rule.vectors[1] = second;
    for (int i = 0; i < N; i++) {
        right[i] = (Parameter){normal(), normal(), normal(), normal() * normal() + 1};
        right[i].second = fabs(right[i].second);
        theta[FIRST + i] = R(right[i].theta), g[i] = R(right[i].g);
        first[FIRST + i] = R(right[i].first), second[FIRST + i] = R(right[i].second);
        right[i] = right_step(&rule, rate, n_steps_before + 1, right[i]);
    }
    const Step step = make_step(&rule, rate, n_steps_before);
    penalize(&step, N, theta + FIRST, g);
    scale_by(step.keep, N, theta + FIRST);
    apply(&rule, &step, FIRST, N, theta, g);
    for (int i = 0; i < N; i++) {
        worst = larger(worst, fabs((double)theta[FIRST + i] - right[i].theta));
        if (rule.n_vectors > 0)
            worst = larger(worst, fabs((double)first[FIRST + i] - right[i].first));
        if (rule.n_vectors > 1)
            worst = larger(worst, fabs((double)second[FIRST + i] - right[i].second)
                                      / (1 + right[i].second));
    }
    CHECK(worst <= tolerance, "rule %d: %g", rule.kind, worst);
}

static double sign_of(double x) { return (x > 0) - (x < 0); }

/* A step of gradient descent with an L1 penalty, by the orthant-wise method, and limits
 * of the gradient's components. */
static void test_penalty_and_limits(double l1, double limit)
{
    enum { N = 61 };
    const double rate = 0.5, tolerance = 32 * EPSILON;
    const Rule rule = {.kind = SGD, .l1 = l1, .max_grad_value = limit};
    const Step step = make_step(&rule, rate, 0);
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

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
    penalize_and_decay(&step, N, theta + FIRST, g);
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

static void test_rules(void)
{
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
}

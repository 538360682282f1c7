"""What "auto" stands for: the rules, the search on held-out rows, and the outcome."""

import inspect
import math
import warnings

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skann import BPClassifier, BPRegressor
from skann._estimators.auto import (
    _UNUSED_IN_A_CYCLE,
    n_epochs,
    peak_rate,
    weight_decay,
)
from skann.datasets import make_spirals
from skann.schedules import OneCycle
from skann.solvers import AdamW

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 5))
Y = {BPClassifier: (X[:, 0] * X[:, 1] > 0).astype(int), BPRegressor: X[:, 0] + X[:, 1]}

CLASSES = {BPClassifier: {"classes": [0, 1]}, BPRegressor: {}}

# A cycle of the rule's decay and fewer epochs, without trials.
SHORT = {"hidden_layer_sizes": (8,), "alpha": 1.0, "max_iter": 10, "random_state": 0}
# Trials of the decay alone.
DECAY_ONLY = {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0}

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


class TestRules:
    def test_decay_is_the_formula_between_its_bounds(self):
        wanted = 8 * math.sqrt(20 / 10_000)
        assert weight_decay(10_000, np.ones(20)) == pytest.approx(wanted)
        assert weight_decay(10**7, np.ones(20)) == pytest.approx(0.1)
        assert weight_decay(100, np.ones(20)) == pytest.approx(1.5)

    def test_decay_follows_classes_and_depth(self):
        one = weight_decay(10_000, np.ones(20))
        assert weight_decay(10_000, np.ones(20), 5) == pytest.approx(one / 2)
        assert weight_decay(10_000, np.ones(20), 2, 3) == pytest.approx(3 * one)
        assert weight_decay(10_000, np.ones(20), 2, 6) == pytest.approx(3 * one)
        assert weight_decay(10_000, np.ones(20), 2, 0) == pytest.approx(one / 10)

    @pytest.mark.parametrize("n_rows", [100, 10_000, 10**7])
    def test_decay_is_as_the_scale_of_the_inputs(self, n_rows):
        variances = np.linspace(0.5, 2, 20)
        one = weight_decay(n_rows, variances)
        assert weight_decay(n_rows, 9 * variances) == pytest.approx(3 * one)

    def test_constant_inputs_have_nothing_to_decay(self):
        assert weight_decay(100, np.zeros(3)) == 0

    @pytest.mark.parametrize(
        ("n_rows", "batch_size", "expected"),
        [
            (40, 40, 500),
            (150, 8, 60),
            (10_000, 200, 60),
            (40_000, 200, 30),
            (10**7, 200, 10),
        ],
    )
    def test_epochs(self, n_rows, batch_size, expected):
        assert n_epochs(n_rows, batch_size) == expected

    def test_rates(self):
        assert peak_rate((100,)) == peak_rate((64, 64)) == 0.01
        assert peak_rate((800, 10)) == 0.005
        assert peak_rate((20,) * 12) == 0.0025
        assert peak_rate(()) == 0.05


@each_estimator
class TestTwoWays:
    """`solver` and `learning_rate` alone choose how training proceeds."""

    @pytest.mark.parametrize(
        "learning_rate", ["auto", "one_cycle", "cosine", OneCycle()], ids=str
    )
    def test_schedule_that_runs_to_its_end_is_a_cycle_of_adamw(
        self, Estimator, learning_rate
    ):
        net = Estimator(learning_rate=learning_rate, **SHORT).fit(X, Y[Estimator])
        assert isinstance(net.auto_params_["solver"], AdamW)
        assert net.auto_params_["solver"].weight_decay > 0
        assert net.n_iter_ == 10
        assert net.history_["learning_rate"][-1] < 1e-3

    @pytest.mark.filterwarnings("ignore:Training stopped at max_iter")
    @pytest.mark.parametrize(
        "parameters",
        [
            {"solver": "adam"},
            {"solver": "adam", "learning_rate": "adaptive"},
            {"learning_rate": "constant"},
            {"learning_rate": "constant", "learning_rate_init": 0.01},
            {"learning_rate": "invscaling", "tol": 1e-3, "n_iter_no_change": 3},
        ],
        ids=str,
    )
    def test_other_solver_or_schedule_trains_until_convergence(
        self, Estimator, parameters
    ):
        parameters = {"max_iter": 20, "random_state": 0} | parameters
        net = Estimator((8,), **parameters).fit(X, Y[Estimator])
        there = {
            "solver": "adam",
            "alpha": 0.0,
            "learning_rate": "constant",
            "learning_rate_init": 0.001,
        }
        twin = Estimator((8,), **there | parameters).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(twin))
        expected = {n: v for n, v in there.items() if n not in parameters}
        expected |= {"batch_size": 12, "standardize": False}
        assert net.auto_params_ == expected
        assert net.search_ == {}

    def test_partial_fit_is_at_a_constant_rate(self, Estimator):
        net = Estimator(random_state=0)
        net.partial_fit(X, Y[Estimator], **CLASSES[Estimator])
        assert net.history_["learning_rate"] == [0.001]
        assert net.auto_params_["solver"] == "adam"

    def test_no_default_is_mistaken_for_a_choice(self, Estimator):
        # Given by hand, the values of the signature are still nobody's choice.
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(Estimator).parameters.items()
        }
        net = Estimator(**defaults | SHORT).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(Estimator(**SHORT).fit(X, Y[Estimator])))


@each_estimator
class TestRefinements:
    """All other parameters refine the cycle."""

    def test_cycle_is_adamw_on_one_cycle(self, Estimator):
        net = Estimator(**SHORT).fit(X, Y[Estimator])
        chosen = net.auto_params_
        explicit = {
            "solver": AdamW(weight_decay=chosen["solver"].weight_decay),
            "alpha": 0.0,
            "learning_rate": OneCycle(),
            "learning_rate_init": chosen["learning_rate_init"],
            "batch_size": chosen["batch_size"],
            "standardize": chosen["standardize"],
        }
        same = Estimator(**SHORT | explicit).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(same))
        assert same.auto_params_ == {}

    def test_learning_rate_init_is_the_peak(self, Estimator):
        net = Estimator(learning_rate_init=0.003, **SHORT).fit(X, Y[Estimator])
        assert max(net.history_["learning_rate"]) == pytest.approx(0.003, rel=0.05)

    def test_max_iter_is_the_length_and_may_be_longer_than_the_rule_s(self, Estimator):
        net = Estimator(**SHORT | {"max_iter": 70}).fit(X, Y[Estimator])
        assert n_epochs(300, 12) == 60
        assert net.n_iter_ == 70

    def test_beta_and_epsilon_are_adamw_s(self, Estimator):
        options = {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-5}
        net = Estimator(**SHORT, **options).fit(X, Y[Estimator])
        solver = net.auto_params_["solver"]
        assert {name: getattr(solver, name) for name in options} == options

    def test_early_stopping_keeps_the_best_epoch_of_the_whole_cycle(self, Estimator):
        noise = np.random.default_rng(1).permutation(Y[Estimator])
        options = SHORT | {"alpha": 0.0, "max_iter": 40}
        net = Estimator(early_stopping=True, **options).fit(X, noise)
        assert net.n_iter_ == 40
        assert net.best_iter_ == 1 + np.argmin(net.validation_loss_curve_) < 40

    def test_warm_start_is_another_cycle_at_three_tenths_of_the_peak(self, Estimator):
        net = Estimator(warm_start=True, **DECAY_ONLY).fit(X, Y[Estimator])
        first, trials = net.auto_params_, net.search_
        net.fit(X, Y[Estimator])
        assert net.auto_params_["alpha"] == first["alpha"]
        decays = (each["solver"].weight_decay for each in (first, net.auto_params_))
        assert len(set(decays)) == 1
        assert net.auto_params_["learning_rate_init"] == pytest.approx(0.003)
        assert net.n_iter_ == 60
        assert net.search_ == trials

    def test_warm_start_after_passes_is_a_cycle_of_the_rule_s(self, Estimator):
        net = Estimator((8,), warm_start=True, random_state=0)
        net.partial_fit(X, Y[Estimator], **CLASSES[Estimator]).fit(X, Y[Estimator])
        assert net.auto_params_["alpha"] == 1
        assert net.auto_params_["solver"].weight_decay > 0
        assert net.n_iter_ == 60

    def test_alpha_multiplies_the_rule_s_decay(self, Estimator):
        rule = weight_decay(300, X.var(axis=0))
        for alpha in (1.0, 0.5, 3.0):
            net = Estimator(**SHORT | {"alpha": alpha}).fit(X, Y[Estimator])
            decay = net.auto_params_["solver"].weight_decay
            assert decay == pytest.approx(alpha * rule)

    def test_no_alpha_is_no_decay(self, Estimator):
        net = Estimator(**SHORT | {"alpha": 0.0}).fit(X, Y[Estimator])
        adam = {"solver": "adam", "learning_rate": "one_cycle"}
        adam["learning_rate_init"] = 0.01
        same = Estimator(**SHORT | {"alpha": 0.0} | adam).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(same))

    def test_l1_ratio_is_the_share_of_a_penalty(self, Estimator):
        rule = weight_decay(300, X.var(axis=0))
        net = Estimator(l1_ratio=0.25, **SHORT).fit(X, Y[Estimator])
        decay = net.auto_params_["solver"].weight_decay
        assert decay == pytest.approx(0.75 * rule)
        explicit = {
            "solver": AdamW(weight_decay=decay),
            "learning_rate": "one_cycle",
            "learning_rate_init": 0.01,
            "alpha": 0.25,
            "l1_ratio": 1.0,
        }
        same = Estimator(**SHORT | explicit).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(same))

    def test_decay_is_from_the_rows_in_use(self, Estimator):
        weight = np.repeat([1.0, 0.0], 150)
        net = Estimator(**SHORT).fit(X, Y[Estimator], sample_weight=weight)
        expected = weight_decay(150, X[:150].var(axis=0))
        assert_allclose(net.auto_params_["solver"].weight_decay, expected, rtol=1e-12)

    def test_sparse_data_are_the_same_data(self, Estimator):
        dense = Estimator(**DECAY_ONLY).fit(X, Y[Estimator])
        net = Estimator(**DECAY_ONLY).fit(sparse.csr_array(X), Y[Estimator])
        assert_allclose(net.predict(X), dense.predict(X), rtol=1e-6)

    def test_wide_sparse_data_have_a_cycle_without_decay(self, Estimator):
        where = np.repeat(np.arange(300), 2), rng.integers(20_000, size=600)
        wide = sparse.csr_array((np.ones(600), where), shape=(300, 20_000))
        net = Estimator((3,), max_iter=2).fit(wide, Y[Estimator])
        assert net.auto_params_["alpha"] == 0
        assert not isinstance(net.auto_params_["solver"], AdamW)
        assert isinstance(net.auto_params_["learning_rate"], OneCycle)

    @pytest.mark.parametrize("name", _UNUSED_IN_A_CYCLE)
    def test_parameter_without_effect_warns(self, Estimator, name):
        value = {"nesterovs_momentum": False, "max_fun": 7, "n_iter_no_change": 20}
        options = {name: value.get(name, 0.5)}
        with pytest.warns(UserWarning, match=f"{name}=.* no effect .*'adam'") as said:
            Estimator(**SHORT, **options).fit(X, Y[Estimator])
        assert len(said) == 1
        assert said[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Estimator(**SHORT, solver="adam", **options).fit(X, Y[Estimator])


@each_estimator
class TestSearch:
    """Decay and length are chosen on held-out rows."""

    @pytest.mark.parametrize(
        "options",
        [{}, {"early_stopping": True}, {"dropout": 0.1}],
        ids=str,
    )
    def test_what_was_found_gives_the_same_fit_without_a_search(
        self, Estimator, options
    ):
        options = options | {"hidden_layer_sizes": (8,), "random_state": 0}
        # Few epochs are best for noise.
        y = np.random.default_rng(0).permutation(Y[Estimator])
        net = Estimator(**options).fit(X[:120], y[:120])
        assert len(net.search_["loss"]) > 3
        found = {name: net.auto_params_[name] for name in ("alpha", "max_iter")}
        again = Estimator(**options, **found).fit(X[:120], y[:120])
        assert_array_equal(theta(net), theta(again))
        assert again.search_ == {}

    def test_number_fixes_its_half(self, Estimator):
        net = Estimator((8,), alpha=0.5, random_state=0).fit(X[:120], X[:120, 1] > 0)
        assert set(net.search_["alpha"]) == {0.5}
        assert "alpha" not in net.auto_params_
        net = Estimator(**DECAY_ONLY).fit(X, Y[Estimator])
        assert set(net.search_["max_iter"]) == {12}
        assert "max_iter" not in net.auto_params_
        assert net.n_iter_ == 60

    def test_weak_signal_chooses_more_decay_than_a_strong_one(self, Estimator):
        y = X[:120, 0] if Estimator is BPRegressor else X[:120, 0] > 0
        strong = Estimator(**DECAY_ONLY).fit(X[:120], y)
        noise = np.random.default_rng(0).permutation(y)
        weak = Estimator(**DECAY_ONLY).fit(X[:120], noise)
        assert weak.auto_params_["alpha"] > 2 * strong.auto_params_["alpha"]

    def test_spirals_choose_a_longer_cycle_than_noise(self, Estimator):
        rows, y = make_spirals(150, n_turns=1, random_state=0)
        options = {"hidden_layer_sizes": (20,), "alpha": 0.1, "random_state": 0}
        intricate = Estimator(**options).fit(rows, y)
        noisy = Estimator(**options).fit(rows, np.random.default_rng(0).permutation(y))
        rule = n_epochs(150, 8)
        assert intricate.n_iter_ > rule > noisy.n_iter_

    def test_groups_are_held_out_whole(self, Estimator):
        # Rows of a group are alike: they tell of one another, and of no other group.
        generator = np.random.default_rng(0)
        groups = np.repeat(np.arange(20), 10)
        rows = generator.normal(size=(20, 4))[groups]
        rows += 0.05 * generator.normal(size=rows.shape)
        y = generator.normal(size=20)[groups]
        y = y > 0 if Estimator is BPClassifier else y
        options = DECAY_ONLY | {"max_iter": 100}
        split = Estimator(**options).fit(rows, y)
        whole = Estimator(**options).fit(rows, y, groups=groups)
        assert min(whole.search_["loss"]) > 1.5 * min(split.search_["loss"])
        assert whole.auto_params_["alpha"] > 10 * split.auto_params_["alpha"]

    def test_one_group_is_an_error(self, Estimator):
        with pytest.raises(ValueError, match=r"at least 2 groups.*got 1"):
            Estimator(**DECAY_ONLY).fit(X, Y[Estimator], groups=np.zeros(300))

    def test_groups_that_nothing_is_split_by_are_an_error(self, Estimator):
        with pytest.raises(ValueError, match="nothing is split by them"):
            Estimator(**SHORT).fit(X, Y[Estimator], groups=np.arange(300))

    @pytest.mark.parametrize(("n_rows", "searches"), [(49, False), (50, True)])
    def test_few_rows_keep_the_rule(self, Estimator, n_rows, searches):
        options = {"hidden_layer_sizes": (3,), "random_state": 0}
        if Estimator is BPClassifier:  # rows outside of the largest class count
            y = np.repeat([0, 1], [60, n_rows])
            n_rows += 60
        else:
            y = np.random.default_rng(0).permutation(Y[Estimator])[:n_rows]
        net = Estimator(**options).fit(X[:n_rows], y)
        assert bool(net.search_) == searches
        rule = 1.0, n_epochs(n_rows, net.auto_params_["batch_size"])
        found = net.auto_params_["alpha"], net.auto_params_["max_iter"]
        assert (found == rule) != searches

    @pytest.mark.parametrize(("length", "searches"), [(11, False), (12, True)])
    def test_cycle_no_longer_than_a_trial_keeps_the_rule(
        self, Estimator, length, searches
    ):
        net = Estimator(**DECAY_ONLY | {"max_iter": length}).fit(X, Y[Estimator])
        assert bool(net.search_) == searches

    def test_max_time_bounds_search_and_fit(self, Estimator):
        net = Estimator((8,), max_time=1e-9, random_state=0).fit(X, Y[Estimator])
        assert not any(net.search_.values())
        assert net.auto_params_["alpha"] == 1
        assert net.auto_params_["max_iter"] == n_epochs(300, 12)
        assert "max_time" in net.stop_reason_
        assert net.n_iter_ <= 1

    def test_validation_data_to_stop_by_are_what_trials_are_judged_on(self, Estimator):
        options = DECAY_ONLY | {"early_stopping": True}
        val = {"X_val": X[200:], "y_val": Y[Estimator][200:]}
        net = Estimator(**options).fit(X[:200], Y[Estimator][:200], **val)
        assert set(net.search_["n_splits"]) == {1}
        watched = Estimator(**DECAY_ONLY).fit(X[:200], Y[Estimator][:200], **val)
        assert max(watched.search_["n_splits"]) == 5

    def test_large_data_are_sampled_and_trained_no_longer_than_the_rule(
        self, Estimator
    ):
        rows, y = make_spirals(10_050, random_state=0)
        net = Estimator((2,), batch_size=10_050, alpha=0.0, random_state=0)
        net.fit(rows, y)
        assert max(net.search_["max_iter"]) <= 500
        assert net.n_iter_ <= n_epochs(10_050, 10_050) == 500

    def test_verbose_prints_every_trial(self, Estimator, capsys):
        net = Estimator(verbose=True, **DECAY_ONLY).fit(X[:120], Y[Estimator][:120])
        printed = capsys.readouterr().out
        assert printed.count("Trial: alpha=") == sum(net.search_["n_splits"])
        assert f"Trial: alpha={net.search_['alpha'][-1]:.4g}, max_iter=" in printed

    def test_number_of_threads_does_not_change_the_choice(self, Estimator):
        rows = np.random.default_rng(0).normal(size=(60, 400))
        y = rows[:, 0] if Estimator is BPRegressor else rows[:, 0] > 0
        one, other = (
            _fit_with_threads(
                n, Estimator((50,), max_iter=100, random_state=0), rows, y
            )
            for n in (1, 4)
        )
        assert one.search_ == other.search_
        assert_array_equal(theta(one), theta(other))


def _fit_with_threads(n, net, rows, y):
    with threadpool_limits(n):
        return net.fit(rows, y)


class TestAccuracy:
    """What it is for: a first fit that does not memorise the noise."""

    def test_noisy_values(self):
        data = load_diabetes(return_X_y=True)
        scores = []
        for seed in range(5):
            X, X_test, y, y_test = train_test_split(*data, random_state=seed)
            scaler = StandardScaler().fit(X)
            net = BPRegressor(random_state=seed).fit(scaler.transform(X), y)
            scores.append(net.score(scaler.transform(X_test), y_test))
        assert np.mean(scores) > 0.4

    def test_classes(self):
        data = load_breast_cancer(return_X_y=True)
        scores = []
        for seed in range(5):
            X, X_test, y, y_test = train_test_split(*data, random_state=seed)
            scaler = StandardScaler().fit(X)
            net = BPClassifier(random_state=seed).fit(scaler.transform(X), y)
            scores.append(net.score(scaler.transform(X_test), y_test))
        assert np.mean(scores) > 0.96


def test_deep_networks_learn():
    angle = np.random.default_rng(0).uniform(0, np.pi, 200)
    y = np.arange(200) % 2
    moons = np.c_[np.cos(angle) * (1 - 2 * y) + y, np.sin(angle) * (1 - 2 * y) + y / 2]
    net = BPClassifier((24,) * 24, "tanh", alpha=0.1, max_iter=60, random_state=0)
    assert net.fit(moons, y).score(moons, y) > 0.95

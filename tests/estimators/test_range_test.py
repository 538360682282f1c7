"""The range test: the steps it takes, where it ends, and what it suggests."""

import sys
import warnings

import numpy as np
import pytest
from _helpers import small_net, theta
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from skann import (
    BPClassifier,
    BPRegressor,
    LearningRateRange,
    learning_rate_range_test,
)
from skann._optimize.solvers import SOLVERS
from skann._training.divergence import DivergenceError
from skann.solvers import LBFGS, Rprop


def data(kind, n=64):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    z = X @ rng.normal(size=(4, 3))
    y = {
        "two classes": z[:, 0] > 0,
        "names": np.array(["one", "two", "three"])[z.argmax(axis=1)],
        "multilabel": (z > 0).astype(int),
        "columns of classes": z.round().clip(-1, 1).astype(int),
        "values": z[:, 0],
        "several values": z,
    }[kind]
    return X, y


KINDS = {
    "two classes": BPClassifier,
    "names": BPClassifier,
    "multilabel": BPClassifier,
    "columns of classes": BPClassifier,
    "values": BPRegressor,
    "several values": BPRegressor,
}

over_kinds = pytest.mark.parametrize("kind", KINDS)
over_solvers = pytest.mark.parametrize(
    "solver",
    [
        name
        for name, kind in SOLVERS.items()
        if kind.uses_learning_rate and not kind.full_batch
    ],
)


class TestSteps:
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_several_starts_are_tested_from_one(self, Estimator):
        X, y = data("two classes")
        one, three = (
            learning_rate_range_test(small_net(Estimator, n_init=n), X, y, n_steps=10)
            for n in (1, 3)
        )
        np.testing.assert_array_equal(one.losses, three.losses)

    @over_kinds
    @over_solvers
    def test_are_those_of_training_at_these_rates(self, kind, solver):
        # Four whole batches an epoch, in the rows' order: as fit takes them.
        X, y = data(kind)
        net = small_net(KINDS[kind], solver=solver, shuffle=False)
        result = learning_rate_range_test(
            net, X, y, smallest=1e-4, largest=1e-2, n_steps=20
        )
        net.set_params(learning_rate=lambda k: 1e-4 * 100 ** (k / 19)).fit(X, y)
        np.testing.assert_allclose(result.losses, net.batch_loss_curve_, rtol=1e-10)

    @pytest.mark.parametrize("normalize_y", [True, False])
    @pytest.mark.parametrize("kind", ["values", "several values"])
    def test_targets_are_those_of_training(self, kind, normalize_y):
        # The first batch alone has another mean and deviation. Rows without any
        # target are left out: sixteen here, so that batches stay whole.
        X, y = data(kind, 80)
        y = (100 + y.T + np.linspace(0, 3, 80)).T
        y[5:70:4] = np.nan
        y[69] = 100.0
        if y.ndim == 2:
            y[::3, 0] = np.nan
        net = small_net(
            BPRegressor,
            normalize_y=normalize_y,
            missing_targets="ignore",
            shuffle=False,
        )
        result = learning_rate_range_test(
            net, X, y, smallest=1e-4, largest=1e-2, n_steps=20
        )
        net.set_params(learning_rate=lambda k: 1e-4 * 100 ** (k / 19)).fit(X, y)
        np.testing.assert_allclose(result.losses, net.batch_loss_curve_, rtol=1e-10)

    @pytest.mark.parametrize("offset", [0.0, 1e6])
    def test_the_unit_of_the_targets_does_not_matter(self, offset):
        X, y = data("values")
        weight = np.linspace(0.1, 2, 64)
        net = small_net(BPRegressor)
        plain = learning_rate_range_test(net, X, y, sample_weight=weight, largest=0.1)
        other = learning_rate_range_test(
            net, X, 1e3 * y + offset, sample_weight=weight, largest=0.1
        )
        np.testing.assert_allclose(other.losses, plain.losses, rtol=1e-6)

    def test_the_deviation_is_that_by_weight(self):
        X, y = data("values")
        y = 5 + y
        weight = np.linspace(0.1, 2, 64)
        deviation = np.sqrt(np.cov(y, aweights=weight, ddof=0))
        scaled = (y - np.average(y, weights=weight)) / deviation
        net = small_net(BPRegressor)
        found = learning_rate_range_test(net, X, y, sample_weight=weight, largest=0.1)
        net.set_params(normalize_y=False)
        other = learning_rate_range_test(
            net, X, scaled, sample_weight=weight, largest=0.1
        )
        np.testing.assert_allclose(found.losses, other.losses, rtol=1e-9)

    def test_automatic_batches_are_those_of_training(self):
        X, y = data("names", 20_000)
        net = small_net(BPClassifier, batch_size="auto", shuffle=False, max_iter=1)
        result = learning_rate_range_test(
            net, X, y, smallest=1e-4, largest=1e-2, n_steps=100
        )
        net.set_params(learning_rate=lambda k: 1e-4 * 100 ** (k / 99)).fit(X, y)
        assert len(net.batch_loss_curve_) == 100
        np.testing.assert_allclose(result.losses, net.batch_loss_curve_, rtol=1e-9)

    def test_balanced_classes_are_those_of_all_rows(self):
        X, y = data("names")
        net = small_net(BPClassifier, class_weight="balanced")
        found = learning_rate_range_test(net, X, y, largest=0.1)
        weight = compute_sample_weight("balanced", y)
        net.set_params(class_weight=None)
        other = learning_rate_range_test(net, X, y, sample_weight=weight, largest=0.1)
        np.testing.assert_allclose(found.losses, other.losses, rtol=1e-12)

    def test_rates_grow_by_one_factor_from_end_to_end(self):
        result = learning_rate_range_test(
            small_net(BPClassifier), *data("names"), smallest=1e-5, largest=0.1
        )
        assert len(result.learning_rates) == len(result.losses) == 100
        np.testing.assert_allclose(
            result.learning_rates, np.geomspace(1e-5, 0.1, 100), rtol=1e-12
        )

    def test_rows_are_drawn_reproducibly_and_anew_for_every_pass(self):
        X, y = data("names", 60)
        net = small_net(BPClassifier, batch_size=20, alpha=0)
        # Nothing is learnt: a loss is that of its rows.
        test = {"smallest": 1e-12, "largest": 1e-11, "n_steps": 10}
        first = learning_rate_range_test(net, X, y, **test).losses
        again = learning_rate_range_test(net, X, y, **test).losses
        np.testing.assert_array_equal(first, again)
        passes = first[:9].reshape(3, 3)
        np.testing.assert_allclose(passes.mean(axis=1), passes.mean(), rtol=1e-6)
        assert len(set(first.round(6))) == 10

    def test_rows_of_weight_zero_are_left_out(self):
        X, y = data("values")
        weight = np.r_[np.ones(32), np.zeros(32)]
        net = small_net(BPRegressor)
        weighted = learning_rate_range_test(net, X, y, sample_weight=weight)
        without = learning_rate_range_test(net, X[:32], y[:32])
        np.testing.assert_array_equal(weighted.losses, without.losses)

    def test_weights_count(self):
        X, y = data("values")
        weight = np.linspace(0.1, 2, 64)
        net = small_net(BPRegressor)
        weighted = learning_rate_range_test(net, X, y, sample_weight=weight)
        plain = learning_rate_range_test(net, X, y)
        assert weighted.losses[0] != plain.losses[0]

    @pytest.mark.parametrize("convert", [np.ndarray.tolist, sparse.coo_array])
    def test_takes_what_fit_takes(self, convert):
        X, y = data("names")
        net = small_net(BPClassifier)
        found = learning_rate_range_test(net, convert(X), y.tolist(), largest=0.1)
        plain = learning_rate_range_test(net, X, y, largest=0.1)
        np.testing.assert_allclose(found.losses, plain.losses, rtol=1e-5)

    def test_takes_frames(self):
        pandas = pytest.importorskip("pandas")
        X, y = data("names")
        net = small_net(BPClassifier)
        frame = pandas.DataFrame(X, columns=list("abcd"))
        found = learning_rate_range_test(net, frame, pandas.Series(y))
        plain = learning_rate_range_test(net, X, y)
        np.testing.assert_array_equal(found.losses, plain.losses)


class TestEstimator:
    @pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)], ids=type)
    def test_is_not_changed(self, random_state):
        X, y = data("names")
        net = small_net(BPClassifier, random_state=random_state)
        twin = clone(net)
        learning_rate_range_test(net, X, y)
        assert not hasattr(net, "coefs_")
        np.testing.assert_array_equal(theta(net.fit(X, y)), theta(twin.fit(X, y)))

    def test_parameters_that_do_not_matter(self):
        X, y = data("names")
        net = small_net(BPClassifier)
        plain = learning_rate_range_test(net, X, y)
        net.set_params(
            learning_rate="one_cycle",
            learning_rate_init=0.5,
            max_iter=1,
            warm_start=True,
            early_stopping=True,
        ).fit(X, y)
        other = learning_rate_range_test(net, X, y)
        np.testing.assert_array_equal(other.losses, plain.losses)


class TestEnd:
    @over_kinds
    @over_solvers
    def test_divergence_ends_it_silently(self, kind, solver):
        X, y = data(kind)
        net = small_net(KINDS[kind], solver=solver)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = learning_rate_range_test(net, X, y, largest=1e6)
        assert 20 < len(result.losses) < 100
        assert np.isfinite(result.losses).all()
        n = len(result.losses)
        assert len(result.learning_rates) == len(result.smoothed_losses) == n

    def test_at_the_first_step_it_is_an_error(self):
        X, y = data("values")
        net = small_net(BPRegressor, solver="sgd", normalize_y=False)
        with pytest.raises(ValueError, match=r"smallest=1e\+200 is too high"):
            learning_rate_range_test(net, X, y * 1e150, smallest=1e200, largest=1e201)


class TestSuggestion:
    def test_smoothed_losses_are_weighted_means(self):
        result = learning_rate_range_test(
            small_net(BPClassifier), *data("names"), n_steps=40, largest=0.1
        )
        losses, smoothed = result.losses, result.smoothed_losses
        # 10 % of 40 steps to each side.
        inner = np.dot([1, 2, 3, 4, 5, 4, 3, 2, 1], losses[6:15]) / 25
        assert smoothed[10] == pytest.approx(inner, rel=1e-12)
        first = np.dot([5, 4, 3, 2, 1], losses[:5]) / 15
        assert smoothed[0] == pytest.approx(first, rel=1e-12)

    @over_kinds
    @over_solvers
    def test_is_a_fifth_of_the_rate_at_the_lowest_loss(self, kind, solver):
        X, y = data(kind)
        result = learning_rate_range_test(small_net(KINDS[kind], solver=solver), X, y)
        best = result.learning_rates[result.smoothed_losses.argmin()]
        assert result.suggestion == pytest.approx(best / 5, rel=1e-12)
        assert type(result.suggestion) is float

    @over_solvers
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_trains_well(self, solver, Estimator):
        load = load_digits if Estimator is BPClassifier else load_diabetes
        X, y = load(return_X_y=True)
        X = StandardScaler().fit_transform(X)
        net = Estimator(
            (30,), solver=solver, max_iter=5, random_state=0, n_iter_no_change=5
        )
        found = learning_rate_range_test(net, X, y).suggestion

        def loss(rate):
            try:
                return net.set_params(learning_rate_init=rate).fit(X, y).loss_
            except DivergenceError:
                return np.inf

        mine = loss(found)
        assert mine < 0.65 * net.loss_curve_[0]
        assert mine < 0.8 * loss(found / 30)
        assert mine < 0.8 * loss(found * 100)

    def test_is_none_where_the_loss_only_rises(self):
        X, y = data("values")
        net = small_net(BPRegressor, solver="sgd", batch_size=64)
        result = learning_rate_range_test(net, X, y, smallest=1, largest=100)
        assert result.suggestion is None


def test_its_text_fits_on_a_line():
    rates = np.geomspace(1e-6, 10, 100)
    found = repr(LearningRateRange(rates, rates, rates, 2 / 3))
    assert found == "LearningRateRange(100 rates from 1e-06 to 10, suggestion=0.667)"
    none = rates[:0]
    found = repr(LearningRateRange(none, none, none, None))
    assert found == "LearningRateRange(0 rates, suggestion=None)"


class TestPlot:
    @pytest.mark.parametrize("suggestion", [0.1, None])
    def test_draws_losses_and_suggestion(self, suggestion):
        figure = pytest.importorskip("matplotlib.figure").Figure()
        rates, losses = np.geomspace(0.01, 1, 5), np.array([3.0, 2, 1, 2, 9])
        result = LearningRateRange(rates, losses, losses + 1, suggestion)
        ax = figure.subplots()
        assert result.plot(ax) is ax
        lines = ax.get_lines()
        np.testing.assert_array_equal(lines[0].get_ydata(), losses)
        np.testing.assert_array_equal(lines[1].get_ydata(), losses + 1)
        assert ax.get_xscale() == "log"
        assert len(lines) == (2 if suggestion is None else 3)
        if suggestion is not None:
            assert lines[2].get_xdata()[0] == suggestion

    def test_makes_a_figure_of_its_own(self, monkeypatch):
        pytest.importorskip("matplotlib")
        monkeypatch.setenv("MPLBACKEND", "Agg")
        plt = pytest.importorskip("matplotlib.pyplot")
        one = np.ones(3)
        ax = LearningRateRange(one, one, one, None).plot()
        assert ax.get_xlabel() == "learning rate"
        plt.close(ax.figure)

    def test_without_matplotlib_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
        one = np.ones(3)
        with pytest.raises(ImportError, match=r'pip install "skann\[plot\]"'):
            LearningRateRange(one, one, one, None).plot()


class TestRefusals:
    @pytest.mark.parametrize(
        "estimator",
        [
            make_pipeline(StandardScaler(), BPClassifier()),
            StandardScaler(),
            BPClassifier,
        ],
        ids=["pipeline", "scaler", "class"],
    )
    def test_what_is_not_the_estimator_itself(self, estimator):
        with pytest.raises(TypeError, match="BPClassifier or a BPRegressor") as info:
            learning_rate_range_test(estimator, *data("names"))
        assert "pipeline" in str(info.value)

    @pytest.mark.parametrize(
        "solver",
        [name for name, kind in SOLVERS.items() if kind.full_batch]
        + [LBFGS(), Rprop()],
        ids=repr,
    )
    def test_a_solver_of_full_batches(self, solver):
        net = small_net(BPClassifier, solver=solver)
        with pytest.raises(ValueError, match="'sgd' or 'adam'") as info:
            learning_rate_range_test(net, *data("names"))
        assert f"solver={solver!r}" in str(info.value)
        assert "all rows at once" in str(info.value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("smallest", 0),
            ("smallest", -1),
            ("smallest", 10.0),
            ("smallest", "a"),
            ("largest", 1e-6),
            ("largest", np.inf),
            ("largest", np.nan),
            ("n_steps", 9),
            ("n_steps", 20.5),
        ],
    )
    def test_a_bad_parameter(self, name, value):
        with pytest.raises(ValueError, match=name) as info:
            learning_rate_range_test(
                small_net(BPClassifier), *data("names"), **{name: value}
            )
        assert repr(value) in str(info.value)

    def test_bad_parameters_of_the_estimator(self):
        net = small_net(BPClassifier, alpha=-1)
        with pytest.raises(ValueError, match="'alpha'"):
            learning_rate_range_test(net, *data("names"))

    def test_bad_data(self):
        X, y = data("names")
        net = small_net(BPClassifier)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            learning_rate_range_test(net, X, y[1:])
        with pytest.raises(ValueError, match="sample_weight must not be negative"):
            learning_rate_range_test(net, X, y, sample_weight=-np.ones(64))
        X[40, 0] = np.nan
        with pytest.raises(ValueError, match="NaN"):
            learning_rate_range_test(net, X, y)


@pytest.mark.parametrize("average", ["ema", "swa"])
def test_an_average_does_not_change_the_losses_of_what_is_trained(average):
    rows = np.random.default_rng(0).normal(size=(60, 3))
    plain, averaged = (
        learning_rate_range_test(
            BPRegressor((5,), average=each, random_state=0), rows, rows[:, 0]
        )
        for each in (None, average)
    )
    np.testing.assert_array_equal(averaged.losses, plain.losses)

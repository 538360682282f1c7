"""The best of several starts, and weights drawn for the data, in training."""

import numpy as np
import pytest
from _helpers import small_net, theta
from joblib import parallel_config
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit

from skann import BPClassifier, BPRegressor
from skann.datasets import make_xor
from skann.solvers import LBFGS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
Y = np.sin(2 * X[:, 0]) + 0.1 * rng.normal(size=60)
HELD_OUT, TRUE = X[::-1] + 0.1, np.sin(2 * X[::-1, 0] + 0.2)


def make(**parameters):
    return small_net(
        BPRegressor, **({"activation": "tanh", "max_iter": 30} | parameters)
    )


class TestBestOfSeveral:
    def test_the_lowest_training_loss_is_kept(self):
        model = make(n_init=5, solver="lbfgs").fit(X, Y)
        assert len(set(model.start_losses_)) == 5
        assert model.loss_ == min(model.start_losses_)
        assert model.loss_curve_[-1] == model.loss_

    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_or_the_lowest_validation_loss(self, early_stopping):
        model = make(n_init=5, early_stopping=early_stopping)
        model.fit(X, Y, X_val=HELD_OUT, y_val=TRUE)
        kept = model.validation_loss_curve_[model.best_iter_ - 1]
        assert kept == min(model.start_losses_)
        residuals = (model.predict(HELD_OUT) - TRUE) / Y.std()
        assert kept == pytest.approx(np.mean(residuals**2) / 2)

    @pytest.mark.parametrize("solver", ["auto", "adam", "lbfgs", LBFGS(memory=3)])
    def test_the_first_start_is_that_of_one(self, solver):
        one = make(solver=solver).fit(X, Y)
        more = make(solver=solver, n_init=4).fit(X, Y)
        assert len(one.start_losses_) == 1
        assert more.start_losses_[0] == one.start_losses_[0]
        assert len(set(more.start_losses_)) == 4

    def test_more_starts_begin_with_the_same_ones(self):
        few, many = (make(n_init=n, solver="lbfgs").fit(X, Y) for n in (3, 6))
        assert many.start_losses_[:3] == few.start_losses_

    def test_same_random_state_same_bits(self):
        one, two = (make(n_init=3).fit(X, Y) for _ in range(2))
        np.testing.assert_array_equal(theta(one), theta(two))
        assert one.start_losses_ == two.start_losses_
        other = make(n_init=3, random_state=1).fit(X, Y)
        assert not set(one.start_losses_) & set(other.start_losses_)

    @pytest.mark.parametrize("n_jobs", [2, 3, -1])
    @pytest.mark.parametrize(
        "settings",
        [
            {"solver": "adam", "early_stopping": True},
            {"solver": "lbfgs"},
            {"solver": "lm", "max_iter": 5},
            {"learning_rate": "adaptive", "dropout": 0.2},
            {"solver": "sgd", "learning_rate_init": 1.0, "activation": "relu"},
        ],
    )
    def test_any_number_of_jobs_gives_the_same_bits(self, settings, n_jobs):
        one, several = (
            make(n_init=5, n_jobs=n, **settings).fit(X, Y) for n in (None, n_jobs)
        )
        assert several.start_losses_ == one.start_losses_
        np.testing.assert_array_equal(theta(several), theta(one))
        assert several.loss_curve_ == one.loss_curve_
        assert several.n_iter_ == one.n_iter_

    def test_jobs_of_joblib_s_configuration(self):
        model = make(n_init=3, solver="adam")
        alone = theta(model.fit(X, Y))
        with parallel_config("loky", n_jobs=2):
            np.testing.assert_array_equal(theta(model.fit(X, Y)), alone)

    def test_scorers_on_threads_see_the_configuration(self):
        def scorer(estimator, X, y):
            assert get_config()["skip_parameter_validation"]
            return estimator.score(X, y)

        model = make(n_init=4, n_jobs=2, early_stopping=True, scoring=scorer)
        with config_context(skip_parameter_validation=True):
            assert np.isfinite(model.fit(X, Y).start_losses_).all()

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_an_error_in_one_of_them_is_that_of_the_fit(self, n_jobs):
        def scorer(estimator, X, y):
            raise RuntimeError("no score today")

        model = make(n_init=4, n_jobs=n_jobs, early_stopping=True, scoring=scorer)
        with pytest.raises(RuntimeError, match="no score today"):
            model.fit(X, Y)
        assert not hasattr(model, "start_losses_")

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_verbose_has_a_line_for_each(self, n_jobs, capsys):
        settings = {"activation": "relu", "solver": "sgd", "learning_rate_init": 1.0}
        model = make(n_init=8, n_jobs=n_jobs, batch_size=60, verbose=True, **settings)
        losses = model.fit(X, Y).start_losses_
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if line.startswith("Start")] == [
            f"Start {i} of 8: {'diverged' if np.isinf(x) else f'loss {x:.6g}'}"
            for i, x in enumerate(losses, start=1)
        ]
        assert (len(lines) == 8) == (n_jobs > 1)

    def test_all_are_validated_on_the_same_rows(self):
        class Counting(ShuffleSplit):
            n_calls = 0

            def split(self, *args, **kwargs):
                Counting.n_calls += 1
                return super().split(*args, **kwargs)

        model = make(n_init=3, early_stopping=True, validation_fraction=Counting(1))
        assert len(set(model.fit(X, Y).start_losses_)) == 3
        assert Counting.n_calls == 1

    def test_a_start_that_diverges_is_not_kept(self):
        # Of so high a rate some starts survive, by the signs of their weights.
        settings = {"activation": "relu", "solver": "sgd", "learning_rate_init": 1.0}
        model = make(n_init=20, max_iter=20, batch_size=60, **settings).fit(X, Y)
        assert np.isinf(model.start_losses_).any()
        assert np.isfinite(model.loss_)
        assert np.isfinite(theta(model)).all()

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_all_diverging_is_the_error_of_one(self, n_jobs):
        model = make(n_init=3, n_jobs=n_jobs, hidden_layer_sizes=(), solver="sgd")
        with pytest.raises(ValueError, match="Training diverged"):
            model.set_params(learning_rate_init=1e6).fit(X, Y)
        assert not hasattr(model, "start_losses_")

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_time_is_for_all_together(self, n_jobs):
        model = make(n_init=50, n_jobs=n_jobs, max_time=1e-9).fit(X, Y)
        assert np.isfinite(model.start_losses_[0])
        assert np.isnan(model.start_losses_[1:]).all()
        assert model.n_iter_ == 1

    def test_a_warm_start_goes_on_from_the_best(self):
        model = make(n_init=4, solver="lbfgs", warm_start=True, max_iter=5).fit(X, Y)
        first = list(model.start_losses_)
        model.fit(X, Y)
        assert model.start_losses_ == first
        assert model.batch_loss_curve_[5] == pytest.approx(min(first), rel=1e-9)

    def test_pickled_and_cloned(self):
        model = make(n_init=2).fit(X, Y)
        assert clone(model).n_init == 2

    def test_what_says_where_to_start_is_refused(self):
        model = make(n_init=2)
        weights = make().fit(X, Y).coefs_
        with pytest.raises(ValueError, match="n_init=2 can't be used with coef_init"):
            model.fit(X, Y, coef_init=weights)

    def test_no_partial_fit(self):
        assert hasattr(make(solver="adam"), "partial_fit")
        assert not hasattr(make(solver="adam", n_init=2), "partial_fit")

    @pytest.mark.parametrize("n_init", [0, -1, 1.5, "all"])
    def test_bad_numbers(self, n_init):
        with pytest.raises(ValueError, match="'n_init' parameter of BPRegressor"):
            make(n_init=n_init).fit(X, Y)

    def test_callbacks_are_refused(self):
        pytest.importorskip("sklearn.callback")
        from skann.callbacks import TrainingLog

        model = make(n_init=2).set_callbacks(TrainingLog("never.csv"))
        with pytest.raises(ValueError, match="n_init=2 can't be used with callbacks"):
            model.fit(X, Y)


@pytest.mark.parametrize("weight_init", ["nguyen_widrow", "lsuv"])
class TestWeightsForTheData:
    def test_learns(self, weight_init):
        model = make(solver="lbfgs", max_iter=200, weight_init=weight_init)
        assert model.fit(X, Y).score(X, Y) > 0.95

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_columns_in_any_unit(self, weight_init, dtype):
        rows = (X * [1e4, 1e-3] + [1e3, 0]).astype(dtype)
        model = make(weight_init=weight_init, solver="adam", max_iter=1).fit(rows, Y)
        assert model.coefs_[0].dtype == dtype
        assert model.batch_loss_curve_[0] < 2  # before the first step

    def test_of_the_training_alone(self, weight_init):
        model = make(weight_init=weight_init).initialize(X, Y)
        same = make(weight_init=weight_init, solver="sgd", learning_rate_init=1e-12)
        same.set_params(max_iter=1).fit(X, Y)
        np.testing.assert_allclose(theta(model), theta(same), atol=1e-8)


def test_nguyen_widrow_refuses_rectifiers():
    with pytest.raises(ValueError, match=r"weight_init='nguyen_widrow'.*'relu'"):
        make(activation="relu", weight_init="nguyen_widrow").fit(X, Y)


def test_xor_from_a_start_that_fails():
    points, labels = make_xor()
    model = BPClassifier((2,), "tanh", solver="lbfgs", random_state=0)
    scores = [
        [
            clone(model)
            .set_params(random_state=seed, n_init=n)
            .fit(points, labels)
            .score(points, labels)
            for seed in range(10)
        ]
        for n in (1, 10)
    ]
    assert min(scores[0]) < 1
    assert min(scores[1]) == 1

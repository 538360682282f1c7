"""Averaged weights: what is averaged, who sees it, and how training goes on."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skann import BPClassifier, BPRegressor, load_model
from skann.averaging import EMA, SWA

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
Y = X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=120)
# One step an epoch, so that weights after every step are those of shorter trainings.
ONE_STEP = {
    "solver": "sgd",
    "batch_size": 120,
    "learning_rate_init": 0.2,
    "n_iter_no_change": np.inf,
}
STEADY = {"solver": "adam", "n_iter_no_change": np.inf, "learning_rate_init": 0.05}


def path_of(n_steps):
    """Weights at the start and after each step."""
    start = small_net(BPRegressor, **ONE_STEP).initialize(X, Y)
    models = [
        small_net(BPRegressor, max_iter=n, **ONE_STEP).fit(X, Y)
        for n in range(1, n_steps + 1)
    ]
    return [theta(model) for model in (start, *models)]


class TestFormula:
    @pytest.mark.parametrize("decay", [0.0, 0.3, 0.999])
    def test_ema(self, decay):
        start, *steps = path_of(8)
        expected = start
        for n, after in enumerate(steps):
            d = min(decay, (1 + n) / (10 + n))
            expected = d * expected + (1 - d) * after
        model = small_net(BPRegressor, average=EMA(decay), max_iter=8, **ONE_STEP)
        assert_allclose(theta(model.fit(X, Y)), expected, rtol=1e-10)

    @pytest.mark.parametrize(("start", "n_averaged"), [(0.75, 2), (0.5, 4), (0.0, 8)])
    def test_swa(self, start, n_averaged):
        expected = np.mean(path_of(8)[-n_averaged:], axis=0)
        model = small_net(BPRegressor, average=SWA(start), max_iter=8, **ONE_STEP)
        assert_allclose(theta(model.fit(X, Y)), expected, rtol=1e-10)

    def test_swa_that_has_not_begun(self):
        model = small_net(BPRegressor, average=SWA(0.9), max_iter=8, **ONE_STEP)
        assert_allclose(theta(model.fit(X, Y)), path_of(8)[-1], rtol=1e-10)

    @pytest.mark.parametrize("average", ["swa", SWA(0.9)])
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_swa_that_training_does_not_reach_warns(self, Estimator, average):
        model = small_net(Estimator, average=average, max_iter=20, solver="adam")
        model.set_params(tol=10.0, n_iter_no_change=5, learning_rate_init=0.03)
        with pytest.warns(
            ConvergenceWarning, match="average=.* no effect: .* 6 of max"
        ):
            model.fit(X, Y > 0)

    def test_torch_s(self):
        swa_utils = pytest.importorskip("torch.optim.swa_utils")
        torch = pytest.importorskip("torch")
        weights = torch.nn.Linear(3, 2)
        ema = swa_utils.get_ema_multi_avg_fn(0.05)
        theirs = swa_utils.AveragedModel(weights, multi_avg_fn=ema)
        ours = EMA(0.05)
        average = weights.weight.detach().numpy().copy()
        theirs.update_parameters(weights)  # takes the first as they are
        for n in range(5):
            with torch.no_grad():
                weights.weight.add_(torch.randn(2, 3))
            theirs.update_parameters(weights)
            average += ours.share(n, 0.0) * (weights.weight.detach().numpy() - average)
        assert_allclose(average, theirs.module.weight.detach().numpy(), rtol=1e-5)

    @pytest.mark.parametrize("name", ["ema", "swa"])
    def test_names_are_the_default_objects(self, name):
        kind = {"ema": EMA, "swa": SWA}[name]
        one, other = (
            small_net(BPRegressor, average=each).fit(X, Y) for each in (name, kind())
        )
        assert_array_equal(theta(one), theta(other))


class TestWhoSeesIt:
    @pytest.mark.parametrize("average", ["ema", SWA(0.5)])
    def test_validation_and_the_best_weights(self, average):
        model = small_net(
            BPRegressor, average=average, max_iter=12, early_stopping=True, **STEADY
        )
        model.fit(X[:90], Y[:90], X_val=X[90:], y_val=Y[90:])
        errors = (model.predict(X[90:]) - Y[90:]) / model.y_scale_
        best = model.validation_loss_curve_[model.best_iter_ - 1]
        assert 0.5 * np.mean(errors**2) == pytest.approx(best, rel=1e-9)
        assert best == min(model.validation_loss_curve_)

    def test_it_is_steadier(self):
        # At a high rate weights go to and fro; their average stays.
        noisy = Y + rng.normal(size=120)
        plain, ema = (
            small_net(BPRegressor, average=average, max_iter=60, **STEADY)
            .fit(X, noisy, X_val=X, y_val=Y)
            .validation_loss_curve_[-20:]
            for average in (None, "ema")
        )
        assert np.std(ema) < 0.5 * np.std(plain)


class TestGoingOn:
    def test_a_warm_start_is_training_without_a_break(self):
        whole = small_net(BPRegressor, average="ema", max_iter=6, **STEADY)
        parts = small_net(BPRegressor, average="ema", max_iter=3, **STEADY)
        parts.set_params(warm_start=True).fit(X, Y).fit(X, Y)
        assert_array_equal(theta(parts), theta(whole.fit(X, Y)))

    @pytest.mark.parametrize("way", ["nothing", "pickle", "file", "copy"])
    def test_partial_fit_goes_on_from_what_is_not_averaged(self, way, tmp_path):
        whole = small_net(BPRegressor, average="ema", max_iter=3, **STEADY)
        model = small_net(BPRegressor, average="ema", **STEADY).partial_fit(X, Y)
        if way == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif way == "copy":
            model = copy.deepcopy(model)
        elif way == "file":
            model.save_model(tmp_path / "model.skann")
            model = load_model(tmp_path / "model.skann")
        model.partial_fit(X, Y).partial_fit(X, Y)
        # Units of the targets are those of all rows so far: the same rows each time.
        assert_allclose(theta(model), theta(whole.fit(X, Y)), rtol=1e-9)

    def test_weights_that_somebody_sets_are_gone_on_from(self):
        model = small_net(BPRegressor, average="ema", learning_rate_init=1e-30)
        model.set_params(solver="adam").partial_fit(X, Y)
        model.coefs_[0][:] = 7.0
        assert_array_equal(model.partial_fit(X, Y).coefs_[0], 7.0)

    def test_a_finished_fit_keeps_no_more_than_its_weights(self):
        sizes = [
            len(pickle.dumps(small_net(BPRegressor, average=average).fit(X, Y)))
            for average in (None, "ema")
        ]
        assert sizes[1] < sizes[0] + 200

    def test_targets_in_other_units_go_on_predicting_the_same(self):
        model = small_net(BPRegressor, average="ema", solver="adam")
        model.partial_fit(X, Y).set_params(learning_rate_init=1e-30)
        before = model.partial_fit(X, Y).predict(X)
        after = model.partial_fit(X, 5 + 30 * Y).predict(X)
        # The moving weights have taken a part in the average since.
        assert np.corrcoef(before, after)[0, 1] > 0.999
        assert abs(after - before).max() < 0.2 * np.ptp(before)

    def test_with_every_optimiser_and_engine(self):
        for solver in ("auto", "sgd", "adamw", "lion", "rmsprop"):
            for loss in ("squared_error", "huber"):
                model = small_net(BPRegressor, solver=solver, loss=loss, average="ema")
                assert np.isfinite(model.fit(X.astype("f"), Y).predict(X)).all()
                assert model.coefs_[0].dtype == np.float32


class TestRefusals:
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_what_is_none(self, Estimator):
        for wrong in ("mean", 0.9, EMA):
            with pytest.raises(ValueError, match="'average' parameter"):
                Estimator(average=wrong).fit(X, Y > 0)
        with pytest.raises(ValueError, match="'decay' parameter of EMA"):
            Estimator(average=EMA(1.0)).fit(X, Y > 0)

    @pytest.mark.parametrize("average", ["swa", SWA()])
    def test_a_stream_has_no_last_quarter(self, average):
        model = BPRegressor(average=average)
        assert not hasattr(model, "partial_fit")
        with pytest.raises(AttributeError) as caught:
            _ = model.partial_fit
        assert "needs to know how many epochs" in str(caught.value)

    def test_solvers_that_take_all_rows(self):
        with pytest.raises(ValueError, match="average='ema' can't be used with solver"):
            BPRegressor(average="ema", solver="lbfgs").fit(X, Y)

    def test_a_search_reaches_the_settings(self):
        net = small_net(BPRegressor, average=EMA())
        search = GridSearchCV(net, {"average__decay": [0.5, 0.9]}, cv=2)
        assert set(search.fit(X, Y).best_params_) == {"average__decay"}

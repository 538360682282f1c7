"""SciPy's minimisers in training: the minimum, the ends, what they cost."""

import warnings

import numpy as np
import pytest
from _minimizing import IRIS, SPECIES, classifier, over_minimizers
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score

from skann import BPRegressor
from skann._optimize.minimizers import MINIMIZERS
from skann.solvers import LBFGS, NewtonCG, TrustNCG

# Short budgets are meant as they are; TestEnds expects the warning by name.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@over_minimizers
class TestSameMinimum:
    def test_logistic_regression(self, solver):
        model = classifier(solver, ()).fit(IRIS, SPECIES)
        reference = LogisticRegression(
            C=1 / (0.01 * len(IRIS)), tol=1e-10, solver="newton-cg"
        )
        reference.set_params(max_iter=10_000).fit(IRIS, SPECIES)
        assert model.stop_reason_ == "the gradient is small enough"
        np.testing.assert_allclose(model.coefs_[0].T, reference.coef_, atol=2e-4)
        np.testing.assert_allclose(
            model.predict_proba(IRIS), reference.predict_proba(IRIS), atol=1e-4
        )

    def test_two_classes_with_row_weights(self, solver):
        weight = np.linspace(0, 2, 100)
        X, y = IRIS[50:], SPECIES[50:]
        model = classifier(solver, ()).fit(X, y, sample_weight=weight)
        reference = LogisticRegression(
            C=1 / (0.01 * weight.sum()), tol=1e-10, solver="newton-cg"
        )
        reference.set_params(max_iter=10_000).fit(X, y, sample_weight=weight)
        assert model.stop_reason_ == "the gradient is small enough"
        np.testing.assert_allclose(model.coefs_[0].T, reference.coef_, atol=1e-4)

    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_ridge(self, solver, n_targets):
        X, y = make_regression(80, 6, n_targets=n_targets, noise=5, random_state=0)
        y = y / y.std()
        model = BPRegressor((), solver=solver, alpha=0.1, tol=1e-7, max_iter=1000)
        model.set_params(normalize_y=False).fit(X, y)
        reference = Ridge(alpha=0.1 * 80).fit(X, y)
        assert model.stop_reason_ == "the gradient is small enough"
        np.testing.assert_allclose(
            model.coefs_[0].T.squeeze(), reference.coef_, atol=1e-5
        )
        np.testing.assert_allclose(model.predict(X), reference.predict(X), atol=1e-5)

    def test_ridge_in_the_target_s_own_unit(self, solver):
        # Standardised targets have the same minimum, for the penalty's scale follows.
        X, y = make_regression(80, 6, noise=5, random_state=0)
        y = 1000 + 10 * y
        model = BPRegressor((), solver=solver, alpha=0.1, tol=1e-9, max_iter=1000)
        reference = Ridge(alpha=0.1 * 80).fit(X, y)
        np.testing.assert_allclose(
            model.fit(X, y).predict(X), reference.predict(X), atol=1e-5 * y.std()
        )

    def test_targets_that_are_not_observed(self, solver):
        X, Y = make_regression(80, 6, n_targets=2, noise=5, random_state=0)
        Y /= Y.std(axis=0)
        Y[::3, 0] = Y[1::3, 1] = np.nan
        model = BPRegressor((), solver=solver, alpha=0.1, tol=1e-8, max_iter=1000)
        model.set_params(normalize_y=False, missing_targets="ignore").fit(X, Y)
        for k, y in enumerate(Y.T):
            seen = np.isfinite(y)
            # The loss's mean is over all rows, with an error of 0 for what is NaN.
            reference = Ridge(alpha=0.1 * 80).fit(X[seen], y[seen])
            np.testing.assert_allclose(
                model.coefs_[0][:, k], reference.coef_, atol=1e-5
            )
            np.testing.assert_allclose(
                model.predict(X)[:, k], reference.predict(X), atol=1e-5
            )

    def test_several_columns_of_classes_are_so_many_regressions(self, solver):
        Y = np.stack([SPECIES, SPECIES[::-1] == 1], axis=1)
        model = classifier(solver, ()).fit(IRIS, Y)
        # Two classes share a difference of weights between two outputs, half each;
        # alone there is one output, and the same penalty is half as strong.
        for y, proba, alpha in zip(
            Y.T, model.predict_proba(IRIS), (0.01, 0.005), strict=True
        ):
            alone = classifier(solver, (), alpha=alpha).fit(IRIS, y)
            np.testing.assert_allclose(proba, alone.predict_proba(IRIS), atol=1e-4)


@over_minimizers
class TestFit:
    @pytest.mark.parametrize("size", [1e60, 1e100, 1e150])
    def test_huge_targets_give_sound_predictions_or_a_clear_error(self, solver, size):
        y = size * np.sin(IRIS[:, 0])
        model = BPRegressor((5,), solver=solver, max_iter=5, random_state=0)
        try:
            model.set_params(normalize_y=False).fit(IRIS, y, np.full(150, 1e300))
        except ValueError as error:
            assert "Training diverged" in str(error)  # noqa: PT017
            assert "and y" in str(error)  # noqa: PT017
            assert not hasattr(model, "coefs_")
        else:
            assert np.isfinite(model.predict(IRIS)).all()

    def test_one_row_with_a_huge_target(self, solver):
        model = BPRegressor((5, 2), "identity", solver=solver, random_state=3043)
        model.set_params(normalize_y=False, max_iter=5)
        try:
            model.fit([[0.0]], [1e100])
        except ValueError as error:
            assert "Training diverged" in str(error)  # noqa: PT017
        else:
            assert np.isfinite(model.loss_)

    def test_float32_in_float32_out(self, solver):
        X = IRIS.astype(np.float32)
        model = classifier(solver, max_iter=5).fit(X, SPECIES)
        assert {W.dtype for W in model.coefs_} == {np.dtype(np.float32)}
        assert model.predict_proba(X).dtype == np.float32
        exact = classifier(solver, max_iter=5).fit(X.astype(float), SPECIES)
        np.testing.assert_allclose(model.coefs_[0], exact.coefs_[0], rtol=1e-3)

    def test_j_is_that_of_the_mini_batch_solvers(self, solver):
        weight = np.linspace(0.5, 2, len(IRIS))
        model = classifier(solver, max_iter=7).fit(IRIS, SPECIES, weight)
        step = classifier("sgd", max_iter=1, batch_size=len(IRIS))
        step.fit(
            IRIS,
            SPECIES,
            weight,
            coef_init=model.coefs_,
            intercept_init=model.intercepts_,
        )
        # The loss of a batch is from before its update.
        assert step.batch_loss_curve_[0] == pytest.approx(model.loss_, rel=1e-12)

    def test_same_random_state_same_bits(self, solver):
        one, two = (
            classifier(solver, max_iter=20).fit(IRIS, SPECIES) for _ in range(2)
        )
        assert one.loss_curve_ == two.loss_curve_
        np.testing.assert_array_equal(one.coefs_[0], two.coefs_[0])

    def test_a_weight_is_so_many_rows(self, solver):
        times = np.arange(len(IRIS)) % 3
        weighted = classifier(solver, max_iter=8).fit(IRIS, SPECIES, times)
        repeated = classifier(solver, max_iter=8).fit(
            np.repeat(IRIS, times, axis=0), np.repeat(SPECIES, times)
        )
        np.testing.assert_allclose(
            weighted.loss_curve_, repeated.loss_curve_, rtol=1e-6
        )

    def test_sparse_is_dense(self, solver):
        X = np.maximum(IRIS, 0)
        dense = classifier(solver, max_iter=8).fit(X, SPECIES)
        other = classifier(solver, max_iter=8).fit(sparse.csr_matrix(X), SPECIES)
        np.testing.assert_allclose(dense.loss_curve_, other.loss_curve_, rtol=1e-6)

    def test_going_on_goes_down(self, solver):
        model = classifier(solver, max_iter=5, warm_start=True).fit(IRIS, SPECIES)
        model.fit(IRIS, SPECIES)
        assert (model.n_iter_, len(model.loss_curve_)) == (5, 10)
        assert model.loss_curve_ == sorted(model.loss_curve_, reverse=True)

    def test_multilabel_and_several_targets(self, solver):
        Y = np.stack([SPECIES == 0, SPECIES == 1], axis=1).astype(int)
        assert classifier(solver, alpha=1e-4).fit(IRIS, Y).score(IRIS, Y) > 0.9
        targets = np.sin(IRIS @ np.array([[1.0, 0.5], [0, 1], [0.5, 0], [0, 0.2]]))
        model = BPRegressor((8,), "tanh", solver=solver, random_state=0, tol=1e-3)
        assert r2_score(targets, model.fit(IRIS, targets).predict(IRIS)) > 0.95


@over_minimizers
class TestEnds:
    def test_early_stopping_keeps_the_best(self, solver):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(80, 10)), rng.normal(size=80)
        model = BPRegressor(
            (20,),
            "tanh",
            solver=solver,
            early_stopping=True,
            validation_fraction=0.3,
            n_iter_no_change=3,
            max_iter=500,
            random_state=0,
        ).fit(X, y)
        assert "validation loss did not improve" in model.stop_reason_
        best = int(np.argmin(model.validation_loss_curve_))
        assert best < model.n_iter_ - 1
        assert model.best_validation_score_ == model.validation_scores_[best]
        # Weights of that iteration: those of a run that ends there.
        shorter = clone(model).set_params(max_iter=best + 1).fit(X, y)
        np.testing.assert_array_equal(model.coefs_[0], shorter.coefs_[0])

    # A limit is no convergence, however patient one is.
    @pytest.mark.parametrize("n_iter_no_change", [1, np.inf])
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_max_iter_warns(self, solver, early_stopping, n_iter_no_change):
        model = classifier(
            solver,
            max_iter=3,
            early_stopping=early_stopping,
            n_iter_no_change=max(n_iter_no_change, 5 * early_stopping),
        )
        with pytest.warns(ConvergenceWarning, match="stopped at max_iter=3 .*Raise"):
            model.fit(IRIS, SPECIES)
        assert model.n_iter_ == 3
        assert model.stop_reason_ == "max_iter reached"

    @pytest.mark.parametrize("n_iter_no_change", [1, np.inf])
    @pytest.mark.parametrize("as_object", [False, True])
    def test_max_fun_warns_of_the_solver_s_own(
        self, solver, as_object, n_iter_no_change
    ):
        model = classifier(solver, max_fun=60)
        if as_object:
            model = classifier(MINIMIZERS[solver](max_fun=60))
        model.set_params(tol=0, n_iter_no_change=n_iter_no_change)
        with pytest.warns(
            ConvergenceWarning, match=r"stopped at max_fun=60 .*Raise max_fun\.$"
        ):
            model.fit(IRIS, SPECIES)
        assert model.stop_reason_ == "max_fun reached"

    def test_target_loss_ends_at_the_first_loss_that_reaches_it(self, solver):
        full = classifier(solver, max_iter=30).fit(IRIS, SPECIES).loss_curve_
        target = (full[4] + full[10]) / 2
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = classifier(solver, target_loss=target).fit(IRIS, SPECIES)
        assert model.stop_reason_ == f"target_loss={target:g} reached"
        assert model.loss_ <= target < model.loss_curve_[-2]
        assert model.loss_curve_ == full[: model.n_iter_]

    def test_time_that_is_over_at_once_leaves_one_iteration(self, solver):
        model = classifier(solver, max_time=1e-9).fit(IRIS, SPECIES)
        assert model.n_iter_ == 1
        assert model.stop_reason_ == "max_time=1e-09 seconds are over"

    def test_tol_is_the_largest_component_of_the_gradient(self, solver):
        model = classifier(solver, (), tol=1e-3).fit(IRIS, SPECIES)
        assert model.stop_reason_ == "the gradient is small enough"
        onehot = np.eye(3)[SPECIES]
        delta = (model.predict_proba(IRIS) - onehot) / len(IRIS)
        gradient = IRIS.T @ delta + 0.01 * model.coefs_[0]
        assert max(abs(gradient).max(), abs(delta.sum(axis=0)).max()) <= 1e-3

    def test_short_steps_are_no_end_while_the_gradient_is_large(self, solver):
        # Large features: steps that look like nothing still change the loss.
        rng = np.random.default_rng(0)
        X = 1000 * rng.normal(size=(60, 3))
        y = X @ [1e-3, 2e-3, 3e-3]
        options = {"tol": 1e-5, "max_iter": 1000, "normalize_y": False}
        model = BPRegressor((), solver=solver, random_state=0, **options)
        assert model.fit(X, y).stop_reason_ == "the gradient is small enough"
        np.testing.assert_allclose(
            model.coefs_[0].ravel(), [1e-3, 2e-3, 3e-3], rtol=1e-4
        )

    def test_verbose_tells_of_every_iteration(self, solver, capsys):
        model = classifier(solver, max_iter=4, verbose=True).fit(IRIS, SPECIES)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 6
        assert lines[-2].split()[:4] == ["4", "of", "4", f"{model.loss_:.6g}"]

    def test_no_warning_where_no_better_point_is_found(self, solver):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = classifier(solver, tol=0, max_iter=10_000).fit(IRIS, SPECIES)
        assert "no step was found" in model.stop_reason_


# What docs/minimizers.md says of where Newton's methods pay. That they do not on a
# network is what examples/plot_second_order.py ends in.
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [NewtonCG, TrustNCG])
def test_newton_is_ahead_in_as_many_gradients_where_it_pays(kind, seed):
    X, y = load_breast_cancer(return_X_y=True)
    loss, other = (
        classifier(each(max_fun=800), (), alpha=1e-4, tol=0, max_iter=100_000)
        .set_params(random_state=seed, standardize=False)
        .fit(X, y)
        .loss_
        for each in (kind, LBFGS)
    )
    assert loss < 0.077 < 0.079 < other

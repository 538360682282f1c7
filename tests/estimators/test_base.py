"""What both estimators do alike: row weights, kinds of data, chance, records, stops.

How a network starts is held in test_regressor.py, where its outputs are seen as they
are, and how training goes on in a later call in test_persistence.py.
"""

import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skann import BPClassifier, BPRegressor

pytestmark = [
    pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor]),
    # How far L-BFGS gets in five iterations is nobody's question here.
    pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH),
]
each_solver = pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
each_pass_solver = pytest.mark.parametrize("solver", ["adam", "sgd"])
with_and_without_stopping = pytest.mark.parametrize("early_stopping", [False, True])

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: np.sin(X[:, 0]) + X[:, 1] * X[:, 2],
}
POSITIVE = rng.uniform(0.5, 2, 60)
SOME_ZERO = np.where(rng.uniform(size=60) < 0.3, 0, POSITIVE)

# A rate so small that it changes no weight: what a fit starts from stays visible.
STILL = {"learning_rate_init": 1e-300, "momentum": 0.0}
FULL_BATCH = {"batch_size": 10**6}


SMALL = {"hidden_layer_sizes": 7, "max_iter": 5, "batch_size": 16, "random_state": 0}


def make(Estimator, **parameters):
    return Estimator(**(SMALL | parameters))


def assert_same_training(a, b):
    """The two models are the same bit for bit, and so is what led to them."""
    assert_array_equal(theta(a), theta(b))
    assert theta(a).dtype == theta(b).dtype
    assert a.loss_curve_ == b.loss_curve_
    assert_array_equal(a.batch_loss_curve_, b.batch_loss_curve_)
    assert a.validation_loss_curve_ == b.validation_loss_curve_
    assert a.validation_scores_ == b.validation_scores_


class TestSampleWeight:
    @each_solver
    def test_weight_two_is_a_row_repeated(self, Estimator, solver):
        y, weight = Y[Estimator], np.random.RandomState(1).randint(1, 4, 60)
        settings = FULL_BATCH | {"solver": solver, "alpha": 0.1}
        a = make(Estimator, **settings).fit(X, y, weight)
        b = make(Estimator, **settings).fit(X.repeat(weight, 0), y.repeat(weight))
        assert_allclose(theta(a), theta(b), rtol=1e-7)
        assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-9)

    @each_solver
    @with_and_without_stopping
    @pytest.mark.parametrize("shuffle", [True, False])
    def test_weight_zero_is_a_row_removed(
        self, Estimator, solver, early_stopping, shuffle
    ):
        y, kept = Y[Estimator], SOME_ZERO > 0
        model = make(
            Estimator, solver=solver, early_stopping=early_stopping, shuffle=shuffle
        )
        a = clone(model).fit(X, y, SOME_ZERO)
        b = clone(model).fit(X[kept], y[kept], SOME_ZERO[kept])
        assert_same_training(a, b)
        assert a.t_ == b.t_

    @each_solver
    @with_and_without_stopping
    def test_unit_weights_are_none(self, Estimator, solver, early_stopping):
        model = make(Estimator, solver=solver, early_stopping=early_stopping)
        a = clone(model).fit(X, Y[Estimator])
        b = clone(model).fit(X, Y[Estimator], np.ones(60))
        assert_same_training(a, b)

    @each_solver
    @with_and_without_stopping
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("power", [-300, 300])
    def test_only_ratios_matter(self, Estimator, solver, early_stopping, dtype, power):
        model = make(Estimator, solver=solver, early_stopping=early_stopping)
        rows, y = X.astype(dtype), Y[Estimator]
        a = clone(model).fit(rows, y, SOME_ZERO)
        # A power of two rounds nothing; float32 could not hold these.
        b = clone(model).fit(rows, y, SOME_ZERO * 2.0**power)
        assert_same_training(a, b)

    @each_pass_solver
    @pytest.mark.parametrize("smallest", [0.0, 1e-60])
    def test_a_batch_of_no_weight_is_no_error(self, Estimator, solver, smallest):
        weight = np.where(np.arange(60) < 16, smallest, 1.0)
        rows = X.astype(np.float32)  # in which 1e-60 is zero
        model = make(Estimator, solver=solver, shuffle=False, momentum=0.0)
        model.fit(rows, Y[Estimator], weight)
        assert np.isfinite(theta(model)).all()
        assert np.isfinite(model.loss_curve_).all()


class TestKindsOfData:
    @each_solver
    @with_and_without_stopping
    @pytest.mark.parametrize(
        "kind",
        [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.csc_array],
    )
    def test_sparse_is_dense(self, Estimator, solver, early_stopping, kind):
        dense, y = np.where(np.abs(X) > 0.7, X, 0), Y[Estimator]
        model = make(Estimator, solver=solver, early_stopping=early_stopping)
        a = clone(model).fit(dense, y, POSITIVE)
        b = clone(model).fit(kind(dense), y, POSITIVE)
        assert_allclose(theta(a), theta(b), rtol=1e-9, atol=1e-9)
        assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-9)
        assert_allclose(a.predict(dense), b.predict(kind(dense)), atol=1e-9)

    @with_and_without_stopping
    @pytest.mark.parametrize(
        ("optimiser", "tol"),
        [
            ({"solver": "adam"}, 1e-6),  # lazy updates approximate by way of epsilon
            ({"solver": "adam", "epsilon": 1e-20}, 1e-9),
            ({"solver": "sgd"}, 1e-9),
            ({"solver": "sgd", "nesterovs_momentum": False}, 1e-9),
            ({"solver": "sgd", "momentum": 0.0}, 1e-9),
        ],
        ids=str,
    )
    def test_sparse_is_dense_where_batches_meet_few_features(
        self, Estimator, early_stopping, optimiser, tol
    ):
        wide = np.zeros((60, 400))
        columns = np.random.RandomState(1).randint(400, size=(60, 5))
        wide[np.arange(60)[:, None], columns] = X
        model = make(Estimator, batch_size=4, early_stopping=early_stopping)
        model.set_params(max_iter=10, **optimiser)
        a = clone(model).fit(wide, Y[Estimator], POSITIVE)
        b = clone(model).fit(sparse.csr_array(wide), Y[Estimator], POSITIVE)
        assert_allclose(theta(a), theta(b), atol=tol)

    @with_and_without_stopping
    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
    def test_sparse_is_never_made_dense(self, Estimator, early_stopping, kind):
        n_rows, n_features = 100_000, 1_000_000  # 800 GB, and a batch alone 160 GB
        columns = np.random.RandomState(0).randint(n_features, size=n_rows)
        data = (np.ones(n_rows), columns, np.arange(n_rows + 1))
        rows, y = kind(data, shape=(n_rows, n_features)), columns % 2
        model = make(Estimator, hidden_layer_sizes=1, batch_size=20_000, max_iter=1)
        model.set_params(early_stopping=early_stopping).fit(rows, y)
        assert model.predict(rows).shape == (n_rows,)
        assert model.coefs_[0].shape == (n_features, 1)

    @each_solver
    @with_and_without_stopping
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dtype_is_kept(self, Estimator, solver, early_stopping, dtype):
        rows = X.astype(dtype)
        model = make(Estimator, solver=solver, early_stopping=early_stopping)
        model.fit(rows, Y[Estimator], POSITIVE)
        assert {p.dtype for p in model.coefs_ + model.intercepts_} == {np.dtype(dtype)}
        method = "predict" if Estimator is BPRegressor else "predict_proba"
        assert getattr(model, method)(rows).dtype == dtype
        twin = clone(model).fit(sparse.csr_array(rows), Y[Estimator], POSITIVE)
        assert theta(twin).dtype == dtype

    @pytest.mark.parametrize("convert", [np.int8, np.int64, bool, list])
    def test_other_numbers_train_in_float64(self, Estimator, convert):
        whole = np.round(X)
        if convert is bool:
            whole = (whole != 0).astype(float)
        given = whole.tolist() if convert is list else whole.astype(convert)
        a, b = (make(Estimator).fit(rows, Y[Estimator]) for rows in (given, whole))
        assert theta(a).dtype == np.float64
        assert_same_training(a, b)

    def test_memory_order_makes_no_difference(self, Estimator):
        a = make(Estimator).fit(X, Y[Estimator])
        for rows in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2]):
            assert_same_training(a, make(Estimator).fit(rows, Y[Estimator]))

    def test_feature_names(self, Estimator):
        pandas = pytest.importorskip("pandas")
        names = [f"feature {i}" for i in range(5)]
        frame = pandas.DataFrame(X, columns=names)
        model = make(Estimator).fit(frame, pandas.Series(Y[Estimator]))
        assert_array_equal(model.feature_names_in_, names)
        assert model.n_features_in_ == 5
        assert_same_training(model, make(Estimator).fit(X, Y[Estimator]))
        for other in (frame[names[::-1]], frame.rename(columns={names[0]: "new"})):
            with pytest.raises(ValueError, match="feature names should match"):
                model.predict(other)
            with pytest.raises(ValueError, match="feature names should match"):
                model.partial_fit(other, Y[Estimator])


class TestChance:
    @each_solver
    @with_and_without_stopping
    def test_random_state(self, Estimator, solver, early_stopping):
        model = make(Estimator, solver=solver, early_stopping=early_stopping)
        a, b = (clone(model).fit(X, Y[Estimator]) for _ in range(2))
        assert_same_training(a, b)
        other = clone(model).set_params(random_state=1).fit(X, Y[Estimator])
        assert not np.array_equal(theta(a), theta(other))
        instance = np.random.RandomState(0)
        model.set_params(random_state=instance)
        assert_same_training(a, model.fit(X, Y[Estimator]))
        # The instance has moved on, so the second fit is another.
        assert not np.array_equal(theta(a), theta(model.fit(X, Y[Estimator])))

    def test_clone_and_parameters(self, Estimator):
        model = make(Estimator, activation="tanh", alpha=0.1).fit(X, Y[Estimator])
        parameters = model.get_params()
        copy = clone(model)
        assert not hasattr(copy, "coefs_")
        assert copy.get_params() == parameters
        again = Estimator().set_params(**parameters)
        assert_same_training(model, again.fit(X, Y[Estimator]))


class TestRecord:
    @each_pass_solver
    @pytest.mark.parametrize("batch_size", [1, 16, 60, "auto"])
    def test_an_epoch_is_the_mean_of_its_batches(self, Estimator, solver, batch_size):
        model = make(Estimator, solver=solver, batch_size=batch_size, alpha=0.1)
        model.fit(X, Y[Estimator])
        size = 60 if batch_size == "auto" else batch_size
        rows = np.diff([*range(0, 60, size), 60])
        assert model.batch_loss_curve_.dtype == np.float64
        epochs = model.batch_loss_curve_.reshape(5, len(rows))
        assert_allclose(epochs @ rows / 60, model.loss_curve_, rtol=1e-12)

    def test_a_loss_is_taken_before_its_update(self, Estimator):
        # Two kinds of solvers, and one J: each starts where the other has got to.
        settings = FULL_BATCH | {"alpha": 0.1}
        adam = settings | {"solver": "adam"}
        a = make(Estimator, max_iter=3, **adam).fit(X, Y[Estimator], POSITIVE)
        b = make(Estimator, max_iter=4, **adam).fit(X, Y[Estimator], POSITIVE)
        c = make(Estimator, solver="lbfgs", **settings).fit(
            X, Y[Estimator], POSITIVE, coef_init=a.coefs_, intercept_init=a.intercepts_
        )
        assert b.loss_curve_[:3] == a.loss_curve_
        assert_allclose(c.batch_loss_curve_[0], b.loss_curve_[3], rtol=1e-12)
        assert_allclose(c.batch_loss_curve_[1:], c.loss_curve_[:-1], rtol=1e-12)
        d = make(Estimator, max_iter=1, **adam).fit(
            X, Y[Estimator], POSITIVE, coef_init=c.coefs_, intercept_init=c.intercepts_
        )
        assert_allclose(d.loss_, c.loss_, rtol=1e-12)

    @each_solver
    def test_counts(self, Estimator, solver):
        model = make(Estimator, solver=solver).fit(X, Y[Estimator], SOME_ZERO)
        assert model.n_iter_ == len(model.loss_curve_) == 5
        assert model.t_ == 5 * np.count_nonzero(SOME_ZERO)
        assert model.n_layers_ == 3
        assert model.n_outputs_ == (1 if Estimator is BPRegressor else 3)
        assert model.loss_ == model.loss_curve_[-1]
        assert model.best_loss_ == min(model.loss_curve_)
        assert "max_iter" in model.stop_reason_
        assert model.validation_loss_curve_ is None
        assert model.validation_scores_ is None
        assert model.best_validation_score_ is None

    def test_verbose_prints_every_epoch(self, Estimator, capsys):
        model = make(Estimator, verbose=True).fit(X, Y[Estimator])
        head, *lines, last = capsys.readouterr().out.splitlines()
        assert head.split()[:2] == ["epoch", "loss"]
        for i, (line, loss) in enumerate(zip(lines, model.loss_curve_, strict=True)):
            assert line.split()[:4] == [str(i + 1), "of", "5", f"{loss:.6g}"]
        assert last == "Stopped: max_iter reached."


class TestStops:
    @each_pass_solver
    @with_and_without_stopping
    @pytest.mark.parametrize("n_iter_no_change", [1, 5])
    def test_patience(self, Estimator, solver, early_stopping, n_iter_no_change):
        settings = STILL | FULL_BATCH | {"solver": solver, "max_iter": 50}
        model = make(Estimator, early_stopping=early_stopping, **settings)
        model.set_params(n_iter_no_change=n_iter_no_change).fit(X, Y[Estimator])
        # The first epoch improves on nothing at all.
        assert model.n_iter_ == 1 + n_iter_no_change
        assert f"{n_iter_no_change} consecutive" in model.stop_reason_
        assert "tol=0.0001" in model.stop_reason_
        assert ("validation" in model.stop_reason_) == early_stopping

    @each_pass_solver
    def test_adaptive_lowers_the_rate_before_it_stops(self, Estimator, solver):
        model = make(Estimator, solver=solver, tol=1e9, n_iter_no_change=3, max_iter=50)
        model.set_params(learning_rate="adaptive").fit(X, Y[Estimator])
        # 1e-3 can be divided by 5 five times before it is below 1e-6.
        assert model.n_iter_ == 1 + 3 * (5 + 1)

    def test_a_budget_too_short_to_converge_warns(self, Estimator):
        model = make(Estimator, solver="adam", n_iter_no_change=4, tol=0.0)
        model.set_params(learning_rate_init=0.05)
        with pytest.warns(ConvergenceWarning, match="max_iter=5 .* by [1-9][0-9]%"):
            model.fit(X, Y[Estimator])
        fall = 1 - model.loss_curve_[-1] / model.loss_curve_[0]
        assert fall > 0.1
        model.set_params(max_iter=4).fit(X, Y[Estimator])  # too short to judge by

    def test_a_budget_in_which_little_has_been_gained_does_not(self, Estimator):
        model = make(Estimator, solver="adam", n_iter_no_change=4, tol=0.0)
        model.set_params(learning_rate_init=1e-4).fit(
            X, Y[Estimator]
        )  # a warning is an error
        losses = model.loss_curve_
        assert 0 < 1 - losses[-1] / losses[0] < 0.1
        assert model.stop_reason_ == "max_iter reached"

    def test_a_minimiser_that_a_limit_has_ended_warns(self, Estimator):
        model = make(Estimator, solver="lbfgs", max_iter=1)
        with pytest.warns(ConvergenceWarning, match=r"max_iter=1 .*Raise max_iter\.$"):
            model.fit(X, Y[Estimator])
        model.set_params(max_iter=500, max_fun=4)
        with pytest.warns(ConvergenceWarning, match=r"max_fun=4 .*Raise max_fun\.$"):
            model.fit(X, Y[Estimator])

    def test_a_learning_rate_that_a_minimiser_does_not_use_warns(self, Estimator):
        model = make(Estimator, solver="lbfgs", learning_rate="adaptive")
        with pytest.warns(UserWarning, match="'adaptive' is not used by .*'lbfgs'"):
            model.fit(X, Y[Estimator])
        plain = make(Estimator, solver="lbfgs").fit(X, Y[Estimator])
        assert_same_training(model, plain)

    @each_solver
    def test_early_stopping_keeps_the_best(self, Estimator, solver):
        model = make(
            Estimator,
            solver=solver,
            early_stopping=True,
            validation_fraction=0.25,
            learning_rate_init=0.1,
            max_iter=40,
            n_iter_no_change=8,
        ).fit(X, Y[Estimator], POSITIVE)
        losses, scores = model.validation_loss_curve_, model.validation_scores_
        assert len(losses) == len(scores) == len(model.loss_curve_) == model.n_iter_
        assert model.t_ == 45 * model.n_iter_
        best = int(np.argmin(losses))
        assert best < model.n_iter_ - 1 < 39
        assert model.best_validation_score_ == scores[best]
        twin = clone(model).set_params(max_iter=best + 1, n_iter_no_change=40)
        twin.fit(X, Y[Estimator], POSITIVE)
        assert twin.validation_loss_curve_ == losses[: best + 1]
        assert_array_equal(theta(twin), theta(model))

    @each_solver
    def test_interrupt_keeps_what_has_been_learnt(self, Estimator, solver, monkeypatch):
        printed = []

        def interrupt(line):
            printed.append(line)
            if len(printed) == 4:  # the heading and three lines
                raise KeyboardInterrupt

        model = make(Estimator, solver=solver, verbose=True)
        with monkeypatch.context() as patch:
            patch.setattr("builtins.print", interrupt)
            with pytest.warns(UserWarning, match="interrupted"):
                model.fit(X, Y[Estimator])
        assert "interrupted" in model.stop_reason_
        assert model.n_iter_ == 3
        twin = clone(model).set_params(verbose=False, max_iter=3).fit(X, Y[Estimator])
        assert_same_training(model, twin)


def test_patience_without_end(Estimator):
    net = Estimator((3,), solver="adam", n_iter_no_change=np.inf, max_iter=40, tol=10.0)
    assert net.fit(np.eye(4), [0, 1, 0, 1]).n_iter_ == 40


@pytest.mark.parametrize("problem", [MemoryError(), ValueError("no")])
def test_error_in_a_diagnosis_does_not_end_the_fit(Estimator, monkeypatch, problem):
    def fail(*args):
        raise problem

    monkeypatch.setattr("skann._estimators.convergence.unfit_columns", fail)
    monkeypatch.setattr("skann._estimators.convergence._still_falling", fail)
    model = make(Estimator, solver="adam", max_iter=2)
    assert model.fit(X, Y[Estimator]).n_iter_ == 2

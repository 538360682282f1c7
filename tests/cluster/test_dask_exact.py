"""Solvers that take all rows at once: on a cluster the same as on one machine."""

import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH
from sklearn.datasets import make_classification, make_regression

from skann import BPClassifier, BPRegressor
from skann._optimize.solvers import SOLVERS
from skann.dask import DaskBPClassifier, DaskBPRegressor

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)

FULL_BATCH = {name: kind for name, kind in SOLVERS.items() if kind.full_batch}
# These need the derivatives of all rows in one place.
GAUSS_NEWTON = {
    name
    for name, kind in FULL_BATCH.items()
    if getattr(kind, "uses_gauss_newton", False)
}
NET = {"hidden_layer_sizes": (4,), "activation": "tanh", "random_state": 0}


def cut(array, n_parts):
    sizes = np.diff(np.linspace(0, len(array), n_parts + 1).astype(int))
    return da.from_array(array, chunks=(tuple(sizes), *array.shape[1:]))


def assert_same_network(found, expected):
    for name in ("coefs_", "intercepts_"):
        for one, other in zip(
            getattr(found, name), getattr(expected, name), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def classes():
    return make_classification(
        60, 4, n_classes=3, n_informative=4, n_redundant=0, random_state=0
    )


@pytest.mark.parametrize("solver", sorted(FULL_BATCH.keys() - GAUSS_NEWTON))
def test_the_result_is_that_of_one_machine(solver, classes, two_workers):
    X, y = classes
    net = {**NET, "solver": solver, "max_iter": 4}
    expected = BPClassifier(**net).fit(X, y)
    for n_parts in (1, 2, 5):
        found = DaskBPClassifier(**net).fit(cut(X, n_parts), cut(y, n_parts))
        assert_same_network(found, expected)
        np.testing.assert_allclose(
            found.history_["loss"], expected.history_["loss"], rtol=1e-6
        )
        assert found.n_iter_ == expected.n_iter_
        assert found.stop_reason_ == expected.stop_reason_


@pytest.mark.parametrize("solver", sorted(GAUSS_NEWTON))
def test_what_can_t_be_summed_is_refused(solver, classes, two_workers):
    X, y = classes
    net = DaskBPClassifier(**NET, solver=solver)
    with pytest.raises(ValueError, match=f"solver='{solver}' needs the derivatives"):
        net.fit(cut(X, 2), cut(y, 2))


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3, 1: 0.5}])
def test_weights_are_those_of_all_rows(class_weight, classes, two_workers):
    X, y = classes
    weight = np.random.default_rng(0).exponential(size=60)
    weight[:7] = 0
    net = {**NET, "solver": "lbfgs", "max_iter": 4, "class_weight": class_weight}
    expected = BPClassifier(**net).fit(X, y, sample_weight=weight)
    found = DaskBPClassifier(**net)
    found.fit(cut(X, 3), cut(y, 3), sample_weight=cut(weight, 3))
    assert_same_network(found, expected)


def by_class(X, y):
    """The rows sorted by class, and as collections of two partitions.

    The first has all rows of the first class and no other.
    """
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    sizes = np.count_nonzero(y == y[0]), np.count_nonzero(y != y[0])
    parts = (da.from_array(one, chunks=(sizes, *one.shape[1:])) for one in (X, y))
    return (X, y), tuple(parts)


def test_a_worker_whose_rows_weigh_nothing(classes, two_workers):
    rows, parts = by_class(*classes)
    net = {**NET, "solver": "lbfgs", "max_iter": 4, "class_weight": {0: 0, 2: 3}}
    expected = BPClassifier(**net).fit(*rows, X_val=rows[0], y_val=rows[1])
    found = DaskBPClassifier(**net).fit(*parts, X_val=parts[0], y_val=parts[1])
    assert_same_network(found, expected)
    for name in ("loss", "validation_loss", "validation_score"):
        np.testing.assert_allclose(
            found.history_[name], expected.history_[name], rtol=1e-6
        )


@pytest.mark.parametrize("persist", [True, False])
def test_rounds_without_a_worker_whose_rows_weigh_nothing(
    persist, classes, two_workers
):
    (_, y), parts = by_class(*classes)
    net = {**NET, "max_iter": 2, "class_weight": {0: 0}, "persist": persist}
    found = DaskBPClassifier(**net).fit(*parts)
    assert found.classes_.tolist() == [0, 1, 2]
    assert found.t_ == 2 * np.count_nonzero(y)


def test_classes_that_all_weigh_nothing(classes, two_workers):
    X, y = classes
    net = DaskBPClassifier(**NET, class_weight={0: 0, 1: 0, 2: 0})
    with pytest.raises(ValueError, match="class_weight leave no row a positive"):
        net.fit(cut(X, 2), cut(y, 2))
    net.set_params(class_weight={0: 0})
    data = {"X_val": cut(X[y == 0], 2), "y_val": cut(y[y == 0], 2)}
    with pytest.raises(ValueError, match=r"X_val, y_val: .* no row a positive"):
        net.fit(cut(X, 2), cut(y, 2), **data)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_the_targets_scale_is_that_of_all_rows(loss, two_workers):
    X, y = make_regression(60, 4, random_state=0)
    y = np.exp(y / 100) + np.arange(60)  # other in every partition
    weight = np.linspace(0.5, 2, 60)
    net = {**NET, "solver": "lbfgs", "max_iter": 4, "loss": loss}
    expected = BPRegressor(**net).fit(X, y, sample_weight=weight)
    found = DaskBPRegressor(**net)
    found.fit(cut(X, 5), cut(y, 5), sample_weight=cut(weight, 5))
    np.testing.assert_allclose(found.y_mean_, expected.y_mean_, rtol=1e-12)
    np.testing.assert_allclose(found.y_scale_, expected.y_scale_, rtol=1e-12)
    assert_same_network(found, expected)


def test_validation_is_over_all_rows(classes, two_workers):
    X, y = classes
    net = {**NET, "solver": "rprop", "max_iter": 6, "scoring": ["loss", "roc_auc_ovr"]}
    net["training_score"] = True
    expected = BPClassifier(**net).fit(X, y, X_val=X[::2], y_val=y[::2])
    found = DaskBPClassifier(**net).fit(
        cut(X, 4), cut(y, 4), X_val=cut(X[::2], 3), y_val=cut(y[::2], 3)
    )
    assert found.history_.keys() == expected.history_.keys()
    for name in found.history_.keys() - {"seconds"}:
        np.testing.assert_allclose(
            found.history_[name], expected.history_[name], rtol=1e-6, err_msg=name
        )


def test_r2_is_over_all_rows(two_workers):
    X, y = make_regression(60, 4, n_targets=2, random_state=0)
    net = {**NET, "solver": "rprop", "max_iter": 6}
    expected = BPRegressor(**net).fit(X, y, X_val=X[::2], y_val=y[::2])
    found = DaskBPRegressor(**net).fit(
        cut(X, 4), cut(y, 4), X_val=cut(X[::2], 3), y_val=cut(y[::2], 3)
    )
    for name in ("validation_loss", "validation_score"):
        np.testing.assert_allclose(
            found.history_[name], expected.history_[name], rtol=1e-6
        )
    assert found.score(cut(X, 4), cut(y, 4)) == pytest.approx(expected.score(X, y))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (DaskBPRegressor, {"loss": "quantile", "quantile": [0.1, 0.9]}),
        (DaskBPRegressor, {"loss": "absolute_error"}),
        (DaskBPRegressor, {"loss": "gaussian"}),
        (DaskBPClassifier, {"class_weight": "balanced"}),
        (DaskBPClassifier, {"loss": "perceptron"}),
    ],
)
def test_a_score_is_that_of_the_network_on_one_machine(kind, options, two_workers):
    X, y = make_regression(60, 4, random_state=0)
    if kind is DaskBPClassifier:
        y = (y > 20).astype(int)
    weight = np.linspace(0, 1, 60)
    net = kind((4,), solver="adam", max_iter=20, random_state=0, **options)
    net.fit(cut(X, 3), cut(y, 3))
    expected = net.estimator_.score(X, y, weight)
    found = net.score(cut(X, 3), cut(y, 3), cut(weight, 3))
    assert found == pytest.approx(expected)

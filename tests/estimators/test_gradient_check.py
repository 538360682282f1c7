"""Gradients against differences, as users may check them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skann import BPClassifier, BPRegressor, check_gradient

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 5))
Y = RNG.normal(size=(40, 2))
LABELS = RNG.integers(3, size=40)


@pytest.mark.parametrize("loss", ["softmax", "cross_entropy", "mse"])
@pytest.mark.parametrize("activation", ["logistic", "tanh", "gelu", "softplus"])
def test_of_classifiers(loss, activation):
    net = BPClassifier((6, 4), activation, loss=loss, random_state=0)
    found = check_gradient(net.initialize(X, LABELS), X, LABELS)
    assert found.relative_error < 1e-7
    assert_allclose(found.by_backpropagation, found.by_differences, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_of_regressors_with_weights(dtype, kind):
    data = kind(X.astype(dtype))
    net = BPRegressor((6,), "tanh", max_iter=3, random_state=0).fit(data, Y)
    before = [W.copy() for W in net.coefs_]
    found = check_gradient(net, data, Y, sample_weight=np.arange(40.0))
    assert found.relative_error < 1e-7
    for kept, now in zip(before, net.coefs_, strict=True):
        assert_array_equal(kept, now)


def test_norms_by_layer_are_those_of_the_whole_gradient():
    net = BPClassifier((3, 3, 3), "logistic", random_state=0).initialize(X, LABELS)
    everything = check_gradient(net, X, LABELS, n_parameters=10**6)
    assert len(everything.by_differences) == sum(
        W.size + b.size for W, b in zip(net.coefs_, net.intercepts_, strict=True)
    )
    norm = np.linalg.norm(everything.by_backpropagation)
    assert np.linalg.norm(everything.layer_norms) == pytest.approx(norm)
    # The sigmoid's slope is a quarter at most.
    assert everything.layer_norms[0] < everything.layer_norms[-1] / 16


def test_so_many_parameters_at_random():
    net = BPClassifier((30,), "tanh", random_state=0).initialize(X, LABELS)
    some = [
        check_gradient(net, X, LABELS, n_parameters=7, random_state=s)
        for s in (1, 1, 2)
    ]
    assert all(len(each.by_differences) == 7 for each in some)
    assert_array_equal(some[0].by_differences, some[1].by_differences)
    assert (some[0].by_differences != some[2].by_differences).any()


def test_a_wrong_loss_would_be_seen():
    """The step has a derivative of zero, and the loss does change."""
    net = BPRegressor((6,), "step", random_state=0).initialize(X, Y)
    assert check_gradient(net, X, Y).layer_norms[0] == 0


def test_what_it_refuses():
    with pytest.raises(NotFittedError):
        check_gradient(BPClassifier(), X, LABELS)
    with pytest.raises(TypeError, match="estimator"):
        check_gradient("net", X, LABELS)
    net = BPClassifier((4,), normalization="batch", solver="adam", random_state=0)
    with pytest.raises(ValueError, match="normalization='batch'"):
        check_gradient(net.fit(X, LABELS), X, LABELS)
    net = BPClassifier((4,), random_state=0).initialize(X, LABELS)
    with pytest.raises(ValueError, match="'n_parameters'"):
        check_gradient(net, X, LABELS, n_parameters=0)
    with pytest.raises(ValueError, match="5 features"):
        check_gradient(net, X[:, :2], LABELS)

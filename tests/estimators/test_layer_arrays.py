"""Assigning to items of ``coefs_`` and ``intercepts_``."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_array_equal

from skann import BPClassifier, BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

X = np.random.RandomState(0).normal(size=(40, 3))


@pytest.fixture(params=[np.float64, np.float32])
def net(request):
    net = BPRegressor((3, 3), max_iter=2, normalize_y=False, random_state=0)
    return net.fit(X.astype(request.param), X[:, :2])


def test_an_item_is_written_to_the_network(net):
    W = np.arange(6.0).reshape(3, 2)
    net.coefs_[0] = np.zeros((3, 3))
    net.intercepts_[1] = np.array([1, 2, 3])
    net.coefs_[1] = np.zeros((3, 3)).tolist()
    net.coefs_[-1] = W
    net.intercepts_[-1] = [10, 20]
    rows = X.astype(theta(net).dtype)
    assert_array_equal(net.predict(rows), np.tile([1, 2, 3] @ W + [10, 20], (40, 1)))
    W[...] = 9  # the caller's to change
    assert not (net.coefs_[-1] == 9).any()
    assert net.coefs_[-1].dtype == rows.dtype


def test_training_goes_on_from_it(net):
    W = np.full((3, 3), 0.25)
    net.coefs_[0] = W
    net.set_params(solver="sgd", momentum=0.0, learning_rate_init=1e-300)
    net.partial_fit(X, X[:, :2])
    assert_array_equal(net.coefs_[0], W)


def test_slices_and_what_is_done_in_place(net):
    W, V = np.ones((3, 3)), np.full((3, 3), 2.0)
    net.coefs_[:2] = W, V
    net.coefs_[0] *= 3
    assert_array_equal(net.coefs_[:2], [3 * W, V])
    net.coefs_[0] = np.triu(W)
    net.coefs_[0] = net.coefs_[0].T
    assert_array_equal(net.coefs_[0], np.tril(W))


@pytest.mark.parametrize(
    ("key", "given", "message"),
    [
        (0, np.ones((3, 4)), r"coefs_\[0\] must be an array of shape \(3, 3\); got"),
        (0, 1.0, r"coefs_\[0\] must be an array of shape"),
        (0, "text", r"coefs_\[0\] must be an array .* all numeric"),
        (0, np.full((3, 3), np.nan), "NaN"),
        (0, np.ones((3, 3)) * 1j, "complex"),
        (slice(2), [np.ones((3, 3))], "must be a list of 2 arrays"),
        (slice(2), [np.ones((3, 3)), np.ones((3, 2))], "must be a list of 2 arrays"),
    ],
)
def test_what_does_not_fit_is_an_error(net, key, given, message):
    before = theta(net)
    with pytest.raises(ValueError, match=message):
        net.coefs_[key] = given
    assert_array_equal(theta(net), before)


def test_there_are_no_other_items(net):
    with pytest.raises(IndexError):
        net.coefs_[3] = np.ones((3, 2))


def test_layers_are_swapped_by_their_copies(net):
    first, second = (W.copy() for W in net.coefs_[:2])
    with pytest.raises(ValueError, match=r"another layer.*copy"):
        net.coefs_[0], net.coefs_[1] = net.coefs_[1], net.coefs_[0]
    assert_array_equal(net.coefs_[:2], [first, second])
    net.coefs_[0], net.coefs_[1] = second, first
    assert_array_equal(net.coefs_[:2], [second, first])


@pytest.mark.parametrize(
    "change",
    [
        lambda coefs: coefs.append(1),
        lambda coefs: coefs.insert(0, 1),
        lambda coefs: coefs.pop(),
        lambda coefs: coefs.reverse(),
        lambda coefs: coefs.__delitem__(0),
        lambda coefs: coefs.__iadd__([1]),
        lambda coefs: coefs.clear(),
    ],
)
def test_layers_can_t_come_go_or_move(net, change):
    with pytest.raises(TypeError, match="coefs_ has one array a layer"):
        change(net.coefs_)
    assert len(net.coefs_) == 3


@pytest.mark.parametrize(
    "copied",
    [
        list,
        list.copy,
        copy.copy,
        copy.deepcopy,
        lambda coefs: coefs[:],
        lambda coefs: coefs.__add__([]),
        lambda coefs: pickle.loads(pickle.dumps(coefs)),
    ],
)
def test_a_copy_is_a_plain_list(net, copied):
    before = theta(net)
    found = copied(net.coefs_)
    assert type(found) is list
    assert_array_equal(found[2], net.coefs_[2])
    found[0] = None
    found.append(1)
    assert_array_equal(theta(net), before)


def test_a_classifier_has_them_as_well():
    net = BPClassifier((), max_iter=2, random_state=0).fit(X, X[:, 0] > 0)
    net.coefs_[0] = [[0], [0], [1]]
    net.intercepts_[0] = [0]
    assert_array_equal(net.decision_function(X), X[:, 2])

"""``summary()``: layers as a table, printed and in a notebook."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skann import BPClassifier, BPRegressor
from skann._estimators.summary import in_bytes

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def net():
    return BPClassifier((30, 5), random_state=0).fit(X, X[:, 0] > 0)


def test_counts_what_is_there(net):
    summary = net.summary()
    assert summary.parameters == sum(a.size for a in (*net.coefs_, *net.intercepts_))
    assert summary.memory == 4 * summary.parameters
    assert [layer.shape for layer in summary.layers] == [(4, 30), (30, 5), (5, 1)]
    assert [layer.activation for layer in summary.layers] == [
        *net.activations_,
        net.out_activation_,
    ]


def test_prints_as_a_table(net):
    printed = repr(net.summary()).splitlines()
    assert printed[0] == "BPClassifier in float32"
    assert printed[1].split() == [
        "layer",
        "shape",
        "activation",
        "parameters",
        "memory",
    ]
    assert printed[3].split() == [
        "hidden",
        "1",
        "(4,",
        "30)",
        "relu",
        "150",
        "600",
        "B",
    ]
    assert printed[-1].split() == ["total", "311", "1.24", "kB"]
    assert len({len(line) for line in printed[1:]}) == 1


def test_shows_as_a_table(net):
    html = net.summary()._repr_html_()
    assert html.count("<tr>") == 1 + 3 + 1
    for text in ("(30, 5)", "output", net.out_activation_, "1.24 kB"):
        assert f">{text}</td>" in html


def test_of_a_regressor_without_hidden_layers():
    net = BPRegressor((), max_iter=2).fit(X, X[:, :2])
    (layer,) = net.summary().layers
    assert (layer.layer, layer.shape, layer.activation) == (
        "output",
        (4, 2),
        "identity",
    )


def test_wants_a_fitted_network():
    with pytest.raises(NotFittedError):
        BPClassifier().summary()


@pytest.mark.parametrize(
    ("n", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (2_500_000, "2.5 MB"), (3e9, "3 GB")],
)
def test_bytes_in_a_unit_that_suits(n, text):
    assert in_bytes(n) == text

"""Label smoothing: the targets that it makes, and what becomes of the classifier."""

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal

from skann import BPClassifier
from skann._estimators.label_smoothing import smoothed
from skann._estimators.label_transformers import make_label_transformer

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4))
TWO = (X[:, 0] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
LABELS = (X[:, :3] > 0).astype(int)
COLUMNS = np.column_stack([TWO, THREE])
EXACT = {"hidden_layer_sizes": (), "solver": "lbfgs", "max_iter": 500, "alpha": 1e-3}


def targets(y, loss, share):
    plain = make_label_transformer(y).transform(y, loss, np.float64)
    return smoothed(plain, share, np.float64)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "softmax"])
def test_targets_of_one_label(loss):
    found = targets(THREE, loss, 0.3).y.T
    low, high = (0.1, 0.8) if loss == "softmax" else (0.15, 0.85)
    expected = np.where(np.arange(3) == THREE[:, None], high, low)
    assert_allclose(found, expected)
    assert_allclose(targets(TWO, loss, 0.3).y[0], np.where(TWO, 0.85, 0.15))


def test_targets_of_several_columns():
    assert_allclose(targets(LABELS, "auto", 0.2).y.T, np.where(LABELS, 0.9, 0.1))
    found = targets(COLUMNS, "auto", 0.3).y.T
    assert_allclose(found[:, :2].sum(axis=1), 1)
    assert_allclose(found[:, 2:].sum(axis=1), 1)
    assert_allclose(np.unique(found), [0.1, 0.15, 0.8, 0.85])


@pytest.mark.parametrize("y", [TWO, THREE, LABELS, COLUMNS], ids=list("1pls"))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
class TestEveryKindOfTargets:
    def test_zero_changes_nothing(self, y, dtype):
        plain, none = (
            small_net(BPClassifier, **more).fit(X.astype(dtype), y)
            for more in ({}, {"label_smoothing": 0.0})
        )
        assert_array_equal(theta(plain), theta(none))

    def test_class_weights_are_those_of_the_labels(self, y, dtype):
        weights = [
            small_net(
                BPClassifier, label_smoothing=share, class_weight="balanced"
            )._effective_weight(None, make_label_transformer(y), encoded)
            for share in (0.0, 0.4)
            for encoded in [targets(y, "auto", share)]
        ]
        assert_array_equal(*weights)

    def test_labels_and_scores_are_those_of_the_labels(self, y, dtype):
        model = small_net(BPClassifier, label_smoothing=0.4, learning_rate_init=0.02)
        model.fit(X.astype(dtype), y, X_val=X[:50].astype(dtype), y_val=y[:50])
        score = model.score(X[:50].astype(dtype), y[:50])
        assert score > 0.5
        assert model.validation_scores_[-1] == pytest.approx(score)
        assert model.predict(X.astype(dtype)).shape == y.shape
        assert model.coefs_[0].dtype == dtype


def test_probabilities_do_not_go_beyond_the_smoothed_targets():
    x, y = np.repeat([[-1.0], [1.0]], 50, axis=0), np.repeat([0, 1], 50)
    model = BPClassifier(label_smoothing=0.2, **{**EXACT, "alpha": 0.0}).fit(x, y)
    assert_allclose(model.predict_proba([[1.0]]), [[0.1, 0.9]], atol=1e-3)


@pytest.mark.parametrize("wrong", [-0.1, 1.0, "much", None])
def test_what_is_no_share(wrong):
    with pytest.raises(ValueError, match="'label_smoothing' parameter"):
        BPClassifier(label_smoothing=wrong).fit(X, TWO)

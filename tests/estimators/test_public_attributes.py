"""All that is learnt is public: predictions in plain NumPy from public attributes."""

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax

from skann import BPClassifier, BPRegressor

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 4))
NAMES = np.array(["no", "yes", "perhaps"])
THREE = (X[:, 0] > 0) + (X[:, 1] > 0).astype(int)
TARGETS = {
    "two classes": (X[:, 0] > 0).astype(int),
    "classes": NAMES[THREE],
    "labels": (X[:, :3] > 0).astype(int),
    "columns": np.column_stack([THREE, (X[:, 2] > 0).astype(int)]),
    "one class": np.zeros(60, int),
}
LOSSES = ["auto", "mse", "cross_entropy", "softmax"]
CASES = [
    (t, loss) for t in TARGETS for loss in LOSSES if (t, loss) != ("labels", "softmax")
]


def raw_outputs(model):
    a = X
    names = [*model.activations_, "identity"]
    layers = zip(model.coefs_, model.intercepts_, names, strict=True)
    for weights, biases, name in layers:
        a = ACTIVATION_FORMULAS[name][0](a @ weights + biases)
    return a


def proba_of(raw, model, n_classes):
    if model.multilabel_:
        return expit(raw)
    if n_classes == 2 and raw.shape[1] == 1:
        return np.hstack([expit(-raw), expit(raw)])
    if model.out_activation_ == "softmax":
        return softmax(raw, axis=1)
    a = expit(raw)
    return a / a.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("targets", "loss"), CASES)
def test_a_classifier(targets, loss):
    y = TARGETS[targets]
    model = BPClassifier((5,), loss=loss, max_iter=5, random_state=0).fit(X, y)
    # Parameters may be changed after a fit, and tell nothing of it.
    model.set_params(activation="tanh", loss="auto", hidden_layer_sizes=(3,))
    raw = raw_outputs(model)
    tasks = isinstance(model.classes_, list)
    classes = model.classes_ if tasks else [model.classes_]
    ends = np.cumsum([len(own) for own in classes])[:-1]
    parts = np.split(raw, ends, axis=1) if tasks else [raw]
    found, labels = [], []
    for part, own in zip(parts, classes, strict=True):
        p = proba_of(part, model, len(own))
        found.append(p)
        labels.append((p > 0.5).astype(int) if model.multilabel_ else own[p.argmax(1)])
    expected = model.predict_proba(X)
    for mine, theirs in zip(found, expected if tasks else [expected], strict=True):
        assert_allclose(mine, theirs, rtol=1e-10, atol=1e-300)
    labels = np.column_stack(labels) if tasks else labels[0]
    assert_array_equal(labels, model.predict(X))
    assert model.multilabel_ == (targets == "labels")


@pytest.mark.parametrize("normalize_y", [True, False])
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("activation", ACTIVATION_FORMULAS)
def test_a_regressor(activation, n_outputs, normalize_y):
    y = 3 * X[:, :n_outputs] + [5, -70][:n_outputs]
    model = BPRegressor((5, 4), activation, normalize_y=normalize_y, max_iter=5)
    model.set_params(random_state=0).fit(X, y[:, 0] if n_outputs == 1 else y)
    assert model.activations_ == [activation] * 2
    predicted = raw_outputs(model) * model.y_scale_ + model.y_mean_
    predicted = predicted[:, 0] if n_outputs == 1 else predicted
    assert_allclose(predicted, model.predict(X), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:The network is no better")
def test_units_are_those_of_the_targets():
    y = 3 * X[:, :2] + [5, -70]
    model = BPRegressor((3,), max_iter=1).fit(X, y)
    assert_allclose(model.y_mean_, y.mean(axis=0))
    assert_allclose(model.y_scale_, y.std(axis=0))
    model.set_params(normalize_y=False).fit(X, y)
    assert_array_equal(model.y_mean_, [0, 0])
    assert_array_equal(model.y_scale_, [1, 1])


@pytest.mark.parametrize("name", ["y_mean_", "y_scale_", "activations_"])
def test_what_follows_from_the_fit_cannot_be_set(name):
    model = BPRegressor((3,), max_iter=1)
    assert not hasattr(model, name)
    model.fit(X, X[:, 0])
    before = model.predict(X)
    getattr(model, name)[0] = 7  # of a copy
    assert_array_equal(model.predict(X), before)
    with pytest.raises(AttributeError, match=f"{name} can't be set"):
        setattr(model, name, 3)

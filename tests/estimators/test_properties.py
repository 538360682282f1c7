"""Whatever is drawn, a fit with sound predictions or an error that leaves the model.

``SKANN_PROPERTY_CASES=20000`` draws as many cases, for a long look; 500 is the default.
"""

import os
import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier, BPRegressor, load_model
from skann._network.activations import ACTIVATIONS
from skann._network.initializers import INITIALIZERS
from skann._optimize.schedules import SCHEDULES
from skann._optimize.solvers import SOLVERS

hypothesis = pytest.importorskip("hypothesis")
given, st = hypothesis.given, hypothesis.strategies

CASES = int(os.environ.get("SKANN_PROPERTY_CASES", "500"))
many = hypothesis.settings(
    max_examples=CASES,
    deadline=None,
    # What is drawn is small, and making it smaller takes longer than the tests.
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    # The same cases in every run; the long look draws others.
    derandomize=CASES == 500,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)

# What an error may say: the culprit's name, in one of these ways.
DOCUMENTED = (
    "Training diverged",
    "would not be used",
    "can't be used",
    "can't train with the loss",
    "must be",
    "must have",
    "must hold",
    "leaves none to train on",
    "overflow",
    "needs at least",
    "needs two rows or more",
    "too few",
    "The scoring",
    "contains NaN",
    "contains infinity",
    "has values as large",
)

parameters = st.fixed_dictionaries(
    {
        "hidden_layer_sizes": st.lists(st.integers(1, 6), max_size=3).map(tuple),
        "activation": st.sampled_from(sorted(ACTIVATIONS)),
        "solver": st.sampled_from(["auto", *sorted(SOLVERS)]),
        "max_iter": st.sampled_from(["auto", 1, 2, 3, 12]),
        "random_state": st.integers(0, 2**32 - 1),
    },
    optional={
        "alpha": st.sampled_from(["auto", 0, 1e-8, 0.1, 1e6]),
        "batch_size": st.one_of(st.just("auto"), st.integers(1, 60)),
        "learning_rate": st.sampled_from(["auto", *sorted(SCHEDULES)]),
        "learning_rate_init": st.sampled_from(["auto", 1e-300, 0.01, 1.0, 1e10]),
        "shuffle": st.booleans(),
        "tol": st.sampled_from([0, 1e-4, 10.0]),
        "early_stopping": st.booleans(),
        "n_iter_no_change": st.sampled_from([1, 2, 10, np.inf]),
        "validation_fraction": st.sampled_from([0.1, 0.5, 0.9]),
        "weight_init": st.sampled_from(["auto", *sorted(INITIALIZERS)]),
        "warm_start": st.booleans(),
        "target_loss": st.sampled_from([None, 0.5, -1.0]),
        "dropout": st.sampled_from([0.0, 0.3]),
        "input_dropout": st.sampled_from([0.0, 0.9]),
        "input_noise": st.sampled_from([0.0, 1.0]),
        "max_norm": st.sampled_from([None, 1e-3]),
        "max_grad_value": st.sampled_from([None, 0.1]),
        "max_grad_norm": st.sampled_from([None, 0.1]),
        "average": st.sampled_from([None, "ema", "swa"]),
        "skip_connection": st.booleans(),
        "normalization": st.sampled_from([None, "batch", "layer"]),
        "divergence_retries": st.sampled_from([0, 1, 50]),
    },
)


@st.composite
def rows(draw):
    """X of any scale, dtype and sparsity, and a generator for what goes with it."""
    n, p = draw(st.integers(1, 50)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.normal(size=(n, p)) * draw(st.sampled_from([1, 0, 1e-30, 1e3, 1e8, 1e30]))
    X = (X + draw(st.sampled_from([0, 1, 1e6]))).astype(
        draw(st.sampled_from([np.float32, np.float64]))
    )
    if draw(st.booleans()):
        X = sparse.csr_array(np.where(rng.uniform(size=X.shape) < 0.3, X, 0))
    elif draw(st.booleans()):
        X = np.asfortranarray(X)
    weight = rng.uniform(size=n) * (rng.uniform(size=n) > 0.2)
    return X, rng, draw(st.sampled_from([None, weight, np.full(n, 1e300)]))


def tried(model, X, y, weight):
    """Whether the model was fitted; an error is documented and changes nothing."""
    state = joblib.hash(vars(model))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(X, y, sample_weight=weight)
            return True
        except ValueError as error:
            text = str(error)
    assert any(words in text for words in DOCUMENTED), text
    assert joblib.hash(vars(model)) == state
    return False


def outputs(model, X):
    """Predictions, or None where X is too large for them."""
    try:
        return model.predict(X), getattr(model, "predict_proba", np.shape)(X)
    except ValueError as error:
        text = str(error)
    assert "outputs overflow" in text


@many
@given(
    settings=parameters,
    data=rows(),
    kind=st.sampled_from(["two", "three", "labels", "columns", "text", "one"]),
    loss=st.sampled_from(["auto", "mse", "cross_entropy", "softmax", "focal"]),
)
def test_a_classifier(settings, data, kind, loss):
    X, rng, weight = data
    n = X.shape[0]
    y = {
        "two": rng.integers(2, size=n),
        "three": rng.integers(3, size=n),
        "labels": rng.integers(2, size=(n, 3)),
        "columns": rng.integers(3, size=(n, 2)),
        "text": np.array(["a", "b", "c"])[rng.integers(3, size=n)],
        "one": np.ones(n, int),
    }[kind]
    model = BPClassifier(**settings, loss=loss)
    if not tried(model, X, y, weight):
        return
    found = outputs(model, X)
    if found is None:
        return
    labels, proba = found
    assert labels.shape == y.shape
    classes, several = model.classes_, isinstance(proba, list)
    for p in proba if several else [proba]:
        assert p.shape[0] == n
        assert p.dtype == X.dtype
        assert ((p >= 0) & (p <= 1)).all()
        if not model.multilabel_:
            assert_allclose(p.sum(axis=1), 1, rtol=1e-4)
    if model.multilabel_:
        assert np.isin(labels, [0, 1]).all()
    elif several:
        columns = zip(labels.T, classes, strict=True)
        assert all(np.isin(own, known).all() for own, known in columns)
    else:
        assert np.isin(labels, classes).all()


@many
@given(
    settings=parameters,
    data=rows(),
    n_outputs=st.integers(1, 3),
    scale=st.sampled_from([0, 1e-200, 1e-3, 1, 1e5, 1e100, 1e200]),
    normalize_y=st.booleans(),
    loss=st.sampled_from(["squared_error", "huber", "gaussian"]),
)
def test_a_regressor(settings, data, n_outputs, scale, normalize_y, loss):
    X, rng, weight = data
    y = rng.normal(size=(X.shape[0], n_outputs)) * scale
    y = y[:, 0] if n_outputs == 1 else y
    model = BPRegressor(**settings, normalize_y=normalize_y, loss=loss)
    if not tried(model, X, y, weight):
        return
    found = outputs(model, X)
    if found is None:
        return
    found, _ = found
    assert found.shape == y.shape
    assert np.isfinite(found).all()
    assert found.dtype in (X.dtype, np.float64)


@hypothesis.settings(many, max_examples=CASES // 10)
@given(settings=parameters, data=rows())
def test_a_saved_model_is_the_same(tmp_path_factory, settings, data):
    X, rng, weight = data
    model = BPRegressor(**settings)
    if not tried(model, X, rng.normal(size=X.shape[0]), weight):
        return
    path = tmp_path_factory.getbasetemp() / "model.skann"
    model.save_model(path)
    other = load_model(path)
    for mine, theirs in zip(model.coefs_, other.coefs_, strict=True):
        assert_array_equal(mine, theirs)
    assert repr(other) == repr(model)

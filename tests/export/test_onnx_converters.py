"""Pipelines that skl2onnx converts predict what they predict."""

import sys
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skann import BPClassifier, BPRegressor, register_onnx_converters

rng = np.random.RandomState(0)
X = rng.normal(size=(80, 4)).astype(np.float32)
THREE = (X[:, 0] > 0) + (X[:, 1] > 0).astype(int)
TARGETS = {
    "two classes": THREE > 0,
    "classes": THREE,
    "text": np.array(["no", "yes", "Ölbaum"])[THREE],
}


def converted(model, rows=X, **options):
    """What ONNX Runtime computes of the model's graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converters' own
        skl2onnx = pytest.importorskip("skl2onnx")
        ort = pytest.importorskip("onnxruntime")
        register_onnx_converters()
        graph = skl2onnx.to_onnx(model, rows[:1], **options)
        session = ort.InferenceSession(
            graph.SerializeToString(), providers=["CPUExecutionProvider"]
        )
    return session.run(None, {"X": rows})


def pipeline(Estimator, **settings):
    net = Estimator((8,), random_state=0, **settings)
    return make_pipeline(StandardScaler(), MinMaxScaler(), net)


@pytest.mark.parametrize("loss", ["mse", "cross_entropy", "softmax"])
@pytest.mark.parametrize("target", TARGETS)
def test_classes(target, loss):
    model = pipeline(BPClassifier, loss=loss).fit(X, TARGETS[target])
    label, p = converted(model, options={"zipmap": False})
    assert_array_equal(label, model.predict(X))
    assert_allclose(p, model.predict_proba(X), atol=1e-5)
    _, dicts = converted(model)
    assert set(dicts[0]) == set(model.classes_.tolist())


def test_labels():
    model = pipeline(BPClassifier).fit(X, X[:, :3] > 0)
    label, p = converted(model, options={"zipmap": False})
    assert_array_equal(label, model.predict(X))
    assert_allclose(p, model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("target", ["two classes", "classes"])
def test_raw_scores(target):
    model = pipeline(BPClassifier).fit(X, TARGETS[target])
    options = {"zipmap": False, "raw_scores": True}
    _, raw = converted(model, options={id(model[-1]): options})
    expected = model.decision_function(X)
    if expected.ndim == 1:
        expected = np.column_stack([-expected, expected])
    assert_allclose(raw, expected, atol=1e-4)


def test_class_labels_as_an_output():
    model = pipeline(BPClassifier).fit(X, THREE)
    options = {"zipmap": False, "output_class_labels": True}
    *_, labels = converted(model, options={id(model[-1]): options})
    assert_array_equal(labels, [0, 1, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_values(n_outputs, dtype):
    y = 100 + 5 * X[:, :n_outputs].astype(float)
    rows = X.astype(dtype)
    model = pipeline(BPRegressor).fit(rows, y[:, 0] if n_outputs == 1 else y)
    (found,) = converted(model, rows)
    expected = model.predict(rows).reshape(80, n_outputs)
    assert_allclose(found, expected, rtol=1e-5)


def test_a_regressor_with_a_log_link():
    y = np.exp(X[:, :2])
    model = pipeline(BPRegressor, loss="poisson", skip_connection=True).fit(X, y)
    (found,) = converted(model)
    assert_allclose(found, model.predict(X), rtol=1e-5)


def test_deviations_are_an_output_where_they_are_asked_for():
    model = pipeline(BPRegressor, loss="gaussian", max_iter=5).fit(X, X[:, 0])
    y, std = model.predict(X, return_std=True)
    (found,) = converted(model)
    assert_allclose(found[:, 0], y, atol=1e-5)
    found, found_std = converted(model, options={id(model[-1]): {"return_std": True}})
    assert_allclose(found[:, 0], y, atol=1e-5)
    assert_allclose(found_std[:, 0], std, rtol=1e-5)
    model = pipeline(BPRegressor, max_iter=5).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="loss='gaussian'"):
        converted(model, options={id(model[-1]): {"return_std": True}})


def test_a_perceptron_has_scores():
    model = pipeline(BPClassifier, loss="perceptron", max_iter=5).fit(X, THREE)
    label, scores = converted(model, options={"zipmap": False})
    assert_array_equal(label, model.predict(X))
    assert_allclose(scores, model.decision_function(X), atol=1e-5)


def test_two_networks_in_one_graph():
    from sklearn.ensemble import VotingRegressor

    y = X[:, 0] - X[:, 1]
    nets = [(f"net{k}", BPRegressor((4,), random_state=k)) for k in range(2)]
    model = VotingRegressor(nets).fit(X, y)
    (found,) = converted(model)
    assert_allclose(found.ravel(), model.predict(X), atol=1e-5)


def test_several_columns_are_refused():
    pytest.importorskip("skl2onnx")
    model = BPClassifier((4,)).fit(X, np.column_stack([THREE, THREE > 0]))
    with pytest.raises(ValueError, match="its own to_onnx can write it"):
        converted(model, options={"zipmap": False})


def test_without_skl2onnx_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r"skann\[skl2onnx\]"):
        register_onnx_converters()

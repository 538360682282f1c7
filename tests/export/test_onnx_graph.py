"""ONNX models predict what the estimators predict, in two runtimes."""

import pickle
import sys

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from skann import BPClassifier, BPRegressor
from skann._export.onnx_graph import ONNX_ACTIVATIONS
from skann._network.activations import ACTIVATIONS
from skann.activations import Activation
from skann.losses import Tweedie

rng = np.random.RandomState(0)
X = rng.normal(size=(80, 4))
THREE = (X[:, 0] > 0) + (X[:, 1] > 0).astype(int)
TWO = (X[:, 2] > 0).astype(int)
TARGETS = {
    "two classes": TWO,
    "classes": THREE,
    "text": np.array(["no", "yes", "Ölbaum"])[THREE],
    "objects": np.array(["no", "yes"], dtype=object)[TWO],
    "booleans": TWO.astype(bool),
    "real labels": 2.0 * THREE,
    "unsigned": THREE.astype(np.uint8),
    "one class": np.zeros(80, int),
    "labels": (X[:, :3] > 0).astype(int),
    "columns": np.column_stack([THREE, TWO]),
}
LOSSES = ["mse", "cross_entropy", "softmax"]


class Sine(Activation):
    def value(self, z):
        return np.sin(z)

    def derivative(self, z):
        return np.cos(z)


def reference(model):
    evaluator = pytest.importorskip("onnx.reference").ReferenceEvaluator(model)
    return lambda rows: evaluator.run(None, {"X": rows})


def onnxruntime(model):
    ort = pytest.importorskip("onnxruntime")
    session = ort.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return lambda rows: session.run(None, {"X": rows})


each_runtime = pytest.mark.parametrize("runtime", [reference, onnxruntime])
needs_onnx = pytest.mark.usefixtures("onnx")


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx")


def check_classifier(model, found, rows):
    second = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"
    labels, proba = model.predict(rows), getattr(model, second)(rows)
    if isinstance(proba, np.ndarray) and proba.ndim == 1:
        proba = np.column_stack([-proba, proba])
    several = isinstance(proba, list)
    labels = labels.T if several else [labels]
    proba = proba if several else [proba]
    assert len(found) == 2 * len(proba)
    for i, (expected_labels, expected) in enumerate(zip(labels, proba, strict=True)):
        assert_array_equal(found[2 * i], expected_labels)
        assert_allclose(found[2 * i + 1], expected, rtol=1e-5, atol=1e-5)
        assert found[2 * i + 1].shape == expected.shape


@needs_onnx
class TestPredictions:
    @each_runtime
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("targets", TARGETS)
    def test_a_classifier(self, runtime, targets, loss):
        if (targets, loss) == ("labels", "softmax"):
            pytest.skip("labels do not exclude each other")
        model = BPClassifier((5,), loss=loss, max_iter=30, random_state=0)
        model.fit(X, TARGETS[targets])
        for dtype in (np.float32, np.float64):
            rows = X.astype(dtype)
            found = runtime(model.to_onnx(dtype=dtype))(rows)
            check_classifier(model, found, rows)
            assert found[1].dtype == dtype

    @each_runtime
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("activation", ACTIVATION_FORMULAS)
    def test_a_classifier_with_each_activation(self, runtime, activation, loss):
        for targets in ("two classes", "classes", "labels", "columns"):
            if (targets, loss) == ("labels", "softmax"):
                continue
            model = BPClassifier((6, 5), activation, loss=loss, max_iter=10)
            model.set_params(random_state=0).fit(X, TARGETS[targets])
            rows = (3 * X).astype(np.float32)
            check_classifier(model, runtime(model.to_onnx())(rows), rows)

    @each_runtime
    @pytest.mark.parametrize("n_outputs", [1, 2])
    @pytest.mark.parametrize("activation", ACTIVATION_FORMULAS)
    def test_a_regressor(self, runtime, activation, n_outputs):
        y = 3 * X[:, :n_outputs] + [5, -7][:n_outputs]
        model = BPRegressor((6, 5), activation, max_iter=10, random_state=0)
        model.fit(X, y[:, 0] if n_outputs == 1 else y)
        for dtype in (np.float32, np.float64):
            rows = (3 * X).astype(dtype)
            [found] = runtime(model.to_onnx(dtype=dtype))(rows)
            assert found.dtype == dtype
            assert found.shape == (80, n_outputs)
            expected = model.predict(rows).reshape(found.shape)
            assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    @each_runtime
    @pytest.mark.parametrize(
        "loss", ["poisson", "gamma", Tweedie(1.2), "quantile", "gaussian", "huber"]
    )
    def test_a_regressor_with_each_loss(self, runtime, loss):
        y = 1e3 * np.exp(X[:, :2])
        model = BPRegressor((6, 5), loss=loss, max_iter=20, random_state=0)
        if loss == "quantile":
            y = y[:, 0]
            # In an order that changes where outputs cross.
            model.set_params(quantile=[0.1, 0.5, 0.9], max_iter=1)
        model.fit(X, y)
        for dtype in (np.float32, np.float64):
            rows = (3 * X).astype(dtype)
            [found, *std] = runtime(model.to_onnx(dtype=dtype))(rows)
            assert found.dtype == dtype
            expected = model.predict(rows)
            atol = 1e-7 * abs(expected).max()  # of a mean that is taken of large terms
            assert_allclose(found, expected, rtol=2e-5, atol=atol)
            if loss == "gaussian":
                [std] = std
                assert std.dtype == dtype
                assert_allclose(std, model.predict(rows, return_std=True)[1], rtol=2e-5)
            else:
                assert std == []

    @each_runtime
    @pytest.mark.parametrize("normalization", [None, "layer", "batch"])
    def test_direct_paths_and_normalisation(self, runtime, normalization):
        about = {"skip_connection": True, "max_iter": 5, "random_state": 0}
        for hidden in ((), (6, 5)):
            model = BPClassifier(hidden, normalization=normalization, **about)
            model.fit(X, THREE)
            for dtype in (np.float32, np.float64):
                rows = (3 * X).astype(dtype)
                made = model.to_onnx(dtype=dtype)
                check_classifier(model, runtime(made)(rows), rows)

    @each_runtime
    @pytest.mark.parametrize("targets", ["two classes", "text", "labels", "columns"])
    def test_perceptrons_have_scores(self, runtime, targets):
        model = BPClassifier((), loss="perceptron", solver="sgd", random_state=0)
        model.set_params(learning_rate="constant", max_iter=5).fit(X, TARGETS[targets])
        made, rows = model.to_onnx(), X.astype(np.float32)
        check_classifier(model, runtime(made)(rows), rows)
        assert made.graph.output[1].name.startswith("scores")

    @each_runtime
    def test_targets_that_float32_can_not_tell_apart(self, runtime):
        y = 1e9 + X[:, 0]
        model = BPRegressor((5,), max_iter=30, random_state=0).fit(X, y)
        rows = X.astype(np.float32)
        [found] = runtime(model.to_onnx())(rows)
        assert found.dtype == np.float64
        assert_allclose(found[:, 0] - 1e9, model.predict(rows) - 1e9, atol=1e-5)

    @each_runtime
    def test_outputs_that_saturate(self, runtime):
        for loss in LOSSES:
            model = BPClassifier((), loss=loss, solver="sgd", max_iter=1)
            model.fit(X, THREE)
            model.coefs_[0] = 100 * np.ones((4, 3)) * [1, -1, -0.9]
            check_classifier(model, runtime(model.to_onnx(dtype=np.float64))(X), X)

    @each_runtime
    @pytest.mark.parametrize("opset", [11, 13, 15, 18, 21])
    def test_sets_of_operators(self, runtime, opset):
        for activation in ("gelu", "selu", "mish"):
            model = BPClassifier((5,), activation, loss="mse", max_iter=3)
            model.set_params(normalization="layer", skip_connection=True)
            model.set_params(random_state=0).fit(X, THREE)
            made = model.to_onnx(target_opset=opset)
            assert made.opset_import[0].version == opset
            rows = X.astype(np.float32)
            check_classifier(model, runtime(made)(rows), rows)
        model = BPRegressor((5,), loss="quantile", quantile=[0.2, 0.8], max_iter=3)
        model.fit(X, X[:, 0])
        [found] = runtime(model.to_onnx(target_opset=opset))(rows)
        assert_allclose(found, model.predict(rows), atol=1e-5)

    def test_one_row(self):
        model = BPRegressor((5,), max_iter=3, random_state=0).fit(X, X[:, 0])
        [found] = reference(model.to_onnx())(X[:1].astype(np.float32))
        assert_allclose(found[:, 0], model.predict(X[:1]), atol=1e-5)


@needs_onnx
class TestModel:
    def test_says_what_it_is(self):
        model = BPClassifier((5,), max_iter=3).fit(X, TARGETS["columns"]).to_onnx()
        assert model.producer_name == "skann"
        assert [given.name for given in model.graph.input] == ["X"]
        names = [output.name for output in model.graph.output]
        assert names == ["label_0", "probabilities_0", "label_1", "probabilities_1"]

    def test_ir_version(self):
        model = BPRegressor((5,), max_iter=3).fit(X, X[:, 0])
        assert model.to_onnx().ir_version == 7
        assert model.to_onnx(ir_version=9).ir_version == 9

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("dtype", np.float16),
            ("dtype", int),
            ("target_opset", 10),
            ("target_opset", 1000),
            ("target_opset", "13"),
            ("target_opset", None),
            ("ir_version", 0),
            ("ir_version", 8.0),
        ],
    )
    def test_parameters_that_are_not_valid(self, name, value):
        model = BPRegressor((5,), max_iter=3).fit(X, X[:, 0])
        with pytest.raises(ValueError, match=f"^{name} must be"):
            model.to_onnx(**{name: value})

    def test_a_path_is_answered_by_what_writes_files(self, tmp_path):
        model = BPRegressor((5,), max_iter=3).fit(X, X[:, 0])
        for call in (model.to_onnx, lambda path: model.to_onnx(path=path)):
            with pytest.raises(TypeError, match=r"onnx.save\(BPRegressor.to_onnx"):
                call(tmp_path / "model.onnx")

    def test_an_activation_of_ones_own_is_refused_with_what_keeps_it(self):
        model = BPRegressor((5,), Sine(), max_iter=3).fit(X, X[:, 0])
        for export in (model.to_onnx, model.to_code):
            with pytest.raises(ValueError, match=r"activation=Sine\(\).*pickle keep"):
                export()
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict(X), model.predict(X))

    def test_labels_that_onnx_has_not(self):
        model = BPClassifier((5,), max_iter=3)
        model.fit(X, np.array([0, 2**64 - 1], dtype=np.uint64)[TWO])
        with pytest.raises(ValueError, match="integers with a sign"):
            model.to_onnx()

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            BPClassifier().to_onnx()


def test_every_activation_is_there():
    assert ONNX_ACTIVATIONS.keys() == ACTIVATIONS.keys()


def test_without_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = BPRegressor((5,), max_iter=3).fit(X, X[:, 0])
    with pytest.raises(ImportError, match=r"pip install \"skann\[onnx\]\""):
        model.to_onnx()

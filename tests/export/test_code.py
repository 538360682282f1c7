"""Source code in three languages predicts what the estimators predict."""

import ctypes
import json
import shutil
import subprocess

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from skann import BPClassifier, BPRegressor
from skann._export.code_common import FORMULAS
from skann._network.activations import ACTIVATIONS
from skann.losses import Loss, Tweedie

rng = np.random.RandomState(0)
X = rng.normal(size=(50, 4))
THREE = (X[:, 0] > 0) + (X[:, 1] > 0).astype(int)
TWO = (X[:, 2] > 0).astype(int)
TARGETS = {
    "two classes": TWO,
    "classes": THREE,
    "text": np.array(["no", 'a "quote"??/', "Öl\\baum\n"])[THREE],
    "objects": np.array(["no", "yes"], dtype=object)[TWO],
    "booleans": TWO.astype(bool),
    "floats": 2.0 * THREE,
    "long": np.array([-(2**62) - 1, 7, 2**62 + 1])[THREE],
    "one class": np.zeros(50, int),
    "labels": (X[:, :3] > 0).astype(int),
    "columns": np.column_stack([THREE, TWO]),
}
LOSSES = ["mse", "cross_entropy", "softmax"]


class LogCosh(Loss):
    """A loss of one's own, which predictions do not depend on."""

    link = "log"

    def value(self, z, y):
        r = z - np.log(y)
        return (np.logaddexp(r, -r) - np.log(2)).sum(axis=1)

    def derivative(self, z, y):
        return np.tanh(z - np.log(y))


def in_python(source, folder, rows):
    """What its functions give for the rows, as a dict of lists of arrays."""
    module = {}
    exec(compile(source, "model.py", "exec"), module)
    found = {}
    for name in ("predict", "predict_proba", "predict_std"):
        if name in module:
            result = module[name](rows)
            found[name] = result if isinstance(result, list) else [result]
    return found


def in_javascript(source, folder, rows):
    node = shutil.which("node") or pytest.skip("no Node.js")
    (folder / "model.js").write_text(source, "utf-8")
    (folder / "run.js").write_text(
        "const m = require('./model.js');"
        f"const X = {json.dumps(rows.tolist())};"
        "const big = (k, v) => (typeof v === 'bigint' ? v.toString() : v);"
        "console.log(JSON.stringify([X.map(m.predict), "
        "m.predictProba ? X.map(m.predictProba) : 0, "
        "m.predictStd ? X.map(m.predictStd) : 0], big));",
        "utf-8",
    )
    out = subprocess.run([node, folder / "run.js"], capture_output=True, check=True)
    labels, proba, std = json.loads(out.stdout)
    if proba == 0:
        of_std = {} if std == 0 else {"predict_std": [np.array(std)]}
        return {"predict": [np.array(labels)], **of_std}
    if isinstance(proba[0][0], list):
        columns = zip(*proba, strict=True)
        proba = [np.array(own) for own in columns]
        return {"predict": list(np.array(labels).T), "predict_proba": proba}
    return {"predict": [np.array(labels)], "predict_proba": [np.array(proba)]}


def in_c(source, folder, rows):
    compiler = shutil.which("cc") or shutil.which("gcc") or pytest.skip("no C compiler")
    (folder / "model.c").write_text(source, "utf-8")
    library = folder / "model.so"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run(
        [compiler, *flags, folder / "model.c", "-o", library, "-lm"], check=True
    )
    return ctypes.CDLL(str(library))


def doubles(function, row, n):
    out = (ctypes.c_double * n)()
    function((ctypes.c_double * len(row))(*row), out)
    return list(out)


def classes_in_c(library, name, n, classes):
    kind = {"i": ctypes.c_longlong, "b": ctypes.c_longlong, "f": ctypes.c_double}
    kind = kind.get(classes.dtype.kind, ctypes.c_char_p)
    found = (kind * n).in_dll(library, name)[:]
    return [label.decode() if isinstance(label, bytes) else label for label in found]


def c_predictions(source, folder, model, rows):
    library = in_c(source, folder, rows)
    if isinstance(model, BPRegressor):
        n = np.size(model.predict(rows[:1]))
        names = ["predict", *["predict_std"] * (model.loss == "gaussian")]
        return {
            name: [np.array([doubles(library[name], r, n) for r in rows])]
            for name in names
        }
    several = isinstance(model.classes_, list)
    classes = model.classes_ if several else [model.classes_]
    sizes = list(map(len, classes))
    proba = None
    if hasattr(model, "predict_proba"):
        proba = np.array([doubles(library.predict_proba, r, sum(sizes)) for r in rows])
        proba = np.split(proba, np.cumsum(sizes)[:-1], axis=1)
    names = [f"CLASSES_{i}" if several else "CLASSES" for i in range(len(classes))]
    if several or model.multilabel_:
        n = len(classes) if several else model.n_outputs_
        index = []
        for row in rows:
            out = (ctypes.c_int * n)()
            library.predict((ctypes.c_double * len(row))(*row), out)
            index.append(list(out))
        index = np.array(index)
        if model.multilabel_:
            return {"predict": [index], "predict_proba": proba}
        columns = index.T
    else:
        columns = [
            [library.predict((ctypes.c_double * len(row))(*row)) for row in rows]
        ]
    labels = [
        np.array(classes_in_c(library, name, len(own), own))[column]
        for name, own, column in zip(names, classes, columns, strict=True)
    ]
    return {"predict": labels, "predict_proba": proba}


def predictions(language, model, folder, rows):
    source = model.to_code(language)
    if language == "c":
        return c_predictions(source, folder, model, rows)
    run = {"python": in_python, "javascript": in_javascript}[language]
    return run(source, folder, rows)


def as_text(labels):
    labels = np.asarray(labels)
    if labels.dtype.kind == "S":
        return np.char.decode(labels)
    return labels.astype(float if labels.dtype.kind in "fb" else str)


def check(language, model, folder, rows=X):
    found = predictions(language, model, folder, rows)
    if isinstance(model, BPRegressor):
        expected = model.predict(rows).reshape(len(rows), -1)
        assert_allclose(found["predict"][0], expected, rtol=1e-6, atol=1e-6)
        if model.loss == "gaussian":
            _, std = model.predict(rows, return_std=True)
            std = std.reshape(len(rows), -1)
            assert_allclose(found["predict_std"][0], std, rtol=1e-6)
        return
    labels, several = model.predict(rows), isinstance(model.classes_, list)
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(rows)
        for mine, theirs in zip(
            found["predict_proba"], proba if several else [proba], strict=True
        ):
            assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)
    if several and len(found["predict"]) == 1:  # without probabilities
        found["predict"] = found["predict"][0].T
    for mine, theirs in zip(
        found["predict"], labels.T if several else [labels], strict=True
    ):
        expected = as_text(theirs)
        kind = float if expected.dtype.kind == "f" else str
        assert_array_equal(np.asarray(mine).astype(kind), expected)


each_language = pytest.mark.parametrize("language", ["python", "c", "javascript"])


@each_language
class TestPredictions:
    @pytest.mark.parametrize("targets", TARGETS)
    def test_a_classifier(self, tmp_path, language, targets):
        model = BPClassifier((5,), max_iter=30, random_state=0)
        check(language, model.fit(X, TARGETS[targets]), tmp_path)

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("targets", ["two classes", "classes", "labels", "columns"])
    def test_losses(self, tmp_path, language, targets, loss):
        if (targets, loss) == ("labels", "softmax"):
            pytest.skip("labels do not exclude each other")
        model = BPClassifier((5,), "gelu", loss=loss, max_iter=10, random_state=0)
        check(language, model.fit(X, TARGETS[targets]), tmp_path, 3 * X)

    @pytest.mark.parametrize("activation", ACTIVATION_FORMULAS)
    def test_activations(self, tmp_path, language, activation):
        model = BPRegressor((6, 5), activation, max_iter=10, random_state=0)
        model.fit(X, 3 * X[:, :2] + [5, -700])
        check(language, model, tmp_path, 3 * X)

    @pytest.mark.parametrize(
        "loss", ["poisson", "gamma", Tweedie(1.2), "quantile", "gaussian", LogCosh()]
    )
    def test_losses_of_real_targets(self, tmp_path, language, loss):
        y = 1e3 * np.exp(X[:, :2])
        model = BPRegressor((5,), loss=loss, max_iter=20, random_state=0)
        if loss == "quantile":
            y = y[:, 0]
            # In an order that changes where outputs cross.
            model.set_params(quantile=[0.1, 0.5, 0.9], max_iter=1)
        check(language, model.fit(X, y), tmp_path, 3 * X)

    @pytest.mark.parametrize("hidden", [(), (6, 5)])
    @pytest.mark.parametrize("normalization", [None, "layer", "batch"])
    def test_direct_paths_and_normalisation(
        self, tmp_path, language, normalization, hidden
    ):
        about = {"skip_connection": True, "max_iter": 5, "random_state": 0}
        model = BPClassifier(hidden, normalization=normalization, **about)
        check(language, model.fit(X, THREE), tmp_path, 3 * X)

    @pytest.mark.parametrize("targets", ["two classes", "text", "labels", "columns"])
    def test_perceptrons_have_no_probabilities(self, tmp_path, language, targets):
        model = BPClassifier((), loss="perceptron", solver="sgd", random_state=0)
        model.set_params(learning_rate="constant", max_iter=5)
        check(language, model.fit(X, TARGETS[targets]), tmp_path)

    @pytest.mark.parametrize("hidden", [(), (1,), (3, 9, 2, 4)])
    def test_depths(self, tmp_path, language, hidden):
        model = BPRegressor(hidden, "tanh", max_iter=3, random_state=0)
        check(language, model.fit(X.astype(np.float32), X[:, 0]), tmp_path)

    def test_outputs_that_saturate(self, tmp_path, language):
        for loss in LOSSES:
            model = BPClassifier((), loss=loss, solver="sgd", max_iter=1)
            model.fit(X, THREE)
            model.coefs_[0] = 100 * np.ones((4, 3)) * [1, -1, -0.9]
            folder = tmp_path / loss
            folder.mkdir()
            check(language, model, folder)

    def test_not_fitted(self, language):
        with pytest.raises(NotFittedError):
            BPClassifier().to_code(language)

    def test_says_what_it_is(self, language):
        model = BPClassifier((5,), max_iter=1).fit(X, THREE)
        assert "4-5-3 units" in model.to_code(language).split("\n")[0]


@pytest.mark.parametrize("language", ["rust", None, 3, ["c"]])
def test_a_language_that_is_not_known(language):
    model = BPClassifier((5,), max_iter=1).fit(X, THREE)
    with pytest.raises(ValueError, match=r"^language must be one of"):
        model.to_code(language)


def test_every_activation_is_there():
    assert FORMULAS.keys() == ACTIVATIONS.keys()


def test_python_is_the_default():
    model = BPClassifier((5,), max_iter=1).fit(X, THREE)
    assert model.to_code() == model.to_code("python")

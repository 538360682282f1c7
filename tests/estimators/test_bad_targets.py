"""Targets and classes that can't be: errors that name them."""

import numpy as np
import pytest
from _refusals import THREE, X, Y, each_way, each_way_on, prepare, refusal
from scipy.sparse import csr_array

from skann import BPClassifier, BPRegressor

LABELS = np.eye(3, dtype=int)[THREE]
COLUMNS = np.column_stack([THREE, THREE > 0])


class TestClassifier:
    @each_way
    @pytest.mark.parametrize(
        ("y", "words"),
        [
            (X[:, 0], ["continuous", "discrete classes"]),
            (2 * LABELS - 1, ["zeros and ones"]),
            (csr_array(2 * LABELS), ["zeros and ones"]),
        ],
        ids=["continuous", "-1 and 1", "sparse 0 and 2"],
    )
    def test_targets(self, way, y, words):
        on = LABELS if y.ndim == 2 and way in ("warm fit", "partial_fit") else THREE
        model, method = prepare(BPClassifier, way, on)
        with refusal(model, "y", *words):
            method(X, y)

    @pytest.mark.parametrize("way", ["first fit", "fit", "first partial_fit"])
    def test_softmax_of_labels(self, way):
        model, method = prepare(BPClassifier, way, loss="softmax")
        with refusal(model, "loss='softmax'", "multilabel", "cross_entropy", "mse"):
            method(X, LABELS)

    @pytest.mark.parametrize(
        ("first", "y", "words"),
        [
            (THREE, np.where(THREE == 1, 9, THREE), ["[9]", "[0, 1, 2]"]),
            (THREE, THREE.astype(str), ["'0', '1', '2'", "[0, 1, 2]"]),
            (THREE, LABELS, ["multilabel-indicator", "single-label"]),
            (LABELS, THREE, ["multiclass", "multilabel"]),
            (LABELS, LABELS[:, :2], ["2 labels", "3"]),
            (COLUMNS, COLUMNS + 1, ["[3]", "[0, 1, 2]"]),
            (COLUMNS, COLUMNS[:, :1].ravel(), ["1 columns of classes", "2"]),
            (THREE, COLUMNS, ["multiclass-multioutput", "single-label"]),
        ],
        ids=[
            "unknown",
            "words",
            "labels",
            "classes",
            "two labels",
            "unknown in columns",
            "one column",
            "columns",
        ],
    )
    def test_targets_unlike_the_first_in_a_pass(self, first, y, words):
        model, method = prepare(BPClassifier, "partial_fit", first)
        with refusal(model, "y ", *words):
            method(X, y)

    @pytest.mark.parametrize(
        ("first", "y", "words"),
        [
            (THREE, np.where(THREE == 1, 9, THREE), ["[0 2 9]", "[0 1 2]"]),
            (THREE, THREE.astype(str), ["'0' '1' '2'", "[0 1 2]"]),
            (THREE, np.minimum(THREE, 1), ["[0 1]", "[0 1 2]"]),
            (np.minimum(THREE, 1), THREE, ["[0 1 2]", "[0 1]"]),
            (LABELS, LABELS[:, :2], ["[0 1]", "[0 1 2]"]),
            (COLUMNS, COLUMNS[:, ::-1], ["array([0, 1])", "array([0, 1, 2])"]),
            (THREE, COLUMNS, ["array([0, 1])", "[0 1 2]"]),
        ],
        ids=["unknown", "words", "less", "more", "two labels", "columns", "to columns"],
    )
    def test_classes_unlike_the_first_in_a_warm_start(self, first, y, words):
        model, method = prepare(BPClassifier, "warm fit", first)
        with refusal(model, "y ", "classes", *words, "warm_start=False"):
            method(X, y)

    @pytest.mark.parametrize(
        ("first", "y", "words"),
        [
            (THREE, LABELS, ["multilabel-indicator", "single-label"]),
            (LABELS, THREE, ["multiclass", "multilabel"]),
        ],
        ids=["labels", "classes"],
    )
    def test_kinds_unlike_the_first_in_a_warm_start(self, first, y, words):
        model, method = prepare(BPClassifier, "warm fit", first)
        with refusal(model, "y ", *words):
            method(X, y)

    @each_way
    @pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
    def test_class_weights(self, way, bad):
        model, method = prepare(BPClassifier, way)
        model.set_params(class_weight={0: bad, 1: 1.0, 2: 1.0})
        with refusal(model, "class_weight", str(float(bad)), "finite", "at least 0"):
            method(X, THREE)
        model.set_params(class_weight={0: 0.0, 1: 0.0, 2: 0.0})
        with refusal(model, "class_weight", "positive"):
            method(X, THREE)

    def test_balanced_passes(self):
        model, method = prepare(BPClassifier, "first partial_fit")
        model.set_params(class_weight="balanced")
        with refusal(model, "class_weight='balanced'", "partial_fit", "dict"):
            method(X, THREE)

    def test_no_classes(self):
        model = BPClassifier()
        with refusal(model, "classes", "at least one", "[]"):
            model.partial_fit(X, THREE, classes=[])

    def test_another_loss(self):
        model, method = prepare(BPClassifier, "partial_fit", loss="mse")
        with refusal(model, "another network", "softmax", "squared_error"):
            method(X, THREE)

    def test_first_pass_needs_all_classes(self):
        model = BPClassifier()
        with refusal(model, "classes", "first call"):
            model.partial_fit(X, THREE)
        with refusal(model, "y ", "[2]", "[0, 1]"):
            model.partial_fit(X, THREE, classes=[0, 1])

    @pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2, 3], [0, 1, 5], list("abc")])
    def test_later_pass_with_other_classes(self, classes):
        model, method = prepare(BPClassifier, "partial_fit")
        with refusal(model, "classes", np.array(classes), "[0 1 2]"):
            method(X, THREE, classes=classes)


class TestRegressor:
    @each_way
    def test_sparse_targets(self, way):
        model, method = prepare(BPRegressor, way, X[:, :2])
        with refusal(model, "y", "dense"):
            method(X, csr_array(X[:, :2]))

    @each_way
    @pytest.mark.parametrize(
        "parameters",
        [{}, {"normalize_y": False}, {"missing_targets": "ignore"}],
        ids=str,
    )
    @pytest.mark.parametrize("shape", [60, (60, 2)], ids=["flat", "two columns"])
    @pytest.mark.parametrize("kind", [str, object, bytes])
    def test_words(self, way, parameters, shape, kind):
        on = X[:, :2] if shape == (60, 2) else X[:, 0]
        model, method = prepare(BPRegressor, way, on)
        model.set_params(**parameters)
        with refusal(model, "y must hold numbers"):
            method(X, np.full(shape, "a", dtype=kind))

    @each_way
    def test_dates(self, way):
        model, method = prepare(BPRegressor, way)
        with refusal(model, "y must hold numbers", "datetime64"):
            method(X, np.full(60, "2020-02-20", dtype="datetime64[D]"))

    def test_words_to_validate_on(self):
        model, method = prepare(BPRegressor, "fit")
        with refusal(model, "y_val", "numbers"):
            method(X, Y[BPRegressor], X_val=X, y_val=np.full(60, "a"))

    def test_a_single_row_to_validate_on(self):
        model, method = prepare(BPRegressor, "fit", early_stopping=True, scoring="r2")
        with refusal(model, "scoring='r2'", "at least 2", "validation_fraction"):
            method(X[:10], Y[BPRegressor][:10])

    @each_way_on
    def test_another_number_of_outputs(self, way):
        model, method = prepare(BPRegressor, way)
        with refusal(model, "y has 2 outputs", "1"):
            method(X, X[:, :2])

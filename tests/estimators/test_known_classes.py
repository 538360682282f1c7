"""What ``partial_fit`` takes for its classes."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skann import BPClassifier
from skann._estimators.known_classes import same_classes, validate_classes

X = np.random.RandomState(0).normal(size=(30, 2))
Y = np.arange(30) % 3
WEIGHT = {2: 1.0, 1: 2.0, 0: 1.0}


@pytest.mark.parametrize(
    "classes",
    [
        [2, 0, 1],
        (0, 1, 2),
        {0, 1, 2},
        frozenset(Y),
        set(Y),
        WEIGHT,
        WEIGHT.keys(),
        {"a": 0, "b": 1, "c": 2}.values(),
        range(3),
        np.array([[0, 1, 2]]),
        pd.Index([0, 1, 2]),
        pd.array([0, 1, 2], dtype="Int64"),
        pd.Series(Y).unique(),
    ],
    ids=lambda classes: type(classes).__name__,
)
def test_all_that_holds_labels(classes):
    model = BPClassifier(3, random_state=0).partial_fit(X, Y, classes)
    assert_array_equal(model.classes_, [0, 1, 2])
    model.partial_fit(X[:1], Y[:1], classes)
    expected = BPClassifier(3, random_state=0).partial_fit(X, Y, [0, 1, 2])
    expected.partial_fit(X[:1], Y[:1])
    assert_array_equal(model.decision_function(X), expected.decision_function(X))


def test_a_generator():
    model = BPClassifier(3).partial_fit(X, Y, (label for label in range(3)))
    assert_array_equal(model.classes_, [0, 1, 2])


@pytest.mark.parametrize(
    "classes", [[{0, 1}, {1, 2}], [range(2), {1: 0, 2: 0}.keys()], ([0, 1], (2, 1))]
)
def test_of_several_columns(classes):
    y = np.stack([Y // 2, 1 + Y // 2], axis=1)
    model = BPClassifier(3).partial_fit(X, y, classes)
    assert [own.tolist() for own in model.classes_] == [[0, 1], [1, 2]]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 1, 2, np.nan], "classes must not hold NaN"),
        ({0.0, 1.0, 2.0, float("nan")}, "classes must not hold NaN"),
        ([0, 1, 2, None], "classes must hold class labels.* got None"),
        (["a", "b", None], "classes must hold class labels.* got None"),
        ([0, 1, 2, "a"], "classes must hold class labels of one type"),
        ([[0, 1], [1, None]], "classes must hold class labels"),
        ("012", "classes must be the labels of all classes"),
        (3, "classes must be the labels of all classes"),
        (np.array(3), "classes must be the labels of all classes"),
        ([], "classes must be the labels of all classes"),
        (set(), "classes must be the labels of all classes"),
        ([[0, 1], []], "classes must be the labels of all classes"),
        (np.array([[0, 1], [1, 2]]), "classes must be the labels of all classes"),
        ([[0, 1], 2], "classes must be the labels of all classes"),
    ],
    ids=str,
)
def test_what_is_none_is_an_error_that_says_classes(classes, message):
    model = BPClassifier(3)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X, Y, classes)
    assert not hasattr(model, "classes_")


def test_others_than_before():
    known = np.array([2**60, 2**60 + 1])
    assert_array_equal(validate_classes(known.astype(np.uint64), known), known)
    with pytest.raises(ValueError, match="not the same as on the first call"):
        validate_classes(known.astype(np.uint64) + np.uint64(1), known)
    assert not same_classes(known, [known])
    assert not same_classes(np.array([0, 1]), np.array(["0", "1"]))

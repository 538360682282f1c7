"""Labels of every kind stay what they are, and apart from one another."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skann import BPClassifier
from skann._estimators.labels import (
    encode_labels,
    label_columns,
    labels_as_array,
    stack_columns,
)

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.RandomState(0)
X = rng.normal(size=(90, 4))
SIDE = (X[:, 0] > 0).astype(int)
HUGE = 2**60
IDS = HUGE + SIDE  # one and the same number in float64


def make(**parameters):
    return BPClassifier(
        8, "tanh", learning_rate_init=0.05, max_iter=40, random_state=0, **parameters
    )


def as_ids(kind):
    return {
        "int64": IDS,
        "uint64": IDS.astype(np.uint64),
        "list": IDS.tolist(),
        "objects": IDS.astype(object),
        "Int64": pd.Series(IDS, dtype="Int64"),
        "UInt64": pd.Series(IDS, dtype="UInt64"),
        "categories": pd.Series(IDS).astype("category"),
    }[kind]


each_kind = pytest.mark.parametrize(
    "kind", ["int64", "uint64", "list", "objects", "Int64", "UInt64", "categories"]
)


class TestLargeIds:
    @each_kind
    @pytest.mark.filterwarnings("error")
    def test_are_two_classes(self, kind):
        model = make().fit(X, as_ids(kind))
        assert [int(label) for label in model.classes_] == [HUGE, HUGE + 1]
        assert model.score(X, IDS) == model.score(X, as_ids(kind)) > 0.95
        assert_array_equal(model.predict(X), make().fit(X, SIDE).predict(X) + HUGE)

    @each_kind
    @pytest.mark.parametrize("classes", [int, np.int64, np.uint64, "set"])
    def test_in_passes(self, kind, classes):
        known = {HUGE, HUGE + 1}
        if classes != "set":
            known = np.array([HUGE, HUGE + 1], classes)
        model, other = make(), make()
        for _ in range(40):
            model.partial_fit(X, as_ids(kind), known)
            other.partial_fit(X, SIDE, [0, 1])
        assert_array_equal(model.decision_function(X), other.decision_function(X))

    @each_kind
    def test_as_validation_data(self, kind):
        model = make(early_stopping=True)
        model.fit(X, IDS, X_val=X, y_val=as_ids(kind))
        assert model.best_validation_score_ > 0.95

    def test_one_that_is_not_known(self):
        model = make().fit(X, IDS)
        with pytest.raises(ValueError, match=str(HUGE + 2)):
            model.partial_fit(X[:1], np.array([HUGE + 2], np.uint64))

    def test_beside_small_ones(self):
        y = [2**63 + 1 if side else 5 for side in SIDE]
        model = make().fit(X, y)
        assert model.classes_.tolist() == [5, 2**63 + 1]
        assert model.score(X, y) > 0.95

    def test_beyond_64_bits_are_refused(self):
        with pytest.raises(ValueError, match="y has integers that 64 bits can't hold"):
            make().fit(X, [2**64 + side for side in SIDE.tolist()])

    def test_in_several_columns(self):
        y = pd.DataFrame({"a": IDS.astype(np.uint64), "b": IDS + SIDE})
        model = make().fit(X, y)
        expected = [[HUGE, HUGE + 1], [HUGE, HUGE + 2]]
        assert [own.tolist() for own in model.classes_] == expected
        assert model.score(X, y) > 0.9

    def test_with_class_weights(self):
        model = make(class_weight={HUGE: 5.0}).fit(X, IDS.astype(np.uint64))
        other = make(class_weight={0: 5.0}).fit(X, SIDE)
        assert_array_equal(model.decision_function(X), other.decision_function(X))


WORD = np.where(SIDE, "yes", "no")
GRADE = SIDE + (X[:, 1] > 0)


class TestColumnsOfSeveralTypes:
    @pytest.mark.parametrize(
        "y",
        [
            pd.DataFrame({"word": WORD, "grade": GRADE}),
            pd.DataFrame({"word": pd.Categorical(WORD), "grade": GRADE}),
            pd.DataFrame({"word": WORD, "grade": pd.Series(GRADE, dtype="Int64")}),
            [[str(word), int(grade)] for word, grade in zip(WORD, GRADE, strict=True)],
            np.array([WORD.astype(object), GRADE.astype(object)]).T,
        ],
        ids=["frame", "categories", "nullable", "rows", "objects"],
    )
    def test_are_learnt_column_by_column(self, y):
        model = make().fit(X, y)
        assert [own.tolist() for own in model.classes_] == [["no", "yes"], [0, 1, 2]]
        found = model.predict(X)
        assert {type(label) for label in found[:, 0]} <= {str, np.str_}
        assert all(isinstance(label, int) for label in found[:, 1])
        codes = make().fit(X, np.stack([SIDE, GRADE], axis=1))
        assert_array_equal(model.decision_function(X)[1], codes.decision_function(X)[1])
        right = (found[:, 0] == WORD) & (found[:, 1] == GRADE)
        assert model.score(X, y) == right.mean() > 0.8

    def test_go_through_everything_that_takes_targets(self):
        y = pd.DataFrame({"word": WORD, "grade": GRADE})
        weights = [{"no": 2.0}, {2: 3.0}]
        model = make(early_stopping=True, class_weight=weights, warm_start=True)
        model.fit(X, y).fit(X, y, X_val=X, y_val=y)
        assert np.isfinite(model.validation_scores_).all()
        passes = make().partial_fit(X, y, classes=[{"yes", "no"}, {0: 1, 1: 1, 2: 1}])
        assert [own.tolist() for own in passes.classes_] == [["no", "yes"], [0, 1, 2]]
        with pytest.raises(ValueError, match=r"y has classes \[7\]"):
            passes.partial_fit(X[:1], [["no", 7]])

    def test_polars(self):
        polars = pytest.importorskip("polars")
        y = polars.DataFrame({"word": WORD.tolist(), "grade": GRADE})
        model = make().fit(X, y)
        assert [own.tolist() for own in model.classes_] == [["no", "yes"], [0, 1, 2]]
        assert model.score(X, y) > 0.8

    def test_indicators_stay_indicators(self):
        y = pd.DataFrame({"a": SIDE.astype(bool), "b": (GRADE > 1).astype(int)})
        model = make().fit(X, y)
        assert_array_equal(model.classes_, [0, 1])
        assert model.decision_function(X).shape == (90, 2)


class TestErrors:
    @pytest.mark.parametrize(
        ("spoilt", "message"),
        [
            ({}, "y must hold class labels: .* got {} of type dict in row 3"),
            (Decimal(1), "got Decimal.*of type Decimal in row 3"),
            (pd.NA, "y must hold class labels without gaps; got <NA> in row 3"),
            (pd.Timestamp("2020", tz="UTC"), "of type Timestamp in row 3"),
            ("yes", "y must hold class labels of one type in a column; got int, str"),
        ],
    )
    @pytest.mark.parametrize("kind", [list, pd.Series, pd.DataFrame])
    def test_what_is_no_label_is_named(self, spoilt, message, kind):
        y = SIDE.tolist()
        y[3] = spoilt
        y = kind(y)
        with pytest.raises(ValueError, match=message):
            make().fit(X, y)
        with pytest.raises(ValueError, match="y_val: .*" + message):
            make().fit(X, SIDE, X_val=X, y_val=y)

    def test_none_is_named(self):
        with pytest.raises(ValueError, match="without gaps; got None in row 1"):
            make().fit(X[:3], [0, None, 1])

    @pytest.mark.parametrize("dtype", ["category", "string", "str", object])
    @pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
    def test_fit_names_the_gap_among_text_labels(self, dtype, gap):
        y = pd.Series(["b", "a", gap, "b"], dtype=dtype)
        for labels in (y, y.to_frame().assign(other="c")):
            with pytest.raises(
                ValueError, match=r"y must .* without gaps; got .* in row 2\."
            ):
                make().fit(X[:4], labels)

    @pytest.mark.parametrize("kind", [set, iter, dict.fromkeys])
    def test_what_has_no_order_is_named(self, kind):
        with pytest.raises(ValueError, match="y must be array-like, with its values"):
            make().fit(X, kind(SIDE.tolist()))

    def test_masked_labels_are_named(self):
        with pytest.raises(ValueError, match="y has masked labels"):
            make().fit(X, np.ma.masked_array(SIDE, SIDE == 1))

    def test_numbers_and_their_names_are_not_the_same(self):
        model = make().fit(X, SIDE)
        with pytest.raises(ValueError, match=r"y has classes \['0', '1'\]"):
            model.partial_fit(X, SIDE.astype(str))


class TestCodes:
    @pytest.mark.parametrize(
        ("labels", "classes"),
        [
            (np.array([3.0, 1.0, 3.0]), np.array([1, 2, 3])),
            (np.array([True, False]), np.array([0, 1])),
            (np.array(["b", "a"]), np.array(["a", "b"], dtype=object)),
            (np.array([2**63], np.uint64), np.array([-1.0, 2.0**63])),
        ],
    )
    def test_of_another_type(self, labels, classes):
        assert_array_equal(classes[encode_labels(labels, classes)], labels)

    def test_of_nothing(self):
        assert_array_equal(encode_labels(np.array([], int), np.array(["a"])), [])


class TestJoined:
    def test_keeps_a_common_dtype(self):
        assert (
            stack_columns([np.array([1, 2]), np.array([True, False])]).dtype == np.int64
        )
        assert stack_columns([np.array(["a"]), np.array(["bcd"])]).dtype.kind == "U"

    def test_splits_again(self):
        columns = [IDS.astype(np.uint64), -SIDE, WORD, SIDE / 2]
        for found, column in zip(
            label_columns(stack_columns(columns)), columns, strict=True
        ):
            assert found.tolist() == column.tolist()

    def test_what_is_no_array_is_left_to_scikit_learn(self):
        for y in (None, 3, [[1], [1, 2]]):
            assert labels_as_array(y) is y

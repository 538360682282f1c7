"""Labels to targets, and raw outputs back to labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import expit, softmax

from skann._estimators.label_transformers import (
    LOSS_NAMES,
    IndicatorTransformer,
    LabelTransformer,
    MultioutputTransformer,
    make_label_transformer,
)
from skann._network.losses import LOSSES
from skann._training.data import Data

LABELS = np.array([[0, 1, 1], [1, 0, 0]])
TASKS = np.array([["a", "x"], ["b", "y"], ["c", "x"]])

# Targets, and raw outputs that mean them: one unit for two classes, else one each.
KINDS = {
    "two": (np.array(["n", "y", "n"]), [[-1.0], [0.5], [-2.0]]),
    "three": (np.array([30, 10, 20]), [[0, 1, 2], [5, 0, 1], [-3, -1, -2.0]]),
    "labels": (LABELS, [[-1, 2, 1], [0.5, -1, -2.0]]),
    "tasks": (TASKS, [[2, 1, 0, 3, 1], [0, 1, -1, -4, 0], [0, 0, 9, 2, 1.0]]),
}
each_kind = pytest.mark.parametrize(("y", "raw"), KINDS.values(), ids=KINDS)


def test_every_name_is_a_loss():
    assert set(LOSS_NAMES.values()) <= set(LOSSES)


class TestKind:
    @pytest.mark.parametrize(
        ("y", "kind"),
        [
            (np.array(["a", "b"]), LabelTransformer),
            (np.array([1, 2, 3]), LabelTransformer),
            (LABELS, IndicatorTransformer),
            (csr_array(LABELS), IndicatorTransformer),
            (TASKS, MultioutputTransformer),
            (np.array([[0, 1], [2, 1]]), MultioutputTransformer),
        ],
    )
    def test_is_told_by_the_targets(self, y, kind):
        assert type(make_label_transformer(y)) is kind

    def test_a_list_of_classes_makes_tasks_of_what_looks_like_indicators(self):
        transformer = make_label_transformer(LABELS, [np.arange(2)] * 3)
        assert type(transformer) is MultioutputTransformer
        assert transformer.transform(LABELS, "auto", np.float64).n_outputs == 6

    def test_several_columns_need_such_a_list(self):
        with pytest.raises(ValueError, match=r"list with the classes.*\[0 1 2\]"):
            make_label_transformer(TASKS, np.arange(3))

    def test_real_numbers_are_no_classes(self):
        with pytest.raises(ValueError, match="continuous"):
            make_label_transformer(np.array([0.1, 0.2]))

    @pytest.mark.parametrize(
        ("transformer", "y"),
        [
            (LabelTransformer(np.arange(2)), LABELS),
            (LabelTransformer(np.arange(2)), TASKS),
            (IndicatorTransformer(np.arange(3)), np.array([0, 1])),
        ],
    )
    def test_must_stay(self, transformer, y):
        with pytest.raises(ValueError, match="the model was trained on"):
            transformer.transform(y, "auto", np.float64)


@each_kind
class TestEveryCodec:
    def test_outputs_mean_labels(self, y, raw):
        decoded = make_label_transformer(y).inverse_transform(np.array(raw))
        assert_array_equal(decoded, y)
        assert decoded.dtype.kind == y.dtype.kind

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_encoded_as_the_loss_wants(self, y, raw, dtype):
        targets = make_label_transformer(y).transform(y, "auto", dtype)
        assert targets.n_outputs == np.shape(raw)[1]
        if targets.y.ndim == 2:
            assert targets.y.shape == (targets.n_outputs, len(y))
            assert targets.y.dtype == dtype
            assert targets.y.flags.c_contiguous
        else:
            assert targets.y.dtype == np.int32

    @pytest.mark.parametrize("weight", [None, [1.0, 2.0, 4.0]])
    def test_score_is_the_share_of_rows_that_are_right(self, y, raw, weight):
        transformer, raw = make_label_transformer(y), np.array(raw)
        weight = None if weight is None else np.array(weight)[: len(y)]
        targets = transformer.transform(y, "auto", np.float64)
        data = Data(np.zeros((len(y), 1)), y, targets, weight)
        assert transformer.score(raw, data) == 1
        raw[1] = -raw[1]  # the last unit of a row that is wrong now is enough
        share = 1 / len(y) if weight is None else weight[1] / weight.sum()
        assert transformer.score(raw, data) == pytest.approx(1 - share)
        some = np.array([1])
        assert transformer.score(raw[some], data.using(some)) == 0

    def test_logarithms_are_of_the_probabilities(self, y, raw):
        transformer, raw = make_label_transformer(y), np.array(raw)
        for activation in ("softmax", "logistic"):
            p = transformer.probabilities(raw, activation)
            log_p = transformer.probabilities(raw, activation, logarithms=True)
            pairs = zip(p, log_p, strict=True) if isinstance(p, list) else [(p, log_p)]
            for some, logarithms in pairs:
                assert_allclose(np.log(some), logarithms, rtol=1e-9, atol=1e-12)


class TestLabels:
    def test_two_share_a_unit(self):
        transformer = make_label_transformer(np.array(["n", "y", "n"]))
        targets = transformer.transform(["n", "y", "n"], "auto", np.float32)
        assert_array_equal(transformer.classes, ["n", "y"])
        assert_array_equal(targets.y, [[0, 1, 0]])
        assert_array_equal(targets.labels, [0, 1, 0])
        assert targets.y.dtype == np.float32
        assert (targets.n_outputs, targets.loss) == (1, "cross_entropy")
        raw = np.array([[-1.0], [2.0]])
        assert_array_equal(transformer.decision_function(raw), [-1, 2])
        p = transformer.probabilities(raw, "logistic")
        assert_allclose(p, np.column_stack([expit(-raw), expit(raw)]))

    @pytest.mark.parametrize("n_classes", [1, 3, 5])
    def test_others_have_one_each(self, n_classes):
        y = np.arange(n_classes)[::-1] * 10
        transformer = make_label_transformer(y)
        targets = transformer.transform(y, "auto", np.float64)
        assert_array_equal(transformer.classes, np.arange(n_classes) * 10)
        assert_array_equal(targets.y, np.arange(n_classes)[::-1])
        assert (targets.n_outputs, targets.loss) == (n_classes, "softmax")

    def test_codes_are_those_of_the_known_classes(self):
        known = np.array([2, 4, 6, 8])
        transformer = make_label_transformer(np.array([8, 4]), known)
        targets = transformer.transform(np.array([8, 4]), "mse", np.float64)
        assert transformer.classes is known
        assert_array_equal(targets.y, [3, 1])
        assert_array_equal(targets.labels, [3, 1])
        assert targets.loss == "logistic_squared_error"

    def test_unknown_classes_are_shown(self):
        with pytest.raises(ValueError, match=r"\[5, 9\].*known ones, \[2, 4, 6\]"):
            LabelTransformer(np.array([2, 4, 6])).transform(
                [9, 2, 5], "auto", np.float64
            )

    def test_the_softmax_of_two_is_the_sigmoid(self):
        assert LabelTransformer([0, 1]).transform([0, 1], "softmax", float).loss == (
            "cross_entropy"
        )


class TestIndicators:
    @pytest.mark.parametrize("y", [LABELS, csr_array(LABELS)], ids=["dense", "sparse"])
    def test_outputs_come_first(self, y):
        transformer = make_label_transformer(y)
        targets = transformer.transform(y, "auto", np.float32)
        assert_array_equal(targets.y, LABELS.T)
        assert targets.y.flags.c_contiguous
        assert_array_equal(transformer.classes, [0, 1, 2])
        assert (targets.n_outputs, targets.loss) == (3, "cross_entropy")
        assert targets.labels is None

    def test_number_of_labels_must_stay(self):
        with pytest.raises(ValueError, match=r"y has 3 labels; .* trained on 2"):
            IndicatorTransformer(np.arange(2)).transform(LABELS, "auto", np.float64)

    def test_softmax_is_refused(self):
        with pytest.raises(ValueError, match=r"softmax.*multilabel"):
            make_label_transformer(LABELS).transform(LABELS, "softmax", np.float64)

    def test_other_numbers_are_shown(self):
        with pytest.raises(ValueError, match=r"zeros and ones only; got \[-1, 1\]"):
            IndicatorTransformer(np.arange(3)).transform(
                2 * LABELS - 1, "auto", np.float64
            )


class TestTasks:
    def test_each_task_has_its_own_outputs(self):
        transformer = make_label_transformer(TASKS)
        assert [own.tolist() for own in transformer.classes] == [
            ["a", "b", "c"],
            ["x", "y"],
        ]
        targets = transformer.transform(TASKS, "auto", np.float64)
        expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 0]]
        assert_array_equal(targets.y, expected)
        assert (targets.n_outputs, targets.loss) == (5, "softmax")
        assert targets.tasks == (3, 2)

    @pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
    def test_sigmoid_losses_need_no_tasks(self, loss):
        targets = make_label_transformer(TASKS).transform(TASKS, loss, np.float64)
        assert targets.loss == LOSS_NAMES[loss]
        assert targets.tasks == ()

    def test_decisions_and_probabilities_are_lists(self):
        raw = np.array(KINDS["tasks"][1])
        transformer = make_label_transformer(TASKS)
        parts = raw[:, :3], raw[:, 3:]
        for found, part in zip(transformer.decision_function(raw), parts, strict=True):
            assert_array_equal(found, part)
        for found, part in zip(
            transformer.probabilities(raw, "softmax"), parts, strict=True
        ):
            assert_allclose(found, softmax(part, axis=1))

    def test_number_of_columns_must_stay(self):
        with pytest.raises(ValueError, match=r"y has 1 columns of classes; .* on 2"):
            make_label_transformer(TASKS).transform(TASKS[:, :1], "auto", np.float64)
        with pytest.raises(ValueError, match=r"y has 1 columns of classes; .* on 2"):
            make_label_transformer(TASKS).transform(TASKS[:, 0], "auto", np.float64)

    def test_unknown_classes_are_shown(self):
        with pytest.raises(ValueError, match=r"\['z'\].*\['x', 'y'\]"):
            make_label_transformer(TASKS).transform(
                np.array([["a", "z"]]), "auto", np.float64
            )

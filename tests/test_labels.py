"""Labels to targets."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from skann._labels import LOSS_NAMES, encode_classes, encode_indicators, is_multilabel
from skann._losses import LOSSES

LABELS = np.array([[0, 1, 1], [1, 0, 0]])


def test_every_name_is_a_loss():
    assert set(LOSS_NAMES.values()) <= set(LOSSES)


class TestKind:
    def test_is_told(self):
        assert is_multilabel(LABELS, None)
        assert not is_multilabel(np.array(["a", "b"]), None)

    @pytest.mark.parametrize(
        ("y", "known"), [(LABELS, False), (np.array([0, 1]), True)]
    )
    def test_must_stay(self, y, known):
        with pytest.raises(ValueError, match="the model was trained on"):
            is_multilabel(y, known)


class TestClasses:
    def test_two_share_a_unit(self):
        targets, classes = encode_classes(np.array(["n", "y", "n"]), "auto", np.float32)
        assert_array_equal(classes, ["n", "y"])
        assert_array_equal(targets.y, [[0, 1, 0]])
        assert targets.y.dtype == np.float32
        assert (targets.n_outputs, targets.loss) == (1, "cross_entropy")

    @pytest.mark.parametrize("n_classes", [1, 3, 5])
    def test_others_have_one_each(self, n_classes):
        y = np.arange(n_classes)[::-1] * 10
        targets, classes = encode_classes(y, "auto", np.float64)
        assert_array_equal(classes, np.arange(n_classes) * 10)
        assert_array_equal(targets.y, np.arange(n_classes)[::-1])
        assert (targets.n_outputs, targets.loss) == (n_classes, "softmax")

    def test_codes_are_those_of_the_known_classes(self):
        known = np.array([2, 4, 6, 8])
        targets, classes = encode_classes(np.array([8, 4]), "mse", np.float64, known)
        assert classes is known
        assert_array_equal(targets.y, [3, 1])
        assert targets.loss == "logistic_squared_error"


class TestIndicators:
    @pytest.mark.parametrize("y", [LABELS, csr_array(LABELS)], ids=["dense", "sparse"])
    def test_outputs_come_first(self, y):
        targets, classes = encode_indicators(y, "auto", np.float32)
        assert_array_equal(targets.y, LABELS.T)
        assert targets.y.flags.c_contiguous
        assert_array_equal(classes, [0, 1, 2])
        assert (targets.n_outputs, targets.loss) == (3, "cross_entropy")

    def test_number_of_labels_must_stay(self):
        with pytest.raises(ValueError, match=r"y has 3 labels; .* trained on 2"):
            encode_indicators(LABELS, "auto", np.float64, np.arange(2))

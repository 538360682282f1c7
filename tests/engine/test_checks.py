"""What could make the compiled engine read or write where it must not is refused."""

import ctypes
import os
import sys

import numpy as np
import pytest
from _helpers import make_case, outputs_first, plain_forward
from numpy.testing import assert_allclose

from skann._engine.native import binding, rules

pytestmark = pytest.mark.skipif(
    not binding.is_compiled(), reason="the compiled engine is not there"
)

SGD_RULE = (2, 0.0, False, 0.0, 0.0, 0.0, False, 0.0, 0.0, 0.0)
LOSS = {name: number for number, name in enumerate(binding.LOSSES)}


class TestChecks:
    """What could make it read or write where it must not is refused."""

    def arguments(self, **changes):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=20)
        sizes, activations = binding.described(network)
        given = {
            "sizes": sizes,
            "activations": activations,
            "loss": LOSS["softmax"],
            "loss_options": (),
            "tasks": (),
            "theta": theta,
            "rule": rules.gradient_rule(rules.STORE, 0.0),
            "vectors": (np.empty_like(theta),),
            "X": X,
            "codes": None,
            "y": outputs_first(y),
            "weight": None,
            "batch_size": 5,
            "is_new": True,
            "n_threads": 1,
            "dropout": 0.0,
            "input_dropout": 0.0,
            "l1": 0.0,
            "max_grad_value": 0.0,
            "max_grad_norm": 0.0,
            "max_norm": 0.0,
            "trainable": None,
        }
        return (given | changes).values()

    @pytest.mark.parametrize(
        "changes",
        [
            {"sizes": (3, 4)},
            {"sizes": (3, 0, 3)},
            {"sizes": (4, 4, 3)},
            {"sizes": (-3, 4, 3)},
            {"activations": ()},
            {"activations": (99,)},
            {"loss": len(LOSS)},
            {"loss": -1},
            {"loss_options": (1.0,)},
            {"loss_options": [1.0]},
            {"loss": LOSS["huber"]},
            {"loss": LOSS["huber"], "loss_options": (1.0, 1.0)},
            {"loss": LOSS["huber"], "loss_options": (np.nan,)},
            {"loss": LOSS["huber"], "loss_options": ("1",)},
            {"loss": LOSS["quantile"], "loss_options": ()},
            {"loss": LOSS["quantile"], "loss_options": (0.5, 0.5)},
            {"loss": LOSS["gaussian"]},  # of three outputs
            {"tasks": (1, 1)},
            {"theta": np.zeros(3)},
            {"theta": np.zeros(31, int)},
            {"vectors": ()},
            {"vectors": (np.zeros(3),)},
            {"vectors": (np.zeros(31, np.float32),)},
            {"rule": (9, 0.0, False, 0.0, 0.0, 0.0, False, 0.0, 0.0, 0.0)},
            {"rule": (4, 0.0, False, 0.9, 0.9, 0.1, True, 0.0, 0.0, 0.0)},
            {"rule": (2, 0.0, False, 0.0, 0.0, 0.0, False, 0.0, 0.0)},
            {"X": np.zeros((20, 2))},
            {"X": np.zeros(20)},
            {"X": np.zeros((20, 3), int)},
            {"codes": np.zeros(20, np.int32)},
            {"y": None},
            {"y": np.zeros((3, 19))},
            {"weight": np.zeros(19)},
            {"weight": np.zeros(20, np.float32)},
            {"batch_size": 0},
            {"batch_size": 21},
            {"batch_size": 2**61},
            {"n_threads": 0},
            {"dropout": 1.0},
            {"dropout": -0.1},
            {"dropout": np.nan},
            {"input_dropout": 1.0},
            {"l1": 0.1},  # of a gradient that is kept
            {"max_grad_value": 1.0},
            {"max_grad_norm": 1.0},
            {"l1": -0.1},
            {"max_grad_value": np.nan},
            {"max_grad_norm": -1.0},
            {"max_norm": 1.0},
            {"max_norm": -1.0},
            {"trainable": np.ones(31)},  # of a gradient that is kept
            {"rule": SGD_RULE, "vectors": (), "trainable": np.ones(30)},
            {"rule": SGD_RULE, "vectors": (), "trainable": np.ones(31, np.float32)},
            {"n_threads": 2**30},
            {"sizes": [3, 4, 3]},
            {"sizes": (2**62, 2**62, 3)},
            {"sizes": (3, 2**61, 3)},
            {"activations": [2]},
            {"tasks": (3, 0)},
            {"tasks": (2**63 - 1, 2)},
            {"tasks": [3]},
            {"vectors": (None,)},
            {"vectors": [np.zeros(31)]},
            {"theta": None},
            {"theta": np.zeros(31, np.int64)},
            {"theta": np.zeros(31, np.complex64)},
            {"theta": np.zeros(31, "V0")},
            {"theta": np.zeros(31).view("V8")},
            {"theta": np.zeros(31).astype(">f8")},
            {"theta": np.zeros(31 * 8 + 1, np.uint8)[1:].view(float)},
            {"vectors": (np.zeros(31, np.int64),)},
            {"y": np.zeros((3, 20), np.int64)},
            {"weight": np.zeros(20, np.int64)},
            {"weight": np.zeros(20, "V0")},
            {"codes": np.zeros(20, np.float32), "y": None},
            {"codes": np.zeros(20, "V0"), "y": None},
            {"X": np.zeros((20, 3), "V0")},
            {"X": np.zeros((20, 3)).astype(">f8")},
            {"X": np.zeros((0, 3)), "y": np.zeros((3, 0))},
            {"X": [[0.0] * 3] * 20},
        ],
        ids=str,
    )
    def test_what_does_not_fit(self, changes):
        with pytest.raises((ValueError, TypeError)):
            binding._compiled.Training(*self.arguments(**changes))

    def test_buffer_without_strides_is_refused_as_rows(self):
        rows = ((ctypes.c_double * 3) * 20)()
        with pytest.raises(ValueError, match="no strides"):
            binding._compiled.Training(*self.arguments(X=rows))
        network, theta, _, _ = make_case("softmax", ("tanh",), n_rows=20)
        about = *binding.described(network), theta, rows, None, np.empty((20, 3)), 1
        with pytest.raises(ValueError, match="no strides"):
            binding._compiled.predict(*about)

    @pytest.mark.parametrize("name", ["theta", "y", "weight"])
    def test_buffer_without_strides_is_read_as_contiguous(self, name):
        size = {"theta": 31, "y": 60, "weight": 20}[name]
        changes = {name: (ctypes.c_double * size)()}
        training = binding._compiled.Training(*self.arguments(**changes))
        training.run(None, 0, 20, None, 1.0, 0, 0.0, np.inf)

    def test_keywords(self):
        with pytest.raises(TypeError, match="keyword"):
            binding._compiled.Training(*self.arguments(), is_new=True)

    def test_a_dtype_that_names_the_native_byte_order_fits(self):
        _, theta, X, y = make_case("softmax", ("tanh",), n_rows=20)
        order = "<" if sys.byteorder == "little" else ">"
        changes = {
            name: array.view(array.dtype.newbyteorder(order))
            for name, array in (("theta", theta), ("X", X), ("y", outputs_first(y)))
        }
        training = binding._compiled.Training(*self.arguments(**changes))
        training.run(None, 0, 20, None, 1.0, 0, 0.0, np.inf)

    @pytest.mark.parametrize("name", ["theta", "vectors"])
    def test_what_can_t_be_written(self, name):
        frozen = np.zeros(31)
        frozen.flags.writeable = False
        changes = {name: frozen if name == "theta" else (frozen,)}
        with pytest.raises(ValueError, match="read-only"):
            binding._compiled.Training(*self.arguments(**changes))

    @pytest.mark.parametrize(
        ("order", "first", "n_rows", "rates"),
        [
            (None, 0, 21, None),
            (None, -1, 5, None),
            (None, 16, 5, None),
            (None, 0, -5, None),
            (np.array([0, 20]), 0, 2, None),
            (np.array([0, -1]), 0, 2, None),
            (np.array([0, 1]), 0, 3, None),
            (np.array([0, 1], np.int32), 0, 2, None),
            (None, 0, 20, np.zeros(3)),
            (None, 0, 20, np.zeros(4, np.int64)),
            (None, 2**63 - 1, 5, None),
            (None, 0, 2**63 - 1, None),
            (np.array([0.0, 1.0]), 0, 2, None),
            (np.zeros(2, "V0"), 0, 2, None),
        ],
    )
    def test_rows_that_are_none(self, order, first, n_rows, rates):
        training = binding._compiled.Training(*self.arguments())
        with pytest.raises(ValueError, match=r"rows|size|dtype"):
            training.run(order, first, n_rows, rates, 1.0, 0, 0.0, np.inf)

    @pytest.mark.parametrize("keys", [None, np.zeros(3, np.int64), np.zeros(4)])
    def test_steps_that_leave_units_out_without_keys(self, keys):
        training = binding._compiled.Training(*self.arguments(dropout=0.5))
        with pytest.raises(ValueError, match=r"keys|size|dtype"):
            training.run(None, 0, 20, None, 1.0, 0, 0.0, np.inf, keys)

    def compressed(self, indices, indptr, largest=3):
        numbers = np.ones(3)
        indices, indptr = (np.array(a, np.int32) for a in (indices, indptr))
        return numbers, indices, indptr, largest, False

    @pytest.mark.parametrize(
        ("indices", "indptr"),
        [
            ([0, 1, 3], [0, 1, 3]),
            ([0, -1, 2], [0, 1, 3]),
            ([0, 1, 2], [0, 4, 3]),
            ([0, 1, 2], [-1, 1, 3]),
            ([0, 1, 2], [0, 1, 4]),
        ],
    )
    def test_compressed_rows_that_are_none(self, indices, indptr):
        X = self.compressed(indices, indptr)
        changes = {"X": X, "y": np.zeros((3, 2)), "batch_size": 2}
        training = binding._compiled.Training(*self.arguments(**changes))
        with pytest.raises(ValueError, match="compressed"):
            training.run(None, 0, 2, None, 1.0, 0, 0.0, np.inf)

    @pytest.mark.parametrize("largest", [-1, 4, 2**63 - 1])
    def test_more_room_than_there_are_stored_numbers(self, largest):
        X = self.compressed([0, 1, 2], [0, 1, 3], largest=largest)
        arguments = self.arguments(X=X, y=np.zeros((3, 2)), batch_size=2)
        with pytest.raises(ValueError, match="compressed"):
            binding._compiled.Training(*arguments)

    @pytest.mark.parametrize("part", [1, 2])
    @pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint32, "V0", "V4"])
    def test_indices_of_another_type(self, part, dtype):
        X = list(self.compressed([0, 1, 2], [0, 1, 3]))
        if np.dtype(dtype).kind == "V":
            X[part] = np.zeros(len(X[part]), dtype)
        else:
            X[part] = X[part].astype(dtype)
        arguments = self.arguments(X=tuple(X), y=np.zeros((3, 2)), batch_size=2)
        with pytest.raises(ValueError, match="dtype"):
            binding._compiled.Training(*arguments)

    @pytest.mark.parametrize(("part", "value"), [(1, 3), (1, -1), (2, 4), (2, -1)])
    @pytest.mark.parametrize("rule", [rules.STORE, rules.ADD])
    def test_indices_that_have_changed_since_the_last_run(self, part, value, rule):
        X = self.compressed([0, 1, 2], [0, 1, 3])
        rule = rules.gradient_rule(rule, 0.0)
        training = binding._compiled.Training(
            *self.arguments(X=X, y=np.zeros((3, 2)), batch_size=2, rule=rule)
        )
        training.run(None, 0, 2, None, 1.0, 0, 0.0, np.inf)
        X[part][1] = value
        with pytest.raises(ValueError, match="compressed"):
            training.run(None, 0, 2, None, 1.0, 0, 0.0, np.inf)

    def test_inputs_left_out_of_sparse_rows(self):
        X = self.compressed([0, 1, 2], [0, 1, 3])
        changes = {"X": X, "y": np.zeros((3, 2)), "batch_size": 2, "input_dropout": 0.5}
        with pytest.raises(ValueError, match="sparse"):
            binding._compiled.Training(*self.arguments(**changes))

    def test_a_penalty_on_a_gradient_of_sparse_rows_that_is_added(self):
        # It would be left out of features that a batch does not have.
        X = self.compressed([0, 1, 2], [0, 1, 3])
        rule = rules.gradient_rule(rules.ADD, 0.1)
        with pytest.raises(ValueError, match="penalty"):
            binding._compiled.Training(
                *self.arguments(X=X, y=np.zeros((3, 2)), batch_size=2, rule=rule)
            )

    @pytest.mark.parametrize("n_steps_before", [-1, 2**63 - 1])
    def test_steps_that_can_t_have_been(self, n_steps_before):
        training = binding._compiled.Training(*self.arguments())
        with pytest.raises(ValueError, match="steps"):
            training.run(None, 0, 20, None, 1.0, n_steps_before, 0.0, np.inf)

    def test_seconds_that_are_none(self):
        training = binding._compiled.Training(*self.arguments())
        with pytest.raises(ValueError, match="seconds"):
            training.run(None, 0, 20, None, 1.0, 0, 0.0, np.nan)

    def test_rows_that_are_one_and_the_same(self):
        # Rows that are one and the same take none, and outputs of theirs do.
        rows = np.broadcast_to(np.zeros(1), (2**40, 1))
        theta, out = np.zeros(2), np.zeros((3, 1))
        with pytest.raises(ValueError, match="size"):
            binding._compiled.predict((1, 1), (), theta, rows, None, out, 1)

    def test_more_stored_numbers_than_there_is_room_for(self):
        X = self.compressed([0, 1, 2], [0, 1, 3], largest=2)
        arguments = self.arguments(X=X, y=np.zeros((3, 2)), batch_size=2)
        training = binding._compiled.Training(*arguments)
        training.run(None, 0, 1, None, 1.0, 0, 0.0, np.inf)
        with pytest.raises(ValueError, match="rows"):
            training.run(None, 0, 2, None, 1.0, 0, 0.0, np.inf)

    def test_prediction(self):
        network, theta, X, _ = make_case("softmax", ("tanh",), n_rows=20)
        predict, out = binding._compiled.predict, np.empty((20, 3))
        form = binding.described(network)
        assert predict(*form, theta, X, None, out, 1)
        assert_allclose(out, plain_forward(network, theta, X)[-1])
        for wrong in (
            (theta[1:], X, None, out, 1),
            (theta, X[:, 1:], None, out, 1),
            (theta, X, np.array([20]), out[:1], 1),
            (theta, X, None, out[1:], 1),
            (theta, X, None, None, 1),
            (theta, X, None, out, 0),
            (theta, X, None, out, 2**30),
            (theta, X, None, np.zeros((20, 3), np.int64), 1),
            (theta, X, None, np.zeros((20, 3)).astype(">f8"), 1),
            (theta, X.astype(np.int64), None, out, 1),
            (theta, X, np.arange(20.0), out, 1),
            (None, X, None, out, 1),
        ):
            with pytest.raises((ValueError, TypeError)):
                predict(*form, *wrong)

    def test_levels(self):
        best = binding._compiled.levels()[-1]
        assert binding.level() == os.environ.get("SKANN_SIMD", best)
        with pytest.raises(ValueError, match="level"):
            binding._compiled.use_level("abacus")

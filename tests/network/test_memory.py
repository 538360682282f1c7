import copy

import numpy as np
import pytest
from _helpers import make_case, objective_for

from skann._network import memory
from skann._optimize.adam import Adam


def starts_on_a_line(array):
    return array.ctypes.data % memory.LINE == 0


@pytest.mark.parametrize("shape", [(), 1, 17, (3, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_start_on_a_cache_line(shape, dtype):
    for array in (memory.empty(shape, dtype), memory.zeros(shape, dtype)):
        assert starts_on_a_line(array)
        assert array.dtype == dtype
        assert array.shape == np.empty(shape).shape
        assert array.flags.c_contiguous
    assert not memory.zeros(shape, dtype).any()


def test_copies_are_equal_and_independent():
    original = np.arange(10.0)[3:]
    copy = memory.copied(original)
    np.testing.assert_array_equal(copy, original)
    copy[0] = 9
    assert original[0] == 3
    assert starts_on_a_line(copy)
    assert memory.copied(original, np.float32).dtype == np.float32


def test_what_an_update_reads_and_writes_is_aligned():
    assert starts_on_a_line(
        objective_for(*make_case("squared_error", ("tanh",))).gradient
    )
    optimizer = copy.deepcopy(Adam().start(1000, np.float32))
    optimizer.bind(np.zeros(1000, np.float32), np.zeros(1000, np.float32))
    assert all(map(starts_on_a_line, optimizer.state))

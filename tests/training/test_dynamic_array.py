"""The array that grows: what goes in comes out, at a constant cost an entry."""

import copy
import pickle

import numpy as np
import pytest

from skann._training.dynamic_array import DynamicArray

DUPLICATES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda array: pickle.loads(pickle.dumps(array)),
}


def test_starts_empty_or_with_what_is_given():
    empty = DynamicArray().values
    assert empty.shape == (0,)
    assert empty.dtype == np.float64
    np.testing.assert_array_equal(DynamicArray([1, 2]).values, [1, 2])


def test_does_not_hold_on_to_what_is_given():
    given = np.arange(3.0)
    array = DynamicArray(given)
    array = array.extended(given)
    given[...] = -1
    np.testing.assert_array_equal(array.values, [0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("length", [0, 1, 3, 7, 1000])
def test_entries_come_in_order(length):
    array, expected = DynamicArray(), []
    for i in range(20):
        part = np.arange(length) + 1000 * i
        array = array.extended(part if i % 2 else part.tolist())
        expected.extend(part)
        np.testing.assert_array_equal(array.values, expected)


def test_values_can_t_be_written_to():
    array = DynamicArray([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        array.values[0] = 5
    array = array.extended([3.0])
    np.testing.assert_array_equal(array.values, [1, 2, 3])


def test_a_view_stays_what_it_was():
    array = DynamicArray([1.0])
    views = []
    for i in range(10):
        array = array.extended([i])
        views.append((array.values, array.values.copy()))
    for view, then in views:
        np.testing.assert_array_equal(view, then)


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_duplicate_grows_by_itself(duplicate):
    array = DynamicArray([1.0, 2.0])
    array = array.extended([3.0])
    twin = DUPLICATES[duplicate](array)
    twin = twin.extended([4.0])
    array = array.extended([5.0])
    np.testing.assert_array_equal(twin.values, [1, 2, 3, 4])
    np.testing.assert_array_equal(array.values, [1, 2, 3, 5])


def test_a_pickle_holds_the_entries_and_no_room():
    array = DynamicArray(np.zeros(10_000))
    array = array.extended([1.0])  # doubles the room
    assert len(pickle.dumps(array)) < 8 * 10_001 + 500


def test_memory_moves_seldom():
    array, places = DynamicArray(), set()
    for i in range(10_000):
        array = array.extended([i])
        places.add(array.values.__array_interface__["data"][0])
    assert len(places) < 40

"""Sequences that only grow, and share the memory of their common beginning.

Training that goes on call after call appends to a record; joining it anew each time
would cost the whole length of the record at every call. An object never changes:
``extended`` returns another one. So an interrupt between any two lines leaves whoever
holds the record before with that record. Entries beyond an object's length belong to
others and are not looked at.
"""

from collections.abc import Sequence
from itertools import islice

import numpy as np


class _Memory:
    """Room for entries; ``ends`` has the length that may still be extended, or none.

    ``list.remove`` is one operation for all threads: only one of them gets the end.
    """

    def __init__(self, array, end):
        self.array, self.ends = array, [end]


class DynamicArray:
    """One-dimensional float64 array.

    Parameters
    ----------
    values : array-like of shape (n,)
    """

    def __init__(self, values=()):
        array = np.array(values, dtype=np.float64)
        self._memory, self._length = _Memory(array, len(array)), len(array)

    def extended(self, values):
        """A new array with ``values`` after those of this one."""
        memory, start = self._memory, self._length
        end = start + len(values)
        try:
            memory.ends.remove(start)
            has_room = end <= len(memory.array)
        except ValueError:
            has_room = False  # another array goes on from here
        if not has_room:
            array = np.empty(max(end, 2 * start))
            array[:start] = memory.array[:start]
            memory = _Memory(array, end)
        memory.array[start:end] = values
        if has_room:
            memory.ends.append(end)
        longer = DynamicArray.__new__(DynamicArray)
        longer._memory, longer._length = memory, end
        return longer

    @property
    def values(self):
        """The entries: a view that is not to be written to."""
        values = self._memory.array[: self._length]
        values.flags.writeable = False
        return values

    def __reduce__(self):
        return DynamicArray, (self.values,)


class DynamicList(Sequence):
    """A list that other lists begin with.

    Parameters
    ----------
    items : list
        Taken over.
    """

    def __init__(self, items=()):
        self._items, self._length = list(items), len(items)

    def extended(self, items):
        """A new list with ``items`` after those of this one."""
        shared, end = self._items, self._length + len(items)
        if len(shared) == self._length:
            shared.extend(items)
        if len(shared) != end:  # another list goes on from here
            shared = [*shared[: self._length], *items]
        longer = DynamicList.__new__(DynamicList)
        longer._items, longer._length = shared, end
        return longer

    def __len__(self):
        return self._length

    def __eq__(self, other):
        return isinstance(other, list | DynamicList) and list(self) == list(other)

    __hash__ = None

    def __iter__(self):
        return islice(iter(self._items), self._length)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return self._items[: self._length][place]
        if not -self._length <= place < self._length:
            raise IndexError(f"{place} is no place in a list of {self._length}.")
        return self._items[place % self._length]

    def __reduce__(self):
        return DynamicList, (list(self),)

"""An array that grows at its end, at a constant cost an entry."""

import numpy as np


class DynamicArray:
    """One-dimensional float64 array with room to grow.

    Training that goes on call after call appends to it; joining arrays anew each time
    would cost the whole length of the history at every call.
    """

    def __init__(self, values=()):
        self._memory = np.array(values, dtype=np.float64)
        self._length = len(self._memory)

    def extend(self, values):
        """Append ``values``."""
        end = self._length + len(values)
        if end > len(self._memory):
            memory = np.empty(max(end, 2 * len(self._memory)))
            memory[: self._length] = self._memory[: self._length]
            self._memory = memory
        self._memory[self._length : end] = values
        self._length = end

    @property
    def values(self):
        """The entries so far: a view that is not to be written to."""
        values = self._memory[: self._length]
        values.flags.writeable = False
        return values

    def __reduce__(self):
        return DynamicArray, (self.values,)

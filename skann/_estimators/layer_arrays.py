"""``coefs_`` and ``intercepts_``: a list of arrays that one can assign to."""

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .._network.layout import checked
from .._typing import Array


class LayerArrays(list[Array]):
    """The weights or the biases of a fitted network, an array a layer.

    The arrays are views of the network's parameters. Assigning to an item writes the
    values to the network, as writing into its array does. The network has the layers
    that it has: items can't be added, removed or moved. Copies, by whatever means, are
    plain lists.

    Parameters
    ----------
    name : str
        What users know the list by, for the errors.
    views : list of ndarray
        Views of one array, none of which overlaps another.
    """

    def __init__(self, name: str, views: list[Array]) -> None:
        super().__init__(views)
        self._name = name

    def __setitem__(self, key: Any, given: Any) -> None:
        views, name, wanted = self[key], f"{self._name} in a slice", None
        if isinstance(key, slice):
            given = list(given)
        else:
            views, given, name = [views], [given], f"{self._name}[{key}]"
            wanted = f"an array of shape {views[0].shape}"
        arrays = checked(name, views, given, wanted)
        for view, array in zip(views, given, strict=True):
            self._refuse_another_layer(view, array)
        for view, array in zip(views, arrays, strict=True):
            view[...] = array

    def _refuse_another_layer(self, view, array):
        # Two layers that are swapped in one statement: the second would get back what
        # the first has just been given.
        others = [other for other in self if other is not view]
        if isinstance(array, np.ndarray) and any(
            np.may_share_memory(array, other) for other in others
        ):
            raise ValueError(
                f"{self._name} can't be given an array of another layer, which is a "
                "view of the network's parameters; give a copy of it, array.copy()."
            )

    def _keep_length(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{self._name} has one array a layer of the network; arrays can't be "
            f"added, removed or moved. Assign to {self._name}[i], or work on "
            f"list({self._name})."
        )

    if not TYPE_CHECKING:  # which has list's own
        __delitem__ = __iadd__ = __imul__ = _keep_length
        append = clear = extend = insert = pop = remove = _keep_length
        reverse = sort = _keep_length

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

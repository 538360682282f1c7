"""Where each layer's parameters lie in the one flat vector ``theta``.

``theta`` holds, layer after layer, the weights of shape ``(n_in, n_out)`` in row-major
order and then the biases. Everything else (weights for the forward pass, gradients,
``coefs_``) is a view that this module makes, so writing to one writes to the other.
Views do not survive pickling or ``deepcopy``: store the vector, make the views anew.
"""

import numpy as np


class Layout:
    """Offsets of a fully connected network's parameters in a flat vector.

    Parameters
    ----------
    layer_sizes : sequence of int
        Number of units of every layer, inputs first and outputs last.

    Attributes
    ----------
    n_parameters : int
        Length of the flat vector.
    weight_slices : list of slice
        Where the weights, without the biases, of each layer lie.
    """

    def __init__(self, layer_sizes):
        self.layer_sizes = tuple(int(size) for size in layer_sizes)
        self.weight_slices = []
        self._bias_slices = []
        end = 0
        for n_in, n_out in self.shapes:
            start, middle, end = end, end + n_in * n_out, end + n_in * n_out + n_out
            self.weight_slices.append(slice(start, middle))
            self._bias_slices.append(slice(middle, end))
        self.n_parameters = end

    @property
    def shapes(self):
        """Shapes ``(n_in, n_out)`` of the weight matrices."""
        return list(zip(self.layer_sizes[:-1], self.layer_sizes[1:], strict=True))

    def weights(self, vector):
        """Views of the weight matrices in ``vector``, first layer first."""
        return [
            vector[where].reshape(shape)
            for where, shape in zip(self.weight_slices, self.shapes, strict=True)
        ]

    def biases(self, vector):
        """Views of the bias vectors in ``vector``, first layer first."""
        return [vector[where] for where in self._bias_slices]

    def fill(
        self, vector, weights=None, biases=None, names=("coef_init", "intercept_init")
    ):
        """Copy given parameters into ``vector``; None leaves what is there.

        Parameters
        ----------
        vector : ndarray of shape (n_parameters,)
        weights, biases : list of array-like, or None
            One array a layer.
        names : tuple of two str
            What users know them by, for the errors.

        Raises
        ------
        ValueError
            If the arrays do not have the layers' shapes or are not finite. Nothing is
            copied then.
        """
        pairs = []
        for name, views, given in (
            (names[0], self.weights(vector), weights),
            (names[1], self.biases(vector), biases),
        ):
            if given is not None:
                pairs += zip(views, checked(name, views, given), strict=True)
        # Layers of the vector itself, in another order, would be overwritten unread.
        pairs = [
            (view, array.copy() if np.may_share_memory(array, vector) else array)
            for view, array in pairs
        ]
        for view, array in pairs:
            view[...] = array


def checked(name, views, given, wanted=None):
    """The arrays of ``given``, if ``views`` can hold them: by shape, and finite.

    ``wanted`` says in errors what ``name`` must be; None for a list of all of them.
    """
    shapes = [view.shape for view in views]
    wanted = wanted or f"a list of {len(shapes)} arrays of shapes {shapes}, one a layer"
    try:
        given = [np.asarray(array) for array in given]
        if any(array.dtype.kind == "c" for array in given):
            raise TypeError("complex numbers can't be weights.")
        arrays = [np.asarray(array, dtype=np.float64) for array in given]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be {wanted}, all numeric: {error}") from error
    found = [array.shape for array in arrays]
    if found != shapes:
        raise ValueError(f"{name} must be {wanted}; got {found}.")
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(f"{name} contains NaN or infinity.")
    for view, array in zip(views, arrays, strict=True):
        limit = np.finfo(view.dtype).max
        if array.size and np.abs(array).max() > limit:
            raise ValueError(
                f"{name} contains numbers beyond {limit:g}, the largest that the "
                f"network's {view.dtype} can hold."
            )
    return arrays

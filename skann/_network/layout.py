"""Where each layer's parameters lie in the one flat vector ``theta``.

``theta`` holds, layer after layer, the weights of shape ``(n_in, n_out)`` in row-major
order and then the biases. After all layers come, in networks that have them, the
weights of the direct path from inputs to outputs, and what normalises the hidden
layers: their gains and shifts, and the statistics of batches, which no optimiser moves.
Everything else (weights for the forward pass, gradients,
``coefs_``) is a view that this module makes, so writing to one writes to the other.
Views do not survive pickling or ``deepcopy``: store the vector, make the views anew.
"""

import math

import numpy as np


class Layout:
    """Offsets of a fully connected network's parameters in a flat vector.

    Parameters
    ----------
    layer_sizes : sequence of int
        Number of units of every layer, inputs first and outputs last.
    skip : bool
        Whether there is a direct path from inputs to outputs.
    normalization : {"batch", "layer"} or None
        Of the hidden layers.

    Attributes
    ----------
    n_parameters : int
        Length of the flat vector.
    weight_slices : list of slice
        Where weights, without the biases, lie: those of each layer, and of the direct
        path if there is one.
    statistics : slice
        Where means and variances of batches lie, and last how many there have been.
    """

    def __init__(self, layer_sizes, skip=False, normalization=None):
        self.layer_sizes = tuple(int(size) for size in layer_sizes)
        self._layer_slices = []
        self._bias_slices = []
        self._skip = None
        end = 0
        for n_in, n_out in self.shapes:
            start, middle, end = end, end + n_in * n_out, end + n_in * n_out + n_out
            self._layer_slices.append(slice(start, middle))
            self._bias_slices.append(slice(middle, end))
        self.weight_slices = list(self._layer_slices)
        if skip:
            start, end = end, end + self.layer_sizes[0] * self.layer_sizes[-1]
            self._skip = slice(start, end)
            self.weight_slices.append(self._skip)
        self._norm_slices, end = self._after(end, 2 if normalization else 0)
        start = end
        statistics, end = self._after(end, 2 if normalization == "batch" else 0)
        self._norm_slices += statistics
        end += bool(statistics)  # the number of batches
        self.statistics = slice(start, end)
        self.n_parameters = end

    def _after(self, end, n_kinds):
        """Slices of so many kinds of vectors with a number for each hidden unit."""
        kinds = []
        for _ in range(n_kinds):
            kinds.append([])
            for size in self.layer_sizes[1:-1]:
                start, end = end, end + size
                kinds[-1].append(slice(start, end))
        return kinds, end

    @property
    def shapes(self):
        """Shapes ``(n_in, n_out)`` of the weight matrices."""
        return list(zip(self.layer_sizes[:-1], self.layer_sizes[1:], strict=True))

    def weights(self, vector):
        """Views of the weight matrices in ``vector``, first layer first."""
        return [
            vector[where].reshape(shape)
            for where, shape in zip(self._layer_slices, self.shapes, strict=True)
        ]

    def biases(self, vector):
        """Views of the bias vectors in ``vector``, first layer first."""
        return [vector[where] for where in self._bias_slices]

    def skip(self, vector):
        """View of the direct path's weights in ``vector``; None where there is none."""
        if self._skip is None:
            return None
        return vector[self._skip].reshape(self.layer_sizes[0], self.layer_sizes[-1])

    def normalizers(self, vector):
        """Views of what normalises the hidden layers, by kind, first layer first.

        Returns
        -------
        views : list of list of ndarray
            Gains and shifts, and means and variances where batches have some; empty
            without normalisation.
        """
        return [[vector[where] for where in kind] for kind in self._norm_slices]

    def layer_norms(self, vector):
        """Norm of each layer's weights and biases in ``vector``, first layer first."""
        # In an order of NumPy's own: a BLAS sums by its number of threads.
        return [
            math.sqrt(sum(np.square(part, dtype=np.float64).sum() for part in layer))
            for layer in zip(self.weights(vector), self.biases(vector), strict=True)
        ]

    def mask(self, trainable):
        """Which parameters are trained, a vector of bool, by what users say of layers.

        Parameters
        ----------
        trainable : list of bool or array-like of bool, or None
            For each layer, whether all of it is, or which of its weights are; None for
            everything.

        Returns
        -------
        mask : ndarray of shape (n_parameters,), or None for everything

        Raises
        ------
        ValueError
            If it is not such a list.
        """
        if trainable is None:
            return None
        wanted = (
            "trainable must be a list with True, False or a boolean array of the shape "
            f"of its weights for each layer, of shapes {self.shapes}"
        )
        if not isinstance(trainable, list | tuple) or len(trainable) != len(
            self.shapes
        ):
            raise ValueError(f"{wanted}; got {trainable!r}.")
        found = np.ones(self.n_parameters, bool)
        layers = zip(trainable, self.weights(found), self.biases(found), strict=True)
        for number, (given, weights, biases) in enumerate(layers):
            given = np.asarray(given)
            if given.dtype != bool or given.shape not in ((), weights.shape):
                raise ValueError(
                    f"{wanted}; got an array of {given.dtype} and shape {given.shape} "
                    f"for layer {number}."
                )
            weights[...] = given
            if given.shape == ():
                biases[...] = given
        return found

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

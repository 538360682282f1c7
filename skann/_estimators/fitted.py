"""A fitted network as its users see it: predictions, parameters, curves.

All parameters are stored in one array, ``_theta``. ``coefs_`` and ``intercepts_`` are
properties that make views of it, so they survive pickling and copying; the curves are
columns of ``history_``.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._engine.choice import raw_outputs
from .._typing import Array, ArrayLike
from .history import History
from .inside import InsideNetwork
from .layer_arrays import LayerArrays
from .rows import validate_rows
from .validation import check_all_finite

Read = TypeVar("Read", covariant=True)


class ReadOnly(Protocol[Read]):
    """What type checkers take a property for that :func:`read_only` has made."""

    def __get__(self, instance: Any, owner: Any = ...) -> Read: ...


def read_only(reason: str) -> Callable[[Callable[[Any], Read]], ReadOnly[Read]]:
    """A property that says why it can't be set."""

    def decorate(read):
        def refuse(self, value):
            raise AttributeError(
                f"{read.__name__} can't be set to {value!r}: it {reason}."
            )

        return property(read, refuse)

    return decorate


_SHAPE = "follows from the network's layers; fit anew with other hidden_layer_sizes"


class FittedNetwork(InsideNetwork):
    """What estimators have once they are fitted, besides plain attributes."""

    def _raw(self, X):
        """Raw outputs for user data, shape (n_samples, n_outputs)."""
        if "_theta" not in vars(self):
            check_is_fitted(self)
        if self._is_plain(X):
            raw, finite = raw_outputs(self._network, self._theta, X)
            if finite:
                return self._checked(raw, X)
        X = validate_rows(self, X, reset=False)
        raw, _ = raw_outputs(self._network, self._theta, X)
        return self._checked(raw, X)

    def _checked_rows(self, X):
        """User data as the engines read them, of a fitted network."""
        if "_theta" not in vars(self):
            check_is_fitted(self)
        return validate_rows(self, X, reset=False)

    def _checked(self, raw, X):
        if not np.isfinite(raw).all():
            check_all_finite(X, "X")
            raise ValueError(
                f"X has values so large that outputs overflow {raw.dtype}; scale it as "
                "the training data was."
            )
        return raw

    def _is_plain(self, X):
        # What needs no conversion skips scikit-learn's validation, several times as
        # slow as predicting one row; what it would refuse or warn of goes to it.
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype in (np.float32, np.float64)
            and X.flags.c_contiguous
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
        )

    def _fitted(self, stored, name):
        try:
            return vars(self)[stored]
        except KeyError:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}: it is not "
                "fitted yet."
            ) from None

    def _views(self, kind, name):
        theta = self._fitted("_theta", name)
        return LayerArrays(name, getattr(self._network.layout, kind)(theta))

    @property
    def coefs_(self) -> LayerArrays:
        """Weights, a list of arrays of shape (n_in, n_out), one a layer.

        Assigning to an item, or to all of it, changes the network.
        """
        return self._views("weights", "coefs_")

    @coefs_.setter
    def coefs_(self, coefs: Sequence[ArrayLike]) -> None:
        self._views("weights", "coefs_")
        self._network.layout.fill(self._theta, coefs, None, ("coefs_", ""))

    @property
    def intercepts_(self) -> LayerArrays:
        """Biases, a list of arrays of shape (n_out,), one a layer.

        Assigning to an item, or to all of it, changes the network.
        """
        return self._views("biases", "intercepts_")

    @intercepts_.setter
    def intercepts_(self, intercepts: Sequence[ArrayLike]) -> None:
        self._views("biases", "intercepts_")
        self._network.layout.fill(self._theta, None, intercepts, ("", "intercepts_"))

    @read_only("is a view of the weights; assign to its items, skip_coef_[...] = new")
    def skip_coef_(self) -> Array | None:
        """Weights of the direct path, of shape (n_features, n_outputs), or None."""
        theta = self._fitted("_theta", "skip_coef_")
        return self._network.layout.skip(theta)

    @read_only("is of views of the parameters; assign to the items of its arrays")
    def normalization_(self) -> dict[str, list[Array]] | None:
        """What normalises the hidden layers: lists of arrays by their kind; or None."""
        theta = self._fitted("_theta", "normalization_")
        kinds = self._network.layout.normalizers(theta)
        names = "gain", "shift", "mean", "variance"
        return dict(zip(names, kinds, strict=False)) or None

    @read_only(_SHAPE)
    def n_layers_(self) -> int:
        """Number of layers, inputs and outputs included."""
        self._fitted("_theta", "n_layers_")
        return len(self._network.layer_sizes)

    @read_only(_SHAPE)
    def n_outputs_(self) -> int:
        """Number of output units."""
        self._fitted("_theta", "n_outputs_")
        return self._network.layer_sizes[-1]

    @read_only("follows from the parameters of the first fit; fit anew with others")
    def activations_(self) -> list[str]:
        """Activation of each hidden layer, a list of their names."""
        self._fitted("_theta", "activations_")
        return list(self._network.activations)

    @read_only(
        "follows from the loss that the network was trained with; fit anew with "
        "another loss, or apply a function to what is predicted"
    )
    def out_activation_(self) -> str:
        """Activation of the output layer."""
        self._fitted("_theta", "out_activation_")
        found = self._network.loss_function.out_activation
        # Two classes have one output, whose softmax with zero is the sigmoid.
        two = found == "softmax" and self.n_outputs_ == 1 and len(self.classes_) == 2
        return "logistic" if two else found

    @read_only("is a count that training keeps; fit anew to start from zero")
    def t_(self) -> int:
        """Rows trained on, counted in every epoch."""
        return self._fitted("_progress", "t_").n_seen

    @read_only("is the record of training; work on what it returns, which is a copy")
    def history_(self) -> History:
        """A list for each column of the record, with one entry an epoch; a copy."""
        columns = self._fitted("_history", "history_")
        return History((name, list(column)) for name, column in columns.items())

    @property
    def loss_curve_(self) -> list[float]:
        """Objective of each epoch: the mean over its batches, before their updates."""
        return list(self._fitted("_history", "loss_curve_")["loss"])

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """Loss on the validation data after each epoch; None where there are none."""
        return self._validation_column("validation_loss", "validation_loss_curve_")

    @property
    def validation_scores_(self) -> list[float] | None:
        """Score on the validation data after each epoch; None where there are none."""
        return self._validation_column("validation_score", "validation_scores_")

    def _validation_column(self, column, name):
        history = self._fitted("_history", name)
        if all(map(math.isnan, history["validation_loss"])):
            return None
        return list(history[column])

    @read_only("is what training has found")
    def alpha_(self) -> float:
        """Strength of the penalty that solver="br" has found, on the mean loss."""
        return self._found("alpha", "alpha_")

    @read_only("is what training has found")
    def n_effective_parameters_(self) -> float:
        """Number of parameters that the data have determined, by solver="br"."""
        return self._found("n_effective_parameters", "n_effective_parameters_")

    def _found(self, column, name):
        """What the solver has recorded for the weights that were kept."""
        values = self._fitted("_history", name).get(column, [])
        known = 0 < self.best_iter_ <= len(values)
        value = values[self.best_iter_ - 1] if known else math.nan
        if math.isnan(value):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}: only "
                "a step of solver='br' finds it."
            )
        return value

    @property
    def best_loss_(self) -> float:
        """Lowest entry of `loss_curve_`."""
        return min(self._fitted("_history", "best_loss_")["loss"], default=self.loss_)

    @property
    def batch_loss_curve_(self) -> list[float]:
        """Loss of every mini-batch before its update, over the life of the model."""
        return self._fitted("_batch_losses", "batch_loss_curve_").values


class FittedClasses:
    """What a classifier has besides."""

    @read_only("follows from the targets of the first fit; fit anew with other labels")
    def classes_(self) -> Any:
        """Class labels; a list of them for several columns of classes."""
        return self._fitted("_transformer", "classes_").classes

    @read_only("follows from the targets of the first fit; fit anew with others")
    def multilabel_(self) -> bool:
        """Whether targets are an indicator matrix of labels."""
        return self._fitted("_transformer", "multilabel_").multilabel


class FittedUnits:
    """What a regressor has besides."""

    @read_only(
        "is the unit that the network was trained in; change predictions instead"
    )
    def y_mean_(self) -> Any:
        """Mean of the targets, of shape (n_outputs,), or zero; a copy."""
        return self._fitted("_transformer", "y_mean_").mean.copy()

    @read_only(
        "is the unit that the network was trained in; change predictions instead"
    )
    def y_scale_(self) -> Any:
        """Deviation of the targets, of shape (n_outputs,), or one; a copy."""
        return self._fitted("_transformer", "y_scale_").scale.copy()

"""What the page shows of a network: maps, losses and weights, as numbers."""

import numpy as np

from .._estimators.scoring import validation_function
from .._network.activations import ACTIVATIONS
from .._training.data import Data as TrainingData
from ._trainer import quiet

MAP_SIZE = 64


class Painter:
    """Computes what is drawn of a network on some data.

    Parameters
    ----------
    net : BPClassifier or BPRegressor
        As it is at the start.
    data : Data
    """

    def __init__(self, net, data):
        self.data = data
        n_units = sum(net._network.layer_sizes)
        self.unit_size = 32 if n_units <= 80 else 16
        self._map_points = data.inputs(_grid(data.limits, MAP_SIZE))
        self._unit_points = data.inputs(_grid(data.limits, self.unit_size))
        self._sets = [self._rows(net, rows) for rows in (data.train, data.test)]
        self._inputs = np.stack([_by_range(column) for column in self._unit_points.T])
        y = data.y
        self.is_classification = hasattr(net, "classes_")
        if self.is_classification:
            self._test_codes = np.searchsorted(net.classes_, y[data.test])
        self.range = (
            None if self.is_classification else [float(y.min()), float(y.max())]
        )

    def _rows(self, net, rows):
        X, y = self.data.X[rows], self.data.y[rows]
        targets = net._encode(net._transformer, y, X.dtype)
        weight = net._effective_weight(None, net._transformer, targets)
        return TrainingData(X, y, targets, weight)

    def losses(self, net):
        """Loss and score (accuracy or R²) on training and on test rows."""
        parts = net, net._transformer, net._network, net._theta
        found = [validation_function(*parts, rows)() for rows in self._sets]
        return [float(number) for pair in found for number in pair]

    def confusion(self, net):
        """Test rows by class and predicted class, or None."""
        if not self.is_classification:
            return None
        found = np.searchsorted(net.classes_, net.predict(self._sets[1].X))
        n_classes = len(net.classes_)
        pairs = np.bincount(
            self._test_codes * n_classes + found, minlength=n_classes**2
        )
        return pairs.reshape(n_classes, n_classes).tolist()

    def map(self, net):
        """The map: (values, classes), bytes of shape (MAP_SIZE, MAP_SIZE) or None.

        Values are 0 to 255 from one class to the other, or from the least to the
        largest target; of several classes, how sure the network is.
        """
        X = self._map_points
        if not self.is_classification:
            low, high = self.range
            with quiet():  # of predictions that overflow: the map shows them
                value = (net.predict(X) - low) / ((high - low) or 1.0)
            return _bytes(value), None
        if net.loss == "perceptron":
            raw = net.decision_function(X)
            if raw.ndim == 1:
                return _bytes(0.5 + 0.5 * np.tanh(raw)), None
            return _bytes(np.full(len(X), 0.8)), raw.argmax(axis=1).astype(np.uint8)
        p = net.predict_proba(X)
        if p.shape[1] == 2:
            return _bytes(p[:, 1]), None
        best = p.argmax(axis=1)
        return _bytes(p.max(axis=1)), best.astype(np.uint8)

    def units(self, net):
        """What inputs and hidden units say over the map, bytes, one after the other."""
        shown, values = [self._inputs], self._unit_points
        # All layers in one pass; `transform` would begin anew for each.
        layers = zip(net.coefs_, net.intercepts_, strict=True)
        for activation, (weights, biases) in zip(
            net.activations_, layers, strict=False
        ):
            values = ACTIVATIONS[activation].value(values @ weights + biases)
            if activation in ("logistic", "step"):
                shown.append(_bytes(values.T))
            else:
                largest = np.maximum(1.0, np.abs(values).max(axis=0))
                shown.append(_bytes(0.5 + 0.5 * (values / largest).T))
        return np.concatenate(shown)


def _grid(limits, size):
    """Points of a square grid, row by row, from the top left."""
    left, right, bottom, top = limits
    across = left + (right - left) * (np.arange(size) + 0.5) / size
    down = top - (top - bottom) * (np.arange(size) + 0.5) / size
    return np.column_stack([np.tile(across, size), np.repeat(down, size)])


def _bytes(share):
    """0 to 255 for shares of one."""
    return np.clip(np.nan_to_num(share) * 255 + 0.5, 0, 255).astype(np.uint8)


def _by_range(values):
    """Bytes whose middle is zero: the largest of the values, at least 1, is an end."""
    return _bytes(0.5 + 0.5 * values / max(1.0, np.abs(values).max()))

"""A network that is trained bit by bit, and can be taken back to any epoch.

What has been done to it is a list of changes, each at an epoch: training is the same
every time, so the nearest snapshot and the changes after it give the network of any
epoch, bit for bit. The exported code is the same list, written down.
"""

import copy
import time
import warnings

from .._estimators.classifier import BPClassifier
from .._estimators.fit_inputs import FitInputs
from .._estimators.regressor import BPRegressor
from ._rates import schedule_parameters
from ._settings import epochs_per_fit, live_parameters, parameters

MAX_SNAPSHOTS = 100


class Trainer:
    """One network, its data and its past.

    Parameters
    ----------
    settings : dict
    data : Data

    Attributes
    ----------
    net : BPClassifier or BPRegressor
    epoch : int
        Where the network is.
    end : int
        The last epoch that it has been trained to.
    changes : list of (epoch, name, value)
        "parameters" with a dict, or "weight" with (kind, layer, index, value).
    first_parameters : dict
        The parameters that the network began with.
    """

    def __init__(self, settings, data):
        self.data, self._settings = data, settings
        kind = BPClassifier if settings["problem"] == "classification" else BPRegressor
        self.first_parameters = self._with_rate(parameters(settings), settings)
        self.net = kind(max_iter=1, **self.first_parameters)
        with quiet():
            self.net.initialize(data.X_train, data.y_train)
        self.epoch = self.end = 0
        self.changes, self._spacing = [], 1
        self._seconds_each, self._last_piece = 0.01, 1
        self._snapshots = {0: copy.deepcopy(self.net)}
        self._fit_length = {0: epochs_per_fit(settings)}

    def _with_rate(self, found, settings):
        return found | schedule_parameters(settings, len(self.data.train))

    @property
    def first_weights(self):
        """What was set by hand before training: a dict of (kind, layer, index)."""
        return {
            value[:3]: value[3]
            for epoch, name, value in self.changes
            if name == "weight" and epoch == 0
        }

    def fit_length(self, epoch):
        """How many epochs a fit must have there; None for any number."""
        return self._fit_length[max(e for e in self._fit_length if e <= epoch)]

    def advance(self, n_epochs, seconds):
        """Train for some epochs, in pieces, until time is up.

        Raises
        ------
        ValueError
            If training diverges; the network is then as it was before the piece.
        """
        self._forget_future()
        # By the thread's own time: a piece is not long because others were at work.
        clock = time.thread_time
        until, end = clock() + seconds, self.epoch + n_epochs
        while self.epoch < end:
            started = clock()
            length = self.fit_length(self.epoch)
            # As many as there is time for, as it seems, and twice as many at most.
            there_is = int((until - started) / self._seconds_each)
            piece = max(1, min(2 * self._last_piece, there_is, end - self.epoch))
            self._fit(length or piece)
            self._take_snapshot()
            now = clock()
            self._seconds_each = max((now - started) / (length or piece), 1e-6)
            self._last_piece = max(self._last_piece, piece)
            # What begins a fit takes as long as many epochs: no small last piece.
            if now >= until - 0.5 * seconds:
                break
        self.end = self.epoch

    def change(self, settings):
        """Go on with other parameters, of those that may change on the way."""
        self._forget_future()
        wanted = self._with_rate(live_parameters(settings), settings)
        present = self.net.get_params()
        new = {name: v for name, v in wanted.items() if present[name] != v}
        if not new:
            return
        trial = copy.deepcopy(self.net).set_params(**new, max_iter=1)
        trial._validate_params()
        with quiet():  # what can't be combined is refused here and changes nothing
            trial._train(self.data.X_train, self.data.y_train, FitInputs(), True)
        self._apply("parameters", new)
        self._fit_length[self.epoch] = epochs_per_fit(settings)
        self._settings = settings

    def set_weight(self, kind, layer, index, value, check=None):
        """Set one weight or bias by hand.

        Parameters
        ----------
        kind : {"coefs_", "intercepts_"}
        layer : int
        index : tuple of int
        value : float
        check : callable, default=None
            Called with a copy of the network that has the weight. Where it raises,
            nothing is set.
        """
        if kind not in ("coefs_", "intercepts_"):
            raise ValueError(f"There are no {kind!r}.")
        arrays = getattr(self.net, kind)
        if not 0 <= layer < len(arrays) or len(index) != arrays[layer].ndim:
            raise ValueError(f"There is no weight {kind}[{layer}]{list(index)}.")
        if any(not 0 <= i < n for i, n in zip(index, arrays[layer].shape, strict=True)):
            raise ValueError(f"There is no weight {kind}[{layer}]{list(index)}.")
        if not abs(value) <= 1e6:
            raise ValueError(f"A weight must be a number up to 1e6; got {value!r}.")
        change = kind, layer, tuple(index), float(value)
        if check is not None:
            trial = copy.deepcopy(self.net)
            _do(trial, "weight", change)
            check(trial)
        self._forget_future()
        self._apply("weight", change)

    def seek(self, epoch):
        """Be at an epoch that has been trained to."""
        epoch = min(max(epoch, 0), self.end)
        start = max(e for e in self._snapshots if e <= epoch)
        if not start <= self.epoch <= epoch:
            self.net = copy.deepcopy(self._snapshots[start])
            self.epoch = start
        length = self.fit_length(self.epoch)
        epoch -= (epoch - self.epoch) % length if length else 0
        for when, name, value in list(self.changes):
            if self.epoch < when <= epoch:
                self._train_to(when)
                _do(self.net, name, value)
        self._train_to(epoch)

    def _train_to(self, epoch):
        while self.epoch < epoch:
            self._fit(self.fit_length(self.epoch) or min(epoch - self.epoch, 1000))

    def _fit(self, n_epochs):
        self.net.set_params(max_iter=n_epochs)
        with quiet():
            # What `fit` does with a warm start, but for checks of parameters, which
            # have been made, and for warnings that look at the whole history.
            self.net._train(self.data.X_train, self.data.y_train, FitInputs(), True)
        self.epoch += n_epochs
        # The curves of the page are its own: these would grow without end.
        self.net._forget_record()

    def _apply(self, name, value):
        _do(self.net, name, value)
        self.changes.append((self.epoch, name, value))
        self._snapshots[self.epoch] = copy.deepcopy(self.net)

    def _forget_future(self):
        """What was done after the present epoch is no more."""
        if self.epoch == self.end:
            return
        self.end = self.epoch
        self.changes = [c for c in self.changes if c[0] <= self.end]
        for kept in (self._snapshots, self._fit_length):
            for epoch in [e for e in kept if e > self.end]:
                del kept[epoch]

    def _take_snapshot(self):
        last = max(self._snapshots)
        if self.epoch - last < self._spacing:
            return
        self._snapshots[self.epoch] = copy.deepcopy(self.net)
        if len(self._snapshots) > MAX_SNAPSHOTS:
            self._spacing *= 2
            kept = sorted(self._snapshots)[::2]
            self._snapshots = {epoch: self._snapshots[epoch] for epoch in kept}


def _do(net, name, value):
    if name == "parameters":
        net.set_params(**value)
    else:
        kind, layer, index, number = value
        getattr(net, kind)[layer][index] = number


class quiet(warnings.catch_warnings):
    """No warnings: that a piece of training ended at its limit is no news."""

    def __enter__(self):
        super().__enter__()
        warnings.simplefilter("ignore")

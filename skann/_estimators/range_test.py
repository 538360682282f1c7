"""The learning-rate range test: which rate to start from, from one short training.

The model is a clone that is trained through ``partial_fit``, one batch and so one step
a call: every estimator, loss and solver takes part without the engine knowing of it.
What ``fit`` takes from all rows at once, the clone can't take from its first batch: the
size of a batch, the mean and the deviation of real targets, and balanced class weights
are worked out here beforehand (:func:`_prepared`), as ``fit`` would.
"""

import copy
import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

from .._optimize.solvers import solver_for
from .._optional import imported
from .._training.divergence import DivergenceError
from .._training.run import resolve_batch_size
from .._typing import ArrayLike, Axes, Matrix
from .auto import with_sklearn_defaults
from .classifier import BPClassifier
from .regressor import BPRegressor
from .validation import check_sample_weight

# How many times its lowest value the smoothed loss may be before the test ends.
_DIVERGED = 4

# Share of the steps in the window that the losses are smoothed over, on each side.
_WINDOW = 0.1


@dataclass(repr=False)
class LearningRateRange:
    """Result of :func:`learning_rate_range_test`.

    Parameters
    ----------
    learning_rates : ndarray of shape (n_steps_taken,)
        Rate of each step, rising.
    losses : ndarray of shape (n_steps_taken,)
        Loss of each batch before its step.
    smoothed_losses : ndarray of shape (n_steps_taken,)
        Mean of the losses around each step, nearer ones weighing more.
    suggestion : float or None
        A fifth of the rate at which the smoothed loss is lowest. None if that is the
        first one: the loss has not fallen, because the range begins too high or
        because the batches are so small that their losses are mostly chance.

    See Also
    --------
    learning_rate_range_test : Makes it.

    Examples
    --------
    >>> import numpy as np
    >>> from skann import LearningRateRange
    >>> rates, losses = np.array([0.1, 1.0]), np.array([2.0, 1.0])
    >>> LearningRateRange(rates, losses, losses, 0.2)
    LearningRateRange(2 rates from 0.1 to 1, suggestion=0.2)
    """

    __module__ = "skann"  # files name it so

    learning_rates: np.ndarray
    losses: np.ndarray
    smoothed_losses: np.ndarray
    suggestion: float | None

    def __repr__(self) -> str:
        rates = self.learning_rates
        limits = f" from {rates[0]:.3g} to {rates[-1]:.3g}" if len(rates) else ""
        found = None if self.suggestion is None else float(f"{self.suggestion:.3g}")
        return f"LearningRateRange({len(rates)} rates{limits}, suggestion={found})"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the losses over the rates, and the suggestion.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ax : matplotlib Axes
            Where it was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> from skann import learning_rate_range_test
        >>> found = learning_rate_range_test(BPClassifier(), X, y)
        >>> ax = found.plot()  # doctest: +SKIP
        """
        if ax is None:
            plt = imported("matplotlib.pyplot", "plot", "plot")
            _, ax = plt.subplots(layout="constrained")
        ax.semilogx(self.learning_rates, self.losses, color="0.75", label="batch")
        ax.semilogx(
            self.learning_rates, self.smoothed_losses, color="tab:red", label="smoothed"
        )
        if self.suggestion is not None:
            label = f"suggestion: {self.suggestion:.2g}"
            ax.axvline(self.suggestion, color="tab:blue", linestyle="--", label=label)
        # The few losses on the way out would press all the others flat.
        low, high = self.smoothed_losses.min(), self.smoothed_losses[0]
        ax.set_ylim(max(0, low - 0.2 * (high - low)), 1.5 * max(high, low))
        ax.set_xlabel("learning rate")
        ax.set_ylabel("loss")
        ax.legend()
        return ax


def learning_rate_range_test(
    estimator: Any,
    X: Matrix,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    smallest: float = 1e-6,
    largest: float = 10.0,
    n_steps: int = 100,
) -> LearningRateRange:
    """Find out which learning rates an estimator can be trained with.

    A clone of the estimator is trained from its starting weights at a rate that grows
    by the same factor with every mini-batch (Smith 2017). At first nothing happens,
    then the loss falls, and where the rate is too high it rises; there the test ends.

    Parameters
    ----------
    estimator : BPClassifier or BPRegressor
        With a solver of mini-batches, so neither "rprop" nor "lbfgs". Not changed, and
        need not be fitted; its `learning_rate`, `learning_rate_init`, `power_t`,
        `max_iter`, `warm_start`, `n_init` and `early_stopping` don't matter. A pipeline
        has to be taken apart: give its last step, and X as that step sees it.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training data.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative row weights, whose ratios within a batch matter; None weighs all
        rows alike.
    smallest : float, default=1e-6
        Rate of the first step, above 0.
    largest : float, default=10.0
        Rate of the last step if it comes to that, above `smallest`. A step at 10 is
        too long for nearly every network.
    n_steps : int, default=100
        Steps from one to the other, at least 10; 14 for each power of ten by default.

    Returns
    -------
    result : LearningRateRange
        Rates, losses, smoothed losses and a suggestion for `learning_rate_init`, with
        a method `plot`.

    Raises
    ------
    TypeError
        If `estimator` is not one of the two.
    ValueError
        If a parameter or the data are not valid, the solver takes all rows at once,
        or training diverges at the first step.

    See Also
    --------
    LearningRateRange : What it returns.

    Notes
    -----
    Rows are drawn anew, in whole batches of the size that `fit` would use, as often as
    is needed: a larger batch bears a higher rate. The mean and deviation of
    `normalize_y` and balanced class weights are those of all rows, as in `fit`. The
    losses are smoothed by a triangular window of 10 % of the steps to either side. The
    test ends when their mean over the last 10 % is 4 times its lowest, or no longer
    finite.

    The suggestion is a fifth of the rate at the lowest smoothed loss. Of eight rules
    that were compared with the best rate of a grid, on MNIST, digits, iris, diabetes, a
    smooth regression and the spirals with "adam" and "sgd", this one and the rate at
    which 80 % of the fall is done left the lowest training losses on average; of the
    two it is the simpler. A tenth was often too slow and a third sometimes unstable, as
    was the steepest descent of the logarithm; the steepest descent of the loss was the
    slowest of all.

    The window was chosen on MNIST, digits, iris, breast cancer, diabetes and a smooth
    regression, with both solvers, batches of 32 to 128 rows and ten random states each.
    At 10 % the suggestions differ by a factor of 1.3 from one random state to the next,
    at 5 % by 1.5, and the worst of ten leaves a training loss 2.6 times that of the
    best rate of a grid, at 5 % 3.7 times (geometric means, batches of 32 to 40). A test
    with batches of 128 for training in those of 32 suggested up to 3.5 times as high a
    rate, for "sgd" sometimes too high a one. Where losses of single batches differ
    much, look at the plot.

    References
    ----------
    Smith, L. N. (2017). Cyclical learning rates for training neural networks. IEEE
    Winter Conference on Applications of Computer Vision, 464-472.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skann import BPClassifier, learning_rate_range_test
    >>> X, y = load_iris(return_X_y=True)
    >>> X = StandardScaler().fit_transform(X)
    >>> clf = BPClassifier((20,), random_state=0)
    >>> result = learning_rate_range_test(clf, X, y)
    >>> 0.01 < result.suggestion < 0.3
    True
    >>> clf = clf.set_params(learning_rate_init=result.suggestion)
    """
    _check_range(smallest, largest, n_steps)
    growth = math.log(largest / smallest) / (n_steps - 1)
    rates = smallest * np.exp(growth * np.arange(n_steps))
    model = _model(estimator, rates)
    batches = _batches(model, X, y, sample_weight)
    width = max(1, round(_WINDOW * n_steps))
    losses, lowest = [], math.inf
    while len(losses) < n_steps:
        try:
            model.partial_fit(**next(batches))
        except DivergenceError as error:
            if losses:
                break
            raise ValueError(
                f"smallest={smallest!r} is too high a learning rate to begin with: "
                "training diverged at the first step."
            ) from error
        losses.append(model.loss_)
        recent = sum(losses[-width:]) / width
        if len(losses) >= width:
            lowest = min(lowest, recent)
            if recent > _DIVERGED * lowest:
                break
    losses = np.array(losses)
    smoothed = _smoothed(losses, width)
    best = smoothed.argmin()
    return LearningRateRange(
        rates[: len(losses)],
        losses,
        smoothed,
        float(rates[best] / 5) if best else None,
    )


def _check_range(smallest, largest, n_steps):
    positive = [Interval(Real, 0, None, closed="neither")]
    validate_parameter_constraints(
        {
            "smallest": positive,
            "largest": positive,
            "n_steps": [Interval(Integral, 10, None, closed="left")],
        },
        {"smallest": smallest, "largest": largest, "n_steps": n_steps},
        caller_name="learning_rate_range_test",
    )
    if not smallest < largest < math.inf:
        raise ValueError(
            f"largest must be finite and above smallest={smallest!r}; got {largest!r}."
        )


def _model(estimator, rates):
    """A clone to be trained at these rates, one step each."""
    if not isinstance(estimator, (BPClassifier, BPRegressor)):
        raise TypeError(
            "estimator must be a BPClassifier or a BPRegressor (of a pipeline, its "
            f"last step, with X as that step sees it); got {estimator!r}."
        )
    defaults = type(estimator)()
    model = clone(estimator).set_params(
        **{
            name: getattr(defaults, name)
            for name in ("learning_rate_init", "power_t", "warm_start", "n_init")
        },
        early_stopping=False,
        average=None,  # the loss is that of the weights that are trained
        learning_rate=rates.item,
    )
    model._validate_params()
    solver = solver_for(with_sklearn_defaults(model))
    if not solver.uses_learning_rate or solver.full_batch:
        rate = "" if solver.uses_learning_rate else "has no learning rate and "
        raise ValueError(
            "estimator must have a solver of mini-batches, such as 'sgd' or 'adam'; "
            f"got solver={estimator.solver!r}, which {rate}takes all rows at once."
        )
    return model


def _prepared(model, X, y, sample_weight):
    """X, y and row weights as ``fit`` would see them, checked; they suit the model.

    And what the first ``partial_fit`` must be told besides.
    """
    X, y = model._validate_pair(X, y, reset=True)
    weight = check_sample_weight(sample_weight, X)
    transformer = model._new_transformer(y, weight, None)
    targets = model._encode(transformer, y, X.dtype)
    weight = model._effective_weight(weight, transformer, targets)
    n_rows = X.shape[0] if weight is None else np.count_nonzero(weight)
    model.set_params(batch_size=resolve_batch_size(model.batch_size, n_rows))
    if isinstance(model, BPClassifier):
        model.set_params(class_weight=None)
        return X, y, weight, {"classes": transformer.classes}
    model.set_params(normalize_y=False)
    return X, (y - transformer.mean) / transformer.scale, weight, {}


def _batches(model, X, y, sample_weight):
    """Arguments of ``partial_fit`` for one batch after the other, without end."""
    X, y, weight, first = _prepared(model, X, y, sample_weight)
    rows = np.arange(X.shape[0]) if weight is None else np.flatnonzero(weight)
    # The model's own generator draws its weights as if there were no other.
    rng = check_random_state(copy.deepcopy(model.random_state))
    size = model.batch_size
    while True:
        order = rng.permutation(rows) if model.shuffle else rows
        for start in range(0, len(rows) - size + 1, size):
            batch = order[start : start + size]
            yield {
                "X": X[batch],
                "y": y[batch],
                "sample_weight": None if weight is None else weight[batch],
                **first,
            }
            first = {}


def _smoothed(losses, width):
    window = width + 1.0 - abs(np.arange(-width, width + 1))
    padded = np.pad(losses, width)
    inside = np.pad(np.ones_like(losses), width)
    return np.convolve(padded, window, "valid") / np.convolve(inside, window, "valid")

"""Training parameters that are "auto": two ways of training, and the rules of one.

`solver` and `learning_rate` alone choose the way; all other parameters refine it and
mean the same in both.

* *One cycle*, with ``solver="auto"`` and a `learning_rate` that is "auto" or a schedule
  that runs to its end: AdamW, a learning rate that rises and falls once, a number of
  epochs that is known beforehand. Parameters that are "auto" follow the rules below,
  functions of rows, columns and classes; decay and length are then chosen on held-out
  rows (``search.py``).
* *Until convergence*, as ``MLPClassifier`` does, with any other solver or schedule, and
  in ``partial_fit``, which does not know how long training will last.

The choices are published as ``auto_params_``. ``docs/defaults.md`` has the measurements
behind the rules.
"""

import copy
import inspect
import math
from dataclasses import dataclass, field, replace
from warnings import warn

import numpy as np
from scipy import sparse

from .._engine.choice import lazy_updates_pay
from .._optimize.adam import Adam, AdamW
from .._optimize.cosine_schedules import OneCycle
from .._optimize.schedules import SCHEDULES
from .._optimize.solvers import with_defaults_of_solvers
from .._training.run import resolve_batch_size

AUTO = "auto"

# Values of "auto" in training until convergence.
_SKLEARN_VALUES = {
    "solver": "adam",
    "alpha": 0.0,
    "learning_rate": "constant",
    "learning_rate_init": 0.001,
    "max_iter": 200,
}

# What multiplies the highest rate of a cycle that goes on from another.
_RATE_OF_A_WARM_START = 0.3

# The same for wide sparse data: without decay they are learnt by heart in few steps.
_RATE_WITHOUT_DECAY = 0.3

# Fewer rows (of classes, outside of the largest one) can't spare any to be held out.
_MIN_ROWS_FOR_TRIALS = 50

# Rows that make one batch: no fewer are counted, so that weighing rows and repeating
# them come to the same where batches play no part.
_MIN_ROWS = 64


def weight_decay(n_rows, variances, n_classes=2, n_hidden_layers=1):
    """AdamW's decay: 8 L √(Σ_j var(x_j) / (n (k - 1))), within bounds.

    Under AdamW no weight settles at more than one over the decay, so this bounds what
    the network can make of its inputs: tightly where columns are many and rows few,
    loosely where many classes have to be told apart. It is as the inputs' scale is, and
    so is the effect of a weight: a change of unit changes nothing.

    Parameters
    ----------
    n_rows : int
        n.
    variances : ndarray of shape (n_features,)
        Of the columns: all ones for standardised data.
    n_classes : float
        k; 2 for real targets.
    n_hidden_layers : int
        L: what the layers can make of their inputs multiplies. More than three count
        as three, or narrow deep networks would learn nothing. Without a hidden layer
        there is little to hold back, and 0.1 is taken for it.

    Returns
    -------
    decay : float
        Between 0.1 L and 1.5 L times the root of the variances' mean.
    """
    total = float(np.sum(variances))
    typical = math.sqrt(total / max(1, len(variances)))
    wanted = 8 * math.sqrt(total / (max(n_rows, _MIN_ROWS) * max(1, n_classes - 1)))
    depth = min(n_hidden_layers, 3) or 0.1
    return depth * min(max(wanted, 0.1 * typical), 1.5 * typical)


def peak_rate(hidden_sizes):
    """The cycle's highest learning rate: 0.01, less for wide layers and for many.

    Less beyond 200 units, as the root of their number; less beyond 3 hidden layers, as
    their number, since at 0.01 a network of 24 tangent layers ends in one constant.
    More, 0.05, without a hidden layer, where no unit can die of a large step.

    Parameters
    ----------
    hidden_sizes : sequence of int
        Units of the hidden layers.

    Returns
    -------
    rate : float
    """
    if not hidden_sizes:
        return 0.05
    wide, deep = math.sqrt(200 / max(hidden_sizes)), 3 / len(hidden_sizes)
    return 0.01 * min(1.0, wide) * min(1.0, deep)


def n_epochs(n_rows, batch_size):
    """Epochs in the cycle: 60 up to 10,000 rows, then fewer as 1/√n, down to 10.

    And enough of them to make 500 steps: few rows are one batch.

    Parameters
    ----------
    n_rows : int
    batch_size : int

    Returns
    -------
    n : int
    """
    by_rows = min(60.0, max(10.0, 60 * math.sqrt(10_000 / n_rows)))
    by_steps = 500 / math.ceil(n_rows / batch_size)
    return math.ceil(max(by_rows, by_steps))


def with_sklearn_defaults(estimator):
    """A copy whose parameters that are "auto" have scikit-learn's values."""
    settings = copy.copy(estimator)
    for name, value in _SKLEARN_VALUES.items():
        # A function of the steps is the rate itself.
        unused = name == "learning_rate_init" and callable(estimator.learning_rate)
        if _is_auto(getattr(estimator, name)) and not unused:
            setattr(settings, name, value)
    return settings


def uses_one_cycle(estimator):
    """Whether the parameters ask for training in one cycle.

    The perceptron's loss and step units are left out: no weights at all minimise that
    loss, and below a step weights would do nothing but decay.
    """
    rate = estimator.learning_rate
    in_cycle = _is_auto(estimator.solver) and (_is_auto(rate) or _is_planned(rate))
    return in_cycle and not is_perceptron(estimator)


def is_perceptron(estimator):
    """Whether the loss is the perceptron's or an activation is a step."""
    names = estimator.activation
    names = names if isinstance(names, list | tuple) else (names,)
    return "step" in names or estimator.loss == "perceptron"


def makes_trials(estimator, data):
    """Whether decay or length of a cycle over some rows is chosen by trials.

    Few rows have none to spare, and trials that are no shorter than the fit itself are
    not worth it.
    """
    length = estimator.max_iter
    if data.n_telling() < _MIN_ROWS_FOR_TRIALS:
        return False
    if _is_auto(length):
        return True
    return _is_auto(estimator.alpha) and length >= _rule(estimator, data.n_rows) / 5


def _rule(estimator, n_rows):
    """The rule's number of epochs for so many rows."""
    return n_epochs(n_rows, resolve_batch_size(estimator.batch_size, n_rows))


# Parameters that have no effect on a cycle of AdamW, and why.
_UNUSED_IN_A_CYCLE = {
    "momentum": "it belongs to solver='sgd'",
    "nesterovs_momentum": "it belongs to solver='sgd'",
    "max_fun": "it belongs to full-batch solvers such as solver='lbfgs'",
    "tol": "the cycle runs to its end",
    "n_iter_no_change": "the cycle runs to its end",
}


def warn_of_unused(estimator):
    """Warn of parameters that are set and have no effect in one cycle."""
    defaults = inspect.signature(type(estimator)).parameters
    for name, why in _UNUSED_IN_A_CYCLE.items():
        value = getattr(estimator, name)
        # Never to stop is what a cycle does.
        if value not in (defaults[name].default, math.inf):
            warn(
                f"{name}={value!r} has no effect with solver='auto' and learning_rate="
                f"{estimator.learning_rate!r}: {why}. Set solver='adam' or another one "
                "to train until convergence.",
                UserWarning,
                stacklevel=7,
            )


def _is_planned(learning_rate):
    if isinstance(learning_rate, str):
        learning_rate = SCHEDULES.get(learning_rate)
    return getattr(learning_rate, "runs_to_the_end", False)


@dataclass
class Cycle:
    """The rules of training in one cycle, for an estimator and its data.

    Attributes
    ----------
    estimator : BaseBP
    network : Network
    data : Data
        The rows to train on.
    """

    estimator: object
    network: object
    data: object
    _variances: object = field(init=False)

    def __post_init__(self):
        with np.errstate(over="ignore", invalid="ignore"):
            self._variances = _variances(self.data)

    @property
    def decays(self):
        """Whether there is weight decay.

        Wide sparse data go without, unless `alpha` is given: decay would move all
        weights in every step, whichever features a batch has.
        """
        alpha = self.estimator.alpha
        if not _is_auto(alpha):
            return alpha > 0
        if not np.isfinite(self._variances).all():
            return False  # training itself says what is wrong with such numbers
        batch_size = resolve_batch_size(self.estimator.batch_size, self.data.n_rows)
        return not lazy_updates_pay(self.data.X, batch_size, 0.0, Adam())

    def n_epochs(self, n_rows):
        """The rule's number of epochs for so many rows."""
        return _rule(self.estimator, n_rows)

    def by_rule(self):
        """Settings by the rules alone, and the decay in multiples of theirs."""
        given = self.estimator
        alpha = 1.0 if _is_auto(given.alpha) else given.alpha
        n_rows, length = self.data.n_rows, given.max_iter
        if _is_auto(length):
            length = self.n_epochs(n_rows)
        alpha = alpha if self.decays else 0.0
        return self.settings(n_rows, alpha, length), alpha

    def again(self):
        """Settings of a cycle that goes on from the end of another, and its decay.

        Decay and length are those of the cycle before, and the rate is lower: training
        goes on near the weights that it has found.
        """
        given, before = copy.copy(self.estimator), self.estimator.auto_params_
        if isinstance(before.get("solver", ""), str):
            before = {}  # no cycle, or no training at all
        for name in ("alpha", "max_iter"):
            if _is_auto(getattr(given, name)):
                setattr(given, name, before.get(name, AUTO))
        settings, alpha = replace(self, estimator=given).by_rule()
        trained = self.estimator._progress.n_iter > 0
        if trained and _is_auto(given.learning_rate_init):
            settings.learning_rate_init *= _RATE_OF_A_WARM_START
        return settings, alpha

    def settings(self, n_rows, alpha, length):
        """A copy of the estimator without "auto", for a cycle.

        Parameters
        ----------
        n_rows : int
            Rows of the cycle.
        alpha : float
            The weight decay, in multiples of the rule's.
        length : int
            Epochs.
        """
        given, hidden = self.estimator, self.network.layer_sizes[1:-1]
        settings = with_defaults_of_solvers(given)
        betas = {n: getattr(given, n) for n in ("beta_1", "beta_2", "epsilon")}
        # The share of an L1 penalty is a term of the objective, as with all solvers.
        settings.alpha, settings.l1_ratio = alpha * given.l1_ratio, 1.0
        decay = alpha * (1 - given.l1_ratio)
        if decay:
            decay *= weight_decay(
                n_rows, self._variances, _n_classes(self.network), len(hidden)
            )
            settings.solver = AdamW(decay, **betas)
        else:
            settings.solver = Adam(**betas)
        if _is_auto(given.learning_rate):
            settings.learning_rate = OneCycle()
        if _is_auto(given.learning_rate_init):
            settings.learning_rate_init = peak_rate(hidden)
            if not self.decays and _is_auto(given.alpha):
                settings.learning_rate_init *= _RATE_WITHOUT_DECAY
        settings.max_iter = length
        return settings


def _n_classes(network):
    """Classes that a row is told apart into; of several columns, on the average."""
    if network.loss_function.out_activation == "softmax":
        sizes = network.tasks or (network.layer_sizes[-1],)
        return sum(sizes) / len(sizes)
    return 2


def auto_values(estimator, settings, n_rows, alpha, standardizes):
    """The values of the parameters that are "auto".

    Parameters
    ----------
    estimator : BaseBP
    settings : BaseBP
        Its parameters as they are used.
    n_rows : int
    alpha : float or None
        The decay of a cycle, in multiples of the rule's; None outside of a cycle.
    standardizes : bool
        Whether columns are standardised.

    Returns
    -------
    values : dict of str to object
    """
    names = (*_SKLEARN_VALUES, "batch_size")
    found = {n: getattr(settings, n) for n in names if _is_auto(getattr(estimator, n))}
    if "batch_size" in found:
        found["batch_size"] = resolve_batch_size(AUTO, n_rows)
    if "alpha" in found:
        # The penalty that "br" has found is an attribute of the fit.
        found["alpha"] = getattr(estimator, "alpha_", found["alpha"])
        found["alpha"] = found["alpha"] if alpha is None else alpha
    if _is_auto(estimator.standardize):
        found["standardize"] = standardizes
    return found


def _is_auto(value):
    return isinstance(value, str) and value == AUTO


def _variances(data):
    """Weighted variance of each column, over the rows in use or a sample of them."""
    rows = data.sample()
    X, weight = data.X_of(rows), data.weight_of(rows)
    weight = weight / weight.sum()
    if sparse.issparse(X):
        means, squares = X.T @ weight, X.multiply(X).T @ weight
        return np.maximum(squares - means**2, 0)
    deviations = X - np.einsum("ij,i->j", X, weight, dtype=np.float64)
    return np.einsum("ij,ij,i->j", deviations, deviations, weight)

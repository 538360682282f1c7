"""What "auto" stands for: how to train, from the data.

Two ways of training share the estimators' parameters.

* *scikit-learn's*: Adam at a constant rate until the loss has converged. It is taken
  as soon as a parameter that is particular to it is set: a solver, a schedule or rate,
  `tol`, patience, early stopping, a warm start; and by ``partial_fit``, which does not
  know how long training will last. A script written for ``MLPClassifier`` trains as it
  did there.
* *One cycle* with decay, where nothing of that is set: AdamW, a learning rate that
  rises and falls once, a number of epochs that is known beforehand. Each number is a
  rule below, a function of the rows, columns and classes.

What was chosen is published as ``auto_params_``. ``docs/defaults.md`` has the
measurements behind the rules.
"""

import copy
import inspect
import math

import numpy as np
from scipy import sparse

from .._engine.choice import lazy_updates_pay
from .._optimize.adam import Adam, AdamW
from .._optimize.cosine_schedules import OneCycle
from .._training.run import resolve_batch_size

AUTO = "auto"

# What "auto" stands for in scikit-learn's way of training.
_SKLEARN_VALUES = {
    "solver": "adam",
    "alpha": 0.0,
    "learning_rate": "constant",
    "learning_rate_init": 0.001,
    "max_iter": 200,
}

# Parameters that belong to that way: to set one is to choose it.
_SKLEARN_PARAMETERS = (
    "solver",
    "learning_rate",
    "learning_rate_init",
    "power_t",
    "momentum",
    "nesterovs_momentum",
    "beta_1",
    "beta_2",
    "epsilon",
    "max_fun",
    "tol",
    "n_iter_no_change",
    "early_stopping",
    "warm_start",
)

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
    """The cycle's highest learning rate: 0.01, less for layers of over 200 units.

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
    return 0.01 * min(1.0, math.sqrt(200 / max(hidden_sizes)))


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


def uses_one_cycle(estimator, data):
    """Whether nothing says how to train, and the data suit one cycle.

    Wide sparse data do not: decay would move all weights in every step, whatever
    features a batch has. Nor do steps, below which weights would do nothing but decay,
    and the perceptron's loss, which no weights at all make as small as it can be.
    """
    if _asks_for_sklearn(estimator) or _is_perceptron(estimator):
        return False
    batch_size = resolve_batch_size(estimator.batch_size, data.n_rows)
    return not lazy_updates_pay(data.X, batch_size, 0.0, Adam())


def one_cycle_settings(estimator, data, network):
    """A copy of the estimator that trains in one cycle.

    Parameters
    ----------
    estimator : BaseBP
    data : Data
        The rows to train on.
    network : Network
    """
    hidden, decay = network.layer_sizes[1:-1], 0.0
    if _is_auto(estimator.alpha):
        with np.errstate(over="ignore", invalid="ignore"):
            variances = _variances(data)
        # Training itself says what is wrong with numbers that are not finite.
        if np.isfinite(variances).all():
            n_classes = _n_classes(network)
            decay = weight_decay(data.n_rows, variances, n_classes, len(hidden))
    batch_size = resolve_batch_size(estimator.batch_size, data.n_rows)
    longest = n_epochs(data.n_rows, batch_size)
    if not _is_auto(estimator.max_iter):
        longest = min(longest, estimator.max_iter)
    settings = with_sklearn_defaults(estimator)
    settings.solver = AdamW(weight_decay=decay)
    settings.learning_rate = OneCycle()
    settings.learning_rate_init = peak_rate(hidden)
    settings.max_iter = longest
    return settings


def _n_classes(network):
    """Classes that a row is told apart into; of several columns, on the average."""
    if network.loss_function.out_activation == "softmax":
        sizes = network.tasks or (network.layer_sizes[-1],)
        return sum(sizes) / len(sizes)
    return 2


def auto_values(estimator, settings, n_rows):
    """What the parameters that are "auto" have become, as a dict."""
    names = (*_SKLEARN_VALUES, "batch_size")
    found = {n: getattr(settings, n) for n in names if _is_auto(getattr(estimator, n))}
    if "batch_size" in found:
        found["batch_size"] = resolve_batch_size(AUTO, n_rows)
    return found


def _is_perceptron(estimator):
    names = estimator.activation
    names = names if isinstance(names, list | tuple) else (names,)
    return "step" in names or estimator.loss == "perceptron"


def _is_auto(value):
    return isinstance(value, str) and value == AUTO


def _asks_for_sklearn(estimator):
    defaults = inspect.signature(type(estimator)).parameters
    return any(
        not _same(getattr(estimator, name), defaults[name].default)
        for name in _SKLEARN_PARAMETERS
    )


def _same(value, default):
    return type(value) is type(default) and value == default


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

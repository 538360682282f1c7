"""The parameters that all networks share: what they may be, and what they stand for."""

import copy
from numbers import Integral, Real
from warnings import warn

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from .._network.activations import ACTIVATIONS
from .._network.data_initializers import DATA_INITIALIZERS
from .._network.initializers import INITIALIZERS
from .._optimize.averaging import AVERAGES, Averaging, averaging_for
from .._optimize.minimizer import Minimizer
from .._optimize.optimizer import Optimizer
from .._optimize.schedule_base import Schedule
from .._optimize.schedule_kinds import Constant
from .._optimize.schedules import SCHEDULES, needs_length, schedule_for
from .._optimize.solvers import SOLVERS, solver_for
from .auto import with_sklearn_defaults
from .function_objects import Activation, Loss
from .validation import check_activations, hidden_layers

PARAMETER_CONSTRAINTS = {
    "hidden_layer_sizes": [
        "array-like",
        Interval(Integral, 1, None, closed="left"),
    ],
    "activation": [StrOptions(set(ACTIVATIONS)), list, tuple, Activation],
    "solver": [StrOptions({"auto", *SOLVERS}), Optimizer, Minimizer],
    "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "skip_connection": ["boolean"],
    "normalization": [StrOptions({"batch", "layer"}), None],
    "input_dropout": [Interval(Real, 0, 1, closed="left")],
    "input_noise": [Interval(Real, 0, None, closed="left")],
    "max_norm": [Interval(Real, 0, None, closed="neither"), None],
    "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
    "max_grad_value": [Interval(Real, 0, None, closed="neither"), None],
    "average": [StrOptions(set(AVERAGES)), Averaging, None],
    "trainable": [list, tuple, None],
    "divergence_retries": [Interval(Integral, 0, None, closed="left")],
    "batch_size": [
        StrOptions({"auto"}),
        Interval(Integral, 1, None, closed="left"),
    ],
    "learning_rate": [StrOptions({"auto", *SCHEDULES}), Schedule, callable],
    "learning_rate_init": [
        StrOptions({"auto"}),
        Interval(Real, 0, None, closed="neither"),
    ],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "standardize": [StrOptions({"auto"}), "boolean"],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose", StrOptions({"progress"})],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [
        Interval(Real, 0, 1, closed="neither"),
        HasMethods(["split", "get_n_splits"]),
    ],
    "scoring": [
        StrOptions({"loss", *get_scorer_names()}),
        callable,
        list,
        tuple,
        dict,
    ],
    "training_score": ["boolean"],
    "gradient_norms": ["boolean"],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "target_loss": [Interval(Real, None, None, closed="neither"), None],
    "n_hidden_layers": [Interval(Integral, 0, None, closed="left"), None],
    "n_hidden_units": [Interval(Integral, 1, None, closed="left"), None],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [
        Interval(Integral, 1, None, closed="left"),
        Options(Real, {np.inf}),
    ],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "weight_init": [StrOptions({"auto", *INITIALIZERS, *DATA_INITIALIZERS})],
    "n_init": [Interval(Integral, 1, None, closed="left")],
    "n_jobs": [
        Interval(Integral, None, -1, closed="right"),
        Interval(Integral, 1, None, closed="left"),
        None,
    ],
}


def solver_class(estimator):
    """The class of the solver that is asked for, or an object of it."""
    solver = with_sklearn_defaults(estimator).solver
    return SOLVERS.get(solver, Optimizer) if isinstance(solver, str) else solver


def supports_partial_fit(estimator):
    """Whether ``partial_fit`` makes sense with the parameters; else an error."""
    if solver_class(estimator).full_batch:
        raise AttributeError(
            "partial_fit needs a solver of mini-batches, such as 'sgd' or 'adam'; got "
            f"solver={estimator.solver!r}."
        )
    if estimator.n_init != 1:
        raise AttributeError(
            "partial_fit goes on from one start, and can't be used with n_init="
            f"{estimator.n_init!r}."
        )
    if needs_length(estimator.learning_rate):
        raise AttributeError(
            "partial_fit can't be used with learning_rate="
            f"{estimator.learning_rate!r}, which needs to know how long training will "
            "go on; 'constant' and 'adaptive' do not."
        )
    average = estimator.average
    if average == "swa" or getattr(average, "needs_length", False):
        raise AttributeError(
            f"partial_fit can't be used with average={average!r}, which needs to know "
            "how many epochs there will be; 'ema' does not."
        )
    return True


def solver_and_schedule(estimator, settings):
    """Solver and schedule; a constant rate for a solver that follows none.

    Parameters
    ----------
    estimator : BaseBP
        As its user sees it, for the warning.
    settings : BaseBP
        Its parameters, none of them "auto".
    """
    solver, schedule = solver_for(settings), schedule_for(settings)
    _check_step_options(estimator, solver)
    plain = isinstance(schedule, Constant) and not schedule.needs_length
    if solver.follows_schedule or plain:
        return solver, schedule
    # No error: a grid over solvers and schedules has such a corner.
    warn(
        f"learning_rate={estimator.learning_rate!r} is not used by "
        f"solver={estimator.solver!r}, which finds its own step lengths.",
        stacklevel=5,
    )
    settings = copy.copy(settings)
    settings.learning_rate = "constant"
    return solver, schedule_for(with_sklearn_defaults(settings))


# Parameters of steps on mini-batches, and what leaves them out.
_OF_MINI_BATCHES = {
    "l1_ratio": 0.0,
    "normalization": None,
    "dropout": 0.0,
    "input_dropout": 0.0,
    "input_noise": 0.0,
    "max_norm": None,
    "max_grad_norm": None,
    "max_grad_value": None,
    "average": None,
    "divergence_retries": 0,
}


def _check_step_options(estimator, solver):
    """Whether what is asked of the steps would be done."""
    if estimator.l1_ratio and isinstance(estimator.alpha, str):
        raise ValueError(
            f"l1_ratio={estimator.l1_ratio} would not be used: it is a share of the "
            "penalty alpha, which must then be a number. Got alpha='auto'."
        )
    if solver.finds_alpha and not isinstance(estimator.alpha, str):
        raise ValueError(
            f"alpha={estimator.alpha!r} would not be used: solver={estimator.solver!r} "
            "finds the strength of the penalty itself. Leave alpha='auto'."
        )
    rate = estimator.learning_rate_init
    if hasattr(solver, "learning_rate_init") and rate != "auto":
        raise ValueError(
            f"learning_rate_init={rate!r} would not be used: solver="
            f"{estimator.solver!r} has its own. Set it there: "
            f"solver={type(solver).__name__}(learning_rate_init={rate!r})."
        )
    averaging_for(estimator.average)
    for name, default in _OF_MINI_BATCHES.items():
        value = getattr(estimator, name)
        if value != default and solver.full_batch:
            raise ValueError(
                f"{name}={value!r} can't be used with solver={estimator.solver!r}, "
                "which takes all rows at once: use a solver of mini-batches, such as "
                "'sgd' or 'adam'."
            )
    if estimator.gradient_norms and estimator.normalization == "batch":
        raise ValueError(
            "gradient_norms=True can't be used with normalization='batch': the "
            "gradient of a row depends on the batch that it is in."
        )
    hidden = hidden_layers(estimator)
    functions = estimator.loss, *check_activations(estimator.activation, len(hidden))
    own = [each for each in functions if isinstance(each, Loss | Activation)]
    if solver.uses_gauss_newton:  # of the activations it wants the first alone
        own = [each for each in own if isinstance(each, Loss)]
    if own and (solver.uses_hessian or solver.uses_gauss_newton):
        raise ValueError(
            f"solver={estimator.solver!r} needs second derivatives, which "
            f"{type(own[0]).__name__} does not have: use another solver."
        )
    if estimator.dropout and not hidden:
        raise ValueError(
            f"dropout={estimator.dropout!r} would not be used: it leaves hidden units "
            "out, and the network has no hidden layer."
        )

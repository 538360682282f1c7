"""Which solver an estimator's parameters ask for.

A name stands for the solver with its default settings. The names that scikit-learn has
as well take theirs from the estimator's parameters of the same names, as there. A
solver given as an object brings its own settings; to set the estimator's besides would
say a thing twice, and is refused.
"""

import copy
import inspect

from .minimizers import MINIMIZERS
from .optimizers import OPTIMIZERS

SOLVERS = {**OPTIMIZERS, **MINIMIZERS}

# The estimators' parameters that belong to one solver each, by its name.
SHARED_PARAMETERS = {
    "sgd": ("momentum", "nesterovs_momentum"),
    "adam": ("beta_1", "beta_2", "epsilon"),
    **dict.fromkeys(MINIMIZERS, ("max_fun",)),
}


def solver_for(estimator):
    """The solver that the parameters ask for, checked and without state.

    Raises
    ------
    ValueError
        If a setting is not valid, or is given where it would not be used.
    """
    given = estimator.solver
    if not isinstance(given, str):
        _refuse_parameters(estimator, given)
        return given.fresh()
    kind = SOLVERS[given]
    if given not in SHARED_PARAMETERS:
        _refuse_parameters(estimator, given)
        return kind()
    return kind(**{name: getattr(estimator, name) for name in SHARED_PARAMETERS[given]})


def with_defaults_of_solvers(estimator):
    """A copy with the defaults of all parameters that belong to a solver."""
    copied = copy.copy(estimator)
    defaults = inspect.signature(type(estimator)).parameters
    for name in {name for names in SHARED_PARAMETERS.values() for name in names}:
        setattr(copied, name, defaults[name].default)
    return copied


def _refuse_parameters(estimator, given):
    defaults = inspect.signature(type(estimator)).parameters
    for name in sorted(
        {name for names in SHARED_PARAMETERS.values() for name in names}
    ):
        value = getattr(estimator, name)
        if value != defaults[name].default:
            owners = [
                repr(owner) for owner, own in SHARED_PARAMETERS.items() if name in own
            ]
            raise ValueError(
                f"{name}={value!r} would not be used: it belongs to "
                f"solver={' or '.join(owners)}, and solver is {given!r}. Set what that "
                "has as an object of skann.solvers."
            )

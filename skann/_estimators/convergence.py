"""What is said about a training that ended before it was done."""

from warnings import warn

from sklearn.exceptions import ConvergenceWarning

from .parameters import solver_class

# A loss that falls by more than this in the last epochs would have gone on falling.
_STILL_FALLING = 0.2


def warn_unless_converged(estimator, monitor):
    """Warn of a training whose loss was still falling; for ``fit`` to call."""
    if monitor.stop_reason is not None or monitor.planned:
        return
    steps = solver_class(estimator).uses_learning_rate
    fall = monitor.fall(estimator.n_iter_no_change)
    if fall > _STILL_FALLING or not steps:
        limit, value = monitor.limit
        last = f": by {fall:.0%} in the last {estimator.n_iter_no_change} iterations"
        faster = " or the learning rate (learning_rate_init)"
        warn(
            f"Training stopped at {limit}={value} while the loss was still "
            f"falling{last if steps else ''}. Raise {limit}"
            f"{faster if steps else ''}.",
            ConvergenceWarning,
            stacklevel=3,
        )

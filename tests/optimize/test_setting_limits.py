"""Settings of optimisers: the last value that is taken, the first that is not."""

import numpy as np
import pytest

from skann import solvers

TINY = np.nextafter(0, 1)
BELOW_ONE, ABOVE_ONE = np.nextafter(1, 0), np.nextafter(1, 2)

# Taken at its ends, and refused just beyond.
SHARE = [0, BELOW_ONE], [-TINY, 1]
POSITIVE = [TINY, 1e300], [0, -TINY]
NOT_NEGATIVE = [0, 1e300], [-TINY]
LIMITS = {
    ("SGD", "momentum"): ([0, 1], [-TINY, ABOVE_ONE]),
    ("Adam", "beta_1"): SHARE,
    ("Adam", "beta_2"): SHARE,
    ("Adam", "epsilon"): POSITIVE,
    ("Nadam", "momentum_decay"): NOT_NEGATIVE,
    ("RMSprop", "rho"): SHARE,
    ("RMSprop", "epsilon"): POSITIVE,
    ("RMSprop", "momentum"): SHARE,
    ("Lion", "beta_1"): SHARE,
    ("Lion", "beta_2"): SHARE,
    ("Adagrad", "initial_accumulator"): NOT_NEGATIVE,
    ("Adagrad", "epsilon"): POSITIVE,
    ("Rprop", "increase"): ([ABOVE_ONE, 1e300], [1, BELOW_ONE]),
    ("Rprop", "decrease"): ([TINY, BELOW_ONE], [0, 1]),
    ("Rprop", "smallest_step"): ([TINY, 50.0], [0, -TINY]),
    ("Rprop", "largest_step"): ([1e-6, 1e300], [0, -TINY]),
}


@pytest.mark.parametrize(("kind", "name"), LIMITS)
def test_limits(kind, name):
    taken, refused = LIMITS[kind, name]
    made = getattr(solvers, kind)
    for value in taken:
        assert getattr(made(**{name: value}).fresh(), name) == value
    for value in refused:
        with pytest.raises(ValueError, match=f"'{name}' parameter of {kind}"):
            made(**{name: value}).fresh()

"""Threads that work for one call."""

import warnings

import pytest
from sklearn import config_context, get_config

from skann._threads import in_threads


def assumes_finite(number):
    warnings.warn("seen by everybody", UserWarning, stacklevel=1)
    return number, get_config()["assume_finite"]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_configuration_and_the_order_are_the_caller_s(n_jobs):
    with config_context(assume_finite=True), pytest.warns(UserWarning, match="seen"):
        found = list(in_threads(n_jobs, assumes_finite, ((i,) for i in range(20))))
    assert found == [(i, True) for i in range(20)]


def test_filters_of_warnings_stay():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = warnings.filters.copy()
        list(in_threads(3, assumes_finite, ((i,) for i in range(50))))
        assert warnings.filters == before


def test_an_error_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(in_threads(2, divmod, [(1, 1), (1, 0)]))

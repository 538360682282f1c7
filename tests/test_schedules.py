"""Every schedule against its formula, and through a pickle."""

import math
import pickle

import pytest

from skann import BPClassifier, BPRegressor
from skann._schedules import SCHEDULES

# A run of 6000 rows in a model that has seen 500 before.
BEFORE, RUN = 500, 6000
N_SEEN = [BEFORE + n for n in (0, 1, 99, 1799, 1800, 1801, 3000, 5999)]


def one_cycle(initial, power_t, n, n_plateaus):
    low, lowest = initial / 25, initial / 1e4
    if n - BEFORE < 0.3 * RUN:
        angle = math.pi * (n - BEFORE) / (0.3 * RUN)
        return low + (initial - low) * (1 - math.cos(angle)) / 2
    angle = math.pi * (n - BEFORE - 0.3 * RUN) / (0.7 * RUN)
    return lowest + (initial - lowest) * (1 + math.cos(angle)) / 2


# Name: rate after n rows and p plateaus, for learning_rate_init and power_t.
FORMULAS = {
    "constant": lambda initial, power_t, n, p: initial,
    "invscaling": lambda initial, power_t, n, p: initial / (n + 1) ** power_t,
    "adaptive": lambda initial, power_t, n, p: initial / 5**p,
    "one_cycle": one_cycle,
}

over_names = pytest.mark.parametrize("name", SCHEDULES)


def make(name, initial=0.1, power_t=0.5, estimator=BPClassifier):
    schedule = SCHEDULES[name](estimator(learning_rate_init=initial, power_t=power_t))
    schedule.start(BEFORE, RUN)
    return schedule


def rates(schedule):
    return [schedule.rate(n) for n in N_SEEN]


@over_names
@pytest.mark.parametrize("initial", [1e-3, 0.5])
@pytest.mark.parametrize("power_t", [0, 0.5, 1.5])
@pytest.mark.parametrize("estimator", [BPClassifier, BPRegressor])
def test_is_its_formula(name, initial, power_t, estimator):
    expected = [FORMULAS[name](initial, power_t, n, 0) for n in N_SEEN]
    assert rates(make(name, initial, power_t, estimator)) == pytest.approx(
        expected, rel=1e-12
    )


@over_names
def test_is_positive_and_never_above_the_initial_rate(name):
    assert all(0 < rate <= 0.1 for rate in rates(make(name, 0.1)))


@over_names
def test_plateaus(name):
    schedule = make(name, 0.1)
    n_lowered = 0
    while schedule.on_plateau():
        n_lowered += 1
        expected = FORMULAS[name](0.1, 0.5, N_SEEN[2], n_lowered)
        assert schedule.rate(N_SEEN[2]) == pytest.approx(expected, rel=1e-12)
        assert n_lowered < 100
    assert n_lowered == (8 if name == "adaptive" else 0)  # 0.1 / 5⁸ = 2.6e-7
    before = rates(schedule)
    assert not schedule.on_plateau()
    assert rates(schedule) == before


def test_adaptive_has_no_further_to_go_at_a_millionth():
    assert not make("adaptive", 1e-6).on_plateau()
    assert make("adaptive", 1.1e-6).on_plateau()


@over_names
def test_survives_a_pickle(name):
    schedule = make(name, 0.1)
    schedule.on_plateau()
    assert rates(pickle.loads(pickle.dumps(schedule))) == rates(schedule)


def test_one_cycle_goes_up_once_and_down_once():
    schedule = make("one_cycle", 1.0)
    cycle = [schedule.rate(BEFORE + n) for n in range(RUN)]
    peak = cycle.index(max(cycle))
    assert peak == 0.3 * RUN
    assert cycle[0] == pytest.approx(1 / 25)
    assert cycle[peak] == 1.0
    assert cycle[-1] == pytest.approx(1e-4, rel=0.01)
    assert cycle[:peak] == sorted(cycle[:peak])
    assert cycle[peak:] == sorted(cycle[peak:], reverse=True)

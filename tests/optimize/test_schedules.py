"""Every schedule against its formula, step by step."""

import pickle

import numpy as np
import pytest
from _schedules import (
    LATER,
    N_EPOCHS,
    N_ROWS,
    PLANNED,
    N,
    cosine,
    counts,
    epochs,
    exponential,
    one_cycle,
    over_names,
    rates,
    step,
    warm,
)

from skann._optimize.schedules import SCHEDULES

INITIAL = 0.3
WITHIN = {"warmup": 0.2}  # 24 steps: two epochs and four steps of the third


def inv_scaling(k, power_t=0.5, **settings):
    return (N_ROWS * epochs(k, settings) + 1) ** -power_t


# Name: share of the initial rate at step k of the run, after the warm-up if it is not
# the schedule's own; and settings to hold it against.
FORMULAS = {
    "constant": (lambda k, warmup=0: 1, [{}]),
    "invscaling": (inv_scaling, [{}, {"power_t": 0}, {"power_t": 1.5}]),
    "adaptive": (lambda k, **settings: 1, [{}, {"factor": 2, "smallest": 0.01}]),
    "step": (step, [{}, {"every": 4}, {"every": 1, "factor": 0.7}]),
    "exponential": (exponential, [{}, {"factor": 0.8}, {"factor": 1}]),
    "cosine": (cosine, [{}, {"end": 0.1}, {"end": 1}]),
    "one_cycle": (one_cycle, [{}, {"start_factor": 4, "end_factor": 1}]),
}
CASES = [
    (name, settings | warmup)
    for name in SCHEDULES
    for settings in FORMULAS[name][1]
    for warmup in ({}, LATER, WITHIN)
]


def expected(name, settings):
    rates = [FORMULAS[name][0](k, **settings) for k in range(N)]
    if name != "one_cycle":
        for k in range(warm(settings)):
            rates[k] = (k + 1) / warm(settings)
    return INITIAL * np.array(rates)


def started(name, initial=INITIAL, **settings):
    schedule = SCHEDULES[name](**settings).fresh().begin(initial)
    schedule.start(counts(0), PLANNED)
    return schedule


class TestFormulas:
    @pytest.mark.parametrize(("name", "settings"), CASES)
    def test_every_step_of_a_run(self, name, settings):
        # The absolute tolerance is for the end of a cosine that ends at zero.
        np.testing.assert_allclose(
            rates(started(name, **settings)),
            expected(name, settings),
            rtol=1e-12,
            atol=1e-16,
        )

    @pytest.mark.parametrize(("name", "settings"), CASES)
    def test_is_positive_and_never_above_the_initial_rate(self, name, settings):
        found = rates(started(name, **settings))
        assert min(found) > 0
        assert max(found) <= INITIAL

    @over_names
    def test_warm_up_ends_at_the_initial_rate(self, name):
        found = rates(started(name, **LATER))
        assert found[:30] == sorted(found[:30])
        assert found[0] < INITIAL / 20
        assert found[30] == pytest.approx(INITIAL, rel=1e-12)

    @over_names
    def test_asks_to_be_asked_every_step_only_where_rates_change(self, name):
        schedule = started(name, **LATER)
        by_step = [schedule.epoch_rate(counts(e)) is None for e in range(N_EPOCHS)]
        n_warm = N_EPOCHS if name in ("cosine", "one_cycle") else 3
        assert by_step == [True] * n_warm + [False] * (N_EPOCHS - n_warm)

    @over_names
    def test_a_warm_up_of_less_than_half_a_step_is_none(self, name):
        if name != "one_cycle":  # whose rise is a function of the share itself
            found = rates(started(name, warmup=0.4 / N))
            assert found[0] == pytest.approx(INITIAL, rel=1e-12)

    @pytest.mark.parametrize("name", [n for n in SCHEDULES if n != "one_cycle"])
    def test_a_warm_up_that_fills_the_run(self, name):
        found = rates(started(name, warmup=0.999))
        np.testing.assert_allclose(found, INITIAL * np.arange(1, N + 1) / N, rtol=1e-12)

    @over_names
    def test_survives_a_pickle_in_the_middle_of_a_run(self, name):
        for settings in ({}, LATER):
            schedule = started(name, **settings)
            schedule.epoch_rate(counts(5))
            schedule.on_plateau()
            again = pickle.loads(pickle.dumps(schedule))
            assert again.same_settings(schedule)
            assert rates(again) == rates(schedule)


class TestPlateaus:
    @over_names
    def test_only_adaptive_acts_on_them(self, name):
        schedule = started(name)
        before = rates(schedule)
        n_lowered = 0
        while schedule.on_plateau():
            n_lowered += 1
            assert rates(schedule)[0] == pytest.approx(before[0] / 5**n_lowered)
            assert n_lowered < 100
        assert n_lowered == (8 if name == "adaptive" else 0)  # 0.3 / 5⁸ = 7.7e-7

    def test_adaptive_divides_by_its_factor_down_to_its_smallest(self):
        schedule = started("adaptive", 1.0, factor=2, smallest=0.25)
        assert schedule.on_plateau() == "Learning rate lowered to 0.5"
        assert schedule.on_plateau() == "Learning rate lowered to 0.25"
        assert schedule.on_plateau() is None
        assert schedule.epoch_rate(counts(0)) == 0.25

    @pytest.mark.parametrize("name", ["constant", "invscaling", "adaptive", "step"])
    def test_there_are_none_in_the_warm_up(self, name):
        schedule = started(name, **WITHIN)
        for epoch in range(3):
            schedule.epoch_rate(counts(epoch))
            assert schedule.on_plateau() == "Learning rate still warming up"
        after = schedule.epoch_rate(counts(3))
        assert after == pytest.approx(expected(name, WITHIN)[30], rel=1e-12)
        assert (schedule.on_plateau() is None) == (name != "adaptive")

"""Functions as learning rates, and what can't be one or would not be used."""

import math

import numpy as np
import pytest
from _helpers import theta
from _schedules import (
    adam_net,
    data,
    falling,
    follows,
    over_estimators,
)
from sklearn.base import clone

from skann import BPClassifier
from skann._optimize.schedule_base import Schedule
from skann._optimize.schedules import SCHEDULES
from skann._optimize.solvers import SOLVERS
from skann.schedules import Constant, InvScaling, OneCycle


class TestCallable:
    def test_gets_the_steps_of_the_model_s_life(self):
        X, y = data(BPClassifier)
        asked = []

        def rate(step):
            asked.append(step)
            return 0.01

        net = adam_net(BPClassifier, learning_rate=rate, max_iter=2).fit(X, y)
        assert asked == list(range(6))  # 40 rows in batches of 16
        net.partial_fit(X[:20], y[:20])
        assert asked == list(range(8))
        net.set_params(warm_start=True, max_iter=1).fit(X, y)
        assert asked == list(range(11))
        assert all(type(step) is int for step in asked)
        net.set_params(warm_start=False).fit(X, y)
        assert asked[11:] == [0, 1, 2]

    @over_estimators
    @pytest.mark.parametrize("rate", [0.01, np.float32(0.01), np.float64(0.01)])
    def test_returns_the_rate_itself(self, Estimator, rate):
        X, y = data(Estimator)
        mine = adam_net(Estimator, learning_rate=lambda step: rate).fit(X, y)
        plain = adam_net(Estimator, learning_rate_init=float(rate)).fit(X, y)
        np.testing.assert_array_equal(theta(mine), theta(plain))

    @over_estimators
    def test_nothing_moves_at_a_rate_of_zero(self, Estimator):
        X, y = data(Estimator)
        net = adam_net(Estimator, learning_rate=lambda step: 0)
        one, five = clone(net).set_params(max_iter=1), net
        np.testing.assert_array_equal(theta(one.fit(X, y)), theta(five.fit(X, y)))

    @pytest.mark.parametrize(
        "wrong",
        [-0.1, math.nan, math.inf, None, "0.1", 1j, [0.1], np.zeros(1)],
        ids=repr,
    )
    def test_anything_else_is_an_error(self, wrong):
        X, y = data(BPClassifier)
        net = adam_net(
            BPClassifier, learning_rate=lambda step: wrong if step == 4 else 0.1
        )
        with pytest.raises(ValueError, match="learning_rate") as info:
            net.fit(X, y)
        assert "step 4" in str(info.value)
        assert f"returned {wrong!r}" in str(info.value)
        assert not hasattr(net, "coefs_")

    @pytest.mark.parametrize(
        "function", [lambda: 0.1, lambda step, epoch: 0.1, lambda *, step: 0.1, pow]
    )
    def test_what_can_t_be_called_with_a_step_is_named(self, function):
        X, y = data(BPClassifier)
        net = adam_net(BPClassifier, learning_rate=function)
        with pytest.raises(ValueError, match=r"learning_rate must be .*one argument"):
            net.fit(X, y)
        assert not hasattr(net, "coefs_")

    @pytest.mark.parametrize("own", [TypeError("mine"), IndexError("mine")], ids=repr)
    def test_an_error_inside_of_it_is_not_taken_for_that(self, own):
        X, y = data(BPClassifier)

        def rate(step, *more, scale=1.0):
            raise own

        with pytest.raises(type(own), match=r"^mine$"):
            adam_net(BPClassifier, learning_rate=rate).fit(X, y)

    def test_its_own_error_comes_through_and_leaves_the_model_as_it_was(self):
        X, y = data(BPClassifier)
        net = adam_net(BPClassifier).fit(X, y)
        before = theta(net)
        table = [0.1, 0.1]
        net.set_params(learning_rate=table.__getitem__)
        with pytest.raises(IndexError):
            net.fit(X, y)
        np.testing.assert_array_equal(theta(net), before)


class TestRefusals:
    def refuse(self, *words, method="fit", **parameters):
        X, y = data(BPClassifier)
        net = adam_net(BPClassifier, **parameters)
        with pytest.raises(ValueError, match=words[0]) as info:
            net.fit(X, y)
        for word in words:
            assert word in str(info.value)
        assert not hasattr(net, "coefs_")

    @pytest.mark.parametrize(
        ("name", "setting", "value"),
        [
            (name, "warmup", value)
            for name in SCHEDULES
            for value in (-0.1, 1, "a", None)
        ]
        + [
            ("invscaling", "power_t", -1),
            ("adaptive", "factor", 1),
            ("adaptive", "smallest", 0),
            ("step", "every", 0),
            ("step", "every", 2.5),
            ("step", "factor", 10),
            ("step", "factor", 0),
            ("exponential", "factor", 1.1),
            ("cosine", "end", 1.5),
            ("one_cycle", "start_factor", 0.5),
            ("one_cycle", "end_factor", 0),
        ],
    )
    def test_a_bad_setting(self, name, setting, value):
        kind = SCHEDULES[name]
        schedule = kind(**{setting: value})
        self.refuse(f"'{setting}'", kind.__name__, repr(value), learning_rate=schedule)

    @pytest.mark.parametrize("given", ["cosin", None, 0.1, ["constant"]], ids=repr)
    def test_what_is_no_schedule(self, given):
        self.refuse("'learning_rate'", repr(given), "one_cycle", learning_rate=given)

    @pytest.mark.parametrize(
        "given",
        [InvScaling(), Constant(), len, *sorted(set(SCHEDULES) - {"invscaling"})],
        ids=repr,
    )
    def test_power_t_that_would_not_be_used(self, given):
        if given in ("constant", "adaptive"):  # as in scikit-learn
            X, y = data(BPClassifier)
            adam_net(BPClassifier, learning_rate=given, power_t=0.3).fit(X, y)
            return
        self.refuse(
            "power_t=0.3", repr(given), "invscaling", learning_rate=given, power_t=0.3
        )

    def test_an_initial_rate_that_would_not_be_used(self):
        self.refuse(
            "learning_rate_init=0.1 would not be used",
            learning_rate=lambda step: 0.1,
            learning_rate_init=0.1,
        )


class TestSolversWithoutUseForOne:
    """A warning and no error: a grid over solvers and schedules has such a corner."""

    @pytest.mark.parametrize(
        "given",
        [Constant(warmup=0.1), OneCycle(), "cosine", "adaptive", falling],
    )
    @pytest.mark.parametrize("solver", [name for name in SOLVERS if not follows(name)])
    def test_warn(self, solver, given):
        X, y = data(BPClassifier)
        net = adam_net(
            BPClassifier, solver=solver, learning_rate=given, max_iter=100, tol=0.1
        )
        with pytest.warns(UserWarning, match=f"is not used by solver='{solver}'") as w:
            net.fit(X, y)
        assert f"learning_rate={given!r}" in str(w[0].message)
        assert len(w) == 1

    @pytest.mark.parametrize("given", ["constant", Constant()], ids=repr)
    @pytest.mark.parametrize("solver", [name for name in SOLVERS if not follows(name)])
    def test_take_a_constant(self, solver, given):
        X, y = data(BPClassifier)
        net = adam_net(
            BPClassifier, solver=solver, learning_rate=given, max_iter=100, tol=0.1
        )
        assert net.fit(X, y).n_iter_ > 0

    @pytest.mark.parametrize(
        "given",
        [Constant(warmup=0.1), OneCycle(), "cosine", "adaptive", falling],
    )
    @pytest.mark.parametrize(
        "solver", [n for n in SOLVERS if not SOLVERS[n].uses_learning_rate]
    )
    @pytest.mark.filterwarnings(
        "ignore:learning_rate=:UserWarning",  # tested above
        "ignore::sklearn.exceptions.ConvergenceWarning",
    )
    def test_minimisers_do_not_use_it(self, solver, given):
        X, y = data(BPClassifier)
        net = adam_net(BPClassifier, solver=solver, max_iter=100)
        plain = clone(net).fit(X, y)
        net.set_params(learning_rate=given)
        np.testing.assert_array_equal(theta(net.fit(X, y)), theta(plain))


def test_a_schedule_of_one_s_own():
    class Halved(Schedule):
        def decayed(self, n_epochs, n_seen):
            return self.initial / 2

    X, y = data(BPClassifier)
    own = adam_net(BPClassifier, learning_rate=Halved(), learning_rate_init=0.1)
    half = adam_net(BPClassifier, learning_rate_init=0.05)
    np.testing.assert_array_equal(theta(own.fit(X, y)), theta(half.fit(X, y)))

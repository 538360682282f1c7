"""Schedules as a parameter of the estimators, in one fit and over several."""

import inspect
import pickle

import numpy as np
import pytest
from _helpers import theta
from _schedules import (
    LATER,
    adam_net,
    data,
    falling,
    follows,
    over_estimators,
    over_names,
)
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

import skann.schedules
from skann import BPClassifier
from skann._optimize.schedules import SCHEDULES, needs_length, schedule_for
from skann._optimize.solvers import SOLVERS
from skann.schedules import Adaptive, Constant, Cosine, Step

over_warmups = pytest.mark.parametrize("warmup", [0.0, 0.3])


class TestAsParameter:
    @over_names
    @over_estimators
    def test_a_name_is_the_object_with_its_defaults(self, name, Estimator):
        X, y = data(Estimator)
        net = adam_net(Estimator, learning_rate_init=0.05)
        named = clone(net).set_params(learning_rate=name).fit(X, y)
        given = clone(net).set_params(learning_rate=SCHEDULES[name]()).fit(X, y)
        np.testing.assert_array_equal(theta(named), theta(given))

    @over_names
    @over_warmups
    def test_training_follows_it(self, name, warmup):
        # The rates as a callable must do the same steps.
        X, y = data(BPClassifier)
        schedule = SCHEDULES[name](warmup=warmup)
        net = adam_net(BPClassifier, max_iter=6, learning_rate_init=0.05)
        mine = clone(net).set_params(learning_rate=schedule).fit(X, y)
        planned = schedule.rates(0.05, max_iter=6, n_rows=40, batch_size=16)
        net.set_params(learning_rate=planned.item, learning_rate_init="auto")
        np.testing.assert_array_equal(theta(net.fit(X, y)), theta(mine))

    @pytest.mark.parametrize("solver", [name for name in SOLVERS if follows(name)])
    @over_names
    @over_warmups
    def test_goes_with_every_stochastic_solver(self, solver, name, warmup):
        X, y = data(BPClassifier, 200)
        net = adam_net(
            BPClassifier,
            solver=solver,
            learning_rate=SCHEDULES[name](warmup=warmup),
            learning_rate_init=0.05,
            n_iter_no_change=np.inf,
            max_iter=20,
        ).fit(X, y)
        assert net.n_iter_ == 20
        assert net.loss_ < net.loss_curve_[0]

    @over_names
    def test_the_user_s_object_is_not_changed(self, name):
        X, y = data(BPClassifier)
        schedule = SCHEDULES[name](**LATER)
        before = dict(vars(schedule))
        net = adam_net(BPClassifier, learning_rate=schedule, warm_start=True)
        net.fit(X, y).fit(X, y)
        assert net.learning_rate is schedule
        assert vars(schedule) == before == schedule.get_params()

    @over_names
    def test_clones_and_pickles_with_the_estimator(self, name):
        X, y = data(BPClassifier)
        net = adam_net(BPClassifier, learning_rate=SCHEDULES[name](**LATER))
        copy = clone(net)
        assert copy.learning_rate is not net.learning_rate
        assert copy.get_params()["learning_rate__warmup"] == 0.25
        again = pickle.loads(pickle.dumps(net.fit(X, y)))
        np.testing.assert_array_equal(theta(again.fit(X, y)), theta(copy.fit(X, y)))

    def test_a_grid_search_reaches_settings(self):
        X, y = data(BPClassifier, 60)
        net = adam_net(BPClassifier, learning_rate=Cosine(), learning_rate_init=0.1)
        grid = {"learning_rate__warmup": [0.0, 0.2, 0.4]}
        search = GridSearchCV(net, grid, cv=2).fit(X, y)
        assert search.best_estimator_.learning_rate.warmup in (0.0, 0.2, 0.4)
        losses = {
            clone(net).set_params(learning_rate__warmup=w).fit(X, y).loss_
            for w in grid["learning_rate__warmup"]
        }
        assert len(losses) == 3

    def test_every_kind_is_exported(self):
        exported = {getattr(skann.schedules, name) for name in skann.schedules.__all__}
        assert exported == set(SCHEDULES.values())

    def test_power_t_is_that_of_the_name(self):
        schedule = schedule_for(BPClassifier(learning_rate="invscaling", power_t=0.2))
        assert schedule.get_params() == {"power_t": 0.2, "warmup": 0.0}

    @pytest.mark.parametrize(
        ("schedule", "warned"), [(Cosine(), False), (Constant(0.2), True)]
    )
    def test_a_run_that_was_planned_to_its_end_is_no_failure(self, schedule, warned):
        X, y = data(BPClassifier)
        # The loss falls by more than half in the last ten epochs.
        net = adam_net(
            BPClassifier,
            learning_rate=schedule,
            learning_rate_init=0.05,
            max_iter=11,
            tol=0,
        )
        if not warned:
            net.fit(X, y)
            return
        with pytest.warns(ConvergenceWarning, match="max_iter=11"):
            net.fit(X, y)

    def test_patience_waits_for_the_end_of_the_warm_up(self):
        X, y = data(BPClassifier)
        net = adam_net(
            BPClassifier,
            learning_rate=Constant(warmup=0.5),
            max_iter=20,
            tol=1e9,
            n_iter_no_change=3,
        ).fit(X, y)
        assert 10 < net.n_iter_ <= 13
        assert "did not improve" in net.stop_reason_

    @pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
    @over_estimators
    def test_a_planned_run_has_no_patience_and_returns_to_its_best_epoch(
        self, schedule, Estimator
    ):
        X, y = data(Estimator)
        net = adam_net(Estimator, learning_rate=schedule, early_stopping=True)
        net.set_params(max_iter=20, tol=1e9, n_iter_no_change=3).fit(X, y)
        assert net.n_iter_ == 20
        assert net.stop_reason_ == "max_iter reached"
        losses = net.validation_loss_curve_
        assert net.best_iter_ == 1 + np.argmin(losses)
        for name in ("early_stopping", "n_iter_no_change"):
            text = inspect.getdoc(Estimator).split(f"\n{name} : ")[1]
            assert '"one_cycle"' in text.split(" : ")[0]

    def test_adaptive_lowers_by_its_own_factor(self, capsys):
        X, y = data(BPClassifier)
        adam_net(
            BPClassifier,
            learning_rate=Adaptive(factor=4, smallest=0.01),
            learning_rate_init=0.1,
            max_iter=30,
            tol=1e9,
            n_iter_no_change=2,
            verbose=True,
        ).fit(X, y)
        said = [s for s in capsys.readouterr().out.split("\n") if "Learning" in s]
        assert said == [f"Learning rate lowered to {r}" for r in (0.025, 0.00625)]


class TestGoingOn:
    @pytest.mark.parametrize(
        "schedule",
        [kind() for kind in SCHEDULES.values() if not kind().needs_length]
        + [Step(every=2, factor=0.5), falling],
    )
    def test_in_parts_is_as_in_one(self, schedule):
        X, y = data(BPClassifier)
        net = adam_net(BPClassifier, learning_rate=schedule, tol=0.01)
        if not callable(schedule):
            net.set_params(learning_rate_init=0.05)
        once = clone(net).fit(X, y)
        parts = clone(net).set_params(warm_start=True)
        for max_iter in (2, 1, 2):
            parts.set_params(max_iter=max_iter).fit(X, y)
        passes = clone(net)
        for _ in range(5):
            passes.partial_fit(X, y, classes=[0, 1])
            passes = pickle.loads(pickle.dumps(passes))
        np.testing.assert_array_equal(theta(parts), theta(once))
        np.testing.assert_array_equal(theta(passes), theta(once))

    @pytest.mark.parametrize("name", SCHEDULES)
    def test_what_is_made_for_a_run_begins_anew_with_each(self, name):
        # Steps of plain descent have no memory: only the schedule goes on.
        X, y = data(BPClassifier)
        net = adam_net(
            BPClassifier,
            solver="sgd",
            momentum=0,
            batch_size=40,
            learning_rate=SCHEDULES[name](**LATER),
            learning_rate_init=0.1,
        )
        twice = clone(net).set_params(warm_start=True).fit(X, y)
        weights = {
            "coef_init": [W.copy() for W in twice.coefs_],
            "intercept_init": [b.copy() for b in twice.intercepts_],
        }
        twice.fit(X, y)
        anew = clone(net).fit(X, y, **weights)
        np.testing.assert_array_equal(theta(twice), theta(anew))

    @pytest.mark.parametrize(
        "change",
        [
            {"learning_rate_init": 5e-4},
            {"learning_rate__factor": 4},
            {"learning_rate": Adaptive(smallest=1e-5)},
        ],
    )
    def test_a_lowered_rate_is_kept_until_a_setting_changes(self, change, capsys):
        X, y = data(BPClassifier)
        net = adam_net(
            BPClassifier,
            learning_rate=Adaptive(),
            learning_rate_init=1e-3,
            tol=1e9,
            n_iter_no_change=2,
            max_iter=3,
            warm_start=True,
            verbose=True,
        )

        def lowered_to():
            net.fit(X, y)
            return capsys.readouterr().out.split("lowered to ")[1].split("\n")[0]

        assert [lowered_to(), lowered_to()] == ["0.0002", "4e-05"]
        net.set_params(**change)
        first = net.learning_rate_init / net.learning_rate.factor
        assert lowered_to() == f"{first:g}"

    @over_names
    def test_partial_fit_is_there_unless_the_run_s_length_is_needed(self, name):
        kind = SCHEDULES[name]
        for given, needed in [
            (name, kind().needs_length),
            (kind(), kind().needs_length),
            (kind(**LATER), True),
        ]:
            net = BPClassifier(learning_rate=given)
            assert needs_length(given) == needed
            assert hasattr(net, "partial_fit") != needed
        # A bad name is fit's to refuse.
        assert hasattr(BPClassifier(learning_rate="x"), "partial_fit")

    def test_partial_fit_says_why_it_is_not_there(self):
        net = BPClassifier(learning_rate=Constant(warmup=0.5))
        with pytest.raises(AttributeError) as info:
            _ = net.partial_fit
        assert "Constant(warmup=0.5)" in str(info.value)

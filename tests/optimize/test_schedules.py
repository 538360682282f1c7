"""Every schedule against its formula, alone and in training."""

import math
import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

import skann.schedules
from skann import BPClassifier, BPRegressor
from skann._optimize.schedule_base import Counts, Schedule
from skann._optimize.schedules import SCHEDULES, needs_length, schedule_for
from skann._optimize.solvers import SOLVERS
from skann.schedules import Adaptive, Constant, Cosine, InvScaling, OneCycle, Step

# A run of 12 epochs of 10 steps, 95 rows each, in a model with 3 such epochs behind it.
PER_EPOCH, N_ROWS, N_EPOCHS = 10, 95, 12
PLANNED = Counts(PER_EPOCH * N_EPOCHS, N_EPOCHS, N_ROWS * N_EPOCHS)
BEFORE = 3
N = PLANNED.n_steps
INITIAL = 0.3

LATER = {"warmup": 0.25}  # three epochs
WITHIN = {"warmup": 0.2}  # 24 steps: two epochs and four steps of the third


def warm(settings):
    """Steps of warm-up."""
    return round(settings.get("warmup", 0) * N)


def epochs(k, settings):
    """Epochs, before the one of step k, since the warm-up; else in the model's life."""
    if not warm(settings):
        return BEFORE + k // PER_EPOCH
    return max(0, k // PER_EPOCH - warm(settings) / PER_EPOCH)


def inv_scaling(k, power_t=0.5, **settings):
    return (N_ROWS * epochs(k, settings) + 1) ** -power_t


def step(k, every=50, factor=0.1, **settings):
    return factor ** math.floor(epochs(k, settings) / every)


def exponential(k, factor=0.98, **settings):
    return factor ** epochs(k, settings)


def cosine(k, end=0.0, **settings):
    share = (k - warm(settings)) / (N - warm(settings))
    return end + (1 - end) * math.cos(math.pi * share / 2) ** 2


def one_cycle(k, warmup=0.3, start_factor=25, end_factor=1e4):
    if k < warmup * N:
        rise = math.sin(math.pi / 2 * k / (warmup * N)) ** 2
        return 1 / start_factor + (1 - 1 / start_factor) * rise
    fall = math.cos(math.pi / 2 * (k - warmup * N) / (N - warmup * N)) ** 2
    return 1 / end_factor + (1 - 1 / end_factor) * fall


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

over_names = pytest.mark.parametrize("name", SCHEDULES)


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


def counts(epoch):
    """Before that epoch of the run."""
    n = BEFORE + epoch
    return Counts(PER_EPOCH * n, n, N_ROWS * n)


def rates(schedule):
    """The rate of every step of the run, asked for as training does."""
    found = []
    for epoch in range(N_EPOCHS):
        done = counts(epoch)
        rate = schedule.epoch_rate(done)
        steps = range(done.n_steps, done.n_steps + PER_EPOCH)
        found += [schedule.step_rate(k) if rate is None else rate for k in steps]
    return found


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


def data(Estimator, n=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    z = X[:, 0] - X[:, 1] * X[:, 2]
    return X, (z > 0).astype(int) if Estimator is BPClassifier else z


def follows(solver):
    """Whether the solver of that name has a use for a schedule."""
    kind = SOLVERS[solver]
    return kind.uses_learning_rate and kind.follows_schedule


over_estimators = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
over_warmups = pytest.mark.parametrize("warmup", [0.0, 0.3])


class TestAsParameter:
    @over_names
    @over_estimators
    def test_a_name_is_the_object_with_its_defaults(self, name, Estimator):
        X, y = data(Estimator)
        net = small_net(Estimator, learning_rate_init=0.05)
        named = clone(net).set_params(learning_rate=name).fit(X, y)
        given = clone(net).set_params(learning_rate=SCHEDULES[name]()).fit(X, y)
        np.testing.assert_array_equal(theta(named), theta(given))

    @over_names
    @over_warmups
    def test_training_follows_it(self, name, warmup):
        # The rates as a callable must do the same steps.
        X, y = data(BPClassifier)
        schedule = SCHEDULES[name](warmup=warmup)
        net = small_net(BPClassifier, max_iter=6, learning_rate_init=0.05)
        mine = clone(net).set_params(learning_rate=schedule).fit(X, y)
        planned = schedule.rates(0.05, max_iter=6, n_rows=40, batch_size=16)
        net.set_params(learning_rate=planned.item, learning_rate_init="auto")
        np.testing.assert_array_equal(theta(net.fit(X, y)), theta(mine))

    @pytest.mark.parametrize("solver", [name for name in SOLVERS if follows(name)])
    @over_names
    @over_warmups
    def test_goes_with_every_stochastic_solver(self, solver, name, warmup):
        X, y = data(BPClassifier, 200)
        net = small_net(
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
        net = small_net(BPClassifier, learning_rate=schedule, warm_start=True)
        net.fit(X, y).fit(X, y)
        assert net.learning_rate is schedule
        assert vars(schedule) == before == schedule.get_params()

    @over_names
    def test_clones_and_pickles_with_the_estimator(self, name):
        X, y = data(BPClassifier)
        net = small_net(BPClassifier, learning_rate=SCHEDULES[name](**LATER))
        copy = clone(net)
        assert copy.learning_rate is not net.learning_rate
        assert copy.get_params()["learning_rate__warmup"] == 0.25
        again = pickle.loads(pickle.dumps(net.fit(X, y)))
        np.testing.assert_array_equal(theta(again.fit(X, y)), theta(copy.fit(X, y)))

    def test_a_grid_search_reaches_settings(self):
        X, y = data(BPClassifier, 60)
        net = small_net(BPClassifier, learning_rate=Cosine(), learning_rate_init=0.1)
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
        net = small_net(
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
        net = small_net(
            BPClassifier,
            learning_rate=Constant(warmup=0.5),
            max_iter=20,
            tol=1e9,
            n_iter_no_change=3,
        ).fit(X, y)
        assert 10 < net.n_iter_ <= 13
        assert "did not improve" in net.stop_reason_

    def test_adaptive_lowers_by_its_own_factor(self, capsys):
        X, y = data(BPClassifier)
        small_net(
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


def falling(step):
    return 0.1 / (1 + step)


class TestGoingOn:
    @pytest.mark.parametrize(
        "schedule",
        [kind() for kind in SCHEDULES.values() if not kind().needs_length]
        + [Step(every=2, factor=0.5), falling],
    )
    def test_in_parts_is_as_in_one(self, schedule):
        X, y = data(BPClassifier)
        net = small_net(BPClassifier, learning_rate=schedule, tol=0.01)
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
        net = small_net(
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
        net = small_net(
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
        assert "Constant(warmup=0.5)" in str(info.value.__cause__)


class TestCallable:
    def test_gets_the_steps_of_the_model_s_life(self):
        X, y = data(BPClassifier)
        asked = []

        def rate(step):
            asked.append(step)
            return 0.01

        net = small_net(BPClassifier, learning_rate=rate, max_iter=2).fit(X, y)
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
        mine = small_net(Estimator, learning_rate=lambda step: rate).fit(X, y)
        plain = small_net(Estimator, learning_rate_init=float(rate)).fit(X, y)
        np.testing.assert_array_equal(theta(mine), theta(plain))

    @over_estimators
    def test_nothing_moves_at_a_rate_of_zero(self, Estimator):
        X, y = data(Estimator)
        net = small_net(Estimator, learning_rate=lambda step: 0)
        one, five = clone(net).set_params(max_iter=1), net
        np.testing.assert_array_equal(theta(one.fit(X, y)), theta(five.fit(X, y)))

    @pytest.mark.parametrize(
        "wrong",
        [-0.1, math.nan, math.inf, None, "0.1", 1j, [0.1], np.zeros(1)],
        ids=repr,
    )
    def test_anything_else_is_an_error(self, wrong):
        X, y = data(BPClassifier)
        net = small_net(
            BPClassifier, learning_rate=lambda step: wrong if step == 4 else 0.1
        )
        with pytest.raises(ValueError, match="learning_rate") as info:
            net.fit(X, y)
        assert "step 4" in str(info.value)
        assert f"returned {wrong!r}" in str(info.value)
        assert not hasattr(net, "coefs_")

    def test_its_own_error_comes_through_and_leaves_the_model_as_it_was(self):
        X, y = data(BPClassifier)
        net = small_net(BPClassifier).fit(X, y)
        before = theta(net)
        table = [0.1, 0.1]
        net.set_params(learning_rate=table.__getitem__)
        with pytest.raises(IndexError):
            net.fit(X, y)
        np.testing.assert_array_equal(theta(net), before)


class TestRefusals:
    def refuse(self, *words, method="fit", **parameters):
        X, y = data(BPClassifier)
        net = small_net(BPClassifier, **parameters)
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
        [InvScaling(), Constant(), len, *(set(SCHEDULES) - {"invscaling"})],
        ids=repr,
    )
    def test_power_t_that_would_not_be_used(self, given):
        if given in ("constant", "adaptive"):  # as in scikit-learn
            X, y = data(BPClassifier)
            small_net(BPClassifier, learning_rate=given, power_t=0.3).fit(X, y)
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
        net = small_net(
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
        net = small_net(
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
    @pytest.mark.filterwarnings("ignore:learning_rate=:UserWarning")  # tested above
    def test_minimisers_do_not_use_it(self, solver, given):
        X, y = data(BPClassifier)
        net = small_net(BPClassifier, solver=solver, max_iter=100)
        plain = clone(net).fit(X, y)
        net.set_params(learning_rate=given)
        np.testing.assert_array_equal(theta(net.fit(X, y)), theta(plain))


def test_a_schedule_of_one_s_own():
    class Halved(Schedule):
        def decayed(self, n_epochs, n_seen):
            return self.initial / 2

    X, y = data(BPClassifier)
    own = small_net(BPClassifier, learning_rate=Halved(), learning_rate_init=0.1)
    half = small_net(BPClassifier, learning_rate_init=0.05)
    np.testing.assert_array_equal(theta(own.fit(X, y)), theta(half.fit(X, y)))

"""From an estimator's parameters to its solver: names, objects, settings."""

import inspect
import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV

from skann import BPClassifier, BPRegressor, solvers
from skann._estimators.auto import with_sklearn_defaults
from skann._optimize.optimizers import OPTIMIZERS
from skann._optimize.solvers import SHARED_PARAMETERS, SOLVERS, solver_for
from skann.solvers import LBFGS, SGD, Adam, AdamW, Lion, RMSprop, Rprop

X, Y = make_moons(120, noise=0.1, random_state=0)

# A setting of each solver that is not its default.
CHANGED = {
    "sgd": {"momentum": 0.5},
    "adam": {"beta_1": 0.5},
    "adamw": {"weight_decay": 0.5},
    "amsgrad": {"beta_2": 0.9},
    "nadam": {"momentum_decay": 0.5},
    "rmsprop": {"rho": 0.5},
    "adagrad": {"initial_accumulator": 0.5},
    "lion": {"beta_1": 0.5},
    "rprop": {"increase": 1.1},
}
# Rates that suit; 0.01 for the others.
RATES = {"sgd": 0.2, "adagrad": 0.2}

over_optimizers = pytest.mark.parametrize("name", OPTIMIZERS)
over_pass_optimizers = pytest.mark.parametrize(
    "name", [name for name, kind in OPTIMIZERS.items() if not kind.full_batch]
)


def make(name, *, solver=None, **parameters):
    """A small classifier with that solver, as a name if it is not given."""
    defaults = {
        "activation": "tanh",
        "learning_rate_init": RATES.get(name, 0.01),
        "n_iter_no_change": np.inf,
    }
    return small_net(BPClassifier, solver=solver or name, **(defaults | parameters))


class TestNames:
    def test_every_solver_is_public(self):
        assert set(solvers.__all__) == {kind.__name__ for kind in SOLVERS.values()}
        for kind in SOLVERS.values():
            assert getattr(solvers, kind.__name__) is kind

    @pytest.mark.parametrize("name", SOLVERS)
    def test_a_name_is_the_object_with_its_defaults(self, name):
        assert solver_for(BPClassifier(solver=name)).same_settings(SOLVERS[name]())

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({}, Adam()),
            ({"solver": "adam", "beta_1": 0.5}, Adam(beta_1=0.5)),
            (
                {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 0.7},
                Adam(beta_1=0.5, beta_2=0.6, epsilon=0.7),
            ),
            ({"solver": "sgd"}, SGD()),
            ({"solver": "sgd", "momentum": 0}, SGD(momentum=0)),
            ({"solver": "sgd", "momentum": 0.3}, SGD(momentum=0.3)),
            (
                {"solver": "sgd", "nesterovs_momentum": False},
                SGD(nesterovs_momentum=False),
            ),
            ({"solver": "lbfgs", "max_fun": 7}, LBFGS(max_fun=7)),
        ],
        ids=str,
    )
    def test_scikit_learn_s_names_take_the_flat_parameters(self, parameters, expected):
        settings = with_sklearn_defaults(BPClassifier(**parameters))
        assert solver_for(settings).same_settings(expected)

    @over_optimizers
    @pytest.mark.parametrize(
        "flat", [{"momentum": 0.5}, {"beta_1": 0.5}, {"epsilon": 0.5}, {"max_fun": 5}]
    )
    def test_what_would_not_be_used_is_refused(self, name, flat):
        ((parameter, value),) = flat.items()
        owner = next(o for o, names in SHARED_PARAMETERS.items() if parameter in names)
        given = [OPTIMIZERS[name]()]
        if name not in SHARED_PARAMETERS:
            given.append(name)
        for solver in given:
            with pytest.raises(ValueError, match=f"{parameter}={value}.*'{owner}'"):
                make(name, solver=solver, **flat).fit(X, Y)


@over_optimizers
class TestTraining:
    def test_learns(self, name):
        for solver in (name, OPTIMIZERS[name]()):
            model = make(name, solver=solver, max_iter=300)
            model.fit(X, Y)
            assert model.score(X, Y) > 0.95
            assert model.loss_ < 0.5 * model.loss_curve_[0]

    def test_regression_in_float32(self, name):
        rows = X.astype(np.float32)
        model = small_net(BPRegressor, solver=name, max_iter=9).fit(rows, X[:, 1])
        assert model.coefs_[0].dtype == model.predict(rows).dtype == np.float32
        assert model.loss_ < model.loss_curve_[0]

    def test_a_name_trains_like_its_object(self, name):
        by_name = make(name).fit(X, Y)
        by_object = make(name, solver=OPTIMIZERS[name]()).fit(X, Y)
        assert_array_equal(theta(by_name), theta(by_object))

    def test_settings_are_used(self, name):
        changed = make(name, solver=OPTIMIZERS[name](**CHANGED[name])).fit(X, Y)
        assert not np.array_equal(theta(changed), theta(make(name).fit(X, Y)))

    def test_fit_leaves_the_given_object_alone(self, name):
        solver = OPTIMIZERS[name](**CHANGED[name])
        before = dict(vars(solver))
        model = make(name, solver=solver, warm_start=True)
        for _ in range(2):
            model.fit(X, Y)
        assert vars(solver) == before
        assert model.solver is solver
        # One object may serve two models.
        assert_array_equal(
            theta(make(name, solver=solver).fit(X, Y)),
            theta(make(name, solver=clone(solver)).fit(X, Y)),
        )

    def test_warm_starts_are_one_run(self, name):
        whole = make(name, max_iter=6).fit(X, Y)
        parts = make(name, max_iter=3, warm_start=True)
        parts.fit(X, Y)
        parts = pickle.loads(pickle.dumps(parts)).fit(X, Y)
        assert_array_equal(theta(parts), theta(whole))
        assert parts.loss_curve_ == whole.loss_curve_

    def test_a_changed_setting_starts_the_optimiser_anew(self, name):
        model = make(name, solver=OPTIMIZERS[name](), warm_start=True, shuffle=False)
        model.fit(X, Y)
        (setting,) = CHANGED[name]
        model.set_params(**{f"solver__{setting}": CHANGED[name][setting]})
        weights = [a.copy() for a in model.coefs_]
        biases = [a.copy() for a in model.intercepts_]
        model.fit(X, Y)
        fresh = make(name, solver=OPTIMIZERS[name](**CHANGED[name]), shuffle=False).fit(
            X, Y, coef_init=weights, intercept_init=biases
        )
        assert_array_equal(theta(model), theta(fresh))


@over_pass_optimizers
def test_passes_are_a_fit(name):
    fitted, passes = make(name).fit(X, Y), make(name)
    for _ in range(5):
        passes.partial_fit(X, Y, classes=[0, 1])
    assert_array_equal(theta(passes), theta(fitted))


@over_optimizers
class TestSettings:
    def test_a_clone_has_an_object_of_its_own(self, name):
        model = make(name, solver=OPTIMIZERS[name](**CHANGED[name]))
        twin = clone(model)
        assert twin.solver is not model.solver
        assert twin.solver.same_settings(model.solver)

    def test_a_search_reaches_them(self, name):
        (setting,) = CHANGED[name]
        values = [getattr(OPTIMIZERS[name](), setting), CHANGED[name][setting]]
        model = make(name, solver=OPTIMIZERS[name]())
        grid = {f"solver__{setting}": values}
        search = GridSearchCV(model, grid, cv=2, scoring="neg_log_loss").fit(X, Y)
        first, second = search.cv_results_["mean_test_score"]
        assert first != second
        best = search.best_params_[f"solver__{setting}"]
        assert getattr(search.best_estimator_.solver, setting) == best
        assert model.solver.same_settings(OPTIMIZERS[name]())

    def test_bad_ones_are_named(self, name):
        kind = OPTIMIZERS[name]
        for setting in inspect.signature(kind).parameters:
            for value in (-1.0, np.nan, "much", None):
                model = make(name, solver=kind(**{setting: value}))
                words = f"'{setting}' parameter of {kind.__name__} must be.*{value!r}"
                with pytest.raises(ValueError, match=words):
                    model.fit(X, Y)
                assert not hasattr(model, "coefs_")


@pytest.mark.parametrize(
    ("setting", "solver"),
    [
        ("momentum", SGD(momentum=1.1)),
        ("beta_1", Adam(beta_1=1.0)),
        ("momentum", RMSprop(momentum=1.0)),
        ("epsilon", RMSprop(epsilon=0.0)),
        ("increase", Rprop(increase=1.0)),
        ("decrease", Rprop(decrease=1.0)),
        ("smallest_step", Rprop(smallest_step=0.0)),
        ("smallest_step", Rprop(smallest_step=2.0, largest_step=1.0)),
    ],
    ids=repr,
)
def test_settings_beyond_their_range(setting, solver):
    words = f"'{setting}' parameter of {type(solver).__name__} must be"
    with pytest.raises(ValueError, match=words):
        make("", solver=solver).fit(X, Y)


class TestWeightDecay:
    @pytest.mark.parametrize("kind", [AdamW, Lion])
    def test_biases_do_not_decay(self, kind):
        # Zero rows, no way from the hidden units to the output, and as many of one
        # class as of the other: all gradients of the first layer are zero.
        model = make("", solver=kind(weight_decay=5.0), activation="identity")
        model.set_params(max_iter=1, batch_size=120, learning_rate_init=0.1)
        weights = [np.random.default_rng(0).normal(size=(2, 7)), np.zeros((7, 1))]
        biases = [np.ones(7), np.zeros(1)]
        y = np.arange(120) % 2
        model.fit(np.zeros_like(X), y, coef_init=weights, intercept_init=biases)
        assert_allclose(model.coefs_[0], 0.5 * weights[0], rtol=1e-12)
        assert_array_equal(model.intercepts_[0], biases[0])

    def test_the_objective_knows_nothing_of_it(self):
        model = make("", solver=AdamW(weight_decay=0.5), max_iter=1, batch_size=120)
        plain = make("", solver=AdamW(weight_decay=0.0), max_iter=1, batch_size=120)
        assert model.fit(X, Y).loss_ == plain.fit(X, Y).loss_


class TestRprop:
    def test_passes_make_no_sense(self):
        for solver in ("rprop", Rprop()):
            model = make("rprop", solver=solver)
            assert not hasattr(model, "partial_fit")
            with pytest.raises(AttributeError, match="partial_fit"):
                model.partial_fit(X, Y, classes=[0, 1])

    @pytest.mark.parametrize("rate", ["invscaling", "adaptive", "one_cycle"])
    def test_a_schedule_would_not_be_used(self, rate):
        with pytest.warns(UserWarning, match=f"learning_rate='{rate}'.*rprop"):
            make("rprop", learning_rate=rate).fit(X, Y)

    def test_all_rows_make_one_step_whatever_the_batch_size(self):
        few, all_ = (
            make("rprop", batch_size=n, shuffle=n == 7).fit(X, Y) for n in (7, 120)
        )
        assert_array_equal(theta(few), theta(all_))
        assert_allclose(few.batch_loss_curve_, few.loss_curve_, rtol=1e-15)
        assert few.t_ == 5 * 120

    def test_rows_without_weight_do_not_count(self):
        weight = np.arange(120) % 3
        some = make("rprop").fit(X, Y, weight)
        repeated = make("rprop").fit(np.repeat(X, weight, 0), np.repeat(Y, weight))
        assert_allclose(theta(some), theta(repeated), rtol=1e-9)

    def test_early_stopping_keeps_the_best(self):
        model = make("rprop", early_stopping=True, max_iter=50).fit(X, Y)
        best = int(np.argmin(model.validation_loss_curve_))
        assert model.best_validation_score_ == model.validation_scores_[best]

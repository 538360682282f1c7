"""Every parameter and argument with what it can't be: one table, one rule.

The error names the culprit, and a fitted model predicts as before.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skann import (
    BPClassifier,
    BPRegressor,
    TabularClassifier,
    TabularRegressor,
    callbacks,
    datasets,
    displays,
    learning_rate_range_test,
    load_model,
    preprocessing,
    schedules,
    solvers,
)

nan, inf = np.nan, np.inf
HUGE = 10**400
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 5))
FRAME = pd.DataFrame(X, columns=list("abcde"))
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
Y = {BPClassifier: CLASSES, BPRegressor: np.sin(X[:, 0])}
Y |= {TabularClassifier: CLASSES, TabularRegressor: Y[BPRegressor]}

# Parameters of both networks.
NETWORK = {
    "hidden_layer_sizes": [0, -1, 2.5, "4", None, (4, 0), [4.0], {4}, 10**14],
    "activation": ["rel", 1, None, ["relu", "tanh"], []],
    "loss": ["hinge", None, 3],
    "solver": ["newton", None, 3, solvers.SGD],
    "alpha": [-1, nan, inf, "0", None, HUGE],
    "l1_ratio": [-0.1, 1.1, nan, None],
    "dropout": [-0.1, 1, nan, None],
    "max_grad_norm": [0, -1, nan, "1"],
    "divergence_retries": [-1, 1.5, None],
    "batch_size": [0, -1, 1.5, None, HUGE],
    "learning_rate": ["cosin", 0.1, None, schedules.Cosine, lambda: 0.1, pow],
    "learning_rate_init": [0, -1, nan, inf, None, HUGE],
    "power_t": [-1, nan, None],
    "max_iter": [0, 2.5, None, "10"],
    "shuffle": ["yes", None],
    "random_state": [-1, 2.5, "0"],
    "tol": [-1, nan, None, HUGE],
    "verbose": ["yes", -1, None],
    "warm_start": ["yes", None],
    "momentum": [-0.1, 1.1, nan],
    "nesterovs_momentum": ["yes", None],
    "early_stopping": ["yes", None],
    "validation_fraction": [0, 1, nan, None, "0.1"],
    "beta_1": [-0.1, 1, nan],
    "beta_2": [-0.1, 1, nan],
    "epsilon": [0, -1, nan],
    "n_iter_no_change": [0, -1, nan, None],
    "max_fun": [0, 2.5, None],
    "weight_init": ["xavier", None],
    "n_hidden_layers": [-1, 2.5, HUGE],
    "n_hidden_units": [0, 2.5, "4"],
    "scoring": ["acuracy", 3, None, [], {}, ["r2", "r2"]],
    "training_score": ["yes", None],
    "gradient_norms": ["yes", None],
    "n_init": [0, 1.5, None],
    "n_jobs": [0, 1.5, "all"],
    "max_time": [0, -1, nan, "1 h"],
    "target_loss": [nan, "low"],
}
CLASSIFIER = {
    "label_smoothing": [-0.1, 1, nan],
    "class_weight": ["even", 3, {0: -1, 1: 1, 2: 1}],
}
REGRESSOR = {
    "quantile": [0, 1, nan, 0.5],
    "huber_delta": [0, -1, 1.0],
    "normalize_y": ["yes", None],
    "missing_targets": ["drop", None],
}
TABULAR = {
    "vectorizer": ["table", 3],
    "estimator": ["net", 3],
    "cv": [0, 1, "five", [1], [(1, 2, 3)], {"a": 1}, None],
    "n_jobs": ["all", 1.5],
    "random_state": [-1, "0"],
    "verbose": ["yes", None],
}
# Settings of solvers and schedules, which are checked when they are used.
SETTINGS = {
    solvers.SGD: {"momentum": [-1, nan, None, HUGE]},
    solvers.Adam: {"beta_1": [1, nan], "epsilon": [0, "1", HUGE]},
    solvers.AdamW: {"weight_decay": [-1, nan, HUGE]},
    solvers.AMSGrad: {"beta_2": [1, -1]},
    solvers.Nadam: {"momentum_decay": [-1, nan]},
    solvers.Adagrad: {"initial_accumulator": [-1, nan], "epsilon": [0]},
    solvers.RMSprop: {"rho": [1, nan], "momentum": [-1]},
    solvers.Lion: {"beta_1": [1], "weight_decay": [-1, nan]},
    solvers.Rprop: {"increase": [1, nan, HUGE], "decrease": [1], "smallest_step": [0]},
    solvers.LBFGS: {"max_fun": [0, HUGE], "memory": [0, 2.5, HUGE]},
    solvers.CG: {"max_fun": [0, nan]},
    solvers.BFGS: {"max_parameters": [0, 1]},
    solvers.NewtonCG: {"max_fun": [0, "1"]},
    solvers.TrustNCG: {"initial_radius": [0, 1e9], "max_radius": [0, HUGE]},
    schedules.Constant: {"warmup": [-0.1, 1, nan]},
    schedules.Adaptive: {"factor": [1, nan, HUGE], "smallest": [-1, HUGE]},
    schedules.Step: {"every": [0, 2.5, HUGE], "factor": [0, nan]},
    schedules.Exponential: {"factor": [0, nan]},
    schedules.InvScaling: {"power_t": [-1, nan, HUGE]},
    schedules.Cosine: {"end": [-1, 2], "warmup": [1]},
    schedules.OneCycle: {"warmup": [-0.1, 1], "start_factor": [0], "end_factor": [0]},
}
BAD_ROWS = [[nan] * 60, [-1] * 60, [1] * 59, "a", {"a": 1}, 1j]
# Arguments of fit; a value is given alone, or beside good validation data.
FIT = {
    "sample_weight": BAD_ROWS,
    "X_val": [X[:, :4], X * nan, 3, {"a": 1}],
    "y_val": [[1] * 59, 3, None, {"a": 1}],
    "sample_weight_val": BAD_ROWS,
    "coef_init": [3, [], [np.ones((5, 3))], [[nan]], "a"],
    "intercept_init": [3, [], [np.ones(3)], "a"],
    "groups": [[1] * 59],
    "validation_data": [(X, Y[BPRegressor])],
}
# Methods, an argument of each, its culprit's name where that is another, and values.
METHODS = [
    ("predict", {"X": [X[:, :4], X * nan, X[:0], X[0]]}),
    ("transform", {"X": [X[:, :4]]}),
    ("input_gradients", {"X": [X[:, :4], X * nan]}),
    ("to_code", {"language": ["cobol", None, 3]}),
    ("save_model", {"path": [3, None, "", True]}),
    ("set_callbacks", {"callback": [3, "bar"]}),
]
SAY = {"X": r"X |array|sample"}
CALLBACKS = {
    "Checkpoint": {
        "path": [3, None, ""],
        "every": [0, 1.5, True],
        "seconds": [-1, nan, "1"],
        "keep_last": [0, None],
        "keep_best": ["yes", None],
        "resume": [1, None],
    },
    "TrainingLog": {"path": [3, None, "", "epochs.txt"]},
    "LivePlot": {"interval": [-1, nan, "1"], "path": [3, ""]},
}
FUNCTIONS = [
    (datasets.make_xor, {"n_samples": [0, 2.5], "noise": [-1, nan]}),
    (datasets.make_spirals, {"n_classes": [0, None], "n_turns": [-1, nan]}),
    (datasets.load_mnist, {"subset": ["all of it", None]}),
    (load_model, {"path": [3, True, None, ""]}),
    (
        preprocessing.PiecewiseLinearEncoder().set_params,
        {"n_bins": [0, 2.5], "keep_values": ["yes"]},
    ),
    (
        preprocessing.TableEncoder().set_params,
        {"n_bins": [-1, "ten"], "max_categories": [0, None], "dtype": ["int8"]},
    ),
]
RANGE = {"smallest": [0, nan], "largest": [0, inf], "n_steps": [0, 2.5]}
DISPLAYS = [
    (displays.LossCurveDisplay, (), {"by": ["year", 3], "yscale": ["logg"]}),
    (displays.WeightsDisplay, (), {"layer": [9, "a"], "kind": ["pie"]}),
    (displays.WeightsDisplay, (), {"image_shape": [3, (2, 2)], "max_units": [0]}),
    (displays.NetworkDisplay, (), {"feature_names": [3, ["a"]], "max_units": [2]}),
    (displays.TrainingStateDisplay, (), {"axes": [3, [1, 2, 3]]}),
    (displays.MistakesDisplay, (X, CLASSES), {"max_images": [0, nan]}),
    (displays.LossCurveDisplay, (), {"ax": [3], "estimator": [3, None]}),
]


def cases():
    """(name, kind of model, call with the model, what the error must say)."""

    def of_fit(name, value):
        return lambda model, y: model.set_params(**{name: value}).fit(X, y)

    for Estimator, own in [(BPClassifier, CLASSIFIER), (BPRegressor, REGRESSOR)]:
        for name, values in (NETWORK | own).items():
            for value in values:
                yield name, value, Estimator, of_fit(name, value), name
    for Estimator in (TabularClassifier, TabularRegressor):
        for name, values in TABULAR.items():
            for value in values:
                yield name, value, Estimator, of_fit(name, value), name
    for kind, settings in SETTINGS.items():
        of = "solver" if kind in vars(solvers).values() else "learning_rate"
        for name, values in settings.items():
            for value in values:
                chosen = {"solver": "sgd"} | {of: kind(**{name: value})}
                yield name, value, BPRegressor, of_settings(chosen), name
    yield from of_methods()


def of_settings(chosen):
    return lambda model, y: model.set_params(**chosen).fit(X, y)


def of_methods():
    good = {"X_val": X, "y_val": Y[BPRegressor]}
    for name, values in FIT.items():
        for value in values:
            given = (good if name.endswith("_val") else {}) | {name: value}
            call = lambda model, y, given=given: model.fit(X, y, **given)  # noqa: E731
            yield name, value, BPRegressor, call, name
    for method, arguments in METHODS:
        for name, values in arguments.items():
            for value in values:
                call = lambda model, y, m=method, v=value: getattr(model, m)(v)  # noqa: E731
                yield name, value, BPClassifier, call, SAY.get(name, name)
    for name, values in RANGE.items():
        for value in values:
            call = lambda model, y, given={name: value}: learning_rate_range_test(  # noqa: E731
                model, X, y, **given
            )
            yield name, value, BPRegressor, call, name
    yield from of_others()


def of_others():
    for name, settings in CALLBACKS.items():
        kind = getattr(callbacks, name)
        for setting, values in settings.items():
            for value in values:
                given = {} if setting == "path" else {"path": "a.png"}
                call = lambda m, y, k=kind, g=given | {setting: value}: k(**g)  # noqa: E731
                yield setting, value, BPRegressor, call, setting
    for function, arguments in FUNCTIONS:
        for name, values in arguments.items():
            for value in values:
                call = lambda m, y, f=function, g={name: value}: tried(f, g)  # noqa: E731
                yield name, value, BPRegressor, call, name
    for kind, data, arguments in DISPLAYS:
        for name, values in arguments.items():
            for value in values:
                call = lambda m, y, k=kind, d=data, g={name: value}: k.from_estimator(  # noqa: E731
                    *[] if "estimator" in g else [m], *d, **g
                )
                yield name, value, BPClassifier, call, name


def tried(function, given):
    """The function, and the fit of an encoder that it may return."""
    found = function(**given)
    if hasattr(found, "fit"):
        found.fit(FRAME, Y[BPRegressor])


@pytest.fixture(scope="module")
def models():
    network = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    made = {BPClassifier: BPClassifier(**network), BPRegressor: BPRegressor(**network)}
    made[TabularClassifier] = TabularClassifier(estimator=made[BPClassifier], cv=2)
    made[TabularRegressor] = TabularRegressor(estimator=made[BPRegressor], cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {kind: model.fit(X, Y[kind]) for kind, model in made.items()}


# Callbacks are not there with an older scikit-learn, which is an ImportError.
ERRORS = (ValueError, TypeError, MemoryError, ImportError)
CASES = [pytest.param(*rest, id=f"{n}-{str(v)[:12]}") for n, v, *rest in cases()]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("kind", "call", "culprit"), CASES)
def test_is_named_and_the_model_predicts_as_before(
    kind, call, culprit, models, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    model, parameters = models[kind], models[kind].get_params(deep=False)
    before = model.predict(X)
    try:
        with pytest.raises(ERRORS, match=culprit):
            call(model, Y[kind])
    finally:
        model.set_params(**parameters)
    assert_array_equal(model.predict(X), before)
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_as_long_as_it_should_be():
    assert len(CASES) >= 200

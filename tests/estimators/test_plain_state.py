"""What pickles hold: plain data, the version that wrote them, and little else."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, small_net, theta
from _stored import SETTINGS, TARGETS, X, assert_same, fitted
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning

import skann
from skann import BPClassifier, BPRegressor
from skann._estimators.plain_targets import transformer_from_plain
from skann._estimators.versioned_state import STATE_FORMAT
from skann._optimize.plain_options import CLASSES, options_to_plain
from skann.averaging import EMA
from skann.solvers import SGD

pytestmark = pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)


def kinds_within(value):
    """Types of everything in plain data."""
    found = {type(value)}
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        found = found.union(*map(kinds_within, value))
    return found


AVERAGE = options_to_plain(EMA())
PLAIN = {dict, list, tuple, str, bool, int, float, type(None), np.ndarray}


class TestState:
    @pytest.mark.parametrize("settings", SETTINGS)
    @pytest.mark.parametrize("targets", ["two classes", "a value"])
    def test_is_plain_data(self, targets, settings):
        model, y = fitted(targets, settings)
        assert kinds_within(model.__getstate__()) <= PLAIN
        if hasattr(model, "partial_fit"):
            model.set_params(early_stopping=True).partial_fit(X, y)
            assert kinds_within(model.__getstate__()) <= PLAIN

    @pytest.mark.parametrize("targets", TARGETS)
    def test_is_plain_for_all_targets(self, targets):
        assert kinds_within(fitted(targets)[0].__getstate__()) <= PLAIN

    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_is_little_more_than_the_parameters(self, Estimator):
        images = np.random.RandomState(0).uniform(size=(200, 784))
        model = small_net(Estimator, hidden_layer_sizes=(100,), max_iter=2)
        model.fit(images, np.arange(200) % 10)
        assert len(pickle.dumps(model)) < 1.1 * theta(model).nbytes

    def test_a_pickle_names_one_class(self):
        text = pickle.dumps(fitted("classes", "objects")[0])
        assert b"skann" in text
        assert b"skann." not in text
        assert b"_estimators" not in text


class TestCopies:
    @pytest.mark.parametrize("settings", SETTINGS)
    @pytest.mark.parametrize("targets", ["two classes", "values"])
    def test_a_pickle_goes_on_the_same(self, targets, settings):
        model, y = fitted(targets, settings)
        other = pickle.loads(pickle.dumps(model))
        assert_same(model, other)
        for each in (model, other):
            each.fit(X, y)
        assert_array_equal(theta(other), theta(model))

    @pytest.mark.parametrize("targets", TARGETS)
    def test_of_all_targets(self, targets):
        model, y = fitted(targets)
        other = pickle.loads(pickle.dumps(model))
        assert_same(model, other)
        assert_array_equal(
            theta(other.partial_fit(X, y)), theta(model.partial_fit(X, y))
        )

    def test_a_stream_that_stops_early(self):
        model = small_net(BPRegressor, early_stopping=True, learning_rate="adaptive")
        for _ in range(3):
            model.partial_fit(X, X[:, 0])
        other = pickle.loads(pickle.dumps(model))
        for each in (model, other):
            for _ in range(3):
                each.partial_fit(X, X[:, 0])
        assert_array_equal(theta(other), theta(model))

    def test_what_a_user_made_stays(self):
        model = small_net(BPClassifier, learning_rate=_rate, warm_start=True)
        model.fit(X, TARGETS["classes"][1])
        other = pickle.loads(pickle.dumps(model))
        assert other.learning_rate is _rate
        assert_same(model, other)

    def test_a_shallow_copy_shares_the_weights(self):
        model, _ = fitted()
        other = copy.copy(model)
        model.coefs_[0] = np.zeros((5, 7))
        assert not other.coefs_[0].any()

    def test_not_fitted(self):
        model = BPClassifier((3,), solver=SGD(0.5))
        other = pickle.loads(pickle.dumps(model))
        assert repr(other) == repr(model)
        assert not hasattr(other, "classes_")
        assert repr(clone(other)) == repr(model)


def _rate(step):
    return 0.01


class TestVersions:
    def state(self, **changes):
        return fitted()[0].__getstate__() | changes

    def load(self, state):
        model = BPClassifier.__new__(BPClassifier)
        model.__setstate__(state)
        return model

    def test_another_version_warns_as_scikit_learn_does(self):
        model, _ = fitted()
        state = model.__getstate__() | {"_skann_version": "0.0.1"}
        with pytest.warns(InconsistentVersionWarning, match=r"skann 0\.0\.1") as caught:
            loaded = self.load(state)
        assert_same(loaded, model)
        warning = caught[0].message
        assert warning.estimator_name == "BPClassifier"
        assert warning.original_sklearn_version == "0.0.1"
        assert warning.current_sklearn_version == skann.__version__

    def test_the_same_version_does_not(self):
        state = self.state()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = self.load(state)
        assert not hasattr(model, "_skann_version")

    @pytest.mark.parametrize("found", [STATE_FORMAT + 1, 0, None, "1"])
    def test_a_format_that_is_not_known(self, found):
        with pytest.raises(ValueError, match=r"of skann 9\.0.*Update skann"):
            self.load(self.state(_state_format=found, _skann_version="9.0"))

    @pytest.mark.parametrize(
        ("name", "change", "message"),
        [
            ("_theta", {}, "weights and biases"),
            ("_theta", np.zeros(3), "weights and biases"),
            ("_theta", np.zeros(66, int), "weights and biases"),
            ("_theta", np.full(66, np.nan), "must be finite"),
            ("_network", None, "lacks network"),
            ("_network", {"layer_sizes": [5, 10**12, 3]}, "weights and biases"),
            ("_network", {"layer_sizes": [5, 7.0, 3]}, "sizes of a network"),
            ("_network", {"layer_sizes": [5, -7, 3]}, "sizes of a network"),
            ("_network", {"layer_sizes": []}, "activation for each"),
            ("_network", {"activations": []}, "activation for each"),
            ("_network", {"activations": ["sinus"]}, "no activation or loss 'sinus'"),
            ("_network", {"loss": "hinge"}, "no activation or loss 'hinge'"),
            ("_network", {"tasks": [2, 2]}, "tasks of a network"),
            ("n_features_in_", 6, "network's inputs"),
            ("_transformer", {"kind": "sets"}, "targets of kind 'sets'"),
            ("_transformer", {"classes": np.arange(4)}, "4 outputs"),
            ("_transformer", {"classes": [1, 2, 3]}, "arrays of labels"),
            ("_progress", {"rng": {"bit_generator": "os"}}, "must be PCG64"),
            ("_progress", {"rng": {"bit_generator": "PCG64"}}, "PCG64 is not whole"),
            ("_progress", {"n_iter": -1}, "n_iter must be a count"),
            ("_progress", {"seconds": np.inf}, "seconds must be a count"),
            ("_progress", {"optimizer": {"class": "Popen"}}, "no such optimiser"),
            ("_progress", {"patience": {}}, "patience must be of numbers"),
            ("_progress", {"best": {"theta": np.zeros(3)}}, "best weights"),
            ("_progress", {"best": {"value": "low"}}, "best epoch is not one"),
            ("_progress", {"rate_factor": 2.0}, "rate_factor must be"),
            ("_progress", {"outer": np.zeros(3)}, "momentum of averages"),
            ("_progress", {"average": {"n": 1}}, "average must be of a rule"),
            (
                "_progress",
                {"average": {"rule": AVERAGE, "n": 1, "moving": np.zeros(3)}},
                "averaged weights are not",
            ),
            ("_history", {7: np.zeros(5)}, "columns of the record must have names"),
            ("_network", {"loss_options": ["1"]}, "settings of a loss"),
            ("_network", {"loss_options": [1.0]}, "has no settings"),
            ("_network", {"skip": 1}, "direct path"),
            ("_theta", np.zeros(132)[::2], "one array in native order"),
            ("_history", {"loss": np.zeros(2)}, "one number an epoch"),
            ("_batch_losses", [], "batches' losses"),
        ],
    )
    def test_a_state_that_is_not_whole(self, name, change, message):
        state = self.state()
        if isinstance(change, dict) and isinstance(state[name], dict):
            change = state[name] | change
        with pytest.raises(ValueError, match=message):
            self.load(state | {name: change})

    def test_a_real_target_without_units(self):
        state = fitted("a value")[0].__getstate__()
        for name, value in (("scale", np.zeros(1)), ("mean", np.array([np.nan]))):
            transformer = state["_transformer"] | {name: value}
            with pytest.raises(ValueError, match=name):
                self.load(state | {"_transformer": transformer})

    @pytest.mark.parametrize(
        ("kind", "changes", "n_outputs", "message"),
        [
            ("quantiles", {"levels": [0.5]}, 2, "a quantile for each output"),
            ("quantiles", {"levels": [0.5, 2.0]}, 2, "between 0 and 1"),
            ("gaussian", {}, 3, "a mean and a variance"),
            ("real", {"degree": "two"}, 1, "loss of the targets"),
            ("real", {"is_robust": "no"}, 1, "loss of the targets"),
            ("real", {"flat": True}, 2, "one output"),
        ],
    )
    def test_real_targets_that_do_not_fit(self, kind, changes, n_outputs, message):
        names = ("mean", "scale", "count", "seen_mean", "seen_deviation")
        units = dict.fromkeys(names, np.ones(n_outputs)) | {"flat": False}
        with pytest.raises(ValueError, match=message):
            transformer_from_plain({"kind": kind} | units | changes, n_outputs)

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            ({"run": {}}, "computes in float32 or float64"),
            ({"run": {"dtype": "<f8"}}, "state lacks"),
            ({"settings": {"lr": 1}}, "has the settings"),
            ({"settings": {"beta_1": 2.0}}, "beta_1"),
            ({"run": {"dtype": "<f8", "n_steps": 1, "state": []}}, "keeps 2 vectors"),
            (
                {"run": {"dtype": "<f8", "n_steps": 1, "state": [np.zeros(2)] * 2}},
                "not of its network's size",
            ),
        ],
    )
    def test_an_optimiser_that_is_not_whole(self, part, message):
        state = fitted("classes", "solver adam")[0].__getstate__()
        progress = state["_progress"]
        optimizer = progress["optimizer"] | part
        with pytest.raises(ValueError, match=message):
            self.load(state | {"_progress": progress | {"optimizer": optimizer}})

    def test_a_schedule_that_is_not_whole(self):
        state = fitted("classes", "solver adam")[0].__getstate__()
        progress = state["_progress"]
        schedule = progress["schedule"] | {"run": {}}
        with pytest.raises(ValueError, match=r"schedule's .* must be a number"):
            self.load(state | {"_progress": progress | {"schedule": schedule}})


class TestPublicNames:
    def test_classes_are_of_the_modules_that_users_import(self):
        for door in (
            "skann",
            "skann.solvers",
            "skann.schedules",
            "skann.preprocessing",
            "skann.losses",
            "skann.activations",
            "skann.averaging",
        ):
            module = __import__(door, fromlist=["*"])
            for name in module.__all__:
                thing = getattr(module, name)
                if isinstance(thing, type):
                    assert thing.__module__ == door

    def test_names_in_files_are_of_one_class_each(self):
        assert all(name == kind.__name__ for name, kind in CLASSES.items())
        assert {"SGD", "LBFGS", "Cosine"} < CLASSES.keys()

    def test_joblib(self, tmp_path):
        model, _ = fitted()
        joblib.dump(model, tmp_path / "model.joblib")
        assert_same(model, joblib.load(tmp_path / "model.joblib"))


class TestSkops:
    @pytest.mark.parametrize("targets", TARGETS)
    def test_one_type_is_to_be_trusted(self, targets):
        skops = pytest.importorskip("skops.io")
        model, _ = fitted(targets)
        text = skops.dumps(model)
        name = f"skann.{type(model).__name__}"
        assert skops.get_untrusted_types(data=text) == [name]
        assert_same(model, skops.loads(text, trusted=[name]))


def test_pickle_of_parameters_that_are_numbers_of_numpy():
    model = BPRegressor(
        (2,),
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=np.float32(0.01),
        tol=np.float64(1e-4),
        n_iter_no_change=np.int32(5),
        early_stopping=True,
        max_iter=np.int64(2),
    )
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2))
    for _ in range(2):
        model.partial_fit(X, X[:, 0])
    twin = pickle.loads(pickle.dumps(model))
    assert_array_equal(theta(twin), theta(model))
    assert_array_equal(
        theta(twin.partial_fit(X, X[:, 0])), theta(model.partial_fit(X, X[:, 0]))
    )

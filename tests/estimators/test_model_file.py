"""``save_model`` and ``load_model``: the same model, of this version and earlier ones.

``models/`` has a file of each format that there has been, and what it predicted.
"""

import json
import os
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, small_net, theta
from _stored import SETTINGS, TARGETS, X, assert_same, damaged, fitted
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold

import skann
from skann import BPClassifier, BPRegressor, load_model
from skann._estimators.versioned_state import STATE_FORMAT
from skann.activations import Activation
from skann.averaging import EMA
from skann.losses import Loss
from skann.solvers import SGD

pytestmark = pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)

MODELS = Path(__file__).parent / "models"


class MySGD(SGD):
    pass


class MyEMA(EMA):
    pass


class MyLoss(Loss):
    def value(self, z, y):
        return 0.25 * ((z - y) ** 4).sum(axis=1)

    def derivative(self, z, y):
        return (z - y) ** 3


class Sine(Activation):
    def value(self, z):
        return np.sin(z)

    def derivative(self, z):
        return np.cos(z)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skann"


class TestRoundTrip:
    @pytest.mark.parametrize("settings", SETTINGS)
    @pytest.mark.parametrize("targets", TARGETS)
    def test_predicts_and_trains_on_the_same(self, path, targets, settings):
        if settings == "scorer" and targets in ("classes", "objects"):
            pytest.skip("that scorer wants numbers")
        model, y = fitted(targets, settings)
        model.save_model(path)
        other = load_model(str(path))
        assert_same(model, other)
        for each in (model, other):
            each.fit(X, y)
        assert_array_equal(theta(other), theta(model))

    @pytest.mark.parametrize(
        "parameters",
        [
            {"random_state": np.random.RandomState(3)},
            {"class_weight": {0: 1, 1: 2.5}},
            {"class_weight": {np.int64(0): np.float32(1), 1: 2.5}},
            {"hidden_layer_sizes": np.array([4, 3]), "activation": ("tanh", "relu")},
            {"n_iter_no_change": np.inf, "solver": "adam"},
            {"solver": SGD(momentum=0.5), "learning_rate": "adaptive"},
        ],
        ids=lambda parameters: " ".join(parameters),
    )
    def test_parameters(self, path, parameters):
        y = TARGETS["two classes"][1]
        model = BPClassifier(**{"max_iter": 3, "random_state": 0, **parameters}).fit(
            X, y
        )
        model.save_model(path)
        other = load_model(path)
        for name, value in model.get_params(deep=False).items():
            if name not in ("random_state", "solver"):
                assert np.array_equal(getattr(other, name), value)
        assert_array_equal(theta(other.fit(X, y)), theta(model.fit(X, y)))

    def test_names_of_features(self, path):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame(X, columns=list("abcde"))
        model = small_net(BPRegressor).fit(frame, X[:, 0])
        model.save_model(path)
        other = load_model(path)
        assert other.feature_names_in_.tolist() == list("abcde")
        assert other.feature_names_in_.dtype == object
        assert_array_equal(other.predict(frame), model.predict(frame))

    def test_partial_fit_goes_on_in_the_scale_of_the_columns(self, path):
        rows = X * 1000 + 5000
        model = small_net(BPRegressor, standardize=True).partial_fit(rows, X[:, 0])
        model.save_model(path)
        other = load_model(path)
        for each in (model, other):
            each.partial_fit(rows[:20], X[:20, 0])
        assert_array_equal(theta(other), theta(model))

    def test_trials_are_kept(self, path):
        model = BPRegressor((2,), max_iter=100, random_state=0).fit(X, X[:, 0])
        model.save_model(path)
        assert load_model(path).search_ == model.search_
        assert model.search_["loss"]

    def test_the_same_model_is_the_same_file(self, path, tmp_path):
        model, _ = fitted()
        model.save_model(path)
        load_model(path).save_model(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == path.read_bytes()

    def test_is_little_more_than_the_parameters(self, path):
        model = small_net(BPRegressor, hidden_layer_sizes=(100,), max_iter=2)
        images = np.random.RandomState(0).uniform(size=(100, 784))
        model.fit(images, images[:, :10]).save_model(path)
        assert path.stat().st_size < 1.1 * theta(model).nbytes


class TestRefusals:
    """What can't be saved is named, and the file before is left."""

    def test_not_fitted(self, path):
        with pytest.raises(NotFittedError):
            BPClassifier().save_model(path)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("validation_fraction", KFold(3)),
            ("scoring", lambda model, X, y: 1.0),
            ("learning_rate", lambda step: 0.01),
            ("random_state", np.random.default_rng(0)),
            ("class_weight", {0: 1, 1: [{2}]}),
        ],
    )
    def test_a_parameter(self, path, name, value):
        path.write_bytes(b"before")
        model, _ = fitted("two classes")
        model.set_params(**{name: value})
        with pytest.raises(ValueError, match=f"^{name}=.*can't be saved"):
            model.save_model(path)
        assert path.read_bytes() == b"before"

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("scoring", lambda model, X, y: 1.0),
            ("learning_rate", lambda step: 0.01),
            ("solver", MySGD(momentum=0.5)),
            ("average", MyEMA()),
        ],
    )
    def test_the_advice_about_a_parameter_works(self, path, name, value, method):
        model = small_net(BPRegressor, **{name: value})
        getattr(model, method)(X, X[:, 0])
        with pytest.raises(ValueError, match="can't be saved") as info:
            model.save_model(path)
        call = re.search(
            r"after (set_params\(.*\)), which is the default", str(info.value)
        )
        eval(f"model.{call[1]}")
        model.save_model(path)
        loaded = load_model(path)
        assert_array_equal(loaded.predict(X), model.predict(X))
        for each in (loaded, model):
            each.partial_fit(X, X[:, 0])
        assert_array_equal(theta(loaded), theta(model))

    @pytest.mark.parametrize(
        ("name", "own"), [("loss", MyLoss()), ("activation", Sine())]
    )
    def test_the_advice_about_code_of_ones_own_works(self, path, name, own):
        model = small_net(BPRegressor, **{name: own}).fit(X, X[:, 0])
        for _ in range(2):
            with pytest.raises(
                ValueError, match=r"can't be saved.*pickle keep"
            ) as info:
                model.save_model(path)
            assert "set_params" not in str(info.value)
            again = pickle.loads(pickle.dumps(model))
            assert_array_equal(again.predict(X), model.predict(X))
            model.set_params(**{name: "mse" if name == "loss" else "relu"})

    def test_a_class_of_ones_own(self, path):
        class Mine(BPClassifier):
            pass

        model = small_net(Mine).fit(X, TARGETS["classes"][1])
        with pytest.raises(ValueError, match="Mine is no class of skann"):
            model.save_model(path)

    def test_a_folder_that_is_not_there(self, path):
        with pytest.raises(FileNotFoundError):
            fitted()[0].save_model(path / "in" / "nowhere")


def changed(path, change):
    """Rewrite a model file with another ``data.json``."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    data = json.loads(entries["data.json"])
    change(data)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, json.dumps(data) if name == "data.json" else content)


def of(*keys, value):
    """A change of what is there under these keys."""

    def change(data):
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


class TestDamage:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (of("format", value=STATE_FORMAT + 1), "Update skann"),
            (of("format", value="1"), "Update skann"),
            (of("estimator", value="Popen"), "must be of .*'Popen'"),
            (of("estimator", value=["BPClassifier"]), "which estimator"),
            (of("parameters", value=None), "can't be loaded"),
            (of("parameters", "rm", value={"kind": "value", "value": 1}), "no param"),
            (of("parameters", "tol", value={"kind": "pickle"}), "kind 'pickle'"),
            (of("parameters", "tol", value=3), "can't be loaded"),
            (of("fitted", value={}), "lacks"),
            (of("fitted", "predict", value=3), "no attribute 'predict'"),
            (of("fitted", "coefs_", value=3), "no attribute 'coefs_'"),
            (of("fitted", "__class__", value=3), "no attribute '__class__'"),
            (of("fitted", "__dict__", value=3), "no attribute '__dict__'"),
            (of("fitted", "_theta", value=None), "weights and biases"),
            (of("fitted", "_network", value=[]), "lacks network"),
            (of("fitted", "_network", "loss", value={}), "no activation or loss"),
            (of("fitted", "_history", "epoch", value=3), "one number an epoch"),
            (of("fitted", "_progress", "n_seen", value="3"), "n_seen must be a count"),
        ],
    )
    def test_data_that_should_not_be_there(self, path, change, message):
        fitted()[0].save_model(path)
        changed(path, of("skann_version", value="9.0"))
        assert load_model(path).n_outputs_ == 3  # so far all is well
        changed(path, change)
        with pytest.raises(ValueError, match=message) as caught:
            load_model(path)
        assert path.name in str(caught.value)

    def test_a_generators_state_that_would_read_past_its_end(self, path):
        model, _ = fitted()
        model.set_params(random_state=np.random.RandomState(0)).save_model(path)
        state = ("parameters", "random_state", "state", "state", "pos")
        changed(path, of(*state, value=10**6))
        with pytest.raises(ValueError, match="RandomState is not whole"):
            load_model(path)

    def test_a_pickle(self, path):
        import pickle

        path.write_bytes(pickle.dumps(fitted()[0]))
        with pytest.raises(ValueError, match="not a model file"):
            load_model(path)

    def test_cut_or_changed_anywhere(self, path):
        model, _ = fitted()
        model.save_model(path)
        whole, expected = path.read_bytes(), model.predict_proba(X)
        n_loaded = 0
        for content in damaged(whole, cut_every=101, n_flips=200):
            path.write_bytes(content)
            try:
                other = load_model(path)
            except ValueError:
                continue
            n_loaded += 1
            assert_array_equal(other.predict_proba(X), expected)
        assert n_loaded < 150  # bits that nobody reads: dates, permissions, names


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.skann")), ids=lambda p: p.stem)
class TestOfEveryFormat:
    """The promise: files of all versions load and predict the same."""

    def test_predicts_the_same(self, path):
        known = json.loads(path.with_suffix(".json").read_text())
        model = load_model(path)
        assert type(model).__name__ == known["estimator"]
        rows = np.array(known["X"], dtype=known["dtype"])
        assert_array_equal(model.predict(rows).shape, np.shape(known["predict"]))
        for method in ("predict", "predict_proba"):
            if method not in known:
                continue
            found = getattr(model, method)(rows)
            if isinstance(known[method][0], str):
                assert found.tolist() == known[method]
            else:
                assert_allclose(found, known[method], rtol=1e-5, atol=1e-7)

    def test_trains_on(self, path):
        known = json.loads(path.with_suffix(".json").read_text())
        rows = np.array(known["X"], dtype=known["dtype"])
        model = load_model(path)
        before = theta(model)
        assert (theta(model.partial_fit(rows, known["predict"])) != before).any()


def test_there_is_a_file_of_this_format():
    found = {path.name.split("_")[1] for path in MODELS.glob("*.skann")}
    assert found == set(map(str, range(1, STATE_FORMAT + 1)))


def make_models(folder):
    """Write the files of the present format; run when the format has changed."""
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(40, 3))
    y = np.array(["ash", "birch", "Ölbaum"])[np.digitize(rows[:, 0], [-0.5, 0.5])]
    common = {"max_iter": 20, "random_state": 0, "warm_start": True}
    models = {
        "classifier": BPClassifier((4, 3), ["gelu", "tanh"], **common).fit(rows, y),
        "labels": BPClassifier((4,), solver="nadam", early_stopping=True, **common).fit(
            rows, rows > 0
        ),
        "regressor": BPRegressor((4,), "elu", solver=SGD(0.5), **common).fit(
            rows.astype(np.float32), 100 + rows[:, :2]
        ),
    }
    for name, model in models.items():
        path = Path(folder, f"format_{STATE_FORMAT}_{name}.skann")
        model.save_model(path)
        X = rows[:10].astype(model.coefs_[0].dtype)
        known = {"estimator": type(model).__name__, "dtype": X.dtype.name}
        known |= {"skann_version": skann.__version__, "X": X.tolist()}
        known["predict"] = model.predict(X).tolist()
        if hasattr(model, "predict_proba"):
            known["predict_proba"] = model.predict_proba(X).tolist()
        path.with_suffix(".json").write_text(json.dumps(known, ensure_ascii=False))


if __name__ == "__main__":
    os.makedirs(MODELS, exist_ok=True)
    make_models(MODELS)

"""Model files of tables that something or somebody has changed: a clear error."""

import json
import zipfile

import numpy as np
import pytest
from _stored import damaged
from _tables import table
from numpy.testing import assert_array_equal

from skann import (
    BPClassifier,
    BPRegressor,
    TabularClassifier,
    TabularRegressor,
    load_model,
)
from skann.preprocessing import PiecewiseLinearEncoder, TableEncoder

X, VALUES, LABELS = table()
MANY = X[["size"]].assign(zone=[f"zone {i % 70}" for i in range(240)])
FEW = {"cv": 2, "random_state": 0}
NETWORK = BPClassifier((3,), max_iter=2)


@pytest.fixture(scope="module")
def models():
    of_levels = TableEncoder(n_bins=0, max_categories=9)
    bins = {
        "vectorizer": PiecewiseLinearEncoder(3),
        "estimator": BPRegressor((3,), max_iter=2),
    }
    made = {
        "classes": TabularClassifier(**FEW, estimator=NETWORK),
        "levels with targets": TabularClassifier(
            **FEW, estimator=NETWORK, vectorizer=of_levels
        ),
        "bins": TabularRegressor(**FEW, **bins),
    }
    data = {"classes": (X, LABELS), "levels with targets": (MANY, LABELS)}
    data["bins"] = X[["size"]], VALUES
    return {name: model.fit(*data[name]) for name, model in made.items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skann"


def changed(path, keys, value):
    """Rewrite a model file with something else in ``data.json``."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    data = part = json.loads(entries["data.json"])
    for key in keys[:-1]:
        part = part[key]
    if value is None:
        del part[keys[-1]]
    else:
        part[keys[-1]] = value
    entries["data.json"] = json.dumps(data)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)


def of_encoder(*keys):
    return "fitted", "vectorizer_", "state", *keys


def of_network(*keys):
    return "fitted", "estimators_", 0, *keys


# Where in a file, what is put there (None: it is taken away), words of the error.
HOSTILE = [
    (("estimator",), "TabularRegressor", "no parameters .*class_weight"),
    (("parameters", "cv"), {"kind": "pickle"}, "kind 'pickle'"),
    (("parameters", "vectorizer"), {"kind": "code"}, "kind 'code'"),
    (("parameters", "estimator"), {"kind": "estimator"}, "can't be loaded"),
    (("fitted",), {}, "has the attributes"),
    (("fitted", "predict"), 1, "has the attributes"),
    (("fitted", "_dtype"), "O", "float32 or float64; got 'O'"),
    (("fitted", "_several"), "yes", "kind of targets"),
    (("fitted", "classes_"), ["low"], "classes must be labels"),
    (("fitted", "n_features_in_"), 8, "8 names of columns"),
    (("fitted", "n_features_in_"), "7", "must be a count"),
    (("fitted", "n_features_in_"), 10**12, "can't be loaded"),
    (("fitted", "feature_names_in_"), ["a"], "names of columns"),
    (("fitted", "estimator_weights_"), [1.0], "a weight for each"),
    (("fitted", "estimators_"), [], "must be a network at least"),
    (("fitted", "estimators_"), [3], "can't be loaded"),
    (("fitted", "vectorizer_"), "auto", "no encoder is called 'auto'"),
    (("fitted", "vectorizer_"), [], "can't be loaded"),
    (("fitted", "vectorizer_", "class"), "OneHotEncoder", "OneHotEncoder"),
    (("fitted", "vectorizer_", "output"), "exec", "output of an encoder"),
    (("fitted", "vectorizer_", "state"), {}, "must be fitted"),
    (of_network("estimator"), "BPRegressor", "networks must be of BPClassifier"),
    (of_network("fitted", "n_features_in_"), 2, "number of the network's inputs"),
    (of_network("fitted", "_theta"), None, "lacks"),
    (of_encoder("__class__"), "Popen", "has no"),
    (of_encoder("transform"), 1, "has no"),
    (of_encoder("dtype"), "int8", "dtype must be"),
    (of_encoder("kinds_"), ["number"] * 6 + ["picture"], "kinds of columns"),
    (of_encoder("kinds_"), [], "kinds of columns"),
    (of_encoder("n_features_in_"), 10**12, "number of kinds"),
    (of_encoder("feature_names_in_"), 3, "a name for each column"),
    (of_encoder("n_plain_"), 3, "n_plain_ must be"),
    (of_encoder("_forms"), ["roman"] * 7, "forms must be"),
    (of_encoder("_forms"), [""], "forms must be"),
    (of_encoder("_date_parts"), [["century"]], "parts of dates"),
    (of_encoder("_date_parts"), [], "parts of dates"),
    (of_encoder("_numbers"), 3, "numbers must be an object"),
    (of_encoder("_numbers", "kept"), None, "numbers must have"),
    (of_encoder("_numbers", "kept"), [10**9], "kept numbers"),
    (of_encoder("_numbers", "kept"), [True], "kept numbers"),
    (of_encoder("_numbers", "unit"), 1.0, "unit must be a number"),
    (of_encoder("_numbers", "with_gaps"), [-1], "with_gaps must be"),
    (of_encoder("_numbers", "with_bins"), [1, 1], "with_bins must be"),
    (of_encoder("_numbers", "bin_edges"), [], "bin_edges must"),
    (of_encoder("_levels", "kept"), [7], "kept categories"),
    (of_encoder("_levels", "own"), [[1]], "own levels"),
    (of_encoder("_levels", "shared"), ["no"], "shared levels"),
    (of_encoder("_targets"), {}, "target means must have"),
    (of_encoder("_text"), [], "texts are not"),
    (of_encoder("_text", 0, "idf"), 1, "weight a sequence"),
    (of_encoder("_text", 0, "components"), 1, "directions"),
    (of_encoder("_text", 0, "lengths"), [1, 10**9], "lengths of sequences"),
    (of_encoder("_levels"), None, "state lacks"),
]


class TestDamage:
    @pytest.mark.parametrize(
        ("keys", "value", "message"), HOSTILE, ids=lambda v: str(v)[-40:]
    )
    def test_data_that_should_not_be_there(self, keys, value, message, models, path):
        models["classes"].save_model(path)
        changed(path, ("skann_version",), "9.0")
        assert load_model(path).n_features_in_ == 7  # so far all is well
        changed(path, keys, value)
        with pytest.raises(ValueError, match=message) as caught:
            load_model(path)
        assert path.name in str(caught.value)

    @pytest.mark.parametrize(
        ("keys", "value", "message"),
        [
            (("columns",), [3], "categories with targets"),
            (("labels",), [1], "labels of targets"),
            (("labels",), [], "means must be"),
            (("means",), 1, "means must be"),
            (("levels",), [], "levels of targets"),
            (("levels",), [["a"]], "a number for each level"),
            (("encodings",), [1], "a number for each level"),
        ],
    )
    def test_targets_of_levels(self, keys, value, message, models, path):
        models["levels with targets"].save_model(path)
        changed(path, of_encoder("_targets", *keys), value)
        with pytest.raises(ValueError, match=message):
            load_model(path)

    @pytest.mark.parametrize(
        ("key", "value"), [("bin_edges_", [1]), ("n_features_in_", "3")]
    )
    def test_bins(self, key, value, models, path):
        models["bins"].save_model(path)
        changed(path, of_encoder(key), value)
        with pytest.raises(ValueError, match="bin_edges_ must increase"):
            load_model(path)

    def test_outputs_that_are_not_those_of_the_classes(self, models, path):
        other = TabularClassifier(**FEW, estimator=NETWORK)
        other.fit(X, VALUES > 3).save_model(path)
        with zipfile.ZipFile(path) as file:
            data = json.loads(file.read("data.json"))
        changed(path, ("fitted", "_indicator"), True)
        assert data["fitted"]["_indicator"] is False
        load_model(path)  # two columns either way
        changed(path, ("fitted", "classes_"), {"$objects": ["a"], "shape": [1]})
        with pytest.raises(ValueError, match="outputs must be of shape"):
            load_model(path)

    def test_cut_or_changed_anywhere(self, models, path):
        model, rows = models["levels with targets"], MANY
        model.save_model(path)
        whole, expected = path.read_bytes(), model.predict_proba(rows)
        n_loaded = 0
        for content in damaged(whole, cut_every=499, n_flips=100):
            path.write_bytes(content)
            try:
                other = load_model(path)
            except ValueError:
                continue
            n_loaded += 1
            assert_array_equal(other.predict_proba(rows), expected)
        assert n_loaded < 70  # bits that nobody reads: dates, permissions, names

    def test_a_pickle_that_is_not_whole(self, models):
        state = models["bins"].__getstate__()
        with pytest.raises(ValueError, match="weight for each"):
            TabularRegressor().__setstate__(state | {"estimator_weights_": np.ones(1)})
        with pytest.raises(ValueError, match="networks must be of BPRegressor"):
            TabularRegressor().__setstate__(
                state | {"estimators_": [3], "estimator_weights_": np.ones(1)}
            )

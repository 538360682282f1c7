"""Estimators of tables in pickles and model files: the same again, or an error.

``models/`` has a file of each format that there has been, and what it predicted.
"""

import json
import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from _tables import outputs, table
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

import skann
from skann import (
    BPClassifier,
    BPRegressor,
    TabularClassifier,
    TabularRegressor,
    load_model,
)
from skann._estimators.versioned_state import STATE_FORMAT
from skann.preprocessing import PiecewiseLinearEncoder, TableEncoder
from skann.solvers import SGD

MODELS = Path(__file__).parent / "models"
X, VALUES, LABELS = table()
NUMBERS = np.random.default_rng(0).normal(size=(60, 3))
FEW = {"cv": 2, "random_state": 0}
SMALL = {
    TabularClassifier: BPClassifier((3,), max_iter=2),
    TabularRegressor: BPRegressor((3,), max_iter=2),
}


def later():
    """A table with what the encoder has not seen: levels, gaps, other years."""
    frame = table(n=80, seed=1)[0]
    frame["heating"] = frame["heating"].cat.add_categories("sun")
    frame.loc[3, "heating"] = "sun"
    frame.loc[5, ["size", "sold", "street", "words"]] = None
    frame.loc[7, "size"] = 1e12
    frame.loc[9, "sold"] = pd.Timestamp("1912-02-29 13:14:15")
    return frame


LATER = later()
MANY = pd.DataFrame({"zone": [f"zone {i % 70}" for i in range(240)], "size": X["size"]})
OBJECTS = X[["size", "street", "rooms"]].to_numpy(dtype=object)

# Name: estimator, table and targets of fit, table to predict.
CASES = {
    "classes": (
        TabularClassifier(**FEW, estimator=SMALL[TabularClassifier]),
        X,
        LABELS,
        LATER,
    ),
    "values": (TabularRegressor(**FEW), X, VALUES, LATER),
    "labels": (
        TabularClassifier(**FEW, estimator=BPClassifier((3,), max_iter=2)),
        X,
        np.column_stack([VALUES > 3, VALUES > 4]).astype(int),
        LATER,
    ),
    "columns of classes": (
        TabularClassifier(**FEW, estimator=BPClassifier((3,), solver=SGD(0.5))),
        X,
        np.column_stack([LABELS, VALUES > 3]).astype(str),
        LATER,
    ),
    "columns of values": (
        TabularRegressor(**FEW, estimator=BPRegressor((3,), early_stopping=True)),
        X,
        np.column_stack([VALUES, -VALUES]),
        LATER,
    ),
    "levels with targets": (
        TabularClassifier(
            **FEW,
            vectorizer=TableEncoder(n_bins=0, max_categories=9),
            estimator=SMALL[TabularClassifier],
        ),
        MANY,
        LABELS,
        MANY.replace("zone 1", "zone 100"),
    ),
    "a level's targets": (
        TabularRegressor(
            **FEW,
            vectorizer=TableEncoder(max_categories=9, dtype=np.float64),
            estimator=SMALL[TabularRegressor],
        ),
        MANY,
        VALUES,
        MANY.replace("zone 1", "zone 100"),
    ),
    "an array of objects": (
        TabularRegressor(**FEW, estimator=SMALL[TabularRegressor]),
        OBJECTS,
        VALUES,
        OBJECTS[:9],
    ),
    "an array of numbers": (
        TabularRegressor(**FEW, estimator=SMALL[TabularRegressor]),
        NUMBERS.astype(np.float32),
        NUMBERS[:, 0] * 100,
        NUMBERS,
    ),
    "bins": (
        TabularRegressor(
            **FEW,
            vectorizer=PiecewiseLinearEncoder(3),
            estimator=SMALL[TabularRegressor],
        ),
        NUMBERS,
        NUMBERS[:, 0],
        NUMBERS[::2],
    ),
    "sparse": (
        TabularClassifier(
            **FEW, vectorizer="passthrough", estimator=SMALL[TabularClassifier]
        ),
        csr_array(NUMBERS * (NUMBERS > 0)),
        (NUMBERS[:, 0] > 0).astype(object),
        csr_array(NUMBERS[:7]),
    ),
    "one column of one value": (
        TabularRegressor(**FEW, estimator=SMALL[TabularRegressor]),
        np.ones((20, 1)),
        np.arange(20.0),
        np.zeros((2, 1)),
    ),
}


@pytest.fixture(scope="module")
def models():
    return {name: model.fit(A, y) for name, (model, A, y, _) in CASES.items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skann"


def assert_predicts_the_same(model, other, rows):
    mine, theirs = outputs(model, rows), outputs(other, rows)
    if isinstance(mine, list):  # of each column of classes
        mine, theirs = np.hstack(mine), np.hstack(theirs)
    assert_array_equal(theirs, mine, strict=True)


def assert_same(model, other, rows):
    assert repr(other) == repr(model)
    assert_predicts_the_same(model, other, rows)
    if isinstance(model, TabularClassifier):
        assert_array_equal(other.predict(rows), model.predict(rows), strict=True)
    assert vars(model).keys() - vars(other).keys() <= {model._out_of_fold}
    for name in ("estimator_weights_", "oof_score_", "n_features_in_"):
        assert_array_equal(getattr(other, name), getattr(model, name))
    for name in ("classes_", "feature_names_in_", model._out_of_fold):
        if hasattr(other, name):
            for mine, theirs in zip(
                getattr(model, name), getattr(other, name), strict=True
            ):
                assert_array_equal(theirs, mine)
    if not isinstance(model.vectorizer_, str):
        names = model.vectorizer_.get_feature_names_out()
        assert_array_equal(other.vectorizer_.get_feature_names_out(), names)
        Z = model.vectorizer_.transform(rows)
        assert_array_equal(other.vectorizer_.transform(rows), Z, strict=True)


@pytest.mark.parametrize("case", CASES)
class TestTheSameAgain:
    def test_of_a_file(self, case, models, path, tmp_path):
        model, (_, _, _, rows) = models[case], CASES[case]
        model.save_model(path)
        other = load_model(path)
        assert_same(model, other, rows)
        other.save_model(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == path.read_bytes()

    def test_of_a_pickle(self, case, models):
        model, (_, _, _, rows) = models[case], CASES[case]
        text = pickle.dumps(model)
        assert_same(model, pickle.loads(text), rows)
        assert vars(pickle.loads(text)).keys() == vars(model).keys()
        # It names the estimator and nothing else of the package.
        name = type(model).__name__.encode()
        assert text.count(b"skann\x94") == 1
        assert name in text
        assert b"_tabular" not in text
        assert b"_estimators" not in text

    def test_of_skops(self, case, models):
        skops = pytest.importorskip("skops.io")
        model, (_, _, _, rows) = models[case], CASES[case]
        text, name = skops.dumps(model), f"skann.{type(model).__name__}"
        assert skops.get_untrusted_types(data=text) == [name]
        assert_same(model, skops.loads(text, trusted=[name]), rows)


@pytest.mark.parametrize("case", ["classes", "columns of values"])
def test_out_of_fold_predictions_are_in_files_on_request(case, models, path):
    model, (_, _, _, rows) = models[case], CASES[case]
    name = model._out_of_fold
    sizes = []
    for out_of_fold in (False, True):
        model.save_model(path, out_of_fold=out_of_fold)
        other = load_model(path)
        assert hasattr(other, name) is out_of_fold
        assert_same(model, other, rows)
        sizes.append(path.stat().st_size)
    assert sizes[1] - sizes[0] > getattr(model, name).nbytes / 2
    # One that was loaded without them, or has lost them, can be saved and copied.
    model.save_model(path)
    other = load_model(path)
    other.save_model(path, out_of_fold=True)
    assert_same(model, load_model(path), rows)
    assert_same(model, pickle.loads(pickle.dumps(other)), rows)


def test_it_fits_the_same_again(models, path):
    models["labels"].save_model(path)
    other, (_, A, y, rows) = load_model(path), CASES["labels"]
    assert_array_equal(outputs(other.fit(A, y), rows), outputs(models["labels"], rows))


def test_networks_train_on_the_same(models, path):
    models["bins"].save_model(path)
    pairs = [m.estimators_[0] for m in (models["bins"], load_model(path))]
    Z = models["bins"].vectorizer_.transform(NUMBERS)
    mine, theirs = (net.partial_fit(Z, NUMBERS[:, 0]).coefs_ for net in pairs)
    assert_array_equal(mine[0], theirs[0])


def test_an_encoder_keeps_its_frames(path):
    encoder = TableEncoder(n_bins=2).set_output(transform="pandas")
    model = TabularRegressor(
        vectorizer=encoder, estimator=SMALL[TabularRegressor], cv=2
    ).fit(MANY, VALUES)
    model.save_model(path)
    other = load_model(path)
    assert_array_equal(other.predict(MANY), model.predict(MANY))
    for each in (other.vectorizer_, other.vectorizer.fit(MANY)):
        assert isinstance(each.transform(MANY), pd.DataFrame)


def test_sizes(tmp_path):
    """A file has little but the networks' parameters and records of training."""
    A = np.random.default_rng(0).normal(size=(400, 50))
    for vectorizer in ("auto", "passthrough"):
        model = TabularRegressor(cv=2, vectorizer=vectorizer, random_state=0)
        model.fit(A, A[:, 0])
        parameters = [p for net in model.estimators_ for p in net.coefs_]
        parameters += [p for net in model.estimators_ for p in net.intercepts_]
        n_bytes = sum(p.nbytes for p in parameters) + 20_000 * len(model.estimators_)
        model.save_model(tmp_path / "model.skann")
        joblib.dump(model, tmp_path / "model.joblib")
        for file in ("model.skann", "model.joblib"):
            assert (tmp_path / file).stat().st_size < 1.1 * n_bytes


class TestEncoders:
    """They are saved inside of a model; alone they have pickles of plain data."""

    @pytest.mark.parametrize(
        "encoder", [TableEncoder(), TableEncoder(3, max_categories=9, dtype=np.float64)]
    )
    def test_a_pickle(self, encoder):
        again = pickle.loads(pickle.dumps(encoder))
        assert repr(again) == repr(encoder)
        assert not hasattr(again, "kinds_")
        encoder = encoder.fit(X, VALUES)
        again = pickle.loads(pickle.dumps(encoder))
        assert_array_equal(
            again.transform(LATER), encoder.transform(LATER), strict=True
        )
        assert again.dtype is encoder.dtype

    def test_skops(self):
        skops = pytest.importorskip("skops.io")
        for encoder, A in (
            (TableEncoder().fit(X), X),
            (PiecewiseLinearEncoder(3).fit(NUMBERS), NUMBERS),
        ):
            text = skops.dumps(encoder)
            name = f"skann.preprocessing.{type(encoder).__name__}"
            assert skops.get_untrusted_types(data=text) == [name]
            again = skops.loads(text, trusted=[name])
            assert_array_equal(again.transform(A), encoder.transform(A))

    def test_another_version_warns(self):
        state = TableEncoder().fit(X).__getstate__() | {"_skann_version": "0.0.1"}
        with pytest.warns(
            InconsistentVersionWarning, match=r"TableEncoder is of skann"
        ):
            TableEncoder().__setstate__(state)

    def test_a_later_format_is_refused(self):
        state = TableEncoder().__getstate__() | {"_state_format": STATE_FORMAT + 1}
        with pytest.raises(ValueError, match="Update skann"):
            TableEncoder().__setstate__(state)


class Mine(BPRegressor):
    pass


RATE = BPRegressor((2,), max_iter=1, learning_rate=lambda step: 0.1)


def test_the_advice_about_a_network_of_a_table_works(path):
    model = TabularRegressor(**FEW, estimator=clone(RATE)).fit(NUMBERS, NUMBERS[:, 0])
    for _ in range(1 + len(model.estimators_)):
        with pytest.raises(ValueError, match="can't be saved") as info:
            model.save_model(path)
        call = re.search(r"after (\S*set_params\(.*\)), which is", str(info.value))
        eval(f"model.{call[1]}")
    model.save_model(path)
    assert_array_equal(load_model(path).predict(NUMBERS), model.predict(NUMBERS))


class TestOthersObjects:
    """What is not of the package stays in a pickle, and is refused by a file."""

    def fitted(self, **parameters):
        parameters = {"estimator": BPRegressor((2,), max_iter=1), **parameters}
        return TabularRegressor(**FEW | parameters).fit(NUMBERS, NUMBERS[:, 0])

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"vectorizer": StandardScaler()}, r"^vectorizer=StandardScaler.*passthr"),
            ({"cv": KFold(2)}, r"^cv=KFold.*can't be saved"),
            ({"estimator": Mine((2,), max_iter=1)}, r"^Mine is no class of skann"),
            (
                {
                    "estimator": BPRegressor(
                        (2,), max_iter=1, learning_rate=lambda k: 0.1
                    )
                },
                r"^estimator__learning_rate=<function",
            ),
        ],
        ids=["vectorizer", "cv", "a class", "a function"],
    )
    def test_a_file_refuses_it_by_name(self, parameters, message, path):
        path.write_bytes(b"before")
        model = self.fitted(**parameters)
        with pytest.raises(ValueError, match=message):
            model.save_model(path)
        assert path.read_bytes() == b"before"

    def test_the_network_that_has_it_is_named(self, path):
        model = self.fitted(estimator=clone(RATE))
        before = model.predict(NUMBERS)
        model.set_params(estimator__learning_rate="auto")
        with pytest.raises(ValueError, match=r"^estimators_\[0\]\.learning_rate=<func"):
            model.save_model(path)
        for network in model.estimators_:
            network.set_params(learning_rate="auto")
        model.save_model(path)
        assert_array_equal(load_model(path).predict(NUMBERS), before)

    def test_a_fitted_encoder_of_others(self, path):
        model = self.fitted(vectorizer=StandardScaler()).set_params(vectorizer="auto")
        with pytest.raises(ValueError, match=r"^vectorizer_=StandardScaler"):
            model.save_model(path)

    @pytest.mark.parametrize(
        "parameters",
        [
            {"vectorizer": StandardScaler()},
            {"cv": KFold(2)},
            {"estimator": Mine((2,), max_iter=1)},
        ],
    )
    def test_a_pickle_keeps_it(self, parameters):
        model = self.fitted(**parameters)
        other = pickle.loads(pickle.dumps(model))
        assert repr(other) == repr(model)
        assert_array_equal(other.predict(NUMBERS), model.predict(NUMBERS))
        assert type(other.estimators_[0]) is type(model.estimators_[0])

    def test_not_fitted(self, path):
        with pytest.raises(NotFittedError):
            TabularRegressor().save_model(path)
        model = TabularRegressor(
            vectorizer=TableEncoder(3), estimator=BPRegressor((2,))
        )
        assert repr(pickle.loads(pickle.dumps(model))) == repr(model)


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.skann")), ids=lambda p: p.stem)
def test_of_every_format(path):
    """The promise: files of all versions load and predict the same."""
    known, model = json.loads(path.with_suffix(".json").read_text()), load_model(path)
    assert type(model).__name__ == known["estimator"]
    frame = pd.DataFrame(known["X"])
    frame["sold"] = pd.to_datetime(frame["sold"])
    assert_allclose(outputs(model, frame), known["outputs"], rtol=1e-5, atol=1e-7)
    if "predict" in known:
        assert model.predict(frame).tolist() == known["predict"]


def test_there_is_a_file_of_this_format():
    found = {path.name.split("_")[1] for path in MODELS.glob("*.skann")}
    assert found == set(map(str, range(1, STATE_FORMAT + 1)))


def make_models(folder):
    """Write the files of the present format; run when the format has changed."""
    small = {"n_bins": 3, "max_categories": 2}
    own = {"vectorizer": TableEncoder(**small), "cv": 2, "random_state": 0}
    frame = X.drop(columns="words")  # whose directions are megabytes
    models = {
        "classes": TabularClassifier(
            estimator=BPClassifier((3,), max_iter=15), **own
        ).fit(frame, LABELS),
        "values": TabularRegressor(
            estimator=BPRegressor((3,), max_iter=15, early_stopping=True), **own
        ).fit(frame, VALUES),
    }
    rows = LATER.drop(columns="words")[:12].astype(object)
    rows["sold"] = rows["sold"].astype(str).replace("NaT", None)
    rows = rows.where(rows.notna(), None)
    for name, model in models.items():
        path = Path(folder, f"format_{STATE_FORMAT}_{name}.skann")
        model.save_model(path)
        read = pd.DataFrame(json.loads(json.dumps(rows.to_dict("list"))))
        read["sold"] = pd.to_datetime(read["sold"])
        known = {"estimator": type(model).__name__, "skann_version": skann.__version__}
        known |= {"X": rows.to_dict("list"), "outputs": outputs(model, read).tolist()}
        if name == "classes":
            known["predict"] = model.predict(read).tolist()
        path.with_suffix(".json").write_text(json.dumps(known))


if __name__ == "__main__":
    MODELS.mkdir(exist_ok=True)
    make_models(MODELS)

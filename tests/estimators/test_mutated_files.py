"""Every field of a model file and of a checkpoint with a value of every type.

A ValueError while it is loaded, or a model that can be used; nothing in between. All
values at all places, for more models: ``benchmarks/attack/mutated_files.py``.
"""

import numpy as np
import pytest
from _mutations import (
    WRONG,
    every_property,
    fault_of,
    places,
    stored_again,
    with_another,
)

from skann import BPClassifier, BPRegressor, TabularRegressor
from skann._export import archive
from skann.preprocessing import PiecewiseLinearEncoder

pytestmark = pytest.mark.filterwarnings("ignore")

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 3))
Y = np.arange(24) % 3
SETTINGS = {"solver": "adam", "average": "ema", "max_iter": 2, "random_state": 0}


def use(model):
    model.predict(X[:, : model.n_features_in_])
    every_property(model)
    stored_again(model)
    if hasattr(model, "partial_fit"):
        model.partial_fit(X, Y)


def make(kind):
    if kind == "classifier":
        model = BPClassifier((2,), warm_start=True, early_stopping=True, **SETTINGS)
        return model.fit(X, Y).partial_fit(X, Y)
    member = BPRegressor((2,), solver="sgd", max_iter=1)
    bins = PiecewiseLinearEncoder(3)
    return TabularRegressor(estimator=member, cv=2, vectorizer=bins).fit(X[:, :1], Y)


@pytest.mark.parametrize("kind", ["classifier", "table"])
def test_load_model_refuses_or_serves_every_field_with_another_type(kind, tmp_path):
    make(kind).save_model(tmp_path / "model")
    data = archive.read(tmp_path / "model")
    found, n = {}, 0
    for path in places(data):
        if "estimators_" in path and path[:4] != ("fitted", "estimators_", 0, "fitted"):
            continue  # the parts of a table are what the first test looks at
        if kind == "table" and "_progress" in path:
            continue
        for i in range(3):
            value = WRONG[(7 * n + i) % len(WRONG)]  # a third of them at each place
            if fault := fault_of(data, path, value, use):
                found[path, str(value)] = fault
        n += 1
    assert n > 50
    assert not found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fitted _progress schedule", 5),
        ("fitted _progress optimizer", 0.0),
        ("fitted _progress n_steps", 10**30),
        ("fitted _progress n_steps", True),
        ("fitted _progress patience", {"tol": "x"}),
        ("fitted _progress watched", np.zeros(2)),
        ("fitted _progress rng state", {"state": -1}),
        ("fitted _progress rng has_uint32", 10**30),
        ("fitted n_iter_", "x"),
        ("fitted n_iter_", -1),
        ("fitted stop_reason_", 3),
        ("fitted loss_", "x"),
        ("fitted engine_", []),
        ("fitted best_iter_", None),
        ("fitted start_losses_", ["x"]),
        ("fitted auto_params_", {1: 2}),
        ("fitted search_", {"loss": ["x"]}),
        ("fitted _column_scale", {"mean": 0.0}),
        ("fitted feature_names_in_", np.array([1, 2, 3])),
        ("parameters alpha", {"kind": "value", "value": np.zeros(2)}),
        ("parameters alpha", {"kind": "value", "value": "x"}),
        ("parameters alpha", {"kind": np.zeros(2), "value": 0.0}),
        ("parameters max_iter", {"kind": "value", "value": 10**30}),
    ],
)
def test_load_model_refuses_wrong_value(path, value, tmp_path):
    from skann import load_model

    make("classifier").save_model(tmp_path / "model")
    data = archive.read(tmp_path / "model")
    archive.write(tmp_path / "model", with_another(data, path.split(), value))
    with pytest.raises(ValueError, match="can't be loaded"):
        load_model(tmp_path / "model")


def test_save_model_refuses_parameters_that_no_file_is_loaded_with(tmp_path):
    model = make("classifier").set_params(alpha=-1.0)
    with pytest.raises(ValueError, match="alpha"):
        model.save_model(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_resume_refuses_or_serves_every_field_with_another_type(tmp_path, monkeypatch):
    pytest.importorskip("sklearn.callback", reason="came with scikit-learn 1.9")
    from skann.callbacks import Checkpoint

    path = tmp_path / "fit"

    def fit(max_iter=3, **options):
        model = BPRegressor((2,), **(SETTINGS | {"max_iter": max_iter}))
        model.set_params(early_stopping=True, divergence_retries=1, n_iter_no_change=9)
        return model.set_callbacks(Checkpoint(path, **options)).fit(X, Y)

    whole, data = fit(), archive.read(path)
    run = data["run"]
    # As it was after two of three epochs.
    run["entries"], run["stop_reason"] = run["entries"][:2], None
    run["further"] = [column[:2] for column in run["further"]]
    assert whole.n_iter_ == 3
    monkeypatch.setattr(archive, "write", lambda *args: None)
    found, n = {}, 0
    for place in places(data):
        if "identity" in place:
            continue  # what must be the same, and is compared
        for i in range(3):
            value = WRONG[(7 * n + i) % len(WRONG)]
            changed = with_another(data, place, value)
            monkeypatch.setattr(archive, "read", lambda path, data=changed: data)
            try:
                every_property(fit(resume=True))
            except ValueError:
                continue
            except Exception as error:
                found[place, str(value)] = repr(error)
        n += 1
    assert n > 40
    assert not found

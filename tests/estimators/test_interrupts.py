"""Ctrl-C at any line of a fit: the old model or the new one, and both can be saved."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import theta
from _interrupts import interrupted_at_every_line
from numpy.testing import assert_array_equal

from skann import BPClassifier, BPRegressor, TabularRegressor, load_model

pytestmark = [
    pytest.mark.filterwarnings("ignore:Training interrupted by user"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3))
Y = X[:, 0] - X[:, 1]
AFTER_THE_LAST_EPOCH = "skann._training.run:_end"
PUBLISHING = (
    "skann/_estimators/base.py",
    "skann/_estimators/drafts.py",
    "skann/_training/dynamic_array.py",
    "skann/_training/monitor.py",
    "skann/_training/run.py",
)


def record_of(model):
    """Weights and curves; an error if they are not of one model."""
    lengths = {len(column) for column in model.history_.values()}
    assert lengths == {len(model.loss_curve_)}
    assert model.history_["epoch"] == list(range(1, len(model.loss_curve_) + 1))
    return (
        theta(model).tolist(),
        model.loss_curve_,
        model.batch_loss_curve_.tolist(),
        (model.n_iter_, model.best_iter_, model.t_, model.loss_, model.stop_reason_),
    )


def savable(model, path):
    twin = pickle.loads(pickle.dumps(model))
    assert_array_equal(twin.predict(X), model.predict(X))
    model.save_model(path)
    assert_array_equal(load_model(path).predict(X), model.predict(X))


FITS = {
    "fit": ({}, lambda model: model.fit(X, -Y)),
    "warm start": ({"warm_start": True}, lambda model: model.fit(X, Y)),
    "early stopping": (
        {"warm_start": True, "early_stopping": True},
        lambda model: model.fit(X, Y),
    ),
    "partial_fit": ({}, lambda model: model.partial_fit(X, Y)),
    "lbfgs": ({"warm_start": True, "solver": "lbfgs"}, lambda m: m.fit(X, Y)),
    "initialize": ({}, lambda m: m.initialize(X, -Y)),
}


@pytest.mark.parametrize("name", FITS)
def test_interrupt_while_a_fit_is_published_leaves_old_or_new_model(name, tmp_path):
    settings, call = FITS[name]
    common = {"solver": "adam", "max_iter": 2, "random_state": 0}
    base = BPRegressor((2,), **(common | settings)).fit(X, Y)
    old, whole = record_of(base), call(copy.deepcopy(base))
    new = record_of(whole)
    start = AFTER_THE_LAST_EPOCH
    if name == "initialize":
        start = "skann._estimators.base:BaseBP._set_fitted_attributes"
    found = []
    for model in interrupted_at_every_line(
        lambda: copy.deepcopy(base), call, start, PUBLISHING
    ):
        found.append(record_of(model))
        assert found[-1] in (old, new)
        pickle.dumps(model)
    savable(model, tmp_path / "model")
    assert old in found
    assert old != new


def test_second_interrupt_changes_nothing(monkeypatch):
    # While the first one is on its way out.
    base = BPRegressor((2,), solver="adam", max_iter=2).fit(X, Y)
    old, names = record_of(base), set(vars(base))

    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("skann._estimators.base.auto_values", fail)
    for model in interrupted_at_every_line(
        lambda: copy.deepcopy(base),
        lambda m: m.fit(X[:, :2], Y),
        AFTER_THE_LAST_EPOCH,
        PUBLISHING,
    ):
        assert record_of(model) == old
        assert model.n_features_in_ == 3
        assert set(vars(model)) == names


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_interrupt_at_the_end_of_an_epoch_leaves_record_and_best_in_agreement(solver):
    def prepare():
        return BPRegressor(
            (2,),
            solver=solver,
            max_iter=2,
            early_stopping=True,
            scoring="r2",
            random_state=0,
            learning_rate_init=0.05,
            tol=1e-9,
        )

    n_interrupted = 0
    for model in interrupted_at_every_line(
        prepare,
        lambda m: m.fit(X, Y),
        "skann._training.monitor:Monitor.end_of_epoch",
        ("skann/_training/monitor.py", "skann/_training/best.py"),
        step=2,
    ):
        if not hasattr(model, "loss_"):
            continue
        n_interrupted += model.stop_reason_ == "interrupted by user"
        record_of(model)
        if model.n_iter_:
            scores = model.validation_scores_
            assert model.best_iter_ == 1 + np.argmax(scores)
            assert model.best_validation_score_ == max(scores)
            assert len(scores) == model.n_iter_
        pickle.loads(pickle.dumps(model))
    assert n_interrupted > 10


def test_interrupt_while_a_table_is_published_leaves_old_or_new_model():
    table = TabularRegressor(
        vectorizer="passthrough",
        estimator=BPRegressor((2,), solver="adam", max_iter=1),
        cv=2,
        random_state=0,
    ).fit(X, Y)
    before, names = table.predict(X), set(vars(table))

    def refit(model):
        return model.set_params(random_state=1).fit(X[:, :2], Y)

    after = refit(copy.deepcopy(table)).predict(X[:, :2])
    for model in interrupted_at_every_line(
        lambda: copy.deepcopy(table),
        refit,
        "skann._tabular.base:BaseTabular._blend_weights",
        ("skann/_tabular/base.py", "skann/_tabular/regressor.py", "drafts.py"),
    ):
        n = model.n_features_in_
        expected = before if n == 3 else after
        assert_array_equal(model.predict(X[:, :n]), expected)
        assert set(vars(model)) == names
        pickle.dumps(model)


def test_copies_of_a_model_train_on_by_themselves():
    base = BPClassifier((2,), solver="adam", max_iter=2).fit(X, Y > 0)
    one, other = copy.copy(base), copy.copy(base)
    for model in (one, other):
        model.partial_fit(X, Y > 0)
    for model, n in ((base, 2), (one, 3), (other, 3)):
        assert model.history_["epoch"] == list(range(1, n + 1))
        assert len(model.batch_loss_curve_) == n

"""A network that is trained in pieces: its past, and the code that makes it again."""

import numpy as np
import pytest

from skann._training.membership import Ensemble, member_of
from skann.playground import make_problem
from skann.playground._code import code
from skann.playground._data import make_data
from skann.playground._problems import PROBLEMS
from skann.playground._settings import changed, defaults
from skann.playground._table import read_table
from skann.playground._trainer import MAX_SNAPSHOTS, Trainer

POINTS = [(0, 1.5, 0), (1, 2, 1), (3, 4, 1), (-1, -2, 0), (2, 2, 0)]


def made(settings, table=None, points=()):
    settings = changed(defaults(), settings)
    return settings, Trainer(settings, make_data(settings, table, points))


def weights(net):
    return np.concatenate([a.ravel() for a in (*net.coefs_, *net.intercepts_)])


def run(source):
    names = {}
    # The code silences warnings by filters, which threads of other tests may replace.
    with member_of(Ensemble()):
        exec(source, names)
    return weights(names["net"])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"layers": [], "loss": "perceptron", "batch": 25},
        {"layers": [3, 3], "activations": ["relu", "logistic"], "loss": "mse"},
        {"solver": "adam", "penalty": "l2", "dropout": 0.1},
        {"penalty": "l1", "momentum": 0.9},
        {"solver": "rprop"},
        {"solver": "lbfgs"},
        {"solver": "newton-cg", "layers": [2]},
        {"schedule": "adaptive"},
        {"schedule": "one_cycle", "horizon": 90},
        {"data": "plane", "schedule": "cosine"},
        {"data": "multi-gauss", "loss": "huber", "features": ["x1", "x1^2", "sin x2"]},
        {"data": "drawn"},
    ],
    ids=str,
)
def test_the_code_makes_the_same_weights(settings):
    points = POINTS if settings.get("data") == "drawn" else ()
    settings, trainer = made(settings, points=points)
    trainer.advance(60, 60)
    source = code(settings, trainer, None, points)
    np.testing.assert_array_equal(run(source), weights(trainer.net))


def test_the_code_has_what_was_changed_on_the_way():
    settings, trainer = made({})
    trainer.advance(20, 60)
    settings = changed(settings, {"rate": 0.1, "batch": 25})
    trainer.change(settings)
    trainer.advance(10, 60)
    trainer.set_weight("coefs_", 0, (1, 2), 0.5)
    trainer.set_weight("intercepts_", 1, (0,), -1.0)
    settings = changed(settings, {"solver": "lbfgs"})
    trainer.change(settings)
    trainer.advance(20, 60)
    trainer.change(changed(settings, {"solver": "adam", "schedule": "cosine"}))
    trainer.advance(7, 60)
    assert trainer.epoch == 57
    source = code(settings, trainer)
    assert "net.coefs_[0][1, 2] = 0.5" in source
    np.testing.assert_array_equal(run(source), weights(trainer.net))


@pytest.mark.parametrize("problem", ["classification", "regression"])
def test_the_code_reads_the_table(tmp_path, problem):
    rng = np.random.default_rng(0)
    path = tmp_path / "own data.csv"
    rows = [f"{a:.4f};{b:.3f}; {c};word" for a, b, c in rng.normal(size=(60, 3))]
    path.write_text("\n".join(["a;b; 'c' ;d", *rows, ";1;2;word"]), "utf-8")
    table = read_table(path.read_text("utf-8"), str(path))
    settings = {"data": "table", "axis1": "a", "axis2": "b", "target": "'c'"}
    if problem == "classification":
        table.columns["'c'"] = ["1" if v < "0" else "0" for v in table.columns["'c'"]]
        lines = zip(*table.columns.values(), strict=True)
        head = ";".join(table.columns)
        path.write_text("\n".join([head, *map(";".join, lines)]), "utf-8")
    settings, trainer = made({**settings, "problem": problem}, table)
    assert trainer.data.n_left_out == 1
    trainer.advance(20, 60)
    source = code(settings, trainer, table)
    np.testing.assert_array_equal(run(source), weights(trainer.net))


def test_any_epoch_comes_back():
    settings, trainer = made({"solver": "adam"})
    seen = {0: weights(trainer.net)}
    for _ in range(12):
        trainer.advance(7, 60)
        seen[trainer.epoch] = weights(trainer.net)
        if trainer.epoch == 35:
            trainer.change(changed(settings, {"rate": 0.001}))
    for epoch in (42, 0, 84, 35, 77, 7):
        trainer.seek(epoch)
        assert trainer.epoch == epoch
        np.testing.assert_array_equal(weights(trainer.net), seen[epoch])
    trainer.advance(7, 60)  # from 7: the change at 35 is no more
    assert trainer.end == 14
    assert trainer.changes == []
    np.testing.assert_array_equal(weights(trainer.net), seen[14])


def test_snapshots_do_not_grow_without_end():
    _, trainer = made({"layers": [1]})
    for _ in range(MAX_SNAPSHOTS + 10):
        trainer.advance(1, 60)
    assert len(trainer._snapshots) <= MAX_SNAPSHOTS
    assert len(trainer.net.batch_loss_curve_) == 0
    trainer.seek(101)
    assert trainer.epoch == 101


def test_what_can_t_be_combined_changes_nothing():
    settings, trainer = made({"dropout": 0.2})
    before = weights(trainer.net)
    with pytest.raises(ValueError, match="dropout"):
        trainer.change(changed(settings, {"solver": "lbfgs"}))
    assert trainer.net.solver == "sgd"
    assert trainer.changes == []
    np.testing.assert_array_equal(weights(trainer.net), before)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("coefs_", 0, (5, 0)), 1.0),
        (("coefs_", 9, (0, 0)), 1.0),
        (("coefs_", 0, (0,)), 1.0),
        (("coefs_", 0, (-1, 0)), 1.0),
        (("__class__", 0, (0, 0)), 1.0),
        (("coefs_", 0, (0, 0)), float("nan")),
    ],
)
def test_a_weight_that_is_not_there(where, value):
    _, trainer = made({})
    with pytest.raises(ValueError, match=r"weight|are no"):
        trainer.set_weight(*where, value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(name):
    X, y = make_problem(name, 200, noise=0.1, random_state=0)
    assert X.shape == (200, 2)
    assert np.abs(X).max() < 8
    again, _ = make_problem(name, 200, noise=0.1, random_state=0)
    np.testing.assert_array_equal(X, again)
    if name in ("plane", "multi-gauss"):
        assert -2 < y.min() < -0.3 < 0.3 < y.max() < 2
    else:
        assert 0.3 < y.mean() < 0.7
    with pytest.raises(ValueError, match="n_samples"):
        make_problem(name, 2)

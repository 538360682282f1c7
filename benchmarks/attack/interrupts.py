"""Ctrl-C at every line of a fit, and at random moments; in ``save_model`` too.

    PYTHONPATH=.:tests python benchmarks/attack/interrupts.py --step 1 --storm 1000

A model must be the old one or the new one, with a record of one length, and be saved
and loaded; a file the old one or the new one, with nothing beside it.
"""

import argparse
import copy
import pickle
import signal
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from _interrupts import interrupted_at_every_line
from attacked import X, Y, report

from skann import BPClassifier, BPRegressor, TabularRegressor, load_model
from skann._optimize.solvers import SOLVERS


def wrong_with(model):
    """What is wrong with a model after an interrupt, or None."""
    if hasattr(model, "estimators_"):
        model.predict(X)
        return None
    lengths = {len(column) for column in model.history_.values()}
    if len(lengths) > 1:
        return f"columns of {sorted(lengths)} entries"
    if model.history_["epoch"] != list(range(1, max(lengths) + 1)):
        return "epochs that do not follow each other"
    curve = model.validation_loss_curve_
    # The record of a warm start is longer than what its best weights were chosen from.
    last = curve and model.n_iter_ and curve[-model.n_iter_ :]
    if last and model.early_stopping and model.best_iter_:
        best = model.best_iter_ - 1 - len(curve) + len(last)
        if best >= 0 and last[best] != min(last):
            return "best_iter_ is not the best epoch of the record"
    twin = pickle.loads(pickle.dumps(model))
    if not np.array_equal(twin.predict(X), model.predict(X)):
        return "a pickle that predicts otherwise"
    return None


def ways():
    """Fitted models, and what is called on a copy of each."""
    for solver in SOLVERS:
        for early in (False, True):
            settings = {"solver": solver, "early_stopping": early, "warm_start": True}
            model = BPRegressor((2,), max_iter=2, random_state=0, **settings)
            yield f"{solver}, {early}", model.fit(X, Y), lambda m: m.fit(X, Y)
    for Estimator in (BPClassifier, BPRegressor):
        model = Estimator((2,), solver="adam", average="ema", max_iter=2).fit(X, Y)
        yield f"{Estimator.__name__}.partial_fit", model, lambda m: m.partial_fit(X, Y)
        yield f"{Estimator.__name__}.fit", model, lambda m: m.fit(X, Y)
        yield f"{Estimator.__name__}.initialize", model, lambda m: m.initialize(X, Y)
    member = BPRegressor((2,), solver="adam", max_iter=1)
    table = TabularRegressor(estimator=member, vectorizer="passthrough", cv=2)
    yield "table", table.fit(X, Y), lambda m: m.fit(X, Y)


def at_every_line(step):
    n, faults = 0, []
    for name, base, call in ways():
        table = hasattr(base, "cv")
        module = "skann._tabular.base" if table else "skann._estimators.base"
        if name.endswith("initialize"):
            module = "skann._estimators.untrained"
        start = f"{module}:fitted_at_once"
        for model in interrupted_at_every_line(
            lambda base=base: copy.deepcopy(base), call, start, (".py",), step
        ):
            n += 1
            if wrong := wrong_with(model):
                faults.append(f"{name}, interrupt {n}: {wrong}")
    return n, faults


def storm(number, folder):
    """Interrupts at random moments of fits and of saving."""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    draw, faults, path = np.random.default_rng(0), [], folder / "model"
    base = BPRegressor((5,), solver="adam", max_iter=20, warm_start=True, tol=0)
    base.fit(X, Y).save_model(path)
    began = time.perf_counter()
    copy.deepcopy(base).fit(X, Y).save_model(path)
    whole = time.perf_counter() - began
    for i in range(number):
        model = copy.deepcopy(base)
        try:
            signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-5, whole))
            model.fit(X, Y).save_model(path)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if wrong := wrong_with(model):
            faults.append(f"storm, number {i}: {wrong}")
        load_model(path).predict(X)
        beside = [file.name for file in folder.iterdir() if file != path]
        if beside:
            faults.append(f"storm, number {i}: {beside} stay")
            for file in beside:
                (folder / file).unlink()
    return number, faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--step", type=int, default=1, help="one of so many lines")
    parser.add_argument("--storm", type=int, default=1000)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        n, faults = at_every_line(given.step)
        n_storm, more = storm(given.storm, Path(name))
    report("Interrupts", n + n_storm, faults + more)

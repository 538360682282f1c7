"""What each rule for tables is worth: one change each, on many tables.

Run ``python benchmarks/bench_tables.py TABLES.npz``, or without a file on the tables
that scikit-learn brings. The file is what ``numpy.savez`` writes: ``meta``, a JSON of
``[{"name", "kind": "clf" or "reg", "columns", "num", "cats", "categories"}, ...]``
as bytes, and for each table ``NAME/num`` and ``NAME/cat`` (codes of the categories, -1
for gaps), ``NAME/y`` and ``NAME/fold``, the test fold of each row.

``--peers FILE`` is a JSON of stored results, ``{peer: {table: {"acc": [...], "logloss":
[...], "r2": [...]}}}`` by fold. Scores are normalised on each table, 0 the worst and 1
the best of the peers; those that are run here take part where no file is given. Seconds
are processor seconds of all fits with their preprocessing. Set ``OMP_NUM_THREADS=1``.
"""

import argparse
import json
import time
import warnings
from contextlib import ExitStack
from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
from machine import describe
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor
from skann._tabular import base as tabular_base
from skann._tabular import recipe
from skann.preprocessing import TableEncoder
from skann.solvers import AdamW

TINY = 1e-7  # probabilities are kept this far from zero in the log-loss, everybody's


# ------------------------------------------------------------------------ contenders


def _matrix(estimator):
    """The estimator behind what a matrix of numbers takes: the same for everybody."""
    numbers = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    encoder = OneHotEncoder(
        handle_unknown="ignore", sparse_output=False, dtype=np.float32
    )
    table = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (encoder, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(table, estimator)


def _network(**parameters):
    return (
        lambda seed: _matrix(BPClassifier(random_state=seed, **parameters)),
        lambda seed: _matrix(BPRegressor(random_state=seed, **parameters)),
    )


def _tabular(**parameters):
    return (
        lambda seed: TabularClassifier(random_state=seed, **parameters),
        lambda seed: TabularRegressor(random_state=seed, **parameters),
    )


PEERS = {
    "linear model": (
        lambda seed: _matrix(LogisticRegression(max_iter=1000)),
        lambda seed: _matrix(Ridge()),
    ),
    "MLPClassifier, MLPRegressor": (
        lambda seed: _matrix(MLPClassifier(random_state=seed)),
        lambda seed: _matrix(
            _scaled_target(MLPRegressor(random_state=seed)),
        ),
    ),
    "HistGradientBoosting": (
        lambda seed: HistGradientBoostingClassifier(random_state=seed),
        lambda seed: HistGradientBoostingRegressor(random_state=seed),
    ),
}


def _scaled_target(regressor):
    from sklearn.compose import TransformedTargetRegressor

    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


def _fixed_decay(decay):
    return _network(
        solver=AdamW(weight_decay=decay),
        learning_rate="one_cycle",
        learning_rate_init=0.01,
        max_iter=60,
    )


NETWORKS = {
    "untouched": _network(),
    "untouched, (64, 64)": _network(hidden_layer_sizes=(64, 64)),
    "untouched, (256,)": _network(hidden_layer_sizes=(256,)),
    "untouched, batch_size=32": _network(batch_size=32),
    "untouched, alpha=0.01 in place of the decay": _network(alpha=0.01),
    "untouched, no decay (alpha=0)": _network(alpha=0.0),
    **{f"60 epochs, decay {d} throughout": _fixed_decay(d) for d in (0.2, 0.4, 1, 2.5)},
    "untouched, max_iter=30": _network(max_iter=30),
    'as before (solver="adam")': _network(solver="adam"),
    "as before, early_stopping=True": _network(early_stopping=True),
}

FIRST = recipe.KINDS[0]


def _kinds(*kinds):
    return {"KINDS": kinds}


# Name: parameters, and what is put into the recipe's place.
TABULAR = {
    "the recipe": ({}, {}),
    "kinds count alike": ({}, {"blend_weights": lambda loss, n: np.full(n, 1 / n)}),
    **{
        f"kind {i + 1} alone": ({}, _kinds(kind)) for i, kind in enumerate(recipe.KINDS)
    },
    "kind 1, 4 folds": ({"cv": 4}, _kinds(FIRST)),
    "kind 1, one network, a tenth to stop on": (
        {"cv": ShuffleSplit(1, test_size=0.1, random_state=0)},
        _kinds(FIRST),
    ),
    "kind 1 without bins": ({"vectorizer": TableEncoder(n_bins=0)}, _kinds(FIRST)),
    "kind 1, no decay": ({}, _kinds(replace(FIRST, decay=0.0))),
    "kind 1, decay × 0.3": ({}, _kinds(replace(FIRST, decay=0.3))),
    "kind 1, 20 epochs, rate 0.01": ({}, _kinds(replace(FIRST, epochs=20, rate=0.01))),
    "kind 1, 60 epochs": ({}, _kinds(replace(FIRST, epochs=60))),
    "kind 1, one layer of 100, rate 0.01": (
        {},
        _kinds(replace(FIRST, hidden_layer_sizes=(100,), rate=0.01)),
    ),
    "kind 1, layers of 128, 128": (
        {},
        _kinds(replace(FIRST, hidden_layer_sizes=(128, 128))),
    ),
    "kind 1, 64, 64, 64, rate 0.003": (
        {},
        _kinds(replace(FIRST, hidden_layer_sizes=(64, 64, 64), rate=0.003)),
    ),
    "kind 1, SiLU": ({}, _kinds(replace(FIRST, activation="silu"))),
}


# ---------------------------------------------------------------------------- tables


def load(path):
    """Yield name, kind, frame, targets and test fold of each table."""
    if path is None:
        yield from _bundled()
        return
    stored = np.load(path)
    for meta in json.loads(stored["meta"].tobytes()):
        name = meta["name"]
        columns = dict(zip(meta["num"], stored[f"{name}/num"].T, strict=True))
        for column, codes in zip(meta["cats"], stored[f"{name}/cat"].T, strict=True):
            levels = np.array(meta["categories"][column], dtype=object)
            columns[column] = pd.Categorical.from_codes(codes, categories=levels)
        X = pd.DataFrame({column: columns[column] for column in meta["columns"]})
        yield name, meta["kind"], X, stored[f"{name}/y"], stored[f"{name}/fold"]


def _bundled():
    for load_one in (load_breast_cancer, load_wine, load_digits, load_diabetes):
        data = load_one(as_frame=True)
        kind = "reg" if load_one is load_diabetes else "clf"
        fold = np.empty(len(data.target), int)
        folds = KFold(3, shuffle=True, random_state=0).split(data.data)
        for number, (_, test) in enumerate(folds):
            fold[test] = number
        name = load_one.__name__.removeprefix("load_")
        yield name, kind, data.data, data.target.to_numpy(), fold


# ----------------------------------------------------------------------- measurement


def measure(makers, tables, seed):
    """Scores by table and metric, and processor seconds of all fits."""
    found, seconds = {}, 0.0
    for name, kind, X, y, fold in tables:
        scores = found[name] = {}
        for number in np.unique(fold):
            train, test = fold != number, fold == number
            model = makers[kind == "reg"](seed + int(number))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                start = time.process_time()
                model.fit(X[train].reset_index(drop=True), y[train])
                seconds += time.process_time() - start
                for metric, value in _scores(model, kind, X[test], y[test]):
                    scores.setdefault(metric, []).append(value)
    return found, seconds


def _scores(model, kind, X, y):
    if kind == "reg":
        yield "r2", r2_score(y, model.predict(X))
        return
    p = np.clip(model.predict_proba(X).astype(np.float64), TINY, 1)
    yield "acc", accuracy_score(y, model.predict(X))
    yield (
        "logloss",
        log_loss(y, p / p.sum(axis=1, keepdims=True), labels=model.classes_),
    )


def norms(found, peers):
    """Mean normalised score, and of the log-loss; and tables where peers are better.

    The latter are those on which every linear model and ``MLPClassifier`` is better by
    more than one standard error of the difference.
    """
    score, logloss, behind = [], [], []
    plain = [name for name in peers if name.startswith(("MLPC", "linear", "LogReg"))]
    for table, results in found.items():
        for metric, values in results.items():
            sign = -1 if metric == "logloss" else 1
            others = [sign * np.mean(peer[table][metric]) for peer in peers.values()]
            worst, best = min(others), max(others)
            value = (sign * np.mean(values) - worst) / max(best - worst, 1e-12)
            (logloss if metric == "logloss" else score).append(value)
            gaps = [
                sign * (np.subtract(peers[name][table][metric], values))
                for name in plain
            ]
            errors = [gap.std(ddof=1) / np.sqrt(len(gap)) for gap in gaps]
            if gaps and all(
                gap.mean() > error for gap, error in zip(gaps, errors, strict=True)
            ):
                behind.append(f"{table} ({metric})")
    return np.mean(score), np.mean(logloss) if logloss else np.nan, behind


def _in_place(stack, changes):
    for name, value in changes.items():
        where = tabular_base if name == "blend_weights" else recipe
        stack.enter_context(mock.patch.object(where, name, value))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="?", help="a file; default scikit-learn's own")
    parser.add_argument("--peers", help="a JSON of stored results")
    parser.add_argument("--only", nargs="*", help="names of changes; default all")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tables = list(load(options.tables))
    print(describe())
    print()
    results = {
        name: measure(pair, tables, options.seed) for name, pair in PEERS.items()
    }
    peers = {name: found for name, (found, _) in results.items()}
    if options.peers:
        with open(options.peers) as file:
            stored = json.load(file)
        peers = {n: each for n, each in stored.items() if n not in ("_info", "Dummy")}
    print("| | norm | norm of the log-loss | processor seconds | behind plain models |")
    print("|---|---|---|---|---|")
    for name, (found, seconds) in results.items():
        _print_row(name, found, seconds, peers)
    rows = {name: (pair, {}) for name, pair in NETWORKS.items()}
    rows |= {n: (_tabular(**given), changes) for n, (given, changes) in TABULAR.items()}
    for name, (pair, changes) in rows.items():
        if options.only is None or name in options.only:
            with ExitStack() as stack:
                _in_place(stack, changes)
                _print_row(name, *measure(pair, tables, options.seed), peers)


def _print_row(name, found, seconds, peers):
    score, logloss, behind = norms(found, peers)
    cells = [name, f"{score:.3f}", f"{logloss:.3f}", f"{seconds:.1f}"]
    print("| " + " | ".join([*cells, ", ".join(behind)]) + " |", flush=True)


if __name__ == "__main__":
    main()

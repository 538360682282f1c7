"""Contenders, timing and output shared by three benchmarks.

``weak_signals.py``, ``strong_signals.py`` and ``small_tables.py`` take the same
options: names of contenders, ``--seeds``, ``--cases``, ``--params``, ``--json`` and
``--peers``.
"""

import argparse
import datetime
import importlib.metadata
import json
import time
import warnings

import numpy as np
from machine import describe
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor

TINY = 1e-7  # smallest probability in a log-loss, for every contender


# ------------------------------------------------------------------------ contenders


def _network(**fixed):
    """Untouched networks: no scaling outside of the estimator."""
    return (
        lambda seed, given: BPClassifier(random_state=seed, **(fixed | given)),
        lambda seed, given: BPRegressor(random_state=seed, **(fixed | given)),
    )


def _mlp(**fixed):
    return (
        lambda seed, _: make_pipeline(
            StandardScaler(), MLPClassifier(random_state=seed, **fixed)
        ),
        lambda seed, _: TransformedTargetRegressor(
            make_pipeline(StandardScaler(), MLPRegressor(random_state=seed, **fixed)),
            transformer=StandardScaler(),
        ),
    )


def _lightgbm(kind):
    def make(seed, _):
        import lightgbm

        return getattr(lightgbm, kind)(random_state=seed, n_jobs=1, verbose=-1)

    return make


# Name: makers of a classifier and of a regressor, called with the seed and --params.
CONTENDERS = {
    "skann": _network(),
    "skann64": _network(hidden_layer_sizes=(64, 64)),
    "tabular": (
        lambda seed, _: TabularClassifier(random_state=seed),
        lambda seed, _: TabularRegressor(random_state=seed),
    ),
    "linear": (
        lambda seed, _: make_pipeline(
            StandardScaler(), LogisticRegression(max_iter=1000)
        ),
        lambda seed, _: make_pipeline(StandardScaler(), RidgeCV()),
    ),
    "mlp": _mlp(early_stopping=True),
    "mlp500": _mlp(max_iter=500),
    "lightgbm": (_lightgbm("LGBMClassifier"), _lightgbm("LGBMRegressor")),
}


def make(name, is_classes, seed, params=None):
    """Return an unfitted contender; `params` are set on skann's networks alone."""
    return CONTENDERS[name][0 if is_classes else 1](seed, params or {})


def timed_fit(model, X, y, **given):
    """Fit without printing warnings and return processor seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        model.fit(X, y, **given)
        return time.process_time() - start


def probabilities(model, X, n_classes):
    """Probabilities of classes 0 to `n_classes` - 1, at least `TINY`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.predict_proba(X).astype(np.float64)
    every = np.zeros((len(found), n_classes))
    every[:, model.classes_.astype(int)] = found
    every = np.clip(every, TINY, None)
    return every / every.sum(axis=1, keepdims=True)


def predictions(model, X):
    """Predicted values or labels, without LightGBM's warning about column names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.predict(X)


def expected_log_loss(truth, given):
    """Log-loss of probabilities, its expectation over labels drawn from `truth`."""
    return -np.mean(np.sum(truth * np.log(np.clip(given, TINY, 1)), axis=1))


# ------------------------------------------------------------------- options, output


def options(description):
    """Parse the command line.

    Parameters
    ----------
    description : str
        The script's docstring; its first line is printed with ``--help``.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument(
        "contenders",
        nargs="*",
        default=["skann"],
        metavar="CONTENDER",
        help=f"any of {', '.join(CONTENDERS)}; default skann",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--cases", nargs="+", help="parts of names; default all cases")
    parser.add_argument(
        "--params",
        type=json.loads,
        default={},
        help="JSON, parameters of skann and skann64, such as '{\"alpha\": 0.1}'",
    )
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument(
        "--peers",
        nargs="+",
        default=[],
        help="files that --json wrote with the same seeds; printed besides",
    )
    found = parser.parse_args()
    unknown = set(found.contenders) - set(CONTENDERS)
    if unknown:
        parser.error(f"unknown contender: {', '.join(sorted(unknown))}")
    found.stored = {}
    for path in found.peers:
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        if stored["seeds"] != found.seeds:
            parser.error(f"{path} has seeds {stored['seeds']}, not {found.seeds}")
        found.stored |= stored["results"]
    return found


def wanted(name, given):
    """Return True if the options ask for the case of this name."""
    return given.cases is None or any(part in name for part in given.cases)


def collect(cases, given):
    """Measure every contender on every case and seed.

    Parameters
    ----------
    cases : dict
        Name of each case and a function ``(contender, seed, params)`` that returns a
        dict of figures with their names, "s" for the processor seconds of the fits.
        A figure of None is left out.
    given : argparse.Namespace
        From `options`.

    Returns
    -------
    results : dict
        ``{contender: {case: {figure: [one value per seed]}}}``
    """
    results = {contender: {} for contender in given.contenders}
    for name, measure in cases.items():
        if not wanted(name, given):
            continue
        for contender in given.contenders:
            row = results[contender][name] = {}
            for seed in given.seeds:
                for figure, value in measure(contender, seed, given.params).items():
                    if value is not None:
                        row.setdefault(figure, []).append(float(value))
    return results


def with_peers(results, given):
    """Return the results, and stored ones of other contenders, on the same cases."""
    names = dict.fromkeys(name for rows in results.values() for name in rows)
    stored = {
        peer: {name: rows.get(name, {}) for name in names}
        for peer, rows in given.stored.items()
    }
    return stored | results


def print_table(results, figures, digits=3, summaries=()):
    """Print a row per case, and rows for the summaries.

    Parameters
    ----------
    results : dict
        From `collect`.
    figures : sequence of str
        Figures in one cell, separated by a slash.
    digits : int
    summaries : sequence of (str, callable)
        Name and function of the values of all cases, for the first figure.
    """
    names = list(dict.fromkeys(name for rows in results.values() for name in rows))
    names = [
        n for n in names if any(figures[0] in r.get(n, ()) for r in results.values())
    ]
    if not names:
        return
    print(f"| {' / '.join(figures)} | " + " | ".join(results) + " |")
    print("|---|" + "---|" * len(results))
    for name in names:
        cells = [_cell(rows[name], figures, digits) for rows in results.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")
    for title, function in summaries:
        cells = []
        for rows in results.values():
            values = [
                np.mean(rows[n][figures[0]]) for n in names if figures[0] in rows[n]
            ]
            cells.append(f"{function(values):.{digits}f}" if values else "–")
        print(f"| **{title}** | " + " | ".join(cells) + " |")
    cells = [
        f"{sum(np.mean(rows[n]['s']) for n in names if 's' in rows[n]):.1f}"
        for rows in results.values()
    ]
    print("| processor seconds | " + " | ".join(cells) + " |", flush=True)
    print()


def _cell(row, figures, digits):
    """Mean of the seeds, with the standard error of several."""
    if figures[0] not in row:
        return "–"
    return " / ".join(_mean(row[f], digits) for f in figures if f in row)


def _mean(values, digits):
    text = f"{np.mean(values):.{digits}f}"
    if len(values) < 2:
        return text
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{text} ± {error:.{digits}f}"


def write_json(path, script, given, results, summary):
    """Write results and what they were measured with, if `path` is given."""
    if not path:
        return
    versions = {}
    for package in ("numpy", "scipy", "scikit-learn", "lightgbm", "skann"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    content = {
        "script": script,
        "machine": describe(),
        "versions": versions,
        "date": datetime.date.today().isoformat(),
        "seeds": given.seeds,
        "params": given.params,
        "summary": summary,
        "results": results,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")

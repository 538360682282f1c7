"""Small tables, rare classes and groups: where a choice by held-out rows is a gamble.

Run ``OMP_NUM_THREADS=1 python benchmarks/small_tables.py skann linear lightgbm``. Three
tables are printed.

* scikit-learn's toy tables and parts of them, 60 to 569 rows: log-loss or R² of two
  repetitions of five folds.
* 20 to 200 positives among 3,000 rows: AUC and log-loss, expected over the true
  probabilities of 20,000 fresh rows, mean of `N_DRAWS` draws.
* Rows in groups, where some columns have the same value in all rows of a group and so
  name it: R² on rows of new groups, mean of `N_DRAWS` draws. "whole groups" are fits
  with ``groups=``, for contenders whose `fit` takes it.

Each seed draws new folds and data and is also the seed of the models.
"""

import inspect
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from signals import (
    collect,
    expected_log_loss,
    make,
    options,
    predictions,
    print_table,
    probabilities,
    timed_fit,
    with_peers,
    write_json,
)
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import (
    GroupShuffleSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    train_test_split,
)
from sklearn.preprocessing import scale
from weak_signals import Columns, Score

N_DRAWS = 8
N_FRESH = 20_000
N_RARE_ROWS = 3000

# ------------------------------------------------------------------------ toy tables

# Name: function that loads the table, and number of rows, None for all. The columns of
# "standardised" ones have mean 0 and variance 1; the others are as they are stored.
TOYS = {
    "iris, 60": (load_iris, 60),
    "iris, 150": (load_iris, None),
    "iris, 150, standardised": (load_iris, None),
    "wine, 178": (load_wine, None),
    "wine, 178, standardised": (load_wine, None),
    "breast cancer, 100": (load_breast_cancer, 100),
    "breast cancer, 569": (load_breast_cancer, None),
    "digits, 200": (load_digits, 200),
    "digits, 500": (load_digits, 500),
    "diabetes, 100": (load_diabetes, 100),
    "diabetes, 442": (load_diabetes, None),
}


def measure_toy(name, contender, seed, params):
    """Log-loss or R², mean of the folds, and processor seconds."""
    load, n_rows = TOYS[name]
    X, y = load(return_X_y=True)
    is_classes = load is not load_diabetes
    if "standardised" in name:
        X = scale(X)
    if n_rows:
        strata = y if is_classes else None
        X, _, y, _ = train_test_split(
            X, y, train_size=n_rows, stratify=strata, random_state=0
        )
    folds = RepeatedStratifiedKFold if is_classes else RepeatedKFold
    splits = folds(n_splits=5, n_repeats=2, random_state=seed).split(X, y)
    values, seconds = [], 0.0
    for number, (train, test) in enumerate(splits):
        model = make(contender, is_classes, 10 * seed + number, params)
        seconds += timed_fit(model, X[train], y[train])
        if is_classes:
            n_classes = len(np.unique(y))
            given = probabilities(model, X[test], n_classes)
            values.append(log_loss(y[test], given, labels=np.arange(n_classes)))
        else:
            values.append(r2_score(y[test], predictions(model, X[test])))
    return {"log-loss" if is_classes else "R²": np.mean(values), "s": seconds}


# ---------------------------------------------------------------------- rare classes


@lru_cache(maxsize=N_DRAWS)
def draw_rare(n_positives, seed):
    """3,000 rows with exactly so many positives; fresh rows, true probabilities."""
    rng = np.random.default_rng([seed, n_positives])
    columns = Columns("normal", 20, rng)
    score = Score(columns, 12, 0.2, rng)
    X_fresh, _ = columns.draw(N_FRESH, rng)
    logits, share = 1.7 * score(X_fresh), n_positives / N_RARE_ROWS
    shift = brentq(lambda b: expit(logits + b).mean() - share, -30, 30)
    pool, _ = columns.draw(int(3 * N_RARE_ROWS), rng)
    y = rng.random(len(pool)) < expit(1.7 * score(pool) + shift)
    chosen = np.concatenate(
        [
            np.flatnonzero(y)[:n_positives],
            np.flatnonzero(~y)[: N_RARE_ROWS - n_positives],
        ]
    )
    rng.shuffle(chosen)
    return pool[chosen], y[chosen].astype(int), X_fresh, expit(logits + shift)


def expected_auc(truth, given):
    """AUC in which every row counts as positive and as negative, by its probability."""
    labels = np.repeat([1, 0], len(truth))
    weight = np.concatenate([truth, 1 - truth])
    return roc_auc_score(labels, np.tile(given, 2), sample_weight=weight)


def measure_rare(n_positives, contender, seed, params):
    """AUC and log-loss, mean of the draws, and processor seconds."""
    found, seconds = [], 0.0
    for draw in range(N_DRAWS):
        own = N_DRAWS * seed + draw
        X, y, X_fresh, truth = draw_rare(n_positives, own)
        model = make(contender, True, own, params)
        seconds += timed_fit(model, X, y)
        given = probabilities(model, X_fresh, 2)
        both = np.column_stack([1 - truth, truth])
        found.append([expected_auc(truth, given[:, 1]), expected_log_loss(both, given)])
    auc, loss = np.mean(found, axis=0)
    return {"AUC": auc, "log-loss": loss, "s": seconds}


# ---------------------------------------------------------------------------- groups


@lru_cache(maxsize=N_DRAWS)
def draw_groups(n_groups, n_rows_each, seed):
    """Rows of groups and of 200 new groups: columns, targets, group of each row.

    Five columns belong to the group and five to the row. The target has a part that
    they explain, an effect of the group that nothing explains, and noise.
    """
    rng = np.random.default_rng([seed, n_groups])
    of_group, of_row = rng.standard_normal(5), rng.standard_normal(5)
    of_group, of_row = (w / np.linalg.norm(w) for w in (of_group, of_row))

    def rows(count, each):
        group = np.repeat(np.arange(count), each)
        shared = rng.standard_normal((count, 5))
        effect = 0.6 * shared @ of_group + rng.standard_normal(count)
        own = rng.standard_normal((len(group), 5))
        y = (
            effect[group]
            + np.tanh(own @ of_row)
            + 0.5 * rng.standard_normal(len(group))
        )
        return np.column_stack([shared[group], own]), y, group

    X, y, group = rows(n_groups, n_rows_each)
    X_new, y_new, _ = rows(200, 20)
    return X, y, group, X_new, y_new


def fit_whole(model, X, y, group):
    """Fit with whole groups held out; None if the model can't.

    By ``groups=`` alone or, where that is refused, with a splitter as
    `validation_fraction` besides.
    """
    if "groups" not in inspect.signature(model.fit).parameters:
        return None
    for change in ({}, {"validation_fraction": GroupShuffleSplit(1, test_size=0.2)}):
        if set(change) <= set(model.get_params()):
            try:
                return timed_fit(model.set_params(**change), X, y, groups=group)
            except ValueError as error:
                if "groups are given but" not in str(error):
                    raise
    return None


def measure_groups(sizes, whole, contender, seed, params):
    """R² on rows of new groups, mean of the draws, and processor seconds.

    Parameters
    ----------
    sizes : (int, int)
        Groups, and rows of each.
    whole : bool
        Pass the groups to `fit`. A contender that does not take them has no figure.
    """
    found, seconds = [], 0.0
    for draw in range(N_DRAWS):
        own = N_DRAWS * seed + draw
        X, y, group, X_new, y_new = draw_groups(*sizes, own)
        model = make(contender, False, own, params)
        spent = fit_whole(model, X, y, group) if whole else timed_fit(model, X, y)
        if spent is None:
            return {}
        seconds += spent
        found.append(r2_score(y_new, predictions(model, X_new)))
    return {"R²": np.mean(found), "s": seconds}


# ------------------------------------------------------------------------------ main


def main():
    given = options(__doc__)
    toys = {name: lambda *which, name=name: measure_toy(name, *which) for name in TOYS}
    rare = {
        f"{n} positives of 3,000": lambda *which, n=n: measure_rare(n, *which)
        for n in (20, 40, 80, 200)
    }
    groups = {
        f"{sizes[0]} groups of {sizes[1]}{', whole groups' if whole else ''}": (
            lambda *which, sizes=sizes, whole=whole: measure_groups(
                sizes, whole, *which
            )
        )
        for sizes in ((40, 50), (200, 20))
        for whole in (False, True)
    }
    results = {name: {} for name in given.contenders}
    mean = [("mean", np.mean)]
    for cases, tables in (
        (toys, (["log-loss"], ["R²"])),
        (rare, (["AUC", "log-loss"],)),
        (groups, (["R²"],)),
    ):
        part = collect(cases, given)
        for figures in tables:
            print_table(with_peers(part, given), figures, digits=4, summaries=mean)
        for name, rows in part.items():
            results[name] |= rows
    write_json(given.json, "small_tables.py", given, results, {})


if __name__ == "__main__":
    main()

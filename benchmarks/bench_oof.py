"""Out-of-fold scores against scores of fresh test sets, with many-level categories.

Two kinds of simulations, each with ten seeds: groups of rows, of which the test set has
new ones, with ``GroupKFold``; and rows in the order of time, of which the test set has
the next ones, with ``TimeSeriesSplit``. Both have a category of more than 255 levels,
which gets target means, and targets that depend on it.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

from skann import TabularRegressor


def grouped(seed, n_groups=1800, n_train=800, size=4):
    """Rows of groups, named by a key; most of the groups are the test set."""
    rng = np.random.default_rng(seed)
    n = n_groups * size
    group = np.repeat(np.arange(n_groups), size)
    of_group = rng.normal(size=n_groups)
    a, b = rng.normal(size=(2, n))
    y = of_group[group] + np.sin(2 * a) + 0.5 * b + rng.normal(scale=0.5, size=n)
    X = pd.DataFrame({"key": [f"key {g}" for g in group], "a": a, "b": b})
    return X, y, group, group < n_train


def timed(seed, n_levels=300, n_periods=12, size=2):
    """Rows in the order of time; levels have effects, and others in each period.

    The last four periods are the test set.
    """
    rng = np.random.default_rng(seed)
    period = np.arange(n_periods).repeat(n_levels * size)
    n = len(period)
    level = rng.integers(n_levels, size=n)
    always, now = rng.normal(size=n_levels), rng.normal(size=(n_levels, n_periods))
    a, b = rng.normal(size=(2, n))
    y = always[level] + now[level, period] + np.sin(2 * a) + 0.5 * b
    y += rng.normal(scale=0.5, size=n)
    X = pd.DataFrame({"level": [f"level {k}" for k in level], "a": a, "b": b})
    return X, y, None, period < n_periods - 4


KINDS = {
    "grouped": (grouped, GroupKFold(5)),
    "timed": (timed, TimeSeriesSplit(3, test_size=600)),
}


def scores(kind, seed):
    """The out-of-fold score of a fit, and the score of its test set."""
    make, cv = KINDS[kind]
    X, y, groups, train = make(seed)
    model = TabularRegressor(cv=cv, random_state=seed)
    own = None if groups is None else groups[train]
    model.fit(X[train], y[train], groups=own)
    return model.oof_score_, model.score(X[~train], y[~train])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    print("| simulation | out of fold | test set | difference |")
    print("|---|---|---|---|")
    for kind in arguments.kinds:
        found = np.array([scores(kind, seed) for seed in range(arguments.seeds)])
        own, test = found.mean(axis=0)
        print(f"| {kind} | {own:.3f} | {test:.3f} | {own - test:+.3f} |", flush=True)


if __name__ == "__main__":
    main()

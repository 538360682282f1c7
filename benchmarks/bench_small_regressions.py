"""Levenberg-Marquardt against Adam and L-BFGS on small regressions.

Adam trains for 10,000 epochs, L-BFGS until nothing is gained or for 15,000 gradients,
and Levenberg-Marquardt from the same starting weights until its training loss is that
of each. Losses are of the whole training data at the weights that a fit ends with, in
units of the targets' variance.
Seconds are processor seconds: set ``OMP_NUM_THREADS=1``.
"""

import argparse
import time
import warnings

import numpy as np
from machine import describe
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skann import BPRegressor


def teacher(seed):
    """What a network of four units makes of three inputs; no noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (500, 3))
    return X, np.tanh(1.5 * X @ rng.normal(size=(3, 4))) @ rng.normal(size=4)


def franke(seed):
    """Franke's surface over the unit square; no noise."""
    X = np.random.default_rng(seed).uniform(size=(1000, 2))
    u, v = 9 * X.T
    y = 0.75 * np.exp(-((u - 2) ** 2 + (v - 2) ** 2) / 4)
    y += 0.75 * np.exp(-((u + 1) ** 2) / 49 - (v + 1) / 10)
    y += 0.5 * np.exp(-((u - 7) ** 2 + (v - 3) ** 2) / 4)
    return X, y - 0.2 * np.exp(-((u - 4) ** 2) - (v - 7) ** 2)


def friedman(seed):
    """Friedman's first, of ten inputs, with a deviation of the noise of one."""
    return make_friedman1(2000, noise=1.0, random_state=seed)


def exact_friedman(seed):
    """The same without noise."""
    return make_friedman1(1000, noise=0.0, random_state=seed)


def sine(seed):
    """A sine of one input; no noise."""
    X = np.linspace(-1, 1, 200)[:, np.newaxis]
    return X, np.sin(3 * np.pi * X[:, 0])


def diabetes(seed):
    """442 rows, noisy."""
    return load_diabetes(return_X_y=True)


# Name: data, hidden units.
PROBLEMS = {
    "teacher": (teacher, 8),
    "Franke": (franke, 30),
    "sine": (sine, 10),
    "Friedman, no noise": (exact_friedman, 10),
    "Friedman": (friedman, 10),
    "Friedman, wide": (friedman, 20),
    "diabetes": (diabetes, 8),
}
RIVALS = {
    "adam": {
        "learning_rate_init": 0.01,
        "n_iter_no_change": np.inf,
        "max_iter": 10_000,
    },
    "lbfgs": {"tol": 0, "max_iter": 15_000},
}


def fitted(X, y, n_units, **parameters):
    """A network, and the processor seconds that its fit took."""
    model = BPRegressor((n_units,), "tanh", **parameters)
    start = time.process_time()
    model.fit(X, y)
    return model, time.process_time() - start


def loss(model, X, y):
    """Half of the mean square in units of the targets' variance."""
    return float(np.mean((model.predict(X) - y) ** 2) / y.var() / 2)


def compare(name, seeds):
    """Rows of the table for one problem."""
    make, n_units = PROBLEMS[name]
    rows = {rival: [] for rival in RIVALS}
    for seed in seeds:
        X, y = make(seed)
        X = StandardScaler().fit_transform(X)
        for rival, parameters in RIVALS.items():
            theirs, their_seconds = fitted(
                X, y, n_units, solver=rival, random_state=seed, **parameters
            )
            reached = loss(theirs, X, y)
            settings = {"target_loss": reached, "tol": 0, "max_iter": 2000}
            ours, seconds = fitted(
                X, y, n_units, solver="lm", random_state=seed, **settings
            )
            share = seconds / their_seconds if ours.loss_ <= reached else np.inf
            rows[rival].append((reached, their_seconds, seconds, ours.n_iter_, share))
    n_weights = (X.shape[1] + 2) * n_units + 1
    for rival, found in rows.items():
        reached, theirs, ours, n_iter, share = np.median(found, axis=0)
        print(
            f"| {name} | {len(X)} | {n_weights} | {rival} | {reached:.2e} | "
            f"{theirs:.2f} | {ours:.3f} | {n_iter:.0f} | {share:.3f} | "
            f"{max(row[-1] for row in found):.3f} |",
            flush=True,
        )


def lowest(seeds):
    """How far down Levenberg-Marquardt comes without noise."""
    for name in ("teacher", "Franke"):
        make, n_units = PROBLEMS[name]
        reached = []
        for seed in seeds:
            X, y = make(seed)
            X = StandardScaler().fit_transform(X)
            settings = {"target_loss": 1e-10, "tol": 0, "max_iter": 5000}
            model, seconds = fitted(
                X, y, n_units, solver="lm", random_state=seed, **settings
            )
            reached.append((model.loss_, model.n_iter_, seconds))
        losses = [row[0] for row in reached]
        print(
            f"{name}: 1e-10 reached from {sum(loss <= 1e-10 for loss in losses)} of "
            f"{len(losses)} starts, losses {min(losses):.1e} to {max(losses):.1e}, "
            f"median {np.median(reached, axis=0)[1]:.0f} iterations in "
            f"{np.median(reached, axis=0)[2]:.2f} s"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(describe())
    columns = "rows | weights | against | loss | its s | lm s | iterations"
    print(f"| problem | {columns} | share, median | share, worst |")
    print("|---" * 10 + "|")
    for name in PROBLEMS:
        compare(name, seeds)
    lowest(seeds)


if __name__ == "__main__":
    main()

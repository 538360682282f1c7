"""Bayesian regularisation against early stopping on few and noisy rows.

For every seed new rows, or another split, and new starting weights. Errors are root
mean squares on test rows, in units of the targets' deviation: of the true function
where it is known. Early stopping holds out 15 % of the rows, MATLAB's share, with Adam,
and with Levenberg-Marquardt as MATLAB's default does; beside them the same network
trained by this package's default, and ridge regression.
"""

import argparse
import time
import warnings

import numpy as np
from machine import describe
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPRegressor


def sine(seed):
    """60 rows of a sine, the noise half of its amplitude."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.uniform(-1, 1, (60, 1)), np.linspace(-1, 1, 500)[:, np.newaxis]
    y, truth = (np.sin(2 * np.pi * rows[:, 0]) for rows in (X, X_test))
    return X, y + 0.5 * rng.normal(size=60), X_test, truth


def friedman(seed, n_rows=100, noise=2.0):
    """Friedman's first, of ten inputs of which five matter."""
    X, y = make_friedman1(n_rows, noise=noise, random_state=seed)
    X_test, truth = make_friedman1(2000, noise=0.0, random_state=1000 + seed)
    return X, y, X_test, truth


def linear(seed):
    """80 rows, a straight line in eight inputs and much noise."""
    rng = np.random.default_rng(seed)
    X, X_test, w = (
        rng.normal(size=(80, 8)),
        rng.normal(size=(2000, 8)),
        rng.normal(size=8),
    )
    return X, X @ w + 2 * rng.normal(size=80), X_test, X_test @ w


def diabetes(seed):
    """150 of 442 patients; the others to test on."""
    X, y = load_diabetes(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, train_size=150, random_state=seed)
    return X, y, X_test, y_test


PROBLEMS = {
    "sine, 60 rows": sine,
    "Friedman, 100 rows": friedman,
    "Friedman, 300 rows": lambda seed: friedman(seed, 300, 1.0),
    "linear, 80 rows": linear,
    "diabetes, 150 rows": diabetes,
}
STOPPED = {"early_stopping": True, "validation_fraction": 0.15, "max_iter": 2000}


def contenders(seed):
    """Fresh estimators by name."""
    shape = {"hidden_layer_sizes": (10,), "activation": "tanh", "random_state": seed}
    return {
        "br": BPRegressor(**shape, solver="br", max_iter=500),
        "adam, stopped": BPRegressor(**shape, solver="adam", **STOPPED).set_params(
            learning_rate_init=0.01
        ),
        "lm, stopped": BPRegressor(**shape, solver="lm", **STOPPED).set_params(
            n_iter_no_change=6
        ),
        "auto": BPRegressor(**shape),
        "ridge": RidgeCV(np.geomspace(1e-3, 1e3, 13)),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    seeds = range(parser.parse_args().seeds)
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(describe())
    names = list(contenders(0))
    print(f"| data | {' | '.join(names)} | br better than both stopped | effective |")
    print("|---" * (len(names) + 3) + "|")
    for problem, make in PROBLEMS.items():
        errors, seconds = {name: [] for name in names}, dict.fromkeys(names, 0.0)
        effective = []
        for seed in seeds:
            X, y, X_test, truth = make(seed)
            for name, estimator in contenders(seed).items():
                model = make_pipeline(StandardScaler(), estimator)
                start = time.process_time()
                model.fit(X, y)
                seconds[name] += time.process_time() - start
                error = np.sqrt(np.mean((model.predict(X_test) - truth) ** 2))
                errors[name].append(error / truth.std())
                if name == "br":
                    effective.append(estimator.n_effective_parameters_)
        stopped = np.minimum(errors["adam, stopped"], errors["lm, stopped"])
        wins = int((np.array(errors["br"]) < stopped).sum())
        cells = (
            f"{np.mean(errors[name]):.3f} ± "
            f"{np.std(errors[name], ddof=1) / np.sqrt(len(seeds)):.3f}"
            for name in names
        )
        print(
            f"| {problem} | {' | '.join(cells)} | {wins} of {len(seeds)} | "
            f"{np.median(effective):.0f} of {(X.shape[1] + 2) * 10 + 1} |",
            flush=True,
        )
    print(
        "seconds a fit of the last:",
        {n: round(s / len(seeds), 3) for n, s in seconds.items()},
    )


if __name__ == "__main__":
    main()

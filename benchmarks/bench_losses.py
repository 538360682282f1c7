"""An epoch with each loss of real targets and each solver, against the commonest.

Run ``OMP_NUM_THREADS=1 python benchmarks/bench_losses.py``; with ``SKANN_COMPILED=0``
the reference engine trains. 10,000 rows of 20 columns, 100 hidden units, batches of
200; a fit of 20 epochs. Ratios are to "squared_error" with "adam".
"""

import argparse
import statistics

import numpy as np
from contenders import median_ratios, time_in_turns
from machine import describe

from skann import BPRegressor

LOSSES = [
    "squared_error",
    "absolute_error",
    "huber",
    "quantile",
    "poisson",
    "gamma",
    "tweedie",
    "gaussian",
]
SOLVERS = ["sgd", "adamw", "amsgrad", "nadam", "rmsprop", "adagrad", "lion"]
N_EPOCHS = 20


def fit(X, y, **settings):
    """A function that trains a network."""
    model = BPRegressor(
        max_iter=N_EPOCHS,
        n_iter_no_change=N_EPOCHS,
        batch_size=200,
        random_state=0,
        **settings,
    )
    return lambda: model.fit(X, y)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 20)).astype(np.float32)
    y = np.exp(X[:, :5].sum(axis=1) / 4 + 0.3 * rng.normal(size=len(X)))
    runs = {loss: fit(X, y, loss=loss, solver="adam") for loss in LOSSES}
    runs |= {solver: fit(X, y, solver=solver) for solver in SOLVERS}
    seconds = time_in_turns(runs, options.rounds)
    ratios = median_ratios(seconds, LOSSES[0])
    print(describe())
    print()
    print("| loss or solver | ms an epoch | ÷ squared error with Adam |")
    print("|---|---|---|")
    for name, times in seconds.items():
        epoch = 1000 * statistics.median(times) / N_EPOCHS
        print(f"| `{name}` | {epoch:.2f} | {ratios[name]:.2f} |")


if __name__ == "__main__":
    main()

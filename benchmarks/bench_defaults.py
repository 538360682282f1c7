"""What a first fit gives: no parameter set, five small data sets and MNIST.

Small data sets: ten random splits, a quarter to test on, features scaled. "stopping" is
``early_stopping=True``; its score is to be no worse than without by more than a
standard error, and its time is given as a part of the time without. MNIST as it comes
out of ``StandardScaler``, in float64, until training ends by itself, in turn with
scikit-learn. Seconds are processor seconds: set ``OMP_NUM_THREADS=1``.
"""

import argparse
import time
import warnings

import numpy as np
from machine import describe
from sklearn.base import is_regressor
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann.datasets import load_mnist

DATA = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}


def fits(estimator, X, y, seeds):
    """Scores, seconds, epochs and warnings of fits on as many splits."""
    rows = []
    for seed in seeds:
        model = make_pipeline(StandardScaler(), estimator.set_params(random_state=seed))
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, random_state=seed, stratify=None if is_regressor(estimator) else y
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start = time.process_time()
            model.fit(X_train, y_train)
            seconds = time.process_time() - start
        n_warnings = sum(issubclass(w.category, ConvergenceWarning) for w in caught)
        score = model.score(X_test, y_test)
        rows.append((score, seconds, model[-1].n_iter_, n_warnings))
    return np.array(rows).T


def small_data(seeds):
    """The table of the small data sets."""
    columns = "scikit-learn | skann | standard error | stopping | epochs | warnings"
    print(f"| data | {columns} |")
    print("|---|---|---|---|---|---|---|")
    for name, load in DATA.items():
        X, y = load(return_X_y=True)
        kinds = MLPClassifier(), BPClassifier(), BPClassifier(early_stopping=True)
        if name == "diabetes":
            kinds = MLPRegressor(), BPRegressor(), BPRegressor(early_stopping=True)
        theirs, ours, stopping = (fits(kind, X, y, seeds) for kind in kinds)
        error = ours[0].std(ddof=1) / np.sqrt(len(seeds))
        ratio = stopping[1].sum() / ours[1].sum()
        print(
            f"| {name} | {theirs[0].mean():.3f} | {ours[0].mean():.3f} | {error:.3f} | "
            f"{stopping[0].mean():.3f} in {ratio:.2f} of the time | "
            f"{theirs[2].mean():.0f}, {ours[2].mean():.0f}, {stopping[2].mean():.0f} | "
            f"{theirs[3].sum():.0f}, {ours[3].sum():.0f}, {stopping[3].sum():.0f} |",
            flush=True,
        )


def mnist(seeds):
    """The table of MNIST: fits of each in turn, each to its own end."""
    X, y = load_mnist(subset="train", return_X_y=True)
    X_test, y_test = load_mnist(subset="test", return_X_y=True)
    scaler = StandardScaler().fit(X.astype(np.float64))
    X, X_test = (scaler.transform(part.astype(np.float64)) for part in (X, X_test))
    kinds = MLPClassifier, BPClassifier
    rows = {kind: [] for kind in kinds}
    for seed in seeds:
        for kind in kinds:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                start = time.process_time()
                model = kind(random_state=seed).fit(X, y)
                seconds = time.process_time() - start
            score = model.score(X_test, y_test)
            rows[kind].append((seconds, model.n_iter_, score, len(caught)))
    print("\n| MNIST, float64 | seconds | epochs | s an epoch | accuracy | warnings |")
    print("|---|---|---|---|---|---|")
    seconds, n_epochs, scores, n_warnings = np.moveaxis(
        [rows[kind] for kind in kinds], -1, 0
    )
    for i, kind in enumerate(kinds):
        print(
            f"| {kind.__name__} | {seconds[i].mean():.1f} | {n_epochs[i].mean():.1f} | "
            f"{np.median(seconds[i] / n_epochs[i]):.3f} | {scores[i].mean():.4f} ± "
            f"{scores[i].std(ddof=1) / np.sqrt(len(seeds)):.4f} | "
            f"{n_warnings[i].sum():.0f} |"
        )
    per_epoch = seconds / n_epochs
    print(
        f"\nmedian of ratios: {np.median(seconds[0] / seconds[1]):.2f} in all, "
        f"{np.median(per_epoch[0] / per_epoch[1]):.2f} an epoch"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10, help="of the small data sets")
    parser.add_argument("--mnist-seeds", type=int, default=3)
    args = parser.parse_args()
    print(describe(), end="\n\n")
    for table, n_seeds in ((small_data, args.seeds), (mnist, args.mnist_seeds)):
        if n_seeds:
            table(range(n_seeds))


if __name__ == "__main__":
    main()

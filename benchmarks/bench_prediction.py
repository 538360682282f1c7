"""Prediction against scikit-learn and the bare products, validation of X included.

784-100-10 on MNIST, float32. The same weights in both libraries; they take turns, and
what counts is the median of the ratios.
"""

import statistics
import time
import warnings

import numpy as np
from contenders import REST
from machine import describe
from sklearn.neural_network import MLPClassifier

from skann import BPClassifier
from skann.datasets import load_mnist


def median_ratio(ours, theirs, repeats, rounds=15):
    """Median seconds of ours, and median of theirs / ours."""
    times, ratios = [], []
    for run in (ours, theirs):
        run()
    for _ in range(rounds):
        seconds = []
        for run in (ours, theirs):
            time.sleep(REST)
            start = time.perf_counter()
            for _ in range(repeats):
                run()
            seconds.append((time.perf_counter() - start) / repeats)
        times.append(seconds[0])
        ratios.append(seconds[1] / seconds[0])
    return statistics.median(times), statistics.median(ratios)


def main():
    warnings.simplefilter("ignore")
    X, y = load_mnist(subset="train", return_X_y=True)
    theirs = MLPClassifier((100,), max_iter=1, random_state=0).fit(X, y)
    ours = BPClassifier((100,), max_iter=1)
    ours.fit(X, y, coef_init=theirs.coefs_, intercept_init=theirs.intercepts_)
    first, second = ours.coefs_
    hidden = np.empty((len(X), 100), np.float32)
    output = np.empty((len(X), 10), np.float32)
    row = X[:1]

    def products():
        X.dot(first, hidden)
        hidden.dot(second, output)

    print(describe())
    print()
    print("| prediction | skann | × scikit-learn | ÷ bare products |")
    print("|---|---|---|---|")
    seconds, ratio = median_ratio(
        lambda: ours.predict(row), lambda: theirs.predict(row), 200
    )
    print(f"| `predict`, one row | {seconds * 1e6:.0f} µs | {ratio:.2f} | |")
    seconds, ratio = median_ratio(
        lambda: ours.predict_proba(X), lambda: theirs.predict_proba(X), 1
    )
    _, bare = median_ratio(lambda: ours.predict_proba(X), products, 1)
    print(
        f"| `predict_proba`, 60,000 rows | {seconds * 1e3:.0f} ms | {ratio:.2f} | "
        f"{1 / bare:.2f} |"
    )


if __name__ == "__main__":
    main()

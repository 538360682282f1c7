"""A grid search against scikit-learn's, with one job and with two.

``GridSearchCV`` over ``Pipeline(StandardScaler, network)`` on 10,000 rows of MNIST: six
candidates, three folds, ten epochs each. With two jobs in processes every fit has one
thread, and the time in which the workers start and import what they need counts as
well. With two jobs in threads (``joblib.parallel_config("threading")``) nothing starts,
and the network's work holds no lock of the interpreter.
"""

import argparse
import statistics
import warnings

from contenders import median_ratios, time_in_turns
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from machine import describe
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier
from skann.datasets import load_mnist

# Jobs and joblib's way to run them.
WAYS = {"1": (1, "loky"), "2, processes": (2, "loky"), "2, threads": (2, "threading")}


def search(network, n_jobs, backend, X, y):
    """A function that searches once, with new workers."""
    step = type(network).__name__.lower()
    grid = {
        f"{step}__hidden_layer_sizes": [(50,), (100,)],
        f"{step}__alpha": [1e-5, 1e-4, 1e-3],
    }

    def run():
        if n_jobs > 1 and backend == "loky":
            get_reusable_executor().shutdown(wait=True)
        pipeline = make_pipeline(StandardScaler(), network)
        with parallel_config(backend):
            GridSearchCV(pipeline, grid, cv=3, n_jobs=n_jobs, refit=False).fit(X, y)

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    X, y = load_mnist(subset="train", return_X_y=True)
    X, y = X[:10000], y[:10000]
    settings = {
        "solver": "adam",
        "batch_size": 200,
        "max_iter": 10,
        "n_iter_no_change": 100,
        "random_state": 0,
    }
    print(describe())
    print()
    print("| jobs | skann, s | scikit-learn, s | × scikit-learn |")
    print("|---|---|---|---|")
    for way, (n_jobs, backend) in WAYS.items():
        runs = {
            "skann": search(BPClassifier(**settings), n_jobs, backend, X, y),
            "scikit-learn": search(MLPClassifier(**settings), n_jobs, backend, X, y),
        }
        seconds = time_in_turns(runs, options.rounds)
        medians = {name: statistics.median(times) for name, times in seconds.items()}
        ratio = median_ratios(seconds, "skann")["scikit-learn"]
        print(
            f"| {way} | {medians['skann']:.2f} | {medians['scikit-learn']:.2f} "
            f"| {ratio:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

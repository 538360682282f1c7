"""Peak memory of training, each measured in a process of its own (Linux).

What is printed is the growth of the process's anonymous memory, in MB, from before
``fit`` (data loaded, library imported) to its peak during ``fit``, and of repetitions
what is left after them; pages of a mapped
file do not count, for the system can drop them. ``VmHWM`` would count them, so the
memory is read every few milliseconds while ``fit`` runs.
"""

import argparse
import gc
import importlib.util
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from skann import BPClassifier, TabularClassifier, TabularRegressor
from skann.datasets import load_mnist


def anonymous_mb():
    """Anonymous resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status has no RssAnon: this needs Linux")


def growth(action):
    """Peak growth of anonymous memory while ``action`` runs, in MB."""
    before = peak = anonymous_mb()
    done = threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, anonymous_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    action()
    done.set()
    watcher.join()
    return peak - before


def mnist(estimator):
    """784-100-10, Adam, two epochs, float32."""
    X, y = load_mnist(subset="train", return_X_y=True)
    model = estimator((100,), max_iter=2)
    return growth(lambda: model.fit(X, y))


def mapped(n_rows, n_features=100):
    """One epoch of n-100-2 on a memory-mapped float32 file."""
    with tempfile.NamedTemporaryFile() as file:
        X = np.memmap(file.name, np.float32, "w+", shape=(n_rows, n_features))
        rng = np.random.default_rng(0)
        for start in range(0, n_rows, 100000):
            X[start : start + 100000] = rng.random(X[start : start + 100000].shape)
        y = (X[:, 0] > 0.5).astype(np.int8)
        X.flush()
        X = np.memmap(file.name, np.float32, "r", shape=X.shape)
        model = BPClassifier((100,), max_iter=1)
        return growth(lambda: model.fit(X, y))


def streamed(n_rows, n_features=20, size=50_000):
    """One pass of n-50-1 over the row groups of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from skann.dask import partial_fit_parquet

    rng = np.random.default_rng(0)
    schema = pa.schema([(f"x{k}", pa.float32()) for k in range(n_features)])
    schema = schema.append(pa.field("y", pa.int8()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        with pq.ParquetWriter(path, schema) as writer:
            for _ in range(0, n_rows, size):
                X = rng.random((n_features, size), dtype=np.float32)
                y = (X[0] > X[1]).astype(np.int8)
                writer.write_table(pa.table([*X, y], schema=schema))
        model = BPClassifier((50,))
        about = {"classes": [0, 1], "random_state": 0}
        return growth(lambda: partial_fit_parquet(model, path, "y", **about))


def categories(n_rows=30_000, n_categories=20, n_levels=400):
    """``TabularRegressor`` on text columns of many levels, with target means."""
    import pandas as pd

    rng = np.random.default_rng(0)
    names = np.array([f"level {k}" for k in range(n_levels)], dtype=object)
    codes = rng.integers(n_levels, size=(n_categories, n_rows))
    X = pd.DataFrame({f"c{j}": names[own] for j, own in enumerate(codes)})
    y = rng.normal(size=n_levels)[codes[0]] + rng.normal(size=n_rows)
    model = TabularRegressor(random_state=0)
    return growth(lambda: model.fit(X, y))


def predicted(n_rows=100_000, n_features=100):
    """``TabularClassifier.predict_proba`` of numbers, after a fit to 2,000 rows."""
    X = np.random.default_rng(0).normal(size=(n_rows, n_features))
    model = TabularClassifier(cv=2, random_state=0)
    model.fit(X[:2000], X[:2000, 0] > 0)
    return growth(lambda: model.predict_proba(X))


def repeated(action):
    """What a second go leaves behind; the first one fills what is kept for good."""
    X = np.random.default_rng(0).normal(size=(2000, 50))
    action(X)
    gc.collect()
    before = anonymous_mb()
    action(X)
    gc.collect()
    return anonymous_mb() - before


def partial_fits(X):
    """1,000 of them on one model, with predictions between."""
    model = BPClassifier((100,))
    for _ in range(1000):
        model.partial_fit(X, X[:, 0] > 0, classes=[False, True])
        model.predict(X[:10])


def fits(X):
    """200 of them, one model after the other, of three kinds."""
    for k in range(200):
        solver = ("auto", "sgd", "lbfgs")[k % 3]
        model = BPClassifier(
            (100,), solver=solver, max_iter=3, early_stopping=k % 2 > 0
        )
        model.fit(X, X[:, 0] > 0).predict(X)


MEASUREMENTS = {
    "mnist-skann": lambda: mnist(BPClassifier),
    "mnist-scikit-learn": lambda: mnist(MLPClassifier),
    "memmap-200000": lambda: mapped(200_000),
    "memmap-2000000": lambda: mapped(2_000_000),
    "memmap-10000000-20": lambda: mapped(10_000_000, 20),
    "parquet-500000-20": lambda: streamed(500_000),
    "parquet-5000000-20": lambda: streamed(5_000_000),
    "tabular-30000-20-400": categories,
    "tabular-predict-100000-100": predicted,
    "1000-partial-fits": lambda: repeated(partial_fits),
    "200-fits": lambda: repeated(fits),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measurement", nargs="?", choices=MEASUREMENTS)
    name = parser.parse_args().measurement
    if name is not None:
        warnings.simplefilter("ignore")
        print(f"{MEASUREMENTS[name]():.1f}")
        return
    print("| training | growth of anonymous memory, MB |")
    print("|---|---|")
    for name in MEASUREMENTS:
        if name.startswith("parquet") and importlib.util.find_spec("pyarrow") is None:
            continue
        command = [sys.executable, __file__, name]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| {name} | {result.stdout.strip()} |", flush=True)


if __name__ == "__main__":
    main()

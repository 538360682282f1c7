"""Model files in which one field is of another type, or bytes are others.

    PYTHONPATH=.:tests python benchmarks/attack/mutated_files.py --every 1

Every value of a list at every place of the files of several models: a ValueError while
a file is loaded, or a model that predicts, trains on and is saved. Bytes are changed,
cut and put in with the process's memory limited to what it has and 200 MB.
"""

import argparse
import random
import resource
import tempfile
import warnings
from pathlib import Path

import numpy as np
from _mutations import (
    MODULES,
    WRONG,
    every_property,
    fault_of,
    model_file,
    places,
    stored_again,
)
from attacked import X, Y, report

from skann import (
    BPClassifier,
    BPRegressor,
    TabularClassifier,
    TabularRegressor,
    load_model,
)
from skann._export import archive
from skann.preprocessing import PiecewiseLinearEncoder, TableEncoder

COMMON = {"max_iter": 2, "warm_start": True, "random_state": 0}
TWO = np.c_[Y, Y % 2]
TABLE = np.array([[x, f"level {i % 13}"] for i, x in enumerate(X[:, 0])], dtype=object)


def models():
    """Pairs of a model and its data, of every kind of state."""
    yield BPClassifier((3,), solver="adam", average="ema", early_stopping=True), X, Y
    yield BPRegressor((3,), solver="sgd", learning_rate="adaptive"), X, Y
    yield BPRegressor((3,), loss="quantile", quantile=[0.1, 0.5], solver="nadam"), X, Y
    yield BPRegressor((2,), loss="gaussian", solver="adam", normalization="layer"), X, Y
    yield BPClassifier((2,), solver="sgd"), X, TWO
    yield BPClassifier((2,), solver="lbfgs"), X, TWO % 2
    few = {"cv": 2, "random_state": 0}
    member = BPClassifier((2,), solver="adam", max_iter=1)
    levels = TableEncoder(max_categories=9)
    yield TabularClassifier(estimator=member, vectorizer=levels, **few), TABLE, Y % 2
    member = BPRegressor((2,), solver="adam", max_iter=1)
    bins = PiecewiseLinearEncoder(3)
    yield TabularRegressor(estimator=member, vectorizer=bins, **few), X[:, :1], Y


def types(folder, every):
    """Another type at every place."""
    n, faults = 0, []
    for model, rows, y in models():
        if not hasattr(model, "cv"):
            model.set_params(**COMMON)
        model.fit(rows, y)
        if hasattr(model, "partial_fit"):
            model.partial_fit(rows, y)

        def use(loaded, rows=rows, y=y):
            loaded.predict(rows)
            every_property(loaded)
            if hasattr(loaded, "partial_fit"):
                known = isinstance(loaded, BPClassifier)  # labels may be others
                loaded.partial_fit(rows, loaded.predict(rows) if known else y)
            stored_again(loaded)

        path = folder / "model"
        model.save_model(path)
        data = archive.read(path)
        use(model_file.from_data(data, MODULES, "whole"))
        pairs = [(place, value) for place in places(data) for value in WRONG]
        for place, value in pairs[n % every :: every]:
            n += 1
            fault = fault_of(data, place, value, use)
            if fault:
                faults.append(f"{type(model).__name__}: {place} = {value!r} {fault}")
    return n, faults


def bytes_of(folder, number):
    """Bytes changed, cut, doubled and put in."""
    path, draw, faults = folder / "model", random.Random(0), []
    BPClassifier((20,), **COMMON).fit(X, Y).save_model(path)
    whole = path.read_bytes()
    for i in range(number):
        content = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 8])):
            at, kind = draw.randrange(len(content)), draw.randrange(4)
            if kind == 0:
                content[at] = draw.randrange(256)
            elif kind == 1:
                del content[at : at + draw.choice([1, 4, 100])]
            elif kind == 2:
                content[at:at] = draw.randbytes(draw.choice([1, 4, 100]))
            else:
                content[at : at + 4] = b"\xff" * 4
        path.write_bytes(content)
        try:
            load_model(path).predict(X)
        except ValueError:
            continue
        except BaseException as error:
            faults.append(f"bytes, number {i}: {error!r}")
    return number, faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="one of so many values")
    parser.add_argument("--bytes", type=int, default=5000)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        n, faults = types(Path(name), given.every)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + 200_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        n_bytes, more = bytes_of(Path(name), given.bytes)
    report("Mutated model files", n + n_bytes, faults + more)

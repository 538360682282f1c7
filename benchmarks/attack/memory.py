"""Every allocation of the compiled engine fails once, and every line of a file's code.

    PYTHONPATH=.:tests python benchmarks/attack/memory.py --every 1

By a small library that is compiled and preloaded (Linux, glibc). A MemoryError comes
through, or the work is done all the same with the same result; never a crash, another
error, another result, or a model or file that has changed.
"""

import argparse
import copy
import ctypes
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from _interrupts import interrupted_at_every_line
from attacked import report

from skann import BPClassifier, BPRegressor, load_model

HERE = Path(__file__).parent
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 20))
Y = X[:, 0]


def ways():
    """Names, models, and functions of a model that return what they have made."""
    common = {"max_iter": 2, "random_state": 0, "warm_start": True}
    for solver in ("sgd", "adam", "nadam", "lbfgs"):
        base = BPRegressor((12, 5), solver=solver, **common).fit(X, Y)
        yield f"fit, {solver}", base, lambda m: m.fit(X, Y).coefs_[0].sum()
    base = BPClassifier(
        (20, 20), solver="adam", dropout=0.2, max_norm=2.0, **common
    ).fit(X, Y > 0)
    yield "partial_fit", base, lambda m: m.partial_fit(X, Y > 0).coefs_[0].sum()
    yield "predict", base, lambda m: m.predict_proba(X).sum()


def fault_at(k, library, base, call, expected):
    """What is wrong after allocation k has failed, or None."""
    model = copy.deepcopy(base)
    before, theta = dict(vars(model)), model.coefs_[0].copy()
    library.fail_at(k)
    try:
        found = call(model)
    except MemoryError:
        changed = vars(model).keys() != before.keys() or any(
            vars(model)[name] is not value for name, value in before.items()
        )
        if changed or not np.array_equal(model.coefs_[0], theta):
            return "the model has changed"
    except Exception as error:
        return repr(error)
    else:
        return None if found == expected else "another result"
    finally:
        library.fail_at(-1)
    return None


def allocations(every):
    library = ctypes.CDLL(os.environ["LD_PRELOAD"])
    n, faults = 0, []
    for what, base, call in ways():
        library.fail_at(10**9)
        expected = call(copy.deepcopy(base))
        for k in range(0, library.n_counted(), every):
            n += 1
            if fault := fault_at(k, library, base, call, expected):
                faults.append(f"{what}, allocation {k}: {fault}")
    return n, faults


def lines(every):
    """MemoryError at every line that reads or writes a file."""
    n, faults = 0, []
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "model")
        base = BPClassifier((3,), solver="adam", max_iter=2).fit(X, Y > 0)
        base.save_model(path)
        files = "archive.py", "model_file.py", "plain_state.py", "plain_progress.py"
        for what, start, call in (
            ("load", "skann._export.archive:read", lambda _: load_model(path)),
            ("save", "skann._export.archive:write", lambda _: base.save_model(path)),
        ):
            try:
                for _ in interrupted_at_every_line(
                    lambda: None, call, start, files, every, MemoryError
                ):
                    n += 1
                    load_model(path).predict(X)
                    if os.listdir(name) != ["model"]:
                        faults.append(f"{what}, line {n}: {os.listdir(name)}")
            except Exception as error:
                faults.append(f"{what}, line {n}: {error!r}")
    return n, faults


def in_a_process_of_its_own():
    with tempfile.TemporaryDirectory() as name:
        library = Path(name, "failing.so")
        compile_it = "cc", "-O1", "-shared", "-fPIC", HERE / "failing.c", "-o", library
        if (
            sys.platform != "linux"
            or subprocess.run(compile_it, check=False).returncode
        ):
            print("Skipped: the library can't be compiled here.")
            return 0
        environment = {**os.environ, "LD_PRELOAD": str(library)}
        call = [sys.executable, *sys.argv]
        code = subprocess.run(call, env=environment, check=False).returncode
        if code < 0:
            print(f"Failing allocations: the process has died of signal {-code}")
        return 1 if code else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    if "LD_PRELOAD" not in os.environ:
        sys.exit(in_a_process_of_its_own())
    warnings.simplefilter("ignore")
    n, faults = allocations(given.every)
    n_lines, more = lines(given.every)
    report("Failing allocations", n + n_lines, faults + more)

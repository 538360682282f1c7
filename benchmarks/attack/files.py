"""A disk that is full, and SIGKILL, while model files and checkpoints are written.

    PYTHONPATH=.:tests python benchmarks/attack/files.py --kills 200 --sizes 100

The file is the old one or the new one, whole; a full disk leaves nothing beside it. The
full disk is a small tmpfs where one can be mounted, else a limit on the size of files.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from attacked import X, Y, report

from skann import BPRegressor, load_model


def model(seed):
    settings = {"solver": "adam", "max_iter": 1, "random_state": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BPRegressor((200, 200), **settings).fit(X, Y)


def save_for_ever(path):
    pair = model(0), model(1)
    while True:
        for each in pair:
            each.save_model(path)


def kills(number, folder):
    """A process that saves two models by turns, killed at any moment."""
    path, faults = folder / "model", []
    known = [model(seed).predict(X) for seed in (0, 1)]
    context, draw = multiprocessing.get_context("fork"), np.random.default_rng(0)
    for i in range(number):
        process = context.Process(target=save_for_ever, args=(path,))
        process.start()
        time.sleep(0.05 + draw.uniform(0, 0.05))
        process.kill()
        process.join()
        if not path.exists():
            continue  # killed before the first
        try:
            found = load_model(path).predict(X)
        except Exception as error:
            faults.append(f"kill {i}: {error!r}")
            continue
        if not any(np.array_equal(found, each) for each in known):
            faults.append(f"kill {i}: a model of neither")
        beside = [file for file in folder.iterdir() if file != path]
        if len(beside) > i + 1:
            faults.append(f"kill {i}: {len(beside)} files")
    return number, faults


@contextlib.contextmanager
def full_disk(folder, n_bytes):
    """Room for so many bytes."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def sizes(number, folder):
    """Disks of every size, from none to room for two files."""
    path, faults, n_full = folder / "model", [], 0
    old, new = model(0), model(1)
    old.save_model(path)
    size = path.stat().st_size
    content = path.read_bytes()
    path.unlink()
    for i in range(number):
        with full_disk(folder, int(size * 2.2 * (i + 1) / number)):
            known = None
            with contextlib.suppress(OSError):
                path.write_bytes(content)
                known = content
            try:
                new.save_model(path)
            except OSError:
                n_full += 1
                if known and path.read_bytes() != known:
                    faults.append(f"size {i}: the old file has changed")
            else:
                load_model(path).predict(X)
            beside = [file.name for file in folder.iterdir() if file != path]
            if beside:
                faults.append(f"size {i}: {beside} stay")
            path.unlink(missing_ok=True)
    if not n_full:
        faults.append("no disk was full")
    return number, faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--sizes", type=int, default=100)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    n, faults = 0, []
    for work, number in ((sizes, given.sizes), (kills, given.kills)):
        with tempfile.TemporaryDirectory() as name:
            n_run, more = work(number, Path(name))
        n, faults = n + n_run, faults + more
    report("Full disks and kills", n, faults)

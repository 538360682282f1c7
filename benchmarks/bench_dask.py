"""A Dask cluster on this machine: accuracy and time on MNIST, memory, and failures.

    python benchmarks/bench_dask.py mnist --seeds 5
    python benchmarks/bench_dask.py rounds --seeds 3
    python benchmarks/bench_dask.py memory --rows 50_000_000
    python benchmarks/bench_dask.py kills --kills 20
    python benchmarks/bench_dask.py scheduler

Needs the extra "dask". Two workers with one thread each, against one machine with two
threads.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import dask.array as da
import numpy as np
import psutil
from dask.distributed import Client, LocalCluster

from skann import BPClassifier
from skann.dask import DaskBPClassifier
from skann.datasets import load_mnist


def cluster(**options):
    import dask

    # A worker that was killed is back after some seconds; on a busy machine it may take
    # longer than the 15 after which a LocalCluster gives it up.
    dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"})
    return LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", **options
    )


def partitions(n_parts=12, is_sorted=False):
    """The digits as collections, each partition loaded by a worker."""
    import dask

    load = dask.delayed(digits, nout=2)
    parts = [load(k, n_parts, is_sorted) for k in range(n_parts)]
    size = 60_000 // n_parts
    X = [da.from_delayed(X, (size, 784), dtype=np.float32) for X, _ in parts]
    y = [da.from_delayed(y, (size,), dtype=np.int64) for _, y in parts]
    return da.concatenate(X), da.concatenate(y)


def digits(k, n_parts, is_sorted):
    X, y = load_mnist(subset="train", return_X_y=True)
    order = np.argsort(y, kind="stable") if is_sorted else np.arange(len(y))
    rows = np.array_split(order, n_parts)[k]
    return X[rows], y[rows]


def mnist():
    X, y = load_mnist(subset="train", return_X_y=True)
    X_test, y_test = load_mnist(subset="test", return_X_y=True)
    return X, y, X_test, y_test


def summary(name, scores, seconds):
    print(
        f"{name:34} accuracy {np.mean(scores):.4f} ± {np.std(scores):.4f}"
        f"   {np.mean(seconds):6.2f} s",
        flush=True,
    )


def run_mnist(args):
    """12 partitions on 2 workers, shuffled and sorted by class, and one machine."""
    X, y, X_test, y_test = mnist()
    net = {"max_iter": args.epochs}
    with cluster() as local, Client(local):
        ways = {
            "one machine": None,
            "2 workers": persisted(partitions()),
            "2 workers, sorted by class": persisted(partitions(is_sorted=True)),
        }
        found = {name: ([], []) for name in ways}
        for seed in range(args.seeds):
            for name, data in ways.items():
                start = time.perf_counter()
                if data is None:
                    fitted = BPClassifier(**net, random_state=seed).fit(X, y)
                else:
                    fitted = DaskBPClassifier(**net, random_state=seed).fit(*data)
                    fitted = fitted.estimator_
                found[name][1].append(time.perf_counter() - start)
                found[name][0].append(fitted.score(X_test, y_test))
    for name, (scores, seconds) in found.items():
        summary(name, scores, seconds)


def persisted(collections):
    from dask.distributed import wait

    made = [one.persist() for one in collections]
    wait(made)
    return made


def run_rounds(args):
    """What length of rounds, first steps and the outer step do to the accuracy."""
    _, _, X_test, y_test = mnist()
    ways = [
        {},
        {"local_steps": 30},
        {"local_steps": 5},
        {"synchronous_steps": 20},
        {"outer_learning_rate": 0.7, "outer_momentum": 0.9},
        {"outer_momentum": 0.3},
        {"outer_learning_rate": 0.7},
    ]
    with cluster() as local, Client(local):
        for is_sorted in (False, True):
            data = persisted(partitions(is_sorted=is_sorted))
            for way in ways:
                scores, seconds = [], []
                for seed in range(args.seeds):
                    start = time.perf_counter()
                    net = DaskBPClassifier(
                        max_iter=args.epochs, random_state=seed, **way
                    )
                    net.fit(*data)
                    seconds.append(time.perf_counter() - start)
                    scores.append(net.estimator_.score(X_test, y_test))
                split = "sorted" if is_sorted else "any order"
                summary(f"{split}: {way or 'an epoch'}", scores, seconds)


def made(n_rows, seed):
    """A partition of a large problem, and nothing but it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 20)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(np.int8)


def made_partitions(n_rows, n_parts):
    import dask

    make = dask.delayed(made, nout=2)
    size = n_rows // n_parts
    parts = [make(size, seed) for seed in range(n_parts)]
    X = [da.from_delayed(X, (size, 20), dtype=np.float32) for X, _ in parts]
    y = [da.from_delayed(y, (size,), dtype=np.int8) for _, y in parts]
    return da.concatenate(X), da.concatenate(y)


def run_memory(args):
    """One pass over rows that are made in partitions, never whole."""
    n_parts = -(-args.rows // 500_000)
    X, y = made_partitions(args.rows, n_parts)
    peak = {}
    with cluster(memory_limit="1GB") as local, Client(local) as client:
        pids = list(client.run(os.getpid).values())
        over = threading.Event()

        def watch():
            while not over.wait(0.05):
                for pid in pids:
                    used = psutil.Process(pid).memory_info().rss / 1e6
                    peak[pid] = max(peak.get(pid, 0), used)

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        net = DaskBPClassifier(
            (32,), solver="adam", max_iter=1, persist=False, random_state=0
        )
        net.fit(X, y)
        seconds = time.perf_counter() - start
        over.set()
        watcher.join()
    test = made(100_000, n_parts)
    print(
        f"{args.rows} rows x 20 in {n_parts} partitions, one pass: {seconds:.0f} s, "
        f"accuracy {net.estimator_.score(*test):.3f}, peak of each worker "
        f"{', '.join(f'{one:.0f} MB' for one in peak.values())}"
    )


def run_kills(args):
    """Workers that die at random moments of a fit; the same result is expected."""
    data, test = made_partitions(24_000, 12), made(10_000, 12)
    rng, seconds, n_killed, number = random.Random(0), [], 0, 0
    with cluster() as local, Client(local) as client:
        net = DaskBPClassifier((32,), max_iter=args.epochs, random_state=0)
        net.fit(*data)
        coefs, score = net.coefs_, net.estimator_.score(*test)
        print(f"without: accuracy {score:.4f}", flush=True)
        usual = timed(net, data)
        while n_killed < args.kills:
            number += 1
            client.wait_for_workers(2)
            pids = [nanny.pid for nanny in local.workers.values() if nanny.pid]
            wait, pid = rng.uniform(0, usual), rng.choice(pids)
            killer = threading.Timer(wait, os.kill, (pid, signal.SIGKILL))
            killer.start()
            took = timed(net, data)
            usual = min(usual, took)  # for the next one to come before the end
            n_killed += killer.finished.is_set()
            killer.cancel()
            seconds.append(took)
            score = net.estimator_.score(*test)
            same = np.array_equal(net.coefs_[0], coefs[0])
            print(
                f"{number}: killed after {wait:.1f} s, accuracy {score:.4f}, "
                f"{took:.1f} s, "
                f"{'the same to the bit' if same else 'another result'}",
                flush=True,
            )
    print(f"{number} fits with {n_killed} kills, the longest {max(seconds):.1f} s")


def timed(net, data):
    start = time.perf_counter()
    net.fit(*data)
    return time.perf_counter() - start


_FIT = """
import sys
from dask.distributed import Client
from skann.callbacks import Checkpoint
from skann.dask import DaskBPClassifier
from bench_dask import mnist, partitions
if __name__ == "__main__":
    _, _, X_test, y_test = mnist()
    with Client(sys.argv[1]) as client:
        client.wait_for_workers(2)
        net = DaskBPClassifier(max_iter=10, random_state=0)
        net.set_callbacks(Checkpoint(sys.argv[2], resume=True))
        net.fit(*partitions())
    print(net.n_iter_, net.estimator_.score(X_test, y_test))
"""


def run_scheduler(args):
    """The scheduler dies in mid-fit; a new one's fit goes on from the checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fit.checkpoint")
        for is_killed in (True, False):
            with Servers() as servers:
                fit = subprocess.Popen(
                    [sys.executable, "-c", _FIT, servers.address, path],
                    env={**os.environ, "PYTHONPATH": search_path()},
                    stderr=subprocess.PIPE,
                    text=True,
                )
                if is_killed:
                    while not path.exists() and fit.poll() is None:
                        time.sleep(0.1)
                    servers.scheduler.kill()
                    start = time.perf_counter()
                _, errors = fit.communicate(timeout=600)
                if is_killed:
                    last = errors.strip().splitlines()[-1]
                    print(f"{time.perf_counter() - start:.1f} s: {last}", flush=True)
                elif fit.returncode:
                    print(errors)


class Servers:
    """A scheduler and two workers, processes of their own."""

    def __enter__(self):
        program = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        port = random.randrange(20_000, 60_000)
        self.address = f"tcp://127.0.0.1:{port}"
        env = {**os.environ, "PYTHONPATH": search_path()}
        quiet = {"stderr": subprocess.DEVNULL, "env": env}
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        self.scheduler = subprocess.Popen([*program, *options], **quiet)
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", self.address]
        worker += ["--nthreads", "1", "--no-dashboard", "--death-timeout", "60"]
        self.workers = [subprocess.Popen(worker, **quiet) for _ in range(2)]
        return self

    def __exit__(self, *error):
        for process in (*self.workers, self.scheduler):
            process.terminate()
            process.wait()


def search_path():
    here = Path(__file__).parent
    return os.pathsep.join(map(str, (here, here.parent)))


WAYS = {
    "mnist": run_mnist,
    "rounds": run_rounds,
    "memory": run_memory,
    "kills": run_kills,
    "scheduler": run_scheduler,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--kills", type=int, default=20)
    args = parser.parse_args()
    WAYS[args.way](args)

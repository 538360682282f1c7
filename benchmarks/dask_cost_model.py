"""What more workers are worth: a model of an epoch, and a simulation of it.

    python benchmarks/dask_cost_model.py             # predicted and simulated speed-ups
    python benchmarks/dask_cost_model.py --measure   # the constants, on this machine

With w workers, an epoch of n rows in batches of b and rounds of an epoch takes

    T(w) = n / (b w) · step  +  R · (trip + w · task + 2 w bytes / bandwidth)

where R is the number of rounds in the epoch, ``step`` the seconds of a step, ``trip``
those of a message to a worker and back, ``task`` those of the scheduler for each task,
and ``bytes`` the parameters with the optimiser's state, P (1 + s) numbers, which every
worker is sent and sends back through the client's one link. The simulation has a thread
for each worker, which sleeps for its steps, and a lock for the link and the scheduler.
"""

import argparse
import threading
import time
from dataclasses import dataclass

# Seconds, on one core of a laptop of 2020 with AVX-512; see --measure.
TRIP, TASK = 0.010, 0.001
WORKERS = (1, 2, 4, 8, 16, 32, 64)
GBIT = 1e9 / 8


@dataclass(frozen=True)
class Case:
    name: str
    n_rows: int
    n_parameters: int
    step: float
    batch_size: int = 200
    n_states: int = 2  # Adam's
    n_rounds: int = 1

    @property
    def n_bytes(self):
        return 4 * self.n_parameters * (1 + self.n_states)


CASES = (
    Case("MNIST, 784-100-10", 60_000, 79_510, 0.0005),
    Case("50 million rows, 20-32-1", 50_000_000, 705, 0.0001),
    Case("1 million rows, 1000-1000-1000-10", 1_000_000, 2_012_010, 0.03),
    Case("the same, 100 rounds", 1_000_000, 2_012_010, 0.03, n_rounds=100),
)


def predicted(case, n_workers, bandwidth):
    """Seconds of an epoch."""
    steps = case.n_rows / (case.batch_size * n_workers) * case.step
    if n_workers == 1:
        return steps
    message = TRIP + n_workers * (TASK + 2 * case.n_bytes / bandwidth)
    return steps + case.n_rounds * message


def simulated(case, n_workers, bandwidth, scale):
    """The same from threads with injected delays, ``scale`` times as fast."""
    if n_workers == 1:
        return predicted(case, 1, bandwidth)
    link = threading.Lock()
    compute = case.n_rows / (case.batch_size * n_workers) * case.step / case.n_rounds
    transfer = case.n_bytes / bandwidth

    def worker():
        with link:
            time.sleep((TASK / 2 + transfer) * scale)
        time.sleep((TRIP + compute) * scale)
        with link:
            time.sleep((TASK / 2 + transfer) * scale)

    start = time.perf_counter()
    threads = [threading.Thread(target=worker) for _ in range(n_workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - start) / scale * case.n_rounds


def table(seconds):
    print("speed-up, predicted / simulated")
    for case in CASES:
        print(f"\n{case.name}: {case.n_bytes / 1e6:.3g} MB a message")
        for gbit in (1, 10):
            row = [f"{gbit:>3} Gbit/s"]
            one = predicted(case, 1, gbit * GBIT)
            for n_workers in WORKERS[1:]:
                found = predicted(case, n_workers, gbit * GBIT)
                scale = seconds * case.n_rounds / found
                by_threads = simulated(case, n_workers, gbit * GBIT, scale)
                row.append(f"{n_workers}: {one / found:.1f} / {one / by_threads:.1f}")
            print("  ".join(row), flush=True)
            most = max(
                range(1, 2049), key=lambda w: one / predicted(case, w, gbit * GBIT)
            )
            best = one / predicted(case, most, gbit * GBIT)
            print(f"    the most: {best:.1f} with {most} workers")


def measure():
    """Processor seconds of a step, and seconds of messages of a local cluster."""
    import dask
    import numpy as np
    from dask.distributed import Client, LocalCluster

    from skann import BPClassifier
    from skann.datasets import load_mnist

    X, y = load_mnist(subset="train", return_X_y=True)
    net = BPClassifier(solver="adam", max_iter=5, random_state=0)
    start = time.process_time()
    net.fit(X, y)
    steps = len(net.batch_loss_curve_)
    print(f"MNIST, a step: {(time.process_time() - start) / steps:.6f} s")
    with LocalCluster(n_workers=2, threads_per_worker=1) as local, Client(local) as c:
        load = np.zeros(100)
        c.gather([c.submit(np.sum, load, pure=False) for _ in range(10)])
        start = time.perf_counter()
        for _ in range(100):
            c.submit(np.sum, load, pure=False).result()
        print(f"a message and back: {(time.perf_counter() - start) / 100:.4f} s")
        start = time.perf_counter()
        c.gather(
            c.compute(
                [dask.delayed(np.sum)(load, dask_key_name=f"k{k}") for k in range(500)]
            )
        )
        print(f"a task: {(time.perf_counter() - start) / 500:.5f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="of a simulated round"
    )
    args = parser.parse_args()
    measure() if args.measure else table(args.seconds)

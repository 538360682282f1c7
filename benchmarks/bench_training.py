"""Seconds an epoch against scikit-learn, PyTorch, JAX and the bare matrix products.

Run ``python benchmarks/bench_training.py``; ``--help`` tells the rest. All contenders
take turns in one process, A B C A B C ..., and what counts is the median over the
rounds of the ratio within a round: a machine that speeds up or slows down does so for
all of them. ``--one-core`` pins the process to one core first, as each worker of a
parallel search has one.
"""

import argparse
import os
import statistics
import sys

from contenders import cases, median_ratios, take_turns
from machine import describe

PEERS = ("scikit-learn", "PyTorch", "JAX")


def pin_to_one_core():
    """Start again on one core: libraries count processors when they are imported."""
    if len(os.sched_getaffinity(0)) == 1:
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.execv(sys.executable, [sys.executable, *sys.argv])


def measure(case, rounds):
    """Median seconds an epoch of every contender, and median ratios to skann."""
    seconds = take_turns(case, rounds)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return medians, median_ratios(seconds, "skann")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", help="names of cases; default all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--one-core", action="store_true", help="pin to one core")
    options = parser.parse_args()
    if options.one_core:
        pin_to_one_core()
    print(describe())
    print()
    heads = ["case", "skann, s an epoch", *(f"× {name}" for name in PEERS)]
    print("| " + " | ".join([*heads, "÷ bare products"]) + " |")
    print("|---" * (len(heads) + 1) + "|")
    for case in cases(options.cases):
        seconds, ratios = measure(case, options.rounds)
        cells = [case.name, f"{seconds['skann']:.3g}"]
        cells += [f"{ratios[name]:.2f}" if name in ratios else "" for name in PEERS]
        cells.append(f"{1 / ratios['products']:.2f}" if "products" in ratios else "")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

"""Seconds an epoch against scikit-learn, PyTorch and the bare matrix products.

Run ``python benchmarks/bench_training.py``; ``--help`` tells the rest. All contenders
take turns in one process, A B C A B C ..., and what counts is the median over the
rounds of the ratio within a round: a machine that speeds up or slows down does so for
all of them.
"""

import argparse
import statistics

from contenders import cases, median_ratios, take_turns
from machine import describe


def measure(case, rounds):
    """Median seconds an epoch of every contender, and median ratios to skann."""
    seconds = take_turns(case, rounds)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return medians, median_ratios(seconds, "skann")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", help="names of cases; default all")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(describe())
    print()
    print("| case | skann, s an epoch | × scikit-learn | × PyTorch | ÷ bare products |")
    print("|---|---|---|---|---|")
    for case in cases(options.cases):
        seconds, ratios = measure(case, options.rounds)
        cells = [case.name, f"{seconds['skann']:.3g}"]
        cells += [
            f"{ratios[name]:.2f}" if name in ratios else ""
            for name in ("scikit-learn", "PyTorch")
        ]
        cells.append(f"{1 / ratios['products']:.2f}" if "products" in ratios else "")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

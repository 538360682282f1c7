"""An epoch of this checkout against other checkouts of skann, and its reference engine.

Run ``python benchmarks/compare_versions.py ../before``, where ``../before`` is another
checkout with its engine built in place (``python setup.py build_ext --inplace``), to
see what a change did to the speed. Every checkout trains in a process of its own; they
take turns, A B C A B C ..., with a rest in between, and what counts is the median over
the rounds of the ratio within a round.

The cases are those of ``bench_training.py``.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from contenders import REST, cases, median_ratios, scikit_learn, skann
from machine import describe

HERE = Path(__file__).resolve().parent


def serve():
    """Answer lines "kind case epochs" with the seconds an epoch took, to the end."""
    prepared = {}
    for line in sys.stdin:
        kind, name, epochs = line.split()
        if (kind, name) not in prepared:
            (case,) = cases([name])
            prepared[kind, name] = {"skann": skann, "scikit-learn": scikit_learn}[kind](
                case
            )
        start = time.perf_counter()
        prepared[kind, name](int(epochs))
        print((time.perf_counter() - start) / int(epochs), flush=True)


class Checkout:
    """A process that trains with the skann of one checkout."""

    def __init__(self, root, kind="skann", compiled=True):
        environment = os.environ | {
            "PYTHONPATH": str(root),
            "SKANN_COMPILED": "1" if compiled else "0",
        }
        self.kind = kind
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, name, epochs):
        """Seconds an epoch."""
        self.process.stdin.write(f"{self.kind} {name} {epochs}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def compare(contenders, case, rounds):
    """Seconds an epoch of the first contender; ratios of all to it, by name."""
    seconds = {name: [] for name in contenders}
    for contender in contenders.values():
        contender.run(case.name, 1)
    for _ in range(rounds):
        for name, contender in contenders.items():
            time.sleep(REST)
            seconds[name].append(contender.run(case.name, case.epochs))
    first = next(iter(seconds))
    return statistics.median(seconds[first]), median_ratios(seconds, first)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="*", help="other checkouts, engine in place")
    parser.add_argument("--cases", nargs="*", help="names of cases; default all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    contenders = {"here": Checkout(HERE.parent)}
    for root in options.checkouts:
        contenders[f"× {Path(root).name}"] = Checkout(Path(root).resolve())
    contenders["× reference engine"] = Checkout(HERE.parent, compiled=False)
    contenders["× scikit-learn"] = Checkout(HERE.parent, kind="scikit-learn")
    print(describe())
    print()
    print("| case | s an epoch | " + " | ".join(list(contenders)[1:]) + " |")
    print("|---" * (len(contenders) + 1) + "|")
    for case in cases(options.cases):
        seconds, ratios = compare(contenders, case, options.rounds)
        others = list(ratios.values())[1:]
        cells = [case.name, f"{seconds:.3g}", *(f"{ratio:.2f}" for ratio in others)]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

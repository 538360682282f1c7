"""Exclusive or, parity and spirals: from how many of 20 seeds they are learnt.

Learnt is every row classified right. The smallest networks that can do it learn from
most starts and not from all; twice as many units, or the best of several starts, learn
from all. Seconds are processor seconds of a fit: set ``OMP_NUM_THREADS=1``.
"""

import argparse
import itertools
import time
import warnings

import numpy as np
from machine import describe
from sklearn.exceptions import ConvergenceWarning

from skann import BPClassifier
from skann.datasets import make_spirals, make_xor


def parity(n_bits):
    """All rows of so many bits, and whether their number of ones is odd."""
    bits = np.array(list(itertools.product([0, 1], repeat=n_bits)))
    return 2.0 * bits - 1, bits.sum(axis=1) % 2


# Name: data, units of the smallest network.
PROBLEMS = {
    "exclusive or": (make_xor(), (2,)),
    "parity of 3 bits": (parity(3), (3,)),
    "parity of 4 bits": (parity(4), (4,)),
    "parity of 5 bits": (parity(5), (5,)),
    "parity of 6 bits": (parity(6), (6,)),
    "two spirals": (make_spirals(random_state=0), (30,)),
}
COMMON = {"activation": "tanh", "target_loss": 0.01, "max_iter": 1000}
SETTINGS = {
    '"lbfgs"': {"solver": "lbfgs"},
    '"lm"': {"solver": "lm"},
    '"lm", n_init=20': {"solver": "lm", "n_init": 20},
}


def learnt(X, y, seeds, **parameters):
    """From how many seeds, and the mean of the processor seconds."""
    start = time.process_time()
    right = sum(
        BPClassifier(random_state=seed, **COMMON, **parameters).fit(X, y).score(X, y)
        == 1
        for seed in seeds
    )
    return right, (time.process_time() - start) / len(seeds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    seeds = range(parser.parse_args().seeds)
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(describe())
    print(f"| problem | rows | units | {' | '.join(SETTINGS)} |")
    print("|---" * (len(SETTINGS) + 3) + "|")
    for name, ((X, y), smallest) in PROBLEMS.items():
        shapes = [smallest]
        if len(X) < 100:
            shapes.append((2 * smallest[0],))
        for shape in shapes:
            cells = []
            for settings in SETTINGS.values():
                if len(X) >= 100 and settings.get("n_init", 1) > 1:
                    cells.append("")
                    continue
                n_right, seconds = learnt(
                    X, y, seeds, hidden_layer_sizes=shape, **settings
                )
                cells.append(f"{n_right} of {len(seeds)} in {seconds:.3f} s")
            units = ", ".join(map(str, shape))
            print(f"| {name} | {len(X)} | {units} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

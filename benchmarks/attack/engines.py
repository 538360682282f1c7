"""Random cases of training and prediction: the compiled engine, and the equations.

    PYTHONPATH=.:tests:tests/engine python benchmarks/attack/engines.py --cases 2400

A case is named by its number; ``tests/engine/fuzz.py --first`` runs it alone.
"""

import argparse

import fuzz
import numpy as np
from attacked import report

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    np.seterr(over="ignore", invalid="ignore")  # of what does not settle
    faults = []
    for number in range(given.cases):
        rng = np.random.default_rng([given.seed, number])
        ratio = fuzz.mismatch(fuzz.draw(rng), rng)
        if not ratio <= 1:
            faults.append(f"case {number}: {ratio:.3g} times what is allowed")
    report("Cases of the engines", given.cases, faults)

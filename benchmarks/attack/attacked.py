"""What the attacks share: models and data, and the words at the end."""

import sys
import time

import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 3))
Y = np.arange(24) % 3
_BEGAN = time.perf_counter()


def report(what, n, faults):
    """Print how many were run and what was found; end with 1 if anything was."""
    seconds = time.perf_counter() - _BEGAN
    print(f"{what}: {n} run in {seconds:.0f} s, {len(faults)} faults")
    for fault in faults[:20]:
        print("   ", fault)
    sys.exit(1 if faults else 0)

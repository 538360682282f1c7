"""
Can it learn from a stream that changes?
========================================

Rows come a piece at a time, are predicted first and learnt then, and are never seen
again. Halfway the world turns: a network that goes on learning follows, one that has
stopped does not.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Learning from a stream.")
parser.add_argument("--picture", type=Path, default="stream.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_stream"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The stream
# ----------
# Class 1 lies on one side of a curve. After half of the pieces its two columns change
# their parts.

N_PIECES, N_ROWS = 120, 100
rng = np.random.default_rng(0)


def piece(number):
    X = rng.normal(size=(N_ROWS, 2))
    a, b = X.T if number < N_PIECES / 2 else X[:, ::-1].T
    return X, (a > np.sin(2 * b)).astype(int)


# %%
# Predict, then learn
# -------------------
# Every row tests the network before it trains it, so that no rows need be held back.

goes_on, stops = (
    BPClassifier((30,), learning_rate_init=0.01, batch_size=20, random_state=0)
    for _ in range(2)
)
scores = {"goes on learning": [], "stops after 40 pieces": []}
for number in range(N_PIECES):
    X, y = piece(number)
    for found, net in zip(scores.values(), (goes_on, stops), strict=True):
        if number:
            found.append(net.score(X, y))
        if net is goes_on or number < 40:
            net.partial_fit(X, y, classes=[0, 1])
half = N_PIECES // 2
for name, found in scores.items():
    print(f"{name:22}: before {np.mean(found[30 : half - 1]):.3f},", end=" ")
    print(f"just after {np.mean(found[half - 1 : half + 2]):.3f},", end=" ")
    print(f"in the end {np.mean(found[-20:]):.3f}")
print(f"Rows trained on, each once: {goes_on.t_}")

# %%
# What to see
# -----------
# Both know the first half equally well. When the columns change places accuracy
# falls at once; the one that goes on learning is back after some ten pieces.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for (name, found), style in zip(scores.items(), ("-", "--"), strict=True):
        smooth = np.convolve(found, np.ones(5) / 5, mode="valid")
        ax.plot(np.arange(3, 3 + len(smooth)), smooth, style, label=name)
    ax.axvline(half, color="k", lw=0.8, ls=":")
    ax.text(half + 9, 0.55, "the columns change places")
    ax.set(xlabel="piece of 100 rows", ylabel="accuracy, mean of five", ylim=(0.4, 1))
    ax.legend(loc="lower left")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

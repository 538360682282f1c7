"""
When does the perceptron's rule come to an end?
===============================================

Rosenblatt's neuron of 1957 learns from its mistakes alone. Where a straight line
separates the classes it makes a number of mistakes that is bounded beforehand; on
exclusive or it never stops.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np

from skann.datasets import make_xor

parser = argparse.ArgumentParser(description="The perceptron's rule and its end.")
parser.add_argument("--picture", type=Path, default="perceptron_mistakes.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_perceptron_mistakes"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The rule
# --------
# Labels are ±1, and a column of ones stands for the bias. A row that is on the wrong
# side is added to the weights (times its label); all others change nothing.


def perceptron(X, y, max_epochs):
    """Weights, and the number of mistakes in each pass over the rows."""
    w, mistakes = np.zeros(X.shape[1]), []
    for _ in range(max_epochs):
        wrong = 0
        for x, label in zip(X, y, strict=True):
            if label * (w @ x) <= 0:
                w += label * x
                wrong += 1
        mistakes.append(wrong)
        if wrong == 0:
            break
    return w, mistakes


def with_ones(X):
    return np.column_stack([X, np.ones(len(X))])


# %%
# Where a line separates
# ----------------------
# Points in a square with a gap of a given width along a line. Novikoff's theorem
# (1962): with a margin γ and no row longer than R the rule makes at most (R / γ)²
# mistakes, in whatever order the rows come.


def points_with_gap(gap, rng, n_points=200):
    direction = np.array([0.6, 0.8])
    X = rng.uniform(-1, 1, size=(20 * n_points, 2))
    X = X[abs(X @ direction) > gap / 2][:n_points]
    return X, np.sign(X @ direction)


rng = np.random.default_rng(0)
gaps, made, allowed = [0.4, 0.2, 0.1, 0.05, 0.025], [], []
print("  gap  mistakes  at most  passes")
for gap in gaps:
    X, y = points_with_gap(gap, rng)
    rows = with_ones(X)
    w, mistakes = perceptron(rows, y, max_epochs=1000)
    bound = (rows**2).sum(axis=1).max() / (abs(X @ [0.6, 0.8]).min()) ** 2
    made.append(sum(mistakes))
    allowed.append(bound)
    print(f"{gap:5.3f}{made[-1]:10d}{bound:9.0f}{len(mistakes):8d}")

# %%
# Where none does
# ---------------
# The four points of exclusive or: each pass makes mistakes, and the weights come back
# to where they were.

X_xor, y_xor = make_xor(shuffle=False)
w, xor_mistakes = perceptron(with_ones(X_xor), 2 * y_xor - 1, max_epochs=50)
print(f"\nExclusive or: {xor_mistakes[-1]} mistakes in the {len(xor_mistakes)}th pass")

# %%
# What to see
# -----------
# Half the gap may cost four times the mistakes; the rule stays far below that bound.
# On exclusive or it goes on for ever.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.loglog(gaps, allowed, "k--", label="Novikoff's bound")
    left.loglog(gaps, made, "o-", label="made")
    left.set_xticks(gaps, [f"{gap:g}" for gap in gaps], minor=False)
    left.set_xticks([], minor=True)
    left.set(xlabel="width of the gap", ylabel="mistakes", title="a line separates")
    left.legend()
    right.plot(range(1, len(xor_mistakes) + 1), xor_mistakes, ".-", color="C3")
    right.set(xlabel="pass", ylabel="mistakes", ylim=(0, 4.2), title="exclusive or")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

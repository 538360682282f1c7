"""
Why does exclusive or need a hidden layer?
==========================================

Four points, two classes: 1 where both inputs have the same sign, 0 where they differ.
No single neuron gets all four right. Two hidden neurons are enough, and
back-propagation finds their weights.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np

from skann import BPClassifier
from skann.datasets import make_xor

parser = argparse.ArgumentParser(description="Exclusive or, by hand and by training.")
parser.add_argument("--picture", type=Path, default="xor.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_xor"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = make_xor(shuffle=False)
for point, label in zip(X.astype(int), y, strict=True):
    print(f"{point[0]:>3}{point[1]:>3}  class {label}")

# %%
# Without a hidden layer
# ----------------------
# A single neuron says 1 on one side of a straight line, and a side is convex: with any
# two points it holds everything between them. The two points of class 1 have the origin
# in the middle, the two of class 0 have it too, and it can't be on both sides.
#
# So at best three of four are right. Training does not even get there: cross-entropy is
# lowest where the weights are zero and every point has the probability ½.

rng = np.random.default_rng(0)
w1, w2, b = rng.normal(size=(3, 10_000, 1))
right = ((w1 * X[:, 0] + w2 * X[:, 1] + b > 0) == y).sum(axis=1)
print(f"\nBest of 10,000 lines drawn by chance: {right.max()} of 4 right")

single = BPClassifier((), solver="lbfgs", random_state=0).fit(X, y)
n_right = int((single.predict(X) == y).sum())
print(f"A trained network without a hidden layer: {n_right} of 4 right")
print("Its probabilities of class 1:", single.predict_proba(X)[:, 1].round(3))

# %%
# Weights set by hand
# -------------------
# The lecture solves the problem with three neurons that step from 0 to 1 where their
# input G is above zero. One hidden neuron looks for "both are 1", the other for "at
# least one is 1", and the output is 1 unless exactly the second has fired. `initialize`
# makes a network of given weights, which predicts without any training; its
# `decision_function` is the G of the output, which the lecture works out for two rows.

coefs, intercepts = [[[1, 1], [1, 1]], [[2], [-2]]], [[-1, 1], [1]]
by_hand = BPClassifier((2,), "step", loss="perceptron")
by_hand.initialize(X, y, coef_init=coefs, intercept_init=intercepts)
n_right = int((by_hand.predict(X) == y).sum())
print(f"\nThe lecture's steps: {n_right} of 4 right")
for row in ([1, 1], [1, -1]):
    print(f"G of {row}: {by_hand.decision_function([row])[0]:.0f}")

# %%
# A sigmoid of 20 G is nearly a step, so the same numbers times 20 work in a network of
# sigmoids. Training that starts from them finds next to nothing left to improve.

steep = BPClassifier(
    (2,), "logistic", solver="sgd", learning_rate_init=0.1, max_iter=1, random_state=0
).fit(
    X,
    y,
    coef_init=[20 * np.array([[1, 1], [1, 1]]), 20 * np.array([[2], [-2]])],
    intercept_init=[20 * np.array([-1, 1]), 20 * np.array([1])],
)
n_right = int((steep.predict(X) == y).sum())
print(f"The same weights in steep sigmoids: {n_right} of 4 right")
print(f"Loss with them, before any training: {steep.loss_:.1e}")

# %%
# Back-propagation finds its own
# ------------------------------
# From random weights, with the lecture's recipe (sigmoids, plain gradient descent at a
# learning rate of 2, weights between -0.5 and 0.5). Two hidden neurons are enough but
# may get stuck, depending on where they start; with some to spare, others take over.

N_SEEDS = 20


def trained(n_hidden, seed):
    return BPClassifier(
        (n_hidden,),
        "logistic",
        solver="sgd",
        momentum=0,
        learning_rate_init=2,
        weight_init="uniform",
        max_iter=1000,
        n_iter_no_change=1000,  # the loss hardly moves at first: that is no reason
        random_state=seed,
    ).fit(X, y)


print()
for n_hidden in (2, 8):
    solved = sum(trained(n_hidden, seed).score(X, y) == 1 for seed in range(N_SEEDS))
    print(f"{n_hidden} hidden neurons: all four right from {solved} of {N_SEEDS} seeds")

# %%
# What to see
# -----------
# The single neuron has no boundary to show: it says ½ everywhere. The weights set by
# hand cut out a band between two parallel lines. Back-propagation finds a band as well,
# with soft edges, and from this seed along the other diagonal.

panels = {
    "no hidden layer": lambda grid: single.predict_proba(grid)[:, 1],
    "by hand, steps": by_hand.predict,
    "by hand, steep sigmoids": lambda grid: steep.predict_proba(grid)[:, 1],
    "trained, 8 hidden neurons": lambda grid: trained(8, 0).predict_proba(grid)[:, 1],
}
try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    side = np.linspace(-2, 2, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(
        1, 4, figsize=(13, 4), sharey=True, layout="constrained"
    )
    for ax, (title, probability) in zip(axes, panels.items(), strict=True):
        image = ax.imshow(
            probability(grid).reshape(201, 201),
            extent=(-2, 2, -2, 2),
            origin="lower",
            cmap="RdBu",
            alpha=0.7,
            vmin=0,
            vmax=1,
        )
        for label, marker in ((0, "o"), (1, "s")):
            ax.scatter(
                *X[y == label].T,
                s=70,
                c="white",
                edgecolors="black",
                marker=marker,
                label=f"class {label}",
            )
        ax.set_title(title)
        ax.set_xlabel("$x_1$")
    axes[0].set_ylabel("$x_2$")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    figure.colorbar(image, ax=axes, label="probability of class 1", shrink=0.75)
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

"""
What are activations for, and what does full connection lack?
=============================================================

The lecture ends with questions. Two of them answered by experiment: a network without
activations is a straight line however deep it is, and a fully connected network neither
knows nor cares which pixels are neighbours.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from skann import BPClassifier
from skann.datasets import load_mnist, make_spirals

parser = argparse.ArgumentParser(description="The lecture's closing questions.")
parser.add_argument("--picture", type=Path, default="what_is_missing.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_what_is_missing"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# Without an activation
# ---------------------
# Two spirals. The product of matrices is a matrix: two hidden layers of identities can
# say no more than none.

X, y = make_spirals(400, n_classes=2, n_turns=0.75, noise=0.02, random_state=0)
spirals = {}
for activation in ("identity", "tanh"):
    net = BPClassifier((50, 50), activation, solver="lbfgs", random_state=0).fit(X, y)
    spirals[activation] = net
    print(f"{activation:8}: {net.score(X, y):.2f} of the spirals right")
linear = LogisticRegression(C=np.inf).fit(X, y).score(X, y)
print(f"a straight line: {linear:.2f}")

# %%
# Full connection
# ---------------
# MNIST as it is, and with its pixels in an order drawn by chance, the same for every
# image. No human could read the second; to the network they are the same problem.

X_train, y_train = load_mnist(subset="train", return_X_y=True)
X_test, y_test = load_mnist(subset="test", return_X_y=True)
order = np.random.default_rng(0).permutation(784)


def trained(X):
    net = BPClassifier(
        (100,), solver="adam", learning_rate_init=0.002, max_iter=3, random_state=0
    )
    return net.fit(X, y_train)


net = trained(X_train)
as_it_is = net.score(X_test, y_test)
mixed = trained(X_train[:, order]).score(X_test[:, order], y_test)
print(f"\nMNIST: {as_it_is:.3f}, with its pixels mixed: {mixed:.3f}")

# %%
# The price: what it has learnt at one place it does not know a few pixels further on.

SHIFTS = range(6)
images = X_test.reshape(-1, 28, 28)
shifted = [
    net.score(np.roll(images, shift, axis=2).reshape(-1, 784), y_test)
    for shift in SHIFTS
]
for shift, accuracy in zip(SHIFTS, shifted, strict=True):
    print(f"shifted by {shift} pixels: {accuracy:.2f}")

# %%
# What to see
# -----------
# A straight edge without activations, and a curve with them. On the right, a shift of
# four pixels is enough to spoil what was learnt: weights that are shared between
# places, as in a convolution, are what full connection lacks.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    side = np.linspace(-1.1, 1.1, 151)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    for ax, (activation, model) in zip(axes, spirals.items(), strict=False):
        probability = model.predict_proba(grid)[:, 1].reshape(151, 151)
        image = {
            "extent": (-1.1, 1.1, -1.1, 1.1),
            "origin": "lower",
            "vmin": 0,
            "vmax": 1,
        }
        ax.imshow(probability, cmap="RdBu", **image)
        for label, colour in ((0, "darkred"), (1, "navy")):
            ax.scatter(*X[y == label].T, s=4, c=colour)
        ax.set_title(activation)
    axes[2].plot(SHIFTS, shifted, "o-")
    axes[2].axhline(mixed, color="C1", ls="--", label="pixels mixed, no shift")
    axes[2].set(xlabel="shift of the image in pixels", ylabel="accuracy", ylim=(0, 1))
    axes[2].legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

"""
How does the boundary move while it trains?
===========================================

A callback keeps what the network answers over the plane, epoch by epoch, while it
learns exclusive or.
"""

# %%

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skann import BPClassifier
from skann.datasets import make_xor

parser = argparse.ArgumentParser(description="Exclusive or while it trains.")
parser.add_argument("--picture", type=Path, default="xor_training.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_xor_training"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = make_xor(200, noise=0.15, random_state=0)
grid = np.linspace(-2, 2, 60)
plane = np.array([[a, b] for b in grid for a in grid])

# %%
# A callback of our own
# ---------------------
# scikit-learn calls it at the end of each epoch with an estimator that predicts as the
# network does then. (Callbacks came with scikit-learn 1.9; without them the same
# pictures are made by a warm start.)

EPOCHS = (1, 10, 20, 30, 60, 150)


class Frames:
    """Keeps probabilities over the plane at some epochs."""

    def __init__(self):
        self.kept = {}

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        epoch = context.task_id + 1
        if context.task_name == "epoch" and epoch in EPOCHS:
            p = fitted_estimator.predict_proba(plane)[:, 1]
            self.kept[epoch] = p, fitted_estimator.score(X, y)

    def teardown(self, estimator, context):
        pass


net = BPClassifier(
    (4,),
    "tanh",
    solver="sgd",
    learning_rate="constant",
    learning_rate_init=0.002,
    batch_size=20,
    max_iter=150,
    tol=0,
    random_state=3,
)
frames = Frames()
try:
    net.set_callbacks(frames).fit(X, y)
except ImportError:
    net.set_params(warm_start=True)
    with warnings.catch_warnings():
        # Of the first ones, which are no better than guessing yet.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for first, last in zip((0, *EPOCHS), EPOCHS, strict=False):
            net.set_params(max_iter=last - first).fit(X, y)
            frames.kept[last] = net.predict_proba(plane)[:, 1], net.score(X, y)
for epoch, (_, accuracy) in frames.kept.items():
    print(f"epoch {epoch:3d}: accuracy {accuracy:.3f}")

# %%
# What to see
# -----------
# For a while one line divides the plane, which gets three quarters right at best;
# then a second unit turns its line, and the answer folds.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(2, 3, figsize=(8.5, 5.6), layout="constrained")
    for ax, (epoch, (p, accuracy)) in zip(axes.flat, frames.kept.items(), strict=True):
        levels = np.linspace(0, 1, 11)
        image = ax.contourf(grid, grid, p.reshape(60, 60), levels, cmap="PuOr")
        ax.plot(*X[y == 0].T, "o", ms=3, mfc="tab:orange", mec="k", mew=0.3)
        ax.plot(*X[y == 1].T, "^", ms=3, mfc="indigo", mec="w", mew=0.3)
        ax.set(title=f"epoch {epoch}: {accuracy:.0%} right", aspect=1)
        ax.set(xticks=[], yticks=[])
    figure.colorbar(image, ax=axes, label="probability of class 1")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

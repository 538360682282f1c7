"""
How is overfitting held back?
=============================

A hundred noisy rows and a network of 200 units, which can learn the noise by heart. A
penalty on the weights, dropout, and stopping in time each hold it back.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np

from skann import BPClassifier
from skann.datasets import make_xor

parser = argparse.ArgumentParser(description="Penalty, dropout and early stopping.")
parser.add_argument("--picture", type=Path, default="regularization.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_regularization"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = make_xor(100, noise=0.8, random_state=1)
X_test, y_test = make_xor(4000, noise=0.8, random_state=2)

# %%
# The same network four times
# ---------------------------
# Adam at a constant rate, so that nothing else regularises. The test rows are only
# watched: ``X_val`` without ``early_stopping`` changes nothing.

ALL = {
    "hidden_layer_sizes": (200,),
    "solver": "adam",
    "learning_rate_init": 0.01,
    "batch_size": 20,
    "max_iter": 300,
    "tol": 0,
    "n_iter_no_change": 300,
    "random_state": 0,
}
WAYS = {
    "nothing": {"alpha": 0},
    "alpha=0.05": {"alpha": 0.05},
    "dropout=0.5": {"alpha": 0, "dropout": 0.5},
}
watched = {"X_val": X_test, "y_val": y_test}
nets = {
    name: BPClassifier(**ALL | own).fit(X, y, **watched) for name, own in WAYS.items()
}
# To stop in time it needs rows of its own, which it then can't train on.
own = {"alpha": 0, "early_stopping": True, "validation_fraction": 0.25}
stopping = BPClassifier(**ALL | own | {"n_iter_no_change": 20}).fit(X, y)
for name, net in (nets | {"early_stopping=True": stopping}).items():
    print(f"{name:19}: accuracy {net.score(X, y):.2f} of its rows,", end=" ")
    print(f"{net.score(X_test, y_test):.3f} of new ones")
losses = {name: np.array(net.validation_loss_curve_) for name, net in nets.items()}
print(f"Stopped after {stopping.n_iter_} epochs; best: {stopping.best_iter_}")

# %%
# What to see
# -----------
# Without a penalty the loss on new rows falls, turns and rises for ever, while the
# training loss goes to zero. With one it comes to rest near its lowest value.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(
        1, 2, figsize=(9, 3.6), layout="constrained", sharey=True
    )
    for name, net in nets.items():
        axes[0].semilogy(net.loss_curve_, label=name)
        axes[1].semilogy(losses[name], label=name)
    axes[1].axvline(stopping.best_iter_, color="k", ls=":", label="stopped early")
    axes[0].set(
        xlabel="epoch", ylabel="loss", title="100 training rows", ylim=(0.01, 5)
    )
    axes[1].set(xlabel="epoch", title="new rows")
    axes[1].legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

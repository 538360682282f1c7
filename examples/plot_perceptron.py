"""
What can a perceptron learn?
============================

Rosenblatt's perceptron of 1957 is one neuron and one rule: a row that it gets wrong is
added to its weights, or taken from them. Where a straight line divides the two classes
the rule finds one and then never errs again. Where none does it never stops erring,
which is what Minsky and Papert held against it in 1969.
"""

# %%

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Perceptron

from skann import BPClassifier

parser = argparse.ArgumentParser(description="The perceptron's rule, and its end.")
parser.add_argument("--picture", type=Path, default="perceptron.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_perceptron"
args = parser.parse_args(sys.argv[1:] if is_script else [])

N_EPOCHS = 30

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(300, 2))
distance = X @ [1.0, 0.8] - 0.2
# Some room on both sides of the lines between the classes.
apart = (abs(X).min(axis=1) > 0.05) & (abs(distance) > 0.1)
X, distance = X[apart], distance[apart]
targets = {
    "a line divides them": (distance > 0).astype(int),
    "exclusive or": (X[:, 0] * X[:, 1] > 0).astype(int),
}

# %%
# The rule
# --------
# A network without hidden layers, the loss max(0, -t z) for a label t of 1 or -1, and
# gradient descent by one row at a time at the rate 1: the gradient is -t x for a wrong
# row and zero for a right one, so that is the rule itself. Weights start at zero.


def perceptron(y, n_epochs):
    with warnings.catch_warnings():
        # Of exclusive or, that the loss was still falling is chance.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return BPClassifier(
            (),
            loss="perceptron",
            solver="sgd",
            momentum=0,
            learning_rate_init=1,
            batch_size=1,
            shuffle=False,
            max_iter=n_epochs,
            n_iter_no_change=np.inf,
        ).fit(X, y, coef_init=[np.zeros((2, 1))], intercept_init=[[0]])


for name, y in targets.items():
    ours = perceptron(y, N_EPOCHS)
    theirs = Perceptron(shuffle=False, max_iter=N_EPOCHS, tol=None).fit(X, y)
    same = (theirs.coef_ == ours.coefs_[0].T).all()
    same &= (ours.intercepts_[0] == theirs.intercept_).all()
    print(f"{name}: accuracy {ours.score(X, y):.3f} after {N_EPOCHS} epochs")
    print(f"  the weights of scikit-learn's Perceptron, bit for bit: {same}")

# %%
# Where it ends
# -------------
# The rows that a pass gets wrong, pass after pass. Behind a line they come to an end
# after finitely many, however the rows are ordered (Novikoff's theorem). Of exclusive
# or at least a good part of the rows is wrong for any line, and the line goes back and
# forth for ever: each corner that is put right spoils another.

errors = {}
for name, y in targets.items():
    net = perceptron(y, N_EPOCHS)
    # A row costs something before its update, or z = 0, where it is wrong.
    costs = net.batch_loss_curve_.reshape(N_EPOCHS, len(X))
    errors[name] = (costs > 0).sum(axis=1)
    print(f"{name}: wrong in the first pass {errors[name][0]}, last {errors[name][-1]}")

# %%
# A hidden layer, and what back-propagation adds
# ----------------------------------------------
# With hidden units and a derivative to learn by the corners come apart.

y = targets["exclusive or"]
net = BPClassifier((8,), "tanh", random_state=0).fit(X, y)
print(f"exclusive or, 8 hidden units, back-propagation: {net.score(X, y):.3f}")

# %%
# What to see
# -----------
# The line that divides, and no more errors; the line of exclusive or after the last
# pass, which is one of many; and the errors, which end for the one and not the other.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    side = np.linspace(-1, 1, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    for ax, (name, y) in zip(axes, targets.items(), strict=False):
        found = perceptron(y, N_EPOCHS).predict(grid).reshape(201, 201)
        ax.contourf(side, side, found, levels=[-0.5, 0.5, 1.5], cmap="RdBu", alpha=0.4)
        for label, marker in ((0, "o"), (1, "s")):
            ax.scatter(
                *X[y == label].T,
                s=14,
                color=plt.get_cmap("RdBu")(0.1 + 0.8 * label),
                marker=marker,
                label=f"class {label}",
            )
        ax.set(title=name, xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes[0].legend(loc="lower left")
    for name, wrong in errors.items():
        axes[2].plot(np.arange(1, N_EPOCHS + 1), wrong, marker=".", label=name)
    axes[2].set(title="wrong rows in each pass", xlabel="pass", ylim=(-5, None))
    axes[2].legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

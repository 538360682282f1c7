"""
Which optimiser is quickest on the same problem?
================================================

Every solver from the same weights on the same digits, each at a rate that suits it:
the loss over the epochs, each of which goes once over all rows.
"""

# %%

import argparse
import sys
import warnings
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Optimisers on one problem.")
parser.add_argument("--picture", type=Path, default="optimizers.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_optimizers"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)

# %%
# The same network for all
# ------------------------
# Rates are those at which each does well here; Rprop and L-BFGS find their own step
# lengths, on all rows at once. ``tol=0`` lets every one run its 30 epochs.

RATES = {
    "sgd": 0.03,
    "rmsprop": 0.002,
    "adagrad": 0.03,
    "adam": 0.005,
    "nadam": 0.005,
    "lion": 0.0007,
    "rprop": 0.01,
    "lbfgs": 0.001,  # not used
}


def trained(solver, rate):
    net = BPClassifier(
        (40,),
        "tanh",
        solver=solver,
        learning_rate="constant",
        learning_rate_init=rate,
        batch_size=50,
        alpha=0,
        max_iter=30,
        tol=0,
        n_iter_no_change=30,
        random_state=0,
    )
    return net.fit(X, y)


with warnings.catch_warnings():
    # L-BFGS would go on for longer.
    warnings.simplefilter("ignore", ConvergenceWarning)
    nets = {solver: trained(solver, rate) for solver, rate in RATES.items()}
for solver, net in nets.items():
    print(f"{solver:8} loss {net.best_loss_:.4f}, accuracy {net.score(X, y):.3f}")

# %%
# What to see
# -----------
# Solvers of mini-batches make 36 steps an epoch, Rprop and L-BFGS one. On rows as
# few as these the two overtake the others all the same: batches disagree with each
# other near the minimum, and a constant rate does not settle there.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for (solver, net), style in zip(
        nets.items(), 2 * ["-", "--", "-.", ":"], strict=True
    ):
        ax.semilogy(net.loss_curve_, style, label=solver)
    ax.set(xlabel="epoch", ylabel="training loss")
    ax.legend(ncols=2)
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

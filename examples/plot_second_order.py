"""
When does the second derivative pay?
====================================

Newton's method knows how the loss bends, and needs few iterations. But every one of
them solves a linear system with the Hessian, and each product with it costs as much as
two gradients. Counted in gradients, is there anything left to gain?
"""

# %%

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann.solvers import BFGS, CG, LBFGS, NewtonCG, TrustNCG

parser = argparse.ArgumentParser(description="Loss against gradient evaluations.")
parser.add_argument("--picture", type=Path, default="second_order.png")
parser.add_argument("--budget", type=int, default=1600, help="gradients at most")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_second_order"
args = parser.parse_args(sys.argv[1:] if is_script else [])

SOLVERS = {
    "lbfgs": LBFGS,
    "cg": CG,
    "bfgs": BFGS,
    "newton-cg": NewtonCG,
    "trust-ncg": TrustNCG,
}

# %%
# Three problems
# --------------
# A small network that learns a sine. Then logistic regression (a network without a
# hidden layer) on 30 measures of tumours: as they come, from a smoothness of 0.005 to
# an area of 2500, and each scaled to unit variance. All scales alike is what makes a
# problem well conditioned, as far as the scales can.

x = np.linspace(-1, 1, 200)[:, None]
wave = np.sin(6 * x[:, 0])
X, y = load_breast_cancer(return_X_y=True)


def network(solver, seed):
    return BPRegressor(
        (10,),
        "tanh",
        solver=solver,
        random_state=seed,
        tol=0,
        max_iter=100_000,
    )


def linear(solver, seed):
    return BPClassifier(
        (),
        solver=solver,
        alpha=1e-4,
        standardize=False,  # the units are the point
        random_state=seed,
        tol=0,
        max_iter=100_000,
    )


PROBLEMS = {
    "a network for a sine": (network, x, wave),
    "linear, features as they come": (linear, X, y),
    "linear, features scaled": (linear, StandardScaler().fit_transform(X), y),
}

# %%
# Loss against gradients
# ----------------------
# `max_fun` is a budget: evaluations of the objective with its gradient, and two for a
# product with the Hessian. Training is deterministic, so runs with growing budgets from
# the same weights are one run, looked at several times. Median of five starts:
# from one to the next, and from one processor's rounding to another's, the loss that a
# network has reached differs by a factor of ten.

# That a budget ends a run, which is a warning elsewhere, is the point here.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(5)
budgets = np.unique(np.geomspace(20, args.budget, 12).astype(int))
losses = {}
for title, (make, inputs, targets) in PROBLEMS.items():
    print(f"\n{title}\n{'gradients':>12}", *(f"{b:>10}" for b in budgets[3::4]))
    for name, kind in SOLVERS.items():
        runs = [
            [make(kind(max_fun=b), seed).fit(inputs, targets).loss_ for b in budgets]
            for seed in SEEDS
        ]
        losses[title, name] = np.median(runs, axis=0)
        print(f"{name:>12}", *(f"{v:>10.5g}" for v in losses[title, name][3::4]))

# %%
# What to see
# -----------
# On the network the second derivative does not pay: L-BFGS and BFGS, which learn about
# the curvature from gradients that they have anyway, are far ahead at any budget.
#
# On the linear problem with its scales left as they are, Newton's methods reach the
# minimum to all digits while L-BFGS is still on its way. They start slower, though:
# with a few hundred gradients L-BFGS is as good. BFGS is best, but it can only
# be had for small networks: its matrix has n_parameters² entries.
#
# With the features scaled, L-BFGS is there first. Scaling is cheaper than the second
# derivative.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for ax, title in zip(axes, PROBLEMS, strict=True):
        # The linear problems have one minimum; differences below are rounding.
        lowest = min(losses[title, name].min() for name in SOLVERS)
        reference = lowest if "linear" in title else 0
        for name, style in zip(SOLVERS, ("-", ":", "--", "-", "-"), strict=True):
            above = np.maximum(losses[title, name] - reference, 1e-12)
            ax.loglog(budgets, above, style, marker=".", label=name)
        ax.set_title(title)
        ax.set_xlabel("gradient evaluations (Hessian-vector product: 2)")
        ax.set_ylabel("loss above the lowest" if reference else "loss")
    axes[0].legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

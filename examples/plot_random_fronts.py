"""
How much do the front weights matter?
=====================================

Rosenblatt trained networks of several layers by keeping the front weights as they were
and teaching the last layer alone, by the perceptron's rule. How good that is depends on
front weights that nobody knows how to choose. Back-propagation learns them.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import make_moons

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Random front layers, and learnt ones.")
parser.add_argument("--picture", type=Path, default="random_fronts.png")
parser.add_argument("--fronts", type=int, default=100)
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_random_fronts"
args = parser.parse_args(sys.argv[1:] if is_script else [])

SIZES = (2, 5, 10, 30, 100)

X, y = make_moons(400, noise=0.15, random_state=0)
X = X - X.mean(axis=0)
X_train, y_train, X_test, y_test = X[:200], y[:200], X[200:], y[200:]

# %%
# Fronts drawn by chance
# ----------------------
# Hidden neurons that step from 0 to 1 have no derivative to learn by, so they stay what
# they were drawn as: lines in all directions, at distances from the origin as the data
# have. The last layer learns by the perceptron's rule, one row at a time.


def with_random_front(n_hidden, seed):
    rng = np.random.default_rng(seed)
    front = rng.normal(size=(2, n_hidden)), rng.normal(size=n_hidden)
    net = BPClassifier(
        (n_hidden,),
        "step",
        loss="perceptron",
        solver="sgd",
        momentum=0,
        learning_rate_init=1,
        batch_size=1,
        random_state=seed,
    )
    net.initialize(
        X_train,
        y_train,
        coef_init=[front[0], np.zeros((n_hidden, 1))],
        intercept_init=[front[1], [0]],
    )
    for _ in range(10):
        net.partial_fit(X_train, y_train)
    assert (net.coefs_[0] == front[0]).all()  # nothing has moved them
    return net


accuracies = {
    n_hidden: [
        with_random_front(n_hidden, seed).score(X_test, y_test)
        for seed in range(args.fronts)
    ]
    for n_hidden in SIZES
}
print(f"Test accuracy over {args.fronts} random fronts")
print("hidden  worst  median   best")
for n_hidden, found in accuracies.items():
    worst, median, best = np.quantile(found, [0, 0.5, 1])
    print(f"{n_hidden:>6}  {worst:.3f}   {median:.3f}  {best:.3f}")

# %%
# What back-propagation adds
# --------------------------
# The same sizes with a sigmoid in place of the step: it has a derivative, and the front
# weights learn as well. One start each, as the default is.

learnt = {
    n_hidden: BPClassifier((n_hidden,), "logistic", random_state=0)
    .set_params(solver="adam", learning_rate_init=0.05, max_iter=400)
    .set_params(n_iter_no_change=50)
    .fit(X_train, y_train)
    for n_hidden in SIZES
}
print("\nBack-propagation")
for n_hidden, net in learnt.items():
    print(f"{n_hidden:>6}  {net.score(X_test, y_test):.3f}")

# %%
# What to see
# -----------
# With few neurons everything hangs on the draw: the same rule gives anything from
# guessing to good. Many neurons make up for the luck of each, for there are enough
# useful ones among them. Back-propagation needs neither luck nor many.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    places = np.arange(len(SIZES))
    axes[0].boxplot(list(accuracies.values()), positions=places, whis=(0, 100))
    found = [net.score(X_test, y_test) for net in learnt.values()]
    axes[0].plot(places, found, "s", color="C2", label="back-propagation")
    axes[0].set_xticks(places, SIZES)
    axes[0].set(
        xlabel="hidden neurons",
        ylabel="test accuracy",
        title=f"{args.fronts} random fronts",
    )
    axes[0].legend(loc="lower right")
    side = np.linspace(-2.2, 2.2, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    typical = int(np.argsort(accuracies[10])[args.fronts // 2])
    nets = {
        "10 neurons, a front by chance": with_random_front(10, typical),
        "10 neurons, back-propagation": learnt[10],
    }
    for ax, (title, net) in zip(axes[1:], nets.items(), strict=True):
        regions = net.predict(grid).reshape(201, 201)
        ax.contourf(
            side, side, regions, levels=[-0.5, 0.5, 1.5], cmap="RdBu", alpha=0.4
        )
        for label, marker in ((0, "o"), (1, "s")):
            rows = y_test == label
            color = plt.get_cmap("RdBu")(0.1 + 0.8 * label)
            ax.scatter(*X_test[rows].T, s=14, color=color, marker=marker)
        ax.set(title=title, xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

"""
Does it help to weigh a rare class?
===================================

One row in twenty is of class 1. A network that minimises the mean loss may miss most
of them and still be right on nineteen rows of twenty. ``class_weight="balanced"`` gives
both classes the same total weight.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split

from skann import BPClassifier

parser = argparse.ArgumentParser(description="A rare class, with and without weights.")
parser.add_argument("--picture", type=Path, default="class_weight.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_class_weight"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The data
# --------
# Two classes that overlap, 95 to 5, in two features so that there is something to look
# at.

X, y = make_classification(
    4000,
    n_features=2,
    n_informative=2,
    n_redundant=0,
    n_clusters_per_class=1,
    weights=[0.95],
    flip_y=0,
    class_sep=0.3,
    random_state=0,
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"Rows of each class to train on: {np.bincount(y_train).tolist()}")

# %%
# The same network, three times
# -----------------------------
# Without weights, with balanced ones, and with a price of one's own: a rare row counts
# for five common ones. Each is trained from five seeds.

SEEDS = range(5)
CHOICES = {"none": None, "{1: 5}": {1: 5}, "balanced": "balanced"}


def trained(class_weight, seed):
    return BPClassifier(
        (20,),
        class_weight=class_weight,
        solver="adam",
        learning_rate_init=0.01,
        max_iter=30,
        random_state=seed,
    ).fit(X_train, y_train)


models = {
    name: [trained(class_weight, seed) for seed in SEEDS]
    for name, class_weight in CHOICES.items()
}

# %%
# What to see
# -----------
# Weights buy found rare rows with false alarms: accuracy falls, and balanced accuracy,
# the mean of what is found of each class, rises. Which of them is worth more is not for
# the network to say. In the picture the boundary moves from the rare class's side into
# the other's.

print("\nclass_weight   accuracy   balanced   rare found   false alarms")
for name, fitted in models.items():
    found = [model.predict(X_test) for model in fitted]
    accuracy = np.mean([(labels == y_test).mean() for labels in found])
    balanced = np.mean([balanced_accuracy_score(y_test, labels) for labels in found])
    tables = np.mean([confusion_matrix(y_test, labels) for labels in found], axis=0)
    n_found = f"{tables[1, 1]:.0f} of {tables[1].sum():.0f}"
    n_alarms = f"{tables[0, 1]:.0f}"
    print(
        f"{name:12}   {accuracy:8.3f}   {balanced:8.3f}  {n_found:>11}  {n_alarms:>13}"
    )

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    # A margin, so that no point is cut.
    low, high = X_test.min(axis=0) - 0.1, X_test.max(axis=0) + 0.1
    sides = [np.linspace(*ends, 201) for ends in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(
        1, 3, figsize=(11, 3.8), sharey=True, layout="constrained"
    )
    for ax, (name, fitted) in zip(axes, models.items(), strict=True):
        p = fitted[0].predict_proba(grid)[:, 1].reshape(201, 201)
        filled = ax.contourf(*sides, p, np.linspace(0, 1, 11), cmap="Blues")
        ax.contour(*sides, p, [0.5], colors="black")
        for label, size, color in ((0, 3, "gray"), (1, 9, "tab:red")):
            ax.scatter(
                *X_test[y_test == label].T, s=size, c=color, label=f"class {label}"
            )
        ax.set_title(f"class_weight: {name}")
        ax.set_xlabel("$x_1$")
    axes[0].set_ylabel("$x_2$")
    axes[0].legend(loc="upper left")
    figure.colorbar(filled, ax=axes, label="probability of class 1, from one seed")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

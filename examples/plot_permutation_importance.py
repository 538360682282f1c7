"""
Which columns does a network use?
=================================

Permutation importance shuffles a column and looks how much worse predictions get; it
takes any fitted model. The mean size of the input gradients is cheaper, and exact for
the network.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier

parser = argparse.ArgumentParser(description="What matters to a network.")
parser.add_argument("--picture", type=Path, default="permutation_importance.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_permutation_importance"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# Wine, with two columns that say nothing
# ---------------------------------------

wine = load_wine()
rng = np.random.default_rng(0)
X = np.column_stack([wine.data, rng.normal(size=(len(wine.data), 2))])
names = np.array([*wine.feature_names, "chance 1", "chance 2"])
X_train, X_test, y_train, y_test = train_test_split(
    X, wine.target, random_state=0, stratify=wine.target, test_size=0.4
)
model = make_pipeline(StandardScaler(), BPClassifier((30,), random_state=0))
model.fit(X_train, y_train)
print(f"Accuracy on the test rows: {model.score(X_test, y_test):.3f}")

# %%
# Two answers
# -----------
# Shuffled on rows that were not trained on: what the model needs to predict, not what
# it has learnt by heart. Gradients are by scaled columns, of all three outputs.

found = permutation_importance(
    model, X_test, y_test, scoring="neg_log_loss", n_repeats=10, random_state=0
)
gradients = model[-1].input_gradients(model[:-1].transform(X_test))
sizes = np.abs(gradients).mean(axis=(0, 1))
order = np.argsort(found.importances_mean)
for i in order[:-4:-1]:
    print(f"{names[i]:30} {found.importances_mean[i]:.3f}")
rank = {name: len(names) - i for i, name in enumerate(names[order])}
print(f"The columns of chance are number {rank['chance 1']} and {rank['chance 2']}")

# %%
# What to see
# -----------
# Both agree on the columns that count. An importance says nothing of cause: where
# two columns tell the same, each stands in for the other when that is shuffled.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(
        1, 2, figsize=(9, 4.2), layout="constrained", sharey=True
    )
    means, spread = found.importances_mean[order], found.importances_std[order]
    axes[0].errorbar(means, range(1, len(order) + 1), xerr=spread, fmt="o", capsize=4)
    axes[0].set(xlabel="log-loss that shuffling costs")
    axes[0].set_yticks(range(1, len(order) + 1), names[order])
    axes[1].barh(range(1, len(order) + 1), sizes[order], color="tab:blue")
    axes[1].set(xlabel="mean size of the input gradient")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

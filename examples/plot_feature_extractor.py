"""
What are the outputs of a hidden layer good for?
================================================

A fitted network is a transformer: ``transform`` gives the outputs of its last hidden
layer. Another estimator can stand on them, and a plane through them can be looked at.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier

parser = argparse.ArgumentParser(description="A hidden layer as features.")
parser.add_argument("--picture", type=Path, default="feature_extractor.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_feature_extractor"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

# %%
# A network as a step of a pipeline
# ---------------------------------
# The nearest neighbour, by all pixels, and in planes: one through the pixels, one
# through the outputs of sixteen hidden units.

net = BPClassifier((64, 16), random_state=0)
SPACES = {
    "64 pixels": make_pipeline(StandardScaler()),
    "plane of pixels": make_pipeline(StandardScaler(), PCA(2)),
    "16 hidden units": make_pipeline(StandardScaler(), net),
    "plane of hidden units": make_pipeline(StandardScaler(), net, PCA(2)),
}


def neighbours(space, X_train, y_train, X_test, y_test):
    model = KNeighborsClassifier(1).fit(space.transform(X_train), y_train)
    return model.score(space.transform(X_test), y_test)


for name, space in SPACES.items():
    space.fit(X_train, y_train)
    score = neighbours(space, X_train, y_train, X_test, y_test)
    print(f"{name:22}: accuracy {score:.3f}")

# %%
# Digits that it has not learnt
# -----------------------------
# What a network has learnt is what it was asked: of three digits that it never saw,
# pixels tell more than the hidden layer of one that was trained on the other seven.

known = y_train < 7
other = make_pipeline(StandardScaler(), BPClassifier((64, 16), random_state=0))
other.fit(X_train[known], y_train[known])
new = X_train[~known], y_train[~known], X_test[y_test >= 7], y_test[y_test >= 7]
print(f"7, 8, 9 by pixels      : accuracy {neighbours(SPACES['64 pixels'], *new):.3f}")
print(f"7, 8, 9 by hidden units: accuracy {neighbours(other, *new):.3f}")

# %%
# What to see
# -----------
# Two numbers are few for ten digits; those that the hidden layer gives keep more of
# them apart than those of the pixels. All test rows are drawn, none of which the
# network has seen.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
    for ax, name in zip(
        axes, ("plane of pixels", "plane of hidden units"), strict=True
    ):
        flat = SPACES[name].transform(X_test)
        for digit in range(10):
            ax.plot(*flat[y_test == digit].T, ".", ms=4, color=f"C{digit}")
            middle = np.median(flat[y_test == digit], axis=0)
            box = {"facecolor": "white", "edgecolor": f"C{digit}", "pad": 2}
            ax.text(*middle, str(digit), ha="center", va="center", bbox=box)
        ax.set(title=name, xticks=[], yticks=[])
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

"""
How do I stop on my own validation data inside a pipeline?
==========================================================

Validation data that are not a random part of the training data - another writer, a
later month - go to ``fit`` as ``X_val`` and ``y_val``. Inside a pipeline they have to
pass the same scaler as the training data; scikit-learn does that when it is told to.
"""

# %%

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Early stopping on one's own data.")
parser.add_argument("--picture", type=Path, default="validation_data.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_validation_data"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# Training, validation and test data
# ----------------------------------
# The digits that come with scikit-learn, in their order, in which the digits of one
# writer follow each other: the last rows are by people whom the first rows do not know.

X, y = load_digits(return_X_y=True)
X_train, X_val, X_test = np.split(X, [500, 900])
y_train, y_val, y_test = np.split(y, [500, 900])

# %%
# The pipeline
# ------------
# Two things are needed: metadata routing is switched on, and ``transform_input`` names
# what is scaled on its way to the network.

sklearn.set_config(enable_metadata_routing=True)
net = BPClassifier(
    (50,), solver="adam", early_stopping=True, learning_rate_init=0.005, random_state=0
)
steps = [("scale", StandardScaler()), ("net", net)]
model = Pipeline(steps, transform_input=["X_val"])
model.fit(X_train, y_train, X_val=X_val, y_val=y_val)
net = model["net"]
print(f"Stopped after {net.n_iter_} epochs: {net.stop_reason_}")
print(f"Weights kept: those of epoch {net.best_iter_}")
print(f"Test accuracy: {model.score(X_test, y_test):.4f}")

# %%
# Scaled or not
# -------------
# The same by hand, with the validation data scaled and, as a mistake, not scaled: the
# network says so when most columns are far from those that it is trained on.

scaler = StandardScaler().fit(X_train)


def by_hand(X_val):
    other = sklearn.clone(net)
    return other.fit(scaler.transform(X_train), y_train, X_val=X_val, y_val=y_val)


right = by_hand(scaler.transform(X_val))
with warnings.catch_warnings(record=True) as caught:
    wrong = by_hand(X_val)
same = right.validation_loss_curve_ == net.validation_loss_curve_
print(f"\nScaled by hand, the same validation losses: {same}")
print("Not scaled:", *(each.message for each in caught))
lowest = min(net.validation_loss_curve_), min(wrong.validation_loss_curve_)
print("Lowest validation loss, scaled and not: {:.3f} {:.1f}".format(*lowest))

# %%
# What to see
# -----------
# The training loss goes on falling while the loss on writers that the network does not
# know comes to rest. The weights of the marked epoch, where it was lowest, are kept.
# ``history_`` has the figures, an entry for every epoch.

history = net.history_
for name in ("epoch", "loss", "validation_loss", "validation_score"):
    last = "  ".join(f"{value:8.4g}" for value in history[name][:3])
    print(f"{name:16}  {last}  ...")

try:
    import matplotlib  # noqa: F401
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    from skann.displays import LossCurveDisplay

    # On a linear scale, and near the lowest validation loss, its rise can be seen.
    display = LossCurveDisplay.from_estimator(model, yscale="linear")
    display.ax_.set_ylim(0, 1.5 * min(net.validation_loss_curve_))
    display.figure_.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

"""
Are the probabilities those of the data?
========================================

Of the rows that get a probability of 0.8, eight in ten should be of that class. A
network that has learnt its rows by heart is too sure of itself; calibration mends
that.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from skann import BPClassifier
from skann.datasets import make_xor

parser = argparse.ArgumentParser(description="Calibration of probabilities.")
parser.add_argument("--picture", type=Path, default="calibration.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_calibration"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = make_xor(400, noise=0.7, random_state=0)
X_test, y_test = make_xor(10_000, noise=0.7, random_state=1)

# %%
# Too sure, as it should be, and mended
# -------------------------------------
# The first network trains for long and without a penalty. The second one has the
# defaults. The third is the first, calibrated by a sigmoid that is fitted to
# predictions out of fold.

long = BPClassifier(
    (200,),
    solver="adam",
    learning_rate_init=0.01,
    alpha=0,
    max_iter=400,
    tol=0,
    n_iter_no_change=400,
    random_state=0,
)
MODELS = {
    "trained for long": long,
    "defaults": BPClassifier(random_state=0),
    "trained for long, calibrated": CalibratedClassifierCV(long, cv=5, ensemble=False),
}
curves = {}
for name, model in MODELS.items():
    p = model.fit(X, y).predict_proba(X_test)[:, 1]
    curves[name] = calibration_curve(y_test, p, n_bins=10, strategy="quantile")
    share, said = curves[name]
    off = np.abs(share - said).mean()
    print(f"{name:28}: off by {off:.3f} on average,", end=" ")
    print(f"Brier score {brier_score_loss(y_test, p):.3f},", end=" ")
    print(f"log-loss {log_loss(y_test, p):.3f}")

# %%
# What to see
# -----------
# On the diagonal, what is said is what happens. The curve of the network that was
# trained for long is too flat: where it says 0 or 1, it is often wrong.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(5.5, 4.5), layout="constrained")
    ax.plot([0, 1], [0, 1], "k:", lw=1)
    for (name, (share, said)), mark in zip(curves.items(), "os^", strict=True):
        ax.plot(said, share, f"{mark}-", label=name)
    ax.set(xlabel="probability of class 1 that is said", ylabel="share of class 1")
    ax.legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

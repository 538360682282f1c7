"""
Why does the squared error learn so slowly from a bad start?
============================================================

One sigmoid neuron, two rows, and a start at which its answers are confidently wrong.
The squared error hardly moves at first; cross-entropy moves fastest just there.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Two losses from the same bad start.")
parser.add_argument("--picture", type=Path, default="bad_start.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_bad_start"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The same start for both
# -----------------------
# The row x = 1 belongs to class 0 and x = -1 to class 1, but the weight is 6: both get
# the right answer with a probability of σ(-6) = 0.0025. The bias stays at zero, for the
# two rows pull it to opposite sides.

X, y = np.array([[1.0], [-1.0]]), [0, 1]


def training(loss, n_epochs=1000):
    net = BPClassifier(
        (),
        loss=loss,
        solver="sgd",
        momentum=0,
        learning_rate="constant",
        learning_rate_init=0.5,
        batch_size=2,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs,  # the loss hardly moves at first: no reason to stop
        random_state=0,
    )
    return net.fit(X, y, coef_init=[[[6.0]]], intercept_init=[[0.0]])


curves = {}
for loss in ("mse", "cross_entropy"):
    net = training(loss)
    curves[loss] = np.array(net.loss_curve_)
    half = int(np.argmax(curves[loss] < curves[loss][0] / 2))
    print(f"{loss:13}: half its loss after {half} epochs,", end=" ")
    print(f"right in the end with p = {net.predict_proba(X)[0, 0]:.2f}")

# %%
# The derivative
# --------------
# delta = (a - y) a (1 - a) goes to zero where the answer is most wrong; delta = a - y
# is largest there.

z = np.linspace(-8, 8, 201)
a = 1 / (1 + np.exp(-z))
at_6 = 1 / (1 + np.exp(-6))
print(f"At z = 6: {at_6 * at_6 * (1 - at_6):.4f} and {at_6:.4f}")

# %%
# What to see
# -----------
# The plateau on the left is as long as the start is wrong. On the right, both deltas of
# a row of class 0: to the right of the middle the answer is wrong.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for loss, curve in curves.items():
        left.plot(curve / curve[0], label=loss)
    left.set(xlabel="epoch", ylabel="loss / loss at the start")
    left.legend()
    right.plot(z, a * a * (1 - a), label="mse: (a - y) a (1 - a)")
    right.plot(z, a, label="cross_entropy: a - y")
    right.axvline(6, color="k", lw=0.8, ls=":")
    right.set(xlabel="z", ylabel="delta, for y = 0")
    right.legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

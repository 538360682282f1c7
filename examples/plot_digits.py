"""
What does a network see in digits, and where is it wrong?
=========================================================

The weights of the first layer drawn as images, and the test digits that the network
is most confidently wrong about.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np

from skann import BPClassifier
from skann.datasets import load_mnist

parser = argparse.ArgumentParser(description="Weights and mistakes on MNIST.")
parser.add_argument("--picture", type=Path, default="digits.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_digits"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# MNIST
# -----
# A penalty on the weights keeps those of pixels that tell nothing near zero, so that
# the images are smooth.

X_train, y_train = load_mnist(subset="train", return_X_y=True)
X_test, y_test = load_mnist(subset="test", return_X_y=True)
net = BPClassifier(
    (36,), solver="adam", alpha=0.003, batch_size=100, max_iter=3, random_state=0
)
net.fit(X_train[:20_000], y_train[:20_000])
p = net.predict_proba(X_test)
predicted = net.classes_[p.argmax(axis=1)]
wrong = predicted != y_test
print(f"Test accuracy: {net.score(X_test, y_test):.3f}")
print(f"Wrong: {wrong.sum()}, in {(p[wrong].max(axis=1) > 0.9).sum()} of them surely")

# %%
# Which are taken for which
# -------------------------

pairs, counts = np.unique(
    np.column_stack([y_test[wrong], predicted[wrong]]), axis=0, return_counts=True
)
for i in np.argsort(-counts)[:3]:
    print(f"a {pairs[i][0]} taken for a {pairs[i][1]}: {counts[i]} times")

# %%
# What to see
# -----------
# Units answer to strokes in some places (red) without ink in others (blue). Some of
# the mistakes would be anybody's.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    from skann.displays import MistakesDisplay, WeightsDisplay

    plt.rcParams["figure.figsize"] = 6, 5
    WeightsDisplay.from_estimator(net, max_units=36)
    mistakes = MistakesDisplay.from_estimator(net, X_test, y_test, max_images=12)
    figure = mistakes.figure_
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

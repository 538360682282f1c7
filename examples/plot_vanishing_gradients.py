"""
How much of the gradient reaches the first layer?
=================================================

Going back through a layer, the gradient is multiplied by the derivative of its
activation. That of the sigmoid is ¼ at most. Here are the norms, layer by layer, in
networks of eight hidden layers, and what it means for training.
"""

# %%

import argparse
import sys
import warnings
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Gradients by layer and activation.")
parser.add_argument("--picture", type=Path, default="vanishing_gradients.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_vanishing_gradients"
args = parser.parse_args(sys.argv[1:] if is_script else [])

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

# %%
# The gradient of every layer
# ---------------------------
# ``gradient_norms=True`` records them epoch by epoch. Here is the first one, at a rate
# so low that weights are still as they were drawn.

ACTIVATIONS = ("logistic", "tanh", "relu")


def network(activation, depth, **parameters):
    return BPClassifier(
        (30,) * depth,
        activation,
        solver="sgd",
        momentum=0,
        learning_rate="constant",
        random_state=0,
        **parameters,
    )


def gradient_norms(activation, depth=8):
    net = network(activation, depth, learning_rate_init=1e-6, gradient_norms=True)
    history = net.partial_fit(X_train, y_train, classes=range(10)).history_
    return [history[f"gradient_norm_{layer}"][0] for layer in range(depth + 1)]


norms = {activation: gradient_norms(activation) for activation in ACTIVATIONS}
for activation, found in norms.items():
    print(f"{activation:8} last / first layer: {found[-1] / found[0]:.0e}")

# %%
# What it means for training
# --------------------------
# The same recipe for every depth: 30 epochs at a rate of 0.1. ``fit`` warns of networks
# that have learnt nothing; here they are what is to be seen.

DEPTHS = (1, 2, 4, 8)
print("\nhidden layers", *(f"{depth:6d}" for depth in DEPTHS))
accuracies = {}
warnings.simplefilter("ignore", ConvergenceWarning)
for activation in ACTIVATIONS:
    accuracies[activation] = [
        network(activation, depth, learning_rate_init=0.1, batch_size=32, max_iter=30)
        .fit(X_train, y_train)
        .score(X_test, y_test)
        for depth in DEPTHS
    ]
    print(f"{activation:13}", *(f"{score:6.2f}" for score in accuracies[activation]))

# %%
# What to see
# -----------
# With sigmoids the first layers get a ten-thousandth of the gradient and less: they
# stay as they were drawn, and from four layers on the network only guesses. ReLU passes
# on what it gets.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for activation in ACTIVATIONS:
        left.semilogy(range(1, 10), norms[activation], "o-", label=activation)
        right.plot(DEPTHS, accuracies[activation], "o-", label=activation)
    left.set(xlabel="layer of weights", ylabel="norm of the gradient")
    right.set(xlabel="hidden layers", ylabel="test accuracy", ylim=(0, 1))
    left.legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

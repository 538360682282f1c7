"""
Which rate to start from, and how to change it?
===============================================

A range test trains for a hundred batches at a growing rate and says how high it may be.
Then every schedule gets the same five epochs from there, on 6000 digits of MNIST.
"""

# %%
# The options of the script.

import argparse
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description="The learning-rate schedules.")
parser.add_argument("--seeds", type=int, default=3, help="runs for each schedule")
parser.add_argument("--picture", type=Path, default="learning_rates.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_learning_rates"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The range test
# --------------
# The suggestion is a fifth of the rate at which the smoothed loss is lowest.

from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, learning_rate_range_test
from skann.datasets import load_mnist

X_train, y_train = load_mnist(subset="train", return_X_y=True)
X_test, y_test = load_mnist(subset="test", return_X_y=True)
X_train, y_train = X_train[:6000], y_train[:6000]
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

network = BPClassifier((100,), batch_size=50, max_iter=5, random_state=0)
found = learning_rate_range_test(network, X_train, y_train)
print(f"Suggested learning rate: {found.suggestion:.4f}")
network.set_params(learning_rate_init=found.suggestion)

# %%
# Every schedule
# --------------
# "step" and "exponential" have defaults for 200 epochs and "invscaling" one for rates
# above 1, so here they get settings of their own.

import numpy as np

from skann.schedules import (
    Adaptive,
    Constant,
    Cosine,
    Exponential,
    InvScaling,
    OneCycle,
    Step,
)

SCHEDULES = {
    "constant": Constant(),
    "invscaling": InvScaling(power_t=0.1),
    "adaptive": Adaptive(),
    "step": Step(every=2, factor=0.3),
    "exponential": Exponential(factor=0.5),
    "cosine": Cosine(),
    "cosine with warm-up": Cosine(warmup=0.2),
    "one_cycle": OneCycle(),
}

RATES = {"suggested": found.suggestion, "5 times that": 5 * found.suggestion}
print(f"Test accuracy after {network.max_iter} epochs, means of {args.seeds} seed(s)")
print(f"{'schedule':<21}" + "".join(f"{name:>14}" for name in RATES))
for name, schedule in SCHEDULES.items():
    means = []
    for rate in RATES.values():
        network.set_params(learning_rate=schedule, learning_rate_init=rate)
        scores = [
            network.set_params(random_state=seed)
            .fit(X_train, y_train)
            .score(X_test, y_test)
            for seed in range(args.seeds)
        ]
        means.append(np.mean(scores))
    print(f"{name:<21}" + "".join(f"{mean:>14.4f}" for mean in means))

# %%
# What to see
# -----------
# At the suggested rate training is safe and the schedules are alike. At five times as
# much, where the loss of the range test was lowest, a constant rate is too high to
# settle, and every schedule that comes down makes up for it: the rate matters less with
# one. ("adaptive" waits for ten epochs without improvement, and so is "constant" here.)
#
# Left, the rates of ten epochs of 20 steps each; right, the range test.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    run = {"max_iter": 10, "n_rows": 1000, "batch_size": 50}
    epochs = np.arange(200) / 20
    for name, schedule in SCHEDULES.items():
        if name != "adaptive":
            ax = axes[int("cycle" in name or "cosine" in name)]
            ax.step(epochs, schedule.rates(1.0, **run), where="post", label=name)
    axes[0].step(
        epochs,
        Exponential(factor=0.5, warmup=0.2).rates(1.0, **run),
        where="post",
        label="exponential with warm-up",
        linestyle="--",
    )
    lowered = np.repeat([1, 1 / 5, 1 / 25], [80, 60, 60])
    label = "adaptive, lowered after 4 and 7"
    axes[0].step(epochs, lowered, where="post", label=label, linestyle=":")
    for ax, title in zip(axes, ("by the epoch", "by the step"), strict=False):
        ax.set(xlabel="epoch", ylabel="rate / initial rate", title=title)
        ax.set_ylim(0, 1.45)
        ax.legend(loc="upper right", ncols=2, fontsize="small")
    found.plot(axes[2]).set_title("range test, MNIST, Adam")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

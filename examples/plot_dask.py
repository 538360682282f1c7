"""
What is lost when the rows stay on their workers?
=================================================

Two workers of a Dask cluster train on their own rows and meet once an epoch, to go on
from the mean. As long as both have rows of every kind, little is lost. Where the rows
came sorted by class, each worker learns half of the digits and forgets the others until
they meet, which shows as long as the learning rate is high.
"""

# %%

import argparse
import sys
from pathlib import Path

import dask.array as da
import matplotlib.pyplot as plt
import numpy as np
from dask.distributed import Client
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skann import BPClassifier
from skann.dask import DaskBPClassifier

parser = argparse.ArgumentParser(description="A network on two Dask workers.")
parser.add_argument("--picture", type=Path, default="dask.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_dask"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# Two workers, and the digits in four partitions
# -----------------------------------------------
# These workers are threads of this process; those of a real cluster are named by the
# address of its scheduler, ``Client("tcp://...")``, and nothing else changes.

client = Client(
    n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
)
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
by_class = np.argsort(y_train, kind="stable")


def cut(array):
    return da.from_array(array, chunks=(-(-len(array) // 4), *array.shape[1:]))


# %%
# Four fits of as many epochs
# ---------------------------

NET = {"hidden_layer_sizes": (50,), "batch_size": 32, "max_iter": 30, "random_state": 0}
FITS = {
    "two workers, rows in any order": ({}, slice(None)),
    "sorted by class": ({}, by_class),
    "sorted by class, a mean after every step": ({"local_steps": 1}, by_class),
}
validation = {"X_val": X_test, "y_val": y_test}
one_machine = BPClassifier(**NET).fit(X_train, y_train, **validation)
curves = {"one machine": one_machine.history_}
validation = {"X_val": cut(X_test), "y_val": cut(y_test)}
for name, (options, rows) in FITS.items():
    net = DaskBPClassifier(**NET, **options)
    net.fit(cut(X_train[rows]), cut(y_train[rows]), **validation)
    curves[name] = net.history_
client.close()
for name, history in curves.items():
    scores = history["validation_score"]
    print(
        f"{name:42} test accuracy {scores[-1]:.3f}, from epoch 10 to 20 at least "
        f"{min(scores[9:20]):.3f}"
    )

# %%
# The curves
# ----------
# Each worker takes half of the steps that one machine takes, which costs the first
# epochs. Sorted rows cost more, and workers that meet after every step make up for it:
# that is nearly one machine with batches twice as large.

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for name, history in curves.items():
    axes.plot(history["epoch"], history["validation_score"], label=name)
axes.set(xlabel="epoch", ylabel="accuracy on the test rows", ylim=(0, 1.02))
axes.legend(loc="lower right")
figure.savefig(args.picture, dpi=150)
print(f"Picture: {args.picture}")

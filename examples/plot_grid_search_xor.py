"""
Does a grid search find the same in parallel?
=============================================

Scikit-learn runs the fits of a grid search in several processes at once. Each fit draws
its random numbers from its own ``random_state``, so it does not matter which process
runs it, or when. Noisy exclusive or is small enough to do the search twice.
"""

# %%

import argparse
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description="Grid search with 1 and n jobs.")
parser.add_argument("--n-jobs", type=int, default=2, help="parallel fits")
parser.add_argument("--picture", type=Path, default="grid_search_xor.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_grid_search_xor"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The search
# ----------
# The number of hidden neurons, none among them, and two activations: six candidates on
# 600 rows, with three folds.

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier
from skann.datasets import make_xor

X, y = make_xor(600, noise=0.4, random_state=0)
X_test, y_test = make_xor(10_000, noise=0.4, random_state=1)

model = make_pipeline(
    StandardScaler(),
    BPClassifier(solver="adam", learning_rate_init=0.05, max_iter=1000, random_state=0),
)
candidates = {
    "bpclassifier__hidden_layer_sizes": [(), (2,), (8,)],
    "bpclassifier__activation": ["logistic", "relu"],
}
one, many = (
    GridSearchCV(model, candidates, cv=3, n_jobs=n_jobs).fit(X, y)
    for n_jobs in (1, args.n_jobs)
)

# %%
# What to see
# -----------
# The same candidate wins, and not one bit of any fold's score differs. ``n_jobs`` also
# sets how many threads each process may use, and a matrix product that is divided among
# another number of threads usually sums in another order. The compiled engine does not:
# it sums every number in the same order, whichever thread it falls to.

# The names of the candidates in their order: the parameters' values without the keys.
names = [str(tuple(params.values())) for params in one.cv_results_["params"]]
print("Mean accuracy over 3 folds")
for name, mean in zip(names, one.cv_results_["mean_test_score"], strict=True):
    print(f"{mean:>7.4f}  {name}")
folds = [f"split{fold}_test_score" for fold in range(3)]
equal = all(np.array_equal(one.cv_results_[k], many.cv_results_[k]) for k in folds)
print(f"\nBest with 1 job: {names[one.best_index_]}")
print(f"Best with {args.n_jobs} jobs: {names[many.best_index_]}")
print(f"All 18 scores the same bit for bit: {equal}")
print(f"Test accuracy of the best: {many.score(X_test, y_test):.4f}")

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    side = np.linspace(-2.5, 2.5, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure, ax = plt.subplots(figsize=(5, 4.4), layout="constrained")
    image = ax.imshow(
        many.predict_proba(grid)[:, 1].reshape(201, 201),
        extent=(-2.5, 2.5, -2.5, 2.5),
        origin="lower",
        cmap="RdBu",
        alpha=0.7,
        vmin=0,
        vmax=1,
    )
    for label, color in ((0, "white"), (1, "gold")):
        ax.scatter(
            *X[y == label].T,
            s=15,
            c=color,
            edgecolors="black",
            linewidths=0.5,
            label=f"class {label}",
        )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    activation, layers = (many.best_params_[key] for key in sorted(candidates))
    ax.set_title(f"Best: {activation}, hidden layers {layers}")
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")
    figure.colorbar(image, label="probability of class 1")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

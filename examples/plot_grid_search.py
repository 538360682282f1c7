"""
Which scaling and which width suit MNIST?
=========================================

A network in a pipeline is searched like any other estimator of scikit-learn: with
``GridSearchCV`` over the network's parameters and over the steps before it. The search
uses 10,000 rows to be quick; its winner is then trained on all 60,000.
"""

# %%

import argparse
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description="Grid search on MNIST.")
parser.add_argument("--n-jobs", type=int, default=2, help="parallel fits")
parser.add_argument("--search-rows", type=int, default=10_000)
parser.add_argument("--train-rows", type=int, default=60_000)
parser.add_argument("--picture", type=Path, default="grid_search.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_grid_search"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The candidates
# --------------
# Six of them: two ways to scale the pixels times three widths of the hidden layer.
# Scaling is a step of the pipeline, so that each fold is scaled by its own training
# rows. The pixels are float32, and the network trains in float32.

from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skann import BPClassifier
from skann.datasets import load_mnist

X_train, y_train = load_mnist(subset="train", return_X_y=True)
X_test, y_test = load_mnist(subset="test", return_X_y=True)

model = Pipeline(
    [
        ("scale", StandardScaler()),
        (
            "net",
            BPClassifier(
                solver="adam", learning_rate_init=0.002, max_iter=10, random_state=0
            ),
        ),
    ]
)
candidates = {
    "scale": [StandardScaler(), MinMaxScaler()],
    "net__hidden_layer_sizes": [(64,), (128,), (256,)],
}

# %%
# The search
# ----------
# Three folds make 18 fits. ``refit=False``, because the winner is to be trained on
# other rows than those of the search.

search = GridSearchCV(model, candidates, cv=3, n_jobs=args.n_jobs, refit=False)
search.fit(X_train[: args.search_rows], y_train[: args.search_rows])

results = sorted(
    zip(
        search.cv_results_["mean_test_score"],
        search.cv_results_["std_test_score"],
        search.cv_results_["params"],
        strict=True,
    ),
    key=lambda row: -row[0],
)
print(f"Accuracy over 3 folds of {args.search_rows} rows")
print(f"{'mean':>7}{'sd':>8}  {'scale':<16}hidden_layer_sizes")
for mean, sd, params in results:
    name = type(params["scale"]).__name__
    print(f"{mean:>7.4f}{sd:>8.4f}  {name:<16}{params['net__hidden_layer_sizes']}")

# %%
# What to see
# -----------
# Wider is better. Which scaling is better depends on the width, and by no more than the
# folds differ among themselves: a search of this size settles large questions, not
# small ones. What it picks reaches a test accuracy of about 0.98 on all rows.

best = model.set_params(**search.best_params_)
best.fit(X_train[: args.train_rows], y_train[: args.train_rows])
accuracy = best.score(X_test, y_test)
print(f"\nTest accuracy of the best, trained on {args.train_rows} rows: {accuracy:.4f}")

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    for shift, scaler in zip((-0.06, 0.06), candidates["scale"], strict=True):
        rows = [row for row in results if isinstance(row[2]["scale"], type(scaler))]
        rows.sort(key=lambda row: row[2]["net__hidden_layer_sizes"])
        means, sds, params = zip(*rows, strict=True)
        widths = [str(each["net__hidden_layer_sizes"][0]) for each in params]
        # Beside each other, or one's bars would hide the other's.
        places = [i + shift for i in range(len(widths))]
        name = type(scaler).__name__
        ax.errorbar(places, means, sds, marker="o", capsize=4, label=name)
        ax.set_xticks(range(len(widths)), widths)
    ax.set_xlabel("hidden neurons")
    ax.set_ylabel("accuracy: mean and sd over 3 folds")
    ax.legend(loc="lower right")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

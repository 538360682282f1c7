"""
How do numbers and categories go in together?
=============================================

A ``ColumnTransformer`` fills and scales the numbers and encodes the categories, in
front of the network and inside the cross-validation. ``TabularClassifier`` does it
without being told.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skann import BPClassifier, TabularClassifier

parser = argparse.ArgumentParser(description="Mixed columns in a pipeline.")
parser.add_argument("--picture", type=Path, default="mixed_columns.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_mixed_columns"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# A table
# -------
# Who renews a ticket: by age, by distance and by town, with gaps in the distances.

rng = np.random.default_rng(0)
n_rows = 1000
frame = pd.DataFrame(
    {
        "age": rng.integers(18, 80, n_rows),
        "distance": rng.gamma(2, 8, n_rows),
        "town": rng.choice(["Bonn", "Kiel", "Trier", "Ulm"], n_rows),
        "payment": rng.choice(["card", "cash", "transfer"], n_rows),
    }
)
hilly = frame["town"].isin(["Trier", "Ulm"])
renews = ((frame["distance"] > 15) ^ hilly) | (frame["age"] > 70)
y = np.where(renews ^ (rng.random(n_rows) < 0.1), "renewed", "lapsed")
frame.loc[rng.random(n_rows) < 0.1, "distance"] = np.nan
print(frame.head(4).to_string())

# %%
# Pipelines
# ---------
# Everything that is learnt from the data stands in the pipeline, so that each fold
# learns it from its own training rows.

number = make_column_selector(dtype_include="number")
category = make_column_selector(dtype_exclude="number")
fill_and_scale = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
columns = make_column_transformer(
    (fill_and_scale, number), (OneHotEncoder(handle_unknown="ignore"), category)
)
numbers_only = make_column_transformer((fill_and_scale, number))
MODELS = {
    "the commonest answer": DummyClassifier(),
    "numbers only": make_pipeline(numbers_only, BPClassifier(random_state=0)),
    "ColumnTransformer": make_pipeline(columns, BPClassifier(random_state=0)),
    "TabularClassifier": TabularClassifier(random_state=0),
}
scores = {
    name: cross_val_score(model, frame, y, cv=3) for name, model in MODELS.items()
}
for name, found in scores.items():
    print(f"{name:21} {found.mean():.3f}")

# %%
# What to see
# -----------
# One answer in ten is drawn by chance, and distances are missing in one row of ten:
# more than 0.86 or so is not to be had. Without the towns there is little to learn.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    ax.barh(list(scores), [found.mean() for found in scores.values()], color="tab:blue")
    for row, found in enumerate(scores.values()):
        ax.plot(found, [row] * 3, "ko", ms=4)
    ax.invert_yaxis()
    ax.set(xlabel="accuracy; dots: the three folds", xlim=(0.4, 1))
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

"""
How does a raw table go into a network?
=======================================

A table as it comes: numbers with gaps, categories, dates, free text, and at prediction
a category that nobody has seen before. ``TabularRegressor`` takes it as it is, as
``HistGradientBoostingRegressor`` does, and everything that scikit-learn does with an
estimator goes by the table's own columns.
"""

# %%

import argparse
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, train_test_split

from skann import BPRegressor, TabularRegressor

parser = argparse.ArgumentParser(description="A raw table, with all that is in it.")
parser.add_argument("--picture", type=Path, default="tabular.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_tabular"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The table
# ---------
# Rents of flats, made up so that we know what they depend on: more space costs more,
# but less and less so; the district and the season count; one word in the advertisement
# is worth something; the number of the agent is worth nothing. A tenth of the years and
# of the districts are missing.

rng = np.random.default_rng(0)
n = 3000
DISTRICTS = {"centre": 300, "harbour": 150, "hills": 100, "north": 0, "mill": -80}
WORDS = ["bright", "quiet", "balcony", "garden", "renovated", "lift", "view", "parquet"]

frame = pd.DataFrame(
    {
        "space": rng.gamma(8, 9, n).round(),
        "year": rng.integers(1900, 2024, n).astype(float),
        "district": pd.Categorical(rng.choice(list(DISTRICTS), n)),
        "listed": pd.Timestamp("2021-01-01")
        + pd.to_timedelta(rng.integers(0, 1400, n), "D"),
        "furnished": rng.random(n) < 0.3,
        "agent": rng.integers(1, 40, n).astype(str),
        "advert": [" ".join(rng.choice(WORDS, 4, replace=False)) for _ in range(n)],
    }
)
rent = (
    90 * np.sqrt(frame["space"])
    + frame["district"].map(DISTRICTS).astype(float)
    + 1.5 * np.maximum(frame["year"] - 1980, 0)
    + 60 * np.cos(2 * np.pi * (frame["listed"].dt.month - 8) / 12)
    + 80 * frame["furnished"]
    + 90 * frame["advert"].str.contains("view")
    + rng.normal(scale=60, size=n)
)
frame.loc[rng.random(n) < 0.1, "year"] = np.nan
frame.loc[rng.random(n) < 0.1, "district"] = None
X_train, X_test, y_train, y_test = train_test_split(frame, rent, random_state=0)
print(X_train.head(3).to_string())

# %%
# Fit and predict
# ---------------
# No scaling, no encoding, no filling of gaps. ``verbose=1`` says what the columns were
# taken for and how each network went; the score out of fold needs no test set.

model = TabularRegressor(random_state=0, verbose=1).fit(X_train, y_train)
score = model.score(X_test, y_test)
print(f"R² out of fold {model.oof_score_:.3f}, on the test rows {score:.3f}")

# %%
# The same frame goes into scikit-learn's gradient boosting, which wants text to be
# a category and dates to be numbers.

plain = frame.assign(
    listed=(frame["listed"] - pd.Timestamp(0)).dt.days,
    agent=frame["agent"].astype("category"),
).drop(columns="advert")
trees = HistGradientBoostingRegressor(
    categorical_features="from_dtype", random_state=0
).fit(plain.loc[X_train.index], y_train)
score = trees.score(plain.loc[X_test.index], y_test)
print(f"HistGradientBoosting, without the text: {score:.3f}")

# %%
# A district that is new, and gaps wherever there can be some, are no reason to fail.

new = X_test[:1].assign(district="island", year=np.nan, advert=None, agent="99")
print(f"A flat on the island: {model.predict(new)[0]:.0f}")

# %%
# What matters
# ------------
# Permutation importance goes by the columns of the table, not by the columns that they
# were encoded as, of which there are many more.

encoded = model.vectorizer_.get_feature_names_out()
print(f"{frame.shape[1]} columns, encoded as {len(encoded)}")
found = permutation_importance(model, X_test, y_test, n_repeats=5, random_state=0)
importance = pd.Series(found.importances_mean, index=frame.columns).sort_values()
print(importance[::-1].round(3).to_string())

# %%
# Search and save
# ---------------
# A search reaches the parameters of the networks through `estimator`. What comes out is
# saved with joblib as any other model.

member = BPRegressor(
    (64, 64), learning_rate="one_cycle", learning_rate_init=0.005, early_stopping=True
)
search = GridSearchCV(
    TabularRegressor(estimator=member, cv=3, random_state=0),
    {"estimator__max_iter": [3, 30]},
    cv=2,
).fit(X_train, y_train)
print(f"Best of the search: {search.best_params_}")

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "rents.joblib"
    joblib.dump(model, path)
    loaded = joblib.load(path)
same = (loaded.predict(X_test) == model.predict(X_test)).all()
print(f"Loaded again, the same predictions: {same}")

# %%
# What to see
# -----------
# The networks find the bend in the rent over space, the season, and the district, and
# give nothing for the agent's number.

space = partial_dependence(model, X_test, ["space"], grid_resolution=40)
district = partial_dependence(
    model, X_test[X_test["district"].notna()], ["district"], categorical_features=[2]
)
levels = pd.Series(district["average"][0], index=district["grid_values"][0])
print((levels - levels["north"]).round().astype(int).to_string())

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    axes[0].barh(importance.index, importance)
    axes[0].set(title="Permutation importance", xlabel="fall of R²")
    grid = space["grid_values"][0]
    truth = 90 * np.sqrt(grid)
    axes[1].plot(grid, space["average"][0], label="partial dependence")
    shift = space["average"][0].mean() - truth.mean()
    axes[1].plot(grid, truth + shift, "--", color="black", label="as it was made")
    axes[1].set(title="Space", xlabel="m²", ylabel="rent")
    axes[1].legend()
    order = list(DISTRICTS)
    axes[2].bar(order, levels[order] - levels["north"], label="partial dependence")
    axes[2].plot(
        order,
        [DISTRICTS[name] for name in order],
        "k_",
        ms=30,
        mew=2,
        label="as it was made",
    )
    axes[2].set(title="District", ylabel="rent above that in the north")
    axes[2].legend(markerscale=0.4)
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")

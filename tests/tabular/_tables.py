"""A table with everything in it, for the tests of the estimators."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.validation import _get_feature_names

N = 240
WORDS = ["house", "garden", "quiet", "lake", "old", "near", "street"]


def table(n=N, seed=0):
    """A frame, real targets, and classes that follow them."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "size": rng.normal(50, 20, n),
            "rooms": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 6, n)),
            "garden": rng.random(n) < 0.5,
            "heating": pd.Categorical(rng.choice(["gas", "oil", None], n)),
            "street": rng.choice(["north", "south", "west"], n),
            "sold": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 300, n), "D"),
            "words": [" ".join(rng.choice(WORDS, 6)) for _ in range(n)],
        }
    )
    y = X["size"] / 20 + 2 * (X["street"] == "north") + X["rooms"].fillna(0) / 2
    y = (y + rng.normal(scale=0.2, size=n)).to_numpy()
    return X, y, np.array(["low", "middle", "high"])[np.digitize(y, [3, 5])]


def polars():
    """The module; skips the test where scikit-learn does not see its names."""
    module = pytest.importorskip("polars")
    if _get_feature_names(module.DataFrame({"a": [1]})) is None:
        pytest.skip("this scikit-learn knows no frames of this polars")
    return module


def outputs(model, X):
    """Probabilities of a classifier, values of a regressor."""
    return getattr(model, "predict_proba", model.predict)(X)


def weighed(model, Z, rows=slice(None), of_networks=slice(None)):
    """The weighed mean of some networks' outputs for rows of an encoded table."""
    parts = zip(model.estimators_, model.estimator_weights_, strict=True)
    parts = list(parts)[of_networks]
    total = sum(w * outputs(e, Z[rows, : e.n_features_in_]) for e, w in parts)
    return total / sum(w for _, w in parts)

"""Models to be stored, and what must be the same of one that has been."""

import numpy as np
from _helpers import small_net, theta
from numpy.testing import assert_array_equal

from skann import BPClassifier, BPRegressor
from skann.schedules import Adaptive, InvScaling, Step
from skann.solvers import SGD, AdamW

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
NAMES = np.array(["no", "yes", "perhaps"])
TARGETS = {
    "two classes": (BPClassifier, (X[:, 0] > 0).astype(int)),
    "classes": (BPClassifier, NAMES[(X[:, 0] > 0) + (X[:, 1] > 0).astype(int)]),
    "objects": (BPClassifier, NAMES.astype(object)[(X[:, 0] > 0).astype(int)]),
    "labels": (BPClassifier, (X[:, :3] > 0).astype(int)),
    "columns": (BPClassifier, np.digitize(X[:, :2], [-0.5, 0.5])),
    "a value": (BPRegressor, 3 * X[:, 0] + 100),
    "values": (BPRegressor, X[:, :2]),
}
SETTINGS = {
    "auto": {},
    "float32": {},
    "early stopping": {"early_stopping": True},
    "scorer": {"early_stopping": True, "scoring": "neg_mean_squared_error"},
    **{
        f"solver {name}": {"solver": name}
        for name in ("sgd", "adam", "adamw", "amsgrad", "nadam", "rmsprop", "adagrad")
    },
    "solver lion": {"solver": "lion"},
    "solver rprop": {"solver": "rprop"},
    "solver lbfgs": {"solver": "lbfgs"},
    "objects": {"solver": SGD(0.5), "learning_rate": Adaptive(factor=2)},
    "AdamW object": {"solver": AdamW(weight_decay=0.1), "learning_rate": Step(2)},
    "invscaling": {"solver": "sgd", "learning_rate": InvScaling(0.25)},
    "cosine": {"solver": "sgd", "learning_rate": "cosine"},
}


def damaged(whole, cut_every, n_flips):
    """A file's bytes, cut at every so many, and with single bits flipped."""
    for length in range(0, len(whole), cut_every):
        yield whole[:length]
    places = np.random.default_rng(1).integers(8 * len(whole), size=n_flips)
    for place in places.tolist():
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        yield bytes(flipped)


def fitted(targets="classes", settings="auto", warm_start=True):
    Estimator, y = TARGETS[targets]
    model = small_net(Estimator, warm_start=warm_start, **SETTINGS[settings])
    rows = X.astype(np.float32) if settings == "float32" else X
    return model.fit(rows, y), y


def outputs(model):
    proba = getattr(model, "predict_proba", lambda X: ())(X)
    return [model.predict(X), *(proba if isinstance(proba, list) else [proba])]


def assert_same(model, other):
    assert repr(model) == repr(other)
    assert_array_equal(theta(other), theta(model))
    for mine, theirs in zip(outputs(model), outputs(other), strict=True):
        assert_array_equal(mine, theirs)
        assert np.asarray(mine).dtype == np.asarray(theirs).dtype
    for name, value in vars(model).items():
        if name.endswith("_") and name != "auto_params_":
            assert_array_equal(value, getattr(other, name))
    assert_array_equal(model.batch_loss_curve_, other.batch_loss_curve_)
    for name, column in model.history_.items():
        assert_array_equal(column, other.history_[name])
        assert list(map(type, column)) == list(map(type, other.history_[name]))
    assert repr(model.auto_params_) == repr(other.auto_params_)

"""The public names as their users write them, for ``mypy --strict`` to read.

Nothing here runs: what a type checker makes of each expression is asserted.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from skann import (
    BPClassifier,
    BPRegressor,
    LearningRateRange,
    TabularClassifier,
    TabularRegressor,
    check_gradient,
    learning_rate_range_test,
    prediction_intervals,
)
from skann.activations import Activation, check_activation
from skann.averaging import EMA
from skann.callbacks import Checkpoint, TrainingLog
from skann.dask import DaskBPClassifier, partial_fit_parquet
from skann.datasets import make_xor
from skann.displays import LossCurveDisplay, NetworkDisplay
from skann.losses import Focal, Loss, check_loss
from skann.playground import Playground, make_problem
from skann.preprocessing import TableEncoder
from skann.schedules import Cosine
from skann.solvers import CG, LBFGS, SGD, LevenbergMarquardt


class Squares(Loss):
    def value(self, z: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(((z - y) ** 2).sum(axis=1) / 2)

    def derivative(self, z: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(z - y)


class Cube(Activation):
    def value(self, z: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(z * z * z)

    def derivative(self, z: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(3 * z * z)


def use() -> None:
    X, y = make_xor(200, noise=0.2, random_state=0)
    net = BPClassifier(
        (8, 4),
        activation=["tanh", "relu"],
        solver=SGD(momentum=0.95),
        learning_rate=Cosine(warmup=0.1),
        class_weight={0: 1.0, 1: 2.0},
        scoring=["accuracy", "loss"],
    )
    assert_type(net.fit(X, y, X_val=X, y_val=y), BPClassifier)
    assert_type(net.partial_fit(X, y, classes=[0, 1]), BPClassifier)
    assert_type(net.predict(X), NDArray[Any])
    assert_type(net.predict_proba(X.tolist()), NDArray[Any])
    assert_type(net.score(X, y), float)
    assert_type(net.get_params(), dict[str, Any])
    assert_type(net.set_params(alpha=0.1), BPClassifier)
    assert_type(net.coefs_[0], NDArray[Any])
    assert_type(net.n_iter_, int)
    assert_type(net.stop_reason_, str | None)
    assert_type(net.activations_, list[str])
    assert_type(net.history_["loss"], list[Any])
    assert_type(net.summary().parameters, int)
    assert_type(net.to_code("c"), str)
    net.set_callbacks(TrainingLog("epochs.csv"), Checkpoint("training.skann"))
    net.save_model("net.skann")

    regressor = BPRegressor(loss="quantile", quantile=[0.1, 0.9], solver=LBFGS())
    assert_type(regressor.fit(X, y).predict(X), NDArray[Any])
    normal = BPRegressor(loss="gaussian", average=EMA(decay=0.99)).fit(X, y)
    assert_type(normal.predict(X), NDArray[Any])
    _, std = normal.predict(X, return_std=True)
    assert_type(std, NDArray[Any])
    small = BPRegressor(solver=LevenbergMarquardt(mu=0.01)).fit(X, y)
    assert_type(prediction_intervals(small, X, y, X, coverage=0.9), NDArray[Any])
    assert_type(check_gradient(small, X, y).relative_error, float)
    check_loss(Squares())
    check_activation(Cube())
    BPClassifier(loss=Focal(gamma=1.0), activation=Cube(), solver=CG())
    BPRegressor(loss=Squares(), average="swa")
    assert_type(learning_rate_range_test(net, X, y), LearningRateRange)

    table = TabularClassifier(estimator=net, n_jobs=2)
    assert_type(table.fit(X, y), TabularClassifier)
    assert_type(TabularRegressor().fit(X, y).predict(X), NDArray[Any])
    assert_type(TableEncoder(dtype=np.float64).fit_transform(X, y), NDArray[Any])

    assert_type(Cosine().rates(0.1, max_iter=3, n_rows=9, batch_size=3), NDArray[Any])
    assert_type(LossCurveDisplay.from_estimator({"net": net}), LossCurveDisplay)
    assert_type(NetworkDisplay.from_estimator(net).plot(), NetworkDisplay)

    cluster = DaskBPClassifier((8,), alpha=0.1, local_steps=5)
    assert_type(cluster.fit(X, y), DaskBPClassifier)
    assert_type(cluster.estimator_, BPClassifier)
    assert_type(cluster.score(X, y), float)
    assert_type(partial_fit_parquet(net, ["a.parquet"], "y"), BPClassifier)
    assert_type(make_problem("spiral", noise=0.1), tuple[NDArray[Any], NDArray[Any]])
    assert_type(Playground(X, y).estimator, BPClassifier | BPRegressor)

    BPClassifier(alpha=[0.1])  # type: ignore[arg-type]
    BPClassifier(hidden=3)  # type: ignore[call-arg]
    net.fit(X)  # type: ignore[call-arg]
    CG(update=3)  # type: ignore[arg-type]

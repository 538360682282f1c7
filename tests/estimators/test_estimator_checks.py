"""scikit-learn's own checks, on both estimators in many configurations.

Nothing is expected to fail. With early stopping two checks are left out: they demand
that weighing a row is the same as repeating or removing it. A random split draws other
rows for validation once there are other rows to draw from, so no estimator that holds
out a part of its data can do that.

scikit-learn's checks of transformers give targets of zero without a look at the tag
``positive_only``, which all its other checks heed; the loss "gamma" refuses them, so
these are left out for it.

Some checks give ten rows, a tenth of which is one: too few for the R² that a regressor
validates with, so it holds out a fifth here.

The list is made from the generator that ``parametrize_with_checks`` is made from: that
decorator can't leave a check out, and hands pytest an iterator, which pytest 9 warns
of.
"""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from skann import BPClassifier, BPRegressor

# The checks fit small data with the default number of epochs, which is not enough.
# Some set n_iter_no_change, whatever the solver.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:n_iter_no_change=20 has no effect:UserWarning"),
]

# Decay and length are chosen by trials in the estimators with default parameters only.
WITHOUT_TRIALS = {"alpha": 1.0, "max_iter": 300}

ESTIMATORS = [
    BPClassifier(),
    BPClassifier(loss="mse", **WITHOUT_TRIALS),
    BPClassifier(loss="cross_entropy", **WITHOUT_TRIALS),
    BPClassifier(loss="softmax", **WITHOUT_TRIALS),
    BPClassifier(activation="tanh_opt", **WITHOUT_TRIALS),
    BPClassifier(activation="tanh_opt", loss="cross_entropy", **WITHOUT_TRIALS),
    BPClassifier(activation="logistic", loss="mse", **WITHOUT_TRIALS),
    BPClassifier(activation="tanh", loss="cross_entropy", **WITHOUT_TRIALS),
    BPClassifier(solver="sgd"),
    BPClassifier(solver="lbfgs"),
    BPClassifier(early_stopping=True, **WITHOUT_TRIALS),
    BPRegressor(),
    BPRegressor(loss="mse", **WITHOUT_TRIALS),
    BPRegressor(activation="tanh_opt", **WITHOUT_TRIALS),
    BPRegressor(solver="sgd"),
    BPRegressor(solver="lbfgs"),
    BPRegressor(early_stopping=True, **WITHOUT_TRIALS),
    BPClassifier(label_smoothing=0.1, **WITHOUT_TRIALS),
    BPRegressor(loss="absolute_error", **WITHOUT_TRIALS),
    BPRegressor(loss="huber", huber_delta=1.0, **WITHOUT_TRIALS),
    BPRegressor(loss="quantile", quantile=0.4, **WITHOUT_TRIALS),
    BPRegressor(loss="poisson", **WITHOUT_TRIALS),
    BPRegressor(loss="gamma", **WITHOUT_TRIALS),
]

NO_RANDOM_SPLIT_CAN = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}

GIVE_ZEROS = {
    "check_transformer_data_not_an_array",
    "check_transformer_general",
    "check_transformer_preserve_dtypes",
    "check_transformer_n_iter",
}


def left_out(estimator):
    """Names of the checks that can't be passed, see above."""
    names = NO_RANDOM_SPLIT_CAN if estimator.early_stopping else set()
    return names | (GIVE_ZEROS if estimator.loss == "gamma" else set())


def checks(estimator):
    """All of scikit-learn's checks, as (name, instance, check)."""
    return [
        (check.func.__name__, instance, check)
        for instance, check in estimator_checks_generator(estimator, legacy=True)
    ]


@pytest.mark.parametrize(
    ("instance", "check"),
    [
        pytest.param(instance, check, id=f"{estimator}-{name}")
        for estimator in ESTIMATORS
        for name, instance, check in checks(estimator)
        if name not in left_out(estimator)
    ],
)
def test_check(instance, check):
    check(instance)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_the_checks_left_out_by_name_are_there(estimator):
    names = {name for name, _, _ in checks(estimator)}
    assert names >= NO_RANDOM_SPLIT_CAN | GIVE_ZEROS

"""scikit-learn's own checks, on the estimators of tables; none is expected to fail."""

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

from skann import TabularClassifier, TabularRegressor

ESTIMATORS = [
    TabularClassifier(),
    TabularRegressor(),
    TabularClassifier(vectorizer="passthrough"),
    TabularRegressor(vectorizer="passthrough"),
    TabularClassifier(cv=3, n_jobs=2),
]


@pytest.mark.parametrize(
    ("instance", "check"),
    [
        pytest.param(instance, check, id=f"{estimator}-{check.func.__name__}")
        for estimator in ESTIMATORS
        for instance, check in estimator_checks_generator(estimator, legacy=True)
    ],
)
def test_check(instance, check):
    check(instance)


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_tags_say_what_a_table_may_hold(kind):
    tags = get_tags(kind()).input_tags
    assert tags.allow_nan
    assert tags.string
    assert tags.categorical
    assert not tags.sparse
    plain = get_tags(kind(vectorizer="passthrough")).input_tags
    assert plain.sparse
    assert not plain.allow_nan

"""What the docstrings of the two estimators have in common, written once."""

from typing import Any, TypeVar

from .._estimators import docstrings

Thing = TypeVar("Thing", bound=Any)

TEXTS = {
    "vectorizer": """\
vectorizer : "auto", "passthrough" or transformer, default="auto"
    What makes a matrix of numbers of the table. "auto" is
    :class:`skann.preprocessing.TableEncoder`. "passthrough" takes a matrix of
    numbers, dense or sparse, as it is; it should be of about unit scale. Any
    transformer of scikit-learn's kind, such as skrub's ``TableVectorizer`` or a
    pipeline, is fitted to `X` and `y`.""",
    "estimator": """\
estimator : BPClassifier (BPRegressor for the regressor) or None, default=None
    What each network is, with parameters of its own; a copy for each. None is by
    the recipe: layers, decay, rate and epochs that follow the rows. With
    ``early_stopping=True`` it keeps its best epoch on its fold, else it is trained
    without looking at that. `random_state` is set, and
    `validation_fraction` must be left alone.""",
    "n_jobs": """\
n_jobs : int, default=None
    Networks trained at once, on threads: the matrix is in memory once. None is 1
    unless in a ``joblib.parallel_config``, -1 all processors. The result is the
    same, bit for bit.""",
    "random_state": """\
random_state : int, RandomState instance or None, default=None
    Determines the shuffling of "auto" folds, starting weights and the order of
    rows.""",
    "verbose": """\
verbose : bool or int, default=False
    Whether to print what the columns were taken for, epochs and validation loss of
    each network, shares of the kinds, and the score out of fold.""",
    "vectorizer_": """\
vectorizer_ : transformer or "passthrough"
    What encodes the table, fitted. Its ``get_feature_names_out`` names the inputs
    of the networks.""",
    "estimator_weights_": """\
estimator_weights_ : ndarray of shape (n_estimators,)
    What each network counts for in the mean; their sum is one.""",
    "n_features_in_": """\
n_features_in_ : int
    Number of columns seen in `fit`.""",
    "feature_names_in_": """\
feature_names_in_ : ndarray of str of shape (n_features,)
    Their names, where they have names that are all text.""",
    "recipe": """\
By default there are 8 folds below 20,000 rows, else 4, and on each a network of every
kind: two layers of 64 rectified units, with weight decay 1000 / n (between 0.2 and 1)
for n rows and with three times that; two of 64 hyperbolic tangents; one of 100
rectified units that does not see the bins. From 50,000 rows on there is the first kind
alone. All are trained by AdamW in one cycle; in float32, but float64 below 1,000 rows.
Kinds are weighed by the loss of their blend out of fold. Where the training rows of a
network would lack a class, all rows of that class are added to them.""",
}


def document(thing: Thing) -> Thing:
    """Fill in the places of a docstring: see ``_estimators/docstrings.py``."""
    return docstrings.document(thing, TEXTS)

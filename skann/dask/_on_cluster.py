"""The single-machine estimators with another way to train: on the rows of a cluster.

They have the names of those on one machine, for what a fit says of its parameters and
hands to callbacks is the same. What users get as ``estimator_`` is of those classes.
"""

from .._estimators import classifier, regressor
from .._estimators.validation_data import check_validation_arguments
from ._fit import Fit


class _Trained:
    """Trains where the rows are."""

    def train_from(self, source, validation, rounds):
        """Take the rows from there in the next fit."""
        self._sources = source, validation, rounds
        return self

    def _train(self, X, y, inputs, resume, partial=False):
        given = vars(self).pop("_sources")
        check_validation_arguments(self, inputs, partial)
        return Fit(self, self.on_one_machine, *given).run()

    def plain(self):
        """The same for one machine."""
        found = self.on_one_machine.__new__(self.on_one_machine)
        vars(found).update(vars(self))
        return found.set_callbacks()


class BPClassifier(_Trained, classifier.BPClassifier):
    """The classifier, trained on a cluster."""

    __module__ = "skann.dask._on_cluster"
    on_one_machine = classifier.BPClassifier


class BPRegressor(_Trained, regressor.BPRegressor):
    """The regressor, trained on a cluster."""

    __module__ = "skann.dask._on_cluster"
    on_one_machine = regressor.BPRegressor

"""The objective of some of the parameters, while the others stay as they are."""

from .contract import Objective


class PartlyFrozen(Objective):
    """An engine's objective whose gradient is zero for what is not trained.

    Full-batch methods then never leave the others' values: every direction that they
    make is of gradients, and of products with the Hessian.

    Parameters
    ----------
    objective : Objective
    trainable : ndarray of bool of shape (n_parameters,)
    """

    def __init__(self, objective, trainable):
        self._objective, self.trainable = objective, trainable
        self.engine = objective.engine
        self.network, self.alpha = objective.network, objective.alpha
        self.theta, self.data = objective.theta, objective.data
        self.n_rows, self.gradient = objective.n_rows, objective.gradient

    def batch(self, rows):
        return self._frozen(self._objective.batch(rows))

    def full(self):
        return self._frozen(self._objective.full())

    def restricted(self, vector):
        """A vector that is zero for what is not trained."""
        return vector * self.trainable

    def _frozen(self, evaluated):
        value, _ = evaluated
        self.gradient[~self.trainable] = 0
        return value, self._gradient_norm()

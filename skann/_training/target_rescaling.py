"""Training that goes on in other units of the targets.

A stream's mean and deviation move as its batches come. What the network has learnt
stays: with outputs W, b for targets of mean μ and deviation σ, and r = σ / σ',

    W' = r W        b' = r b + (μ - μ') / σ'

give the same predictions for targets of mean μ' and deviation σ' (Pop-Art, van Hasselt
et al. 2016). A loss of degree d, 2 for squares, is r^d times the old one. Its gradient
with respect to W' is r^(d-1) times that of the old one to W, and r^d times with respect
to the layers below; what an optimiser remembers of gradients is carried over in that
proportion. Behind a log link a unit is a shift of the bias alone.

References
----------
van Hasselt, H., Guez, A., Hessel, M., Mnih, V. & Silver, D. (2016). Learning values
across many orders of magnitude. NeurIPS. arXiv:1602.07714.
"""

import math
from dataclasses import dataclass

import numpy as np

from .run import validator


@dataclass(frozen=True)
class TargetRescaling:
    """From one mean and deviation of the targets to another.

    Attributes
    ----------
    ratio, shift : ndarray of shape (n_outputs,)
        r and (μ - μ') / σ' of each output.
    loss_ratio : ndarray of shape (n_outputs,)
        r^d: by how much the losses grow.
    """

    ratio: np.ndarray
    shift: np.ndarray
    loss_ratio: np.ndarray

    def apply(self, layout, theta, progress):
        """Carry parameters and what training remembers over, in place."""
        self._carry_over(layout, theta)
        if progress.best is not None and progress.best.theta is not None:
            self._carry_over(layout, progress.best.theta)
        average = progress.average
        if average is not None and average.moving is not None:
            self._carry_over(layout, average.moving)
            np.copyto(average.average, theta)
        if progress.optimizer is not None:
            optimizer = progress.optimizer
            powers = optimizer.gradient_powers
            for vector, power in zip(optimizer.state, powers, strict=True):
                self._scale_state(layout, vector, power)

    def _carry_over(self, layout, theta):
        W, b = layout.weights(theta)[-1], layout.biases(theta)[-1]
        for weights in (W, layout.skip(theta)):
            if weights is not None:
                weights *= self.ratio
        b[...] = b * self.ratio + self.shift

    def _scale_state(self, layout, vector, power):
        # Layers below get the gradients of all outputs: of several, the root of the
        # mean square is what independent ones of one size have.
        below = math.sqrt(np.mean(self.loss_ratio**2)) ** power
        for weights in layout.weights(vector)[:-1]:
            weights *= below
        for biases in layout.biases(vector)[:-1]:
            biases *= below
        for view in (view for kind in layout.normalizers(vector) for view in kind):
            view *= below
        own = (self.loss_ratio / self.ratio) ** power
        if layout.skip(vector) is not None:
            layout.skip(vector)[...] *= own
        layout.weights(vector)[-1][...] *= own
        layout.biases(vector)[-1][...] *= own

    def reevaluate_best(self, network, progress, held_out):
        """What patience and the best parameters have seen, as it is in the new units.

        Parameters
        ----------
        network : Network
        progress : Progress
        held_out : Data or None
            The validation data; the loss on them is computed again.
        """
        if progress.watched == "validation score":
            return
        best, patience = progress.best, progress.patience
        factor = float(np.mean(self.loss_ratio))
        if best is not None and best.theta is not None and held_out is not None:
            loss, _ = validator(network, best.theta, held_out, _no_score)()
            best.value = loss
            if patience is not None:
                patience.best = loss
        elif patience is not None:
            patience.best *= factor


def _no_score(raw):
    return math.nan

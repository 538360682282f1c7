"""Statistics of batch normalisation that belong to the weights as they are."""

import numpy as np

from .._engine import choice


class RunningStatistics:
    """Makes theta's running statistics those of the data, when it is called.

    In training they are means over the last batches, and lag behind weights that move:
    predictions would then be those of another network than the loss is of. So they are
    taken anew at the end of a run, and before predictions are looked at between epochs.

    Parameters
    ----------
    network : Network
        Normalised by batches.
    theta : ndarray of shape (n_parameters,)
    data : Data
        What is trained on.
    progress : Progress
        Its average of the weights, where there is one, gets them as well.
    """

    def __init__(self, network, theta, data, progress):
        self._about, self._progress = (network, theta, data), progress

    def __call__(self):
        network, theta, _ = self._about
        # What is not finite is reported by whoever looks at theta or a loss next.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            choice.set_statistics(*self._about)
        average = self._progress.average
        if average is not None and average.average is not None:
            where = network.layout.statistics
            average.average[where] = theta[where]


def running_statistics(network, theta, data, progress, partial):
    """A :class:`RunningStatistics`; None for what has none, and for a part of a stream.

    One batch of a stream does not tell what all of it is like.
    """
    if network.normalization != "batch" or partial:
        return None
    return RunningStatistics(network, theta, data, progress)

"""Targets of a classifier that are less sure of themselves.

Szegedy, C., Vanhoucke, V., Ioffe, S., Shlens, J. & Wojna, Z. (2016). Rethinking the
inception architecture for computer vision. CVPR.
"""

from dataclasses import replace

import numpy as np

from .._network.network import loss_function


def smoothed(targets, share, dtype):
    """Targets of which a share is spread over the classes.

    ``(1 - ε) y + ε / k`` for k outputs of one softmax, which sum to what they did; a
    sigmoid output is yes or no by itself, so k is 2.

    Parameters
    ----------
    targets : Targets
        Of a transformer of labels.
    share : float
        ε; nothing is changed where it is zero.
    dtype : dtype
        Of the smoothed targets.
    """
    if not share:
        return targets
    y = targets.y
    exclusive = y.ndim == 1 or targets.tasks  # and not two classes on one output
    if y.ndim == 1:
        y = (y == np.arange(targets.n_outputs)[:, np.newaxis]).astype(dtype)
    n_classes = 2
    if exclusive and loss_function(targets.loss).out_activation == "softmax":
        sizes = targets.tasks or (targets.n_outputs,)
        n_classes = np.repeat(sizes, sizes)[:, np.newaxis]
    return replace(targets, y=(y * (1 - share) + share / n_classes).astype(dtype))

"""What a prediction consists of, without the estimator: what exports are made from."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Description:
    """A fitted network and what becomes of its outputs.

    Attributes
    ----------
    name : str
        The estimator's class.
    weights, biases : list of ndarray of shape (n_in, n_out) and (n_out,)
        An array a layer.
    activations : list of str
        Of the hidden layers.
    outputs : {"real", "two classes", "softmax", "logistic", "labels"}
        Real values; one sigmoid for two classes; probabilities of classes by softmax,
        or by sigmoids that are divided by their sum; probabilities of labels, each by
        itself.
    classes : list of ndarray
        The classes of each task, of which there is mostly one.
    several : bool
        Whether there is a column of classes for each task.
    mean, scale : ndarray of shape (n_outputs,)
        A real prediction is an output times the scale plus the mean.
    result_dtype : callable
        The dtype of real predictions, from that of the outputs.
    """

    name: str
    weights: list
    biases: list
    activations: list
    outputs: str
    classes: list = field(default_factory=list)
    several: bool = False
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None
    result_dtype: object = None

    @property
    def n_features(self):
        """Number of inputs."""
        return self.weights[0].shape[0]

    @property
    def n_outputs(self):
        """Number of output units."""
        return self.weights[-1].shape[1]

    @property
    def dtype(self):
        """Dtype that the network was trained in."""
        return self.weights[0].dtype

    @property
    def tasks(self):
        """(first output, end, classes) of each task of a classifier."""
        if not self.several:
            return [(0, self.n_outputs, self.classes[0])]
        ends = np.cumsum([len(own) for own in self.classes]).tolist()
        return list(zip([0, *ends[:-1]], ends, self.classes, strict=True))

"""What a prediction consists of, without the estimator: what exports are made from."""

from dataclasses import dataclass, field

import numpy as np

# What becomes of raw outputs z, for the mean m and scale s of the targets.
REAL_OUTPUTS = {
    "linear": "s z + m",
    "exp": "exp(z) s",
    "sorted": "s z + m, of outputs z that are sorted",
    "normal": "s z + m of the first half, and the deviation of the second",
}


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
    outputs : str
        A row of :data:`REAL_OUTPUTS`; or, for classes, "two classes", one sigmoid;
        "softmax"; "logistic", sigmoids that are divided by their sum; "labels",
        a sigmoid for each label; "identity", the class of the largest output.
    skip : ndarray of shape (n_features, n_outputs) or None
        Weights of a direct path from inputs to outputs.
    norms : list of tuple of ndarray
        Gains and shifts of each hidden layer that is normalised by rows; empty without.
    classes : list of ndarray
        The classes of each task, of which there is mostly one.
    several : bool
        Whether there is a column of classes for each task.
    has_probabilities : bool
        Whether outputs of a classifier stand for probabilities.
    mean, scale : ndarray of shape (n_values,)
        Units of real predictions.
    result_dtype : callable
        The dtype of real predictions, from that of the outputs.
    """

    name: str
    weights: list
    biases: list
    activations: list
    outputs: str
    skip: np.ndarray | None = None
    norms: list = field(default_factory=list)
    classes: list = field(default_factory=list)
    several: bool = False
    has_probabilities: bool = True
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
    def is_real(self):
        """Whether predictions are real values."""
        return self.outputs in REAL_OUTPUTS

    @property
    def n_values(self):
        """Number of real predictions for a row."""
        return len(self.mean)

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

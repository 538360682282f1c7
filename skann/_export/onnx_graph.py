"""A network as an ONNX graph, by plain arithmetic that every runtime has.

Activations are written out in elementary operators: some runtimes have ``Elu``,
``Softplus`` and their like in float32 only, or not at all. ``onnx`` is an optional
dependency, imported where it is used.

References
----------
ONNX operators: https://onnx.ai/onnx/operators/
"""

import math
from functools import partial

import numpy as np

from .._network.activations import Selu
from .._network.gaussian_loss import LEAST_VARIANCE
from .._network.normalization import EPSILON
from .._optional import imported
from .._version import __version__

# The first operator set in which all that is used here is as it is used here.
LEAST_OPSET = 11


class _Graph:
    """A graph that grows at its end; values are known by their names.

    Parameters
    ----------
    onnx : module
    dtype : dtype
        In which the network is computed.
    prefix : str
        What the names of values begin with.
    """

    def __init__(self, onnx, dtype, prefix=""):
        self._onnx = onnx
        self.dtype, self._prefix = dtype, prefix
        self.nodes, self.constants, self.outputs = [], [], []

    def constant(self, value, dtype=None):
        """The name of a constant array."""
        name = f"{self._prefix}constant_{len(self.constants)}"
        array = np.asarray(value, self.dtype if dtype is None else dtype)
        self.constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def apply(self, operator, *inputs, others=(), **attributes):
        """The name of an operator's result; numbers among the inputs are constants.

        ``others`` are names of further results that it has.
        """
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        name = f"{self._prefix}{operator}_{len(self.nodes)}"
        results = [name, *(f"{name}_{other}" for other in others)]
        make = self._onnx.helper.make_node
        self.nodes.append(make(operator, names, results, name=name, **attributes))
        return name

    def columns(self, value, start, end):
        """The name of some columns of a matrix."""
        ends = [self.constant([at], np.int64) for at in (start, end, 1)]
        return self.apply("Slice", value, *ends)

    def cast(self, value, dtype):
        """The name of the same value in another dtype."""
        kind = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.apply("Cast", value, to=kind)

    def output(self, value, name, kind, shape):
        """Give a value out, by a name of its own."""
        self.nodes.append(
            self._onnx.helper.make_node("Identity", [value], [name], name=f"as {name}")
        )
        info = self._onnx.helper.make_tensor_value_info(name, kind, ["N", *shape])
        self.outputs.append(info)


def _softplus(graph, z, constant=None):
    # log(1 + exp(z)) in a form that does not overflow; constants are of z's dtype.
    zero, one = map(constant or graph.constant, (0.0, 1.0))
    small = graph.apply("Exp", graph.apply("Neg", graph.apply("Abs", z)))
    tail = graph.apply("Log", graph.apply("Add", small, one))
    return graph.apply("Add", graph.apply("Max", z, zero), tail)


def _normalized(graph, z, gain, shift):
    """A layer normalised by rows: means by products, for one way in every opset."""
    n = len(gain)
    mean_of = graph.constant(np.full((n, 1), 1 / n))
    z = graph.apply("Sub", z, graph.apply("MatMul", z, mean_of))
    variance = graph.apply("MatMul", graph.apply("Mul", z, z), mean_of)
    root = graph.apply("Sqrt", graph.apply("Add", variance, EPSILON))
    z = graph.apply("Mul", graph.apply("Div", z, root), graph.constant(gain))
    return graph.apply("Add", z, graph.constant(shift))


def _exponential(graph, z, alpha):
    left = graph.apply("Exp", graph.apply("Min", z, 0.0))
    left = graph.apply("Mul", graph.apply("Sub", left, 1.0), alpha)
    return graph.apply("Add", graph.apply("Max", z, 0.0), left)


def _gelu(graph, z):
    scaled = graph.apply("Mul", z, 1 / math.sqrt(2))
    # Runtimes have the error function in float32.
    erf = graph.apply("Erf", graph.cast(scaled, np.float32))
    cdf = graph.apply("Add", graph.cast(erf, graph.dtype), 1.0)
    return graph.apply("Mul", graph.apply("Mul", z, 0.5), cdf)


def _tanh_opt(graph, z):
    return graph.apply("Mul", graph.apply("Tanh", graph.apply("Mul", z, 2 / 3)), 1.7159)


def _selu(graph, z):
    return graph.apply("Mul", _exponential(graph, z, Selu.alpha), Selu.scale)


def _mish(graph, z):
    return graph.apply("Mul", z, graph.apply("Tanh", _softplus(graph, z)))


# How each activation is computed, from a graph and the name of its input.
ONNX_ACTIVATIONS = {
    "identity": lambda graph, z: z,
    "logistic": lambda graph, z: graph.apply("Sigmoid", z),
    "tanh": lambda graph, z: graph.apply("Tanh", z),
    "tanh_opt": _tanh_opt,
    "relu": lambda graph, z: graph.apply("Relu", z),
    "leaky_relu": lambda graph, z: graph.apply("Max", z, graph.apply("Mul", z, 0.01)),
    "elu": lambda graph, z: _exponential(graph, z, 1.0),
    "selu": _selu,
    "gelu": _gelu,
    "silu": lambda graph, z: graph.apply("Mul", z, graph.apply("Sigmoid", z)),
    "softplus": _softplus,
    "mish": _mish,
    "step": lambda graph, z: graph.cast(graph.apply("Greater", z, 0.0), graph.dtype),
}


def _probabilities(graph, raw, outputs, raw_scores):
    """Probabilities for the raw outputs of one task, or these themselves."""
    if raw_scores and outputs != "two classes":
        return raw
    if outputs == "two classes":
        both = graph.apply("Concat", graph.apply("Neg", raw), raw, axis=1)
        return both if raw_scores else graph.apply("Sigmoid", both)
    if outputs == "labels":
        return graph.apply("Sigmoid", raw)
    if outputs == "logistic":
        # By way of the logarithms, where outputs next to zero still differ.
        raw = graph.apply("Neg", _softplus(graph, graph.apply("Neg", raw)))
    return graph.apply("Softmax", raw, axis=1)


def _label_array(classes):
    """Classes in a dtype that ONNX has."""
    if classes.dtype.kind == "O":
        if not all(isinstance(label, str) for label in classes.tolist()):
            raise ValueError(
                f"ONNX has no labels of several types; classes_ are {classes.tolist()}."
            )
        classes = classes.astype(str)
    if classes.dtype.kind in "US":
        return classes.astype(str).astype(object)
    if classes.dtype.kind == "u" and classes.max() > np.iinfo(np.int64).max:
        raise ValueError(f"ONNX labels are 64-bit integers with a sign; got {classes}.")
    kinds = {"i": np.int64, "u": np.int64, "b": np.bool_, "f": np.float64}
    return classes.astype(kinds[classes.dtype.kind])


def _index(graph, raw, outputs):
    """Numbers of the predicted classes of one task."""
    if outputs == "two classes":
        flat = graph.apply("Reshape", raw, graph.constant([-1], np.int64))
        return graph.cast(graph.apply("Greater", flat, 0.0), np.int64)
    return graph.apply("ArgMax", raw, axis=1, keepdims=0)


def _add_classes(graph, raw, description, to_kind, raw_scores=False):
    probability, name = to_kind(graph.dtype), "probabilities"
    if not description.has_probabilities:
        raw_scores, name = True, "scores"
    if description.outputs == "labels":
        yes = graph.cast(graph.apply("Greater", raw, 0.0), np.int64)
        shape = [description.n_outputs]
        graph.output(yes, "label", to_kind(np.int64), shape)
        p = _probabilities(graph, raw, "labels", raw_scores)
        graph.output(p, name, probability, shape)
        return
    for i, (start, end, classes) in enumerate(description.tasks):
        part, suffix = raw, ""
        if description.several:
            part, suffix = graph.columns(raw, start, end), f"_{i}"
        labels = _label_array(classes)
        index = _index(graph, part, description.outputs)
        label = graph.apply("Gather", graph.constant(labels, labels.dtype), index)
        graph.output(label, f"label{suffix}", to_kind(labels.dtype), [])
        p = _probabilities(graph, part, description.outputs, raw_scores)
        graph.output(p, f"{name}{suffix}", probability, [len(classes)])


def _add_values(graph, raw, description, to_kind, with_std=True):
    dtype = description.result_dtype(graph.dtype)
    if dtype != graph.dtype:
        raw = graph.cast(raw, dtype)
    n_values, about = description.n_values, (to_kind(dtype), [description.n_values])
    constant = partial(graph.constant, dtype=dtype)
    mean, scale = constant(description.mean), constant(description.scale)
    if description.outputs == "exp":
        z = graph.apply("Add", raw, constant(np.log(description.scale)))
        # Predictions are positive.
        least = constant(np.finfo(dtype).tiny)
        y = graph.apply("Max", graph.apply("Exp", z), least)
        graph.output(y, "variable", *about)
        return
    z = raw
    if description.outputs == "sorted":
        n = graph.constant([n_values], np.int64)
        z = graph.apply("TopK", raw, n, others=["places"], axis=1, largest=0)
    elif description.outputs == "normal":
        z = graph.columns(raw, 0, n_values)
    y = graph.apply("Add", graph.apply("Mul", z, scale), mean)
    graph.output(y, "variable", *about)
    if description.outputs == "normal" and with_std:
        s = graph.columns(raw, n_values, 2 * n_values)
        least, half = constant(math.log(LEAST_VARIANCE)), constant(0.5)
        above = _softplus(graph, graph.apply("Sub", s, least), constant)
        logarithm = graph.apply("Mul", graph.apply("Add", above, least), half)
        std = graph.apply("Mul", graph.apply("Exp", logarithm), scale)
        graph.output(std, "std", *about)


def _kinds(onnx):
    # Of text NumPy's type is "object".
    return lambda dtype: onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def _add_network(graph, a, description, to_kind, **options):
    X, norms = a, description.norms
    names = [*description.activations, "identity"]
    layers = zip(description.weights, description.biases, names, strict=True)
    for i, (weights, biases, name) in enumerate(layers):
        product = graph.apply("MatMul", a, graph.constant(weights))
        z = graph.apply("Add", product, graph.constant(biases))
        if i < len(norms):
            z = _normalized(graph, z, *norms[i])
        a = ONNX_ACTIVATIONS[name](graph, z)
    if description.skip is not None:
        direct = graph.apply("MatMul", X, graph.constant(description.skip))
        a = graph.apply("Add", a, direct)
    add = _add_values if description.is_real else _add_classes
    add(graph, a, description, to_kind, **options)


def part_of_graph(description, dtype, source, prefix, **options):
    """The nodes and constants of a :class:`Description`, for a larger graph.

    Parameters
    ----------
    description : Description
    dtype : dtype
        In which the network is computed.
    source : str
        Name of the input; it is cast.
    prefix : str
        What the names of values begin with, but for the outputs'.
    **options
        For classes ``raw_scores``, whether raw outputs take the place of probabilities;
        for real values ``with_std``, whether deviations are an output.

    Returns
    -------
    nodes : list of onnx.NodeProto
    constants : list of onnx.TensorProto
    """
    onnx = imported("onnx", "the converter", "onnx")
    graph = _Graph(onnx, dtype, prefix)
    source = graph.cast(source, dtype)
    _add_network(graph, source, description, _kinds(onnx), **options)
    return graph.nodes, graph.constants


def build(description, dtype, target_opset, ir_version):
    """The ONNX model of a :class:`Description`.

    Parameters
    ----------
    description : Description
    dtype : dtype
    target_opset : int
    ir_version : int or None

    Returns
    -------
    model : onnx.ModelProto
    """
    onnx = imported("onnx", "to_onnx", "onnx")
    newest = onnx.defs.onnx_opset_version()
    if not LEAST_OPSET <= target_opset <= newest:
        raise ValueError(
            f"target_opset must be from {LEAST_OPSET} to {newest}, the newest of onnx "
            f"{onnx.__version__}; got {target_opset!r}."
        )

    to_kind = _kinds(onnx)
    graph = _Graph(onnx, dtype)
    _add_network(graph, "X", description, to_kind)
    given = onnx.helper.make_tensor_value_info(
        "X", to_kind(dtype), ["N", description.n_features]
    )
    made = onnx.helper.make_graph(
        graph.nodes, description.name, [given], graph.outputs, graph.constants
    )
    opsets = [onnx.helper.make_opsetid("", target_opset)]
    model = onnx.helper.make_model(
        made,
        opset_imports=opsets,
        ir_version=ir_version or onnx.helper.find_min_ir_version_for(opsets),
        producer_name="skann",
        producer_version=__version__,
    )
    onnx.checker.check_model(model)
    return model

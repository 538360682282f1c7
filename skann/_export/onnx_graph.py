"""A network as an ONNX graph, by plain arithmetic that every runtime has.

Activations are written out in elementary operators: some runtimes have ``Elu``,
``Softplus`` and their like in float32 only, or not at all. ``onnx`` is an optional
dependency, imported where it is used.

References
----------
ONNX operators: https://onnx.ai/onnx/operators/
"""

import math

import numpy as np

from .._network.activations import Selu
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

    def apply(self, operator, *inputs, **attributes):
        """The name of an operator's result; numbers among the inputs are constants."""
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        name = f"{self._prefix}{operator}_{len(self.nodes)}"
        make = self._onnx.helper.make_node
        self.nodes.append(make(operator, names, [name], name=name, **attributes))
        return name

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


def _softplus(graph, z):
    # log(1 + exp(z)) in a form that does not overflow.
    small = graph.apply("Exp", graph.apply("Neg", graph.apply("Abs", z)))
    tail = graph.apply("Log", graph.apply("Add", small, 1.0))
    return graph.apply("Add", graph.apply("Max", z, 0.0), tail)


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
    probability = to_kind(graph.dtype)
    if description.outputs == "labels":
        yes = graph.cast(graph.apply("Greater", raw, 0.0), np.int64)
        shape = [description.n_outputs]
        graph.output(yes, "label", to_kind(np.int64), shape)
        p = _probabilities(graph, raw, "labels", raw_scores)
        graph.output(p, "probabilities", probability, shape)
        return
    for i, (start, end, classes) in enumerate(description.tasks):
        part, suffix = raw, ""
        if description.several:
            ends = [graph.constant([at], np.int64) for at in (start, end, 1)]
            part, suffix = graph.apply("Slice", raw, *ends), f"_{i}"
        labels = _label_array(classes)
        index = _index(graph, part, description.outputs)
        label = graph.apply("Gather", graph.constant(labels, labels.dtype), index)
        graph.output(label, f"label{suffix}", to_kind(labels.dtype), [])
        p = _probabilities(graph, part, description.outputs, raw_scores)
        graph.output(p, f"probabilities{suffix}", probability, [len(classes)])


def _add_values(graph, raw, description, to_kind):
    dtype = description.result_dtype(graph.dtype)
    if dtype != graph.dtype:
        raw = graph.cast(raw, dtype)
    mean, scale = (
        graph.constant(units, dtype) for units in (description.mean, description.scale)
    )
    y = graph.apply("Add", graph.apply("Mul", raw, scale), mean)
    graph.output(y, "variable", to_kind(dtype), [description.n_outputs])


def _kinds(onnx):
    # Of text NumPy's type is "object".
    return lambda dtype: onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def _add_network(graph, a, description, to_kind, **options):
    layers = zip(
        description.weights,
        description.biases,
        [*description.activations, "identity"],
        strict=True,
    )
    for weights, biases, name in layers:
        product = graph.apply("MatMul", a, graph.constant(weights))
        z = graph.apply("Add", product, graph.constant(biases))
        a = ONNX_ACTIVATIONS[name](graph, z)
    add = _add_values if description.outputs == "real" else _add_classes
    add(graph, a, description, to_kind, **options)


def part_of_graph(description, dtype, source, prefix, raw_scores):
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
    raw_scores : bool
        Whether raw outputs take the place of probabilities.

    Returns
    -------
    nodes : list of onnx.NodeProto
    constants : list of onnx.TensorProto
    """
    onnx = imported("onnx", "the converter", "onnx")
    graph = _Graph(onnx, dtype, prefix)
    options = {} if description.outputs == "real" else {"raw_scores": raw_scores}
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

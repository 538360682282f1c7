"""Converters for skl2onnx, so that whole pipelines become ONNX."""

import dataclasses

import numpy as np

from .._export.onnx_graph import LEAST_OPSET, part_of_graph
from .._optional import imported
from .classifier import BPClassifier
from .exporting import describe
from .regressor import BPRegressor

# What skl2onnx takes for classifiers: a dict for each row, an array, or an output for
# each class; the labels as an output; raw outputs instead of probabilities.
_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
    "raw_scores": [False, True],
}
# Of regressors, as of scikit-learn's Gaussian processes.
_RETURN_STD = {"return_std": [False, True]}


def register_onnx_converters() -> None:
    """Have skl2onnx convert the networks, also as steps of pipelines.

    Call it once, before ``skl2onnx.to_onnx`` or ``convert_sklearn``. The networks are
    written as by ``to_onnx``, and the options are those of scikit-learn's classifiers:
    ``zipmap``, ``output_class_labels`` and ``raw_scores``; and ``return_std`` for
    deviations from a regressor with ``loss="gaussian"``. Needs skl2onnx:
    ``pip install "skann[skl2onnx]"``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    See Also
    --------
    BPClassifier.to_onnx : An ONNX model of a network alone, by ``onnx`` alone.

    Examples
    --------
    >>> import skann
    >>> skann.register_onnx_converters()  # doctest: +SKIP
    >>> skl2onnx.to_onnx(pipeline, X[:1])  # doctest: +SKIP
    """
    skl2onnx = imported("skl2onnx", "register_onnx_converters", "skl2onnx")
    skl2onnx.update_registered_converter(
        BPClassifier, "SkannBPClassifier", _shapes, _convert, options=_OPTIONS
    )
    skl2onnx.update_registered_converter(
        BPRegressor,
        "SkannBPRegressor",
        _shapes,
        _convert,
        parser=_parse_regressor,
        options=_RETURN_STD,
    )


def _parse_regressor(scope, model, inputs, custom_parsers=None):
    """The outputs of a regressor, as skl2onnx declares them."""
    types = imported("skl2onnx.common.data_types", "the converter", "skl2onnx")
    operator = scope.declare_local_operator("SkannBPRegressor", model)
    operator.inputs = inputs
    names = ["variable"]
    if scope.get_options(model, {"return_std": False})["return_std"]:
        outputs = describe(model).outputs
        if outputs != "normal":
            raise ValueError(
                "return_std=True needs a network trained with loss='gaussian', which "
                f"learns deviations; got loss={model.loss!r}."
            )
        names.append("std")
    for name in names:
        kind = types.guess_tensor_type(inputs[0].type)
        operator.outputs.append(scope.declare_local_variable(name, kind))
    return operator.outputs


def _description(operator):
    description = describe(operator.raw_operator)
    if description.several:
        raise ValueError(
            "skl2onnx has one output of labels for a classifier, and this one was "
            "trained on several columns of classes; its own to_onnx can write it."
        )
    if description.classes and description.classes[0].dtype == bool:
        # As skl2onnx has them everywhere.
        classes = [description.classes[0].astype(np.int64)]
        return dataclasses.replace(description, classes=classes)
    return description


def _dtype(operator):
    types = imported("skl2onnx.common.data_types", "the converter", "skl2onnx")
    double = isinstance(operator.inputs[0].type, types.DoubleTensorType)
    return np.dtype(np.float64 if double else np.float32)


def _shapes(operator):
    """Types and shapes of the outputs, of a size that skl2onnx calls None."""
    types = imported("skl2onnx.common.data_types", "the converter", "skl2onnx")
    description, dtype = _description(operator), _dtype(operator)
    n_rows, n_outputs = operator.inputs[0].get_first_dimension(), description.n_outputs
    real = {np.float32: types.FloatTensorType, np.float64: types.DoubleTensorType}
    if description.is_real:
        kind = real[description.result_dtype(dtype).type]
        for output in operator.outputs:
            output.type = kind([n_rows, description.n_values])
        return
    shape = [n_rows]
    if description.outputs == "labels":
        shape, n_classes = [n_rows, n_outputs], n_outputs
        label = types.Int64TensorType
    else:
        ((*_, classes),) = description.tasks
        n_classes = len(classes)
        kinds = {
            "i": types.Int64TensorType,
            "u": types.Int64TensorType,
            "f": types.DoubleTensorType,
        }
        label = kinds.get(classes.dtype.kind, types.StringTensorType)
    operator.outputs[0].type = label(shape)
    operator.outputs[1].type = real[dtype.type]([n_rows, n_classes])


def _convert(scope, operator, container):
    """Add the network to the graph that skl2onnx makes."""
    if container.target_opset < LEAST_OPSET:
        raise ValueError(
            f"target_opset must be at least {LEAST_OPSET}; got "
            f"{container.target_opset}."
        )
    model, description = operator.raw_operator, _description(operator)
    outputs = [output.full_name for output in operator.outputs]
    if description.is_real:
        names, options = ("variable", "std"), {"with_std": len(outputs) > 1}
    else:
        raw_scores = scope.get_options(model, {"raw_scores": False})["raw_scores"]
        second = "probabilities" if description.has_probabilities else "scores"
        names, options = ("label", second), {"raw_scores": raw_scores}
    known = dict(zip(names, outputs, strict=False))
    prefix = scope.get_unique_operator_name("network") + "_"
    nodes, constants = part_of_graph(
        description,
        _dtype(operator),
        operator.inputs[0].full_name,
        prefix,
        **options,
    )
    helper = imported("onnx.helper", "the converter", "onnx")
    container.initializers.extend(constants)
    for node in nodes:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        container.add_node(
            node.op_type,
            list(node.input),
            [known.get(name, name) for name in node.output],
            name=scope.get_unique_operator_name(node.name or node.op_type),
            **attributes,
        )

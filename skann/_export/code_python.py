"""A network as a Python module that needs NumPy alone."""

from .._network.normalization import EPSILON
from .code_common import (
    DEVIATION,
    FORMULAS,
    SIGMOID,
    SOFTPLUS,
    arrays_of,
    header,
    labels_of,
    lines_of,
    used_activations,
    values_of,
)

_NAMES = {
    "tanh": "np.tanh",
    "max": "np.maximum",
    "min": "np.minimum",
    "exp": "np.exp",
    "expm1": "np.expm1",
    "log1p": "np.log1p",
    "abs": "np.abs",
    "erf": "erf",
    "mean": "MEAN",
    "scale": "SCALE",
    "log_scale": "LOG_SCALE",
}

_NORMALIZED = f"""
def normalized(z, gain, shift):
    z = z - z.mean(axis=1, keepdims=True)
    scale = np.sqrt((z * z).mean(axis=1, keepdims=True) + {EPSILON})
    return z / scale * gain + shift
"""

_PROBABILITIES = {
    "two classes": "    return np.hstack([sigmoid(-z), sigmoid(z)])",
    "labels": "    return sigmoid(z)",
    "softmax": "    return softmax(z)",
    # By way of the logarithms, where sigmoids next to zero still differ.
    "logistic": "    return softmax(-softplus(-z))",
}


def source(description):
    """The module's text."""
    parts = ['"""' + "\n".join(header(description)) + '\n"""\n']
    if "gelu" in description.activations:
        parts.append("import math\n")
    parts.append("import numpy as np\n")
    for name, values in arrays_of(description).items():
        shape = f".reshape{values.shape}" if values.ndim > 1 else ""
        parts.append(f"{name} = {_array(values)}{shape}")
    parts += ["", *_functions(description)]
    parts += _values(description) if description.is_real else _classes(description)
    return "\n".join(parts) + "\n"


def _array(values):
    return f"np.array([\n{lines_of(values)}\n])"


def _function(name, formula):
    return f"\ndef {name}(z):\n    return {formula.format(**_NAMES)}\n"


def _functions(description):
    parts = [_function("softplus", SOFTPLUS), _function("sigmoid", SIGMOID)]
    if "gelu" in description.activations:
        parts.append("\nerf = np.vectorize(math.erf, otypes=[float])\n")
    names = used_activations(description)
    parts += [_function(name, FORMULAS[name]) for name in names]
    parts += [_NORMALIZED] if description.norms else []
    parts.append(
        "\ndef raw_outputs(X):\n"
        f'    """For rows of {description.n_features} features."""\n'
        "    X = a = np.asarray(X, dtype=float)"
    )
    for i, name in enumerate([*description.activations, "identity"]):
        z = f"a @ W{i} + B{i}"
        if i < len(description.norms):
            z = f"normalized({z}, GAIN{i}, SHIFT{i})"
        parts.append(f"    a = {z if name == 'identity' else f'{name}({z})'}")
    direct = "" if description.skip is None else " + X @ SKIP"
    return [*parts, f"    return a{direct}\n"]


def _values(description):
    k, outputs = description.n_values, description.outputs
    z = {
        "sorted": "np.sort(raw_outputs(X), axis=1)",
        "normal": f"raw_outputs(X)[:, :{k}]",
    }.get(outputs, "raw_outputs(X)")
    parts = [
        "\ndef predict(X):",
        f'    """Values of shape (n_rows, {k})."""',
        f"    z = {z}",
        f"    return {values_of(description, _NAMES)}",
    ]
    if outputs == "normal":
        parts += [
            "\n\ndef predict_std(X):",
            '    """Standard deviations of the values around the predictions."""',
            f"    z = raw_outputs(X)[:, {k}:]",
            f"    return {DEVIATION.format(**_NAMES)}",
        ]
    return parts


def _classes(description):
    tasks = [labels_of(own) for own in description.classes]
    parts = []
    if description.has_probabilities:
        parts += [
            "\ndef softmax(z):",
            "    e = np.exp(z - z.max(axis=1, keepdims=True))",
            "    return e / e.sum(axis=1, keepdims=True)\n",
            "\ndef probabilities(z):",
            _PROBABILITIES[description.outputs] + "\n",
        ]
    if description.several:
        return parts + _of_several_columns(description, tasks)
    parts.append(f"\nCLASSES = np.array({tasks[0]!r})\n")
    if description.has_probabilities:
        parts.append("\ndef predict_proba(X):")
        parts.append("    return probabilities(raw_outputs(X))\n")
    found = {
        "labels": "(raw_outputs(X) > 0).astype(int)",
        "two classes": "CLASSES[(raw_outputs(X)[:, 0] > 0).astype(int)]",
    }.get(description.outputs, "CLASSES[raw_outputs(X).argmax(axis=1)]")
    return [*parts, "\ndef predict(X):", f"    return {found}"]


def _of_several_columns(description, tasks):
    parts = [
        "\n# Of each column: its classes, and which outputs are theirs.\nTASKS = ["
    ]
    for (start, end, _), own in zip(description.tasks, tasks, strict=True):
        parts.append(f"    (np.array({own!r}), slice({start}, {end})),")
    parts.append("]\n")
    if description.has_probabilities:
        parts += [
            "\ndef predict_proba(X):",
            '    """A list with the probabilities of each column\'s classes."""',
            "    z = raw_outputs(X)",
            "    return [probabilities(z[:, own]) for _, own in TASKS]\n",
        ]
    return [
        *parts,
        "\ndef predict(X):",
        '    """A list with the labels of each column."""',
        "    z = raw_outputs(X)",
        "    return [classes[z[:, own].argmax(axis=1)] for classes, own in TASKS]",
    ]

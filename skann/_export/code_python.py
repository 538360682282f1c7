"""A network as a Python module that needs NumPy alone."""

from .code_common import (
    FORMULAS,
    SIGMOID,
    SOFTPLUS,
    header,
    labels_of,
    lines_of,
    used_activations,
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
}

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
    for i, (weights, biases) in enumerate(
        zip(description.weights, description.biases, strict=True)
    ):
        parts.append(f"W{i} = {_array(weights)}.reshape{weights.shape}")
        parts.append(f"B{i} = {_array(biases)}")
    parts += ["", *_functions(description)]
    parts += _values(description) if description.outputs == "real" else []
    parts += _classes(description) if description.outputs != "real" else []
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
    parts.append(
        "\ndef raw_outputs(X):\n"
        f'    """For rows of {description.n_features} features."""\n'
        "    a = np.asarray(X, dtype=float)"
    )
    for i, name in enumerate([*description.activations, "identity"]):
        z = f"a @ W{i} + B{i}"
        parts.append(f"    a = {z if name == 'identity' else f'{name}({z})'}")
    return [*parts, "    return a\n"]


def _values(description):
    y = "raw_outputs(X) * SCALE + MEAN"
    return [
        f"\nMEAN = {_array(description.mean)}",
        f"SCALE = {_array(description.scale)}\n",
        "\ndef predict(X):",
        f'    """Values of shape (n_rows, {description.n_outputs})."""',
        f"    return {y}",
    ]


def _classes(description):
    tasks = [labels_of(own) for own in description.classes]
    parts = [
        "\ndef softmax(z):",
        "    e = np.exp(z - z.max(axis=1, keepdims=True))",
        "    return e / e.sum(axis=1, keepdims=True)\n",
        "\ndef probabilities(z):",
        _PROBABILITIES[description.outputs] + "\n",
    ]
    if not description.several:
        parts += [f"\nCLASSES = np.array({tasks[0]!r})\n", "\ndef predict_proba(X):"]
        parts += ["    return probabilities(raw_outputs(X))\n", "\ndef predict(X):"]
        if description.outputs == "labels":
            return [*parts, "    return (raw_outputs(X) > 0).astype(int)"]
        if description.outputs == "two classes":
            return [
                *parts,
                "    return CLASSES[(raw_outputs(X)[:, 0] > 0).astype(int)]",
            ]
        return [*parts, "    return CLASSES[raw_outputs(X).argmax(axis=1)]"]
    parts.append(
        "\n# Of each column: its classes, and which outputs are theirs.\nTASKS = ["
    )
    for (start, end, _), own in zip(description.tasks, tasks, strict=True):
        parts.append(f"    (np.array({own!r}), slice({start}, {end})),")
    return [
        *parts,
        "]\n",
        "\ndef predict_proba(X):",
        '    """A list with the probabilities of each column\'s classes."""',
        "    z = raw_outputs(X)",
        "    return [probabilities(z[:, own]) for _, own in TASKS]\n",
        "\ndef predict(X):",
        '    """A list with the labels of each column."""',
        "    z = raw_outputs(X)",
        "    return [classes[z[:, own].argmax(axis=1)] for classes, own in TASKS]",
    ]

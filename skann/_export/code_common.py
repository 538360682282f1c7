"""What source code of every language shares: literals, formulas, the file's head."""

import numpy as np

from .._network.activations import Selu
from .._network.gaussian_loss import LEAST_VARIANCE
from .._version import __version__

_WIDTH = 88

# Each activation of one number z, or in NumPy of an array, with the language's names of
# functions in braces; softplus and sigmoid are functions that each file has.
FORMULAS = {
    "identity": "z",
    "logistic": "sigmoid(z)",
    "tanh": "{tanh}(z)",
    "tanh_opt": "1.7159 * {tanh}(2.0 / 3.0 * z)",
    "relu": "{max}(z, 0.0)",
    "leaky_relu": "{max}(z, 0.01 * z)",
    "elu": "{max}(z, 0.0) + {expm1}({min}(z, 0.0))",
    "selu": f"{Selu.scale} * ({{max}}(z, 0.0) + {Selu.alpha} * {{expm1}}"
    "({min}(z, 0.0)))",
    "gelu": "0.5 * z * (1.0 + {erf}(0.7071067811865476 * z))",
    "silu": "z * sigmoid(z)",
    "softplus": "softplus(z)",
    "mish": "z * {tanh}(softplus(z))",
    "step": "1.0 * (z > 0.0)",
}
SOFTPLUS = "{max}(z, 0.0) + {log1p}({exp}(-{abs}(z)))"
SIGMOID = "{exp}(-softplus(-z))"

# The least positive number with all digits: predictions behind a log link are positive.
_TINY = float(np.finfo(float).tiny)
# Real predictions of an output z, and the deviation of one that stands for it.
_VALUES = {
    "linear": "z * {scale} + {mean}",
    "exp": f"{{max}}({{exp}}(z + {{log_scale}}), {_TINY!r})",
}
_LEAST = float(-np.log(LEAST_VARIANCE))
DEVIATION = f"{{exp}}(0.5 * (softplus(z + {_LEAST!r}) - {_LEAST!r})) * {{scale}}"


def header(description):
    """Lines that say what the file is."""
    sizes = [description.n_features, *map(len, description.biases)]
    return [
        f"A network of {'-'.join(map(str, sizes))} units, as skann {__version__} has",
        f"written it from a fitted {description.name}. It predicts by itself.",
    ]


def number(value):
    """The shortest decimal that is this number in its own dtype."""
    text = np.format_float_scientific(value, trim="0", exp_digits=1)
    plain = np.format_float_positional(value, trim="0")
    return plain if len(plain) <= len(text) else text


def lines_of(values, indent="    "):
    """Numbers with commas between them, on lines that are not too long."""
    lines, line = [], indent
    for item in map(number, np.ravel(values)):
        if len(line) + len(item) + 1 > _WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    lines.append(line.rstrip().removesuffix(","))
    return "\n".join(lines)


def labels_of(classes):
    """Classes as Python's own text, integers, booleans or floats."""
    labels = [
        label.decode() if isinstance(label, bytes) else label
        for label in classes.tolist()
    ]
    for label in labels:
        if not isinstance(label, str | int | float):
            raise ValueError(f"source code can't have the label {label!r}.")
    return labels


def arrays_of(description):
    """The arrays of numbers that a file has, by their names in it."""
    found = {}
    for i, (weights, biases) in enumerate(
        zip(description.weights, description.biases, strict=True)
    ):
        found |= {f"W{i}": weights, f"B{i}": biases}
    for i, (gain, shift) in enumerate(description.norms):
        found |= {f"GAIN{i}": gain, f"SHIFT{i}": shift}
    if description.skip is not None:
        found["SKIP"] = description.skip
    if description.outputs == "exp":
        found["LOG_SCALE"] = np.log(description.scale)
    elif description.is_real:
        found |= {"MEAN": description.mean, "SCALE": description.scale}
    return found


def values_of(description, names):
    """The formula of real predictions from an output z, with a language's names.

    Parameters
    ----------
    description : Description
    names : dict of str to str
        Of the functions, and of "mean", "scale" and "log_scale".
    """
    kind = "exp" if description.outputs == "exp" else "linear"
    return _VALUES[kind].format(**names)


def used_activations(description):
    """Names of the activations that are to be written, each once.

    Not of softplus, which every file has for the formulas of others.
    """
    return sorted(set(description.activations) - {"identity", "softplus"})

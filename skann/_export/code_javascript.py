"""A network as a script of JavaScript, for browsers and Node.js."""

import json

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
    name: f"Math.{name}"
    for name in ("tanh", "exp", "expm1", "log1p", "abs", "max", "min")
}
_NAMES["erf"] = "erf"

_ERF = """\
function erf(z) {
  // 2/√π exp(-z²) Σ 2ⁿ z²ⁿ⁺¹ / (1·3·5 … (2n + 1)), whose terms have one sign.
  if (Math.abs(z) > 6) return Math.sign(z);
  let term = z, sum = z;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}
"""

_LAYER = """\
function layer(weights, biases, a, activation) {
  const z = Array.from(biases), n = z.length;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < n; j++) z[j] += a[i] * weights[i * n + j];
  return z.map(activation);
}
"""

_SOFTMAX = """\
function softmax(z) {
  const largest = z.reduce((a, b) => Math.max(a, b));
  const e = z.map((v) => Math.exp(v - largest));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}

function largestOf(z) {
  return z.reduce((found, v, k) => (v > z[found] ? k : found), 0);
}
"""

_PROBABILITIES = {
    "two classes": "[sigmoid(-z[0]), sigmoid(z[0])]",
    "labels": "z.map(sigmoid)",
    "softmax": "softmax(z)",
    "logistic": "softmax(z.map((v) => -softplus(-v)))",
}
_INDEX = {"two classes": "Number(z[0] > 0)"}


def source(description):
    """The script's text."""
    parts = ["// " + "\n// ".join(header(description))]
    parts.append("(function (root) {\n" + '"use strict";\n')
    for i, (weights, biases) in enumerate(
        zip(description.weights, description.biases, strict=True)
    ):
        parts += [_array(f"W{i}", weights), _array(f"B{i}", biases)]
    functions = {"softplus": SOFTPLUS, "sigmoid": SIGMOID, "identity": "z"}
    functions |= {n: FORMULAS[n] for n in used_activations(description)}
    parts += [""] + [
        f"function {name}(z) {{\n  return {formula.format(**_NAMES)};\n}}\n"
        for name, formula in functions.items()
    ]
    if "gelu" in description.activations:
        parts.append(_ERF)
    parts += [_LAYER, f"// For one row, an array of {description.n_features} numbers."]
    parts.append("function rawOutputs(x) {\n  let a = x;")
    for i, name in enumerate([*description.activations, "identity"]):
        parts.append(f"  a = layer(W{i}, B{i}, a, {name});")
    parts.append("  return a;\n}\n")
    real = description.outputs == "real"
    parts += _values(description) if real else _classes(description)
    names = (
        "{ rawOutputs, predict }" if real else "{ rawOutputs, predict, predictProba }"
    )
    parts.append(f"const model = {names};")
    parts.append(
        'if (typeof module === "object" && module.exports) module.exports = model;'
    )
    return "\n".join([*parts, "else root.model = model;\n})(globalThis);\n"])


def _array(name, values):
    return f"const {name} = Float64Array.of(\n{lines_of(values, '  ')}\n);"


def _values(description):
    return [
        _array("MEAN", description.mean),
        _array("SCALE", description.scale),
        f"\n// An array of {description.n_outputs} values for one row.",
        "function predict(x) {",
        "  return rawOutputs(x).map((v, k) => v * SCALE[k] + MEAN[k]);\n}\n",
    ]


def _literal(label):
    # Numbers are exact up to here.
    if isinstance(label, int) and abs(label) > 2**53:
        return f"{label}n"
    return json.dumps(label)


def _classes(description):
    tasks = [
        "[" + ", ".join(map(_literal, labels_of(own))) + "]"
        for own in description.classes
    ]
    parts = [_SOFTMAX, "function probabilities(z) {"]
    parts.append(f"  return {_PROBABILITIES[description.outputs]};\n}}\n")
    if not description.several:
        found = f"CLASSES[{_INDEX.get(description.outputs, 'largestOf(z)')}]"
        if description.outputs == "labels":
            found = "z.map((v) => Number(v > 0))"
        return [
            *parts,
            f"const CLASSES = {tasks[0]};\n",
            "function predictProba(x) {\n  return probabilities(rawOutputs(x));\n}\n",
            "function predict(x) {\n  const z = rawOutputs(x);",
            f"  return {found};\n}}\n",
        ]
    parts.append("// Of each column: its classes, and which outputs are theirs.")
    parts.append("const TASKS = [")
    for (start, end, _), own in zip(description.tasks, tasks, strict=True):
        parts.append(f"  {{ classes: {own}, start: {start}, end: {end} }},")
    each = "  const z = rawOutputs(x);\n  return TASKS.map((t) => "
    return [
        *parts,
        "];\n",
        "function predictProba(x) {\n" + each,
        "    probabilities(z.slice(t.start, t.end)));\n}\n",
        "function predict(x) {\n" + each,
        "    t.classes[largestOf(z.slice(t.start, t.end))]);\n}\n",
    ]

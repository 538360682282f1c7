"""A network as a script of JavaScript, for browsers and Node.js."""

import json

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
    name: f"Math.{name}"
    for name in ("tanh", "exp", "expm1", "log1p", "abs", "max", "min")
}
_NAMES["erf"] = "erf"
_NAMES |= {"mean": "MEAN[k]", "scale": "SCALE[k]", "log_scale": "LOG_SCALE[k]"}

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
function layer(weights, biases, a) {
  const z = Array.from(biases), n = z.length;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < n; j++) z[j] += a[i] * weights[i * n + j];
  return z;
}
"""

_NORMALIZED = f"""\
function normalized(z, gain, shift) {{
  const mean = z.reduce((a, b) => a + b) / z.length;
  const variance = z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length;
  const scale = Math.sqrt(variance + {EPSILON});
  return z.map((v, j) => ((v - mean) / scale) * gain[j] + shift[j]);
}}
"""

_SOFTMAX = """\
function softmax(z) {
  const largest = z.reduce((a, b) => Math.max(a, b));
  const e = z.map((v) => Math.exp(v - largest));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}
"""

_LARGEST = """\
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
    parts += [_array(*item) for item in arrays_of(description).items()]
    functions = {"softplus": SOFTPLUS, "sigmoid": SIGMOID}
    functions |= {n: FORMULAS[n] for n in used_activations(description)}
    parts += [""] + [
        f"function {name}(z) {{\n  return {formula.format(**_NAMES)};\n}}\n"
        for name, formula in functions.items()
    ]
    if "gelu" in description.activations:
        parts.append(_ERF)
    parts += [_LAYER, *[_NORMALIZED] * bool(description.norms)]
    parts.append(f"// For one row, an array of {description.n_features} numbers.")
    parts.append("function rawOutputs(x) {\n  let a = x;")
    for i, name in enumerate([*description.activations, "identity"]):
        z = f"layer(W{i}, B{i}, a)"
        if i < len(description.norms):
            z = f"normalized({z}, GAIN{i}, SHIFT{i})"
        parts.append(f"  a = {z if name == 'identity' else f'{z}.map({name})'};")
    direct = "a" if description.skip is None else "layer(SKIP, a, x)"
    parts.append(f"  return {direct};\n}}\n")
    names = ["rawOutputs", "predict"]
    if description.is_real:
        parts += _values(description)
        names += ["predictStd"] * (description.outputs == "normal")
    else:
        parts += _classes(description)
        names += ["predictProba"] * description.has_probabilities
    parts.append(f"const model = {{ {', '.join(names)} }};")
    parts.append(
        'if (typeof module === "object" && module.exports) module.exports = model;'
    )
    return "\n".join([*parts, "else root.model = model;\n})(globalThis);\n"])


def _array(name, values):
    return f"const {name} = Float64Array.of(\n{lines_of(values, '  ')}\n);"


def _values(description):
    n, outputs = description.n_values, description.outputs
    part = {"sorted": ".sort((a, b) => a - b)", "normal": f".slice(0, {n})"}
    parts = [
        f"// An array of {n} values for one row.",
        "function predict(x) {",
        f"  const z = rawOutputs(x){part.get(outputs, '')};",
        f"  return z.map((z, k) => {values_of(description, _NAMES)});\n}}\n",
    ]
    if outputs == "normal":
        parts += [
            "// Standard deviations of the values around the predictions.",
            "function predictStd(x) {",
            f"  const z = rawOutputs(x).slice({n});",
            f"  return z.map((z, k) => {DEVIATION.format(**_NAMES)});\n}}\n",
        ]
    return parts


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
    parts = [_LARGEST]
    if description.has_probabilities:
        parts += [_SOFTMAX, "function probabilities(z) {"]
        parts.append(f"  return {_PROBABILITIES[description.outputs]};\n}}\n")
    if description.several:
        return parts + _of_several_columns(description, tasks)
    parts.append(f"const CLASSES = {tasks[0]};\n")
    if description.has_probabilities:
        parts.append("function predictProba(x) {")
        parts.append("  return probabilities(rawOutputs(x));\n}\n")
    found = f"CLASSES[{_INDEX.get(description.outputs, 'largestOf(z)')}]"
    if description.outputs == "labels":
        found = "z.map((v) => Number(v > 0))"
    parts.append("function predict(x) {\n  const z = rawOutputs(x);")
    return [*parts, f"  return {found};\n}}\n"]


def _of_several_columns(description, tasks):
    parts = ["// Of each column: its classes, and which outputs are theirs."]
    parts.append("const TASKS = [")
    for (start, end, _), own in zip(description.tasks, tasks, strict=True):
        parts.append(f"  {{ classes: {own}, start: {start}, end: {end} }},")
    parts.append("];\n")
    each = "  const z = rawOutputs(x);\n  return TASKS.map((t) => "
    if description.has_probabilities:
        parts.append("function predictProba(x) {\n" + each)
        parts.append("    probabilities(z.slice(t.start, t.end)));\n}\n")
    parts.append("function predict(x) {\n" + each)
    return [*parts, "    t.classes[largestOf(z.slice(t.start, t.end))]);\n}\n"]

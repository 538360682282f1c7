"""A network as a file of C99 that needs the mathematics library alone."""

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

_NAMES = {name: name for name in ("tanh", "exp", "expm1", "log1p", "erf")}
_NAMES |= {"max": "fmax", "min": "fmin", "abs": "fabs"}
_NAMES |= {"mean": "MEAN[k]", "scale": "SCALE[k]", "log_scale": "LOG_SCALE[k]"}

_LAYER = """\
static void layer(const real *w, const real *b, int n_in, int n_out, const real *a,
                  real *z)
{
    for (int j = 0; j < n_out; j++)
        z[j] = b[j];
    for (int i = 0; i < n_in; i++)
        for (int j = 0; j < n_out; j++)
            z[j] += a[i] * w[i * n_out + j];
}
"""

_NORMALIZE = f"""\
static void normalize(const real *gain, const real *shift, int n, real *z)
{{
    real mean = 0, variance = 0;
    for (int j = 0; j < n; j++)
        mean += z[j] / n;
    for (int j = 0; j < n; j++)
        variance += (z[j] - mean) * (z[j] - mean) / n;
    for (int j = 0; j < n; j++)
        z[j] = (z[j] - mean) / sqrt(variance + {EPSILON}) * gain[j] + shift[j];
}}
"""

_SORT = """\
static void sort(real *z, int n)
{
    for (int k = 1; k < n; k++)
        for (int j = k; j > 0 && z[j - 1] > z[j]; j--) {
            real larger = z[j - 1];
            z[j - 1] = z[j];
            z[j] = larger;
        }
}
"""

_SOFTMAX = """\
static void softmax(real *p, int n)
{
    real largest = p[0], sum = 0;
    for (int k = 1; k < n; k++)
        largest = fmax(largest, p[k]);
    for (int k = 0; k < n; k++)
        sum += p[k] = exp(p[k] - largest);
    for (int k = 0; k < n; k++)
        p[k] /= sum;
}
"""

_LARGEST = """\
static int largest_of(const real *z, int n)
{
    int found = 0;
    for (int k = 1; k < n; k++)
        if (z[k] > z[found])
            found = k;
    return found;
}
"""


def source(description):
    """The file's text."""
    parts = ["/* " + "\n   ".join(header(description)) + " */", "#include <math.h>\n"]
    parts.append(
        "typedef double real; /* float where memory is short: then to 1e-6 */\n"
    )
    sizes = {"N_FEATURES": description.n_features, "N_OUTPUTS": description.n_outputs}
    if description.outputs == "normal":
        sizes["N_VALUES"] = description.n_values
    sizes = ", ".join(f"{name} = {n}" for name, n in sizes.items())
    parts.append(f"enum {{ {sizes} }};\n")
    parts += [_array(*item) for item in arrays_of(description).items()]
    functions = {"softplus": SOFTPLUS, "sigmoid": SIGMOID}
    functions |= {n: FORMULAS[n] for n in used_activations(description)}
    parts += [""] + [_function(*item) for item in functions.items()]
    parts += [_LAYER, *[_NORMALIZE] * bool(description.norms)]
    parts.append(_raw_outputs(description))
    if description.is_real:
        return "\n".join([*parts, *_values(description)])
    if description.outputs not in ("two classes", "labels"):
        parts.append(_LARGEST)
    parts += _labels(description)
    if description.has_probabilities:
        is_softmax = description.outputs in ("softmax", "logistic")
        parts += [*[_SOFTMAX] * is_softmax, _proba(description)]
    return "\n".join([*parts, _predict(description)])


def _array(name, values):
    return f"static const real {name}[{values.size}] = {{\n{lines_of(values)}\n}};"


def _function(name, formula):
    text = formula.format(**_NAMES)
    # Not its own name: C has a tanh.
    return f"static inline real {_own(name)}(real z)\n{{\n    return {text};\n}}\n"


def _own(name):
    return name if name in ("softplus", "sigmoid") else f"activation_{name}"


def _raw_outputs(description):
    widest = max(map(len, description.biases))
    lines = [
        "/* Outputs of the network for N_FEATURES numbers, to N_OUTPUTS. */",
        "void raw_outputs(const real *x, real *z)\n{",
        f"    real a[2][{widest}];",
    ]
    given = "x"
    for i, (weights, name) in enumerate(
        zip(description.weights, [*description.activations, "identity"], strict=True)
    ):
        n_in, n_out = weights.shape
        last = i == len(description.weights) - 1
        out = "z" if last else f"a[{i % 2}]"
        lines.append(f"    layer(W{i}, B{i}, {n_in}, {n_out}, {given}, {out});")
        if i < len(description.norms):
            lines.append(f"    normalize(GAIN{i}, SHIFT{i}, {n_out}, {out});")
        if name != "identity":
            lines.append(f"    for (int j = 0; j < {n_out}; j++)")
            lines.append(f"        {out}[j] = {_own(name)}({out}[j]);")
        given = out
    if description.skip is not None:
        lines.append("    layer(SKIP, z, N_FEATURES, N_OUTPUTS, x, z);")
    if len(description.weights) == 1:
        lines.remove(f"    real a[2][{widest}];")
    return "\n".join([*lines, "}\n"])


def _values(description):
    formula = values_of(description, _NAMES)
    if description.outputs == "normal":
        what = "standard deviations around the predictions"
        return [
            _half("predict", "values", "z[k]", formula),
            _half("predict_std", what, "z[N_VALUES + k]", DEVIATION.format(**_NAMES)),
        ]
    is_sorted = description.outputs == "sorted"
    return [
        *[_SORT] * is_sorted,
        "/* N_OUTPUTS values for N_FEATURES numbers. */",
        "void predict(const real *x, real *y)\n{",
        "    raw_outputs(x, y);",
        *["    sort(y, N_OUTPUTS);"] * is_sorted,
        "    for (int k = 0; k < N_OUTPUTS; k++) {",
        "        real z = y[k];",
        f"        y[k] = {formula};\n    }}\n}}\n",
    ]


def _half(name, what, output, formula):
    """A function of one half of the outputs: means, or deviations."""
    return f"""\
/* N_VALUES {what}, for N_FEATURES numbers. */
void {name}(const real *x, real *y)
{{
    real all[N_OUTPUTS];
    raw_outputs(x, all);
    for (int k = 0; k < N_VALUES; k++) {{
        real z = {output.replace("z", "all")};
        y[k] = {formula};
    }}
}}
"""


def _labels(description):
    """The classes of each task, as an array."""
    for i, classes in enumerate(description.classes):
        labels, name = (
            labels_of(classes),
            f"CLASSES_{i}" if description.several else "CLASSES",
        )
        if all(isinstance(label, int) for label in labels):
            kind, items = "long long", [f"{int(label)}LL" for label in labels]
            if max(labels) >= 2**63:
                kind = "unsigned long long"
                items = [f"{label}ULL" for label in labels]
        elif all(isinstance(label, int | float) for label in labels):
            kind, items = "double", [repr(float(label)) for label in labels]
        else:
            kind, items = "char *const", [_text(str(label)) for label in labels]
        yield f"const {kind} {name}[{len(items)}] = {{{', '.join(items)}}};\n"


def _text(label):
    """A literal of UTF-8 in which nothing but letters and digits stands for itself."""
    return (
        '"'
        + "".join(
            chr(b) if chr(b).isalnum() and b < 128 else f"\\{b:03o}"
            for b in label.encode()
        )
        + '"'
    )


def _proba(description):
    total = sum(map(len, description.classes))
    lines = [
        f"/* {total} probabilities, in the classes' order, for N_FEATURES numbers. */",
        "void predict_proba(const real *x, real *p)\n{",
    ]
    if description.outputs == "two classes":
        lines += ["    real z;", "    raw_outputs(x, &z);"]
        return "\n".join(
            [*lines, "    p[0] = sigmoid(-z);", "    p[1] = sigmoid(z);\n}\n"]
        )
    lines.append("    raw_outputs(x, p);")
    change = {"labels": "sigmoid(p[k])", "logistic": "-softplus(-p[k])"}
    if description.outputs in change:
        lines.append("    for (int k = 0; k < N_OUTPUTS; k++)")
        lines.append(f"        p[k] = {change[description.outputs]};")
    if description.outputs != "labels":
        for start, end, _ in description.tasks:
            lines.append(f"    softmax(p + {start}, {end - start});")
    return "\n".join([*lines, "}\n"])


def _predict(description):
    start = ["    real z[N_OUTPUTS];", "    raw_outputs(x, z);"]
    if description.outputs == "labels":
        head = (
            "/* Zero or one for each label. */\nvoid predict(const real *x, int *found)"
        )
        body = [
            "    for (int k = 0; k < N_OUTPUTS; k++)",
            "        found[k] = z[k] > 0;",
        ]
    elif description.several:
        head = (
            "/* The place of each column's class among its classes. */\n"
            "void predict(const real *x, int *found)"
        )
        body = [
            f"    found[{i}] = largest_of(z + {first}, {end - first});"
            for i, (first, end, _) in enumerate(description.tasks)
        ]
    else:
        head = "/* The place of the class among CLASSES. */\nint predict(const real *x)"
        two = description.outputs == "two classes"
        body = [f"    return {'z[0] > 0' if two else 'largest_of(z, N_OUTPUTS)'};"]
    return "\n".join([head, "{", *start, *body, "}\n"])

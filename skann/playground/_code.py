"""The Python code that trains the same network again, to the same bits."""

import math

from ._data import FEATURES, N_SAMPLES
from ._rates import CLASS_NAMES, PlannedRate

_READ = """\
with open({name!r}, newline="", encoding="utf-8-sig") as file:
    rows = list(csv.DictReader(file, delimiter={delimiter!r}, skipinitialspace=True))
inputs, target = {inputs!r}, {target!r}
missing = {missing!r}
rows = [{{name.strip(): cell.strip() for name, cell in row.items()}} for row in rows]
rows = [
    row for row in rows
    if not any(row[name].lower() in missing for name in (*inputs, target))
]
{numbers}y = np.array([{value} for row in rows])
"""

# How a cell with a decimal comma, and points between thousands, is read.
_COMMA = """\
def number(cell):
    return float(cell.replace(".", "").replace(",", "."))


"""

_NUMBERS = """\
raw = np.array([[{number}(row[name]) for name in inputs] for row in rows])
"""

_LEVELS = """\
levels = {levels!r}
raw = np.column_stack([
    [float(row[name] == level) for row in rows]
    if name in levels
    else [{number}(row[name]) for row in rows]
    for name in inputs
    for level in levels.get(name, [None])
])
"""

_SPLIT = """\
order = np.random.default_rng({seed}).permutation(len(y))
n_train = min(max(round(len(y) * {share} / 100), 2), len(y) - 1)
train, test = order[:n_train], order[n_train:]
"""

_SCALE = """\
mean, scale = raw[train].mean(axis=0), raw[train].std(axis=0)
scale[scale == 0] = 1.0
raw = (raw - mean) / scale
"""


def code(settings, trainer, table=None, points=()):
    """Source text of a script, for the network at its present epoch.

    Parameters
    ----------
    settings : dict
    trainer : Trainer
    table : Table or None
    points : list of (x, y, class)

    Returns
    -------
    source : str
    """
    parts = ["import numpy as np", "", _data(settings, table, points)]
    body, rates = _training(trainer)
    kind = type(trainer.net).__name__
    imports = [f"from skann import {kind}"]
    if settings["data"] not in ("table", "drawn"):
        imports.append("from skann.playground import make_problem")
    if rates:
        names = sorted({CLASS_NAMES[plan[0]] for plan in rates})
        imports.append(f"from skann.schedules import {', '.join(names)}")
    parts[1:1] = ["", *imports]
    if settings["data"] == "table":
        parts.insert(0, "import csv\n")
    if "for _ in range" in body or body.count(".fit(") > 1:
        parts.insert(0, "import warnings\n")
        body = _QUIET + body
    parts += [body, _END]
    return "\n".join(parts)


_QUIET = """\
# Each fit is a part of the training only, and says so.
warnings.filterwarnings("ignore", message="Training stopped at max_iter")
"""

_END = """\
print(f"training score {net.score(X[train], y[train]):.3f}")
print(f"test score {net.score(X[test], y[test]):.3f}")
"""


def _data(settings, table, points):
    from ._table import _MISSING

    split = _SPLIT.format(seed=settings["dataSeed"], share=settings["share"])
    if settings["data"] == "table":
        axes = [settings["axis1"], settings["axis2"]]
        more = [name for name in settings["columns"] if name not in axes]
        number = "float" if table.decimal == "." else "number"
        value = "row[target]"
        if settings["problem"] == "regression":
            value = f"{number}(row[target])"
        levels = {name: table.levels[name] for name in more if name in table.levels}
        text = _READ.format(
            name=table.name,
            delimiter=table.delimiter,
            inputs=axes + more,
            target=settings["target"],
            missing=sorted(_MISSING),
            numbers=(_LEVELS if levels else _NUMBERS).format(
                levels=levels, number=number
            ),
            value=value,
        )
        if number == "number":
            text = _COMMA + text
        return f"{text}{split}{_SCALE}{_inputs(settings, more)}"
    if settings["data"] == "drawn":
        text = f"raw = np.array({[[float(x), float(y)] for x, y, _ in points]!r})\n"
        text += f"y = np.array({[label for _, _, label in points]!r})\n"
    else:
        call = f"{settings['data']!r}, {N_SAMPLES}, noise={settings['noise']!r}"
        text = f"raw, y = make_problem({call}, random_state={settings['dataSeed']})\n"
    return f"{text}{split}{_inputs(settings, [])}"


def _inputs(settings, more):
    columns = [FEATURES[name][1] for name in settings["features"]]
    if more:
        columns.append("raw[:, 2:]")
    return (
        "a, b = raw[:, 0], raw[:, 1]\n"
        f"X = np.ascontiguousarray(np.column_stack([{', '.join(columns)}]))\n"
    )


def _training(trainer):
    """The lines that make and train the network, and the plans that they use."""
    changes = [c for c in trainer.changes if c[0] <= trainer.epoch]
    length = trainer.fit_length(0)
    rates = []
    if not changes and trainer.epoch and not length:
        parameters = trainer.first_parameters | {"max_iter": trainer.epoch}
        del parameters["warm_start"]
        lines = [_made(trainer, parameters, rates), "net.fit(X[train], y[train])"]
        return "\n".join(lines), rates
    lines = [_made(trainer, trainer.first_parameters, rates)]
    lines.append("net.initialize(X[train], y[train])")
    epoch = 0
    for when, name, value in [*changes, (trainer.epoch, None, None)]:
        lines += _fits(when - epoch, trainer.fit_length(epoch))
        epoch = when
        if name == "parameters":
            lines.append(f"net.set_params({_arguments(value, rates)})")
        elif name == "weight":
            kind, layer, index, number = value
            where = ", ".join(map(str, index))
            lines.append(f"net.{kind}[{layer}][{where}] = {number!r}")
    return "\n".join(lines), rates


def _fits(n_epochs, length):
    if not n_epochs:
        return []
    fit = "net.set_params(max_iter={}).fit(X[train], y[train])"
    if not length:
        return [fit.format(n_epochs)]
    return [f"for _ in range({n_epochs // length}):", "    " + fit.format(length)]


def _made(trainer, parameters, rates):
    kind = type(trainer.net)
    defaults = kind().get_params()
    changed = {n: v for n, v in parameters.items() if v != defaults[n]}
    return f"net = {kind.__name__}({_arguments(changed, rates)})"


def _arguments(parameters, rates):
    shown = []
    for name, value in parameters.items():
        if isinstance(value, PlannedRate):
            rates.append(value.plan)
            text = _planned(value.plan)
        elif value == math.inf:
            text = "np.inf"
        else:
            text = repr(value)
        shown.append(f"\n    {name}={text},")
    return "".join(shown) + "\n"


def _planned(plan):
    schedule, rate, max_iter, n_rows, batch_size = plan
    rates = (
        f"{CLASS_NAMES[schedule]}().rates("
        f"{rate!r}, max_iter={max_iter}, n_rows={n_rows}, batch_size={batch_size})"
    )
    return f"lambda step, rates={rates}: float(rates[min(step, len(rates) - 1)])"

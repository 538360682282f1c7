"""What a network is trained and tested on, from the settings."""

from dataclasses import dataclass, field

import numpy as np

from ._problems import CLASSIFICATION, PROBLEMS, SPAN

N_SAMPLES = 500
MAX_INPUTS = 100
MAX_DEVIATIONS = 1e9  # whose products and squares are far from overflow

# The inputs made of the two axes, by name: as a function, and as the exported code has
# it, with the two axes as ``a`` and ``b``.
FEATURES = {
    "x1": (lambda a, b: a, "a"),
    "x2": (lambda a, b: b, "b"),
    "x1^2": (lambda a, b: a * a, "a * a"),
    "x2^2": (lambda a, b: b * b, "b * b"),
    "x1x2": (lambda a, b: a * b, "a * b"),
    "sin x1": (lambda a, b: np.sin(a), "np.sin(a)"),
    "sin x2": (lambda a, b: np.sin(b), "np.sin(b)"),
}


@dataclass
class Data:
    """Rows, split in two, and how points of the map become inputs.

    Attributes
    ----------
    axes : ndarray of shape (n_samples, 2)
        Where each row is on the map, in its own units.
    X : ndarray of shape (n_samples, n_inputs)
        What the network is given.
    y : ndarray of shape (n_samples,)
    train, test : ndarray of int
        Which rows are trained on, and which not.
    input_names : list of str
    axis_names : list of str
    limits : list of float
        Of the map: left, right, bottom, top.
    inputs : callable
        From points of the map, of shape (n, 2), to inputs.
    n_left_out : int
        Rows with gaps.
    """

    axes: np.ndarray
    X: np.ndarray
    y: np.ndarray
    train: np.ndarray
    test: np.ndarray
    input_names: list
    axis_names: list
    limits: list
    inputs: object = field(repr=False)
    n_left_out: int = 0

    @property
    def X_train(self):
        """Inputs that are trained on."""
        return self.X[self.train]

    @property
    def y_train(self):
        """Their targets."""
        return self.y[self.train]


def make_data(settings, table=None, points=()):
    """The data that settings ask for.

    Parameters
    ----------
    settings : dict
        See ``_settings.py``.
    table : Table or None
        For ``data="table"``.
    points : list of (x, y, class)
        For ``data="drawn"``.
    """
    if settings["data"] == "table":
        return _from_table(settings, table)
    if settings["data"] == "drawn":
        if len({label for _, _, label in points}) < 2 or len(points) < 4:
            raise ValueError("Draw at least four points, of two classes.")
        X = np.array([[x, y] for x, y, _ in points], dtype=float)
        y = np.array([label for _, _, label in points])
    else:
        X, y = PROBLEMS[settings["data"]](
            np.random.RandomState(settings["dataSeed"]), N_SAMPLES, settings["noise"]
        )

    def inputs(points):
        return features(points, settings["features"])

    limits = [-SPAN, SPAN, -SPAN, SPAN]
    names = list(settings["features"])
    return Data(
        X,
        inputs(X),
        y,
        *split(len(X), settings, y),
        names,
        ["x1", "x2"],
        limits,
        inputs,
    )


def features(points, names):
    """The named functions of two columns, side by side."""
    a, b = points[:, 0], points[:, 1]
    return np.ascontiguousarray(np.column_stack([FEATURES[n][0](a, b) for n in names]))


def split(n_rows, settings, y):
    """Which rows are trained on, and which are for the test."""
    order = np.random.default_rng(settings["dataSeed"]).permutation(n_rows)
    n_train = min(max(round(n_rows * settings["share"] / 100), 2), n_rows - 1)
    train, test = order[:n_train], order[n_train:]
    if settings["problem"] == "classification":
        lacking = set(y.tolist()) - set(y[train].tolist())
        if lacking:
            raise ValueError(
                f"No training row is of {sorted(map(str, lacking))}: take a larger "
                "share for training, or other data (the button below draws anew)."
            )
    return train, test


def _from_table(settings, table):
    if table is None:
        raise ValueError("There is no table: open one, paste it, or drop it here.")
    axes = [settings["axis1"], settings["axis2"]]
    if axes[0] == axes[1]:
        raise ValueError("The two axes must be two columns.")
    more = [name for name in settings["columns"] if name not in axes]
    if settings["target"] in (*axes, *more):
        raise ValueError(
            f"The target {settings['target']!r} can't be an input as well."
        )
    raw, y, n_left_out = table.arrays(
        [*axes, *more], settings["target"], settings["problem"]
    )
    names_of = [table.names_of(name) for name in (*axes, *more)]
    if raw.shape[1] > MAX_INPUTS:
        raise ValueError(
            f"{raw.shape[1]} inputs are too many, {MAX_INPUTS} the most: a column of "
            "text is an input for each of its values. Choose fewer columns."
        )
    train, test = split(len(raw), settings, y)
    mean, scale = _standard(raw, train, [n for names in names_of for n in names])
    if settings["problem"] == "regression":
        _standard(y[:, None], train, [settings["target"]])
    middle = (_middle(raw[train], names_of) - mean) / scale

    def with_features(Z):
        return np.ascontiguousarray(
            np.hstack([features(Z, settings["features"]), Z[:, 2:]])
        )

    def inputs(points):
        Z = np.tile(middle, (len(points), 1))
        Z[:, :2] = (points - mean[:2]) / scale[:2]
        return with_features(Z)

    low, high = raw[:, :2].min(axis=0), raw[:, :2].max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 1.0)
    low, high = low - margin, high + margin
    names = [_named(name, axes) for name in settings["features"]]
    names += [name for names in names_of[2:] for name in names]
    return Data(
        raw[:, :2],
        with_features((raw - mean) / scale),
        y,
        train,
        test,
        names,
        axes,
        [low[0], high[0], low[1], high[1]],
        inputs,
        n_left_out,
    )


def _standard(columns, train, names):
    """Mean and scale of training rows by which no value of any row is enormous."""
    mean, scale = columns[train].mean(axis=0), columns[train].std(axis=0)
    scale[scale == 0] = 1.0
    with np.errstate(over="ignore"):
        farthest = np.abs((columns - mean) / scale).max(axis=0)
    for name, distance in zip(names, farthest, strict=True):
        if distance > MAX_DEVIATIONS:
            raise ValueError(
                f"The column {name!r} has a value {distance:.3g} standard deviations "
                f"away from the mean of the training rows; {MAX_DEVIATIONS:g} are the "
                "most. Correct the value, or choose another column."
            )
    return mean, scale


def _middle(rows, names_of):
    """The median of each column; of a text's columns, its most frequent value."""
    found, at = np.median(rows, axis=0), 0
    for names in names_of:
        if len(names) > 1:
            shares = rows[:, at : at + len(names)].mean(axis=0)
            found[at : at + len(names)] = np.arange(len(names)) == shares.argmax()
        at += len(names)
    return found


def _named(feature, axes):
    """A feature by the names of the axes; the plain ones bear those alone."""
    return {"x1": axes[0], "x2": axes[1]}.get(feature, feature)


def is_classification(name):
    """Whether a problem of the plane has classes."""
    return name in CLASSIFICATION

"""What an encoder has learnt as plain data, and back: for pickles and model files.

Each part's attributes are plain data already. On the way back everything is checked:
its type and size, and that the parts belong together.
"""

import numpy as np

from .categories import Levels
from .dates import PART_NAMES
from .kinds import DATE, FORMS, KINDS, LEVEL, NUMBER, TEXT
from .numbers import Numbers
from .plain_checks import (
    DTYPES,
    are_edges,
    are_levels,
    are_numbers,
    are_places,
    are_texts,
    check_names,
    require,
)
from .target_means import TargetMeans
from .text import N_SEQUENCES, Text

# Types as a setting, which plain data are not.
_NAMES = {kind: name for name, kind in DTYPES.items()}
# Parts by their attribute; their own attributes are names in files.
_FITTED = (
    *("_forms", "_date_parts", "_numbers", "_levels", "_targets", "_text"),
    "n_plain_",
)


def to_plain(encoder):
    """The attributes of a :class:`TableEncoder`, fitted or not."""
    state = dict(vars(encoder))
    dtype = state["dtype"]
    if isinstance(dtype, type):
        state["dtype"] = _NAMES.get(dtype, dtype)
    if "_numbers" in state:
        for name in ("_numbers", "_levels"):
            state[name] = dict(vars(state[name]))
        targets = state["_targets"]
        state["_targets"] = None if targets is None else dict(vars(targets))
        state["_text"] = [dict(vars(text)) for text in state["_text"]]
    return state


def from_plain(state):
    """The attributes again.

    Raises
    ------
    ValueError
        If the data are not whole, or don't belong together.
    """
    state = dict(state)
    if isinstance(state.get("dtype"), str):
        state["dtype"] = DTYPES.get(state["dtype"], state["dtype"])
    if "kinds_" not in state:
        return state
    missing = [name for name in _FITTED if name not in state]
    require(not missing, f"state lacks {missing}")
    require(state.get("dtype") in tuple(_NAMES), "dtype must be float32 or float64")
    n_numbers, n_levels, n_texts = _check_columns(state)
    targets = state["_targets"]
    if targets is not None:
        targets = state["_targets"] = _targets(targets, n_levels)
        n_numbers += len(targets.columns) * len(targets.means)
    state["_numbers"] = _numbers(state["_numbers"], n_numbers)
    state["_levels"] = _levels(state["_levels"], n_levels)
    texts = state["_text"]
    require(isinstance(texts, list) and len(texts) == n_texts, "texts are not those")
    state["_text"] = [_text(text) for text in texts]
    require(state["n_plain_"] == _n_plain(state), f"n_plain_ must be {_n_plain(state)}")
    return state


def _n_plain(state):
    """Columns of an encoded table before the bins."""
    numbers, levels = state["_numbers"], state["_levels"]
    n = len(numbers.kept) + len(numbers.with_gaps)
    n += sum(map(len, levels.own)) + sum(levels.shared)
    return n + sum(text.n_columns for text in state["_text"])


def _check_columns(state):
    """How many numbers, categories and texts a table has."""
    kinds, dates = state["kinds_"], state["_date_parts"]
    kinds_known = isinstance(kinds, list) and all(kind in KINDS for kind in kinds)
    require(kinds_known and kinds, f"kinds of columns must be of {KINDS}")
    forms = state["_forms"]
    right = isinstance(forms, list) and all(form in FORMS for form in forms)
    require(right and len(forms) == len(kinds), f"forms must be of {FORMS}")
    n_columns = state.get("n_features_in_")
    require(n_columns == len(kinds), "n_features_in_ must be the number of kinds")
    check_names(state)
    right = isinstance(dates, list) and len(dates) == kinds.count(DATE)
    right = right and all(are_texts(d) and set(d) <= PART_NAMES and d for d in dates)
    require(right, "parts of dates are not such as there are")
    n_numbers = kinds.count(NUMBER) + sum(map(len, dates))
    return n_numbers, kinds.count(LEVEL), kinds.count(TEXT)


def _part(plain, part, names, what=None):
    """A part with these attributes."""
    what = what or type(part).__name__.lower()
    require(isinstance(plain, dict), f"{what} must be an object")
    require(plain.keys() == set(names), f"{what} must have {sorted(names)}")
    vars(part).update(plain)
    return part


def _numbers(plain, n_numbers):
    of_columns = ("unit", "median", "mean", "deviation")
    lists = ("kept", "with_gaps", "with_bins", "bin_edges")
    part = _part(plain, Numbers(), (*of_columns, *lists))
    require(are_places(part.kept, n_numbers), "kept numbers are none of the table's")
    n = len(part.kept)
    for name in of_columns:
        right = are_numbers(plain[name], (n,))
        require(right, f"{name} must be a number for each column of numbers")
    positive = (part.unit > 0).all() and (part.deviation > 0).all()
    require(positive, "unit and deviation must be positive")
    for name in ("with_gaps", "with_bins"):
        require(are_places(plain[name], n), f"{name} must be columns of numbers")
    right = are_edges(part.bin_edges, len(part.with_bins))
    require(right, "bin_edges must increase, for each column with bins")
    return part


def _levels(plain, n_levels):
    part = _part(plain, Levels(), ("kept", "own", "shared"))
    require(are_places(part.kept, n_levels), "kept categories are none of the table's")
    for name, is_right in (("own", are_levels), ("shared", _is_bool)):
        value = plain[name]
        right = isinstance(value, list) and len(value) == len(part.kept)
        require(right and all(map(is_right, value)), f"{name} levels are not such")
    return part


def _is_bool(value):
    return isinstance(value, bool)


def _targets(plain, n_levels):
    names = ("columns", "labels", "levels", "encodings", "means")
    part = _part(plain, TargetMeans(None), names, "target means")
    require(are_places(part.columns, n_levels), "categories with targets are unknown")
    labels, means = part.labels, part.means
    require(labels is None or are_texts(labels), "labels of targets must be text")
    n_targets = 1 if labels is None else len(labels)
    require(n_targets and are_numbers(means, (n_targets,)), "means must be numbers")
    for name in ("levels", "encodings"):
        value = plain[name]
        right = isinstance(value, list) and len(value) == len(part.columns)
        require(right, f"{name} of targets must be a list for each category")
    for own, numbers in zip(part.levels, part.encodings, strict=True):
        right = are_levels(own) and are_numbers(numbers, (n_targets, len(own)))
        require(right, "targets must be a number for each level")
    return part


def _text(plain):
    part = _part(plain, Text(), ("idf", "components", "scale", "lengths"))
    require(part.lengths in ([1, 2], [3, 4]), "lengths of sequences must be known")
    right = are_numbers(part.idf, (N_SEQUENCES,)) and isinstance(part.scale, float)
    require(right and np.isfinite(part.scale), "text must have a weight a sequence")
    right = are_numbers(part.components, (None, N_SEQUENCES)) and len(part.components)
    require(right, "text must have directions of all sequences")
    return part

"""The targets' transformers as plain data, and back: for pickles and model files."""

import numpy as np

from .gaussian_transformer import GaussianTransformer
from .label_transformers import (
    IndicatorTransformer,
    LabelTransformer,
    MultioutputTransformer,
)
from .log_transformer import LogTransformer
from .quantile_transformer import QuantileTransformer
from .real_transformer import RealTransformer
from .target_statistics import TargetStatistics

# Names are part of the format of files.
_OF_LABELS = {
    "labels": LabelTransformer,
    "indicator": IndicatorTransformer,
    "multioutput": MultioutputTransformer,
}
_OF_NUMBERS = {
    "real": RealTransformer,
    "log": LogTransformer,
    "quantiles": QuantileTransformer,
    "gaussian": GaussianTransformer,
}
_REAL_KINDS = {kind: name for name, kind in _OF_NUMBERS.items()}
_KINDS = {kind: name for name, kind in _OF_LABELS.items()}


def transformer_to_plain(transformer):
    """Kind of the targets, and their classes or their units."""
    if isinstance(transformer, RealTransformer):
        kind = _REAL_KINDS[type(transformer)]
        return {"kind": kind, "flat": transformer.flat, **transformer.units()}
    return {"kind": _KINDS[type(transformer)], "classes": transformer.classes}


def transformer_from_plain(plain, n_outputs):
    """The transformer again, for a network with so many outputs.

    Raises
    ------
    ValueError
        If that is not what the data are of.
    """
    kind = plain.get("kind")
    if kind in _OF_NUMBERS:
        return _real_transformer(plain, n_outputs)
    if kind not in _OF_LABELS:
        raise ValueError(f"there are no targets of kind {kind!r}.")
    classes = plain.get("classes")
    tasks = classes if kind == "multioutput" else [classes]
    if not isinstance(tasks, list) or not all(map(_are_classes, tasks)):
        raise ValueError(f"the classes must be arrays of labels; got {classes!r}.")
    sizes = [len(own) for own in tasks]
    if kind == "labels" and sizes == [2]:
        sizes = [1]
    if sum(sizes) != n_outputs:
        raise ValueError(f"{sum(sizes)} outputs go with the classes, not {n_outputs}.")
    return _OF_LABELS[kind](classes)


def _are_classes(array):
    return isinstance(array, np.ndarray) and array.ndim == 1 and array.size > 0


def _real_transformer(plain, n_outputs):
    names = ("mean", "scale", "count", "seen_mean", "seen_deviation")
    levels, degree = plain.get("levels", []), plain.get("degree", 2)
    is_robust = plain.get("is_robust", False)
    if plain["kind"] == "quantiles":
        if not isinstance(levels, list) or len(levels) != n_outputs:
            raise ValueError("there must be a quantile for each output.")
        if not all(isinstance(q, float) and 0 < q < 1 for q in levels):
            raise ValueError(f"quantiles are between 0 and 1; got {levels!r}.")
        n_outputs = 1
    if plain["kind"] == "gaussian":
        if n_outputs % 2:
            raise ValueError("there must be a mean and a variance for each target.")
        n_outputs //= 2
    is_degree = isinstance(degree, int | float) and abs(degree) < float("inf")
    if not is_degree or is_robust not in (True, False):
        raise ValueError("the loss of the targets must be one that there is.")
    for name in names:
        array = plain.get(name)
        right = isinstance(array, np.ndarray) and array.shape == (n_outputs,)
        if not right or array.dtype != np.float64 or not np.isfinite(array).all():
            raise ValueError(f"{name} of the targets must be a number for each output.")
    if (plain["scale"] <= 0).any() or plain.get("flat") not in (True, False):
        raise ValueError("the scale of the targets must be positive.")
    if plain["flat"] and (n_outputs != 1 or levels):
        raise ValueError("targets of one dimension have one output.")
    mean, scale, *statistics = (plain[name] for name in names)
    statistics = TargetStatistics(*statistics)
    kind = _OF_NUMBERS[plain["kind"]]
    about = {"is_robust": is_robust, "degree": degree, "levels": tuple(levels)}
    return kind.of_units(plain["flat"], statistics, mean, scale, **about)

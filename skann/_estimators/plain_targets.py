"""The targets' transformers as plain data, and back: for pickles and model files."""

import numpy as np

from .label_transformers import (
    IndicatorTransformer,
    LabelTransformer,
    MultioutputTransformer,
)
from .real_transformer import RealTransformer
from .target_statistics import TargetStatistics

# Names are part of the format of files.
_OF_LABELS = {
    "labels": LabelTransformer,
    "indicator": IndicatorTransformer,
    "multioutput": MultioutputTransformer,
}
_KINDS = {kind: name for name, kind in _OF_LABELS.items()}


def transformer_to_plain(transformer):
    """Kind of the targets, and their classes or their units."""
    if isinstance(transformer, RealTransformer):
        return {"kind": "real", "flat": transformer.flat, **transformer.units()}
    return {"kind": _KINDS[type(transformer)], "classes": transformer.classes}


def transformer_from_plain(plain, n_outputs):
    """The transformer again, for a network with so many outputs.

    Raises
    ------
    ValueError
        If that is not what the data are of.
    """
    kind = plain.get("kind")
    if kind == "real":
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
    for name in names:
        array = plain.get(name)
        right = isinstance(array, np.ndarray) and array.shape == (n_outputs,)
        if not right or array.dtype != np.float64 or not np.isfinite(array).all():
            raise ValueError(f"{name} of the targets must be a number for each output.")
    if (plain["scale"] <= 0).any() or plain.get("flat") not in (True, False):
        raise ValueError("the scale of the targets must be positive.")
    if plain["flat"] and n_outputs != 1:
        raise ValueError("targets of one dimension have one output.")
    mean, scale, *statistics = (plain[name] for name in names)
    statistics = TargetStatistics(*statistics)
    return RealTransformer.of_units(plain["flat"], statistics, mean, scale)

"""What the page is told of a session: what there is, and what there is to choose."""

import numpy as np

from .._network.activations import ACTIVATIONS
from .._network.initializers import INITIALIZERS
from .._optimize.schedules import SCHEDULES
from .._optimize.solvers import SOLVERS
from ._data import FEATURES
from ._frame import MAP_SIZE
from ._problems import CLASSIFICATION, REGRESSION
from ._scenes import SCENES
from ._settings import LOSSES, MAX_LAYERS, MAX_UNITS
from ._table import MAX_BYTES

MAX_SHOWN = 2000  # points that the eye can tell apart


def options(table=None):
    """The choices, as plain values; with a table's columns where there is one."""
    return {
        "problems": {
            "classification": list(CLASSIFICATION),
            "regression": list(REGRESSION),
        },
        "features": list(FEATURES),
        "activations": list(ACTIVATIONS),
        "losses": LOSSES,
        "solvers": list(SOLVERS),
        "schedules": list(SCHEDULES),
        "weightInits": ["auto", *INITIALIZERS],
        "maxLayers": MAX_LAYERS,
        "maxUnits": MAX_UNITS,
        "maxBytes": MAX_BYTES,
        "scenes": {
            name: {"en": scene["en"], "zh": scene["zh"]}
            for name, scene in SCENES.items()
        },
        "table": None
        if table is None
        else {
            "name": table.name,
            "columns": list(table.columns),
            "numeric": table.numeric,
            "inputs": table.inputs,
            "unused": table.unused,
            "rows": len(table),
        },
    }


def state(session):
    """All about a session that a page shows, but for what training changes."""
    net, data = session.trainer.net, session.data
    classes = getattr(net, "classes_", None)
    return {
        "kind": "state",
        "settings": session.settings,
        "network": session.n_networks,
        "address": session.address,
        "options": options(session.table),
        "inputs": data.input_names,
        "axes": data.axis_names,
        "classes": None if classes is None else [str(c) for c in classes],
        "range": session.painter.range,
        "sizes": list(net._network.layer_sizes),
        "nTrain": len(data.train),
        "nTest": len(data.test),
        "nLeftOut": data.n_left_out,
        "points": session.points,
        "mapSize": MAP_SIZE,
        "unitSize": session.painter.unit_size,
    }


def rows(session):
    """The rows as bytes: place on the map, target, and 1 for training.

    A place is a share of the map, from the left and from the top; a target is the
    number of the class, or the share of the way from the least to the largest.
    """
    data, y = session.data, session.data.y
    used = np.zeros(len(y))
    used[data.train] = 1
    if hasattr(session.trainer.net, "classes_"):
        y = np.searchsorted(session.trainer.net.classes_, y)
    else:
        low, high = session.painter.range
        y = (y - low) / ((high - low) or 1.0)
    left, right, bottom, top = data.limits
    across = (data.axes[:, 0] - left) / (right - left)
    down = (top - data.axes[:, 1]) / (top - bottom)
    found = np.column_stack([across, down, y, used])
    if len(found) > MAX_SHOWN:
        order = np.random.default_rng(0).permutation(len(found))
        found = found[order[:MAX_SHOWN]]
    return _single(found)


def frame(session):
    """What training changes: a message, and arrays as bytes."""
    net, painter = session.trainer.net, session.painter
    values, classes = painter.map(net)
    epoch, curve = session.trainer.epoch, session.curve
    is_known = curve and curve[-1][0] == epoch
    message = {
        "kind": "frame",
        "network": session.n_networks,
        "epoch": epoch,
        "end": session.trainer.end,
        "running": session.running,
        "losses": curve[-1][1:] if is_known else painter.losses(net),
        "confusion": painter.confusion(net),
        "hasClasses": classes is not None,
    }
    return message, [
        values.tobytes(),
        b"" if classes is None else classes.tobytes(),
        painter.units(net).tobytes(),
        _single(net._theta),
        _single(np.array(curve)),
    ]


def _single(values):
    """Numbers as bytes, of single precision; the largest for those beyond it."""
    largest = np.finfo("<f4").max
    return np.clip(values, -largest, largest).astype("<f4").tobytes()

"""A session's state as text, for a page's address to have behind its ``#``.

It is ``name=value`` of each setting that is not as at the start (or, in a scene, not as
the scene has it), points drawn by hand, and weights set by hand before training. What
training has made of them is not in it: the same start gives that again.
"""

import re
from urllib.parse import parse_qsl, unquote, urlencode

from ._checks import points, shown
from ._settings import SETTINGS, changed, start

_LETTERS = {"coefs_": "w", "intercepts_": "b"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_WEIGHT = re.compile(r"([wb])(\d{1,2}(?:\.\d{1,4}){1,2}):(.{1,30})")


def to_text(settings, points=(), weights=None):
    """The text of a state.

    Parameters
    ----------
    settings : dict
    points : list of (x, y, class)
    weights : dict of (kind, layer, index) to float
        Those set by hand, but for the scene's own.
    """
    first = start(settings["scene"])
    pairs = {"scene": settings["scene"]} if settings["scene"] else {}
    pairs |= {n: _value(v) for n, v in settings.items() if v != first[n]}
    if points:
        pairs["points"] = _value([number for point in points for number in point])
    if weights:
        pairs["weights"] = ",".join(
            f"{_LETTERS[kind]}{'.'.join(map(str, (layer, *index)))}:{_value(value)}"
            for (kind, layer, index), value in weights.items()
        )
    return urlencode(pairs, safe=",:")


def from_text(text):
    """The state that a text is of.

    Returns
    -------
    settings : dict
    points : list of (x, y, class)
    weights : dict of (kind, layer, index) to float
        Not checked.

    Raises
    ------
    ValueError
        If it is none.
    """
    given = dict(parse_qsl(text.lstrip("#"), keep_blank_values=True))
    drawn = _points(given.pop("points", ""))
    weights = _weights(given.pop("weights", ""))
    scene = given.pop("scene", "")
    changes = {name: _setting(name, value) for name, value in given.items()}
    return changed(start(scene), {**changes, "scene": scene}), drawn, weights


def _value(value):
    if isinstance(value, list):
        return ",".join(map(_value, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    # Commas stand between the entries of a list.
    return str(value).replace("%", "%25").replace(",", "%2C")


def _setting(name, text):
    if name not in SETTINGS:
        raise ValueError(f"There is no setting {shown(name)}.")
    first = SETTINGS[name][0]
    if isinstance(first, list):
        parts = text.split(",") if text else []
        if first and isinstance(first[0], int):
            return [_number(name, part) for part in parts]
        return [unquote(part) for part in parts]
    if isinstance(first, bool):
        return {"true": True, "false": False}.get(text, text)
    return unquote(text) if isinstance(first, str) else _number(name, text)


def _number(name, text):
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number; got {shown(text)}.") from None


def _points(text):
    numbers = [_number("points", part) for part in text.split(",")] if text else []
    if len(numbers) % 3:
        raise ValueError("points must be three numbers each: x, y and the class.")
    return points("points", [numbers[i : i + 3] for i in range(0, len(numbers), 3)])


def _weights(text):
    found = {}
    for part in text.split(",") if text else []:
        match = _WEIGHT.fullmatch(part)
        if match is None:
            raise ValueError(
                "weights must be like w0.1.2:0.5, which is coefs_[0][1, 2], and "
                f"b0.2:0.5, intercepts_[0][2]; got {shown(part)}."
            )
        letter, where, value = match.groups()
        layer, *index = map(int, where.split("."))
        found[_KINDS[letter], layer, tuple(index)] = _number("weights", value)
    return found

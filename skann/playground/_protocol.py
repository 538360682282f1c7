"""The messages between a page and its session, the same for both hosts.

What comes in is checked here, before anything looks at it: that it is plain, and that
it has the fields of its kind. What goes out is made into what every browser can parse.
"""

import json
import math
import re

from . import _checks
from ._table import MAX_BYTES, MAX_NAME

# A text in JSON has escapes. Without its strings it is short, whatever is sent.
MAX_MESSAGE, MAX_STRUCTURE = 2 * MAX_BYTES, 200_000
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_REQUIRED = object()


def _settings(name, value):
    if not isinstance(value, dict):
        raise ValueError(
            f"{name} must be names with values; got {_checks.shown(value)}."
        )
    return value


_index = _checks.number(0, 10**6, whole=True)

# Kind of a message: its fields, each with a check and the default of one left out.
MESSAGES = {
    "set": {"settings": (_settings, _REQUIRED)},
    "scene": {"scene": (_checks.text(100), _REQUIRED)},
    "link": {"state": (_checks.text(1_000_000), _REQUIRED)},
    "run": {"on": (_checks.flag, True)},
    "step": {},
    "reset": {},
    "seek": {"epoch": (_checks.number(0, 10**9, whole=True), _REQUIRED)},
    "weight": {
        "array": (_checks.one_of("coefs_", "intercepts_"), _REQUIRED),
        "layer": (_index, _REQUIRED),
        "index": (_checks.list_of(_index, 2, 1), _REQUIRED),
        "value": (_checks.number(-1e6, 1e6), _REQUIRED),
    },
    "table": {
        "text": (_checks.text(MAX_MESSAGE), _REQUIRED),
        "name": (_checks.text(MAX_NAME), "table.csv"),
    },
    "points": {"points": (_checks.points, _REQUIRED)},
    "export": {"what": (_checks.one_of("code", "joblib", "onnx"), _REQUIRED)},
}


def decoded(text):
    """The value of a text in JSON.

    Raises
    ------
    ValueError
        If the text is not JSON, or has more values or levels than any message has.
    """
    if not isinstance(text, str):
        raise ValueError("A message must be text in JSON.")
    if len(_STRING.sub('""', text)) > MAX_STRUCTURE:
        raise ValueError("A message has too many values.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("A message was not JSON, or nested too deep.") from None


def checked(message):
    """A message's kind and fields.

    Raises
    ------
    ValueError
        If it is not one of `MESSAGES`.
    """
    _checks.plain("A message", message)
    kind = message.get("kind") if isinstance(message, dict) else None
    if not isinstance(kind, str) or kind not in MESSAGES:
        raise ValueError(
            f"A message must be an object with a kind out of {list(MESSAGES)}; got "
            f"{_checks.shown(message)}."
        )
    fields, found = MESSAGES[kind], {}
    for name in message.keys() - fields.keys() - {"kind"}:
        raise ValueError(f"A message {kind!r} has no field {_checks.shown(name)}.")
    for name, (check, default) in fields.items():
        value = message.get(name, default)
        if value is _REQUIRED:
            raise ValueError(f"A message {kind!r} needs the field {name!r}.")
        found[name] = check(name, value)
    return kind, found


def parsable(value):
    """A value for JSON: None for a number that is not finite, text that is UTF-8."""
    if isinstance(value, dict):
        return {name: parsable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [parsable(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value

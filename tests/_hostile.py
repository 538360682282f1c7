"""Messages that no page of the playground sends, for tests and the attack script."""

from skann.playground._protocol import MESSAGES
from skann.playground._settings import defaults

ROWS = "".join(f"{i},{i % 3},{i % 2}\n" for i in range(20))

# A message of each kind that is taken.
SOUND = {
    "set": {"settings": {"rate": 0.1}},
    "scene": {"scene": "xor-fails"},
    "link": {"state": "rate=0.1"},
    "run": {"on": False},
    "step": {},
    "reset": {},
    "seek": {"epoch": 0},
    "weight": {"array": "coefs_", "layer": 0, "index": [0, 0], "value": 1},
    "table": {"text": "a,b,c\n" + ROWS, "name": "own.csv"},
    "points": {"points": [[0, 0, 1], [1, 1, 0], [2, 2, 1], [3, 3, 0]]},
    "export": {"what": "code"},
}


def nested(depth):
    """A list in a list, so many times."""
    found = []
    for _ in range(depth):
        found = [found]
    return found


# What no field of any message may be.
NEVER = (
    float("nan"),
    float("inf"),
    float("-inf"),
    10**400,
    -(2**60),
    "\ud800",
    "rate\udfff=1",
    ["\udc00"],
    {"\ud800": 1},
    [float("nan")],
    nested(100),
    {"a": nested(20)},
    None,
    [None],
    {"no": "such"},
    b"bytes",
    (1, 2),
    {1},
    1e308,
    "\0",
    "x" * 1_100_000,
)
# And what only some may be.
WRONG = (True, -1, 0.5, 7, [], {}, "", "no such", [1, "a", True], [[1]])
_RIGHT = {
    ("set", "settings"): (0.5, {}),
    ("run", "on"): (True,),
    ("seek", "epoch"): (7,),
    ("weight", "value"): (-1, 0.5, 7),
    ("table", "name"): ("", "no such", "\0"),
    ("link", "state"): ("",),
    ("scene", "scene"): ("",),
}


def messages():
    """Every message with every field, and every setting, as it may not be."""
    yield from NEVER
    yield from WRONG
    yield from ("close", "watch", "leave", "show", ["close", None])
    for kind in (*WRONG, *NEVER, "__class__"):
        yield {"kind": kind}
    for kind, fields in SOUND.items():
        yield {"kind": kind, **fields, "more": 1}
        for name in fields:
            if MESSAGES[kind][name][1] not in ("table.csv", True):
                yield {"kind": kind, **{n: v for n, v in fields.items() if n != name}}
            for value in (*NEVER, *WRONG):
                if not _is_in(value, _RIGHT.get((kind, name), ())):
                    yield {"kind": kind, **fields, name: value}
    for name in defaults():
        for value in NEVER[:-2]:
            yield {"kind": "set", "settings": {name: value}}
    yield {"kind": "set", "settings": {"features": ["x1", "x1"]}}
    yield {"kind": "set", "settings": {"columns": ["a", "a"]}}


def _is_in(value, values):
    return any(type(value) is type(each) and value == each for each in values)

"""A session without a page: messages in, frames and errors out."""

import json
import threading

import numpy as np
import pytest

from skann.playground._scenes import SCENES
from skann.playground._session import Session
from skann.playground._settings import SETTINGS, changed, defaults
from skann.playground._table import MAX_BYTES, read_table, table_of

# Epochs, and between what the accuracy on training rows is then.
HOW_SCENES_END = {
    "perceptron": (20, 0.97, 1),
    "xor-fails": (30, 0, 0.8),
    "xor-learnt": (100, 0.97, 1),
    "random-layer": (40, 0.85, 1),
    "vanishing-gradients": (200, 0, 0.7),
}


class Watcher:
    """What a page would see."""

    def __init__(self, session):
        self.seen, self._news = [], threading.Condition()
        self._session = session
        session.watch(self)

    def __call__(self, message, buffers):
        if message["kind"] == "frame":
            self._session.ready(self)
        with self._news:
            self.seen.append((message, buffers))
            self._news.notify_all()

    def send(self, kind, **rest):
        self._session.post({"kind": kind, **rest}, self)

    def next(self, kind, condition=lambda message: True):
        def found():
            for i, (message, _) in enumerate(self.seen):
                if message["kind"] == kind and condition(message):
                    return i + 1
            return 0

        with self._news:
            end = self._news.wait_for(found, 30)
            assert end, [message["kind"] for message, _ in self.seen]
            answer = self.seen[end - 1]
            del self.seen[:end]
        return answer


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def test_states_and_frames_are_plain(session):
    watcher = Watcher(session)
    state, (rows,) = watcher.next("state")
    json.dumps(state, allow_nan=False)
    assert len(rows) == 500 * 4 * 4
    frame, (values, classes, units, theta, curve) = watcher.next("frame")
    json.dumps(frame, allow_nan=False)
    assert len(values) == state["mapSize"] ** 2
    assert len(classes) == 0
    assert len(units) == (2 + 4 + 2) * state["unitSize"] ** 2
    assert len(theta) == 4 * session.trainer.net.summary().parameters
    assert len(curve) == 4 * 5


def test_frames_say_of_which_network_they_are(session):
    watcher = Watcher(session)
    before, _ = watcher.next("state")
    for settings in ({"layers": [5, 1, 2]}, {"seed": 3}):
        watcher.send("set", settings=settings)
        state, _ = watcher.next("state")
        assert state["network"] > before["network"]
        wanted = state["network"]
        watcher.next("frame", lambda frame, wanted=wanted: frame["network"] == wanted)
        before = state
    watcher.send("step")
    frame, _ = watcher.next("frame", lambda frame: frame["epoch"] == 1)
    assert frame["network"] == before["network"]


def test_a_watcher_that_is_not_ready_holds_up_nothing(session):
    session.watch(lambda message, buffers: None)
    watcher = Watcher(session)
    watcher.send("set", settings={"stopEpoch": 500, "speed": 0})
    watcher.send("run")
    watcher.next("frame", lambda frame: frame["epoch"] == 500 and not frame["running"])


@pytest.mark.parametrize("name", SCENES)
def test_scenes(session, name):
    watcher = Watcher(session)
    watcher.send("scene", scene=name)
    state, _ = watcher.next("state", lambda state: state["settings"]["scene"] == name)
    assert {"en", "zh"} <= SCENES[name].keys()
    assert changed(defaults(), state["settings"]) == state["settings"]
    if name == "xor-by-hand":
        frame, _ = watcher.next("frame")
        assert frame["losses"][1] > 0.98
    n_epochs, least, most = HOW_SCENES_END.get(name, (0, 0, 1))
    if n_epochs:
        watcher.send("set", settings={"speed": 0, "stopEpoch": n_epochs})
        watcher.send("run")
        frame, _ = watcher.next(
            "frame", lambda frame: frame["epoch"] > 0 and not frame["running"]
        )
        assert least <= frame["losses"][1] <= most


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "no such"},
        {"kind": "set", "settings": {"rate": "fast"}},
        {"kind": "set", "settings": {"rate": float("nan")}},
        {"kind": "set", "settings": {"rate": True}},
        {"kind": "set", "settings": {"layers": [4, 65]}},
        {"kind": "set", "settings": {"layers": [1] * 7}},
        {"kind": "set", "settings": {"activations": ["__import__('os')"]}},
        {"kind": "set", "settings": {"__class__": 1}},
        {"kind": "set", "settings": {"features": []}},
        {"kind": "set", "settings": {"data": "table"}},
        {"kind": "set", "settings": {"data": "drawn"}},
        {"kind": "set", "settings": [1]},
        {"kind": "set", "settings": {"solver": "lbfgs", "dropout": 0.5}},
        {"kind": "scene", "scene": "none"},
        {"kind": "scene", "scene": ["none"]},
        {"kind": "link", "state": "rate=fast"},
        {"kind": "link", "state": "data=drawn"},
        {"kind": "link", "state": "data=drawn&points=0,0,2,1,1,1,2,2,1,3,3,0"},
        {"kind": "link", "state": "data=drawn&points=0,0,nan,1,1,1,2,2,1,3,3,0"},
        {"kind": "link", "state": "weights=w0.9.9:1"},
        {"kind": "set", "settings": {"scene": "none"}},
        {"kind": "seek"},
        {"kind": "weight", "array": "_theta", "layer": 0, "index": [0], "value": 1},
        {"kind": "table", "text": "a,b\n1,2"},
        {"kind": "table", "text": "x" * (MAX_BYTES + 1)},
        {"kind": "points", "points": [[0, 0, 2]] * 4},
        {"kind": "points", "points": [[0, 0, 1]] * 4},
        {"kind": "export", "what": "shell"},
        "text",
    ],
    ids=lambda message: str(message)[:60],
)
def test_what_is_wrong_is_said_and_changes_nothing(session, message):
    watcher = Watcher(session)
    session.post(message, watcher)
    error, _ = watcher.next("error")
    assert error["message"]
    assert session.settings == defaults()
    assert session.table is None
    assert session.points == []
    watcher.send("step")
    watcher.next("frame", lambda frame: frame["epoch"] == 1)


def followed(watcher, text):
    """The state once a link has been followed."""
    watcher.send("link", state=text)
    watcher.next("state", lambda state: "options" in state)


def test_a_link_has_points_and_weights_set_by_hand(session):
    watcher = Watcher(session)
    points = [[0, 1.5, 0], [1, 2, 1], [3, 4, 1], [-1, -2.25, 0], [2, 2, 0]]
    watcher.send("points", points=points)
    watcher.send("set", settings={"layers": [3], "features": ["x1", "x1^2"]})
    watcher.send("weight", array="coefs_", layer=0, index=[1, 2], value=0.5)
    state, _ = watcher.next("state", lambda state: "weights=" in state["address"])
    start = session.trainer.net._theta.copy()
    watcher.send("step")
    watcher.next("frame", lambda frame: frame["epoch"] == 1)
    other = Session()
    try:
        other_watcher = Watcher(other)
        other_watcher.next("state")
        followed(other_watcher, state["address"])
        assert other.settings == session.settings
        assert other.points == session.points
        np.testing.assert_array_equal(other.trainer.net._theta, start)
        assert other.address == state["address"]
    finally:
        other.close()


def test_a_page_that_is_loaded_again_goes_on(session):
    watcher = Watcher(session)
    watcher.send("scene", scene="xor-learnt")
    watcher.send("set", settings={"stopEpoch": 30, "batch": 25})
    watcher.send("run")
    watcher.next("frame", lambda frame: frame["epoch"] == 30 and not frame["running"])
    followed(watcher, session.address)
    assert session.trainer.epoch == 30
    followed(watcher, "scene=xor-learnt")
    assert session.trainer.epoch == 0


def test_a_scene_s_weights_come_back(session):
    watcher = Watcher(session)
    watcher.next("state")
    for text in ("scene=xor-by-hand", "scene=xor-by-hand&rate=0.1&speed=10"):
        followed(watcher, text)
        assert session.address == text
        watcher.send("step")
        watcher.send("reset")
        watcher.next("state")
        weights = session.trainer.net.coefs_[1].ravel().tolist()
        assert (session.trainer.epoch, weights) == (0, [2, -2])
    # What was set by hand is in the link, and the scene's own is not.
    watcher.send("weight", array="coefs_", layer=1, index=[0, 0], value=3)
    state, _ = watcher.next("state", lambda state: "weights" in state["address"])
    assert state["address"].endswith("weights=w1.0.0:3")


ROWS = "".join(f"{i},{i % 3},{i * i % 7},{i % 2}\n" for i in range(20))


def test_a_link_to_a_table_waits_for_it(session):
    watcher = Watcher(session)
    watcher.next("state")
    link = "data=table&problem=regression&axis1=c&axis2=a&target=b&loss=huber"
    followed(watcher, f"{link}&rate=0.1")
    assert "table" in watcher.next("error")[0]["message"]
    assert (session.settings["data"], session.settings["rate"]) == ("circle", 0.1)
    watcher.send("table", text="a,b,c,d\n" + ROWS)
    state, _ = watcher.next("state")
    wanted = {"axis1": "c", "axis2": "a", "target": "b", "loss": "huber", "rate": 0.1}
    assert wanted.items() <= state["settings"].items()


def test_a_link_to_another_table_is_said(session):
    watcher = Watcher(session)
    watcher.next("state")
    followed(watcher, "data=table&axis1=e&axis2=a&target=b")
    watcher.send("table", text="a,b,c,d\n" + ROWS)
    watcher.next("error", lambda error: "no column 'e'" in error["message"])
    assert session.settings["target"] == "d"


def test_exports(session, tmp_path):
    import joblib

    watcher = Watcher(session)
    watcher.send("step")
    watcher.send("export", what="joblib")
    message, (data,) = watcher.next("export")
    (tmp_path / message["name"]).write_bytes(data)
    net = joblib.load(tmp_path / message["name"])
    np.testing.assert_array_equal(net.coefs_[0], session.trainer.net.coefs_[0])
    watcher.send("export", what="code")
    message, _ = watcher.next("export")
    assert "BPClassifier" in message["text"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not a table"),
        ("a,b,c\n1,2,3\n1,2\n1,2,3\n1,2,3\n", "row 3 has 2 cells"),
        ("a,a,c\n1,2,3\n" + "1,2,3\n" * 4, "the same one"),
        ("a,b,c\n" + "u,v,w\n" * 5, "columns of numbers"),
        ("a,b,c\n" + "1,inf,w\n" * 5, "columns of numbers"),
        ("\0PNG,,\n" * 6, "not text"),
        ("a,b,c\n" + "1,2,w\n" * 60_000, "the most that is taken"),
    ],
)
def test_tables_that_are_none(text, what):
    with pytest.raises(ValueError, match=what):
        read_table(text)


def test_a_table_of_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2, 3, 4.5], "b": [4, 3, None, 1], "c": list("uvuv")})
    table = table_of(frame[["a", "b"]], frame["c"])
    assert list(table.columns) == ["a", "b", "c"]
    assert table.numeric == ["a", "b"]
    with pytest.raises(ValueError, match="not enough"):
        table.arrays(["a", "b"], "c", "classification")


def test_defaults_are_allowed():
    for name, (value, check) in SETTINGS.items():
        assert check(name, value) == value

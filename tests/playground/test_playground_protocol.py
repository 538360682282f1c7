"""What a page may send, what is said of the rest, and what comes back in any case."""

import json
import threading

import numpy as np
import pytest
from _hostile import SOUND, messages

from skann.playground._checks import MAX_POINTS
from skann.playground._protocol import MESSAGES, checked, decoded, parsable
from skann.playground._session import MAX_WAITING, Session
from skann.playground._settings import defaults
from skann.playground._watchers import Watchers

WILD_AXIS = "".join(f"{'-' if i % 2 else ''}1e308,{i},{i % 2}\n" for i in range(40))
WILD_TARGET = "".join(f"{i % 7},{i},{i}e200\n" for i in range(40))


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def answers(session, message):
    """What is sent to who posts a message, as a browser would parse it."""
    found, done = [], threading.Event()

    def watcher(message, buffers):
        found.append(json.loads(json.dumps(message, allow_nan=False)))

    session.post(message, watcher, done.set)
    assert done.wait(30), str(message)[:200]
    return found


def test_every_kind_of_message_is_checked():
    assert SOUND.keys() == MESSAGES.keys()
    for kind, fields in SOUND.items():
        assert checked({"kind": kind, **fields})[0] == kind


def test_session_refuses_every_hostile_message_and_goes_on(session):
    weights = session.trainer.net.coefs_[0].copy()
    for message in messages():
        found = answers(session, message)
        kinds = [each["kind"] for each in found]
        assert kinds == ["error"], (str(message)[:200], kinds)
        assert 0 < len(found[0]["message"]) < 1000
    assert session.settings == defaults()
    assert (session.table, session.points, session.trainer.epoch) == (None, [], 0)
    np.testing.assert_array_equal(session.trainer.net.coefs_[0], weights)
    assert answers(session, {"kind": "step"}) == []
    assert session.trainer.epoch == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ("[" * 50_000, "nested too deep"),
        ('{"a":' * 30_000 + "1" + "}" * 30_000, "nested too deep"),
        ("[" + "[]," * 100_000 + "[]]", "too many values"),
        ('"' + '\\"' * 300_000, "not JSON"),
        ('{"kind": "step"', "not JSON"),
        ("9" * 10_000, "not JSON"),
        ("", "not JSON"),
        (None, "must be text"),
    ],
    ids=lambda text: str(text)[:12],
)
def test_decoded_refuses(text, what):
    with pytest.raises(ValueError, match=what):
        decoded(text)


def test_decoded_takes_the_largest_messages():
    table = {"kind": "table", "text": '[{"\\' * 400_000}
    assert decoded(json.dumps(table)) == table
    point = [-1 / 3, 2 / 3, 1]
    points = {"kind": "points", "points": [point] * MAX_POINTS}
    assert decoded(json.dumps(points)) == points


def test_parsable_has_neither_nan_nor_half_a_surrogate_pair():
    value = {"a": (float("nan"), [float("-inf"), 1.5]), "b": "\ud800", "c": None}
    found = json.loads(json.dumps(parsable(value), allow_nan=False).encode())
    assert found == {"a": [None, [None, 1.5]], "b": "\\ud800", "c": None}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "wild,b,c\n" + WILD_AXIS,
            "'wild' is not made of numbers up to 1e[+]30.*1e308",
        ),
        (
            "a,b,wild\n" + WILD_TARGET,
            "'wild' is not made of numbers up to 1e[+]30.*e200",
        ),
        ("\ud800,b,c\n" + "1,2,3\n2,3,4\n" * 4, "half a surrogate pair"),
        (f"{'n' * 256},b,c\n" + "1,2,3\n2,3,4\n" * 4, "longer than 255"),
    ],
    ids=["axis", "target", "surrogate", "name"],
)
def test_session_refuses_a_wild_table_and_goes_on(session, text, what):
    (error,) = answers(session, {"kind": "table", "text": text})
    with pytest.raises(ValueError, match=what):
        raise ValueError(error["message"])
    assert session.table is None
    answers(session, {"kind": "step"})
    assert session.trainer.epoch == 1


def test_wild_columns_beside_others_are_left_out_and_said(session):
    rows = "".join(f"{i},{i % 5},{i}e200,note {i},{i % 2}\n" for i in range(40))
    answers(session, {"kind": "table", "text": "a,b,wild,note,kind\n" + rows})
    assert (session.settings["target"], session.settings["columns"]) == ("kind", [])
    assert session.table.unused.keys() == {"wild", "note"}
    for change in ({"axis1": "wild"}, {"target": "wild", "problem": "regression"}):
        (error,) = answers(session, {"kind": "set", "settings": change})
        assert "'11e200'" in error["message"] or "'1e200'" in error["message"]


@pytest.mark.parametrize("column", ["axis", "target"])
def test_a_test_row_many_deviations_away_is_refused(session, column):
    values = [1 + 1e-12 * i for i in range(40)]
    values[np.random.default_rng(0).permutation(40)[-1]] = 1e9
    columns = {"axis": range(40), "b": [i % 7 for i in range(40)], "target": range(40)}
    columns[column] = values
    rows = [",".join(map(repr, row)) for row in zip(*columns.values(), strict=True)]
    text = "\n".join([",".join(columns), *rows])
    (error,) = answers(session, {"kind": "table", "text": text})
    assert f"The column {column!r} has a value" in error["message"]
    assert "standard deviations" in error["message"]


def test_a_weight_that_makes_the_loss_infinite_is_refused(session):
    rows = "".join(f"{i},{i % 5},{i + 0.5}\n" for i in range(40))
    answers(session, {"kind": "table", "text": "a,b,c\n" + rows})
    answers(session, {"kind": "set", "settings": {"loss": "poisson"}})
    bias = {"array": "intercepts_", "layer": 2, "index": [0]}
    before = session.trainer.net.intercepts_[2].copy()
    (error,) = answers(session, {"kind": "weight", **bias, "value": 1e6})
    assert "the loss is inf" in error["message"]
    np.testing.assert_array_equal(session.trainer.net.intercepts_[2], before)
    assert session.trainer.changes == []
    # Large predictions alone, all over the map, are shown.
    assert answers(session, {"kind": "weight", **bias, "value": 30}) == []


def test_losses_that_are_not_finite_are_sent_as_none(session, monkeypatch):
    losses = [float("inf"), float("nan"), 0.5, float("-inf")]
    monkeypatch.setattr(session.painter, "losses", lambda net: losses)
    answers(session, {"kind": "step"})
    frames, news = [], threading.Event()

    def watcher(message, buffers):
        if message["kind"] == "frame":
            frames.append(json.loads(json.dumps(message, allow_nan=False)))
            news.set()

    session.watch(watcher)
    assert news.wait(30)
    assert frames[0]["losses"] == [None, None, 0.5, None]


def test_a_schedule_of_too_many_steps_is_refused(session):
    long = {"horizon": 100_000, "schedule": "one_cycle", "batch": 1}
    (error,) = answers(session, {"kind": "set", "settings": long})
    assert "25000000 steps" in error["message"]
    assert session.settings == defaults()


def test_an_error_while_training_ends_neither_thread_nor_session(session, monkeypatch):
    errors, news = [], threading.Condition()

    def watcher(message, buffers):
        if message["kind"] == "error":
            with news:
                errors.append(message["message"])
                news.notify_all()

    session.watch(watcher)
    with monkeypatch.context() as patch:
        patch.setattr(session.trainer, "advance", lambda *args: 1 / 0)
        answers(session, {"kind": "run"})
        with news:
            assert news.wait_for(lambda: errors, 30)
    assert errors == ["division by zero"]
    assert not session.running
    answers(session, {"kind": "step"})
    assert session.trainer.epoch == 1


def test_a_watcher_that_raises_is_sent_no_more(session):
    def gone(message, buffers):
        raise RuntimeError("Event loop is closed")

    session.watch(gone)
    session.post({"kind": "no such"}, gone)
    assert answers(session, {"kind": "export", "what": "code"})
    assert gone not in session._watchers


def test_messages_without_end_keep_no_picture_waiting(session):
    trained = threading.Event()

    def watcher(message, buffers):
        if message["kind"] == "frame":
            session.ready(watcher)
            if message["epoch"] > 1:
                trained.set()

    def again():
        if not trained.is_set():
            session.post({"kind": "set", "settings": {"showTest": True}}, None, again)

    session.watch(watcher)
    session.post({"kind": "run"})
    again()
    assert trained.wait(30)


def test_messages_that_can_t_be_handled_in_time_are_refused(session):
    handling, go = threading.Event(), threading.Event()

    def hold():
        handling.set()
        go.wait(30)

    session.post({"kind": "reset"}, None, hold)
    assert handling.wait(30)
    found, n_done = [], []
    for _ in range(MAX_WAITING + 3):
        session.post(
            {"kind": "run", "on": False},
            lambda message, buffers: found.append(message["message"]),
            lambda: n_done.append(1),
        )
    go.set()
    assert len(found) == 3
    assert "Too many messages" in found[0]


def test_no_frame_is_made_for_nobody():
    watchers, made = Watchers(), []

    def make():
        made.append(1)
        return {"kind": "frame"}, []

    def page(message, buffers):
        pass

    watchers.show(make)
    watchers.add(page)
    watchers.show(make)
    watchers.show(make)
    assert len(made) == 1
    assert watchers.ready(page)  # it missed one
    assert not watchers.ready(page)
    watchers.show(make)
    assert len(made) == 2

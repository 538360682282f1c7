"""The widget: the same module and the same session, in a notebook."""

import threading

import numpy as np
import pytest
from _hostile import messages

from skann.playground import Playground

pytest.importorskip("anywidget")


@pytest.fixture
def playground():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    playground = Playground(X, np.where(X[:, 0] > 0, "yes", "no"))
    yield playground
    playground.close()


def test_what_is_shown_is_the_page_s_module(playground):
    from skann.playground._server import STATIC

    source = (STATIC / "playground.js").read_text("utf-8")
    assert str(playground.widget._esm) == source
    assert (
        "application/vnd.jupyter.widget-view+json"
        in (playground._repr_mimebundle_()[0])
    )


def test_messages_and_frames(playground):
    sent, news = [], threading.Condition()

    def send(message, buffers):
        with news:
            sent.append(message)
            news.notify_all()

    playground.widget.send = send
    playground._receive(playground.widget, {"kind": "hello"}, [])
    playground._receive(playground.widget, {"kind": "step"}, [])

    def kinds(kind):
        return [message for message in sent if message["kind"] == kind]

    with news:
        assert news.wait_for(lambda: kinds("state") and kinds("frame"), 30)
    assert sent[0]["classes"] == ["no", "yes"]
    assert sent[0]["settings"]["axis1"] == "x1"
    # No second frame before the first has been drawn.
    assert len(kinds("frame")) == 1
    playground._receive(playground.widget, {"kind": "ack"}, [])
    playground._receive(playground.widget, {"kind": "step"}, [])
    with news:
        assert news.wait_for(lambda: len(kinds("frame")) == 2, 30)
    assert playground.estimator.classes_.tolist() == ["no", "yes"]


def test_widget_refuses_every_hostile_message_and_goes_on(playground):
    errors, done = [], threading.Event()

    def send(message, buffers):
        if message["kind"] == "error":
            errors.append(message)
        if message["kind"] in ("error", "export"):
            done.set()

    playground.widget.send = send
    epoch, n_sent = playground._session.trainer.epoch, 0
    for message in messages():
        done.clear()
        playground._receive(playground.widget, message, [])
        assert done.wait(30), str(message)[:200]
        n_sent += 1
    assert len(errors) == n_sent > 1000
    done.clear()
    playground._receive(playground.widget, {"kind": "step"}, [])
    playground._receive(playground.widget, {"kind": "export", "what": "code"}, [])
    assert done.wait(30)
    assert playground._session.trainer.epoch == epoch + 1


@pytest.mark.parametrize(
    ("X", "y", "what"),
    [
        ([[1, 2]] * 8, None, "together"),
        ([1, 2, 3], [1, 2, 3], "rows and columns"),
        ([[1, 2]] * 8, [1] * 7, "rows and columns"),
        ([["a", "b"]] * 8, [0, 1] * 4, "columns of numbers"),
        ([[1e308, 2]] * 4 + [[-1e308, 1]] * 4, [0, 1] * 4, "'x1' is not made of num"),
        ([[np.inf, 2]] * 4 + [[0, 1]] * 4, [0, 1] * 4, "it has 'inf'"),
    ],
)
def test_what_is_no_table(X, y, what):
    with pytest.raises(ValueError, match=what):
        Playground(X, y)


@pytest.mark.parametrize(
    ("names", "target", "what"),
    [
        (["a", "b"], "a", "names of their own"),
        (["a", "a"], "c", "names of their own"),
        (["a", "b" * 300], "c", "longer than 255"),
    ],
    ids=["target", "same", "long"],
)
def test_names_of_a_frame_that_are_refused(names, target, what):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame([[i, i % 3] for i in range(8)], columns=names)
    with pytest.raises(ValueError, match=what):
        Playground(X, pd.Series([0, 1] * 4, name=target))

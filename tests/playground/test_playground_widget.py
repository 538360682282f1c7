"""The widget: the same module and the same session, in a notebook."""

import threading

import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ("X", "y", "what"),
    [
        ([[1, 2]] * 8, None, "together"),
        ([1, 2, 3], [1, 2, 3], "rows and columns"),
        ([[1, 2]] * 8, [1] * 7, "rows and columns"),
        ([["a", "b"]] * 8, [0, 1] * 4, "columns of numbers"),
    ],
)
def test_what_is_no_table(X, y, what):
    with pytest.raises(ValueError, match=what):
        Playground(X, y)

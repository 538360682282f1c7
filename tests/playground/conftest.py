"""A session, its server, and a page that shows it."""

import threading

import pytest
from _chromium import BROWSER, Page

from skann.playground._server import make_server
from skann.playground._session import Session
from skann.playground._settings import defaults


@pytest.fixture(scope="session")
def served():
    """A session and the address of its page."""
    for package in ("starlette", "uvicorn", "websockets"):
        pytest.importorskip(package)
    session = Session()
    server, listener, address = make_server(session, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield session, address
    server.should_exit = True
    thread.join()
    listener.close()
    session.close()


@pytest.fixture(scope="session")
def browser(served):
    """A page, the same for all tests."""
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    page = Page(served[1])
    yield page
    page.close()


@pytest.fixture
def fresh(served):
    """The session as it is at the start."""
    session, done = served[0], threading.Event()
    for message in (
        {"kind": "set", "settings": defaults()},
        {"kind": "reset"},
        {"kind": "export", "what": "code"},
    ):
        session.post(
            message, lambda message, _: message["kind"] == "export" and done.set()
        )
    assert done.wait(30)


@pytest.fixture
def page(browser, served, fresh):
    """The page as it is at the start."""
    browser.open(served[1])
    browser.until("!!document.querySelector('#skpg-run[data-running]')")
    yield browser
    errors, browser.errors = browser.errors, []
    assert not errors

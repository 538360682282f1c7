"""The built site, where the environment variable ``SKANN_SITE`` says that it is:

    python -m sphinx -b html docs docs/_build
    SKANN_SITE=docs/_build python -m pytest tests/test_built_site.py

Links between its pages, the way from the first page to each task, and in a browser its
search, its equations and its width on a phone.
"""

import functools
import http.server
import os
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from _chromium import BROWSER, Page

if "SKANN_SITE" not in os.environ:
    pytest.skip("SKANN_SITE names no folder of a built site", allow_module_level=True)
SITE = Path(os.environ["SKANN_SITE"]).resolve()


class Links(HTMLParser):
    """What a page links to and shows, and the names of its places."""

    def __init__(self, text):
        super().__init__()
        self.clicks, self.files, self.places = set(), set(), {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.places |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and values.get("href"):
            self.clicks.add(values["href"])
        elif tag in ("img", "script") and values.get("src"):
            self.files.add(values["src"])
        elif tag == "link" and values.get("rel") == "stylesheet":
            self.files.add(values["href"])


@functools.cache
def links_of(path):
    return Links((SITE / path).read_text("utf-8"))


def pages():
    """But the theme's own templates."""
    found = sorted(str(path.relative_to(SITE)) for path in SITE.glob("**/*.html"))
    return [page for page in found if not page.startswith("_static/")]


def inside(page, links):
    """(path, place) of those links that lead to the site itself."""
    for link in links:
        target, place = urldefrag(link)
        if not urlsplit(link).scheme:
            path = urljoin(page, urlsplit(target).path) if target else page
            yield unquote(path), unquote(place)


def test_links_lead_to_a_page_and_a_place():
    found, wrong = 0, []
    for page in pages():
        links = links_of(page)
        for path, place in inside(page, links.clicks | links.files):
            found += 1
            path = f"{path}index.html" if path.endswith("/") else path
            there = (SITE / path).is_file()
            if there and place and path.endswith(".html"):
                there = place in links_of(path).places
            if not there:
                wrong.append(f"{page}: {path}#{place}")
    assert found > 1000
    assert not wrong


def test_tasks_of_the_guide_are_two_clicks_from_the_first_page():
    first = {path for path, _ in inside("index.html", links_of("index.html").clicks)}
    second = {
        path
        for page in first
        if page.endswith(".html")
        for path, _ in inside(page, links_of(page).clicks)
    }
    tasks = {page for page in pages() if page.startswith("guide/")}
    tasks |= {
        path
        for path, _ in inside("guide/index.html", links_of("guide/index.html").clicks)
        if path.endswith(".html") and "/" not in path
    }
    assert len(tasks) > 20
    assert tasks <= first | second


@pytest.fixture(scope="module")
def browser():
    """A browser, and the address of the site."""
    if BROWSER is None:
        pytest.skip("there is no chromium")
    pytest.importorskip("websockets", reason="the extra 'playground' is not installed")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *about):
            pass

    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}"
        page = Page("about:blank", width=390, height=844)
        try:
            yield page, address
        finally:
            page.close()
            server.shutdown()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("perceptron", "lecture/perceptron.html"),
        ("chain rule", "lecture/backpropagation.html"),
        ("gradient check", "generated/skann.check_gradient.html"),
        ("memmap", "guide/streams.html"),
        ("parquet", "guide/streams.html"),
        ("onnx", "export.html"),
        ("quantile", "guide/uncertainty.html"),
    ],
)
def test_the_search_finds(browser, words, wanted):
    page, address = browser
    page.open(f"{address}/search.html?q={words.replace(' ', '+')}")
    page.until("/finished/.test(document.querySelector('#search-results')?.innerText)")
    found = page.js(
        "[...document.querySelectorAll('#search-results li > a')].map(a => a.href)"
    )
    paths = list(dict.fromkeys(urlsplit(link).path.lstrip("/") for link in found))
    assert wanted in paths[:3]


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "guide/index.html",
        "guide/streams.html",
        "lecture/backpropagation.html",
        "generated/skann.BPClassifier.html",
        "auto_examples/index.html",
        "benchmarks.html",
        "zh/losses.html",
    ],
)
def test_a_page_fits_a_phone(browser, path):
    page, address = browser
    page.open(f"{address}/{path}")
    page.until("document.readyState === 'complete' && !!document.body.innerText")
    assert page.js("document.documentElement.scrollWidth") <= 390
    # What is wider is cut off; code, tables and equations scroll.
    cut_off = (
        "[...document.querySelectorAll('.bd-article :is(h1, h2, h3, p, dt, li)')]"
        ".filter(element => element.scrollWidth > element.clientWidth + 1)"
        ".map(element => element.textContent.slice(0, 40))"
    )
    assert page.js(cut_off) == []


def test_equations_are_drawn_without_internet(browser):
    page, address = browser
    page.open(f"{address}/lecture/backpropagation.html")
    n_equations = page.until("document.querySelectorAll('.math').length")
    assert n_equations > 20
    drawn = "document.querySelectorAll('.math mjx-container > svg').length"
    page.until(f"{drawn} === {n_equations}")
    wrong = "mjx-merror, [data-mjx-error]"
    assert page.js(f"document.querySelectorAll({wrong!r}).length") == 0
    sources = page.js("[...document.scripts].map(script => script.src)")
    assert all(source.startswith(address) or not source for source in sources)

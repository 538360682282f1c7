"""What a notebook shows of an estimator, in a real browser."""

import html
import inspect
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
import sklearn
from sklearn.utils.fixes import parse_version

from skann import BPClassifier

NAMES = "chromium", "chromium-browser", "google-chrome"
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.filterwarnings("ignore:Training stopped at max_iter"),
]

# A name that would run, if it were not escaped where it is shown.
INJECTION = "</text></svg><script>window.injected = 1</script>"
PAGE = """\
<!DOCTYPE html><meta charset="utf-8">
<body style="background:{ground};color:{ink}"><div>{shown}</div>
<script>
document.querySelectorAll("details").forEach(part => part.open = true);
const box = node => node.getBoundingClientRect();
const pictures = [...document.querySelectorAll(".skann-pictures svg")].map(svg => ({{
  width: box(svg).width,
  height: box(svg).height,
  texts: [...svg.querySelectorAll("text")].map(text => text.textContent),
  inks: [...new Set([...svg.querySelectorAll("text[fill=currentColor]")].map(
    text => getComputedStyle(text).fill))],
  outside: [...svg.querySelectorAll("text")].filter(text =>
    box(text).left < box(svg).left || box(text).right > box(svg).right ||
    box(text).top < box(svg).top || box(text).bottom > box(svg).bottom
  ).map(text => text.textContent),
}}));
const tips = [...document.querySelectorAll("a.param-doc-link:has(span)")];
document.body.innerHTML = "";
const report = document.createElement("pre");
report.id = "report";
report.textContent = JSON.stringify({{
  pictures,
  tips: tips.map(tip => [tip.href, tip.querySelector("span").textContent.trim()]),
  injected: window.injected === undefined ? "no" : "yes",
}});
document.body.append(report);
</script>
"""


def opened(page, folder):
    """What the page's script reports, once a browser has opened it."""
    file = folder / "page.html"
    file.write_text(page, "utf-8")
    # The sandbox does not start for root, as in a container.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    options = ["--headless", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    dom = subprocess.run(
        [BROWSER, *options, *root, "--dump-dom", file.as_uri()],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    ).stdout
    report = re.search(r'<pre id="report">(.*?)</pre>', dom, re.DOTALL)
    return json.loads(html.unescape(report[1]))


@pytest.fixture(scope="module")
def net():
    pd = pytest.importorskip("pandas")
    X = np.random.default_rng(0).normal(size=(80, 3))
    frame = pd.DataFrame(X, columns=[INJECTION, "WWWWWWWWWWWWWWWWWWWW", "a"])
    y = np.array(["no", "yes", "perhaps, perhaps, perhaps"])
    y = y[(X[:, 0] > 0) + (X[:, 1] > 0).astype(int)]
    options = {"early_stopping": True, "max_iter": 5, "random_state": 0}
    return BPClassifier((20, 5), **options).fit(frame, y)


@pytest.mark.parametrize(
    ("ground", "ink"), [("white", "rgb(20, 20, 20)"), ("black", "rgb(230, 230, 230)")]
)
def test_pictures_and_tooltips(net, tmp_path, ground, ink):
    page = PAGE.format(ground=ground, ink=ink, shown=net._repr_html_())
    report = opened(page, tmp_path)
    network, loss = report["pictures"]
    for picture in (network, loss):
        assert min(picture["width"], picture["height"]) > 100
        assert picture["inks"] == [ink]
        assert picture["outside"] == []
    assert {"20", "relu", "softmax", "a", "yes"} <= set(network["texts"])
    assert {"● training", "● validation", "5"} <= set(loss["texts"])
    assert report["injected"] == "no"
    if parse_version(sklearn.__version__) < parse_version("1.8"):
        return  # its tables have no tooltips yet
    links, texts = zip(*report["tips"], strict=True)
    found = {text.partition(":")[0] for text in texts}
    assert found >= set(inspect.signature(BPClassifier).parameters)
    assert all(link.startswith(net._get_doc_link() + "#") for link in links)


def test_tables(net, tmp_path):
    shown = net.history_._repr_html_() + net.summary()._repr_html_()
    cells = "[...document.querySelectorAll('td')].map(cell => cell.textContent)"
    page = (
        f"<!DOCTYPE html><meta charset='utf-8'><body>{shown}<pre id='report'></pre>"
        "<script>document.querySelector('#report').textContent = "
        f"JSON.stringify({cells})</script>"
    )
    found = opened(page, tmp_path)
    assert f"{net.loss_curve_[-1]:.6g}" in found
    assert f"{net.summary().parameters:,}" in found

"""What goes into the page and comes out of it as a file, in a real browser."""

import json
import xml.etree.ElementTree as ElementTree

import joblib
import numpy as np
import pytest

from skann import BPClassifier

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [f"{i / 10},{i * i % 17},{'even' if i % 2 == 0 else 'odd'}" for i in range(40)]
TABLE = "\n".join(["time,rest,kind", *ROWS])


@pytest.fixture
def trained(page, served):
    """The page, with a network that has been trained for two epochs."""
    for epoch in (1, 2):
        page.click("#skpg-step")
        page.until(f"document.querySelector('#skpg-epoch').dataset.epoch === '{epoch}'")
    return page


def test_an_estimator(trained, served, tmp_path):
    path = trained.download("#skpg-export-joblib", tmp_path, "network.joblib")
    net = joblib.load(path)
    assert type(net) is BPClassifier
    for one, other in zip(net.coefs_, served[0].trainer.net.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)
    X = served[0].data.X_train
    np.testing.assert_array_equal(net.predict(X), served[0].trainer.net.predict(X))


def test_a_network_for_onnx(trained, served, tmp_path):
    try:
        import onnx
        from onnx.reference import ReferenceEvaluator
    except ImportError:
        trained.click("#skpg-export-onnx")
        trained.until("!document.querySelector('.skpg-error').hidden")
        assert 'pip install "skann[onnx]"' in trained.text(".skpg-error p")
        return
    path = trained.download("#skpg-export-onnx", tmp_path, "network.onnx")
    evaluator = ReferenceEvaluator(onnx.load(path))
    net, X = served[0].trainer.net, served[0].data.X_train
    name = evaluator.input_names[0]
    labels, found = evaluator.run(None, {name: X.astype(np.float32)})
    np.testing.assert_allclose(found, net.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(labels, net.predict(X))


def test_a_picture_of_lines(trained, served, tmp_path):
    path = trained.download("#skpg-export-svg", tmp_path, "network.svg")
    picture = ElementTree.parse(path).getroot()
    net = served[0].trainer.net
    links = picture.findall(f"{SVG}path")
    assert len(links) == sum(w.size for w in net.coefs_)
    # Every input and hidden unit has its map; the large one lies under its points.
    assert len(picture.findall(f"{SVG}image")) == 2 + 4 + 2 + 2
    widths = np.array([float(link.get("stroke-width")) for link in links])
    weights = np.concatenate([np.abs(w).ravel() for w in net.coefs_[:1]])
    assert widths[: len(weights)].argmax() == weights.argmax()
    assert "Epoch 2" in "".join(picture.itertext())


def test_a_picture_of_points(trained, served, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    path = trained.download("#skpg-export-png", tmp_path, "network.png")
    picture = image.imread(path)
    width = trained.js("document.querySelector('.skpg-graph > div').clientWidth")
    height = trained.js("document.querySelector('.skpg-graph > div').clientHeight")
    assert picture.shape[:2] == (2 * height, 2 * (width + height - 80 + 40))
    # The large map is on the right: blue in the middle, orange around.
    x = 2 * (width + 20) + np.array([0.1, 0.5]) * 2 * (height - 80)
    corner, middle = picture[2 * 64 + height - 80, x.astype(int), :3]
    assert not np.allclose(corner, middle, atol=0.02)
    assert (picture[..., :3].std(axis=(0, 1)) > 0.02).all()


@pytest.fixture
def clipboard(page):
    """The page may use the clipboard."""
    origin = page.js("location.origin")
    allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    page.call("Browser.grantPermissions", origin=origin, permissions=allowed)
    yield
    page.call("Browser.resetPermissions")


def test_a_link(trained, clipboard):
    trained.set("#skpg-rate", "0.1")
    trained.until("location.hash === '#rate=0.1'")
    trained.click("#skpg-export-link")
    address = trained.js("location.href")
    trained.until(lambda: trained.js("navigator.clipboard.readText()") == address)


def test_a_link_where_there_is_no_clipboard(page):
    page.js("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.click("#skpg-data-xor")
    page.until("location.hash === '#data=xor'")
    page.click("#skpg-export-link")
    page.until("document.querySelector('dialog textarea')?.value === location.href")


def test_a_table_that_is_dropped(page, served, tmp_path):
    path = tmp_path / "dropped.csv"
    path.write_text(TABLE, "utf-8")
    page.drop(path, 600, 400)
    page.until(lambda: served[0].settings["data"] == "table")
    assert served[0].table.name == "dropped.csv"
    assert served[0].settings["target"] == "kind"
    assert page.js("document.querySelector('.skpg-drop').hidden")
    assert served[0].trainer.net.classes_.tolist() == ["even", "odd"]
    # A page that is loaded again has it still: the session keeps it.
    page.click("#skpg-step")
    page.until("document.querySelector('#skpg-epoch').dataset.epoch === '1'")
    page.js("window.isOld = true")
    page.call("Page.reload")
    page.until("!window.isOld && !!document.querySelector('#skpg-epoch')")
    page.until("document.querySelector('#skpg-epoch').dataset.epoch === '1'")
    assert "dropped.csv (40)" in page.text(".skpg-data")


def test_what_is_dropped_and_no_table(page, served, tmp_path):
    path = tmp_path / "picture.csv"
    path.write_bytes(bytes(range(256)) * 20)
    page.drop(path, 600, 400)
    page.until("!document.querySelector('.skpg-error').hidden")
    assert "not text in UTF-8" in page.text(".skpg-error p")
    assert served[0].settings["data"] == "circle"


def test_a_table_from_the_clipboard(page, served, clipboard):
    page.js("document.activeElement.blur()")
    page.js(f"navigator.clipboard.writeText({json.dumps(TABLE)})")
    page.key("v", control=True, commands=["paste"])
    page.until(lambda: served[0].settings["data"] == "table")
    assert served[0].table.name == "clipboard.csv"
    assert list(served[0].table.columns) == ["time", "rest", "kind"]

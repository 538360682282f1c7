"""The playground's page in a real browser: every control does what it says."""

import json
import threading

import numpy as np
import pytest

from skann import BPClassifier

EPOCH = "Number(document.querySelector('#skpg-epoch').dataset.epoch)"


def wait(page, session, **settings):
    """Until the session has these settings, and the page knows it."""
    page.until(lambda: all(session.settings[n] == v for n, v in settings.items()))
    page.until(lambda: page.js("location.hash.slice(1)") == session.address)


def edit(page, unit):
    """Open a unit's editor, once its network has been drawn."""
    page.until(
        f"document.querySelector('{unit}').click(), "
        "!!document.querySelector('.skpg-edit')"
    )


def theta(session):
    """All weights, as they are once what was asked before has been done."""
    done, found = threading.Event(), []

    def answer(message, buffers):
        found.append(np.concatenate([w.ravel() for w in session.trainer.net.coefs_]))
        done.set()

    session.post({"kind": "export", "what": "code"}, answer)
    assert done.wait(30)
    return found[0]


@pytest.mark.parametrize(
    ("name", "value", "parameter", "wanted"),
    [
        ("rate", "0.1", "learning_rate_init", 0.1),
        ("loss", "mse", "loss", "mse"),
        ("solver", "adam", "solver", "adam"),
        ("batch", "25", "batch_size", 25),
        ("momentum", "0.9", "momentum", 0.9),
        ("dropout", "0.2", "dropout", 0.2),
        ("schedule", "exponential", "learning_rate", "exponential"),
        ("weightInit", "uniform", "weight_init", "uniform"),
        ("seed", "7", "random_state", 7),
    ],
)
def test_a_field_is_a_parameter(page, served, name, value, parameter, wanted):
    page.set(f"#skpg-{name}", value)
    wait(page, served[0], **{name: wanted})
    page.until(lambda: served[0].trainer.net.get_params()[parameter] == wanted)


def test_activations_of_all_layers_and_of_one(page, served):
    session = served[0]
    page.set("#skpg-activation", "relu")
    wait(page, session, activations=["relu", "relu"])
    page.until("document.querySelector('#skpg-activation-0').value === 'relu'")
    page.set("#skpg-activation-1", "logistic")
    wait(page, session, activations=["relu", "logistic"])
    assert session.trainer.net.activations_ == ["relu", "logistic"]


def test_penalty_and_its_rate(page, served):
    page.set("#skpg-penalty", "l1")
    page.set("#skpg-alpha", "0.01")
    wait(page, served[0], penalty="l1", alpha=0.01)
    found = served[0].trainer.net.get_params()
    assert (found["alpha"], found["l1_ratio"]) == (0.01, 1.0)


def test_run_pause_step_and_reset(page, served):
    session = served[0]
    start = theta(session)
    page.click("#skpg-step")
    page.until(f"{EPOCH} === 1")
    page.click("#skpg-run")
    page.until(f"{EPOCH} > 5")
    page.click("#skpg-run")
    page.until("document.querySelector('#skpg-run').dataset.running === 'false'")
    assert not np.array_equal(theta(session), start)
    page.click("#skpg-reset")
    page.until(f"{EPOCH} === 0")
    np.testing.assert_array_equal(theta(session), start)


def test_rewind_gives_the_same_weights(page, served):
    session = served[0]
    for _ in range(3):
        page.click("#skpg-step")
    page.until(f"{EPOCH} === 3")
    third = theta(session)
    page.set("#skpg-stopEpoch", "60")
    page.click("#skpg-run")
    page.until(f"{EPOCH} === 60")
    last = theta(session)
    page.set("#skpg-seek", "3")
    page.until(f"{EPOCH} === 3")
    np.testing.assert_array_equal(theta(session), third)
    page.click("#skpg-run")
    page.until(f"{EPOCH} === 60")
    np.testing.assert_array_equal(theta(session), last)


def test_layers_units_and_inputs(page, served):
    session = served[0]
    page.click("#skpg-add-layer")
    wait(page, session, layers=[4, 2, 2])
    page.click("#skpg-plus-0")
    wait(page, session, layers=[5, 2, 2])
    page.click("#skpg-less-1")
    wait(page, session, layers=[5, 1, 2])
    page.click("#skpg-remove-layer")
    wait(page, session, layers=[5, 1])
    page.click("#skpg-feature-4")
    wait(page, session, features=["x1", "x2", "x1x2"])
    page.until("document.querySelectorAll('[id^=skpg-unit-0-]').length === 5")
    assert session.trainer.net.n_features_in_ == 3
    assert page.js("document.querySelectorAll('[id^=skpg-unit-1-] canvas').length") == 1


@pytest.mark.parametrize(
    "name", ["circle", "xor", "gauss", "spiral", "corners", "plane", "multi-gauss"]
)
def test_data_sets(page, served, name):
    page.click(f"#skpg-data-{name}")
    wait(page, served[0], data=name)
    wanted = "regression" if name in ("plane", "multi-gauss") else "classification"
    assert served[0].settings["problem"] == wanted


def test_shares_noise_and_new_data(page, served):
    session = served[0]
    before = session.data.axes
    page.set("#skpg-share", "80")
    page.set("#skpg-noise", "0.2")
    wait(page, session, share=80, noise=0.2)
    page.click("#skpg-newdata")
    wait(page, session, dataSeed=1)
    assert len(session.data.train) == 400
    assert not np.array_equal(session.data.axes, before)
    page.click("#skpg-showTest")
    page.click("#skpg-discretize")
    wait(page, session, showTest=True, discretize=True)


def test_a_weight_by_hand_and_by_its_link(page, served):
    session = served[0]
    edit(page, "#skpg-unit-0-1")
    page.set(".skpg-edit label:nth-of-type(2) input", "1.5")
    page.until(lambda: session.trainer.net.coefs_[0][0, 1] == 1.5)
    page.set(".skpg-edit label:nth-of-type(1) input", "-0.25")
    page.until(lambda: session.trainer.net.intercepts_[0][1] == -0.25)
    page.click(".skpg-edit > button")
    box = (
        "(id => { const box = document.querySelector(id).getBoundingClientRect();"
        "return [box.right, (box.top + box.bottom) / 2]; })"
    )
    x, y = page.js(f"{box}('#skpg-unit-1-0')")
    page.js("document.querySelector('#skpg-unit-1-0').scrollIntoView()")
    x, y = page.js(f"{box}('#skpg-unit-1-0')")
    page.mouse(x + 3, y)
    page.until("!document.querySelector('.skpg-tip').hidden")
    shown = float(page.text(".skpg-tip"))
    assert shown == pytest.approx(session.trainer.net.coefs_[2][0, 0], rel=0.01)
    page.mouse(x + 3, y, press=True)
    page.set(".skpg-edit input", "0.125")
    page.until(lambda: session.trainer.net.coefs_[2][0, 0] == 0.125)


def test_the_address_has_the_state(page, served):
    session = served[0]
    page.set("#skpg-rate", "0.1")
    page.click("#skpg-add-layer")
    page.click("#skpg-feature-2")
    page.click("#skpg-data-spiral")
    page.set("#skpg-activation-1", "relu")
    page.set("#skpg-seed", "7")
    wait(page, session, data="spiral", rate=0.1, seed=7)
    edit(page, "#skpg-unit-0-1")
    page.set(".skpg-edit label:nth-of-type(2) input", "1.5")
    page.until("location.hash.includes('seed=7') && location.hash.includes('weights')")
    wanted, address = dict(session.settings), page.js("location.href")
    weights = theta(session)
    session.post({"kind": "set", "settings": {"data": "circle", "layers": []}})
    wait(page, session, data="circle")
    page.open(address)
    page.until("!!document.querySelector('#skpg-run')")
    page.until(lambda: session.settings == wanted)
    np.testing.assert_array_equal(theta(session), weights)
    # So does another link to the same page.
    page.js("location.hash = '#scene=xor-by-hand'")
    wait(page, session, scene="xor-by-hand")


def test_a_page_that_is_loaded_again_is_as_before(page, served):
    session = served[0]
    page.click("#skpg-data-gauss")
    wait(page, session, data="gauss")
    page.click("#skpg-step")
    page.until(f"{EPOCH} === 1")
    page.click("#skpg-keep")
    before = theta(session)
    page.js("window.isOld = true")
    page.call("Page.reload")
    page.until("!window.isOld && !!document.querySelector('#skpg-epoch')")
    page.until(f"{EPOCH} === 1")
    np.testing.assert_array_equal(theta(session), before)
    assert "data=gauss" in page.js("location.hash")
    kept = "JSON.parse(sessionStorage.getItem('skann-playground-kept'))"
    assert page.js(f"{kept}[0].length") == 2 * 5
    page.click("#skpg-clear")
    assert page.js(kept) == []


def test_an_address_with_mistakes_is_said(page, served):
    page.open(served[1] + "#rate=fast")
    page.until("!!document.querySelector('.skpg-error:not([hidden])')")
    assert "rate must be a number" in page.text(".skpg-error p")
    assert page.js("location.hash") == ""


def test_a_table_of_ones_own(page, served, tmp_path):
    session = served[0]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)).round(3)
    labels = np.where(X[:, 0] * X[:, 1] > 0, "same", "different")
    rows = [",".join([*map(str, row), c]) for row, c in zip(X, labels, strict=True)]
    text = "\n".join(["width,height,depth,kind", *rows])
    page.js(
        f"(() => {{ const files = new DataTransfer();"
        f"files.items.add(new File([{json.dumps(text)}], 'own.csv'));"
        "const field = document.querySelector('#skpg-file'); field.files = files.files;"
        "field.dispatchEvent(new Event('change')); })()"
    )
    wait(page, session, data="table", target="kind", columns=["depth"])
    page.set("#skpg-rate", "0.1")
    page.set("#skpg-stopEpoch", "300")
    page.set("#skpg-speed", "0")
    page.click("#skpg-run")
    page.until(f"{EPOCH} === 300")
    shown = page.text("#skpg-test-loss-score")
    page.click("#skpg-export-code")
    page.until("!!document.querySelector('dialog textarea')")
    source = page.js("document.querySelector('dialog textarea').value")
    (tmp_path / "own.csv").write_text(text, "utf-8")
    names = {}
    exec(source.replace("'own.csv'", repr(str(tmp_path / "own.csv"))), names)
    accuracy = names["net"].score(names["X"][names["test"]], names["y"][names["test"]])
    assert shown == f"accuracy {accuracy:.3f}"
    assert accuracy > 0.8
    np.testing.assert_array_equal(
        np.concatenate([w.ravel() for w in names["net"].coefs_]), theta(session)
    )


def use(page, text):
    """Paste a table."""
    page.click("#skpg-paste")
    page.set("dialog textarea", text)
    page.click("#skpg-use")


WILD_ROWS = {
    "axis": ("wild,b,c", "{sign}1e308,{i},{bit}", "it has '1e308'"),
    "target": ("a,b,wild", "{i},{bit},{i}e200", "it has '1e200'"),
    "surrogate": ("\ud800,b,c", "{i},{i},{bit}", "half a surrogate pair"),
}


@pytest.mark.parametrize("case", WILD_ROWS)
def test_a_wild_table_is_refused_and_the_page_goes_on(page, served, case):
    header, row, what = WILD_ROWS[case]
    rows = [row.format(i=i, bit=i % 2, sign="-" * (i % 2)) for i in range(40)]
    before = served[0].table
    use(page, "\n".join([header, *rows]))
    page.until("!document.querySelector('.skpg-error').hidden")
    assert what in page.text(".skpg-error p")
    assert (served[0].settings["data"], served[0].table) == ("circle", before)
    page.click("#skpg-step")
    page.until(f"{EPOCH} === 1")


def test_a_setting_with_half_a_surrogate_pair_is_refused(page, served):
    page.js(
        "(() => { const field = document.querySelector('#skpg-loss');"
        "const wild = new Option('wild', '\\ud800'); field.append(wild);"
        "field.value = wild.value; field.dispatchEvent(new Event('change')); })()"
    )
    page.until("!document.querySelector('.skpg-error').hidden")
    assert "half a surrogate pair" in page.text(".skpg-error p")
    page.click("#skpg-step")
    page.until(f"{EPOCH} === 1")


def test_losses_that_are_not_finite_are_shown(page, served, monkeypatch):
    losses = [float("inf"), float("nan"), 2e30, float("-inf")]
    monkeypatch.setattr(served[0].painter, "losses", lambda net: losses)
    page.click("#skpg-step")
    page.until(f"{EPOCH} === 1")
    assert page.text("#skpg-train-loss") == "–"
    assert page.text("#skpg-train-loss-score") == "accuracy –"
    assert page.text("#skpg-test-loss") == "2.00e+30"


def test_the_target_can_be_chosen_and_text_is_an_input(page, served):
    words = ["rot", "grün", "blau"]
    rows = [f"{i},5;{i * i % 17};{words[i % 3]};{i % 9},25" for i in range(60)]
    use(page, "\n".join(["Größe;Gewicht;Farbe;Note", *rows]))
    wait(page, served[0], target="Note", problem="classification", columns=["Farbe"])
    page.until("document.querySelectorAll('.skpg-name').length === 10")
    names = "[...document.querySelectorAll('.skpg-name')].map(e => e.textContent)"
    assert page.js(names)[7:] == ["Farbe=blau", "Farbe=grün", "Farbe=rot"]
    page.set("#skpg-target", "Größe")
    wait(page, served[0], target="Größe", axis1="Note", problem="regression")
    page.set("#skpg-target", "Farbe")
    wait(page, served[0], target="Farbe", problem="classification")
    page.until("document.querySelectorAll('.skpg-legend span').length === 3")
    assert served[0].data.input_names == ["Note", "Gewicht", "Größe"]


def test_what_is_no_table_is_said(page, served):
    page.click("#skpg-paste")
    page.set("dialog textarea", "this is\nno table")
    page.click("#skpg-use")
    page.until("!document.querySelector('.skpg-error').hidden")
    assert "not a table" in page.text(".skpg-error p")
    assert served[0].settings["data"] == "circle"


def test_divergence_is_said(page, served):
    page.click("#skpg-data-plane")
    wait(page, served[0], data="plane")
    page.set("#skpg-rate", "10")
    page.set("#skpg-activation", "identity")
    wait(page, served[0], rate=10.0, activations=["identity", "identity"])
    page.click("#skpg-run")
    page.until("!document.querySelector('.skpg-error').hidden")
    assert "learning rate" in page.text(".skpg-error p")
    assert "NaN" not in page.text(".skpg-stats")


def test_points_drawn_by_hand(page, served):
    page.click("#skpg-draw")
    page.until("!!document.querySelector('.skpg-drawing')")
    page.js("document.querySelector('#skpg-map').scrollIntoView()")
    place = "(b => [b.left, b.top, b.width])(document.querySelector('#skpg-map')"
    left, top, width = page.js(place + ".getBoundingClientRect())")
    for pen, points in ((1, [(0.2, 0.2), (0.3, 0.2)]), (0, [(0.8, 0.7), (0.7, 0.8)])):
        page.js(f"document.querySelector('#skpg-pen-{pen}').click()")
        for x, y in points:
            page.mouse(left + x * width, top + y * width, press=True)
    wait(page, served[0], data="drawn")
    assert len(served[0].data.y) == 4
    np.testing.assert_allclose(served[0].data.axes[0], [-3.6, 3.6], atol=0.1)


def test_a_scene_in_both_languages(page, served):
    page.set("#skpg-scene", "xor-by-hand")
    wait(page, served[0], scene="xor-by-hand")
    page.until("!!document.querySelector('.skpg-scene')")
    english = page.text(".skpg-scene p")
    page.click("#skpg-language")
    chinese = page.until("document.querySelector('.skpg-scene p').textContent")
    assert english != chinese
    assert page.js("document.querySelector('.skpg').lang") == "zh"
    page.click("#skpg-language")


def test_a_broken_connection_comes_back(page, served):
    page.js(
        "performance.getEntriesByType('resource'); window.sockets = 0;"
        "const Old = WebSocket; window.WebSocket = class extends Old {"
        "constructor(...a) { super(...a); window.sockets++; } }"
    )
    session = served[0]
    for watcher in list(session._watchers):
        connection = watcher.__self__
        connection._loop.call_soon_threadsafe(
            lambda c=connection: c._loop.create_task(c._websocket.close())
        )
    page.until("window.sockets > 0")
    page.until("document.querySelector('.skpg-error').hidden")
    page.click("#skpg-step")
    page.until(f"{EPOCH} === 1")


def test_every_field_has_a_name(page):
    unnamed = page.js(
        "[...document.querySelectorAll('.skpg button, .skpg input, .skpg select')]"
        ".filter(e => !e.hidden && !e.closest('label') && !e.textContent.trim()"
        " && !e.getAttribute('aria-label')).map(e => e.outerHTML)"
    )
    assert unnamed == []


def test_keys(page):
    page.js("document.activeElement.blur()")
    page.key("s")
    page.key("s")
    page.until(f"{EPOCH} === 2")
    page.key("r")
    page.until(f"{EPOCH} === 0")


@pytest.mark.parametrize("width", [390, 900, 1440])
@pytest.mark.parametrize("n_layers", [2, 6])
def test_nothing_is_wider_than_the_page(page, served, width, n_layers):
    served[0].post({"kind": "set", "settings": {"layers": [8] * n_layers}})
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.call("Emulation.setDeviceMetricsOverride", **size)
    page.until(f"innerWidth === {width}")
    page.until(f"!!document.querySelector('#skpg-unit-{n_layers - 1}-7')")
    assert page.js("document.documentElement.scrollWidth") <= width
    # Nor is the network cut by its own frame.
    graph = "document.querySelector('.skpg-graph')"
    page.until(f"{graph}.scrollWidth <= {graph}.clientWidth")
    size["width"] = 1280
    page.call("Emulation.setDeviceMetricsOverride", **size)


def test_the_estimator_is_the_package_s(served):
    assert type(served[0].trainer.net) is BPClassifier

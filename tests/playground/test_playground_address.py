"""A state as text, and the state of a text."""

import pytest

from skann.playground._address import from_text, to_text
from skann.playground._scenes import SCENES
from skann.playground._settings import SETTINGS, changed, defaults, scene_weights, start

STATES = [
    {},
    {"data": "plane", "loss": "huber", "features": ["x1^2", "sin x2"]},
    {"layers": [], "loss": "perceptron", "batch": 25},
    {"layers": [3, 64], "activations": ["relu", "logistic"], "solver": "lbfgs"},
    {"rate": 1e-6, "alpha": 0.1 + 0.2, "dropout": 0.5, "showTest": True, "speed": 0},
    {"data": "table", "axis1": "a,b", "axis2": "100 %", "target": "über & #1=?"},
    {"data": "table", "problem": "regression", "columns": ["a,b", "%2C", "c+d e", ""]},
    *({"scene": name} for name in SCENES),
]


@pytest.mark.parametrize("changes", STATES, ids=str)
def test_a_text_gives_the_state(changes):
    settings = changed(start(changes.get("scene", "")), changes)
    text = to_text(settings)
    assert from_text(text) == from_text(f"#{text}") == (settings, [], {})
    assert text.isascii()
    assert not set(text) & set(' "<>#')


def test_what_is_as_at_the_start_is_left_out():
    assert to_text(defaults()) == ""
    assert to_text(start("xor-by-hand")) == "scene=xor-by-hand"
    settings = changed(defaults(), {"rate": 0.1, "layers": [2, 3, 4], "noise": 0.5})
    text = to_text(settings)
    assert text == ("noise=0.5&layers=2,3,4&activations=tanh,tanh,tanh&rate=0.1")


def test_points_and_weights_are_exact():
    points = [(0.1, -5.999, 0), (1 / 3, 2.0, 1)]
    weights = {("coefs_", 0, (1, 12)): 1 / 3, ("intercepts_", 2, (0,)): -1e-300}
    settings = changed(defaults(), {"data": "drawn"})
    text = to_text(settings, points, weights)
    assert from_text(text) == (settings, points, weights)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("no=1", "no setting 'no'"),
        ("rate=fast", "rate must be a number; got 'fast'"),
        ("rate=nan", "rate must be from"),
        ("rate=", "rate must be a number"),
        ("layers=4,", "layers must be a number"),
        ("layers=65", "layers must be from 1 to 64"),
        ("showTest=yes", "showTest must be true or false"),
        ("data=moons", "data must be one of"),
        ("scene=none", "scene must be one of"),
        ("points=1,2", "points must be three numbers"),
        ("points=1,2,x", "points must be a number"),
        ("weights=c0.1.2:1", "weights must be like"),
        ("weights=w0.1.2.3:1", "weights must be like"),
        ("weights=w0.1.2:x", "weights must be a number"),
        ("__class__=1", "no setting"),
    ],
)
def test_what_is_no_state(text, what):
    with pytest.raises(ValueError, match=what):
        from_text(text)


def test_every_setting_has_a_text():
    others = {
        "problem": "regression",
        "data": "table",
        "features": ["x1x2"],
        "columns": ["c"],
        "layers": [1],
        "activations": ["relu"],
        "loss": "huber",
        "solver": "adam",
        "schedule": "cosine",
        "penalty": "l1",
        "weightInit": "uniform",
        "scene": "perceptron",
    }
    for name, (first, _) in SETTINGS.items():
        if isinstance(first, bool):
            others.setdefault(name, True)
        elif isinstance(first, int | float):
            others.setdefault(name, 20 if isinstance(first, int) else 0.5)
        else:
            others.setdefault(name, "a")
    settings = changed(defaults(), others)
    different = {name for name in SETTINGS if settings[name] != defaults()[name]}
    assert different == set(SETTINGS)
    assert from_text(to_text(settings))[0] == settings


def test_a_scene_s_weights_are_for_its_network_alone():
    scene = start("xor-by-hand")
    assert scene_weights(scene)["coefs_", 1, (1, 0)] == -2
    logistic = changed(scene, {"activations": ["logistic"], "rate": 1.0})
    assert scene_weights(logistic) == scene_weights(scene)
    for other in ({"layers": [3]}, {"seed": 1}, {"features": ["x1"]}):
        assert scene_weights(changed(scene, other)) == {}
    assert scene_weights(defaults()) == {}

"""The migration tables of docs/model.md against scikit-learn's perceptron itself.

Every parameter, method and fitted attribute of ``MLPClassifier`` and
``MLPRegressor`` is here under the same name, and the tables have a row for it.
"""

import inspect
import re
from pathlib import Path

import pytest
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skann import BPClassifier, BPRegressor

THEIRS = {BPClassifier: MLPClassifier, BPRegressor: MLPRegressor}
GUIDE = Path(__file__).parents[2] / "docs" / "model.md"
IRIS, SPECIES = load_iris(return_X_y=True)

pytestmark = pytest.mark.parametrize("Estimator", list(THEIRS))


def documented_rows():
    """The migration tables of the guide: name, then the text of its row."""
    rows = {}
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            first, rest = line.strip("|").split("|", 1)
            rows |= dict.fromkeys(re.findall(r"`(\w+)`", first), rest)
    return rows


def fitted_attributes(model):
    return {name for name in vars(model) if name[0] != "_" and name[-1] == "_"}


def test_every_parameter_is_here_and_in_the_guide(Estimator):
    ours = inspect.signature(Estimator).parameters
    rows = documented_rows()
    for name, parameter in inspect.signature(THEIRS[Estimator]).parameters.items():
        assert name in ours
        assert name in rows
        if ours[name].default != parameter.default:
            assert "the same" not in rows[name]


def test_every_method_takes_what_theirs_takes(Estimator):
    for name, method in inspect.getmembers(THEIRS[Estimator], callable):
        if not name.startswith(("_", "set_", "get_")):
            theirs = inspect.signature(method).parameters
            ours = inspect.signature(getattr(Estimator, name)).parameters
            assert set(theirs) <= set(ours)


# Theirs warns after three epochs.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("early_stopping", [False, True])
def test_every_attribute_is_here_and_in_the_guide(Estimator, early_stopping):
    settings = {"early_stopping": early_stopping, "max_iter": 3}
    theirs = fitted_attributes(THEIRS[Estimator](**settings).fit(IRIS, SPECIES))
    assert {"coefs_", "loss_curve_"} < theirs
    model = Estimator(**settings).fit(IRIS, SPECIES)
    rows = documented_rows()
    for name in theirs:
        assert hasattr(model, name)
        assert name in rows


def test_the_network_can_be_given_without_names(Estimator):
    model = Estimator((4, 3), "tanh")
    assert (model.hidden_layer_sizes, model.activation) == ((4, 3), "tanh")

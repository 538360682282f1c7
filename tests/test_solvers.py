"""From an estimator's parameters to its solver: names, objects, settings."""

import pytest

from skann import BPClassifier
from skann._solvers import solver_for
from skann.solvers import LBFGS, SGD, Adam


class TestFlatParameters:
    """scikit-learn's names take the estimator's parameters, as there."""

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({}, Adam()),
            ({"solver": "adam", "beta_1": 0.5}, Adam(beta_1=0.5)),
            (
                {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 0.7},
                Adam(beta_1=0.5, beta_2=0.6, epsilon=0.7),
            ),
            ({"solver": "sgd"}, SGD()),
            ({"solver": "sgd", "momentum": 0}, SGD(momentum=0)),
            ({"solver": "sgd", "momentum": 0.3}, SGD(momentum=0.3)),
            (
                {"solver": "sgd", "nesterovs_momentum": False},
                SGD(nesterovs_momentum=False),
            ),
            ({"solver": "lbfgs", "max_fun": 7}, LBFGS(max_fun=7)),
        ],
        ids=str,
    )
    def test_make_the_solver(self, parameters, expected):
        assert solver_for(BPClassifier(**parameters)).same_settings(expected)

    @pytest.mark.parametrize("name", ["sgd", "adam", "lbfgs"])
    def test_have_the_defaults_of_the_object(self, name):
        solver = solver_for(BPClassifier(solver=name))
        assert solver.same_settings(type(solver)())

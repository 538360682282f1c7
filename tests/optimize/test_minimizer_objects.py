"""Minimisers as objects with settings of their own."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from _minimizing import IRIS, SPECIES, classifier, over_minimizers
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skann.solvers
from skann._optimize.minimizers import MINIMIZERS
from skann.solvers import BFGS, CG, GDX, LBFGS, SCG, LevenbergMarquardt, TrustNCG

# Short budgets are meant as they are; TestEnds expects the warning by name.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@over_minimizers
class TestObjects:
    def test_is_public_by_its_name(self, solver):
        kind = MINIMIZERS[solver]
        assert getattr(skann.solvers, kind.__name__) is kind
        assert kind.__name__ in skann.solvers.__all__

    def test_name_and_object_are_one(self, solver):
        named = classifier(solver, max_iter=8).fit(IRIS, SPECIES)
        given = classifier(MINIMIZERS[solver](), max_iter=8).fit(IRIS, SPECIES)
        assert named.loss_curve_ == given.loss_curve_

    def test_the_user_s_object_is_left_alone(self, solver):
        mine = MINIMIZERS[solver](max_fun=50)
        before = dict(vars(mine))
        model = classifier(mine).fit(IRIS, SPECIES)
        assert model.solver is mine
        assert vars(mine) == before
        copied = clone(model)
        assert copied.solver is not mine
        assert copied.solver.get_params() == mine.get_params()

    def test_a_search_reaches_its_settings(self, solver):
        search = GridSearchCV(
            classifier(MINIMIZERS[solver](), tol=0),
            {"solver__max_fun": [1, 200]},
            cv=3,
        ).fit(IRIS, SPECIES)
        assert search.best_params_ == {"solver__max_fun": 200}
        assert search.best_estimator_.solver.max_fun == 200

    def test_the_estimator_s_max_fun_is_not_silently_ignored(self, solver):
        model = classifier(MINIMIZERS[solver](), max_fun=5)
        with pytest.raises(ValueError, match="max_fun=5 would not be used"):
            model.fit(IRIS, SPECIES)

    @pytest.mark.parametrize("max_fun", [0, -1, 2.5, "many"])
    def test_bad_max_fun(self, solver, max_fun):
        model = classifier(MINIMIZERS[solver](max_fun=max_fun))
        with pytest.raises(ValueError, match="'max_fun' parameter of"):
            model.fit(IRIS, SPECIES)

    def test_no_partial_fit(self, solver):
        assert not hasattr(classifier(solver), "partial_fit")

    @pytest.mark.parametrize("as_object", [False, True])
    def test_a_schedule_that_is_not_used_is_named(self, solver, as_object):
        given = MINIMIZERS[solver]() if as_object else solver
        plain = classifier(given, max_iter=5).fit(IRIS, SPECIES)
        model = classifier(given, max_iter=5, learning_rate="adaptive")
        with pytest.warns(
            UserWarning, match=r"^learning_rate='adaptive' is not used by solver="
        ) as caught:
            model.fit(IRIS, SPECIES)
        (said,) = (str(w.message) for w in caught if w.category is UserWarning)
        assert repr(given) in said
        assert model.loss_curve_ == plain.loss_curve_


@pytest.mark.parametrize(
    ("solver", "match"),
    [
        (LBFGS(memory=0), "'memory' parameter of LBFGS"),
        (BFGS(max_parameters=0), "'max_parameters' parameter of BFGS"),
        (TrustNCG(initial_radius=0), "'initial_radius' parameter of TrustNCG"),
        (TrustNCG(max_radius=-1.0), "'max_radius' parameter of TrustNCG"),
        (CG(update="newton"), "'update' parameter of CG"),
        (SCG(sigma=0), "'sigma' parameter of SCG"),
        (GDX(momentum=1.0), "'momentum' parameter of GDX"),
        (LevenbergMarquardt(mu_dec=1.0), "'mu_dec' parameter of LevenbergMarquardt"),
        (TrustNCG(3.0, 2.0), "'max_fun' parameter of TrustNCG"),
        (
            TrustNCG(initial_radius=3.0, max_radius=2.0),
            r"'initial_radius'.*less than max_radius=2\.0\. Got 3\.0",
        ),
    ],
)
def test_bad_settings(solver, match):
    with pytest.raises(ValueError, match=match):
        classifier(solver).fit(IRIS, SPECIES)


def test_bfgs_refuses_what_would_not_fit_and_leaves_the_model_as_it_was():
    model = classifier("bfgs").fit(IRIS, SPECIES)
    before = model.coefs_[0].copy()
    model.set_params(hidden_layer_sizes=(400,))
    with pytest.raises(ValueError, match=r"n_parameters=3203.*'lbfgs'"):
        model.fit(IRIS, SPECIES)
    np.testing.assert_array_equal(model.coefs_[0], before)


@pytest.mark.parametrize("solver", ["gdx", GDX(momentum=0.5)])
def test_a_rate_of_the_estimator_s_is_not_silently_ignored(solver):
    model = classifier(solver, learning_rate_init=0.5)
    with pytest.raises(ValueError, match=r"GDX\(learning_rate_init=0\.5\)"):
        model.fit(IRIS, SPECIES)


@pytest.mark.parametrize(
    ("page", "row"),
    [
        ("solvers", r'^\| `"([\w-]+)"` \| `(\w+)` \| .* \| (.*) \|$'),
        ("minimizers", r'^\| `"([\w-]+)"` \| `(\w+)\((.*)\)` \| .* \| .* \|$'),
    ],
)
def test_the_documentation_lists_every_minimiser(page, row):
    path = Path(__file__).parents[2] / "docs" / f"{page}.md"
    _, _, section = path.read_text(encoding="utf-8").rpartition("# Full-batch mini")
    listed = {
        name: (kind, re.findall(r"\w+", settings))
        for name, kind, settings in re.findall(row, section, re.M)
    }
    assert listed == {
        name: (kind.__name__, list(inspect.signature(kind).parameters))
        for name, kind in MINIMIZERS.items()
    }

"""The estimators of tables inside of what scikit-learn makes of estimators."""

import numpy as np
import pytest
import sklearn
from _tables import table
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor

X, VALUES, LABELS = table()
QUICK = {"cv": 2, "random_state": 0}


def test_a_search_reaches_the_member():
    grid = {"estimator__max_iter": [1, 40], "cv": [2]}
    model = TabularRegressor(estimator=BPRegressor((8,)), random_state=0)
    search = GridSearchCV(model, grid, cv=2).fit(X, VALUES)
    assert search.best_params_["estimator__max_iter"] == 40


def test_permuting_tells_by_the_table_s_own_columns():
    model = TabularRegressor(random_state=0).fit(X, VALUES)
    found = permutation_importance(model, X, VALUES, n_repeats=3, random_state=0)
    importance = dict(zip(X, found.importances_mean, strict=True))
    top = sorted(importance, key=importance.get)[-3:]
    assert set(top) == {"size", "street", "rooms"}


def test_partial_dependence_of_numbers_and_categories():
    model = TabularRegressor(random_state=0).fit(X, VALUES)
    found = partial_dependence(model, X, ["size"], kind="average")
    slope = np.polyfit(found["grid_values"][0], found["average"][0], 1)[0]
    assert slope == pytest.approx(1 / 20, rel=0.2)
    found = partial_dependence(
        model, X, ["street"], categorical_features=["street"], kind="average"
    )
    levels = dict(zip(found["grid_values"][0], found["average"][0], strict=True))
    assert levels["north"] - levels["south"] == pytest.approx(2, abs=0.4)


def test_calibration():
    model = CalibratedClassifierCV(TabularClassifier(**QUICK), cv=2)
    assert model.fit(X, LABELS).score(X, LABELS) > 0.6


def test_a_pipeline_before_it():
    drop = FunctionTransformer(lambda frame: frame.drop(columns="words"))
    model = make_pipeline(drop, TabularClassifier(**QUICK)).fit(X, LABELS)
    assert model[-1].feature_names_in_.tolist() == [c for c in X if c != "words"]
    assert model.score(X, LABELS) > 0.8


class TestRouting:
    groups = np.arange(240) % 4

    def test_groups_of_a_cross_validation_are_not_sent_to_fit(self):
        with sklearn.config_context(enable_metadata_routing=True):
            found = cross_validate(
                TabularClassifier(**QUICK),
                X,
                LABELS,
                cv=GroupKFold(2),
                params={"groups": self.groups},
                return_estimator=True,
            )
        assert [len(e.estimators_) for e in found["estimator"]] == [8, 8]

    def test_they_are_where_it_asks_for_them(self):
        with sklearn.config_context(enable_metadata_routing=True):
            model = TabularClassifier(random_state=0).set_fit_request(groups=True)
            found = cross_validate(
                model,
                X,
                LABELS,
                cv=GroupKFold(2),
                params={"groups": self.groups},
                return_estimator=True,
            )
        # Two of the four groups are in each part that is fitted.
        assert [len(e.estimators_) for e in found["estimator"]] == [8, 8]

    def test_weights(self):
        with sklearn.config_context(enable_metadata_routing=True):
            model = TabularClassifier(**QUICK).set_fit_request(sample_weight=True)
            pipe = make_pipeline(FunctionTransformer(), model)
            weight = np.where(LABELS == "low", 1.0, 1e-3)
            pipe.fit(X, LABELS, sample_weight=weight)
        plain = TabularClassifier(**QUICK).fit(X, LABELS)
        low = plain.classes_.tolist().index("low")
        means = [m.predict_proba(X)[:, low].mean() for m in (pipe, plain)]
        assert means[0] > means[1] + 0.1


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_parameters_are_reached_and_cloned(kind):
    member = BPClassifier((3,)) if kind is TabularClassifier else BPRegressor((3,))
    model = kind(estimator=member, cv=3)
    model.set_params(estimator__hidden_layer_sizes=(4,))
    copied = sklearn.clone(model)
    assert copied.estimator is not member
    assert copied.get_params()["estimator__hidden_layer_sizes"] == (4,)

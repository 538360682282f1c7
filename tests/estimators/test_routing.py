"""Validation data and groups on their way through scikit-learn's own tools."""

import numpy as np
import pytest
import sklearn
from _helpers import small_net, theta
from _watched import GROUPS, OVERFITS, TARGETS, TRAIN, VAL, WEIGHT, X, over_estimators
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")


class TestRouting:
    @pytest.fixture(autouse=True)
    def _routing(self):
        with sklearn.config_context(enable_metadata_routing=True):
            yield

    @pytest.mark.parametrize("early_stopping", [False, True])
    @over_estimators
    def test_a_pipeline_transforms_the_validation_data(self, Estimator, early_stopping):
        y = TARGETS[Estimator]
        wide = 100 * X + 300
        options = {"early_stopping": early_stopping, **OVERFITS}
        net = small_net(Estimator, **options)
        steps = [("scale", StandardScaler()), ("net", net)]
        model = Pipeline(steps, transform_input=["X_val"])
        model.fit(wide[TRAIN], y[TRAIN], X_val=wide[VAL], y_val=y[VAL])
        scaler = StandardScaler().fit(wide[TRAIN])
        by_hand = small_net(Estimator, **options).fit(
            scaler.transform(wide[TRAIN]),
            y[TRAIN],
            X_val=scaler.transform(wide[VAL]),
            y_val=y[VAL],
        )
        found = model[-1].validation_loss_curve_
        assert found == by_hand.validation_loss_curve_
        assert_array_equal(theta(model[-1]), theta(by_hand))

    def test_cross_validation_passes_everything_on(self):
        y = TARGETS[BPClassifier]
        net = small_net(BPClassifier, early_stopping=True)
        net.set_fit_request(sample_weight=True)
        # As long as the rows, or cross_validate would not know what to do with them.
        own = {"X_val": X, "y_val": y, "sample_weight_val": WEIGHT}
        found = cross_validate(
            net.set_score_request(sample_weight=False),
            X,
            y,
            cv=3,
            params={"sample_weight": WEIGHT, **own},
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
        pairs = zip(found["estimator"], found["indices"]["train"], strict=True)
        for model, rows in pairs:
            same = small_net(BPClassifier, early_stopping=True).fit(
                X[rows],
                y[rows],
                WEIGHT[rows],
                X_val=X[rows],
                y_val=y[rows],
                sample_weight_val=WEIGHT[rows],
            )
            assert_array_equal(theta(model), theta(same))
            assert model.validation_loss_curve_ == same.validation_loss_curve_

    @over_estimators
    def test_groups_reach_a_splitter_inside(self, Estimator):
        y, splitter = TARGETS[Estimator], GroupShuffleSplit(random_state=0)
        options = {"early_stopping": True, "validation_fraction": splitter}
        net = small_net(Estimator, **options).set_fit_request(groups=True)
        found = cross_validate(
            make_pipeline(StandardScaler(), net),
            X,
            y,
            cv=GroupKFold(3),
            params={"groups": GROUPS},
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
        for model, rows in zip(
            found["estimator"], found["indices"]["train"], strict=True
        ):
            scaled = StandardScaler().fit_transform(X[rows])
            same = small_net(Estimator, **options)
            same.fit(scaled, y[rows], groups=GROUPS[rows])
            assert_array_equal(theta(model[-1]), theta(same))

    @over_estimators
    def test_groups_of_a_cross_validation_are_not_for_fit(self, Estimator):
        y, folds = TARGETS[Estimator], GroupKFold(3)
        for net in (
            small_net(Estimator),
            make_pipeline(StandardScaler(), small_net(Estimator)),
            GridSearchCV(small_net(Estimator), {"alpha": [0.0, 0.1]}, cv=2),
        ):
            found = cross_validate(
                net,
                X,
                y,
                cv=folds,
                params={"groups": GROUPS},
                return_estimator=True,
                error_score="raise",
            )
            for model, (rows, _) in zip(
                found["estimator"], folds.split(X, y, GROUPS), strict=True
            ):
                same = clone(net).fit(X[rows], y[rows])
                assert_array_equal(model.predict(X), same.predict(X))

    @over_estimators
    def test_a_search_splits_by_groups(self, Estimator):
        search = GridSearchCV(
            small_net(Estimator),
            {"alpha": [0.0, 0.1]},
            cv=GroupKFold(3),
            error_score="raise",
        ).fit(X, TARGETS[Estimator], groups=GROUPS)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    @over_estimators
    def test_a_splitter_inside_says_that_groups_must_be_asked_for(self, Estimator):
        net = small_net(
            Estimator,
            early_stopping=True,
            validation_fraction=GroupShuffleSplit(random_state=0),
        )
        with pytest.raises(ValueError, match=r"set_fit_request\(groups=True\)"):
            cross_validate(
                net,
                X,
                TARGETS[Estimator],
                cv=GroupKFold(3),
                params={"groups": GROUPS},
                error_score="raise",
            )

    def test_a_scorer_with_weights_works_inside(self):
        model = small_net(BPClassifier, early_stopping=True, scoring="accuracy")
        model.fit(X, TARGETS[BPClassifier], WEIGHT)
        assert np.isfinite(model.validation_scores_).all()

"""A splitter as ``validation_fraction``: its first split is held out."""

import numpy as np
import pytest
from _helpers import small_net, theta
from _watched import GROUPS, SIGNAL, TARGETS, VAL, WEIGHT, X
from numpy.testing import assert_allclose
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    PredefinedSplit,
    TimeSeriesSplit,
)

from skann import BPClassifier, BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")


class TestSplitters:
    """A splitter's first split is the same as own data."""

    @pytest.mark.parametrize(
        ("splitter", "groups"),
        [
            (GroupShuffleSplit(test_size=0.3, random_state=3), GROUPS),
            (GroupKFold(3), GROUPS),
            (TimeSeriesSplit(3), None),
            (PredefinedSplit(np.where(np.arange(90) % 3, -1, 0)), None),
        ],
        ids=lambda value: type(value).__name__,
    )
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
    def test_hold_their_first_split_out(self, splitter, groups, weight):
        y = TARGETS[BPClassifier]
        train, held_out = next(splitter.split(X, y, groups))
        split = small_net(
            BPClassifier, early_stopping=True, validation_fraction=splitter
        ).fit(X, y, weight, groups=groups)
        own = small_net(BPClassifier, early_stopping=True).fit(
            X[train],
            y[train],
            None if weight is None else weight[train],
            X_val=X[held_out],
            y_val=y[held_out],
            sample_weight_val=None if weight is None else weight[held_out],
        )
        assert_allclose(theta(split), theta(own), rtol=1e-10)
        assert_allclose(split.validation_loss_curve_, own.validation_loss_curve_)
        assert_allclose(split.validation_scores_, own.validation_scores_)
        assert split.t_ == own.t_ == len(train) * own.n_iter_

    def test_of_a_regressor(self):
        splitter = PredefinedSplit(np.where(np.arange(90) < 60, -1, 0))
        model = small_net(
            BPRegressor, early_stopping=True, validation_fraction=splitter
        ).fit(X, SIGNAL)
        score = model.validation_scores_[model.best_iter_ - 1]
        assert_allclose(score, model.score(X[VAL], SIGNAL[VAL]))

    def test_groups_are_held_out_whole_without_a_splitter(self):
        groups = np.arange(90) < 80
        model = small_net(BPRegressor, early_stopping=True)
        model.fit(X, SIGNAL, groups=groups)
        assert model.t_ / model.n_iter_ in (10, 80)

    def test_leave_rows_of_weight_zero_out(self):
        y = TARGETS[BPClassifier]
        splitter = PredefinedSplit(np.where(np.arange(90) < 60, -1, 0))
        weight = (np.arange(90) % 2).astype(float)
        options = {"early_stopping": True, "validation_fraction": splitter}
        model = small_net(BPClassifier, **options).fit(X, y, weight)
        assert model.t_ == 30 * model.n_iter_
        with pytest.raises(ValueError, match=r"60 rows .* 0 to validate"):
            small_net(BPClassifier, **options).fit(X, y, np.arange(90) < 60)

    def test_a_search_sets_one(self):
        grid = {"validation_fraction": [0.2, TimeSeriesSplit(2)]}
        search = GridSearchCV(
            small_net(BPRegressor, early_stopping=True), grid, cv=2
        ).fit(X, SIGNAL)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    @pytest.mark.parametrize(
        ("parameters", "given"),
        [
            ({"solver": "adam"}, {}),
            ({"alpha": 1.0}, {}),
            ({"solver": "adam", "validation_fraction": GroupKFold(3)}, {}),
            (
                {"solver": "adam", "early_stopping": True},
                {"X_val": X, "y_val": SIGNAL},
            ),
        ],
    )
    def test_groups_that_nothing_is_split_by_are_an_error(self, parameters, given):
        model = small_net(BPRegressor, **parameters)
        with pytest.raises(ValueError, match="groups are given but nothing is split"):
            model.fit(X, SIGNAL, groups=GROUPS, **given)

    @pytest.mark.parametrize("groups", [None, GROUPS[:5]])
    def test_a_splitter_without_its_groups_is_an_error(self, groups):
        model = small_net(
            BPRegressor, early_stopping=True, validation_fraction=GroupKFold(3)
        )
        with pytest.raises(ValueError, match=r"pass groups to fit|inconsistent"):
            model.fit(X, SIGNAL, groups=groups)

    @pytest.mark.parametrize("wrong", [0.0, 1.0, 5, "some", KeyError])
    def test_others_are_errors(self, wrong):
        model = BPRegressor(early_stopping=True, validation_fraction=wrong)
        with pytest.raises(ValueError, match="The 'validation_fraction' parameter"):
            model.fit(X, SIGNAL)

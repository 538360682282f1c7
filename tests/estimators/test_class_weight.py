"""Class weights are row weights by another name."""

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import PredefinedSplit, train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from skann import BPClassifier
from skann._estimators.class_weight import row_weights

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.RandomState(0)
X = rng.normal(size=(80, 4))
y = np.digitize(X[:, 0], [-0.8, 0.8])
NAMES = np.array(["few", "many", "some"])[y]
WEIGHT = rng.uniform(0.5, 2, 80)
LABELS = (X[:, :2] > [0.5, -0.3]).astype(int)
TASKS = np.column_stack([y, (X[:, 1] > 0.5) + 3])

DICT = {0: 3.0, 2: 0.7}
BY_DICT = np.array([3.0, 1.0, 0.7])[y]


def fit(targets=y, weight=None, **parameters):
    return small_net(BPClassifier, **parameters).fit(X, targets, weight)


def check_same(one, other):
    assert_array_equal(theta(one), theta(other))
    assert one.loss_curve_ == other.loss_curve_


class TestAreRowWeights:
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_a_dict_is(self, solver):
        check_same(
            fit(class_weight=DICT, solver=solver), fit(weight=BY_DICT, solver=solver)
        )

    def test_balanced_is(self):
        model = fit(class_weight="balanced")
        same = fit(weight=compute_sample_weight("balanced", y))
        assert_allclose(theta(model), theta(same), rtol=1e-10)

    def test_they_multiply_sample_weight(self):
        check_same(fit(weight=WEIGHT, class_weight=DICT), fit(weight=WEIGHT * BY_DICT))

    def test_by_names(self):
        weights = {"few": 3.0, "some": 0.7}
        check_same(fit(NAMES, class_weight=weights), fit(NAMES, BY_DICT))

    def test_a_class_of_weight_zero_is_left_out(self):
        model = fit(class_weight={1: 0})
        weight = (y != 1).astype(float)
        check_same(model, fit(weight=weight))
        assert model.t_ == 5 * np.count_nonzero(weight)
        assert_array_equal(model.classes_, [0, 1, 2])

    @pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix])
    def test_of_an_indicator_matrix(self, kind):
        given = [{0: 1, 1: 4.0}, {0: 0.5}]
        expected = np.where(LABELS[:, 0], 4.0, 1) * np.where(LABELS[:, 1], 1, 0.5)
        model = fit(kind(LABELS), class_weight=given)
        check_same(model, fit(kind(LABELS), expected))

    def test_of_several_columns(self):
        given = [DICT, {4: 5.0}]
        expected = BY_DICT * np.where(TASKS[:, 1] == 4, 5.0, 1)
        check_same(fit(TASKS, class_weight=given), fit(TASKS, expected))

    @pytest.mark.parametrize("targets", [LABELS, TASKS], ids=["labels", "tasks"])
    def test_balanced_in_every_column(self, targets):
        expected = compute_sample_weight("balanced", targets)
        model = fit(targets, class_weight="balanced", solver="lbfgs")
        assert_allclose(theta(model), theta(fit(targets, expected, solver="lbfgs")))


class TestBalanced:
    def columns(self):
        return [(np.arange(3), y)]

    @pytest.mark.parametrize("weight", [None, WEIGHT, 1e300 * WEIGHT])
    def test_every_class_has_the_same_total(self, weight):
        found = row_weights("balanced", self.columns(), weight)
        totals = np.bincount(y, found / found.max())
        assert_allclose(totals, totals[0])

    def test_rows_of_weight_zero_do_not_count(self):
        weight = np.ones(80)
        weight[np.flatnonzero(y == 0)[3:]] = 0
        kept = weight > 0
        without = row_weights("balanced", [(np.arange(3), y[kept])], None)
        found = row_weights("balanced", self.columns(), weight)
        assert_allclose(found[kept], without)
        assert not found[~kept].any()

    def test_a_known_class_without_rows_is_none_to_balance(self):
        found = row_weights("balanced", [(np.arange(5), y)], None)
        assert_allclose(found, compute_sample_weight("balanced", y))

    def test_lifts_balanced_accuracy(self):
        data, target = make_classification(
            1000, 10, weights=[0.95], class_sep=0.7, flip_y=0, random_state=0
        )
        X_train, X_test, y_train, y_test = train_test_split(
            data, target, stratify=target, random_state=0
        )

        def mean(class_weight):
            found = []
            for seed in range(5):
                model = small_net(
                    BPClassifier,
                    class_weight=class_weight,
                    learning_rate_init=0.01,
                    random_state=seed,
                ).fit(X_train, y_train)
                found.append(balanced_accuracy_score(y_test, model.predict(X_test)))
            return np.mean(found)

        assert mean("balanced") > mean(None) + 0.1


class TestPartialFit:
    def test_a_call_need_not_hold_every_class(self):
        rows = y != 2
        expected = small_net(BPClassifier)
        model = small_net(BPClassifier, class_weight=DICT)
        for part in (rows, slice(None)):
            model.partial_fit(X[part], y[part], classes=[0, 1, 2])
            expected.partial_fit(
                X[part], y[part], classes=[0, 1, 2], sample_weight=BY_DICT[part]
            )
        check_same(model, expected)

    @pytest.mark.parametrize("first", [True, False])
    def test_balanced_is_refused(self, first):
        model = small_net(BPClassifier, class_weight="balanced")
        if not first:
            model.fit(X, y)
        with pytest.raises(ValueError, match=r"='balanced'.*give a dict"):
            model.partial_fit(X, y, classes=[0, 1, 2])


class TestValidation:
    WEIGHTS = {0: 3.0, 2: 0.5}  # noqa: RUF012

    @pytest.mark.parametrize("scoring", ["loss", "accuracy", "neg_log_loss"])
    def test_own_data_are_weighted(self, scoring):
        by_class = fit_validated(scoring, class_weight=DICT)
        by_row = fit_validated(scoring, weight=BY_DICT, weight_val=BY_DICT[40:])
        check_same(by_class, by_row)
        assert by_class.validation_loss_curve_ == by_row.validation_loss_curve_
        assert by_class.validation_scores_ == by_row.validation_scores_

    def test_own_data_need_not_hold_every_class(self):
        rows = y == 0
        model = small_net(BPClassifier, class_weight=DICT)
        model.fit(X, y, X_val=X[rows], y_val=y[rows])
        plain = small_net(BPClassifier).fit(X, y, BY_DICT, X_val=X[rows], y_val=y[rows])
        assert model.validation_loss_curve_ == plain.validation_loss_curve_

    @pytest.mark.parametrize(
        "fraction", [0.2, PredefinedSplit(np.where(np.arange(80) < 60, -1, 0))]
    )
    def test_the_split_s_are_weighted(self, fraction):
        options = {"early_stopping": True, "validation_fraction": fraction}
        by_class = fit(class_weight=DICT, **options)
        by_row = fit(weight=BY_DICT, **options)
        plain = fit(**options)
        check_same(by_class, by_row)
        assert by_class.validation_scores_ == by_row.validation_scores_
        assert by_class.validation_loss_curve_ == by_row.validation_loss_curve_
        assert by_class.validation_loss_curve_[0] != plain.validation_loss_curve_[0]


def fit_validated(scoring, *, weight=None, weight_val=None, **parameters):
    model = small_net(BPClassifier, scoring=scoring, early_stopping=True, **parameters)
    return model.fit(
        X, y, weight, X_val=X[40:], y_val=y[40:], sample_weight_val=weight_val
    )


@pytest.mark.parametrize(
    ("targets", "given", "message"),
    [
        (y, {0: 1, 7: 2}, r"class_weight has labels \[7\].*\[0, 1, 2\]"),
        (NAMES, {0: 1}, r"class_weight has labels \[0\].*'few'"),
        (y, {0: -1}, "class_weight must hold finite.*got -1 for 0"),
        (y, {0: np.nan}, "class_weight must hold finite.*got nan"),
        (y, {0: np.inf}, "class_weight must hold finite.*got inf"),
        (y, {0: "much"}, "class_weight must hold finite.*got 'much'"),
        (y, {0: 0, 1: 0, 2: 0}, "class_weight=.* leaves no row a positive weight"),
        (y, [{0: 1}, {0: 1}], "class_weight must be a dict.*got"),
        (y, "evenly", "The 'class_weight' parameter of BPClassifier"),
        (LABELS, {0: 1}, "class_weight must be a list .* each of the 2 columns"),
        (TASKS, [{0: 1}], "class_weight must be a list .* each of the 2 columns"),
        (TASKS, ["balanced", {3: 1}], "class_weight must hold dicts; got 'balanced'"),
        (TASKS, [{0: 1}, {0: 1}], r"class_weight has labels \[0\].*\[3, 4\]"),
    ],
)
def test_others_are_errors(targets, given, message):
    with pytest.raises(ValueError, match=message):
        fit(targets, class_weight=given)

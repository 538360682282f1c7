"""Classes of the rows of a table."""

import numpy as np
import pytest
from _tables import table, weighed
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold

from skann import BPClassifier, TabularClassifier

X, VALUES, LABELS = table()
QUICK = {"cv": 3, "random_state": 0}


@pytest.fixture(scope="module")
def three():
    return TabularClassifier(**QUICK).fit(X, LABELS)


@pytest.fixture(scope="module")
def two():
    return TabularClassifier(**QUICK).fit(X, LABELS == "high")


class TestPredictions:
    def test_probabilities_are_the_mean_of_the_members(self, three):
        Z = three.vectorizer_.transform(X)
        np.testing.assert_allclose(three.predict_proba(X), weighed(three, Z), rtol=1e-6)

    def test_rows_sum_to_one_in_float64(self, three, two):
        for model in (three, two):
            p = model.predict_proba(X)
            assert p.dtype == np.float64
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-15)

    def test_float32_members_sum_to_one_in_float64(self):
        n = 1200
        frame, _, labels = table(n)
        member = BPClassifier((4,), max_iter=1)
        model = TabularClassifier(estimator=member, cv=2).fit(frame, labels)
        assert model.estimators_[0].coefs_[0].dtype == np.float32
        # scikit-learn warns where they do not, and warnings are errors here.
        assert log_loss(labels, model.predict_proba(frame)) < 2

    def test_the_label_is_that_of_the_highest_mean(self, three):
        p = three.predict_proba(X)
        assert (three.predict(X) == three.classes_[p.argmax(axis=1)]).all()
        assert three.classes_.tolist() == ["high", "low", "middle"]

    def test_decisions_are_logarithms(self, three, two):
        p = three.predict_proba(X)
        np.testing.assert_allclose(three.decision_function(X), np.log(p))
        np.testing.assert_allclose(three.predict_log_proba(X), np.log(p))
        p = two.predict_proba(X)
        np.testing.assert_allclose(two.decision_function(X), np.log(p[:, 1] / p[:, 0]))
        assert (two.predict(X) == (two.decision_function(X) > 0)).all()

    def test_the_score_out_of_fold_is_their_accuracy(self, three):
        found = three.classes_[three.oof_decision_function_.argmax(axis=1)]
        assert three.oof_score_ == accuracy_score(LABELS, found)

    def test_members_know_the_labels(self, three):
        for network in three.estimators_:
            assert network.classes_.tolist() == three.classes_.tolist()


class TestRareClasses:
    y = np.where(np.arange(240) == 7, "rare", LABELS)

    def test_every_member_knows_all_classes(self):
        model = TabularClassifier(**QUICK).fit(X, self.y)
        assert model.predict_proba(X).shape == (240, 4)
        # Its only row was trained on by all.
        assert np.isnan(model.oof_decision_function_[7]).all()
        assert np.isfinite(np.delete(model.oof_decision_function_, 7, 0)).all()
        assert np.isfinite(model.oof_score_)

    def test_a_splitter_that_leaves_a_class_out(self):
        y = np.sort(LABELS)
        n = np.count_nonzero(y == y[0])
        folds = [(np.arange(n, 240), np.arange(n))]
        model = TabularClassifier(cv=folds, random_state=0).fit(X, y)
        assert model.classes_.tolist() == ["high", "low", "middle"]

    def test_one_class(self):
        model = TabularClassifier(**QUICK).fit(X, np.full(240, "only"))
        assert (model.predict(X) == "only").all()
        assert model.predict_proba(X).tolist() == [[1.0]] * 240

    @pytest.mark.filterwarnings("ignore:The number of unique classes")
    def test_a_class_for_each_row(self):
        model = TabularClassifier(cv=2, random_state=0).fit(X[:9], np.arange(9))
        assert model.predict_proba(X).shape == (240, 9)


class TestWeights:
    def test_class_weight_is_a_weight_of_the_rows(self):
        y = LABELS == "high"
        by_class = TabularClassifier(class_weight={True: 5}, **QUICK).fit(X, y)
        by_row = TabularClassifier(**QUICK)
        by_row.fit(X, y, sample_weight=np.where(y, 5.0, 1.0))
        plain = TabularClassifier(**QUICK).fit(X, y)
        means = [m.predict_proba(X)[:, 1].mean() for m in (by_class, by_row, plain)]
        # Row weights count for the scaling of the columns as well.
        assert means[0] == pytest.approx(means[1], abs=0.02)
        assert means[0] > means[2]

    def test_balanced(self):
        y = np.where(LABELS == "high", "yes", "no")
        n = {label: np.count_nonzero(y == label) for label in ("yes", "no")}
        weights = {label: 120 / count for label, count in n.items()}
        found, expected = (
            TabularClassifier(class_weight=weight, **QUICK).fit(X, y).predict_proba(X)
            for weight in ("balanced", weights)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5)

    def test_unknown_labels_are_named(self):
        with pytest.raises(ValueError, match=r"class_weight has labels .*'none'"):
            TabularClassifier(class_weight={"none": 1}).fit(X, LABELS)

    def test_the_score_out_of_fold_is_weighted(self):
        weight = np.random.default_rng(0).integers(1, 5, 240)
        model = TabularClassifier(**QUICK).fit(X, LABELS, sample_weight=weight)
        found = model.classes_[model.oof_decision_function_.argmax(axis=1)]
        expected = accuracy_score(LABELS, found, sample_weight=weight)
        assert model.oof_score_ == pytest.approx(expected)


class TestSeveralColumns:
    def test_multilabel(self):
        y = np.stack([VALUES > 3, VALUES > 5, LABELS == "low"], axis=1).astype(int)
        model = TabularClassifier(random_state=0).fit(X, y)
        p = model.predict_proba(X)
        assert p.shape == model.oof_decision_function_.shape == (240, 3)
        assert (model.predict(X) == (p > 0.5)).all()
        assert ((model.decision_function(X) > 0) == (p > 0.5)).all()
        assert model.score(X, y) > 0.8
        assert model.oof_score_ > 0.6

    def test_several_columns_of_classes(self):
        y = np.stack([LABELS, X["street"].to_numpy(str)], axis=1)
        model = TabularClassifier(random_state=0).fit(X, y)
        assert [classes.tolist() for classes in model.classes_] == [
            ["high", "low", "middle"],
            ["north", "south", "west"],
        ]
        parts = model.predict_proba(X)
        assert [part.shape for part in parts] == [(240, 3)] * 2
        assert model.predict(X).shape == (240, 2)
        assert model.score(X, y) > 0.8
        assert model.oof_decision_function_.shape == (240, 6)
        assert 0.5 < model.oof_score_ <= 1

    def test_a_column_vector_is_taken_as_a_row_with_a_warning(self):
        with pytest.warns(Warning, match="column-vector y was passed"):
            model = TabularClassifier(cv=2).fit(X, LABELS[:, None])
        assert model.predict(X).shape == (240,)


def test_folds_have_the_classes_shares():
    folds = list(StratifiedKFold(3, shuffle=True, random_state=1).split(X, LABELS))
    by_hand = TabularClassifier(cv=folds, random_state=0).fit(X, LABELS)
    splitter = StratifiedKFold(3, shuffle=True, random_state=1)
    by_splitter = TabularClassifier(cv=splitter, random_state=0).fit(X, LABELS)
    assert (by_hand.predict_proba(X) == by_splitter.predict_proba(X)).all()


def test_real_targets_are_refused():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        TabularClassifier().fit(X, VALUES)

"""Fitted attributes: what is read follows from the network, and no copy changes it."""

import pickle

import numpy as np
import pytest
from _helpers import small_net
from numpy.testing import assert_array_equal
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier

from skann import BPClassifier, BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

X = np.random.RandomState(0).normal(size=(60, 4))
Y = np.arange(60) % 3
each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


def fitted(Estimator):
    return small_net(Estimator, early_stopping=True).fit(X, Y)


class TestWhatFollows:
    @each_estimator
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("out_activation_", "logistic"),
            ("n_layers_", 5),
            ("n_outputs_", 2),
            ("t_", 0),
            ("history_", {}),
        ],
    )
    def test_can_t_be_set(self, Estimator, name, value):
        model = fitted(Estimator)
        before, found = getattr(model, name), model.predict(X)
        with pytest.raises(AttributeError, match=f"{name} can't be set to .*: it"):
            setattr(model, name, value)
        assert getattr(model, name) == before
        assert_array_equal(model.predict(X), found)

    def test_classes_can_t_be_set(self):
        model = fitted(BPClassifier)
        with pytest.raises(AttributeError, match="fit anew with other labels"):
            model.classes_ = np.array(["a", "b", "c"])
        assert_array_equal(model.classes_, [0, 1, 2])

    @each_estimator
    def test_is_not_there_before_a_fit(self, Estimator):
        for name in ("out_activation_", "n_layers_", "n_outputs_", "t_", "history_"):
            assert not hasattr(Estimator(), name)
        assert not hasattr(BPClassifier(), "classes_")

    @each_estimator
    def test_survives_a_pickle(self, Estimator):
        model = fitted(Estimator)
        loaded = pickle.loads(pickle.dumps(model))
        assert loaded.out_activation_ == model.out_activation_
        assert (loaded.n_layers_, loaded.n_outputs_) == (3, model.n_outputs_)
        assert loaded.t_ == model.t_ > 0

    def test_a_first_pass_that_fails_leaves_no_classes(self):
        model = BPClassifier()
        with pytest.raises(ValueError, match="y has classes"):
            model.partial_fit(X, Y, classes=[0, 1])
        assert not hasattr(model, "classes_")


class TestCurves:
    @each_estimator
    @pytest.mark.parametrize(
        "name", ["loss_curve_", "validation_loss_curve_", "validation_scores_"]
    )
    def test_what_is_done_to_one_is_done_to_a_copy(self, Estimator, name):
        model = fitted(Estimator)
        before = model.history_
        curve = getattr(model, name)
        curve += [1.0, 2.0]
        curve[0] = 7.0
        assert model.history_ == before
        assert len(getattr(model, name)) == len(curve) - 2

    @each_estimator
    def test_what_is_done_to_the_history_is_done_to_a_copy(self, Estimator):
        model = fitted(Estimator)
        history = model.history_
        history["loss"].append(1.0)
        history.clear()
        assert {len(column) for column in model.history_.values()} == {model.n_iter_}
        model.partial_fit(X, Y)
        assert len(model.history_["loss"]) == len(model.loss_curve_)


class TestALabelThatNeverOccurs:
    """As with scikit-learn's trees, neighbours and naive Bayes."""

    labels = np.stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 1] > 99], axis=1).astype(int)

    def test_has_one_column(self):
        model = small_net(BPClassifier).fit(X, self.labels[:, 2])
        assert_array_equal(model.classes_, [0])
        assert_array_equal(model.predict_proba(X), np.ones((60, 1)))

    @pytest.mark.parametrize(
        "Meta", [ClassifierChain, MultiOutputClassifier, OneVsRestClassifier]
    )
    # OneVsRestClassifier says that a label is not there.
    @pytest.mark.filterwarnings("ignore:Label not 2 is present")
    def test_is_predicted_by_meta_estimators(self, Meta):
        model = Meta(small_net(BPClassifier)).fit(X, self.labels)
        found = model.predict(X)
        assert found.shape == (60, 3)
        assert not found[:, 2].any()

    def test_a_single_network_gives_it_a_probability(self):
        model = small_net(BPClassifier, learning_rate_init=0.1, max_iter=30)
        p = model.fit(X, self.labels).predict_proba(X)
        assert p.shape == (60, 3)
        assert (p[:, 2] < 0.1).all()

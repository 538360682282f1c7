"""Several columns of classes, class weights and splits by class."""

import warnings

import numpy as np
import pytest
from _classes import THREE, TWO, WEIGHT, X, assert_same_training, make
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_softmax, softmax
from sklearn.base import clone
from sklearn.utils.multiclass import check_classification_targets

from skann import BPClassifier

# How far L-BFGS gets in five iterations is nobody's question here.
pytestmark = pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)
COLUMNS = np.column_stack([TWO, THREE, (X[:, 2] > 0) + 5])


class TestColumnsOfClasses:
    @pytest.mark.parametrize("loss", ["mse", "cross_entropy", "softmax", "auto"])
    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_in_and_out(self, loss, solver, early_stopping):
        net = make(loss=loss, solver=solver, early_stopping=early_stopping)
        net.fit(X, COLUMNS)
        several = loss in ("softmax", "auto")
        assert net.out_activation_ == ("softmax" if several else "logistic")
        assert net.n_outputs_ == 2 + 3 + 2
        for found, classes in zip(
            net.classes_, ([0, 1], [0, 1, 2], [5, 6]), strict=True
        ):
            assert_array_equal(found, classes)
        z, p = net.decision_function(X), net.predict_proba(X)
        predicted = net.predict(X)
        assert predicted.shape == (60, 3)
        for k, classes in enumerate(net.classes_):
            a = softmax(z[k], axis=1) if several else expit(z[k])
            assert_allclose(p[k], a / a.sum(axis=1, keepdims=True), rtol=1e-9)
            assert_array_equal(predicted[:, k], classes[z[k].argmax(axis=1)])
            log_p = net.predict_log_proba(X)[k]
            assert_allclose(log_p, np.log(p[k]), rtol=1e-9, atol=1e-15)
        right = (predicted == COLUMNS).all(axis=1)
        assert net.score(X, COLUMNS) == right.mean()
        weighted = np.average(right, weights=WEIGHT)
        assert net.score(X, COLUMNS, WEIGHT) == pytest.approx(weighted)

    def test_their_losses_are_added_up(self):
        net = make(hidden_layer_sizes=(), solver="lbfgs", alpha=0.1, max_iter=1000)
        together = net.set_params(tol=1e-9).fit(X, COLUMNS[:, [1, 1]])
        alone = clone(net).fit(X, THREE)
        for task in together.predict_proba(X):
            assert_allclose(task, alone.predict_proba(X), atol=1e-6)
        assert together.loss_ == pytest.approx(2 * alone.loss_)

    def test_are_learnt(self):
        net = make(hidden_layer_sizes=(50,), learning_rate="one_cycle", max_iter=100)
        net.set_params(solver="adam", learning_rate_init=0.02)
        assert net.fit(X, COLUMNS).score(X, COLUMNS) > 0.9

    def test_words(self):
        words = np.column_stack(
            [np.array(["no", "yes"])[TWO], np.array([*"abc"])[THREE]]
        )
        net, numbered = make().fit(X, words), make().fit(X, COLUMNS[:, :2])
        assert_same_training(net, numbered)
        codes = numbered.predict(X)
        expected = [["no", "yes"][i] + "abc"[j] for i, j in codes]
        assert ["".join(row) for row in net.predict(X)] == expected

    def test_passes_are_given_a_list_of_classes(self):
        classes = [[0, 1], [0, 1, 2], [6, 5]]
        net = make(shuffle=False).partial_fit(X, COLUMNS, classes=classes)
        whole = make(shuffle=False, solver="adam", max_iter=1).fit(X, COLUMNS)
        assert_array_equal(theta(net), theta(whole))
        some = THREE == 1
        net.partial_fit(X[some], COLUMNS[some], classes=classes)
        assert [len(own) for own in net.classes_] == [2, 3, 2]


class TestClassWeight:
    @pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
    def test_is_a_row_weight(self, y, weight):
        of_class = {0: 0.5, 1: 3.0, 2: 1.0}
        own = np.array([of_class[label] for label in y])
        own = own if weight is None else own * weight
        used = {label: of_class[label] for label in set(y)}
        net = make(class_weight=used).fit(X, y, weight)
        assert_same_training(net, make().fit(X, y, own))
        passes = make(class_weight=used)
        passes.partial_fit(X, y, classes=sorted(used), sample_weight=weight)
        plain = make().partial_fit(X, y, classes=sorted(used), sample_weight=own)
        assert_same_training(passes, plain)

    def test_balanced_gives_every_class_the_same(self):
        own = 60 / (3 * np.bincount(THREE))[THREE]
        net = make(class_weight="balanced").fit(X, THREE)
        assert_allclose(theta(net), theta(make().fit(X, THREE, own)), rtol=1e-9)

    def test_by_words_and_on_validation_data(self):
        y = np.array(["no", "yes"])[TWO]
        settings = {"max_iter": 1, "learning_rate_init": 1e-300}
        net = make(class_weight={"no": 3.0, "yes": 1.0}, **settings)
        net.fit(X, y, X_val=X, y_val=y)
        p = net.predict_proba(X)
        losses, own = -np.log(np.where(TWO, p[:, 1], p[:, 0])), np.where(TWO, 1.0, 3.0)
        expected = np.average(losses, weights=own)
        assert net.validation_loss_curve_ == pytest.approx([expected])
        accuracy = np.average(net.predict(X) == y, weights=own)
        assert net.validation_scores_ == pytest.approx([accuracy])


class TestSplit:
    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("counts", [(40, 20), (10, 50), (24, 24, 12)])
    def test_early_stopping_splits_by_class(self, counts, seed):
        y = np.random.RandomState(seed).permutation(
            np.repeat(range(len(counts)), counts)
        )
        # Without weights and at a rate of nothing the loss is that of the biases,
        # the same for all rows of a class: it tells the shares of the classes.
        biases = np.array([0.0, 0.3, 1.0])[: len(counts)]
        outputs = biases[1:] if len(counts) == 2 else biases
        net = make(
            hidden_layer_sizes=(),
            early_stopping=True,
            validation_fraction=0.25,
            learning_rate_init=1e-300,
            max_iter=1,
            random_state=seed,
        ).fit(
            X,
            y,
            coef_init=[np.zeros((5, len(outputs)))],
            intercept_init=[outputs],
        )
        shares = np.array(counts) / 60
        expected = -shares @ log_softmax(biases)
        assert_allclose(net.validation_loss_curve_, expected, atol=0.02)
        assert_allclose(net.loss_curve_, expected, atol=0.02)
        exact = [15 * share for share in shares]
        if all(share.is_integer() for share in exact):
            assert_allclose(net.validation_loss_curve_, expected, rtol=1e-12)
            assert_allclose(net.loss_curve_, expected, rtol=1e-12)

    def test_a_class_of_one_row_is_no_error(self):
        y = np.where(np.arange(60) == 7, 2, TWO)
        net = make(early_stopping=True).fit(X, y)
        assert_array_equal(net.classes_, [0, 1, 2])
        assert len(net.validation_scores_) == net.n_iter_

    def test_validation_score_is_weighted_accuracy(self):
        # Only two rows are trained on, so the score is nearly that of all others.
        net = make(early_stopping=True, validation_fraction=0.96, max_iter=1)
        weight = np.where(THREE == 0, 100.0, 1e-3)
        net.fit(X, THREE, weight)
        right = net.predict(X) == THREE
        expected = np.average(right, weights=weight)
        assert net.best_validation_score_ == pytest.approx(expected, abs=0.1)
        assert abs(expected - right.mean()) > 0.1


def test_classes_are_warned_of_as_scikit_learn_warns():
    # From 1.7 on it doubts targets with a class for every other row.
    X, y = np.arange(30.0)[:, None], np.arange(30)
    with warnings.catch_warnings(record=True) as expected:
        warnings.simplefilter("always")
        check_classification_targets(y)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        BPClassifier((2,), max_iter=1).fit(X, y)
    messages = [str(warning.message) for warning in given]
    assert [str(warning.message) for warning in expected] == [
        message for message in messages if "classes" in message
    ]

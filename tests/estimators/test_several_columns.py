"""Several columns of classes: one network, a softmax over the classes of each."""

import pickle

import numpy as np
import pytest
from _helpers import (
    LOSS_FORMULAS,
    make_weight,
    objective_for,
    small_net,
    theta,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import log_softmax
from sklearn.base import clone

from skann import BPClassifier
from skann._estimators.label_transformers import LOSS_NAMES
from skann._network.losses import LOSSES, MultitaskLoss
from skann._network.network import Network

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.RandomState(0)
X = rng.normal(size=(90, 4))
FIRST = np.array(["high", "low", "mid"])[np.digitize(X[:, 0], [-0.5, 0.5])]
SECOND = np.where(X[:, 1] + X[:, 2] > 0, "yes", "no")
Y = np.column_stack([FIRST, SECOND])
CODES = np.column_stack([np.unique(c, return_inverse=True)[1] for c in (FIRST, SECOND)])
WEIGHT = rng.uniform(0.5, 2, 90)
CLASSES = [np.array(["high", "low", "mid"]), np.array(["no", "yes"])]
SIZES = (3, 2)


def fit(targets=Y, weight=None, **parameters):
    parameters = {"learning_rate_init": 0.02, "max_iter": 30, **parameters}
    return small_net(BPClassifier, **parameters).fit(X, targets, weight)


def check_classes(found, expected=CLASSES):
    for own, other in zip(found, expected, strict=True):
        assert_array_equal(own, other)


class TestPredictions:
    def test_have_a_column_or_an_array_for_each_task(self):
        model = fit()
        check_classes(model.classes_)
        assert model.n_outputs_ == 5
        assert model.out_activation_ == "softmax"
        assert model.predict(X).shape == Y.shape
        for method in ("predict_proba", "predict_log_proba", "decision_function"):
            found = getattr(model, method)(X)
            assert [part.shape for part in found] == [(90, 3), (90, 2)]

    def test_agree_with_each_other(self):
        model = fit()
        decisions = model.decision_function(X)
        parts = zip(
            decisions,
            model.predict_proba(X),
            model.predict_log_proba(X),
            model.predict(X).T,
            CLASSES,
            strict=True,
        )
        for z, p, log_p, labels, classes in parts:
            assert_allclose(log_p, log_softmax(z, axis=1))
            assert_allclose(p, np.exp(log_p))
            assert_allclose(p.sum(axis=1), 1)
            assert_array_equal(classes[p.argmax(axis=1)], labels)

    def test_learn_both_columns(self):
        right = fit().predict(X) == Y
        assert (right.mean(axis=0) > 0.9).all()

    @pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
    def test_sigmoid_outputs_work_too(self, loss):
        model = fit(loss=loss, max_iter=60)
        assert model.out_activation_ == "logistic"
        for p in model.predict_proba(X):
            assert_allclose(p.sum(axis=1), 1)
        assert (model.predict(X) == Y).mean() > 0.85

    def test_numbers_and_float32(self):
        model = small_net(BPClassifier).fit(X.astype(np.float32), CODES + 5)
        assert {p.dtype for p in model.predict_proba(X)} == {np.dtype(np.float32)}
        assert model.predict(X).dtype.kind == "i"
        assert model.predict(X).min() >= 5


class TestObjective:
    """J is the sum of the tasks' own softmax losses."""

    @pytest.mark.parametrize("weighted", [False, True])
    def test_value_and_gradient(self, weighted):
        network = Network((4, 3, 5), ("tanh",), "softmax", SIZES)
        point = np.random.default_rng(0).normal(size=network.layout.n_parameters)
        y = np.hstack([np.eye(3)[CODES[:9, 0]], np.eye(2)[CODES[:9, 1]]])
        weight = make_weight(9) if weighted else None
        objective = objective_for(network, point, X[:9], y, weight)

        def value(at):
            point[...] = at
            return objective.full()[0]

        at = point.copy()
        (W1, W2), (b1, b2) = network.layout.weights(at), network.layout.biases(at)
        z = np.tanh(X[:9] @ W1 + b1) @ W2 + b2
        plain = LOSS_FORMULAS["softmax"]
        losses = plain(z[:, :3], y[:, :3]) + plain(z[:, 3:], y[:, 3:])
        assert_allclose(value(at), np.average(losses, weights=weight))
        gradient = objective.gradient.copy()
        step = 1e-5
        slopes = [
            (value(at + step * e) - value(at - step * e)) / (2 * step)
            for e in np.eye(len(at))
        ]
        assert_allclose(gradient, slopes, atol=1e-8)

    @pytest.mark.parametrize("name", sorted(set(LOSS_NAMES.values())))
    def test_any_loss_by_task_is_the_sum(self, name):
        z, y = np.random.default_rng(0).normal(size=(8, 5)), np.zeros((8, 5))
        y[:, 0], y[:, 3] = 1, 1
        value, delta = MultitaskLoss(LOSSES[name], SIZES).value_and_delta(z, y)
        (one, one_delta), (other, other_delta) = (
            LOSSES[name].value_and_delta(z[:, part], y[:, part])
            for part in (slice(3), slice(3, 5))
        )
        assert_allclose(value, one + other)
        assert_allclose(delta, np.hstack([one_delta, other_delta]))

    def test_without_a_hidden_layer_tasks_are_networks_of_their_own(self):
        options = {
            "hidden_layer_sizes": (),
            "solver": "lbfgs",
            "alpha": 0.1,
            "tol": 1e-9,
            "max_iter": 500,
        }
        together = fit(**options).predict_proba(X)
        first = fit(FIRST, **options).predict_proba(X)
        assert_allclose(together[0], first, atol=1e-6)
        # On one unit the penalty would be another: a third, empty class makes three.
        second = fit(np.column_stack([SECOND, FIRST]), **options).predict_proba(X)
        assert_allclose(together[1], second[0], atol=1e-6)

    def test_loss_curve_is_theirs(self):
        model = fit(batch_size=90, max_iter=1, learning_rate_init=1e-300)
        log_p = model.predict_log_proba(X)
        rows = np.arange(90)
        expected = -sum(part[rows, CODES[:, i]] for i, part in enumerate(log_p)).mean()
        assert_allclose(model.loss_, expected)


class TestPartialFit:
    def test_first_call_names_all_classes(self):
        model = small_net(BPClassifier)
        model.partial_fit(X[:5], Y[:5], classes=[c.tolist() for c in CLASSES])
        check_classes(model.classes_)
        model.partial_fit(X, Y).partial_fit(X, Y, classes=CLASSES)
        assert [p.shape[1] for p in model.predict_proba(X)] == [3, 2]

    def test_passes_are_a_fit(self):
        model = small_net(BPClassifier)
        for _ in range(5):
            model.partial_fit(X, Y, classes=CLASSES)
        fit = small_net(BPClassifier, solver="adam").fit(X, Y)
        assert_array_equal(theta(model), theta(fit))

    def test_zeros_and_ones_stay_classes(self):
        # Alone, two columns of zeros and ones would be an indicator matrix.
        targets = (X[:, :2] > 0).astype(int)
        model = small_net(BPClassifier)
        model.partial_fit(X, targets, classes=[[0, 1, 2], [0, 1]])
        assert [p.shape[1] for p in model.predict_proba(X)] == [3, 2]

    @pytest.mark.parametrize(
        ("targets", "classes", "message"),
        [
            (Y, None, "classes must be passed on the first call"),
            (Y, ["high", "low", "mid", "no", "yes"], "classes must then be a list"),
            (Y, CLASSES[:1], "y has 2 columns of classes; .* trained on 1"),
            (FIRST, CLASSES, "y has 1 columns of classes; .* trained on 2"),
            (Y, [CLASSES[0], ["no", "maybe"]], r"y has classes \['yes'\]"),
            (Y, [], "y has several columns of classes|classes"),
        ],
    )
    def test_others_are_errors(self, targets, classes, message):
        model = small_net(BPClassifier)
        with pytest.raises(ValueError, match=message):
            model.partial_fit(X, targets, classes=classes)
        assert not hasattr(model, "classes_")

    def test_other_classes_later_are_an_error(self):
        model = small_net(BPClassifier).partial_fit(X, Y, classes=CLASSES)
        for classes in (CLASSES[::-1], CLASSES[:1], CLASSES[0]):
            with pytest.raises(ValueError, match="is not the same as on the first"):
                model.partial_fit(X, Y, classes=classes)


class TestScore:
    def test_is_the_share_of_rows_all_right(self):
        model = fit(max_iter=5)
        right = (model.predict(X) == Y).all(axis=1)
        assert 0 < right.mean() < 1
        assert_allclose(model.score(X, Y), right.mean())
        assert_allclose(model.score(X, Y, WEIGHT), np.average(right, weights=WEIGHT))

    def test_on_validation_data_is_the_same(self):
        model = small_net(BPClassifier).fit(
            X, Y, X_val=X[:40], y_val=Y[:40], sample_weight_val=WEIGHT[:40]
        )
        expected = model.score(X[:40], Y[:40], WEIGHT[:40])
        assert_allclose(model.validation_scores_[-1], expected)

    @pytest.mark.parametrize("y", [FIRST, Y[:, :1], Y[:5], np.hstack([Y, Y])])
    def test_targets_of_another_shape_are_an_error(self, y):
        with pytest.raises(ValueError, match=r"y must have shape \(90, 2\)"):
            fit(max_iter=1).score(X, y)

    def test_wrong_weights_are_an_error(self):
        with pytest.raises(ValueError, match="sample_weight must have shape"):
            fit(max_iter=1).score(X, Y, WEIGHT[:5])


def test_early_stopping_and_warm_start():
    model = fit(early_stopping=True, warm_start=True, max_iter=5)
    before = model.validation_loss_curve_[-1]
    model.fit(X, Y)
    assert len(model.history_["epoch"]) == 10
    assert model.validation_loss_curve_[-1] < before
    with pytest.raises(ValueError, match="Training can't go on: y has the classes"):
        model.fit(X, np.column_stack([FIRST, FIRST]))


def test_sparse_rows_and_row_weights():
    dense, thin = fit(weight=WEIGHT), clone(fit())
    thin.fit(sparse.csr_matrix(X), Y, WEIGHT)
    assert_allclose(theta(dense), theta(thin), rtol=1e-6, atol=1e-9)


def test_pickle_and_clone():
    model = fit(max_iter=5)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict(X), model.predict(X))
    check_classes(loaded.classes_)
    model.partial_fit(X, Y)
    loaded.partial_fit(X, Y)
    assert_array_equal(theta(loaded), theta(model))
    assert_array_equal(theta(clone(model).fit(X, Y)), theta(fit(max_iter=5)))


def test_a_frame_of_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(Y, columns=["height", "answer"])
    assert_array_equal(theta(fit(frame, max_iter=2)), theta(fit(max_iter=2)))

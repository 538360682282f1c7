"""Rosenblatt's perceptrons, and networks that predict before any training."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Perceptron

from skann import BPClassifier, BPRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
SEPARABLE = (X @ [1.0, -2.0, 0.5, 1.5] + 0.3 > 0).astype(int)
INSEPARABLE = (X[:, 0] * X[:, 1] > 0).astype(int)
SEVERAL = np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])
XOR = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]), np.array([1, 0, 0, 1])
# Two neurons in parallel, and a third behind them.
LECTURE_COEFS = [np.array([[1, 1], [1, 1]]), np.array([[2], [-2]])]
LECTURE_INTERCEPTS = [np.array([-1, 1]), np.array([1])]


def rosenblatt(**more):
    settings = {
        "hidden_layer_sizes": (),
        "loss": "perceptron",
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate_init": 1.0,
        "batch_size": 1,
        "shuffle": False,
        "n_iter_no_change": np.inf,
    }
    return BPClassifier(**(settings | more))


def fit_from_zero(model, X, y):
    n_outputs = 1 if len(np.unique(y)) == 2 else len(np.unique(y))
    start = [np.zeros((X.shape[1], n_outputs))]
    return model.fit(X, y, coef_init=start, intercept_init=[np.zeros(n_outputs)])


class TestAgainstScikitLearn:
    @pytest.mark.parametrize("n_epochs", [1, 2, 3, 10])
    @pytest.mark.parametrize(
        "y", [SEPARABLE, INSEPARABLE, SEVERAL], ids=["yes", "no", "several"]
    )
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_the_same_weights_bit_for_bit(self, y, n_epochs):
        theirs = Perceptron(shuffle=False, max_iter=n_epochs, tol=None).fit(X, y)
        ours = fit_from_zero(rosenblatt(max_iter=n_epochs), X, y)
        assert_array_equal(ours.coefs_[0].T, theirs.coef_)
        assert_array_equal(ours.intercepts_[0], theirs.intercept_)
        assert_array_equal(ours.predict(X), theirs.predict(X))

    @pytest.mark.parametrize("n_rows", range(1, 30, 4))
    def test_update_by_update(self, n_rows):
        theirs, ours = Perceptron(shuffle=False), rosenblatt()
        start = [np.zeros((4, 1))]
        ours.initialize(X, INSEPARABLE, coef_init=start)
        for row in range(n_rows):
            one = X[row : row + 1], INSEPARABLE[row : row + 1]
            theirs.partial_fit(*one, classes=[0, 1])
            ours.partial_fit(*one)
            assert_array_equal(ours.coefs_[0].T, theirs.coef_)
            assert_array_equal(ours.intercepts_[0], theirs.intercept_)

    def test_sparse_rows(self):
        filled = np.maximum(X, 0)
        dense = fit_from_zero(rosenblatt(max_iter=5), filled, SEPARABLE)
        compressed = sparse.csr_array(filled)
        found = fit_from_zero(rosenblatt(max_iter=5), compressed, SEPARABLE)
        assert_allclose(theta(found), theta(dense), rtol=1e-12)


class TestPerceptron:
    def test_ends_where_a_line_divides_the_classes(self):
        model = fit_from_zero(rosenblatt(max_iter=200, target_loss=0.0), X, SEPARABLE)
        assert model.stop_reason_ == "target_loss=0 reached"
        assert model.score(X, SEPARABLE) == 1
        assert fit_from_zero(rosenblatt(max_iter=50), *XOR).score(*XOR) < 1

    def test_has_no_probabilities(self):
        model = rosenblatt(max_iter=2).fit(X, SEPARABLE)
        assert not hasattr(model, "predict_proba")
        assert not hasattr(model, "predict_log_proba")
        assert_array_equal(model.predict(X), model.decision_function(X) > 0)

    def test_auto_trains_in_scikit_learn_s_way(self):
        model = BPClassifier((8,), loss="perceptron", random_state=0)
        model.fit(X, INSEPARABLE)
        assert model.auto_params_["solver"] == "adam"
        assert model.score(X, INSEPARABLE) > 0.9

    def test_label_smoothing_would_not_be_used(self):
        with pytest.raises(ValueError, match=r"label_smoothing=0\.1 would not be used"):
            rosenblatt(label_smoothing=0.1).fit(X, SEPARABLE)


@pytest.mark.filterwarnings("ignore:Training stopped at max_iter=20")
class TestSteps:
    @pytest.mark.parametrize("solver", ["auto", "sgd", "adam"])
    def test_front_layers_stay_and_the_last_one_learns(self, solver):
        model = small_net(BPClassifier, activation="step", loss="perceptron")
        model.set_params(solver=solver, hidden_layer_sizes=(30, 10), max_iter=20)
        start = copy.deepcopy(model).initialize(X, INSEPARABLE)
        model.fit(X, INSEPARABLE)
        for layer in (0, 1):
            assert_array_equal(model.coefs_[layer], start.coefs_[layer])
            assert_array_equal(model.intercepts_[layer], start.intercepts_[layer])
        assert (model.coefs_[2] != start.coefs_[2]).any()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_lecture_s_network(self, dtype):
        points, y = XOR
        net = BPClassifier((2,), "step", loss="perceptron")
        net.initialize(
            points.astype(dtype),
            y,
            coef_init=LECTURE_COEFS,
            intercept_init=LECTURE_INTERCEPTS,
        )
        # Its two rows worked out: G_o(1, 1) = 1 and G_o(1, -1) = -1.
        assert_array_equal(net.decision_function(points), [1, -1, -1, 1])
        assert_array_equal(net.predict(points), y)
        assert net.score(points, y) == 1
        assert net.decision_function(points.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
class TestInitialize:
    y = SEPARABLE

    def test_nothing_is_trained(self, Estimator):
        model = small_net(Estimator).initialize(X, self.y)
        assert model.loss_ is None
        assert model.loss_curve_ == []
        assert model.n_iter_ == model.t_ == model.best_iter_ == 0
        assert model.stop_reason_ is None
        assert len(model.predict(X)) == len(X)
        assert model.n_features_in_ == 4

    def test_weights_are_those_that_fit_starts_from(self, Estimator):
        start = small_net(Estimator).initialize(X, self.y)
        still = small_net(Estimator, learning_rate_init=1e-300, momentum=0)
        still.set_params(solver="sgd").fit(X, self.y)
        assert_allclose(theta(start), theta(still), rtol=0, atol=1e-290)

    def test_training_goes_on_from_it(self, Estimator):
        whole = small_net(Estimator, warm_start=True).fit(X, self.y)
        model = small_net(Estimator, warm_start=True).initialize(X, self.y)
        model.fit(X, self.y)
        assert_array_equal(theta(model), theta(whole))
        assert len(model.loss_curve_) == model.n_iter_ > 0

    def test_a_pickle_of_it_goes_on(self, Estimator):
        model = small_net(Estimator).initialize(X, self.y)
        other = pickle.loads(pickle.dumps(model)).partial_fit(X, self.y)
        assert_array_equal(theta(other), theta(model.partial_fit(X, self.y)))

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"coef_init": [np.zeros((4, 7))]}, "coef_init must be a list of 2 arrays"),
            ({"intercept_init": [[np.nan] * 7, [0]]}, "contains NaN"),
        ],
    )
    def test_wrong_weights_leave_it_as_it_was(self, Estimator, arguments, said):
        model = small_net(Estimator)
        with pytest.raises(ValueError, match=said):
            model.initialize(X, self.y, **arguments)
        with pytest.raises(NotFittedError):
            model.predict(X)
        model.initialize(X, self.y)
        before = theta(model)
        with pytest.raises(ValueError, match=said):
            model.initialize(X, self.y, **arguments)
        assert_array_equal(theta(model), before)

    def test_wrong_parameters_and_data_are_named(self, Estimator):
        with pytest.raises(ValueError, match="'activation' parameter"):
            Estimator(activation="stairs").initialize(X, self.y)
        with pytest.raises(ValueError, match="X contains NaN"):
            Estimator().initialize(np.full((2, 2), np.nan), [0, 1])


def test_code_of_perceptrons_and_steps_predicts_the_same():
    perceptron = rosenblatt(max_iter=2).fit(X, SEPARABLE)
    stepped = small_net(BPRegressor, activation="step", solver="adam")
    for model in (perceptron, stepped.fit(X, INSEPARABLE)):
        module = {}
        exec(model.to_code(), module)  # our own text
        assert_allclose(np.ravel(module["predict"](X)), model.predict(X), atol=1e-6)

"""Levenberg-Marquardt and Bayesian regularisation, against what they write out."""

import numpy as np
import pytest
from _helpers import make_case, make_data, plain_objective
from sklearn.datasets import load_iris, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import BayesianRidge
from sklearn.model_selection import cross_val_score

from skann import BPClassifier, BPRegressor
from skann._engine.reference import Objective, gauss_newton, jacobian_blocks
from skann._engine.reference.equations import forward
from skann._optimize.bayesian import effective_number
from skann._training.fullbatch import train
from skann._training.monitor import Limits, Monitor, new_history
from skann.solvers import BayesianRegularization, LevenbergMarquardt

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS, SPECIES = load_iris(return_X_y=True)
IRIS = IRIS - IRIS.mean(axis=0)
x = np.linspace(-1, 1, 60)[:, None]
SINE = np.sin(3 * x[:, 0])
NOISY = SINE + 0.3 * np.random.default_rng(0).normal(size=60)


def trained(case, solver, n_iter, alpha=0.0):
    """theta and record after so many iterations by the reference engine."""
    network, theta, X, y = case
    theta = theta.copy()
    objective = Objective(network, alpha, theta, make_data(X, y, network.loss))
    monitor = Monitor(theta, Limits(), max_iter=n_iter)
    train(objective, monitor, solver=solver, max_iter=n_iter, tol=0.0)
    history = monitor.appended_to(new_history())
    return theta, history


@pytest.mark.parametrize("loss", ["squared_error", "softmax", "poisson"])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_lm_is_marquardt_s_rule(loss, alpha):
    case = network, theta, X, y = make_case(loss, ("tanh",), n_rows=60)
    data = make_data(X, y, loss)
    settings = {"mu": 1.0, "mu_dec": 0.2, "mu_inc": 3.0}
    found, history = trained(case, LevenbergMarquardt(**settings), 6, alpha)

    def value(theta):
        return plain_objective(network, theta, X, y, None, alpha)

    theta, mu, mus = theta.copy(), 1.0, []
    for _ in range(6):
        G = gauss_newton(network, alpha, data, theta).matrix
        objective = Objective(network, alpha, theta, data)
        objective.full()
        while True:
            new = theta - np.linalg.solve(G + mu * np.eye(len(G)), objective.gradient)
            if value(new) < value(theta):
                break
            mu *= 3
        theta, mu = new, mu * 0.2
        mus.append(mu)
    np.testing.assert_allclose(found, theta, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(history["mu"], mus)
    assert history["loss"][-1] == pytest.approx(value(theta), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_lm_reaches_next_to_nothing_without_noise(seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (500, 3))
    y = np.tanh(1.5 * X @ rng.normal(size=(3, 4))) @ rng.normal(size=4)
    model = BPRegressor((8,), "tanh", solver="lm", tol=0, random_state=seed)
    model.set_params(target_loss=1e-10, max_iter=1000).fit(X, y)
    assert model.loss_ < 1e-10


def test_one_step_solves_what_is_linear():
    X, y = make_regression(50, 4, noise=3, random_state=0)
    solver = LevenbergMarquardt(mu=1e-15)
    model = BPRegressor((), solver=solver, tol=1e-9, random_state=0).fit(X, y)
    assert model.n_iter_ == 1
    ones = np.hstack([X, np.ones((50, 1))])
    coef, *_ = np.linalg.lstsq(ones, y)
    np.testing.assert_allclose(model.predict(X), ones @ coef, rtol=1e-6)


def test_lm_says_why_it_ends():
    model = BPRegressor((), solver=LevenbergMarquardt(mu_max=1e-2), tol=0)
    reason = model.set_params(random_state=0).fit(x, NOISY).stop_reason_
    assert "mu having reached mu_max=0.01; the largest component" in reason
    goal = BPRegressor((5,), "tanh", solver="lm", target_loss=1e-3, random_state=0)
    assert goal.fit(x, SINE).stop_reason_ == "target_loss=0.001 reached"
    flat = BPRegressor((5,), "tanh", solver="lm", tol=1e-2, random_state=0)
    assert flat.fit(x, SINE).stop_reason_ == "the gradient is small enough"


@pytest.mark.parametrize("loss", ["absolute_error", "quantile"])
@pytest.mark.parametrize("solver", ["lm", "br"])
def test_losses_without_curvature_are_refused(solver, loss):
    model = BPRegressor((3,), solver=solver, loss=loss)
    with pytest.raises(ValueError, match=rf"'{loss}', which has no second derivative"):
        model.fit(x, SINE)
    assert not hasattr(model, "coefs_")


def test_the_perceptron_s_loss_is_refused():
    model = BPClassifier((), solver="lm", loss="perceptron")
    with pytest.raises(ValueError, match="no second derivative"):
        model.fit(IRIS[:100], SPECIES[:100])


@pytest.mark.parametrize("loss", ["huber", "gamma"])
def test_br_wants_a_likelihood(loss):
    with pytest.raises(ValueError, match=rf"'{loss}', which is no likelihood"):
        BPRegressor((3,), solver="br", loss=loss).fit(x, SINE + 2)


def test_br_finds_the_penalty_itself():
    model = BPRegressor((3,), solver="br", alpha=0.1)
    with pytest.raises(ValueError, match=r"alpha=0\.1 would not be used"):
        model.fit(x, SINE)


@pytest.mark.parametrize(
    ("solver", "name"),
    [(LevenbergMarquardt, "lm"), (BayesianRegularization, "br")],
)
def test_too_many_parameters(solver, name):
    model = BPRegressor((300,), solver=solver(max_parameters=900))
    with pytest.raises(ValueError, match=rf"'{name}' .*n_parameters=901 .*'lbfgs'"):
        model.fit(x, SINE)


@pytest.mark.parametrize("noise", [1.0, 30.0, 300.0])
def test_br_without_hidden_layers_is_bayesian_ridge(noise):
    X, y = make_regression(40, 8, noise=noise, random_state=0)
    y = (y - y.mean()) / y.std()
    model = BPRegressor((), solver="br", tol=1e-10, max_iter=2000, random_state=0)
    model.set_params(normalize_y=False).fit(X, y)
    # A column of ones, for here the bias is penalised like the weights.
    ones = np.hstack([X, np.ones((40, 1))])
    flat = dict.fromkeys(("alpha_1", "alpha_2", "lambda_1", "lambda_2"), 0.0)
    ridge = BayesianRidge(fit_intercept=False, tol=1e-12, max_iter=5000, **flat)
    ridge.fit(ones, y)
    found = np.append(model.coefs_[0], model.intercepts_[0])
    np.testing.assert_allclose(found, ridge.coef_, rtol=1e-4, atol=1e-7)
    strength = ridge.lambda_ / ridge.alpha_ / 40
    assert model.alpha_ == pytest.approx(strength, rel=1e-4)
    gamma = effective_number(ones.T @ ones / 40, strength)
    assert model.n_effective_parameters_ == pytest.approx(gamma, rel=1e-4)
    variance = 2 * model.loss_ * 40 / (40 - gamma)
    assert variance == pytest.approx(1 / ridge.alpha_, rel=1e-4)


def test_the_effective_number_is_the_trace():
    rng = np.random.default_rng(0)
    J = rng.normal(size=(5, 8))
    matrix = J.T @ J
    trace = np.trace(np.linalg.inv(matrix + 0.3 * np.eye(8)))
    assert effective_number(matrix, 0.3) == pytest.approx(8 - 0.3 * trace)
    assert effective_number(matrix, 1e-9) == pytest.approx(5, rel=1e-4)


class TestBayesianRegularization:
    def make(self, **parameters):
        defaults = {"solver": "br", "random_state": 0, "max_iter": 1000}
        return BPRegressor((20,), "tanh", **(defaults | parameters))

    def test_few_of_many_parameters_are_determined(self):
        model = self.make().fit(x, NOISY)
        assert 3 < model.n_effective_parameters_ < 12
        assert model.alpha_ > 0
        # What is left over is the noise.
        variance = 2 * model.loss_ * 60 / (60 - model.n_effective_parameters_)
        noise = np.sqrt(variance) * NOISY.std()
        assert noise == pytest.approx(0.27, rel=0.15)  # as drawn
        bare = self.make(solver="lm").fit(x, NOISY)
        error, other = (abs(m.predict(x) - SINE).mean() for m in (model, bare))
        assert error < 0.12 < other

    def test_attributes_are_of_the_weights_that_were_kept(self):
        X_val = np.linspace(-1, 1, 41)[:, None]
        model = self.make(early_stopping=True, n_iter_no_change=10, max_iter=200)
        model.fit(x, NOISY, X_val=X_val, y_val=np.sin(3 * X_val[:, 0]))
        row = model.best_iter_ - 1
        history = model.history_
        assert model.alpha_ == history["alpha"][row]
        assert model.n_effective_parameters_ == history["n_effective_parameters"][row]

    def test_others_do_not_have_them(self):
        model = self.make(solver="lm", max_iter=5).fit(x, NOISY)
        for name in ("alpha_", "n_effective_parameters_"):
            with pytest.raises(AttributeError, match="only a step of solver='br'"):
                getattr(model, name)
        with pytest.raises(AttributeError, match="can't be set"):
            model.alpha_ = 1.0

    def test_auto_alpha_is_what_was_found(self):
        model = self.make(max_iter=20).fit(x, NOISY)
        assert model.auto_params_["alpha"] == model.alpha_

    def test_nothing_is_found_where_no_step_is_taken(self):
        model = BPRegressor((4,), "elu", solver="br", random_state=9)
        model.fit(np.zeros((3, 1)), np.zeros(3))
        assert model.n_iter_ == 0
        assert not hasattr(model, "alpha_")
        assert model.auto_params_["alpha"] == 0

    def test_it_is_at_its_own_minimum(self):
        model = self.make(tol=1e-7).fit(x, NOISY)
        assert model.stop_reason_ == "the gradient is small enough"
        assert model.history_["gradient_norm"][-1] < 1e-6
        # Which is that of the penalised loss: without the penalty there is a slope.
        further = self.make(solver="lbfgs", max_iter=1, tol=1e-4)
        further.fit(x, NOISY, coef_init=model.coefs_, intercept_init=model.intercepts_)
        assert further.loss_ < model.loss_

    def test_classes(self):
        model = BPClassifier((8,), "tanh", solver="br", random_state=0, max_iter=300)
        assert cross_val_score(model, IRIS, SPECIES, cv=5).mean() > 0.95
        model.fit(IRIS, SPECIES)
        n_parameters = sum(a.size for a in (*model.coefs_, *model.intercepts_))
        assert 5 < model.n_effective_parameters_ < n_parameters / 2

    def test_same_random_state_same_bits(self):
        one, two = (self.make(max_iter=20).fit(x, NOISY) for _ in range(2))
        assert one.loss_curve_ == two.loss_curve_
        assert one.alpha_ == two.alpha_

    def test_float32(self):
        model = self.make(max_iter=20).fit(x.astype(np.float32), NOISY)
        assert model.coefs_[0].dtype == np.float32

    def test_a_limit_warns(self):
        with pytest.warns(ConvergenceWarning, match="max_iter=3"):
            self.make(max_iter=3).fit(x, NOISY)


@pytest.mark.parametrize("solver", ["lm", "br"])
def test_what_is_frozen_stays(solver):
    model = BPRegressor((6,), "tanh", solver=solver, warm_start=True, random_state=0)
    model.set_params(trainable=[False, True]).initialize(x, NOISY)
    before = [model.coefs_[0].copy(), model.intercepts_[0].copy()]
    last = model.coefs_[1].copy()
    model.set_params(max_iter=20).fit(x, NOISY)
    np.testing.assert_array_equal(model.coefs_[0], before[0])
    np.testing.assert_array_equal(model.intercepts_[0], before[1])
    assert not np.isclose(model.coefs_[1], last).any()


@pytest.mark.parametrize("solver", ["lm", "br"])
def test_a_direct_path(solver):
    model = BPRegressor((3,), "tanh", solver=solver, random_state=0, max_iter=200)
    rows, line = 10 * x, 5 * x[:, 0] + 0.1 * SINE
    model.set_params(skip_connection=True).fit(rows, line)
    assert model.score(rows, line) > 0.9999


def test_derivatives_by_a_direct_path():
    model = BPRegressor((3,), "tanh", solver="lm", skip_connection=True, max_iter=3)
    X = np.random.default_rng(0).normal(size=(9, 2))
    model.fit(X, np.stack([X[:, 0], X[:, 1] ** 2], axis=1))
    network, theta = model._network, model._theta
    ((_, found),) = jacobian_blocks(network, theta, X)
    step = 1e-6
    for j, direction in enumerate(np.eye(theta.size)):
        ends = [
            forward(network, theta + sign * step * direction, X)[0][-1]
            for sign in (1, -1)
        ]
        expected = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(found[:, :, j], expected, atol=1e-7)

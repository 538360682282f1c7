"""Limits of weights and gradients, noise and dropout of inputs, as users meet them."""

import numpy as np
import pytest
from _helpers import (
    drawing,
    make_case,
    make_data,
    objective_for,
    small_net,
    theta,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from skann import BPClassifier, BPRegressor
from skann._engine.reference import DropoutObjective

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5))
X = (X - X.mean(axis=0)) / X.std(axis=0)
REAL = 2 * X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=200)
TWO = (REAL > 0).astype(int)
OFF = {
    "input_dropout": 0.0,
    "input_noise": 0.0,
    "max_norm": None,
    "max_grad_value": None,
    "average": None,
}
ON = {
    "input_dropout": 0.2,
    "input_noise": 0.3,
    "max_norm": 0.5,
    "max_grad_value": 0.01,
    "average": "ema",
}
each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
each_option = pytest.mark.parametrize("name", ON)


class TestInputs:
    @pytest.mark.parametrize(("rate", "noise"), [(0.4, 0.0), (0.0, 0.5), (0.3, 0.2)])
    @pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
    def test_gradient_is_the_differences_for_the_same_draws(self, rate, noise, kind):
        if noise and kind is sparse.csr_array:
            pytest.skip("not for sparse data")
        network, point, inputs, y = make_case("softmax", ("gelu", "tanh"), n_rows=9)
        data, at = make_data(kind(inputs), y, "softmax"), point.copy()

        def value(where):
            at[...] = where
            options = drawing(0.2, rate, noise, seed=1)
            objective = DropoutObjective(network, 0.1, at, data, options)
            return objective.batch(np.arange(9))[0], objective.gradient

        gradient = value(point)[1].copy()
        steps = 1e-6 * np.eye(len(point))
        numeric = [(value(point + s)[0] - value(point - s)[0]) / 2e-6 for s in steps]
        assert_allclose(gradient, numeric, atol=1e-8)

    @pytest.mark.parametrize(("rate", "noise"), [(0.5, 0.0), (0.0, 1.0)])
    def test_what_the_first_layer_expects_stays(self, rate, noise):
        network, at, inputs, y = make_case("squared_error", (), n_rows=5)
        data = make_data(inputs, y, "squared_error")
        seen = DropoutObjective(network, 0.0, at, data, drawing(0.0, rate, noise))
        plain = objective_for(network, at, inputs, y)
        plain.full()
        total = np.zeros(3)
        for _ in range(20_000):
            seen.full()
            total += network.layout.biases(seen.gradient)[0]
        expected = network.layout.biases(plain.gradient)[0]
        assert_allclose(total / 20_000, expected, atol=0.03)

    @pytest.mark.parametrize(
        ("option", "penalty"),
        [({"input_noise": 0.5}, 0.25), ({"input_dropout": 0.2}, 0.25)],
    )
    def test_on_a_linear_network_it_is_a_penalty(self, option, penalty):
        # E ½ (w (x + s ε) - y)² = ½ (w x - y)² + ½ s² ‖w‖², and with inputs left out
        # s² is p / (1 - p) for columns of variance one.
        ours = BPRegressor(
            (),
            solver="adam",
            learning_rate="cosine",
            learning_rate_init=0.03,
            max_iter=1500,
            batch_size=200,
            average="swa",
            normalize_y=False,
            random_state=0,
            **option,
        ).fit(X, REAL)
        theirs = Ridge(alpha=200 * penalty).fit(X, REAL)
        assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, atol=0.02)

    def test_sparse_inputs_are_left_out_and_not_changed(self):
        matrix = sparse.csr_array(np.where(X > 0, X, 0))
        before = matrix.data.copy()
        model = small_net(BPClassifier, input_dropout=0.3).fit(matrix, TWO)
        assert_array_equal(matrix.data, before)
        assert model.score(matrix, TWO) > 0.5

    @each_estimator
    def test_noise_in_sparse_inputs_is_refused(self, Estimator):
        matrix = sparse.csr_array(X)
        with pytest.raises(ValueError, match=r"input_noise=0.1 can't be used with spa"):
            small_net(Estimator, input_noise=0.1).fit(matrix, TWO)


class TestLimits:
    @each_estimator
    def test_no_unit_has_longer_weights(self, Estimator):
        free, bound = (
            small_net(Estimator, max_norm=limit, learning_rate_init=0.1).fit(X, TWO)
            for limit in (None, 0.5)
        )
        assert max(np.linalg.norm(W, axis=0).max() for W in free.coefs_) > 0.6
        for W in bound.coefs_:
            assert np.linalg.norm(W, axis=0).max() <= 0.5 * (1 + 1e-12)

    def test_one_step_is_torch_s_renorm(self):
        torch = pytest.importorskip("torch")
        settings = {"solver": "sgd", "batch_size": 200, "max_iter": 1}
        free, bound = (
            small_net(BPRegressor, max_norm=limit, **settings).fit(X, REAL)
            for limit in (None, 0.7)
        )
        for W, limited in zip(free.coefs_, bound.coefs_, strict=True):
            expected = torch.renorm(torch.tensor(W), 2, 1, 0.7).numpy()
            assert_allclose(limited, expected, rtol=1e-6)

    @each_estimator
    def test_no_component_of_a_gradient_is_larger(self, Estimator):
        settings = {"solver": "sgd", "momentum": 0.0, "batch_size": 200, "max_iter": 1}
        start = theta(small_net(Estimator, **settings).initialize(X, TWO))
        free, cut = (
            theta(
                small_net(
                    Estimator,
                    max_grad_value=limit,
                    learning_rate_init=1.0,
                    **settings,
                ).fit(X, TWO)
            )
            - start
            for limit in (None, 0.01)
        )
        assert_allclose(cut, np.clip(free, -0.01, 0.01), atol=1e-12)
        assert (cut != free).any()

    def test_values_are_cut_before_the_length_is_looked_at(self):
        settings = {"solver": "sgd", "momentum": 0.0, "batch_size": 200, "max_iter": 1}
        start = small_net(BPRegressor, **settings).initialize(X, REAL)
        model = small_net(
            BPRegressor, max_grad_value=0.01, max_grad_norm=0.02, **settings
        ).set_params(learning_rate_init=1.0)
        step = theta(model.fit(X, REAL)) - theta(start)
        assert np.linalg.norm(step) == pytest.approx(0.02)
        assert abs(step).max() < 0.01


@each_option
@each_estimator
class TestEach:
    def test_off_changes_nothing(self, Estimator, name):
        plain, off = (
            small_net(Estimator, **options).fit(X, TWO)
            for options in ({}, {name: OFF[name]})
        )
        assert_array_equal(theta(plain), theta(off))
        assert plain.engine_ == off.engine_

    def test_on_can_be_repeated_and_goes_another_way(self, Estimator, name):
        one, other, plain = (
            small_net(Estimator, **options).fit(X, TWO)
            for options in ({name: ON[name]}, {name: ON[name]}, {})
        )
        assert_array_equal(theta(one), theta(other))
        assert (theta(one) != theta(plain)).any()
        assert_array_equal(one.predict(X), one.predict(X))

    def test_float32_and_learning(self, Estimator, name):
        model = small_net(Estimator, hidden_layer_sizes=(30,), **{name: ON[name]})
        model.set_params(max_iter="auto").fit(X.astype(np.float32), TWO)
        assert theta(model).dtype == np.float32
        assert model.score(X, TWO) > 0.5

    @pytest.mark.parametrize("solver", ["lbfgs", "rprop"])
    def test_solvers_that_can_t(self, Estimator, name, solver):
        with pytest.raises(ValueError, match=f"{name}=.* can't be used with solver"):
            Estimator(solver=solver, **{name: ON[name]}).fit(X, TWO)

    def test_what_is_not_allowed(self, Estimator, name):
        for wrong in (-0.1, "a"):
            with pytest.raises(ValueError, match=f"'{name}' parameter"):
                Estimator(**{name: wrong}).fit(X, TWO)


@pytest.mark.parametrize(
    "options",
    [
        {"dropout": 0.3, "input_dropout": 0.1, "input_noise": 0.1, "average": "ema"},
        {"loss": "huber", "max_grad_norm": 1.0, "max_norm": 1.0},
        {"max_grad_norm": 0.5, "alpha": 0.01, "l1_ratio": 0.5},
    ],
    ids=["drawn", "limits", "penalty"],
)
def test_any_number_of_threads_gives_the_same_bits(options):
    # Large enough for a BLAS to divide the work.
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(600, 300)).astype(np.float32)
    y = rows[:, 0] - rows[:, 1]
    settings = {"hidden_layer_sizes": (400, 200), "batch_size": 300, "max_iter": 2}
    found = []
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            model = small_net(BPRegressor, **settings, **options).fit(rows, y)
            found.append(theta(model))
    assert_array_equal(found[0], found[1])
    assert_array_equal(found[0], found[2])


def test_the_threads_of_the_blas_are_given_back():
    from threadpoolctl import threadpool_info

    before = [library["num_threads"] for library in threadpool_info()]
    small_net(BPRegressor, dropout=0.2).fit(X, REAL)
    with pytest.raises(ValueError, match="Training diverged"):
        small_net(BPRegressor, dropout=0.2, solver="sgd", learning_rate_init=1e300).fit(
            X, REAL
        )
    assert [library["num_threads"] for library in threadpool_info()] == before

"""The compiled engine against the reference, and against itself on other threads."""

import numpy as np
import pytest
from _helpers import (
    ACTIVATION_FORMULAS,
    make_case,
    make_data,
    make_optimizer,
    make_weight,
    objective_for,
    plain_objective,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier, BPRegressor
from skann._engine import native, reference
from skann._engine.native import binding
from skann._network.activations import ACTIVATIONS
from skann._network.losses import LOSSES
from skann._network.network import Network
from skann._optimize.schedule_base import Counts
from skann._optimize.schedules import SCHEDULES

pytestmark = pytest.mark.skipif(
    not binding.is_compiled(), reason="the compiled engine is not there"
)

RULES = ["plain sgd", "sgd", "sgd, Polyak's momentum", "adam", "adamw"]


@pytest.fixture
def threads(monkeypatch):
    """A function that sets how many threads the engine is to use."""

    def use(n):
        monkeypatch.setattr(binding, "n_threads", lambda step_work, call_work: n)

    return use


def levels():
    return binding._compiled.levels() if binding.is_compiled() else ()


@pytest.fixture(params=levels())
def level(request):
    """Every level of vector instructions that the processor has."""
    before = binding.level()
    binding._compiled.use_level(request.param)
    yield request.param
    binding._compiled.use_level(before)


def gradient(network, theta, data, batch_size, alpha=0.0):
    """Loss, gradient and its square of one batch, as the engine has them."""
    found = np.full_like(theta, np.nan)
    rule = binding.gradient_rule(binding.STORE, alpha)
    training = binding.training(network, theta, rule, [found], data, batch_size)
    rows = data.row_numbers.astype(np.int64)
    (loss,), square = training.run(
        rows, 0, min(batch_size, len(rows)), None, 1.0, 0, 0.0, np.inf
    )
    return loss, found, square


def expected(network, theta, X, y, weight=None, alpha=0.0, dtype=np.float64):
    """The same by the reference."""
    objective = objective_for(network, theta, X.astype(dtype), y, weight, alpha)
    loss, _ = objective.batch(slice(0, len(y)))
    return loss, objective.gradient


def network_of(sizes, loss="squared_error", activation="tanh", seed=0):
    network = Network(sizes, (activation,) * (len(sizes) - 2), loss)
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.3, network.layout.n_parameters)
    return network, theta, rng


class TestGradient:
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("depth", [0, 1, 3])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("alpha", [0.0, 0.1])
    @pytest.mark.parametrize("n", [1, 2])
    def test_of_every_loss(self, loss, depth, weighted, alpha, n, threads, level):
        threads(n)
        network, theta, X, y = make_case(
            loss, ("tanh", "gelu", "relu")[:depth], n_rows=20
        )
        weight = make_weight(20) if weighted else None
        data = make_data(X, y, loss, weight)
        value, found, square = gradient(network, theta, data, 20, alpha)
        loss, right = expected(network, theta, X, y, weight, alpha)
        assert value == pytest.approx(loss, rel=1e-12)
        assert_allclose(found, right, rtol=1e-11, atol=1e-14)
        assert square == pytest.approx(right @ right, rel=1e-11)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_every_activation(self, activation, dtype, level):
        network, theta, rng = network_of((3, 9, 17, 2), activation=activation)
        X, y = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
        theta = theta.astype(dtype)
        data = make_data(X.astype(dtype), y, "squared_error", dtype=dtype)
        value, found, _ = gradient(network, theta, data, 21)
        loss, right = expected(network, theta.astype(np.float64), X, y)
        tolerance = 2e-5 if dtype == np.float32 else 1e-12
        assert value == pytest.approx(loss, rel=tolerance)
        assert_allclose(found, right, rtol=tolerance, atol=tolerance)
        assert found.dtype == dtype

    # Around the edges of tiles, panels and blocks, and across the depth of a panel.
    @pytest.mark.parametrize(
        ("n_rows", "sizes"),
        [
            (1, (1, 1, 1)),
            (2, (5, 2, 3)),
            (3, (6, 4, 8)),
            (5, (7, 8, 9)),
            (7, (12, 9, 16)),
            (13, (13, 16, 17)),
            (24, (49, 17, 31)),
            (25, (97, 33, 5)),
            (30, (50, 64, 2)),
            (6, (1700, 10, 3)),
            (1700, (5, 40, 3)),
            (10, (3, 1030, 4)),
        ],
    )
    @pytest.mark.parametrize("n", [1, 2, 3])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_every_shape(self, n_rows, sizes, n, dtype, threads, level):
        threads(n)
        network, theta, rng = network_of(sizes)
        theta /= np.sqrt(max(sizes))
        X, y = rng.normal(size=(n_rows, sizes[0])), rng.normal(size=(n_rows, sizes[-1]))
        X[rng.random(X.shape) < 0.1] = 0
        theta = theta.astype(dtype)
        data = make_data(X.astype(dtype), y, "squared_error", dtype=dtype)
        value, found, _ = gradient(network, theta, data, n_rows)
        loss, right = expected(network, theta.astype(np.float64), X, y)
        tolerance = 1e-4 if dtype == np.float32 else 1e-11
        assert value == pytest.approx(loss, rel=tolerance)
        assert_allclose(found, right, rtol=tolerance, atol=tolerance * abs(right).max())

    @pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
    @pytest.mark.parametrize("n", [1, 2])
    def test_of_data_that_are_mostly_zeros_side_by_side(self, share, n, threads, level):
        threads(n)
        network, theta, rng = network_of((203, 70, 4))
        X, y = rng.normal(size=(90, 203)), rng.normal(size=(90, 4))
        X[np.repeat(rng.random((90, 51)) < share, 4, axis=1)[:, :203]] = 0
        _, found, _ = gradient(network, theta, make_data(X, y, "squared_error"), 90)
        _, right = expected(network, theta, X, y)
        assert_allclose(found, right, rtol=1e-11, atol=1e-13)

    def test_a_row_that_is_not_finite_is_not_taken_for_zeros(self):
        network, theta, rng = network_of((203, 70, 4))
        X, y = np.zeros((90, 203)), rng.normal(size=(90, 4))
        X[80, 100] = np.nan
        value, found, _ = gradient(network, theta, make_data(X, y, "squared_error"), 90)
        assert np.isnan(value)
        assert np.isnan(found).any()

    def test_of_class_codes_is_that_of_indicators(self):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=20)
        one = gradient(network, theta, make_data(X, y, "softmax"), 20)
        other = gradient(network, theta, make_data(X, y, "softmax", codes=True), 20)
        assert one[0] == other[0]
        assert_array_equal(one[1], other[1])

    def test_by_tasks(self):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=20, n_outputs=5)
        network = Network(network.layer_sizes, network.activations, "softmax", (2, 3))
        y[:, :2] = np.eye(2)[y[:, :2].argmax(axis=1)]
        y[:, 2:] = np.eye(3)[y[:, 2:].argmax(axis=1)]
        value, found, _ = gradient(network, theta, make_data(X, y, "softmax"), 20)
        loss, right = expected(network, theta, X, y)
        assert value == pytest.approx(loss, rel=1e-12)
        assert_allclose(found, right, rtol=1e-11, atol=1e-14)

    def test_where_targets_are_missing(self):
        loss = "observed_squared_error"
        network, theta, X, y = make_case(loss, ("tanh",), n_rows=20)
        y[::3, 1] = np.nan
        value, found, _ = gradient(network, theta, make_data(X, y, loss), 20)
        right, right_gradient = expected(network, theta, X, y)
        assert value == pytest.approx(right, rel=1e-12)
        assert_allclose(found, right_gradient, rtol=1e-11, atol=1e-14)

    @pytest.mark.parametrize("n_rows", [50, 5000])
    def test_over_all_rows_in_chunks(self, n_rows):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=n_rows)
        rows, weight = np.arange(3, n_rows - 5), make_weight(n_rows)
        data = make_data(X, y, "softmax", weight, rows)
        one = native.Objective(network, 0.3, theta, data, 10)
        other = reference.Objective(network, 0.3, theta, data)
        for _ in range(2):
            assert one.full() == pytest.approx(other.full())
            assert_allclose(one.gradient, other.gradient, rtol=1e-11, atol=1e-14)

    @pytest.mark.parametrize("rows", [slice(3, 13), slice(49, 50), np.array([7, 3, 9])])
    def test_of_a_batch(self, rows):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=50)
        data = make_data(X, y, "softmax", make_weight(50))
        one = native.Objective(network, 0.3, theta, data, 10)
        other = reference.Objective(network, 0.3, theta, data)
        for _ in range(2):
            assert one.batch(rows) == pytest.approx(other.batch(rows))
            assert_allclose(one.gradient, other.gradient, rtol=1e-11, atol=1e-14)


class TestElementwise:
    """Functions of one number, seen through a network of one unit."""

    def seen(self, activation, z):
        network = Network((1, 1, 1), (activation,), "squared_error")
        theta = np.array([1, 0, 1, 0], z.dtype)
        return network, theta, native.raw_outputs(network, theta, z[:, None])[0][:, 0]

    def values(self, activation, dtype):
        sizes = np.concatenate([np.logspace(-30, 1, 400), np.linspace(0, 90, 400)])
        if activation not in ("elu", "selu", "gelu", "silu", "softplus", "mish"):
            sizes = np.append(sizes, np.logspace(2, 30, 50))
        return np.concatenate([-sizes[::-1], [0.0], sizes]).astype(dtype)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_activations_keep_their_digits(self, activation, dtype, level):
        z = self.values(activation, dtype)
        *_, found = self.seen(activation, z)
        right = ACTIVATION_FORMULAS[activation][0](z.astype(np.float64))
        # exp goes no lower than the smallest normal number, times z here; and far out
        # SciPy's normal distribution has lost some digits.
        limits = np.finfo(dtype)
        tolerance = 1e-13 if activation == "gelu" else 0
        tolerance = max(tolerance, 16 * limits.eps)
        assert_allclose(found, right, rtol=tolerance, atol=200 * limits.tiny)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_derivatives_keep_their_digits(self, activation, level):
        z = np.linspace(-40, 40, 161)
        network, theta, a = self.seen(activation, z)
        data = make_data(z[:, None], a[:, None] - 1, "squared_error")
        found = [
            gradient(network, theta, data.using(np.array([i])), 1)[1][1]
            for i in range(len(z))
        ]
        right = ACTIVATION_FORMULAS[activation][1](z)
        # Those told from the output cancel where it has come to rest.
        assert_allclose(found, right, rtol=1e-9, atol=1e-14)

    @pytest.mark.parametrize("z", [-1e30, -800.0, -50.0, 50.0, 800.0, 1e30])
    @pytest.mark.parametrize("loss", ["cross_entropy", "logistic_squared_error"])
    def test_losses_of_huge_outputs(self, z, loss):
        network = Network((1, 2), (), loss)
        theta, X = np.array([0.0, 0.0, z, -z]), np.zeros((1, 1))
        y = np.array([[1.0, 1.0]])
        value, found, _ = gradient(network, theta, make_data(X, y, loss), 1)
        assert value == pytest.approx(plain_objective(network, theta, X, y, None, 0.0))
        assert np.isfinite(found).all()


class TestRules:
    @pytest.mark.parametrize("form", RULES)
    @pytest.mark.parametrize("alpha", [0.0, 0.05])
    @pytest.mark.parametrize("n", [1, 2])
    def test_are_the_optimisers_own(self, form, alpha, n, threads, level):
        threads(n)
        network, theta, X, y = make_case("softmax", ("tanh", "relu"), n_rows=30)
        engine = binding.rule_of(make_optimizer(form), alpha)
        mine = make_optimizer(form).start(theta.size, np.float64)
        numpy_s = make_optimizer(form).start(theta.size, np.float64)
        one, other = theta.copy(), theta.copy()
        data = make_data(X, y, "softmax")
        training = binding.training(network, one, engine, mine.state, data, 30)
        objective = reference.Objective(network, alpha, other, data)
        numpy_s.bind(other, objective.gradient, network.layout.weight_slices)
        for step in range(50):
            rate = 0.01 * (1 + step % 3)
            (found,), _ = training.run(None, 0, 30, None, rate, step, 0.0, np.inf)
            right, _ = objective.batch(slice(0, 30))
            numpy_s.step(rate)
            assert found == pytest.approx(right, rel=1e-11)
        assert_allclose(one, other, rtol=1e-10, atol=1e-12)
        for vector, twin in zip(mine.state, numpy_s.state, strict=True):
            assert_allclose(vector, twin, rtol=1e-9, atol=1e-12)

    def test_others_are_none(self):
        for form in ("amsgrad", "nadam", "rmsprop", "adagrad", "lion", "rprop"):
            assert binding.rule_of(make_optimizer(form), 0.0) is None


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 130))
    return X, (X[:, :3].sum(axis=1) > 0).astype(int) + (X[:, 4] > 1)


class TestThreads:
    """They change nothing, to the last bit."""

    @pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "lion", "lbfgs"])
    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    @pytest.mark.parametrize("alpha", [0.0, 0.01])
    @pytest.mark.parametrize("n_features", [30, 130])  # the latter goes in halves
    @pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning"  # three iterations of L-BFGS
    )
    def test_of_any_number(self, blobs, solver, storage, alpha, n_features, threads):
        X, y = blobs
        X = storage(np.where(X > 0.5, X, 0)[:, :n_features])
        fits = []
        for n in (1, 2, 3, 4, 5):
            threads(n)
            model = BPClassifier(
                (40, 20), solver=solver, alpha=alpha, max_iter=3, random_state=0
            )
            fits.append(model.fit(X, y))
        for model in fits[1:]:
            for one, other in zip(model.coefs_, fits[0].coefs_, strict=True):
                assert_array_equal(one, other)
            for name, column in fits[0].history_.items():
                if name != "seconds":
                    assert_array_equal(model.history_[name], column)
            assert_array_equal(model.predict_proba(X), fits[0].predict_proba(X))

    def test_as_many_as_the_work_is_worth(self):
        assert binding.n_threads(1e3, 1e12) == 1
        assert binding.n_threads(1e12, 1e3) == 1
        assert binding.n_threads(1e12, 1e12) >= 1

    def test_no_more_than_the_blas_has(self):
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            assert binding.n_threads(1e12, 1e12) == 1


class TestRowsOfX:
    @pytest.mark.parametrize(
        "rearrange",
        [
            np.asfortranarray,
            lambda X: np.repeat(X, 2, axis=1)[:, ::2],
            lambda X: np.repeat(X, 2, axis=0)[::2],
            lambda X: X[::-1].copy()[::-1],
            lambda X: X[:, ::-1].copy()[:, ::-1],
        ],
        ids=["Fortran", "columns apart", "rows apart", "rows back", "columns back"],
    )
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("n_features", [3, 130])  # the latter goes in halves
    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_in_any_order_and_precision(self, rearrange, dtype, n_features, n, threads):
        threads(n)
        sizes = (n_features, 4, 3)
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=40, sizes=sizes)
        X = X.astype(np.float32).astype(dtype)
        data = make_data(rearrange(X), y, "softmax")
        value, found, _ = gradient(network, theta, data, 40)
        right = gradient(network, theta, make_data(X.astype(float), y, "softmax"), 40)
        assert value == right[0]
        assert_array_equal(found, right[1])

    def test_are_left_alone(self):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=40)
        before = X.copy()
        X.flags.writeable = False
        gradient(network, theta, make_data(X, y, "softmax"), 40)
        assert_array_equal(X, before)

    def test_at_odd_addresses_are_left_to_numpy(self):
        X = np.frombuffer(bytearray(4 * 60 + 1), np.float32, offset=1).reshape(20, 3)
        assert not X.flags.aligned
        X[:] = np.random.default_rng(0).normal(size=X.shape)
        y = np.arange(20) % 3
        odd, even = (
            BPClassifier((4,), max_iter=3, random_state=0).fit(rows, y)
            for rows in (X, X.copy())
        )
        assert_allclose(odd.predict_proba(X), even.predict_proba(X.copy()), rtol=1e-4)

    def test_of_a_mapped_file(self, tmp_path):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=40)
        np.save(tmp_path / "X.npy", X)
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        assert_array_equal(
            gradient(network, theta, make_data(mapped, y, "softmax"), 40)[1],
            gradient(network, theta, make_data(X, y, "softmax"), 40)[1],
        )


def wide(seed=0, n_rows=60, n_features=500, density=0.01, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = sparse.random_array(
        (n_rows, n_features), density=density, format="csr", random_state=rng
    )
    return X.astype(dtype), rng.normal(size=(n_rows, 2)), rng


class TestSparse:
    @pytest.mark.parametrize("density", [0.01, 0.3])
    @pytest.mark.parametrize("depth", [0, 1, 2])
    @pytest.mark.parametrize("n", [1, 2])
    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
    def test_gradient_is_that_of_dense(self, density, depth, n, kind, threads, level):
        threads(n)
        X, y, _ = wide(density=density)
        network, theta, _ = network_of((500, *(9, 5)[:depth], 2))
        found = gradient(
            network, theta, make_data(kind(X), y, "squared_error"), 60, 0.1
        )
        right = gradient(
            network, theta, make_data(X.toarray(), y, "squared_error"), 60, 0.1
        )
        assert found[0] == pytest.approx(right[0], rel=1e-12)
        assert_allclose(found[1], right[1], rtol=1e-11, atol=1e-13)

    @pytest.mark.parametrize("dtype", [np.int32, np.int64])
    def test_indices_of_either_size(self, dtype):
        X, y, _ = wide()
        network, theta, _ = network_of((500, 9, 2))
        right = gradient(network, theta, make_data(X, y, "squared_error"), 60)
        X = X.copy()
        X.indices, X.indptr = X.indices.astype(dtype), X.indptr.astype(dtype)
        found = gradient(network, theta, make_data(X, y, "squared_error"), 60)
        assert_array_equal(found[1], right[1])

    def test_indices_in_any_order_and_twice(self):
        X = sparse.csr_array(
            (
                np.array([1.0, 2.0, 3.0, 4.0]),
                np.array([4, 0, 4, 2]),
                np.array([0, 3, 4]),
            ),
            shape=(2, 6),
        )
        network, theta, rng = network_of((6, 3, 2))
        y = rng.normal(size=(2, 2))
        found = gradient(network, theta, make_data(X, y, "squared_error"), 2)
        right = gradient(network, theta, make_data(X.toarray(), y, "squared_error"), 2)
        assert_allclose(found[1], right[1], rtol=1e-12)

    def runs(self, form, is_lazy, schedule, batch_size=3):
        """Twenty epochs, with lazy updates or without."""
        X, y, _ = wide()
        network, theta, _ = network_of((500, 4, 2))
        settings = {"epsilon": 1e-20} if form == "adam" else {}
        optimizer = make_optimizer(form, **settings).start(theta.size, np.float64)
        data = make_data(X, y, "squared_error")
        if not is_lazy:
            data = make_data(X.toarray(), y, "squared_error")
        epochs = native.RuleEpochs(network, 0.0, theta, data, optimizer, batch_size)
        plan = SCHEDULES[schedule]().begin(0.02)
        plan.start(Counts(), Counts(20 * 20, 20, 20 * 60))
        rng, done, losses = np.random.default_rng(0), Counts(), []
        for epoch in range(20):
            found, _ = epochs.epoch(plan, done, rng, np.inf)
            losses += found
            done = Counts(len(losses), epoch + 1, 60 * (epoch + 1))
            if epoch % 5 == 4:
                epochs.flush()
        return theta, optimizer, losses, epochs.gradient_norm

    @pytest.mark.parametrize("form", RULES[:4])
    @pytest.mark.parametrize("n", [1, 2])
    @pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
    def test_weights_catch_up_with_where_they_would_have_gone(
        self, form, n, schedule, threads
    ):
        threads(n)
        theta, optimizer, losses, norm = self.runs(form, True, schedule)
        right, twin, right_losses, right_norm = self.runs(form, False, schedule)
        assert_allclose(losses, right_losses, rtol=1e-9)
        assert_allclose(theta, right, rtol=1e-9, atol=1e-11)
        assert norm == pytest.approx(right_norm, rel=1e-8)
        for vector, other in zip(optimizer.state, twin.state, strict=True):
            assert_allclose(vector, other, rtol=1e-7, atol=1e-13)

    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_models_are_the_reference_s(self, solver, dtype, monkeypatch):
        X, y, _ = wide(dtype=dtype)
        fits = []
        for engine in (binding._compiled, None):
            monkeypatch.setattr(binding, "_compiled", engine)
            model = BPRegressor((5,), solver=solver, max_iter=5, random_state=0)
            fits.append(model.fit(X, y).fit(X, y).partial_fit(X, y))
        tolerance = 1e-3 if dtype == np.float32 else 1e-5
        for one, other in zip(fits[0].coefs_, fits[1].coefs_, strict=True):
            assert one.dtype == dtype
            assert_allclose(one, other, rtol=tolerance, atol=tolerance)

"""Which engine does what, and that docs/engine.md says so."""

import re
from pathlib import Path

import numpy as np
import pytest
from _helpers import make_case, make_data, small_net
from scipy import sparse

from skann import BPRegressor
from skann._engine import choice, contract, native, reference
from skann._engine.choice import lazy_updates_pay
from skann._engine.native import binding
from skann._engine.step_options import StepOptions
from skann._network.activations import ACTIVATIONS
from skann._network.losses import LOSSES
from skann._network.network import Network
from skann._network.normalization import folded
from skann._optimize.minimizers import MINIMIZERS
from skann._optimize.optimizers import OPTIMIZERS
from skann._optimize.solvers import SOLVERS
from skann._training.averaged_weights import AveragedWeights
from skann.averaging import EMA

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"

needs_compiled = pytest.mark.skipif(
    not binding.is_compiled(), reason="the compiled engine is not there"
)


def odd(X):
    """The same numbers at addresses that are no multiple of their size."""
    memory = bytearray(X.nbytes + 1)
    moved = np.frombuffer(memory, X.dtype, offset=1).reshape(X.shape)
    moved[...] = X
    return moved


# In a network of float32.
KINDS_OF_DATA = {
    "dense": lambda X: X,
    "dense at odd addresses": odd,
    "csr": sparse.csr_array,
    "csr in another precision": lambda X: sparse.csr_array(X.astype(np.float64)),
}


def rows_of_the_table():
    """(what, name): (compiled engine, reference engine), as documented."""
    found = {}
    first_section, _ = PAGE.read_text("utf-8").split("\n## ", 1)
    for line in first_section.splitlines():
        if line.startswith("| ") and not line.startswith("| what"):
            what, which, compiled, plain = line.strip("| ").split(" | ")
            for name in re.findall("`([^`]+)`", which):
                assert (what, name) not in found
                found[what, name] = compiled, plain
    return found


def yes(answer):
    return "yes" if answer else "no"


def of_solver(kind):
    """What either engine does for a solver."""
    compiled, plain = ["gradients"], ["gradients"]
    if kind in OPTIMIZERS.values() and native.can_fuse(kind()):
        compiled = ["epochs"]
        wide = sparse.random(50, 400, 0.01, "csr", random_state=0)
        if lazy_updates_pay(wide, 5, 0.0, kind()):
            compiled.append("lazy updates")
    if kind in MINIMIZERS.values() and kind.uses_hessian:
        plain.append("Hessian products")
    if kind in MINIMIZERS.values() and kind.uses_gauss_newton:
        plain.append("Gauss-Newton matrices")
    return ", ".join(compiled), ", ".join(plain)


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not installed")
class TestTable:
    """Every activation, loss, solver and kind of data is in it, and as it is."""

    def section(self, what):
        table = rows_of_the_table()
        return {name: row for (kind, name), row in table.items() if kind == what}

    @needs_compiled
    @pytest.mark.parametrize(
        ("what", "table", "compiled"),
        [
            ("activation", ACTIVATIONS, binding.ACTIVATIONS),
            ("loss", LOSSES, binding.LOSSES),
        ],
    )
    def test_of_activations_and_losses(self, what, table, compiled):
        assert self.section(what) == {
            name: (yes(name in compiled), "yes") for name in table
        }
        for name in compiled:
            self.evaluate(name if what == "loss" else "squared_error", what, name)

    def evaluate(self, loss, what, name):
        activation = name if what == "activation" else "tanh"
        # The compiled engine's own checks refuse what it does not know.
        network, theta, X, y = make_case(loss, (activation,))
        native.Objective(network, 0.0, theta, make_data(X, y, loss), 5).full()

    def test_of_solvers(self):
        assert self.section("solver") == {
            name: of_solver(kind) for name, kind in SOLVERS.items()
        }

    @needs_compiled
    def test_of_data(self):
        network, theta, X, y = make_case("softmax", ("tanh",))
        theta, X = theta.astype(np.float32), X.astype(np.float32)
        found = {}
        for kind, made in KINDS_OF_DATA.items():
            found[kind] = yes(native.supports(made(X), theta.dtype)), "yes"
            data = make_data(made(X), y, "softmax", dtype=np.float32)
            value, _ = reference.Objective(network, 0.0, theta, data).full()
            assert np.isfinite(value)
        assert self.section("data") == found


# Parameters of estimators, or what ``initialize`` takes, each as it is switched on.
OF_NETWORKS = {
    "skip_connection": {"skip_connection": True},
    "layer normalization": {"normalization": "layer"},
    "batch normalization": {"normalization": "batch"},
}
# And what of it the steps are told.
OF_STEPS = {
    "l1_ratio": ({"l1_ratio": 0.5, "alpha": 0.01}, {"l1": 0.005}),
    "max_norm": ({"max_norm": 2.0}, {"max_norm": 2.0}),
    "max_grad_norm": ({"max_grad_norm": 1.0}, {"max_grad_norm": 1.0}),
    "max_grad_value": ({"max_grad_value": 1.0}, {"max_grad_value": 1.0}),
    "average": ({"average": "ema"}, {"average": AveragedWeights(EMA())}),
    "trainable": ({"trainable": [False, True]}, {"frozen": np.array([0])}),
    "dropout": ({"dropout": 0.1}, {"dropout": 0.1}),
    "input_dropout": ({"input_dropout": 0.1}, {"input_dropout": 0.1}),
    "input_noise": ({"input_noise": 0.1}, {"input_noise": 0.1}),
}


@needs_compiled
@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not installed")
class TestTableOfOptions:
    """What engine_ says of each option is what the table says."""

    def trained(self, name, options):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
        model = small_net(BPRegressor, solver="adam", warm_start=True, **options)
        return model.fit(X, y)

    def section(self, what):
        table = rows_of_the_table()
        return {name: row for (kind, name), row in table.items() if kind == what}

    def makes_epochs(self, told):
        network, theta, X, y = make_case("squared_error", ("tanh",))
        optimizer = OPTIMIZERS["adam"]().start(theta.size, theta.dtype)
        about = network, 0.0, theta, make_data(X, y, "squared_error"), optimizer, 3
        return type(choice.epochs(*about, StepOptions(**told))) is native.FusedEpochs

    def test_of_networks(self):
        found = {}
        for name, options in OF_NETWORKS.items():
            model = self.trained(name, options)
            assert model.engine_ == "reference"
            network = model._network
            if network.normalization == "batch":
                network, _ = folded(network, model._theta)
            predicts = "predictions" if native.predicts(network) else "no"
            found[name] = predicts, "yes"
        assert self.section("network") == found

    def test_of_steps(self):
        found = {}
        for name, (options, told) in OF_STEPS.items():
            compiled = "no"
            if self.trained(name, options).engine_ == "compiled":
                compiled = "epochs" if self.makes_epochs(told) else "gradients"
            found[name] = compiled, "gradients"
        assert self.section("step") == found


class TestChoice:
    """The compiled engine where it takes the case, else the reference."""

    def both(self, kind):
        network, theta, X, y = make_case("softmax", ("tanh",))
        theta, X = theta.astype(np.float32), X.astype(np.float32)
        data = make_data(KINDS_OF_DATA[kind](X), y, "softmax", dtype=np.float32)
        return network, 0.0, theta, data

    @needs_compiled
    @pytest.mark.parametrize("kind", KINDS_OF_DATA)
    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_of_objective_and_epochs(self, kind, name):
        about = self.both(kind)
        optimizer = OPTIMIZERS[name]().start(about[2].size, np.float32)
        engine = native if native.supports(about[3].X, np.float32) else reference
        objective = choice.objective(*about)
        epochs = choice.epochs(*about, optimizer, 3)
        assert type(objective) is engine.Objective
        by_rule = engine is native and native.can_fuse(optimizer)
        expected = native.FusedEpochs if by_rule else contract.UnfusedEpochs
        assert type(epochs) is expected

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("activation", ["tanh", "step"])
    def test_what_it_does_not_know_is_the_reference_s(self, loss, activation):
        network, theta, X, y = make_case(loss, ("tanh", activation))
        about = network, 0.0, theta, make_data(X, y, loss)
        known = binding.is_compiled() and loss in binding.LOSSES
        known = known and activation != "step"
        assert type(choice.objective(*about)) is (
            native.Objective if known else reference.Objective
        )
        optimizer = OPTIMIZERS["adam"]().start(theta.size, theta.dtype)
        expected = native.FusedEpochs if known else contract.UnfusedEpochs
        assert type(choice.epochs(*about, optimizer, 3)) is expected
        raw, _ = choice.raw_outputs(network, theta, X)
        np.testing.assert_allclose(
            raw, reference.raw_outputs(network, theta, X)[0], rtol=1e-12
        )

    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_without_the_compiled_engine_it_is_the_reference(self, name, monkeypatch):
        monkeypatch.setattr(binding, "_compiled", None)
        about = self.both("dense")
        optimizer = OPTIMIZERS[name]().start(about[2].size, np.float32)
        assert type(choice.objective(*about)) is reference.Objective
        assert type(choice.epochs(*about, optimizer, 3)) is contract.UnfusedEpochs

    def test_curvature_is_the_reference_s(self):
        network, _, X, y = make_case("softmax", ("tanh",))
        found = choice.curvature(network, 0.1, make_data(X, y, "softmax"))
        assert type(found) is reference.Curvature

    @pytest.mark.parametrize("kind", KINDS_OF_DATA)
    def test_predictions_are_the_same(self, kind):
        network, _, theta, data = self.both(kind)
        found, finite = choice.raw_outputs(network, theta, data.X)
        right, _ = reference.raw_outputs(network, theta, data.X)
        assert finite
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-6)


def test_a_network_of_tasks_is_known_to_both():
    network, theta, X, y = make_case("softmax", ("tanh",), n_outputs=5)
    network = Network(network.layer_sizes, network.activations, "softmax", (2, 3))
    y[:, :2], y[:, 2:] = np.eye(2)[0], np.eye(3)[1]
    data = make_data(X, y, "softmax")
    right = reference.Objective(network, 0.1, theta, data).full()
    assert choice.objective(network, 0.1, theta, data).full() == pytest.approx(right)

"""What a network is."""

import pytest

from skann._network.activations import ACTIVATIONS
from skann._network.losses import LOSSES
from skann._network.network import Network


class TestNetwork:
    def test_brings_its_parts(self):
        network = Network((2, 3, 4, 1), ("tanh", "gelu"), "cross_entropy")
        assert network.layout.shapes == [(2, 3), (3, 4), (4, 1)]
        assert network.activation_functions == [
            ACTIVATIONS["tanh"],
            ACTIVATIONS["gelu"],
        ]
        assert network.loss_function is LOSSES["cross_entropy"]

    def test_equal_if_all_is_equal(self):
        network = Network((2, 3, 1), ("tanh",), "cross_entropy")
        assert network == Network((2, 3, 1), ("tanh",), "cross_entropy")
        assert network != Network((2, 4, 1), ("tanh",), "cross_entropy")
        assert network != Network((2, 3, 1), ("relu",), "cross_entropy")
        assert network != Network((2, 3, 1), ("tanh",), "squared_error")

    def test_can_t_be_changed(self):
        network = Network((2, 3, 1), ("tanh",), "cross_entropy")
        with pytest.raises(AttributeError):
            network.loss = "squared_error"

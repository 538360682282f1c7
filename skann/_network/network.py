"""What a network is, apart from its parameters.

How its equations are computed is the engines' business; the reference has them line by
line in ``_engine/reference/equations.py``.
"""

from dataclasses import dataclass, fields
from functools import cached_property

from .activations import ACTIVATIONS
from .layout import Layout
from .losses import LOSSES, MultitaskLoss
from .own_functions import OwnActivation, OwnLoss


def loss_function(loss, options=()):
    """The loss of a name and settings, or of a user's own object."""
    if isinstance(loss, str):
        return LOSSES[loss].with_options(options)
    return OwnLoss(loss)


@dataclass(frozen=True)
class Network:
    """Layers, activations and loss.

    Attributes
    ----------
    layer_sizes : tuple of int
        Units of every layer, inputs first and outputs last.
    activations : tuple of str or object
        Names of the hidden layers' activations, or a user's own.
    loss : str or object
        Name of the loss, which brings the output activation, or a user's own.
    tasks : tuple of int
        Numbers of outputs that the loss is taken of apart; empty for all together.
    loss_options : tuple of float
        Settings of the loss; empty for its own.
    skip : bool
        Whether outputs have a direct linear path from the inputs.
    normalization : {"batch", "layer"} or None
        Of the hidden layers.
    """

    layer_sizes: tuple
    activations: tuple
    loss: str
    tasks: tuple = ()
    loss_options: tuple = ()
    skip: bool = False
    normalization: str | None = None

    @cached_property
    def layout(self):
        """Where the parameters lie in theta."""
        return Layout(self.layer_sizes, self.skip, self.normalization)

    @cached_property
    def activation_functions(self):
        """The activations themselves."""
        return [
            ACTIVATIONS[each] if isinstance(each, str) else OwnActivation(each)
            for each in self.activations
        ]

    @cached_property
    def loss_function(self):
        """The loss itself."""
        loss = loss_function(self.loss, self.loss_options)
        return MultitaskLoss(loss, self.tasks) if self.tasks else loss

    def __reduce__(self):
        return Network, tuple(getattr(self, field.name) for field in fields(self))

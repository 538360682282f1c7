"""Layers of a fitted network as a table, in a terminal and in a notebook."""

from dataclasses import dataclass

from .html_table import html_table

HEADINGS = ("layer", "shape", "activation", "parameters", "memory")


@dataclass(frozen=True)
class LayerSummary:
    """One layer of a network.

    Attributes
    ----------
    layer : str
        "hidden 1", "hidden 2" and so on, or "output".
    shape : tuple of int
        Units before it and in it, ``(n_in, n_out)``, as its array in ``coefs_``.
    activation : str
        Name of its activation.
    parameters : int
        Number of weights and biases.
    memory : int
        Bytes that they take.
    """

    layer: str
    shape: tuple[int, int]
    activation: str
    parameters: int
    memory: int


@dataclass(frozen=True)
class Summary:
    """The layers of a fitted network; prints, and shows in a notebook, as a table.

    Attributes
    ----------
    name : str
        The estimator's class.
    layers : list of LayerSummary
        All layers but the inputs.
    dtype : str
        Type of the parameters.
    """

    name: str
    layers: list[LayerSummary]
    dtype: str

    @property
    def parameters(self) -> int:
        """Number of parameters of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def memory(self) -> int:
        """Bytes of all parameters."""
        return sum(layer.memory for layer in self.layers)

    def _rows(self):
        for layer in self.layers:
            yield (
                layer.layer,
                str(layer.shape),
                layer.activation,
                f"{layer.parameters:,}",
                in_bytes(layer.memory),
            )
        yield "total", "", "", f"{self.parameters:,}", in_bytes(self.memory)

    def _title(self):
        return f"{self.name} in {self.dtype}"

    def __repr__(self) -> str:
        table = [HEADINGS, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(_aligned(row, widths)) for row in table]
        rule = "-" * max(map(len, lines))
        return "\n".join([self._title(), lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def _repr_html_(self):
        return html_table(self._title(), HEADINGS, list(self._rows()), n_text=3)


def _aligned(row, widths):
    """Words to the left, numbers to the right."""
    for i, (text, width) in enumerate(zip(row, widths, strict=True)):
        yield text.ljust(width) if i < 3 else text.rjust(width)


def in_bytes(n):
    """A number of bytes in a unit that suits it, of powers of 1000."""
    for unit in ("B", "kB", "MB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} GB"


def summarize(estimator):
    """The :class:`Summary` of a fitted network."""
    activations = [*map(str, estimator.activations_), estimator.out_activation_]
    layers = []
    pairs = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    for i, (weights, biases) in enumerate(pairs):
        last = i == len(activations) - 1
        layers.append(
            LayerSummary(
                "output" if last else f"hidden {i + 1}",
                weights.shape,
                activations[i],
                weights.size + biases.size,
                weights.nbytes + biases.nbytes,
            )
        )
    layers += _besides(estimator)
    dtype = str(estimator.coefs_[0].dtype)
    return Summary(type(estimator).__name__, layers, dtype)


def _besides(estimator):
    """The direct path and what normalises layers, where there are such."""
    S, normalization = estimator.skip_coef_, estimator.normalization_
    if S is not None:
        yield LayerSummary("direct", S.shape, "identity", S.size, S.nbytes)
    if normalization is not None:
        arrays = [array for kind in normalization.values() for array in kind]
        sizes = sum(a.size for a in arrays), sum(a.nbytes for a in arrays)
        units = sum(array.size for array in normalization["gain"])
        yield LayerSummary("normalization", (units, units), "identity", *sizes)

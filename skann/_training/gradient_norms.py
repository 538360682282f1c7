"""How much of the gradient reaches each layer: further columns of the record."""


class GradientNorms:
    """Norm of the gradient by each layer's weights and biases, after every epoch.

    It is the gradient of J over all rows, at the weights of the epoch's end: of the
    batches' gradients within an epoch the compiled engine keeps none.

    Parameters
    ----------
    objective : Objective
        Of the rows that are trained on, bound to the vector being trained.
    further : object or None
        Further columns of the record, see :class:`Monitor`; these are added to them.

    Attributes
    ----------
    columns : dict of str to list of float
        With "gradient_norm_0" for the layer next to the inputs, and so on.
    """

    def __init__(self, objective, further=None):
        self._objective, self._further = objective, further
        self._own = [[] for _ in objective.network.layout.shapes]
        self.columns = {} if further is None else dict(further.columns)
        for number, column in enumerate(self._own):
            self.columns[f"gradient_norm_{number}"] = column

    def __call__(self):
        """An epoch has ended."""
        objective = self._objective
        with objective.repeatable():
            objective.full()
        norms = objective.network.layout.layer_norms(objective.gradient)
        if self._further is not None:
            self._further()
        for column, norm in zip(self._own, norms, strict=True):
            column.append(norm)

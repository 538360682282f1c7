"""The Hessian of J times a vector, exactly, without the Hessian.

Pearlmutter's R-operator, ``R{f}(theta) = d/dr f(theta + r v)`` at r = 0, applied to
the equations of the network (see ``network.py``). With V and c the parts of v that
belong to W and b::

    R{z} = R{a_previous} W + a_previous V + c       R{a} = f'(z) R{z}
    R{delta} at the output: the loss's Hessian times R{z}
    e = delta W^T                                   delta_previous = f' e
    R{e} = R{delta} W^T + delta V^T                 R{delta_previous} = f' R{e}
                                                                   + f'' R{z} e
    H v: R{dJ/dW} = R{a_previous}^T delta + a_previous^T R{delta},
         R{dJ/db} = 1^T R{delta}

This is the true Hessian, with f'' and with the loss's own curvature, and not the
Gauss-Newton matrix. At the kinks of relu and its relatives, a set of measure zero, it
is that of one side.

Nothing is preallocated here: on all rows at once the arithmetic decides. What depends
on theta alone (half of the work) is kept from one product to the next as long as theta
is the same, if all rows fit in one chunk; else memory would grow with them.

References
----------
Pearlmutter, B. A. (1994). Fast exact multiplication by the Hessian. Neural Computation
6, 147-160.
"""

import numpy as np


class Curvature:
    """Products of the Hessian of J with vectors.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    batches : Batches
        The rows; in float64, as every full-batch computation.
    chunk_rows : int
        Rows worked on at once.
    """

    def __init__(self, network, alpha, batches, chunk_rows):
        self.network = network
        self.alpha = alpha
        self._batches = batches
        self._chunk_rows = chunk_rows
        self._keeps = batches.n_rows <= chunk_rows
        self._kept_theta = self._kept = None

    def product(self, theta, vector):
        """H v at theta, a new array of shape (n_parameters,)."""
        total = np.zeros_like(theta)
        for state in self._states(theta):
            self._add(total, theta, vector, state)
        total /= self._batches.n_rows
        for where in self.network.layout.weight_slices:
            total[where] += self.alpha * vector[where]
        return total

    def _states(self, theta):
        if not self._keeps:
            for chunk in self._batches.epoch(self._chunk_rows):
                yield self._both_ways(theta, *chunk)
            return
        if self._kept is None or not np.array_equal(theta, self._kept_theta):
            (chunk,) = self._batches.epoch(self._chunk_rows)
            self._kept_theta = theta.copy()
            self._kept = self._both_ways(theta, *chunk)
        yield self._kept

    def _parts(self, vector):
        """Weights and biases of ``vector``, as they meet the X of these batches."""
        layout = self.network.layout
        weights, biases = layout.weights(vector), layout.biases(vector)
        if self._batches.ones_column:
            weights[0], biases[0] = layout.first_block(vector), None
        return weights, biases

    def _both_ways(self, theta, X, y, weight):
        """What the network computes at theta, layer after layer.

        Returns
        -------
        inputs : list of array of shape (n_rows, n_in)
            What each layer sees.
        slopes : list of (f', f''), arrays of shape (n_rows, n_units)
            Of each hidden layer; f'' may be 0.
        deltas : list of array of shape (n_rows, n_out)
            Derivative of the summed loss with respect to each z.
        errors : list of array
            The same with respect to each hidden a.
        output : tuple
            Raw outputs, outputs first, with the targets and weights.
        """
        weights, biases = self._parts(theta)
        inputs, slopes = [X], []
        for W, b, activation in zip(
            weights, biases, (*self.network.activation_functions, None), strict=True
        ):
            z = inputs[-1] @ W
            if b is not None:
                z += b
            if activation is not None:
                a, *both = activation.derivatives(z)
                inputs.append(a)
                slopes.append(both)
        z_out = np.array(z.T, order="C")
        delta = z_out.copy()
        work = np.empty_like(delta), np.empty_like(delta), np.empty(delta.shape[1])
        self.network.loss_function.value_and_delta(delta, y, weight, work)
        deltas, errors = [delta.T], []
        for W, (first, _) in zip(weights[:0:-1], slopes[::-1], strict=True):
            errors.append(deltas[-1] @ W.T)
            deltas.append(errors[-1] * first)
        # The targets are valid only until the next chunk, and so is this.
        return inputs, slopes, deltas[::-1], errors[::-1], (z_out, y, weight)

    def _add(self, total, theta, vector, state):
        """Add one chunk's part of the product to ``total``."""
        inputs, slopes, deltas, errors, (z_out, y, weight) = state
        weights, _ = self._parts(theta)
        V, c = self._parts(vector)
        sums, bias_sums = self._parts(total)
        r_inputs, r_z = [None], []
        for i, W in enumerate(weights):
            change = inputs[i] @ V[i]
            if i:
                change += r_inputs[i] @ W
            if c[i] is not None:
                change += c[i]
            r_z.append(change)
            if i < len(slopes):
                r_inputs.append(slopes[i][0] * change)
        loss = self.network.loss_function
        r_delta = loss.hessian_product(z_out, np.array(r_z[-1].T, order="C"), y)
        if weight is not None:
            r_delta *= weight
        r_delta = r_delta.T
        for i in reversed(range(len(weights))):
            sums[i] += inputs[i].T @ r_delta
            if bias_sums[i] is not None:
                bias_sums[i] += r_delta.sum(axis=0)
            if i:
                sums[i] += r_inputs[i].T @ deltas[i]
                first, second = slopes[i - 1]
                r_error = r_delta @ weights[i].T + deltas[i] @ V[i].T
                r_delta = first * r_error + second * r_z[i - 1] * errors[i - 1]

"""Sparse data: training only the rows of the first layer's weights that a batch meets.

With sparse X a feature that no row of the batch has gets no gradient, and its row of
the first layer's weights sleeps. A sleeping row still moves under momentum, and its
moments decay, but by rules that need no gradient; so nothing is done to it until a
batch meets it again, and then all of it at once. Time and memory follow the stored
values of X, not its width.

With a state s_k after k steps asleep and decay factors d, ``s_k = d^k s_0`` exactly,
and the row has moved by ``direction(s_0) · Σ_j rate_j ratio^j``:

* plain SGD, Adagrad and RMSprop do not move: exact;
* momentum, v_j = μ^j v_0, and that of RMSprop: exact;
* Adam moves by -η_j β₁^j m_0 / (β₂^(j/2) √v_0 + ε) at its j-th step: here ε is taken to
  shrink like √v, so that the sum is one division and a factor. Relative to exact Adam
  a movement is off by less than 0.2 ε/√v before it has died away: nothing, unless
  gradients are as small as ε.

Sums over rates are kept for every step at which a row may have fallen asleep. Terms
with ``ratio^j`` below 1e-20 are left out: a window of some hundred steps.

The compiled engine does the same for SGD and Adam; see ``_engine/native/sparse.h``.
"""

import math

import numpy as np
from scipy import sparse

# Rows brought up to date at once at the end of a run.
_CHUNK_ROWS = 4096


def pays(X, batch_size, alpha, optimizer):
    """Whether rows can sleep, and a batch of X meets few enough of its features.

    The L2 penalty keeps all weights moving, so ``alpha`` must be zero; and movement
    must die away, by a rule that the optimiser knows.
    """
    if not sparse.issparse(X) or alpha or optimizer.sleep_ratio >= 1:
        return False
    return X.nnz / X.shape[0] * batch_size < X.shape[1] / 2


class LazyRows:
    """The first layer's weights under an optimiser, row by row as batches meet them.

    Parameters
    ----------
    optimizer : Optimizer
        Started; its state is shared.
    weights : ndarray of shape (n_features, n_units)
        View of theta.
    """

    def __init__(self, optimizer, weights):
        self._optimizer = optimizer
        self._weights = weights
        shape, size = weights.shape, weights.size
        self._state = [vector[:size].reshape(shape) for vector in optimizer.state]
        self._first_step = optimizer.n_steps
        # -1 for rows that have never been awake: their state is zero, nothing moves.
        never = -1 if optimizer.n_steps == 0 else 0
        self._asleep_since = np.full(len(weights), never, dtype=np.intp)
        # For each step of this run: Σ rate_j ratio^j over the steps since.
        self._moves = np.zeros(1024)
        ratio = optimizer.sleep_ratio
        length = math.ceil(math.log(1e-20) / math.log(ratio)) if ratio else 0
        self._window = ratio ** np.arange(length, 0, -1)

    @property
    def _now(self):
        return self._optimizer.n_steps - self._first_step

    def wake(self, features):
        """Bring the rows of these features up to date; returns their state."""
        state = [vector[features] for vector in self._state]
        since = self._asleep_since[features]
        steps = self._now - since
        if state and steps.any():
            if len(self._window):
                move = self._optimizer.direction(*state)
                move *= self._moves[since].astype(move.dtype)[:, None]
                self._weights[features] += move
            decays = self._optimizer.sleep_decays
            for vector, decay in zip(state, decays, strict=True):
                vector *= (decay**steps).astype(vector.dtype)[:, None]
        return state

    def step(self, features, gradient, state):
        """Update the rows of these features in the step that has been prepared."""
        now = self._now
        if now >= len(self._moves):
            self._moves = np.concatenate([self._moves, np.zeros(len(self._moves))])
        # A row that fell asleep at step t has slept now - t steps at this one.
        start = max(0, now - len(self._window))
        if start < now:
            window = self._window[start - now :]
            self._moves[start:now] += self._optimizer.sleep_rate() * window
        weights = self._weights[features]
        self._optimizer.update(weights, gradient, *state)
        self._weights[features] = weights
        self._put_to_sleep(features, state)

    def wake_all(self):
        """Bring every row up to date."""
        since = self._asleep_since
        late = np.flatnonzero((since >= 0) & (since < self._now))
        for start in range(0, len(late), _CHUNK_ROWS):
            features = late[start : start + _CHUNK_ROWS]
            self._put_to_sleep(features, self.wake(features))

    def _put_to_sleep(self, features, state):
        for vector, rows in zip(self._state, state, strict=True):
            vector[features] = rows
        self._asleep_since[features] = self._now


def compact(X):
    """The features that the rows of csr ``X`` have, and X with only those columns.

    Parameters
    ----------
    X : csr matrix of shape (n_rows, n_features)

    Returns
    -------
    features : ndarray of int, sorted
    X : csr matrix of shape (n_rows, len(features))
    """
    features, indices = np.unique(X.indices, return_inverse=True)
    shape = (X.shape[0], len(features))
    return features, type(X)((X.data, indices, X.indptr), shape=shape)

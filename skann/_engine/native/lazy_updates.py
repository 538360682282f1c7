"""Sparse data: updating only the rows of the first layer's weights that a batch meets.

With sparse X a feature that no row of the batch has gets no gradient. Its row of the
first layer's weights still moves under momentum, and its moments decay, but by rules
that need no gradient; so nothing is done to it until a batch has the feature again, and
then it catches up with all of it at once. At the end of a run, and before anyone reads
the weights, all rows are flushed. Time follows the stored values of X, not its width.

With a state s_k after k steps left out and decay factors d, ``s_k = d^k s_0`` exactly,
and the row has moved by ``direction(s_0) · Σ_j rate_j ratio^j``:

* plain SGD does not move: exact;
* momentum, v_j = μ^j v_0: exact;
* Adam moves by -η_j β₁^j m_0 / (β₂^(j/2) √v_0 + ε) at its j-th step: here ε is taken to
  shrink like √v, so that the sum is one division and a factor. Relative to exact Adam
  a movement is off by less than 0.2 ε/√v before it has died away: nothing, unless
  gradients are as small as ε.

Sums over rates are kept for every step at which a row may have been left behind. Terms
with ``ratio^j`` below 1e-20 are left out: a window of some hundred steps.

The C is in ``sparse.h``; here is when it is worth it.
"""

import math

from scipy import sparse

from ..._optimize.adam import Adam
from ..._optimize.sgd import SGD


def lazy_updates_pay(X, batch_size, alpha, optimizer):
    """Whether lazy updates are possible, and batches of X have few enough features.

    The L2 penalty keeps all weights moving, so ``alpha`` must be zero; and movement
    must die away.
    """
    if not sparse.issparse(X) or alpha or _movement_ratio(optimizer) >= 1:
        return False
    return X.nnz / X.shape[0] * batch_size < X.shape[1] / 2


def _movement_ratio(optimizer):
    """What multiplies a parameter's movement from step to step without a gradient.

    Infinite where that has not been worked out.
    """
    kind = type(optimizer)
    if kind is SGD:
        return optimizer.momentum
    if kind is Adam and optimizer.beta_2:
        return optimizer.beta_1 / math.sqrt(optimizer.beta_2)
    return math.inf

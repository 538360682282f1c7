"""Raw outputs of any number of rows."""

import numpy as np

from .equations import forward
from .normalization import normalizers

# As many rows at once as keep the widest layer in the cache, but not too few.
_CHUNK_BYTES = 1 << 20
_CHUNK_ROWS = 32


def raw_outputs(network, theta, X, rows=None):
    """Raw outputs, and whether the first layer's z are finite; see ``choice.py``.

    They are computed in chunks of rows, so that memory does not grow with the number
    of rows asked for.
    """
    n_rows = X.shape[0] if rows is None else len(rows)
    raw = np.empty((n_rows, network.layer_sizes[-1]), theta.dtype)
    row_bytes = theta.itemsize * max(network.layer_sizes[1:])
    chunk = max(_CHUNK_ROWS, _CHUNK_BYTES // row_bytes)
    finite, norms = True, normalizers(network, theta)
    # Outputs for huge rows may overflow; that is what infinity is for.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, n_rows, chunk):
            part = slice(start, start + chunk)
            a = X[part if rows is None else rows[part]]
            a = a.astype(theta.dtype, copy=False)
            z, _ = forward(network, theta, a, norms)
            raw[part] = z[-1]
            finite &= bool(np.isfinite(np.vdot(z[1], z[1])))
    return raw, finite

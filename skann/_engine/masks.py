"""Which units a step leaves out of which rows.

A mask is a function of a step's key, the layer, the row of the batch and the unit, and
of nothing that was drawn before: so both engines leave out the same, and threads may
take rows in any order. A unit stays where

::

    hash(hash(key_of_layer + row G) + unit G) >= p 2^32          G = 2^32 / golden ratio

in integers of 32 bits. The compiled engine has the same lines in ``dropout.h``.

References
----------
Salmon, J., Moraes, M., Dror, R. & Shaw, D. (2011). Parallel random numbers: as easy as
1, 2, 3. SC'11. (Random numbers by their place.)

Steele, G., Lea, D. & Flood, C. (2014). Fast splittable pseudorandom number generators.
OOPSLA. (The key of a layer: SplitMix64.)

Wellons, C. (2018). Prospecting for hash functions. (The hash: lowbias32.)
"""

import numpy as np

_GOLDEN_32 = np.uint32(0x9E3779B9)
_ALL_64 = 2**64 - 1


def step_keys(rng, n):
    """Keys of n steps, each an int.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int

    Returns
    -------
    keys : ndarray of uint64 of shape (n,)
    """
    return rng.bit_generator.random_raw(n)


def mask(key, layer, rate, shape, dtype):
    """Zero with probability ``rate``, else what makes up for it.

    Parameters
    ----------
    key : int
        Of the step.
    layer : int
        0 for the inputs, 1 for the first hidden layer.
    rate : float
        Probability of zero.
    shape : tuple of (n_rows, n_units)
    dtype : dtype
        Of the result; the same are zero in all.

    Returns
    -------
    mask : ndarray of that shape
        0 or 1 / (1 - rate).
    """
    rows, units = (np.arange(n, dtype=np.uint32) for n in shape)
    hashes = _row_hashes(key, layer, rows)[:, None]
    return _scaled(hashes, units, rate, dtype)


def mask_at(key, layer, rate, rows, units, dtype):
    """The entries of a :func:`mask` for some rows and units.

    Parameters
    ----------
    key, layer, rate, dtype
        As in :func:`mask`.
    rows, units : ndarray of int of shape (n,)

    Returns
    -------
    entries : ndarray of shape (n,)
    """
    hashes = _row_hashes(key, layer, rows.astype(np.uint32))
    return _scaled(hashes, units.astype(np.uint32), rate, dtype)


def _row_hashes(key, layer, rows):
    row_keys = rows * _GOLDEN_32
    row_keys += np.uint32(_mixed_64(key + layer) & 0xFFFFFFFF)
    return _hash(row_keys)


def _scaled(row_hashes, units, rate, dtype):
    kept = _hash(row_hashes + units * _GOLDEN_32) >= np.uint32(int(rate * 2**32))
    return np.multiply(kept, 1 / (1 - rate), dtype=dtype)


def _hash(x):
    x ^= x >> 16
    x *= np.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= np.uint32(0x846CA68B)
    x ^= x >> 16
    return x


def _mixed_64(key):
    z = (int(key) + 0x9E3779B97F4A7C15) & _ALL_64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _ALL_64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _ALL_64
    return z ^ (z >> 31)

"""One thread for NumPy's matrix products, while results must not depend on more.

A BLAS divides large products and sums among its threads and adds up in another order
when their number is another. The limit is the process's, so it is held as long as
anybody needs it: two fits in two threads would else give it back to each other wrongly.
"""

import threading
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
_n_holders = 0
_limit = None


@cache
def _blas():
    # scikit-learn requires threadpoolctl. Looking for libraries takes milliseconds.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread():
    """Hold the BLAS to one thread."""
    global _n_holders, _limit
    with _lock:
        if _n_holders == 0:
            _limit = _blas().limit(limits=1)
        _n_holders += 1
    try:
        yield
    finally:
        with _lock:
            _n_holders -= 1
            if _n_holders == 0:
                _limit.restore_original_limits()

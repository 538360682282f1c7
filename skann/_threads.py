"""Work in threads of this process, which see scikit-learn's configuration.

The engine lets the interpreter go, so that threads are enough, and they share the data.
scikit-learn's own ``Parallel`` takes the filters of warnings along as well; but threads
share those, and each would change them for the others.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from joblib import Parallel, delayed
from sklearn import config_context, get_config


def in_threads(
    n_jobs: int, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]
) -> Iterator[Any]:
    """Results of the calls, in their order.

    Parameters
    ----------
    n_jobs : int
        Threads.
    function : callable
    calls : iterable of tuple
        The arguments of each call.

    Yields
    ------
    result : object
    """
    config = get_config()

    def configured(arguments: tuple[Any, ...]) -> Any:
        with config_context(**config):
            return function(*arguments)

    parallel = Parallel(n_jobs=n_jobs, require="sharedmem", return_as="generator")
    yield from parallel(delayed(configured)(arguments) for arguments in calls)

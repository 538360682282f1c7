"""Training over Parquet files one row group after the other, on one machine."""

import glob
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral
from typing import TypeVar

from sklearn.utils import check_random_state

from .._estimators.classifier import BPClassifier
from .._estimators.regressor import BPRegressor
from .._optional import imported
from .._typing import ArrayLike, PathLike, RandomState

Network = TypeVar("Network", BPClassifier, BPRegressor)


def partial_fit_parquet(
    estimator: Network,
    path: PathLike | Sequence[PathLike],
    target: str | Sequence[str],
    *,
    sample_weight: str | None = None,
    columns: Sequence[str] | None = None,
    classes: ArrayLike | None = None,
    n_epochs: int = 1,
    prefetch: int = 2,
    shuffle: bool = True,
    random_state: RandomState = None,
) -> Network:
    """Pass over the row groups of Parquet files by ``partial_fit``, on one machine.

    For streams too large for a cluster's memories: there are never more rows in this
    one than those of the group trained on and of those that are being read meanwhile.

    Parameters
    ----------
    estimator : BPClassifier or BPRegressor
        Trained in place, from where it is.
    path : str, path-like or list of them
        The files, all with the same columns. A pattern such as ``"data/*.parquet"``
        stands for those that it matches, in the order of their names.
    target : str or list of str
        Column of the targets, or several.
    sample_weight : str, default=None
        Column of row weights; None weighs all rows alike.
    columns : list of str, default=None
        Columns of features; None for all others but those of a pandas index.
    classes : array-like, default=None
        All classes that there are, for a classifier's first call of ``partial_fit``.
    n_epochs : int, default=1
        Passes over all groups.
    prefetch : int, default=2
        Groups that are read while another is trained on; 0 for none.
    shuffle : bool, default=True
        Whether groups come in another order in every pass. Rows of a group are
        shuffled by the estimator, as its own parameter says.
    random_state : int, RandomState instance or None, default=None
        Draws the order of the groups.

    Returns
    -------
    estimator : BPClassifier or BPRegressor
        The same, trained.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If a parameter is not valid, a column is missing, or as ``partial_fit`` does.

    See Also
    --------
    DaskBPClassifier : Trains on a cluster.
    DaskBPRegressor : Trains on a cluster.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np, pandas as pd
    >>> from skann import BPClassifier
    >>> from skann.dask import partial_fit_parquet
    >>> X = np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32)
    >>> frame = pd.DataFrame(X, columns=["a", "b"]).assign(y=X[:, 0] * X[:, 1] > 0)
    >>> net = BPClassifier((16,), learning_rate_init=0.01, random_state=0)
    >>> about = {"classes": [False, True], "n_epochs": 20, "random_state": 0}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "rows.parquet")
    ...     frame.to_parquet(path, row_group_size=500)
    ...     net = partial_fit_parquet(net, path, "y", **about)
    >>> bool(net.score(frame[["a", "b"]], frame["y"]) > 0.95)
    True
    """
    parquet = imported("pyarrow.parquet", "partial_fit_parquet", "dask")
    for name, value, least in (("n_epochs", n_epochs, 1), ("prefetch", prefetch, 0)):
        is_integer = isinstance(value, Integral) and not isinstance(value, bool)
        if not is_integer or value < least:
            raise ValueError(
                f"{name} must be an integer of at least {least}; got {value!r}."
            )
    files = _files(path)
    wanted = _wanted(parquet, files[0], target, sample_weight, columns)
    groups = [
        (file, number)
        for file in files
        for number in range(parquet.ParquetFile(file).num_row_groups)
    ]
    rng = check_random_state(random_state)
    options = {} if classes is None else {"classes": classes}

    def read(group):
        file, number = group
        with parquet.ParquetFile(file) as opened:
            table = opened.read_row_group(number, columns=wanted)
        # By what pandas has noted, columns of an index would be no columns.
        return table.replace_schema_metadata().to_pandas()

    order = (
        groups[k]
        for _ in range(n_epochs)
        for k in (rng.permutation(len(groups)) if shuffle else range(len(groups)))
    )
    features = [name for name in wanted if name not in (target, sample_weight)]
    if not isinstance(target, str):
        features = [name for name in features if name not in target]
    for frame in _ahead(read, order, prefetch):
        if len(frame):
            weight = None if sample_weight is None else frame[sample_weight]
            estimator.partial_fit(
                frame[features], frame[target], sample_weight=weight, **options
            )
    return estimator


def _files(path):
    given = [path] if isinstance(path, str | os.PathLike) else list(path)
    files = []
    for one in map(os.fspath, given):
        found = sorted(glob.glob(one))
        if not found:
            raise FileNotFoundError(f"path={one!r}: there is no such file.")
        files += found
    if not files:
        raise ValueError("path must name at least one file; got an empty list.")
    return files


def _wanted(parquet, file, target, sample_weight, columns):
    """The columns to read, after a look at the first file."""
    schema = parquet.ParquetFile(file).schema_arrow
    there, of_pandas = schema.names, schema.pandas_metadata or {}
    others = [target] if isinstance(target, str) else list(target)
    others += [] if sample_weight is None else [sample_weight]
    if columns is None:
        # An index that is a range is a dict, and no column.
        taken = [*others, *of_pandas.get("index_columns", [])]
        columns = [name for name in there if name not in taken]
    wanted = [*columns, *others]
    missing = [name for name in wanted if name not in there]
    if missing:
        raise ValueError(f"{file!r} has no columns {missing}; it has {there}.")
    return wanted


def _ahead(read, items, n_ahead):
    """What is read of each item, while the next ones are being read."""
    if not n_ahead:
        yield from map(read, items)
        return
    with ThreadPoolExecutor(n_ahead) as pool:
        waiting = deque()
        try:
            for item in items:
                waiting.append(pool.submit(read, item))
                if len(waiting) > n_ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

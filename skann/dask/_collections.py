"""On the client: Dask collections to partitions, and predictions to collections."""

import numpy as np

from .._optional import imported


def is_collection(X):
    """Whether something is a Dask array or dataframe, without importing Dask."""
    return type(X).__module__.partition(".")[0] == "dask" and hasattr(X, "dask")


def partitions(X, y, sample_weight=None, names=("X", "y", "sample_weight")):
    """Delayed parts of rows, targets and weights that belong together.

    Parameters
    ----------
    X : dask array of shape (n_samples, n_features) or dask dataframe
    y : dask array, series or dataframe
    sample_weight : dask array or series, default=None
    names : tuple of str
        What the user knows them by.

    Returns
    -------
    parts : list of Delayed or of tuple of Delayed
        For each partition a tuple of X, y and, where it was given, the weight.

    Raises
    ------
    TypeError
        If one is no Dask collection.
    ValueError
        If they are not cut alike, and what they are cut into is not known.
    """
    given = [X, y] if sample_weight is None else [X, y, sample_weight]
    for name, one in zip(names, given, strict=False):
        if not is_collection(one) or not hasattr(one, "npartitions"):
            raise TypeError(
                f"{name} must be a Dask array or dataframe; got a "
                f"{type(one).__name__}. dask.array.from_array and "
                "dask.dataframe.from_pandas make one; rows in one machine's memory "
                "are for skann.BPClassifier and BPRegressor."
            )
    first, *others = (
        _in_rows(X, names[0]),
        *(_in_rows(one, name) for one, name in zip(given[1:], names[1:], strict=False)),
    )
    others = [
        _cut_as(one, first, name, names[0])
        for one, name in zip(others, names[1:], strict=False)
    ]
    if any(map(_is_array, (first, *others))):
        return list(zip(*map(_delayed, (first, *others)), strict=True))
    # One graph for all, so that what they have in common is computed once.
    as_they_are = {"align_dataframes": False, "enforce_metadata": False}
    together = first.map_partitions(_tuple, *others, meta=first._meta, **as_they_are)
    return _delayed(together)


def _tuple(*parts):
    return parts


def _is_array(collection):
    return hasattr(collection, "chunks")


def _in_rows(collection, name):
    """A collection that is cut into rows only."""
    if not _is_array(collection):
        return collection
    if collection.ndim == 0 or (name == "X" and collection.ndim != 2):
        raise ValueError(f"{name} must have 2 dimensions; got {collection.ndim}.")
    if all(len(chunks) == 1 for chunks in collection.chunks[1:]):
        return collection
    return collection.rechunk(dict.fromkeys(range(1, collection.ndim), -1))


def _cut_as(other, first, name, first_name):
    """Another collection of the same rows, cut as the first one."""
    sizes = [row_sizes(each) for each in (other, first)]
    if None not in sizes:
        if sum(sizes[0]) != sum(sizes[1]):
            raise ValueError(
                f"{name} has {sum(sizes[0])} rows and {first_name} {sum(sizes[1])}; "
                "they must have the same."
            )
        return other if sizes[0] == sizes[1] else other.rechunk({0: sizes[1]})
    if other.npartitions != first.npartitions:
        raise ValueError(
            f"{name} has {other.npartitions} partitions and {first_name} "
            f"{first.npartitions}, of unknown sizes, so that it can't be told which "
            "rows belong together. Make them from one collection, or call "
            "compute_chunk_sizes() on the arrays."
        )
    return other


def row_sizes(collection):
    """Rows of each partition, or None if they are not known."""
    if not _is_array(collection) or np.isnan(collection.chunks[0]).any():
        return None
    return collection.chunks[0]


def _delayed(collection):
    """The partitions of a collection, as many as it says that it has."""
    if _is_array(collection):
        return collection.to_delayed().ravel().tolist()
    # Dask's optimisation joins partitions of files of which few columns are read, and
    # does not join those of other collections with them. Without it there are still
    # only those columns read.
    return list(collection.simplify().to_delayed(optimize_graph=False))


def locations(X, cluster):
    """The worker that has each partition of a persisted collection.

    None for those that have not been computed.
    """
    distributed = imported("distributed", "skann.dask", "dask")
    known = {future.key: future for future in distributed.futures_of(X)}
    keys = [key[0] if isinstance(key, list) else key for key in X.__dask_keys__()]
    futures = [known[key] for key in keys if key in known]
    if len(futures) < len(keys):
        return [None] * len(keys)
    return [min(there) if there else None for there in cluster.holders(futures)]


def mapped(estimator, method, X, **options):
    """A method of a fitted estimator over the partitions of a collection.

    Parameters
    ----------
    estimator : BaseBP
        Fitted.
    method : str
    X : dask array or dataframe
    **options
        Keywords of the method.

    Returns
    -------
    found : dask array or series
        A series for one column of predictions of a dataframe.

    Raises
    ------
    ValueError
        If the method gives a list, of several columns of classes.
    """
    dask = imported("dask", "skann.dask", "dask")
    from dask import array as da

    meta = _predicted(_example(X, estimator), estimator, method, options)
    if isinstance(meta, list):
        raise ValueError(
            f"{method} of several columns of classes is a list of arrays, which no "
            "Dask collection is; call it on the partitions by estimator_."
        )
    X = _in_rows(X, "X")
    shared = dask.delayed(estimator)
    if _is_array(X):
        parts = _delayed(X)
        sizes = X.chunks[0]
    else:
        if meta.ndim == 1:
            import pandas as pd

            empty = pd.Series(meta[:0])
            return X.map_partitions(_series, estimator, method, options, meta=empty)
        parts = _delayed(X)
        sizes = [np.nan] * len(parts)
    found = [
        da.from_delayed(
            dask.delayed(_predicted)(part, shared, method, options),
            (size, *meta.shape[1:]),
            dtype=meta.dtype,
        )
        for part, size in zip(parts, sizes, strict=True)
    ]
    return da.concatenate(found, allow_unknown_chunksizes=True)


def _example(X, estimator):
    """A row as the partitions have them, to learn of what kind predictions are."""
    if _is_array(X):
        return np.zeros((1, estimator.n_features_in_), X.dtype)
    return X._meta_nonempty.iloc[:1]


def _predicted(part, estimator, method, options):
    if len(part) if not hasattr(part, "shape") else part.shape[0]:
        return getattr(estimator, method)(part, **options)
    # scikit-learn refuses to predict no rows, which an empty partition has.
    dtype = getattr(part, "dtype", np.float64)
    row = np.zeros((1, estimator.n_features_in_), dtype)
    if hasattr(part, "columns"):
        import pandas as pd

        row = pd.DataFrame(row, columns=part.columns)
    found = getattr(estimator, method)(row, **options)
    return found[:0]


def _series(part, estimator, method, options):
    import pandas as pd

    return pd.Series(_predicted(part, estimator, method, options), index=part.index)

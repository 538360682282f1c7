"""Who trains on what: one fold for each network to be validated on."""

from collections.abc import Iterable, Sized
from numbers import Integral

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    check_cv,
)
from sklearn.utils import check_consistent_length, check_random_state

from .recipe import n_folds


class SingleSplit:
    """A splitter with the one split that it was made with.

    It hands row numbers to ``validation_fraction``, so that all networks read the same
    matrix and none has a copy of its part.

    Parameters
    ----------
    train, validation : ndarray of int
    """

    def __init__(self, train, validation):
        self.train, self.validation = train, validation

    def split(self, X=None, y=None, groups=None):
        """The split, once."""
        yield self.train, self.validation

    def get_n_splits(self, X=None, y=None, groups=None):
        """One."""
        return 1


def splits(cv, X, y, groups, used, codes, seed):
    """The rows that each network trains and validates on.

    Parameters
    ----------
    cv : "auto", int, splitter or list of splits
        "auto" is as many shuffled folds as ``recipe.py`` says, a number is so many;
        with all classes in each as far as there are rows of them, and with whole
        groups where groups are given.
    X, y : array-like
        What a splitter is given.
    groups : array-like of shape (n_samples,) or None
    used : ndarray of int
        The rows of positive weight.
    codes : ndarray of int of shape (n_samples,) or None
        Of the rows' classes; None where there is nothing to stratify by.
    seed : int

    Returns
    -------
    splits : list of (ndarray of int, ndarray of int)
        Sorted. Where a class would be missing among the rows to train on, its rows are
        added to them.

    Raises
    ------
    ValueError
        If a split leaves nothing to train or to validate on.
    """
    if groups is not None:
        check_consistent_length(X, groups)
        groups = np.asarray(groups)
    if cv == "auto" if isinstance(cv, str) else isinstance(cv, Integral):
        wanted = n_folds(len(used)) if isinstance(cv, str) else cv
        own_groups = None if groups is None else groups[used]
        own_codes = None if codes is None else codes[used]
        found = _shuffled(wanted, own_codes, own_groups, len(used), seed)
        found = [(used[train], used[held_out]) for train, held_out in found]
    else:
        found = [
            tuple(np.intersect1d(_rows(part, len(y)), used) for part in split)
            for split in _splitter(cv).split(X, y, groups)
        ]
    if not found:
        raise ValueError("cv has no split; it must have at least one.")
    for train, held_out in found:
        if not (len(train) and len(held_out)):
            raise ValueError(
                f"cv has a split that leaves {len(train)} rows of positive "
                f"weight to train on and {len(held_out)} to validate on; each must "
                "have at least one."
            )
    if codes is None:
        return found
    return [(_with_all_classes(train, codes, used), held) for train, held in found]


def _splitter(cv):
    """The splitter that is asked for, or that of a list of splits."""
    if not hasattr(cv, "split") or isinstance(cv, str):
        is_list = isinstance(cv, Iterable) and not isinstance(cv, str)
        cv = list(cv) if is_list else None
        if not is_list or not all(isinstance(s, Sized) and len(s) == 2 for s in cv):
            raise ValueError(
                "cv must be 'auto', a number, a splitter, or an iterable of pairs of "
                f"rows to train on and rows to validate on; got {cv!r}."
            )
    return check_cv(cv)


def _rows(part, n_rows):
    """Row numbers of a part of a split, which may be a mask."""
    part = np.asarray(part)
    if part.dtype == bool and part.shape == (n_rows,):
        return np.flatnonzero(part)
    if part.dtype.kind not in "iu" or not ((part >= 0) & (part < n_rows)).all():
        raise ValueError(
            f"cv must split into numbers of rows, from 0 to {n_rows - 1}, or masks; "
            f"got {np.array2string(part, threshold=6)}."
        )
    return part


def _shuffled(n_splits, codes, groups, n_rows, seed):
    """Folds of at most so many rows, or groups, as there are."""
    what = "rows" if groups is None else "groups"
    n_units = n_rows if groups is None else len(np.unique(groups))
    if n_units < 2:
        raise ValueError(
            f"X must have at least 2 {what} of positive weight, to train on one and "
            f"validate on the other; got n_samples = {n_rows}, {n_units} {what}."
        )
    n_splits = min(n_splits, n_units)
    options = {"n_splits": n_splits, "shuffle": True, "random_state": seed}
    # As few rows of a class as this are in no more folds; where all classes are so,
    # there is nothing to stratify by.
    stratify = codes is not None and np.bincount(codes).max() >= n_splits
    if groups is None and stratify:
        return _stratified(n_splits, codes, seed)
    if groups is None:
        splitter = KFold(**options)
    elif stratify:
        splitter = StratifiedGroupKFold(**options)
        codes = _without_rare(codes, n_splits)
    else:
        splitter = GroupKFold(**options)
    return list(splitter.split(np.zeros(n_rows), codes, groups))


def _stratified(n_splits, codes, seed):
    """The folds of scikit-learn's ``StratifiedKFold``.

    That warns of a class with fewer rows than folds, which is not in all of them and
    does no harm here; and to ignore a warning is to ignore it in all threads.
    """
    rng = check_random_state(seed)
    # Classes are counted in the order in which they are met.
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    codes = np.argsort(np.argsort(first))[codes]
    in_order, fold = np.sort(codes), np.empty(len(codes), dtype=int)
    for code in range(len(first)):
        shares = [
            np.count_nonzero(in_order[i::n_splits] == code) for i in range(n_splits)
        ]
        of_class = np.arange(n_splits).repeat(shares)
        rng.shuffle(of_class)
        fold[codes == code] = of_class
    return [
        (np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(n_splits)
    ]


def _without_rare(codes, n_splits):
    """Codes with the classes that have fewer rows than folds taken as one.

    scikit-learn warns of them, as above. Together they may be as few still; then they
    count as the most frequent class.
    """
    counts = np.bincount(codes)
    rare = counts < n_splits
    joined = len(counts) if counts[rare].sum() >= n_splits else counts.argmax()
    return np.where(rare[codes], joined, codes)


def _with_all_classes(train, codes, used):
    missing = np.setdiff1d(codes[used], codes[train])
    if not len(missing):
        return train
    return np.union1d(train, used[np.isin(codes[used], missing)])

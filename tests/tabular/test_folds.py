"""Who trains on what."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    RepeatedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from skann._tabular.folds import splits


def made(cv="auto", n_rows=60, *, groups=None, used=None, codes=None, seed=0):
    X = np.zeros((n_rows, 1))
    used = np.arange(n_rows) if used is None else used
    return splits(cv, X, np.zeros(n_rows), groups, used, codes, seed)


def held_out(parts):
    return np.sort(np.concatenate([held for _, held in parts]))


@pytest.mark.parametrize(("cv", "n"), [("auto", 8), (3, 3), (KFold(5), 5)])
def test_every_row_is_in_one_fold(cv, n):
    parts = made(cv)
    assert len(parts) == n
    assert held_out(parts).tolist() == list(range(60))
    for train, held in parts:
        assert np.union1d(train, held).tolist() == list(range(60))
        assert not np.intersect1d(train, held).size


def test_the_seed_shuffles():
    first, same, other = (made(seed=seed)[0][1].tolist() for seed in (0, 0, 1))
    assert first == same != other


def test_classes_have_their_shares():
    codes = np.repeat([0, 1], [40, 20])
    for _, held in made(4, codes=codes):
        assert np.bincount(codes[held]).tolist() == [10, 5]


@pytest.mark.parametrize("n_classes", [2, 5, 40])
@pytest.mark.parametrize("n_splits", [2, 5])
def test_classes_are_dealt_out_as_scikit_learn_does(n_classes, n_splits):
    rng = np.random.default_rng(n_classes)
    codes = np.minimum(rng.geometric(0.2, size=90) - 1, n_classes - 1)
    codes = np.unique(codes, return_inverse=True)[1]
    theirs = StratifiedKFold(n_splits, shuffle=True, random_state=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [held.tolist() for _, held in theirs.split(codes, codes)]
    mine = made(n_splits, n_rows=90, codes=codes, seed=3)
    assert [held.tolist() for _, held in mine] == theirs


@pytest.mark.parametrize("groups", [None, np.arange(60) // 3])
@pytest.mark.parametrize("n_rare", [1, 3, 12])
def test_rare_classes_need_no_filter_of_warnings(groups, n_rare):
    codes = np.r_[np.zeros(60 - n_rare, int), 1 + np.arange(n_rare) % 4]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        parts = made(5, codes=codes, groups=groups)
        assert warnings.filters == before
    assert held_out(parts).tolist() == list(range(60))
    sizes = [np.count_nonzero(codes[held] == 0) for _, held in parts]
    assert max(sizes) - min(sizes) <= (1 if groups is None else 3)


@pytest.mark.parametrize("codes", [None, np.arange(60) % 2])
def test_groups_stay_whole(codes):
    groups = np.array(["a", "b", "c"]).repeat(20)
    parts = made("auto", groups=groups, codes=codes)
    assert len(parts) == 3
    for _, held in parts:
        assert len(np.unique(groups[held])) == 1


def test_rows_of_no_weight_are_in_no_part():
    used = np.arange(0, 60, 2)
    for cv in ("auto", KFold(3)):
        parts = made(cv, used=used)
        assert held_out(parts).tolist() == used.tolist()
        for train, _ in parts:
            assert np.isin(train, used).all()


def test_fewer_rows_than_folds_are_a_fold_each():
    assert [held.tolist() for _, held in made(n_rows=3, seed=1)] != [[0, 1, 2]]
    assert [len(held) for _, held in made(n_rows=3)] == [1, 1, 1]


def test_rows_of_a_class_that_would_be_missing_are_added():
    codes = np.array([0] * 30 + [1] * 29 + [2])
    parts = made(5, codes=codes)
    (home,) = [i for i, (_, held) in enumerate(parts) if 59 in held]
    for i, (train, held) in enumerate(parts):
        assert np.unique(codes[train]).tolist() == [0, 1, 2]
        assert np.intersect1d(train, held).tolist() == ([59] if i == home else [])


def test_a_class_for_each_row_is_no_reason_to_fail():
    parts = made(4, n_rows=8, codes=np.arange(8))
    assert held_out(parts).tolist() == list(range(8))
    assert all(len(train) == 8 for train, _ in parts)


def test_splitters_that_leave_rows_out_or_repeat_them():
    first, held = made(TimeSeriesSplit(3))[0]
    assert (first.max(), held.max()) == (14, 29)
    assert len(made(RepeatedKFold(n_splits=3, n_repeats=2))) == 6


def test_a_list_of_splits():
    parts = made([(np.arange(30), np.arange(30, 60))])
    assert [part.tolist() for part in parts[0]] == [
        list(range(30)),
        list(range(30, 60)),
    ]


def test_masks_are_splits_too():
    first = np.arange(60) < 30
    ((train, held),) = made([(first, ~first)])
    assert (train.tolist(), held.tolist()) == (
        list(range(30)),
        list(range(30, 60)),
    )


def test_a_splitter_is_given_the_groups():
    groups = np.arange(60) // 20
    assert len(made(GroupKFold(3), groups=groups)) == 3
    with pytest.raises(ValueError, match="groups"):
        made(GroupKFold(3))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"n_rows": 1}, "at least 2 rows.* n_samples = 1"),
        ({"groups": np.zeros(60)}, "at least 2 groups.*1 groups"),
        ({"cv": []}, "has no split"),
        ({"cv": [([0, 1], [60])]}, "numbers of rows, from 0 to 59"),
        ({"cv": [([0, -1], [2])]}, "numbers of rows, from 0 to 59"),
        ({"cv": [([0.5], [2])]}, "numbers of rows, from 0 to 59"),
        (
            {"cv": PredefinedSplit([0] + [-1] * 59), "used": np.arange(1, 60)},
            "and 0 to",
        ),
        ({"groups": np.zeros(7)}, "inconsistent numbers of samples"),
    ],
)
def test_what_can_t_be_divided_is_named(given, match):
    with pytest.raises(ValueError, match=match):
        made(**given)

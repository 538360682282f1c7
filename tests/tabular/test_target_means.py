"""Target means: honest in every fold, weighted, for targets of every kind."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import issparse
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor
from skann._tabular.matrices import first_columns
from skann._tabular.target_columns import columns_of_values
from skann._tabular.target_means import TargetMeans
from skann.preprocessing import TableEncoder

N = 120
MEMBER = BPRegressor(
    (8,), "tanh", learning_rate="one_cycle", learning_rate_init=0.03, max_iter=20
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 12, N)
    levels = np.array([f"level {code}" for code in codes], dtype=object)[:, None]
    return levels, codes + rng.normal(size=N), codes


def fitted(levels, y, splits=(), groups=None):
    """Cross-fitted numbers of a fold, less the mean of all targets, as a function."""
    means = TargetMeans([0])
    made = means.fit(levels, columns_of_values(y), np.ones(N), splits, groups)
    return lambda fold: made.numbers(fold)[:, 0] - means.means[0]


def groups_of(codes):
    return np.random.default_rng(1).integers(0, 10, len(codes))


SPLITTERS = {
    "shuffled": KFold(4, shuffle=True, random_state=0),
    "groups": GroupKFold(4),
    "time": TimeSeriesSplit(4),
    "one split": [(np.arange(80), np.arange(80, N))],
}


def splits_of(name, levels, codes):
    splitter = SPLITTERS[name]
    if isinstance(splitter, list):
        return splitter
    groups = groups_of(codes) if name == "groups" else None
    return list(splitter.split(levels, groups=groups))


@pytest.mark.parametrize("name", SPLITTERS)
def test_a_fold_learns_nothing_from_its_held_out_rows(data, name):
    levels, y, codes = data
    splits = splits_of(name, levels, codes)
    for fold, (train, _) in enumerate(splits):
        others = np.setdiff1d(np.arange(N), train)
        changed = y.copy()
        changed[others] = np.random.default_rng(2).permutation(y[others])
        before = fitted(levels, y, splits)(fold)
        np.testing.assert_allclose(fitted(levels, changed, splits)(fold), before)
        assert np.corrcoef(before[others], codes[others])[0, 1] > 0.8
        assert np.ptp(before[train]) > 1


@pytest.mark.parametrize("name", SPLITTERS)
def test_no_row_that_is_trained_on_sees_its_own_target(data, name):
    levels, y, codes = data
    splits = splits_of(name, levels, codes)
    train = splits[-1][0]
    found = fitted(levels, y, splits)(len(splits) - 1)
    for row in train[::17]:
        changed = y.copy()
        changed[row] = y.mean()
        now = fitted(levels, changed, splits)(len(splits) - 1)
        assert now[row] == pytest.approx(found[row])


def test_rows_learn_nothing_from_later_ones(data):
    levels, y, codes = data
    splits = splits_of("time", levels, codes)
    before = fitted(levels, y, splits)(3)
    start = splits[2][1][0]
    changed = y.copy()
    changed[start:] = 100
    after = fitted(levels, changed, splits)(3)
    np.testing.assert_allclose(after[:start], before[:start])


def test_levels_of_one_group_each_tell_nothing_in_folds_of_groups(data):
    levels, y, codes = data
    splits = list(GroupKFold(4).split(levels, groups=codes))
    assert np.ptp(fitted(levels, y, splits, codes)(None)) == 0
    assert np.ptp(fitted(levels, y, splits, codes)(0)) == 0
    # In a single split too, whose training rows are divided by group.
    assert np.ptp(fitted(levels, y, splits[:1], codes)(0)) == 0


def test_levels_of_few_rows_are_drawn_towards_the_mean():
    rng = np.random.default_rng(0)
    sizes = np.repeat([2, 200], 20)
    codes = np.arange(40).repeat(sizes)
    y = rng.normal(size=40)[codes] + rng.normal(scale=2, size=len(codes))
    levels = codes.astype(str).astype(object)[:, None]
    means = TargetMeans([0])
    means.fit(levels, columns_of_values(y), np.ones(len(y)))
    order = [means.levels[0].index(str(code)) for code in range(40)]
    shrunk = means.encodings[0][0][order] - means.means[0]
    plain = np.array([y[codes == code].mean() for code in range(40)]) - means.means[0]
    shares = shrunk / plain
    assert (shares[:20] < 0.6).all()
    assert (shares[20:] > 0.9).all()


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_targets_of_any_unit(data, unit):
    levels, y, _ = data
    np.testing.assert_allclose(
        fitted(levels, y * unit)(None) / unit, fitted(levels, y)(None), rtol=1e-6
    )


def test_missing_targets_are_left_out(data):
    levels, y, codes = data
    with_gaps = y.copy()
    with_gaps[::3] = np.nan
    found = fitted(levels, with_gaps)(None)
    assert np.corrcoef(found, codes)[0, 1] > 0.9


def frame(codes):
    return pd.DataFrame({"level": [f"level {code}" for code in codes]})


def target_names(X, y, **parameters):
    names = TableEncoder(0, max_categories=4).fit(X, y, **parameters)
    names = names.get_feature_names_out()
    return [name.removeprefix("level_target") for name in names if "_target" in name]


def test_weights_count():
    codes = np.arange(400) % 20
    y = np.where(np.arange(400) < 200, codes, -codes) * 1.0
    weight = np.where(np.arange(400) < 200, 9.0, 1.0)
    encoder = TableEncoder(0, max_categories=4, dtype=np.float64)
    for own, sign in ((weight, 1), (weight[::-1], -1)):
        Z = encoder.fit(frame(codes), y, sample_weight=own).transform(frame(codes))
        names = encoder.get_feature_names_out().tolist()
        found = Z[:, names.index("level_target")]
        assert np.corrcoef(found, sign * codes)[0, 1] > 0.9


def test_several_real_targets_get_a_number_each(data):
    _, y, codes = data
    assert target_names(frame(codes), np.column_stack([y, -(y**2)])) == ["_0", "_1"]


def test_columns_of_classes_get_their_numbers(data):
    _, _, codes = data
    y = np.array(["a", "b", "c"], dtype=object)[np.column_stack([codes % 3, codes % 2])]
    assert target_names(frame(codes), y) == ["_0_a", "_0_b", "_0_c", "_1_b"]


@pytest.mark.parametrize("kind", ["classes", "outputs"])
def test_many_targets_are_projected_to_thirty(kind):
    codes = np.arange(800) % 40
    y = np.array([f"class {code}" for code in codes], dtype=object)
    if kind == "outputs":
        y = np.eye(40)[codes]
    assert len(target_names(frame(codes), y)) == 30


def test_a_label_s_type_does_not_matter():
    codes = np.tile(np.arange(62), 10)
    X, labels = frame(codes), codes % 31
    member = BPClassifier(
        (16,), learning_rate="one_cycle", learning_rate_init=0.03, max_iter=20
    )
    model = TabularClassifier(
        vectorizer=TableEncoder(0, max_categories=4),
        estimator=member,
        cv=2,
        random_state=0,
    )
    numbers = model.fit(X, labels).predict_proba(X)
    assert model.oof_score_ > 0.9
    for kind in ("<U3", object, float):
        texts = np.array([f"{100 + label}" for label in labels]).astype(kind)
        np.testing.assert_array_equal(model.fit(X, texts).predict_proba(X), numbers)


def timed(n_periods=6):
    """Levels whose effects are others in each period, and a number that tells half."""
    rng = np.random.default_rng(0)
    period = np.arange(n_periods).repeat(80)
    codes = rng.integers(0, 20, len(period))
    a = rng.normal(size=len(period))
    effects = rng.normal(size=(20, n_periods))
    return frame(codes).assign(a=a), a + effects[codes, period], period


def of_groups():
    rng = np.random.default_rng(0)
    codes = np.arange(80).repeat(4)
    a = rng.normal(size=len(codes))
    return frame(codes).assign(a=a), a + rng.normal(size=80)[codes], codes


@pytest.mark.parametrize(
    ("made", "cv"),
    [
        (timed, TimeSeriesSplit(5)),
        (of_groups, "auto"),
        (of_groups, GroupKFold(5)),
        (of_groups, [(np.arange(200), np.arange(200, 320))]),
    ],
    ids=["time", "auto", "groups", "one split"],
)
def test_the_score_out_of_fold_is_honest(made, cv):
    """Half of the variance can be known for rows that are new."""
    X, y, groups = made()
    if isinstance(cv, TimeSeriesSplit):
        groups = None
    model = TabularRegressor(
        vectorizer=TableEncoder(max_categories=8, n_bins=0),
        estimator=MEMBER,
        cv=cv,
        random_state=0,
    )
    assert 0.2 < model.fit(X, y, groups=groups).oof_score_ < 0.65


@pytest.mark.parametrize("estimator", [None, MEMBER], ids=["recipe", "member"])
def test_any_number_of_jobs_gives_the_same_bits(data, estimator):
    _, y, codes = data
    parameters = {"estimator": estimator, "cv": 2, "random_state": 0}
    encoder = TableEncoder(max_categories=4)
    one, two = (
        TabularRegressor(vectorizer=encoder, n_jobs=n_jobs, **parameters)
        .fit(frame(codes), y)
        .oof_prediction_
        for n_jobs in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


class TestWideTables:
    """Tables of many levels are kept sparse, with the same numbers in them."""

    def table(self, n=400):
        rng = np.random.default_rng(0)
        X = {
            f"c{j}": rng.choice([f"level {k}" for k in range(300)], n) for j in "abcdef"
        }
        X["number"] = np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n))
        X["few"] = rng.choice(["one", "two", None], n)
        return pd.DataFrame(X), rng.normal(size=n)

    def test_what_is_predicted_is_what_dense_rows_give(self):
        X, y = self.table()
        model = TabularRegressor(
            vectorizer=TableEncoder(max_categories=180),
            estimator=BPRegressor((3,), max_iter=2),
            cv=2,
            random_state=0,
        ).fit(X, y)
        Z = model.vectorizer_.transform(X)
        assert Z.shape[1] > 1000
        expected = np.mean([net.predict(Z) for net in model.estimators_], axis=0)
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-4, atol=1e-5)

    def test_their_folds_are_those_of_dense_ones(self):
        X, y = self.table()
        splits = list(KFold(3).split(X))
        weight = np.arange(len(y)) % 5
        made = []
        for may_be_sparse in (True, False):
            encoder = TableEncoder(max_categories=180).fit(X)
            Z, of_folds = encoder._fit(
                X,
                columns_of_values(y),
                weight,
                splits,
                may_be_sparse=may_be_sparse,
            )
            assert issparse(Z) is may_be_sparse
            plain = first_columns(Z, encoder.n_plain_)
            of_folds.write(Z, 1)
            of_folds.write(plain, 2)
            made.append([A.toarray() if issparse(A) else A for A in (Z, plain)])
        for sparse, dense in zip(*made, strict=True):
            np.testing.assert_array_equal(sparse, dense)

    def test_their_rows_are_those_of_dense_ones(self):
        X, y = self.table()
        later = X[:50].assign(ca="unheard of", number=None)
        encoder = TableEncoder(max_categories=180).fit(X, y)
        assert encoder._is_wide
        for rows in (X, later):
            sparse = encoder._transformed(rows, sparse=True)
            assert sparse.nnz < 0.2 * np.prod(sparse.shape)
            np.testing.assert_array_equal(sparse.toarray(), encoder.transform(rows))

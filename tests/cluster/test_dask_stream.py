"""Training over the row groups of Parquet files."""

import numpy as np
import pytest

from skann import BPClassifier, BPRegressor
from skann.dask import partial_fit_parquet

pytest.importorskip("pyarrow", reason="the extra 'dask' is not installed")
pd = pytest.importorskip("pandas")

NET = {"hidden_layer_sizes": (4,), "random_state": 0}


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    frames = []
    for k in range(2):
        X = rng.normal(size=(50, 3))
        frame = pd.DataFrame(X, columns=list("abc"))
        frame = frame.assign(y=(X[:, 0] > 0).astype(int), w=rng.uniform(1, 2, 50))
        frame.to_parquet(tmp_path / f"{k}.parquet", row_group_size=20)
        frames.append(frame)
    return tmp_path, frames


@pytest.mark.parametrize("prefetch", [0, 1, 5])
def test_it_is_partial_fit_group_by_group(files, prefetch):
    folder, frames = files
    found = partial_fit_parquet(
        BPClassifier(**NET),
        folder / "*.parquet",
        "y",
        sample_weight="w",
        columns=["c", "a"],
        classes=[0, 1],
        n_epochs=2,
        shuffle=False,
        prefetch=prefetch,
    )
    expected = BPClassifier(**NET)
    for _ in range(2):
        for frame in frames:
            for start in (0, 20, 40):
                rows = frame[start : start + 20]
                expected.partial_fit(
                    rows[["c", "a"]], rows["y"], [0, 1], sample_weight=rows["w"]
                )
    np.testing.assert_array_equal(found.coefs_[0], expected.coefs_[0])
    assert found.feature_names_in_.tolist() == ["c", "a"]


def test_several_targets_and_an_order_by_the_seed(files):
    folder, _ = files
    path = [folder / "0.parquet", folder / "1.parquet"]
    first, again, other = (
        partial_fit_parquet(BPRegressor(**NET), path, ["y", "w"], random_state=seed)
        for seed in (0, 0, 1)
    )
    assert first.n_outputs_ == 2
    assert first.feature_names_in_.tolist() == list("abc")
    np.testing.assert_array_equal(first.coefs_[0], again.coefs_[0])
    assert not np.array_equal(first.coefs_[0], other.coefs_[0])


def _dated(frame, name=None):
    return frame.set_index(pd.date_range("2020", periods=len(frame), name=name))


@pytest.mark.parametrize(
    "changed",
    [
        lambda frame: frame[frame["a"] > -1],
        lambda frame: frame.sort_values("a"),
        _dated,
        lambda frame: _dated(frame, "when"),
        lambda frame: frame.set_index(["w", "c"]),
        lambda frame: frame.set_axis(range(5), axis=1),
    ],
    ids=["filtered", "sorted", "dated", "named", "levels", "numbered columns"],
)
def test_columns_of_a_pandas_index_are_no_features(changed, files, tmp_path):
    frame = changed(files[1][0])
    frame.to_parquet(tmp_path / "indexed.parquet")
    names = [str(name) for name in frame.columns]
    target = "y" if "y" in names else "3"
    names.remove(target)
    net = partial_fit_parquet(
        BPRegressor(**NET), tmp_path / "indexed.parquet", target, shuffle=False
    )
    assert net.feature_names_in_.tolist() == names
    rows = frame.set_axis(frame.columns.astype(str), axis=1)
    expected = BPRegressor(**NET).partial_fit(rows[names], rows[target])
    np.testing.assert_array_equal(net.coefs_[0], expected.coefs_[0])


def test_levels_of_an_index_can_be_asked_for(files, tmp_path):
    files[1][0].set_index(["y", "w", "c"]).to_parquet(tmp_path / "indexed.parquet")
    net = partial_fit_parquet(
        BPRegressor(**NET),
        tmp_path / "indexed.parquet",
        "y",
        sample_weight="w",
        columns=["c", "b"],
    )
    assert net.feature_names_in_.tolist() == ["c", "b"]


def test_refusals(files):
    folder, _ = files
    net, path = BPClassifier(**NET), folder / "0.parquet"
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        partial_fit_parquet(net, folder / "none.parquet", "y", classes=[0, 1])
    with pytest.raises(ValueError, match=r"no columns \['z'\]"):
        partial_fit_parquet(net, path, "z", classes=[0, 1])
    with pytest.raises(ValueError, match="n_epochs must be an integer of at least 1"):
        partial_fit_parquet(net, path, "y", classes=[0, 1], n_epochs=0)
    with pytest.raises(ValueError, match="prefetch must be an integer of at least 0"):
        partial_fit_parquet(net, path, "y", classes=[0, 1], prefetch=-1)
    with pytest.raises(ValueError, match="classes must be passed"):
        partial_fit_parquet(net, path, "y")
    assert not hasattr(net, "coefs_")

"""Collections as people have them: partitions of all kinds, and what comes out."""

import pickle
import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError

from skann import BPClassifier
from skann.dask import DaskBPClassifier, DaskBPRegressor
from skann.dask._collections import partitions
from skann.dask._shards import grouped, placed

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
pd = pytest.importorskip("pandas")

NET = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
EXACT = {**NET, "solver": "rprop"}


@pytest.fixture(scope="module")
def classes():
    return make_classification(
        60, 4, n_classes=3, n_informative=4, n_redundant=0, random_state=0
    )


def cut(array, sizes):
    return da.from_array(array, chunks=(tuple(sizes), *array.shape[1:]))


def same_as_one_machine(net, X, y, dask_X, dask_y, **fit):
    expected = BPClassifier(**net).fit(X, y)
    found = DaskBPClassifier(**net).fit(dask_X, dask_y, **fit)
    np.testing.assert_array_equal(found.classes_, expected.classes_)
    np.testing.assert_allclose(found.coefs_[0], expected.coefs_[0], rtol=1e-6)
    return found


class TestPartitions:
    @pytest.mark.parametrize(
        "sizes", [(1, 1, 58), (59, 1), (10, 0, 50), (0, 60), (7, 30, 3, 20)]
    )
    def test_of_any_size(self, sizes, classes, two_workers):
        X, y = classes
        same_as_one_machine(EXACT, X, y, cut(X, sizes), cut(y, sizes))

    def test_a_class_that_one_of_them_has(self, classes, two_workers):
        X, y = classes
        y = np.where(np.arange(60) == 59, 7, y)
        same_as_one_machine(EXACT, X, y, cut(X, (20,) * 3), cut(y, (20,) * 3))

    def test_of_unknown_sizes(self, classes, two_workers):
        X, y = classes
        frame = pd.DataFrame(X, columns=list("abcd")).assign(y=y)
        frame = dd.from_pandas(frame, npartitions=3)
        arrays = frame[list("abcd")].to_dask_array(), frame["y"].to_dask_array()
        same_as_one_machine(EXACT, X, y, *arrays)

    def test_sparse_ones(self, classes, two_workers):
        X, y = classes
        X = np.where(X > 0, X, 0)
        chunks = cut(X, (20, 40)).map_blocks(sparse.csr_matrix)
        found = same_as_one_machine(EXACT, X, y, chunks, cut(y, (20, 40)))
        assert found.predict(chunks).compute().shape == (60,)

    def test_columns_in_several_chunks_and_targets_cut_otherwise(
        self, classes, two_workers
    ):
        X, y = classes
        same_as_one_machine(
            EXACT, X, y, da.from_array(X, chunks=(25, 2)), cut(y, (10, 50))
        )

    def test_a_frame_keeps_its_names_and_index(self, classes, two_workers):
        X, y = classes
        frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(60) * 2)
        labels = pd.Series(np.array(["x", "y", "z"])[y], index=frame.index)
        parts = dd.from_pandas(frame, npartitions=3)
        found = same_as_one_machine(
            EXACT, frame, labels, parts, dd.from_pandas(labels, npartitions=3)
        )
        assert found.feature_names_in_.tolist() == list("abcd")
        predicted = found.predict(parts).compute()
        assert isinstance(predicted, pd.Series)
        np.testing.assert_array_equal(predicted.index, frame.index)
        np.testing.assert_array_equal(predicted, found.estimator_.predict(frame))
        probabilities = found.predict_proba(parts)
        np.testing.assert_allclose(
            probabilities.compute(), found.estimator_.predict_proba(frame)
        )


class TestParquet:
    """Dask joins partitions of files of which few columns are read."""

    FEATURES = [f"f{k}" for k in range(12)]  # noqa: RUF012

    @pytest.fixture
    def files(self, tmp_path):
        pytest.importorskip("pyarrow", reason="the extra 'dask' is not installed")
        X = np.random.default_rng(0).normal(size=(60, 12))
        frame = pd.DataFrame(X, columns=self.FEATURES)
        frame = frame.assign(y=X[:, 0] > 0, w=1 + X[:, 1] ** 2)
        for start in range(0, 60, 10):
            frame[start : start + 10].to_parquet(tmp_path / f"{start}.parquet")
        return tmp_path, frame

    def test_fit_on_columns_of_files_equals_one_machine(self, files, two_workers):
        folder, frame = files
        rows = dd.read_parquet(folder)
        data = rows[self.FEATURES], rows["y"]
        options = {"sample_weight": rows["w"], "X_val": data[0], "y_val": data[1]}
        found = DaskBPClassifier(**EXACT).fit(*data, **options)
        expected = BPClassifier(**EXACT)
        expected.fit(frame[self.FEATURES], frame["y"], frame["w"])
        np.testing.assert_allclose(found.coefs_[0], expected.coefs_[0], rtol=1e-6)
        probabilities = found.predict_proba(data[0])
        assert probabilities.npartitions == data[0].npartitions == 6

    @pytest.mark.parametrize(
        "kind", ["few columns", "other files", "computed", "filtered", "an array"]
    )
    def test_partitions_hold_the_same_rows(self, kind, files):
        folder, frame = files
        rows = dd.read_parquet(folder)
        X, y = rows[self.FEATURES], rows["f0"]
        if kind == "few columns":
            X = rows[["f1", "f0"]]
        elif kind == "other files":
            y = dd.read_parquet([*map(str, sorted(folder.iterdir()))])["f0"]
        elif kind == "computed":
            X = rows.persist(scheduler="sync")[self.FEATURES]
        elif kind == "filtered":
            X, y = rows[rows["w"] > 1.1][["f0", "f1"]], rows[rows["w"] > 1.1]["f0"]
        elif kind == "an array":
            y = cut(frame["f0"].to_numpy(), (10,) * 6)
        parts = partitions(X, y)
        assert len(parts) == 6
        for own, targets in dask.compute(*parts, scheduler="sync"):
            np.testing.assert_array_equal(own["f0"], targets)


class TestRefusals:
    @pytest.fixture(autouse=True)
    def use(self, classes, two_workers):
        self.X, self.y = cut(classes[0], (30, 30)), cut(classes[1], (30, 30))

    def refused(self, message, *data, error=ValueError, net=None, **fit):
        net = DaskBPClassifier(**(net or NET))
        with pytest.raises(error, match=re.escape(message)):
            net.fit(*data, **fit)
        assert not hasattr(net, "estimator_")

    def test_what_is_no_collection(self):
        rows = np.zeros((3, 2))
        message = "X must be a Dask array or dataframe; got a ndarray"
        self.refused(message, rows, self.y, error=TypeError)

    def test_other_numbers_of_rows(self):
        self.refused("y has 30 rows and X 60", self.X, self.y[:30])

    def test_nan(self):
        self.refused("NaN", self.X * np.nan, self.y)

    def test_targets_that_are_no_classes(self):
        self.refused("continuous", self.X, self.X[:, 0])

    def test_rows_that_are_none(self):
        self.refused("no rows", self.X[:0], self.y[:0])

    def test_a_parameter(self):
        net = {**NET, "alpha": -1}
        self.refused("The 'alpha' parameter of BPClassifier", self.X, self.y, net=net)
        net = {**NET, "local_steps": 0}
        self.refused("The 'local_steps' parameter", self.X, self.y, net=net)

    def test_what_a_cluster_has_not(self):
        net = {**NET, "warm_start": True}
        self.refused("warm_start=True can't", self.X, self.y, net=net)
        net = {**NET, "persist": False, "local_steps": 3}
        self.refused("local_steps=3 can't", self.X, self.y, net=net)
        for name, value in {
            "n_init": 2,
            "average": "ema",
            "divergence_retries": 1,
            "gradient_norms": True,
            "normalization": "batch",
            "weight_init": "lsuv",
            "solver": "lm",
        }.items():
            self.refused(f"{name}={value!r}", self.X, self.y, net={**NET, name: value})

    def test_half_of_the_validation_data(self):
        self.refused("y_val is None", self.X, self.y, X_val=self.X)

    def test_other_features_to_validate_on(self):
        message = "X has 2 features, and 4 are trained on"
        data = {"X_val": self.X[:, :2], "y_val": self.y}
        self.refused(message, self.X, self.y, **data)

    def test_labels_to_validate_on_that_are_new(self):
        self.refused("9", self.X, self.y, X_val=self.X, y_val=self.y * 0 + 9)


class TestEstimator:
    def test_parameters_are_those_of_one_machine_and_a_few_more(self):
        plain = BPClassifier().get_params()
        found = DaskBPClassifier(7, alpha=0.1).get_params()
        assert found.keys() > plain.keys()
        assert found["hidden_layer_sizes"] == 7
        assert repr(clone(DaskBPRegressor(alpha=0.1))) == "DaskBPRegressor(alpha=0.1)"
        with pytest.raises(TypeError, match="epochs"):
            DaskBPClassifier(epochs=3)

    def test_a_pickle_has_no_client(self, classes, two_workers):
        X, y = classes
        net = DaskBPClassifier(**NET)
        net.client = two_workers
        net.fit(cut(X, (30, 30)), cut(y, (30, 30)))
        again = pickle.loads(pickle.dumps(net))
        assert "_client" not in vars(again)
        np.testing.assert_array_equal(again.estimator_.predict(X), net.predict(X))

    def test_the_plain_one_is_for_one_machine(self, classes, two_workers):
        X, y = classes
        net = DaskBPClassifier(**NET).fit(cut(X, (30, 30)), cut(y, (30, 30)))
        assert type(net.estimator_) is BPClassifier
        again = pickle.loads(pickle.dumps(net.estimator_))
        again.set_params(warm_start=True, max_iter=1).fit(X, y)
        assert again.n_iter_ == 1
        assert net.transform(cut(X, (30, 30))).compute().shape == (60, 4)

    def test_before_a_fit(self):
        net = DaskBPClassifier()
        assert not hasattr(net, "classes_")
        with pytest.raises(NotFittedError):
            net.predict(np.zeros((1, 2)))

    def test_without_a_client(self, classes):
        X, y = classes
        with pytest.raises(ValueError, match="There is no Dask client"):
            DaskBPClassifier(**NET).fit(cut(X, (60,)), cut(y, (60,)))


class TestPlaces:
    def test_partitions_that_are_nowhere_go_to_workers_as_neighbours(self):
        assert grouped(5, [None] * 5, 2) == [[0, 1], [2, 3, 4]]
        assert grouped(2, [None] * 2, 4) == [[0], [1]]

    def test_those_that_are_somewhere_stay(self):
        assert grouped(4, list("baba"), 2) == [[0, 2], [1, 3]]

    def test_but_for_what_is_too_much_of_one_worker(self):
        assert grouped(4, list("aaaa"), 2) == [[0, 1], [2, 3]]
        assert grouped(3, list("aab"), 3) == [[0], [2], [1]]

    def test_every_worker_computes_with_what_it_has(self):
        assert placed([{"b"}, {"a"}], ["a", "b"]) == ["b", "a"]

    def test_what_is_lost_or_too_much_goes_to_those_who_wait(self):
        assert placed([{"a"}, {"a"}], ["a", "b"]) == ["a", "b"]
        assert placed([set(), {"a"}], ["a", "b"]) == ["b", "a"]
        assert placed([{"a"}, {"a", "b"}], ["a", "b"]) == ["a", "b"]

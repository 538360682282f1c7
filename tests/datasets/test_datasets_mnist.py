"""The shipped MNIST files, the IDX reader and what load_mnist makes of them."""

import gzip
import hashlib
import struct
import sys
import tracemalloc

import numpy as np
import pytest

from skann.datasets import load_mnist
from skann.datasets._mnist import CHECKSUMS, FILES, data_folder, read_idx

TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

# SHA-256 of the decompressed files as their authors published them: these hold that
# compressing them again altered nothing.
PUBLISHED = {
    "train-images-idx3-ubyte.gz": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte.gz": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}


@pytest.fixture(scope="module")
def digits():
    return load_mnist()


@pytest.fixture(scope="module")
def digits_test():
    return load_mnist(subset="test")


@pytest.fixture(scope="module")
def framed():
    pytest.importorskip("pandas")
    return load_mnist(subset="test", as_frame=True)


@pytest.fixture(scope="module")
def raw_test_images():
    """Return the test pixels as bytes, read without the module under test."""
    packed = (data_folder() / "t10k-images-idx3-ubyte.gz").read_bytes()
    return np.frombuffer(gzip.decompress(packed)[16:], np.uint8).reshape(-1, 28, 28)


class TestFiles:
    def test_every_file_has_a_checksum(self):
        shipped = {path.name for path in data_folder().iterdir()}
        named = {name for split in FILES.values() for name, _ in split.values()}
        assert shipped == named == set(CHECKSUMS)

    @pytest.mark.parametrize("name", CHECKSUMS)
    def test_checksums(self, name):
        packed = (data_folder() / name).read_bytes()
        assert hashlib.sha256(packed).hexdigest() == CHECKSUMS[name]
        content = gzip.decompress(packed)
        assert hashlib.sha256(content).hexdigest() == PUBLISHED[name]

    def test_license_stands_beside_the_data(self):
        notice = (data_folder().parent / "LICENSE").read_text(encoding="utf-8")
        for words in ("Yann LeCun", "Corinna Cortes", "CC BY-SA 3.0"):
            assert words in notice
        for digest in PUBLISHED.values():
            assert digest in notice


class TestBunch:
    def test_shapes_and_types(self, digits):
        assert digits.data.shape == (70_000, 784)
        assert digits.data.dtype == np.float32
        assert digits.data.flags.c_contiguous
        assert digits.target.shape == (70_000,)
        assert digits.target.dtype == np.int64
        assert digits.frame is None

    @pytest.mark.parametrize("part", ["data", "images", "target"])
    def test_arrays_are_the_users_to_write(self, digits, part):
        assert digits[part].flags.writeable

    def test_class_counts_of_the_split(self, digits):
        train, test = digits.target[:60_000], digits.target[60_000:]
        assert np.bincount(train).tolist() == TRAIN_COUNTS
        assert np.bincount(test).tolist() == TEST_COUNTS
        assert np.array_equal(np.unique(digits.target), digits.target_names)

    def test_all_is_train_then_test(self, digits, digits_test):
        X_train, y_train = load_mnist(subset="train", return_X_y=True)
        assert len(X_train) == 60_000
        assert len(digits_test.data) == 10_000
        assert np.array_equal(digits.data[:60_000], X_train)
        assert np.array_equal(digits.data[60_000:], digits_test.data)
        joined = np.concatenate([y_train, digits_test.target])
        assert np.array_equal(digits.target, joined)

    def test_known_first_labels(self, digits):
        assert digits.target[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
        assert digits.target[60_000:60_010].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]

    def test_pixel_statistics(self, digits):
        assert digits.data.min() == 0
        assert digits.data.max() == 1
        train = digits.data[:60_000]
        # The mean and deviation with which MNIST is standardised everywhere.
        assert train.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
        assert train.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)

    def test_images_are_a_view_of_data(self, digits_test, raw_test_images):
        assert digits_test.images.shape == (10_000, 28, 28)
        assert np.shares_memory(digits_test.images, digits_test.data)
        levels = np.rint(digits_test.images * 255).astype(np.uint8)
        assert np.array_equal(levels, raw_test_images)

    def test_feature_names_say_where_the_pixel_is(self, digits_test):
        names = digits_test.feature_names
        assert len(names) == len(set(names)) == 784
        column = names.index("pixel_13_20")
        in_data = digits_test.data[:, column]
        assert np.array_equal(in_data, digits_test.images[:, 13, 20])

    def test_description_names_source_and_license(self, digits_test):
        for words in ("MNIST", "LeCun", "CC BY-SA 3.0"):
            assert words in digits_test.DESCR

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dtype_is_kept_and_exact(self, dtype, raw_test_images):
        X, y = load_mnist(subset="test", return_X_y=True, dtype=dtype)
        assert X.dtype == dtype
        assert y.dtype == np.int64
        exact = raw_test_images.reshape(10_000, 784) / dtype(255)
        assert exact.dtype == dtype
        assert np.array_equal(X, exact)

    def test_no_second_array_of_the_size_of_data(self):
        tracemalloc.start()
        try:
            X, _ = load_mnist(subset="test", return_X_y=True)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2 * X.nbytes


class TestFrame:
    def test_same_values_under_names(self, framed, digits_test):
        assert list(framed.data.columns) == digits_test.feature_names
        assert framed.target.name == "target"
        assert np.array_equal(framed.data.to_numpy(), digits_test.data)
        assert np.array_equal(framed.target.to_numpy(), digits_test.target)
        assert set(framed.data.dtypes) == {np.dtype(np.float32)}
        assert framed.target.dtype == np.int64

    def test_frame_has_both(self, framed):
        assert framed.frame.shape == (10_000, 785)
        assert framed.frame.columns[-1] == "target"
        assert framed.frame[framed.feature_names].equals(framed.data)
        assert framed.frame["target"].equals(framed.target)

    def test_images_stay_a_view(self, framed):
        assert framed.images.shape == (10_000, 28, 28)
        assert np.shares_memory(framed.images, framed.data.to_numpy())

    def test_return_X_y(self, framed):
        X, y = load_mnist(subset="test", as_frame=True, return_X_y=True)
        assert X.equals(framed.data)
        assert y.equals(framed.target)

    def test_missing_pandas_names_the_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match=r'pip install "skann\[frame\]"'):
            load_mnist(subset="test", as_frame=True)


class TestArguments:
    @pytest.mark.parametrize(
        ("name", "given", "allowed"),
        [
            ("subset", "validation", "'train'"),
            ("subset", None, "'train'"),
            ("return_X_y", "yes", "bool"),
            ("as_frame", 2, "bool"),
            ("dtype", np.int64, "float32"),
            ("dtype", np.float16, "float32"),
            ("dtype", None, "float32"),
        ],
    )
    def test_bad_value_names_parameter_and_choices(self, name, given, allowed):
        with pytest.raises(ValueError, match=f"'{name}' parameter of load_mnist") as e:
            load_mnist(**{name: given})
        assert allowed in str(e.value)
        assert f"Got {given!r}" in str(e.value)

    def test_arguments_go_by_name(self):
        with pytest.raises(TypeError, match="positional"):
            load_mnist("test")


SHAPE = (3, 2, 2)
HEADER = struct.pack(">HBB3I", 0, 0x08, 3, *SHAPE)
GOOD = gzip.compress(HEADER + bytes(range(12)))


def idx(*magic_and_shape, n_bytes=12):
    """Return a gzipped file with that header and as many bytes behind it."""
    n_sizes = len(magic_and_shape) - 3
    header = struct.pack(f">HBB{n_sizes}I", *magic_and_shape)
    return gzip.compress(header + bytes(n_bytes))


def flip_bit(packed, position):
    changed = bytearray(packed)
    changed[position] ^= 1
    return bytes(changed)


class TestReadIdx:
    def test_good_file(self, tmp_path):
        path = tmp_path / "good.gz"
        path.write_bytes(GOOD)
        read = read_idx(path, SHAPE)
        assert read.dtype == np.uint8
        assert np.array_equal(read, np.arange(12).reshape(SHAPE))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            pytest.param(GOOD[:-9], "ended before", id="cut-short"),
            pytest.param(GOOD[:5], "ended before", id="cut-in-gzip-header"),
            pytest.param(gzip.decompress(GOOD), "[Nn]ot a gzipped", id="not-gzip"),
            pytest.param(flip_bit(GOOD, -6), "CRC", id="wrong-gzip-checksum"),
            pytest.param(
                # 0x07 opens a block of the type that deflate reserves.
                GOOD[:10] + b"\x07" + GOOD[11:],
                "invalid block type",
                id="damaged-inside",
            ),
            pytest.param(b"", "holds 0 bytes.*needs 16", id="empty"),
            pytest.param(
                gzip.compress(HEADER[:10]), "holds 10 bytes.*needs 16", id="half-header"
            ),
            pytest.param(
                idx(0, 0x0D, 3, *SHAPE),
                "0x00000803.*got 0x00000d03",
                id="element-type",
            ),
            pytest.param(
                idx(0, 0x08, 2, 3, 4), "0x00000803.*got 0x00000802", id="dimensions"
            ),
            pytest.param(
                idx(1, 0x08, 3, *SHAPE), "0x00000803.*got 0x00010803", id="not-idx"
            ),
            pytest.param(
                idx(0, 0x08, 3, 2, 2, 3), r"\(3, 2, 2\), got \(2, 2, 3\)", id="shape"
            ),
            pytest.param(
                idx(0, 0x08, 3, *SHAPE, n_bytes=11), "12 bytes.*got 11", id="too-few"
            ),
            pytest.param(
                idx(0, 0x08, 3, *SHAPE, n_bytes=13), "12 bytes.*got 13", id="too-many"
            ),
        ],
    )
    def test_damaged_file(self, tmp_path, content, words):
        path = tmp_path / "damaged.gz"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"damaged.gz is damaged: .*{words}"):
            read_idx(path, SHAPE)

    def test_damage_inside_a_shipped_file(self, tmp_path):
        name, shape = FILES["test"]["labels"]
        packed = (data_folder() / name).read_bytes()
        path = tmp_path / name
        path.write_bytes(flip_bit(packed, len(packed) // 2))
        with pytest.raises(ValueError, match="is damaged"):
            read_idx(path, shape)

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"absent\.gz"):
            read_idx(tmp_path / "absent.gz", SHAPE)

"""Plain data to a file and back, and files that something or somebody has changed."""

import gc
import json
import math
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from _interrupts import interrupted_at_every_line
from numpy.testing import assert_array_equal

from skann._export import archive

DATA = {
    "none": None,
    "yes": True,
    "large": 2**127 - 1,
    "real": 0.1,
    "not finite": [math.inf, -math.inf],
    "text": "naïve ∑ $",
    "tuple": (1, (2, "x")),
    "keys": {1: "one", "two": 2, 0.5: [None], False: {"$array": 0}},
    "nested": {"a": {"b": []}},
}
ARRAYS = {
    "float32": np.linspace(0, 1, 7, dtype=np.float32),
    "matrix": np.arange(6.0).reshape(2, 3).T,
    "0-d": np.array(2.5),
    "empty": np.empty((0, 3)),
    "bool": np.array([True, False]),
    "text": np.array(["a", "bcd"]),
    "bytes": np.array([b"a", b"bcd"]),
    "big-endian": np.array([1.5, 2.5], dtype=">f8"),
    "objects": np.array(["a", 1, None], dtype=object),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.skann"


def written(path, data=DATA):
    archive.write(path, data)
    return path.read_bytes()


class TestRoundTrip:
    def test_plain_data(self, path):
        archive.write(path, DATA)
        found = archive.read(path)
        assert found == DATA
        assert type(found["tuple"][1]) is tuple
        assert [type(key) for key in found["keys"]] == [int, str, float, bool]

    def test_nan(self, path):
        archive.write(path, {"x": math.nan})
        assert math.isnan(archive.read(path)["x"])

    @pytest.mark.parametrize("name", ARRAYS)
    def test_an_array(self, path, name):
        archive.write(path, {"x": [ARRAYS[name]]})
        [found] = archive.read(path)["x"]
        assert_array_equal(found, ARRAYS[name])
        assert found.shape == ARRAYS[name].shape
        assert found.dtype == ARRAYS[name].dtype.newbyteorder("=")
        assert found.flags.writeable

    def test_numpys_numbers_become_pythons(self, path):
        archive.write(path, {"x": [np.float32(0.5), np.int8(3), np.bool_(True)]})
        found = archive.read(path)["x"]
        assert found == [0.5, 3, True]
        assert [type(x) for x in found] == [float, int, bool]

    def test_others_can_read_it(self, path):
        archive.write(path, {"x": ARRAYS["float32"]})
        with np.load(path) as arrays:
            assert_array_equal(arrays["arrays/0"], ARRAYS["float32"])

    def test_the_same_data_are_the_same_bytes(self, path, tmp_path):
        assert written(path, DATA) == written(tmp_path / "other", DATA)

    @pytest.mark.parametrize(
        "thing",
        [len, {1, 2}, 1j, np.array([1j]), np.array([len]), np.zeros(2, "M8[s]")],
    )
    def test_what_is_not_plain_is_named_and_writes_nothing(self, path, thing):
        path.write_bytes(b"before")
        with pytest.raises(TypeError, match="a file can't hold"):
            archive.write(path, {"x": [thing]})
        assert path.read_bytes() == b"before"
        assert os.listdir(path.parent) == [path.name]

    def test_an_error_on_the_way_leaves_the_file_before(self, path, monkeypatch):
        before = written(path)

        def full(handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            archive.write(path, {"x": 1})
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == [path.name]

    def test_its_permissions_are_a_new_files(self, path, tmp_path):
        written(path)
        plain = tmp_path / "plain"
        plain.touch()
        assert path.stat().st_mode == plain.stat().st_mode

    def test_permissions_of_a_file_that_is_there_are_kept(self, path):
        written(path)
        path.chmod(0o600)
        archive.write(path, {"x": 2})
        assert path.stat().st_mode & 0o777 == 0o600
        assert archive.read(path) == {"x": 2}

    def test_symbolic_link_is_kept_and_its_file_replaced(self, path, tmp_path):
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        path.symlink_to(folder / "real")
        for value in (1, 2):
            archive.write(path, {"x": value}, n_before=1)
            assert path.is_symlink()
            assert archive.read(folder / "real") == {"x": value}
        assert archive.read(archive.before(path, 1)[0]) == {"x": 1}
        assert sorted(os.listdir(folder)) == ["real", "real.1"]

    @pytest.mark.parametrize("name", ["n" * 250, "Ö" * 125, "[*]?"])
    def test_any_name_of_a_file_can_be_written(self, tmp_path, name):
        path = tmp_path / name
        assert archive.read(path) == DATA if written(path) else False
        assert os.listdir(tmp_path) == [name]

    # Of a ZipFile that nobody has got hold of yet.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_interrupt_at_any_line_leaves_old_or_new_file_and_nothing_else(self, path):
        written(path, {"x": 0})
        states = set()
        for _ in interrupted_at_every_line(
            lambda: written(path, {"x": 0}),
            lambda _: archive.write(path, {"x": np.ones(1)}),
            "skann._export.archive:_followed",
            ("skann/_export/archive.py",),
        ):
            states.add(isinstance(archive.read(path)["x"], int))
            assert os.listdir(path.parent) == [path.name]
        assert states == {True, False}
        gc.collect()

    def test_leftovers_of_a_kill_are_removed(self, path):
        written(path)
        leftover = path.with_name(archive._temporary_name(path.name))
        others = path.with_name(f".{path.name}.notes"), path.with_name("other")
        for file in (leftover, *others):
            file.touch()
        archive.remove_leftovers(path)
        assert not leftover.exists()
        assert all(file.exists() for file in (path, *others))

    def test_no_file(self, path):
        with pytest.raises(FileNotFoundError):
            archive.read(path)


class TestMachine:
    """What is wrong with the machine is not called damage of the file."""

    @pytest.mark.parametrize(
        "error",
        [MemoryError(), OSError(5, "Input/output error"), TimeoutError(110, "")],
    )
    @pytest.mark.parametrize("where", ["_array", "_tree", "zipfile.ZipFile"])
    def test_errors_come_through(self, path, monkeypatch, error, where):
        archive.write(path, {"x": np.ones(3)})

        def fail(*args):
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(f"skann._export.archive.{where}", fail)
            with pytest.raises(type(error)):
                archive.read(path)
        assert archive.read(path)["x"].tolist() == [1, 1, 1]

    def test_errors_that_zip_files_hide_come_through(self, path, monkeypatch):
        written(path)

        def fail(file):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(zipfile, "_EndRecData", fail)
        with pytest.raises(OSError, match="Input/output"):
            archive.read(path)


class TestDamage:
    """Whatever has happened to a file, it is what it was or a ValueError."""

    data = {"x": np.arange(40.0), "y": DATA, "z": np.array(["a", "b"])}  # noqa: RUF012

    def test_cut_anywhere(self, path):
        whole = written(path, self.data)
        for length in range(0, len(whole), 7):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match="damaged or not a model file"):
                archive.read(path)

    def test_a_flipped_bit_is_seen_or_does_not_matter(self, path):
        whole = written(path, self.data)
        rng, n_refused = np.random.default_rng(0), 0
        for position in rng.integers(8 * len(whole), size=400).tolist():
            damaged = bytearray(whole)
            damaged[position // 8] ^= 1 << position % 8
            path.write_bytes(damaged)
            try:
                found = archive.read(path)
            except ValueError:
                n_refused += 1
            else:
                assert_array_equal(found["x"], self.data["x"])
                assert_array_equal(found["z"], self.data["z"])
                assert found["y"] == DATA
        assert n_refused > 200

    @pytest.mark.parametrize(
        "content", [b"", b"PK", b"\0" * 1000, b"{}", b"\x80\x04N."]
    )
    def test_what_is_something_else(self, path, content):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="damaged or not a model file"):
            archive.read(path)


def npy(header, content=b""):
    """A .npy file with this header, whatever that says."""
    header = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def make(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in entries.items():
            file.writestr(name, content)


F8 = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s,), }"


class TestHostile:
    """Files that are whole, and say what they should not."""

    def refused(self, path, match="damaged or not a model file"):
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match=match):
                archive.read(path)
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize(
        "array",
        [
            npy(F8 % 10**12, b"\0" * 64),
            npy(F8 % 10**400, b"\0" * 64),
            npy(F8 % 7, b"\0" * 64),
            npy(F8 % -8, b"\0" * 64),
            npy("{'descr': '<U0', 'fortran_order': False, 'shape': (10**12,), }"),
            npy(
                "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,), }"
            ),
            npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\0" * 8),
            npy("{'descr': '|V8', 'fortran_order': False, 'shape': (1,), }", b"\0" * 8),
            npy(F8.replace("False", "True") % 8, b"\0" * 64),
            npy("__import__('os').abort()"),
            npy("(" * 900),
            npy(" " * 60_000),
            npy(
                "{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", b"\xff" * 4
            ),
            b"\x93NUMPY\x03\x00\xff\xff\xff\xff",
            b"\x80\x04N.",
            b"",
        ],
        ids=lambda content: repr(content[10:60]),
    )
    def test_an_array(self, path, array):
        make(path, {"data.json": '{"x": {"$array": 0}}', "arrays/0.npy": array})
        self.refused(path)

    @pytest.mark.parametrize(
        "main",
        [
            "",
            "[1]",
            "nul",
            "[" * 100_000,
            "9" * 10_000,
            '{"x": {"$array": 1}}',
            '{"x": {"$array": [0]}}',
            '{"x": {"$float": "__import__"}}',
            '{"x": {"$items": [[[], 1]]}}',
            '{"x": {"$items": 3}}',
            '{"x": {"$tuple": 3}}',
            '{"x": {"$unknown": 3}}',
            '{"x": {"$objects": [1], "shape": [1000000000000]}}',
            '{"x": {"$objects": [[1, 2]], "shape": [1]}}',
            '{"x": {"$array": 0}, "y": {"$array": 0}}',
            b"\xff\xfe",
        ],
        ids=lambda text: repr(text[:30]),
    )
    def test_data(self, path, main):
        make(path, {"data.json": main, "arrays/0.npy": npy(F8 % 1, b"\0" * 8)})
        self.refused(path)

    def test_a_bomb(self, path):
        entries = {"data.json": "{}", "arrays/0.npy": bytes(50_000_000)}
        make(path, entries, zipfile.ZIP_DEFLATED)
        assert path.stat().st_size < 100_000
        self.refused(path, "compressed")

    def test_entry_that_claims_a_large_compressed_size(self, path):
        make(path, {"data.json": "{}"})
        content = bytearray(path.read_bytes())
        struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 20, 2**30)
        path.write_bytes(content)
        self.refused(path, "compressed")

    def test_the_same_bytes_for_many_entries(self, path):
        make(path, {"data.json": "{}", "arrays/0.npy": bytes(100_000)})
        whole = path.read_bytes()
        start = whole.index(b"PK\x01\x02", 100_000)
        end = whole.index(b"PK\x05\x06")
        entry = whole[whole.index(b"PK\x01\x02", start + 1) : end]
        more = b"".join(
            entry.replace(b"arrays/0.npy", f"arrays/{i}.npy".encode())
            for i in range(2, 9)
        )
        tail = bytearray(whole[end:])
        struct.pack_into("<HHL", tail, 8, 9, 9, end - start + len(more))
        path.write_bytes(whole[:end] + more + tail)
        with zipfile.ZipFile(path) as file:
            assert len(file.infolist()) == 9
        self.refused(path, "claim more bytes")

    @pytest.mark.parametrize(
        "main",
        ["[" + "[]," * 60_000 + "0]", '{"x": [' + "{}," * 60_000 + "0]}"],
        ids=["lists", "objects"],
    )
    def test_many_lists_in_few_bytes(self, path, main):
        make(path, {"data.json": main})
        self.refused(path, "lists and objects in")

    @pytest.mark.parametrize("depth", [150, 900, 9_000])
    def test_lists_that_are_too_deep(self, path, depth):
        make(path, {"data.json": '{"x": ' + "[" * depth + "]" * depth + "}"})
        self.refused(path, "too deep")

    @pytest.mark.parametrize(
        "piece",
        [
            '"ab",',
            "0.5,",
            "999,",
            "[],",
            '{"a":0},',
            '{"$float":"nan"},',
            '{"$tuple":[]},',
        ],
    )
    def test_memory_is_at_most_thirty_times_the_size(self, path, piece):
        n = 9_000 if "[" in piece or "{" in piece else 300_000
        main = '{"y": {"$array": 0}, "x": [' + piece * n + '"😀"]}'
        array = npy(F8 % 25_000, bytes(200_000))
        make(path, {"data.json": main, "arrays/0.npy": array})
        tracemalloc.start()
        try:
            assert len(archive.read(path)["x"]) == n + 1
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000 + 30 * path.stat().st_size

    def test_many_columns_are_read(self, path):
        # Of a table of a hundred thousand categories, and a network of one unit.
        levels = {"levels": [["a"]] * 100_000, "theta": np.zeros(400_000)}
        archive.write(path, levels)
        assert len(archive.read(path)["levels"]) == 100_000

    def test_array_without_entries_of_large_items(self, path):
        array = npy("{'descr': '<U999999999', 'fortran_order': False, 'shape': (0,), }")
        make(path, {"data.json": '{"x": {"$array": 0}}', "arrays/0.npy": array})
        self.refused(path)

    def test_a_name_twice(self, path):
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("data.json", "{}")
            with pytest.warns(UserWarning, match="Duplicate name"):
                file.writestr("data.json", '{"x": 1}')
        self.refused(path, "two entries of one name")

    def test_no_data(self, path):
        make(path, {"other.json": json.dumps({"x": 1})})
        self.refused(path, "has no 'data.json'")

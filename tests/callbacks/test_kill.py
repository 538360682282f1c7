"""Training killed at any moment, files cut or with a bit flipped, a disk that is full.

``SKANN_KILLS=200`` and ``SKANN_BIT_FLIPS=1000`` are for a long look.
"""

import multiprocessing
import os
import shutil
import subprocess

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_array_equal

from skann import BPRegressor, load_model
from skann._export import archive
from skann.callbacks import Checkpoint

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

KILLS = int(os.environ.get("SKANN_KILLS", "5"))
BIT_FLIPS = int(os.environ.get("SKANN_BIT_FLIPS", "100"))
rng = np.random.default_rng(0)
X = rng.normal(size=(150, 5))
Y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
N_EPOCHS = 200


def make(**settings):
    defaults = {"solver": "adam", "max_iter": N_EPOCHS, "batch_size": 16}
    return BPRegressor((40,), random_state=0, tol=0, **(defaults | settings))


def train(path):
    checkpoint = Checkpoint(path, keep_last=2, keep_best=True, resume=True)
    make().set_callbacks(checkpoint).fit(X, Y)


def stream(path):
    """Pieces of data, one after the other; the model says how many it has seen."""
    model = load_model(path) if path.exists() else make()
    done = model.t_ // 30 if path.exists() else 0
    for k in range(done, N_EPOCHS):
        rows = slice(30 * (k % 5), 30 * (k % 5) + 30)
        model.partial_fit(X[rows], Y[rows]).save_model(path)


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
@pytest.mark.parametrize("work", [train, stream])
def test_killed_at_any_moment_it_goes_on_to_the_same(tmp_path, work):
    # A process of its own for each try, which has imported all and has no threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["skann.callbacks"])
    path, draws = tmp_path / "file", np.random.default_rng(KILLS)
    n_killed = 0
    while n_killed < KILLS:
        process = context.Process(target=work, args=(path,))
        process.start()
        process.join(draws.uniform(0.05, 0.8))
        if process.exitcode is None:
            process.kill()
            n_killed += 1
        process.join()
        if process.exitcode == 0:
            path.unlink()  # it was too quick; from the beginning
        elif path.exists():
            archive.read(path)  # is whole
    process = context.Process(target=work, args=(path,))
    process.start()
    process.join()
    assert process.exitcode == 0
    if work is train:
        model = make().set_callbacks(Checkpoint(path, resume=True)).fit(X, Y)
        assert_array_equal(theta(model), theta(make().fit(X, Y)))
        left = sorted(each.name for each in tmp_path.iterdir())
        assert left == ["file", "file.1", "file.best"]
    else:
        stream(tmp_path / "whole")
        assert_array_equal(
            theta(load_model(path)), theta(load_model(tmp_path / "whole"))
        )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A checkpoint of a fit that has ended, and the model of it."""
    folder = tmp_path_factory.mktemp("files")
    model = make(max_iter=3).set_callbacks(Checkpoint(folder / "checkpoint"))
    model.fit(X, Y).save_model(folder / "model")
    return folder, model.predict(X)


def used(path):
    """Predictions by a file: of the model in it, or of the fit that goes on from it."""
    if path.name == "model":
        return load_model(path).predict(X)
    model = make(max_iter=3).set_callbacks(Checkpoint(path, resume=True))
    return model.fit(X, Y).predict(X)


@pytest.mark.parametrize("name", ["checkpoint", "model"])
class TestDamage:
    def test_a_cut_is_an_error(self, files, tmp_path, name):
        folder, expected = files
        whole, path = (folder / name).read_bytes(), tmp_path / name
        for length in (*range(0, len(whole), 1000), len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match="is damaged or not a model file"):
                used(path)
        path.write_bytes(whole)
        assert_array_equal(used(path), expected)

    def test_a_flipped_bit_is_an_error_or_one_that_nobody_reads(
        self, files, tmp_path, name
    ):
        folder, expected = files
        whole, path = (folder / name).read_bytes(), tmp_path / name
        draws, n_found = np.random.default_rng(BIT_FLIPS), 0
        for place in draws.integers(8 * len(whole), size=BIT_FLIPS):
            content = bytearray(whole)
            content[place // 8] ^= 1 << (place % 8)
            path.write_bytes(content)
            try:
                assert_array_equal(used(path), expected)
            except ValueError as error:
                assert "damaged" in str(error)  # noqa: PT017
                n_found += 1
        assert n_found > BIT_FLIPS / 2


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, where one may be mounted."""
    folder, mount = tmp_path / "disk", shutil.which("mount")
    folder.mkdir()
    command = [mount or "", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if (
        mount is None
        or subprocess.run(command, check=False, capture_output=True).returncode
    ):
        pytest.skip("no file system can be mounted")
    yield folder
    subprocess.run([shutil.which("umount"), str(folder)], check=True)


def test_a_full_disk_leaves_the_last_good_one(small_disk):
    path = small_disk / "checkpoint"
    model = make(max_iter=6).set_callbacks(Checkpoint(path))
    (small_disk / "other").write_bytes(bytes(20_000))
    with pytest.raises(OSError, match="No space left"):
        make(max_iter=1000).set_callbacks(Checkpoint(path)).fit(X, Y)
    assert not hasattr(model, "coefs_")
    assert sorted(each.name for each in small_disk.iterdir()) == ["checkpoint", "other"]
    epochs = len(archive.read(path)["run"]["entries"])
    (small_disk / "other").unlink()
    with pytest.raises(OSError, match="No space left"):
        make(max_iter=1000).set_callbacks(Checkpoint(path, resume=True)).fit(X, Y)
    assert len(archive.read(path)["run"]["entries"]) > epochs

"""Workers that die, leave and join, and a scheduler that is gone.

The clusters here are the tests' own: what they do to them, no other test would survive.
"""

import os
import signal

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification
from sklearn.utils.fixes import parse_version

from skann.dask import DaskBPClassifier

distributed = pytest.importorskip(
    "distributed", reason="the extra 'dask' is not installed"
)
da = pytest.importorskip("dask.array")

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL"),
    pytest.mark.skipif(
        parse_version(sklearn.__version__) < parse_version("1.9"),
        reason="what happens between epochs is done by callbacks of scikit-learn 1.9",
    ),
]

NET = {
    "hidden_layer_sizes": (8,),
    "solver": "adam",
    "random_state": 0,
    "batch_size": 16,
    "max_iter": 8,
}


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(200, 5, n_redundant=0, random_state=0)
    return da.from_array(X, chunks=(50, 5)), da.from_array(y, chunks=50)


@pytest.fixture
def own_cluster():
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield cluster, client


class AtEpoch:
    """Callback that does something at the beginning of an epoch of a fit."""

    def __init__(self, epoch, what):
        self.epoch, self.what = epoch, what

    def setup(self, estimator, context):
        self.n_begun = 0

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch":
            self.n_begun += 1
            if self.n_begun == self.epoch:
                self.what()

    def on_fit_task_end(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass


@pytest.mark.parametrize("solver", ["adam", "rprop"])
def test_a_worker_that_is_killed_changes_nothing(solver, data, own_cluster):
    _, client = own_cluster
    net = {**NET, "solver": solver}
    expected = DaskBPClassifier(**net).fit(*data).coefs_[0]
    pids = client.run(os.getpid)
    victim = pids[min(pids)]
    kill = AtEpoch(3, lambda: os.kill(victim, signal.SIGKILL))
    found = DaskBPClassifier(**net).set_callbacks(kill).fit(*data)
    if solver == "adam":
        np.testing.assert_array_equal(found.coefs_[0], expected)
    else:
        np.testing.assert_allclose(found.coefs_[0], expected, rtol=1e-9)
    assert found.n_iter_ == 8


def test_tasks_that_a_worker_has_died_on_are_tried_again(own_cluster):
    cluster, client = own_cluster
    X, y = make_classification(200, 5, n_redundant=0, random_state=0)
    client.wait_for_workers(2)
    scratch = cluster.workers[0].local_directory

    def deadly(block):
        # Once, in the middle of a task.
        try:
            os.close(os.open(os.path.join(scratch, "died"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return block
        os.kill(os.getpid(), signal.SIGKILL)

    X = da.from_array(X, chunks=(50, 5))
    y = da.from_array(y, chunks=50)
    expected = DaskBPClassifier(**NET).fit(X, y).coefs_[0]
    mortal = X.map_blocks(deadly, dtype=X.dtype, meta=np.empty((0, 0)))
    found = DaskBPClassifier(**NET).fit(mortal, y)
    np.testing.assert_array_equal(found.coefs_[0], expected)


def test_a_worker_that_joins_takes_part(data, own_cluster):
    cluster, client = own_cluster

    def join():
        cluster.scale(3)
        client.wait_for_workers(3)

    net = DaskBPClassifier(**NET).set_callbacks(AtEpoch(3, join))
    found = net.fit(*data)
    # 200 rows in batches of 16: 7 steps of two workers, 5 of three.
    assert len(found.batch_loss_curve_) in (2 * 7 + 6 * 5, 3 * 7 + 5 * 5)
    assert found.t_ == 8 * 200


def test_without_the_scheduler_there_is_a_clear_error(data):
    with distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None
    ) as cluster:
        client = distributed.Client(cluster.scheduler_address)
        net = DaskBPClassifier(**NET)
        net.set_callbacks(AtEpoch(2, cluster.close))
        net.client = client
        with pytest.raises(ConnectionError, match=r"scheduler at .* is gone"):
            net.fit(*data)
        assert not hasattr(net, "estimator_")
        client.close(timeout=1)

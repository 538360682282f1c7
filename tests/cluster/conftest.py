"""Clusters for the tests: two workers, and one; both are processes of this machine."""

import signal

import pytest

# For a busy machine; one that is not takes a few.
SECONDS = 240


def _client(n_workers):
    import dask
    from distributed import Client, LocalCluster

    # A task that a worker has died on is given up at once: what is to go on in spite of
    # that must see to it.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def two_workers():
    yield from _client(2)


@pytest.fixture(scope="session")
def one_worker():
    yield from _client(1)


@pytest.fixture(autouse=True)
def client_in_use(request):
    for name in ("two_workers", "one_worker"):
        if name in request.fixturenames:
            with request.getfixturevalue(name).as_current():
                yield
            return
    yield


@pytest.fixture(autouse=True)
def time_limit():
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(number, frame):
        raise TimeoutError(f"the test has taken {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)

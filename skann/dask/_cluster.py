"""On the client: tasks on the cluster and their results, whatever happens to workers.

Tasks are pure and where they run does not matter, so a worker that dies costs nothing
but time: Dask computes again what it took with it, on whichever workers there are. Only
where Dask gives a task up, after ``allowed-failures`` workers have died on it, is it
told to try again. Without the scheduler there is nothing left to wait for.
"""

import time
from warnings import warn

from .._optional import imported

# Times that tasks are tried again after Dask has given them up.
_MAX_RETRIES = 10
# Seconds between two looks at whether the scheduler is still there.
_LOOK_EVERY = 1.0
# Looks after which it is said that there is no worker to wait for.
_LOOKS_WITHOUT_WORKERS = 10


class SchedulerLostError(ConnectionError):
    """The cluster's scheduler is gone, and with it all that workers had."""


def default_client():
    """The client in use, as Dask's own functions find it.

    Raises
    ------
    ValueError
        If there is none.
    """
    distributed = imported("distributed", "skann.dask", "dask")
    try:
        return distributed.get_client()
    except ValueError as error:
        raise ValueError(
            "There is no Dask client: make one, for example with "
            "dask.distributed.Client(), or set the estimator's attribute client."
        ) from error


class Cluster:
    """A client's cluster.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client):
        self.client = client
        self._address = client.scheduler.address if client.scheduler else "?"

    def workers(self):
        """Addresses of the workers that there are, sorted."""
        return sorted(self._asked(self.client.nthreads))

    def holders(self, futures):
        """For each future, the addresses of the workers that have its value."""
        found = self._asked(lambda: self.client.who_has(futures))
        return [set(found.get(future.key, ())) for future in futures]

    def submit(self, function, *arguments, at=None):
        """A future of a function's value, computed at a worker if that is there."""
        where = {"workers": [at], "allow_other_workers": True} if at else {}
        self._check()
        with _without_size_warning():
            return self.client.submit(function, *arguments, pure=False, **where)

    def compute(self, node, at=None):
        """A future of a delayed value, computed at a worker if that is there."""
        where = {"workers": [at], "allow_other_workers": True} if at else {}
        self._check()
        with _without_size_warning():
            return self.client.compute(node, **where)

    def results(self, futures):
        """Values of futures, in their order.

        Raises
        ------
        Exception
            What a task has raised.
        SchedulerLostError
            If there is no scheduler any more.
        RuntimeError
            If workers die on the same tasks again and again.
        """
        try:
            for _ in range(_MAX_RETRIES + 1):
                self._wait(futures)
                given_up = [future for future in futures if _is_given_up(future)]
                if not given_up:
                    return self._gathered(futures)
                self._asked(lambda given_up=given_up: _retry(self.client, given_up))
            raise RuntimeError(
                f"Workers have died {_MAX_RETRIES + 1} times over the same tasks; do "
                "they have the memory for the rows of theirs? More and smaller "
                "partitions, or persist=False, take less."
            )
        except BaseException:
            if self._is_there():
                self.client.cancel(futures)
            raise

    def _wait(self, futures):
        from distributed import CancelledError, wait

        n_looks = 0
        while True:
            try:
                wait(futures, timeout=_LOOK_EVERY)
                return
            except TimeoutError:
                n_looks = 0 if self.workers() else n_looks + 1
                if n_looks == _LOOKS_WITHOUT_WORKERS:
                    warn(
                        "The Dask cluster has no workers; training waits for one.",
                        stacklevel=2,
                    )
            except CancelledError as error:
                # The client notices a lost connection just after its futures do.
                self._check(patience=2.0)
                raise RuntimeError(
                    "Rows are lost with their worker, and Dask can't make them anew: "
                    "they were scattered or persisted and have no source. Make the "
                    f"collections from files, arrays or functions. ({error})"
                ) from error

    def _gathered(self, futures):
        from distributed import CancelledError

        try:
            return self._asked(lambda: self.client.gather(futures))
        except CancelledError as error:
            raise self._lost() from error

    def _asked(self, question):
        self._check()
        try:
            return question()
        except (OSError, TimeoutError) as error:
            if not self._is_there():
                raise self._lost() from error
            raise

    def _is_there(self):
        return self.client.status == "running"

    def _check(self, patience=0.0):
        until = time.monotonic() + patience
        while self._is_there():
            if time.monotonic() >= until:
                return
            time.sleep(0.05)
        raise self._lost()

    def _lost(self):
        return SchedulerLostError(
            f"The Dask scheduler at {self._address} is gone, so training can't go on "
            "and the estimator is as it was. skann.callbacks.Checkpoint, set by "
            "set_callbacks with resume=True, goes on from its last epoch on a new "
            "cluster."
        )


def _retry(client, futures):
    # Client.retry fails where a task that is tried again with these, such as one that
    # reads a file, is none of the client's futures.
    async def retry():
        keys = [future.key for future in futures]
        for key in await client.scheduler.retry(keys=keys, client=client.id):
            if key in client.futures:
                client.futures[key].retry()

    client.sync(retry)


def _is_given_up(future):
    from distributed.scheduler import KilledWorker

    return future.status == "error" and isinstance(future.exception(), KilledWorker)


def _without_size_warning():
    # Parameters of a large network travel with the tasks, so that these are complete.
    import dask

    return dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})

"""On the client: the shards of a fit, where they are, and what is asked of all.

Which rows a shard has is settled when the fit begins, from the collection and the
number of workers, and results depend on that alone. Which worker computes with it is
another matter: where its rows are, and elsewhere after a failure.
"""

import math
from itertools import pairwise

from . import _partitions as rows
from . import _tasks as tasks


class Shards:
    """Shards of rows to train on, or to validate on.

    Parameters
    ----------
    cluster : Cluster
    nodes : list of Future or Delayed
        Each shard's ``Data`` or None: in the workers' memory, or to be made anew
        whenever it is asked for.
    at : list of str
        The worker of each.
    is_kept : bool
        Whether they are futures.
    """

    def __init__(self, cluster, nodes, at, is_kept):
        self._cluster, self._nodes, self._at = cluster, nodes, at
        self.is_kept = is_kept
        self._known_workers = self._scale = None
        self.sizes = None

    def __len__(self):
        return len(self._nodes)

    @property
    def n_rows(self):
        """Rows in use, of all shards."""
        return sum(self.sizes)

    @property
    def scale(self):
        """What brings weights of several shards in proportion; see ``scaled``."""
        return None if len(self) == 1 else self._scale

    def measure(self):
        """Learn the sizes and weights; shards without rows are dropped.

        Returns
        -------
        targets : Targets
            What all shards' targets have in common, without rows.
        """
        found = self.each(rows.summary)
        kept = [k for k, one in enumerate(found) if one is not None]
        self._nodes = [self._nodes[k] for k in kept]
        self._at = [self._at[k] for k in kept]
        found = [found[k] for k in kept]
        if not found:
            raise ValueError(
                "sample_weight and class_weight leave no row a positive weight."
            )
        self.sizes = [one.n_rows for one in found]
        lightest = min(one.lightest for one in found)
        heaviest = max(one.heaviest for one in found)
        self._scale = None
        if lightest < heaviest:
            # As one machine does: first to a largest weight of one.
            total = sum(one.total / heaviest for one in found)
            self._scale = (heaviest, total / self.n_rows)
        return found[0].targets

    def each(self, function, which=None, own=None, **common):
        """What a function of :mod:`._tasks` returns of each shard, in their order.

        Parameters
        ----------
        function : callable
        which : list of int or None
            Numbers of the shards; None for all.
        own : list of dict or None
            Keywords of each shard's own.
        **common
            Keywords that all are given.
        """
        # Not cloudpickle itself: a solver, whose module need not have been imported
        # here, would be another class there than the one that the engine knows.
        from distributed.protocol import pickle

        which = range(len(self)) if which is None else which
        own = [{}] * len(which) if own is None else own
        common = {name: pickle.dumps(value) for name, value in common.items()}
        futures = [
            self._task(k, tasks.run, function, common, mine)
            for k, mine in zip(which, own, strict=True)
        ]
        return self._cluster.results(futures)

    def map(self, function, *arguments, own=None):
        """Shards made from these, by a function of their data."""
        own = [()] * len(self) if own is None else own
        nodes = [
            self._task(k, function, *arguments, *mine, is_node=True)
            for k, mine in enumerate(own)
        ]
        made = Shards(self._cluster, nodes, list(self._at), self.is_kept)
        made._scale, made.sizes = self._scale, self.sizes
        return made

    def parts(self, n_parts):
        """Shards of which each one's data is a part of a tuple that these have."""
        return [self.map(_part, k) for k in range(n_parts)]

    def _task(self, k, function, *arguments, is_node=False):
        node, at = self._nodes[k], self._at[k]
        if self.is_kept:
            return self._cluster.submit(function, node, *arguments, at=at)
        import dask

        made = dask.delayed(function, pure=False)(node, *arguments)
        return made if is_node else self._cluster.compute(made, at)

    def settle(self, smallest):
        """Have all workers take part that there are now, as far as rows go.

        A worker that has two shards gives one to one that has none; where there are
        more workers than shards, the rows are cut anew. Until rows are lost or workers
        join, nothing is asked but who is there.

        Parameters
        ----------
        smallest : int
            Rows that a shard must have to be worth one.
        """
        workers = self._cluster.workers()
        if not workers or workers == self._known_workers:
            return
        first_look = self._known_workers is None
        self._known_workers = workers
        if not self.is_kept:
            self._at = [workers[k % len(workers)] for k in range(len(self))]
            return
        wanted = min(len(workers), max(1, self.n_rows // smallest))
        if wanted > len(self) and not first_look:
            self._cut(wanted)
        self._at = placed(self._cluster.holders(self._nodes), workers)

    def _cut(self, n_shards):
        """The same rows in more shards, of one size."""
        starts = [0]
        for size in self.sizes:
            starts.append(starts[-1] + size)
        bounds = [self.n_rows * k // n_shards for k in range(n_shards + 1)]
        nodes, sizes = [], []
        for first, last in pairwise(bounds):
            pieces = [
                self._cluster.submit(
                    rows.piece, node, max(first - start, 0), min(last, end) - start
                )
                for node, start, end in zip(
                    self._nodes, starts, starts[1:], strict=False
                )
                if first < end and start < last
            ]
            nodes.append(self._cluster.submit(rows.joined, pieces))
            sizes.append(last - first)
        self._nodes, self.sizes = nodes, sizes


def _part(parts, k):
    return parts[k]


def placed(holders, workers):
    """A worker for each shard, where its rows are if that keeps nobody waiting.

    Parameters
    ----------
    holders : list of set of str
        Who has each shard.
    workers : list of str

    Returns
    -------
    at : list of str
    """
    load = dict.fromkeys(workers, 0)
    most = math.ceil(len(holders) / len(workers))
    at = [None] * len(holders)
    # Those that are in one place first, then those that may choose.
    for k in sorted(range(len(holders)), key=lambda k: len(holders[k]) or math.inf):
        there = [one for one in workers if one in holders[k] and load[one] < most]
        at[k] = min(there or workers, key=load.get)
        load[at[k]] += 1
    return at


def grouped(n_parts, locations, n_workers):
    """Numbers of the partitions of each shard.

    Parameters
    ----------
    n_parts : int
    locations : list of (str or None)
        The worker that each partition is on, where it has been computed.
    n_workers : int

    Returns
    -------
    groups : list of list of int
        Neighbours where nothing has been computed; else those of one worker, but for
        as many as must move for none to have more than its share.
    """
    n_groups = max(1, min(n_workers, n_parts))
    bounds = [n_parts * k // n_groups for k in range(n_groups + 1)]
    neighbours = [list(range(a, b)) for a, b in pairwise(bounds)]
    if any(where is None for where in locations) or n_groups == 1:
        return neighbours
    by_worker = {}
    for k, where in enumerate(locations):
        by_worker.setdefault(where, []).append(k)
    groups = list(by_worker.values())[:n_groups]
    moving = [k for own in list(by_worker.values())[n_groups:] for k in own]
    groups += [[] for _ in range(n_groups - len(groups))]
    most = math.ceil(n_parts / n_groups)
    for own in groups:
        moving += own[most:]
        del own[most:]
    for k in sorted(moving):
        min(groups, key=len).append(k)
    # Some may have none, where the others have their full share.
    for own in groups:
        if not own:
            own.append(max(groups, key=len).pop())
    return [sorted(own) for own in groups]

"""On the client: from Dask collections to shards on workers, and a sample of them."""

from dataclasses import dataclass

import numpy as np

from .._training.data import Data, enough_rows, sampled_places
from . import _partitions as rows
from ._collections import locations, partitions
from ._shards import Shards, grouped


class SampledData(Data):
    """A sample of the rows of all shards, that has the number of all.

    Parameters
    ----------
    data : Data
    n_rows : int
    """

    def __init__(self, data, n_rows):
        super().__init__(data.X, data.y, data.targets, data.weight, data.rows)
        self._n_all = n_rows

    @property
    def n_rows(self):
        """Rows of all shards."""
        return self._n_all

    @property
    def row_numbers(self):
        """The rows of the sample."""
        return np.arange(self.X.shape[0])

    def sample(self, n=None):
        """All of them."""
        return self.row_numbers


@dataclass
class Source:
    """Where the rows of a fit come from.

    Attributes
    ----------
    X, y, sample_weight : Dask collections, the last may be None
    cluster : Cluster
    is_kept : bool
        Whether shards stay in the workers' memory.
    names : tuple of str
        What the user knows the collections by.
    """

    X: object
    y: object
    sample_weight: object
    cluster: object
    is_kept: bool
    names: tuple = ("X", "y", "sample_weight")

    def checked(self, estimator):
        """Tasks of checked partitions: a list of them for each shard, and a worker."""
        import dask

        parts = partitions(self.X, self.y, self.sample_weight, self.names)
        workers = self.cluster.workers()
        if not self.is_kept:
            groups = [[k] for k in range(len(parts))]
        else:
            places = locations(self.X, self.cluster)
            groups = grouped(len(parts), places, max(1, len(workers)))
        at = [
            workers[k % len(workers)] if workers else None for k in range(len(groups))
        ]
        if self.is_kept and places[0] is not None:
            at = [places[own[0]] for own in groups]
        estimator = dask.delayed(estimator)
        nodes = [
            [dask.delayed(rows.checked, pure=False)(estimator, parts[k]) for k in own]
            for own in groups
        ]
        if self.is_kept:
            nodes = [
                [self.cluster.compute(node, where) for node in own]
                for own, where in zip(nodes, at, strict=True)
            ]
        return nodes, at

    def describe(self, estimator, nodes, at):
        """Descriptions of the shards that have rows."""
        import dask

        describe = dask.delayed(rows.described, pure=False)
        futures = [
            self.cluster.compute(
                describe(estimator, own), where if self.is_kept else None
            )
            for own, where in zip(nodes, at, strict=True)
        ]
        found = [one for one in self.cluster.results(futures) if one is not None]
        if not found:
            raise ValueError(f"{self.names[0]} has no rows of positive weight.")
        return found

    def shards(self, estimator, transformer, dtypes, nodes, at):
        """Shards of these partitions."""
        import dask

        make = dask.delayed(rows.make_shard, pure=False)
        made = [make(estimator, transformer, dtypes, own) for own in nodes]
        if self.is_kept:
            made = [
                self.cluster.compute(node, where)
                for node, where in zip(made, at, strict=True)
            ]
        return Shards(self.cluster, made, at, self.is_kept)


def sampled(shards, n_features):
    """A sample of all shards' rows, as the rules for "auto" look at on one machine."""
    places = sampled_places(shards.n_rows, enough_rows(n_features))
    ends = np.cumsum(shards.sizes)
    parts = np.split(places, np.searchsorted(places, ends[:-1]))
    own = [
        {"places": part - end + size}
        for part, end, size in zip(parts, ends, shards.sizes, strict=True)
    ]
    pieces = shards.each(rows.sample, own=own)
    return SampledData(rows.joined(pieces), shards.n_rows)

"""What every clustering method is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...arrays import Codes, Embeddings
from ..graph import PairGraph
from ..recipe import Thresholds


@dataclass(frozen=True, eq=False)
class Pool:
    """Specimens to be clustered, at least two.

    Attributes:
        rows: float32 [n, dim], unit rows.
        graph: of the same specimens.
        thresholds: where to cut when the number of clusters is not given.
        seed: of whatever is drawn by chance.
    """

    rows: Embeddings
    graph: PairGraph
    thresholds: Thresholds
    seed: int = 0

    def __len__(self) -> int:
        return self.graph.n

    def among(self, places: Codes) -> Pool:
        """Return the pool of some of the specimens, int64 [m] ascending."""
        rows, graph = self.rows[places], self.graph.among(places)
        return Pool(rows, graph, self.thresholds, self.seed)


# Of a pool and the number of clusters, None where it is not known: int64 [n], numbered from 0, and
# the least and the largest number that the method would have given with other thresholds.
Found = tuple[Codes, tuple[int, int]]
Method = Callable[[Pool, int | None], Found]


def with_count(cluster: Callable[[Pool, int | None], Codes]) -> Method:
    """Return a method that only gives clusters as one that also says how many it may be."""

    def method(pool: Pool, k: int | None) -> Found:
        labels = cluster(pool, k)
        count = int(labels.max()) + 1
        return labels, (count, count)

    return method


def numbered(labels: Codes) -> Codes:
    """Return clusters numbered from 0, the largest first, equal ones by their first member.

    >>> numbered(np.array([7, 3, 3, -1])).tolist()
    [1, 0, 0, 2]
    """
    _, first, place, counts = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    new = np.empty(len(order), np.int64)
    new[order] = np.arange(len(order))
    return new[place]

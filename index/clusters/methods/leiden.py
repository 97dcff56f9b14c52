"""Leiden (Traag, Waltman and van Eck 2019): communities of the pair graph."""

from __future__ import annotations

import graspologic_native
import numpy as np
from scipy.sparse import csr_array

from ...arrays import Codes
from ..graph import PairGraph
from .merging import merge
from .pool import Pool, numbered

_LEAST = 0.01  # probability below which a pair is no edge
_ROUNDS = 3
_HALVINGS = 12


def constant_potts(pool: Pool, k: int | None) -> Codes:
    """Return communities under the constant Potts model: their size does not decide their number.

    With k, the resolution is sought that gives hardly more, and what lies closest is merged.
    """
    matrix = edges(pool.graph)
    if k is None:
        return communities(matrix, pool.thresholds.resolution, pool.seed)
    low, high, best = 0.0, 1.0, np.arange(len(pool))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = communities(matrix, middle, pool.seed)
        count = int(found.max()) + 1
        if count >= k:
            high, best = middle, found
        else:
            low = middle
        if count == k:
            break
    return merge(best, pool.graph, k)


def modularity(pool: Pool, k: int | None) -> Codes:
    """Return communities of the greatest modularity; with k, those closest are merged or split."""
    resolution, matrix = pool.thresholds.modularity, edges(pool.graph)
    found = communities(matrix, resolution, pool.seed, by_modularity=True)
    if k is None or int(found.max()) + 1 == k:
        return found
    return merge(found, pool.graph, k) if found.max() >= k else constant_potts(pool, k)


def edges(graph: PairGraph) -> csr_array:
    """Return the matrix of a graph without the pairs that hardly can be one species."""
    kept = graph.probability >= _LEAST
    one = PairGraph(graph.n, graph.first[kept], graph.second[kept], graph.probability[kept])
    return one.matrix()


def communities(
    matrix: csr_array, resolution: float, seed: int, *, by_modularity: bool = False
) -> Codes:
    """Return the communities of a symmetric matrix [n, n]: int64 [n]; an empty row is alone."""
    n = matrix.shape[0]
    if not matrix.nnz:
        return np.arange(n)
    _, found = graspologic_native.leiden_csr(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
        n,
        resolution=max(resolution, 1e-9),
        iterations=_ROUNDS,
        use_modularity=by_modularity,
        seed=seed,
    )
    return numbered(np.array([found.get(row, n + row) for row in range(n)]))

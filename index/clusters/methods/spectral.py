"""Spectral clustering of the pair graph (Ng, Jordan and Weiss 2001), k by its eigenvalues."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from sklearn.cluster import KMeans

from ...arrays import Codes, Floats
from ..graph import PairGraph
from .blocks import MOST, in_blocks
from .leiden import constant_potts
from .pool import Found, Pool, numbered, with_count

_STARTS = 4
_AROUND = (0.85, 1.15)  # of the threshold, for the range of k
_TINY = 1e-9


class Spectrum(NamedTuple):
    """Eigenvalues float64 [m], the largest first, and their vectors, float64 [n, m]."""

    values: Floats
    vectors: Floats

    def count(self, threshold: float) -> int:
        """Return how many clusters the values above a threshold stand for, at least one."""
        return max(1, int((self.values > threshold).sum()))

    def clusters(self, k: int, seed: int) -> Codes:
        """Return k clusters of the rows, or fewer where rows lie on each other."""
        rows = self.vectors[:, :k]
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _TINY)
        k = min(k, len(np.unique(rows.round(9), axis=0)))
        found: Codes = KMeans(k, n_init=_STARTS, random_state=seed).fit_predict(rows)
        return numbered(found)


def spectrum(graph: PairGraph, least: float) -> Spectrum:
    """Return what a graph's normalised matrix has above an eigenvalue."""
    matrix = graph.matrix().toarray()
    alone = matrix.sum(axis=1) < _TINY
    matrix[alone, alone] = 1  # a component of its own
    scale = 1 / np.sqrt(matrix.sum(axis=1))
    values, vectors = eigh(matrix * scale[:, None] * scale, subset_by_value=(least, 2.0))
    return Spectrum(values[::-1], vectors[:, ::-1])


def spectral(pool: Pool, k: int | None) -> Found:
    """Return clusters of the leading eigenvectors.

    Without k there is one for every eigenvalue above the threshold; a large pool is cut into
    blocks first, as its graph would be. The range of k is what thresholds somewhat lower and
    higher give, and Leiden. With k a large pool goes to Leiden.
    """
    if k is not None:
        return with_count(_of_count)(pool, k)
    threshold, counts = pool.thresholds.eigenvalue, []

    def cluster(block: Pool) -> Codes:
        found = spectrum(block.graph, _AROUND[0] * threshold)
        counts.append([found.count(by * threshold) for by in _AROUND])
        return found.clusters(found.count(threshold), block.seed)

    labels = in_blocks(pool, cluster)
    others = [*np.sum(counts, axis=0).tolist(), int(constant_potts(pool, None).max()) + 1]
    own = int(labels.max()) + 1
    return labels, (min(own, *others), max(own, *others))


def _of_count(pool: Pool, k: int | None) -> Codes:
    if k is None or len(pool) > MOST:
        return constant_potts(pool, k)
    return spectrum(pool.graph, -2.0).clusters(k, pool.seed)

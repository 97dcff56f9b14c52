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
from .pool import Pool, numbered

_STARTS = 4
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


def spectral(pool: Pool, k: int | None) -> Codes:
    """Return clusters of the leading eigenvectors.

    Without k there is one for every eigenvalue above the threshold; a large pool is cut into
    blocks first, as its graph would be. With k a large pool goes to Leiden.
    """
    threshold = pool.thresholds.eigenvalue
    if k is None:
        return in_blocks(pool, lambda block: _of_block(block, threshold))
    if len(pool) > MOST:
        return constant_potts(pool, k)
    return spectrum(pool.graph, -2.0).clusters(k, pool.seed)


def _of_block(pool: Pool, threshold: float) -> Codes:
    found = spectrum(pool.graph, threshold)
    return found.clusters(found.count(threshold), pool.seed)

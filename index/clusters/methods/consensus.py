"""What spectral clustering and Leiden agree on: neither serves even and long-tailed pools alike."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from ...arrays import Codes, Floats
from .blocks import in_blocks
from .leiden import communities, edges
from .pool import Found, Pool, numbered, with_count
from .spectral import spectral, spectrum

_AROUND = (0.85, 1.0, 1.15)  # of either threshold: no single value is right for every pool
_TOGETHER = 0.5  # share of the votes


def consensus(pool: Pool, k: int | None) -> Found:
    """Return clusters of specimens that most of the votes put together.

    Three votes are spectral clustering's and three Leiden's, at thresholds around the tuned ones;
    the range of k is theirs. With k spectral clustering alone decides.
    """
    if k is not None:
        return with_count(spectral)(pool, k)
    counts: list[list[int]] = []

    def agreed(block: Pool) -> Codes:
        cast = votes(block)
        counts.append([int(labels.max()) + 1 for labels in cast])
        return _agreed(cast)

    labels = in_blocks(pool, agreed)
    sums = [*np.sum(counts, axis=0).tolist(), int(labels.max()) + 1]
    return labels, (min(sums), max(sums))


def votes(pool: Pool) -> list[Codes]:
    """Return the clusters of at most a block's specimens, one labelling a vote."""
    eigenvalues = [pool.thresholds.eigenvalue * by for by in _AROUND]
    found, matrix = spectrum(pool.graph, min(eigenvalues)), edges(pool.graph)
    by_spectrum = [found.clusters(found.count(one), pool.seed) for one in eigenvalues]
    resolutions = [pool.thresholds.resolution * by for by in _AROUND]
    return by_spectrum + [communities(matrix, one, pool.seed) for one in resolutions]


def _agreed(cast: list[Codes]) -> Codes:
    n = len(cast[0])
    if n < 2:
        return np.zeros(n, np.int64)
    tree = linkage((1 - together(cast))[np.triu_indices(n, 1)], "average")
    return numbered(fcluster(tree, 1 - _TOGETHER, "distance").astype(np.int64))


def together(votes: list[Codes]) -> Floats:
    """Return the share of the votes that put a pair together, float64 [n, n]."""
    shares = np.zeros((len(votes[0]),) * 2)
    for labels in votes:
        shares += labels[:, None] == labels
    return shares / len(votes)

"""How faithful a map is: trustworthiness and how many neighbours of the space it keeps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..arrays import Embeddings, Ids

K = 15
_ASKING = 1000  # images, drawn by the seed, whose neighbours are compared: never n x n
_BLOCK = 64


@dataclass(frozen=True)
class Quality:
    """How well a map keeps neighbourhoods, as shares in [0, 1]; 1 is best.

    Attributes:
        trustworthiness: 1 less a penalty for those near in the map that are far in the space
            (Venna and Kaski 2001); None with too few images to tell.
        overlap: share of the k nearest in the space that are among the k nearest in the map.
        k: neighbours that are compared.
        images: how many were asked for theirs.
    """

    trustworthiness: float | None
    overlap: float | None
    k: int
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


def measure(rows: Embeddings, coordinates: Embeddings, seed: int) -> Quality:
    """Compare the neighbours of images in a space and in its map.

    Args:
        rows: float32 [n, dim], unit rows.
        coordinates: float32 [n, 2].
        seed: draws the images that ask, where there are many.
    """
    n = len(rows)
    k = min(K, (n - 1) // 2)  # trustworthiness is defined for fewer than half
    asking = np.arange(n)
    if n > _ASKING:
        asking = np.sort(np.random.default_rng(seed).choice(n, _ASKING, replace=False))
    if k < 1:
        return Quality(None, None, k, n)
    near = neighbours_in_map(coordinates, asking, k)
    penalty, kept = 0.0, 0
    for start in range(0, len(asking), _BLOCK):
        block = slice(start, start + _BLOCK)
        ranks = _ranks(rows, asking[block], near[block])
        penalty += float((ranks - k).clip(min=0).sum())
        kept += int((ranks <= k).sum())
    worst = len(asking) * k * (2 * n - 3 * k - 1) / 2
    return Quality(1 - penalty / worst, kept / (len(asking) * k), k, len(asking))


def neighbours_in_map(coordinates: Embeddings, asking: Ids, k: int) -> Ids:
    """Return the k nearest others in a map of some of its images, int64 [q, k]."""
    from scipy.spatial import KDTree

    _, found = KDTree(coordinates).query(coordinates[asking], min(k + 1, len(coordinates)))
    own = found == asking[:, None]
    own[~own.any(axis=1), -1] = True  # more than k others lie on the same spot
    others: Ids = found[~own].reshape(len(asking), -1).astype(np.int64)
    return others


def _ranks(rows: Embeddings, asking: Ids, near: Ids) -> Ids:
    """Return the ranks in the space, 1 for the nearest, of images near in the map, int64 [q, k]."""
    cosines = rows[asking] @ rows.T
    query = np.arange(len(asking))
    cosines[query, asking] = -np.inf
    of_near = cosines[query[:, None], near]
    nearer = [(cosines > of_near[:, [place]]).sum(axis=1) for place in range(near.shape[1])]
    return np.stack(nearer, axis=1) + 1

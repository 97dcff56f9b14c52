"""Images that a map was not fitted on are put among those that it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Embeddings, Flags, Floats, Ids, Scores
from ..vectors import Selection, VectorIndex

K = 5  # fitted images among which one is placed; more draw it out of its group
_STEEP = 3.0  # of the weights, by the mean gap between neighbours
_BLOCK = 4096
_QUANTILE = 0.01  # of what fitted images have: an image with less is far from them


@dataclass(frozen=True, eq=False)
class Placed:
    """Where images are put.

    Attributes:
        coordinates: float32 [n, 2].
        nearness: float32 [n], the mean cosine to the nearest fitted images.
    """

    coordinates: Embeddings
    nearness: Scores


def place_among(
    index: VectorIndex, places: Ids, fitted: Selection, coordinates: Embeddings
) -> Placed:
    """Place images at the weighted mean of their nearest fitted images' coordinates.

    The weights fall as UMAP's memberships do, by how much farther off than the nearest a neighbour
    is. The mean is local, needs no more than the coordinates, and is the same in every process.
    Number and steepness kept most neighbours of moths, leaves, fish and made vectors.

    Args:
        index: over n images.
        places: int64 [m], the images to place.
        fitted: the images among which they are placed, at least one.
        coordinates: float32 [n, 2]; read of fitted images only.
    """
    found = np.empty((len(places), 2), np.float32)
    nearness = np.empty(len(places), np.float32)
    for start in range(0, len(places), _BLOCK):
        block = slice(start, start + _BLOCK)
        scores, among = index.search(index.rows(places[block]), K, fitted)
        weights = membership(scores)
        found[block] = np.einsum("qk,qkd->qd", weights, coordinates[among].astype(np.float64))
        nearness[block] = scores.mean(axis=1)
    return Placed(found, nearness)


def membership(scores: Scores) -> Floats:
    """Return weights of neighbours, float64 [q, k], summing to 1, given cosines, best first.

    >>> membership(np.array([[1.0, 0.9, 0.5]], np.float32)).round(2).tolist()
    [[0.82, 0.18, 0.0]]
    """
    gaps = scores[:, :1].astype(np.float64) - scores
    scale = np.maximum(gaps.mean(axis=1, keepdims=True), 1e-9)
    weights = np.exp(-_STEEP * gaps / scale)
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def support(nearness: Scores) -> float:
    """Return the nearness below which an image is far from what a map was fitted on.

    Args:
        nearness: float32 [n], the mean cosine of fitted images to their nearest others.
    """
    return float(np.quantile(nearness, _QUANTILE)) if len(nearness) else -1.0


def far_from(nearness: Scores, bound: float) -> Flags:
    """Return which images lie far from the support, bool [n]."""
    return nearness < np.float32(bound)

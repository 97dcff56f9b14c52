"""Votes of the nearest neighbours: tempered by similarity, capped per class, summed up the lineage.

METHODS 3.4: a plain majority of 15 is worse than the single nearest neighbour, because 15 is more
than most species have images; weights that fall off with the cosine and at most three votes a
class repair that.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Codes, Embeddings, Floats

NEIGHBOURS = 15
TEMPERATURE = 0.05
CAP = 3  # votes of one class: common species must not outvote rare ones


def vote_weights(scores: Embeddings, classes: Codes) -> Floats:
    """Return what every neighbour's vote weighs.

    Args:
        scores: float32 [q, k], cosines, best first; -inf as padding.
        classes: int64 [q, k], the neighbours' classes (lineages), -1 as padding.

    Returns:
        float64 [q, k], each row summing to 1, or to 0 where there is no neighbour.

    >>> vote_weights(np.array([[0.9, 0.9]], np.float32), np.array([[4, 7]])).tolist()
    [[0.5, 0.5]]
    """
    before = np.tri(classes.shape[1], k=-1, dtype=np.bool_)
    earlier = ((classes[:, :, None] == classes[:, None, :]) & before).sum(axis=2)
    counted = (classes >= 0) & (earlier < CAP)
    best = np.where(counted, scores, -np.inf).max(axis=1, initial=-1)[:, None]
    weights = np.where(counted, np.exp((scores.astype(np.float64) - best) / TEMPERATURE), 0.0)
    shares: Floats = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    return shares


def shares_at(weights: Floats, taxa: Codes) -> Floats:
    """Sum the votes of one rank: for every neighbour, the share of its own taxon.

    Args:
        weights: float64 [q, k], from `vote_weights`.
        taxa: int64 [q, k], the neighbours' taxa at the rank, -1 where not known.

    Returns:
        float64 [q, k] in [0, 1]: shares of the votes that are named at the rank; 0 for -1.

    >>> shares_at(np.array([[0.5, 0.3, 0.2]]), np.array([[1, 2, 1]])).round(2).tolist()
    [[0.7, 0.3, 0.7]]
    """
    named = np.where(taxa >= 0, weights, 0.0)
    same = taxa[:, :, None] == taxa[:, None, :]
    together = np.einsum("qij,qj->qi", same, named)
    shares: Floats = together / np.maximum(named.sum(axis=1, keepdims=True), 1e-300)
    return np.where(taxa >= 0, shares, 0.0)


def strongest(shares: Floats, taxa: Codes) -> tuple[Codes, Floats]:
    """Return the taxon [q] with the largest share and that share; -1 and 0 where none is named.

    >>> strongest(np.array([[0.7, 0.3, 0.7]]), np.array([[1, 2, 1]]))
    (array([1]), array([0.7]))
    """
    place = shares.argmax(axis=1)[:, None]
    top = np.take_along_axis(shares, place, axis=1)[:, 0]
    return np.where(top > 0, np.take_along_axis(taxa, place, axis=1)[:, 0], -1), top

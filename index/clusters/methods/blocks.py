"""Large pools, cut along the weakest links into blocks whose matrices are small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...arrays import Codes
from .leiden import communities, edges
from .pool import Pool, numbered

MOST = 1500  # specimens of a block: its matrix takes 18 MB, its eigenvectors a few seconds
_COARSE = 0.5  # resolution of modularity: communities of many species each


def in_blocks(pool: Pool, cluster: Callable[[Pool], Codes]) -> Codes:
    """Return the clusters of a pool, found a block at a time.

    Args:
        pool: of any size.
        cluster: gives the clusters of at most `MOST` specimens.
    """
    labels, taken = np.empty(len(pool), np.int64), 0
    for places in blocks(pool):
        found = cluster(pool if len(places) == len(pool) else pool.among(places))
        labels[places] = found + taken
        taken += int(found.max()) + 1
    return numbered(labels)


def blocks(pool: Pool) -> list[Codes]:
    """Return the specimens of every block, int64 [m] ascending each, at most `MOST` of them."""
    done: list[Codes] = []
    left = [(np.arange(len(pool)), _COARSE)]
    while left:
        places, resolution = left.pop()
        if len(places) <= MOST:
            done.append(places)
            continue
        matrix = edges(pool.graph.among(places))
        found = communities(matrix, resolution, pool.seed, by_modularity=True)
        parts = np.split(np.argsort(found, kind="stable"), np.cumsum(np.bincount(found))[:-1])
        left += [(places[part], 2 * resolution) for part in _filled(parts)]
    return done


def _filled(parts: list[Codes]) -> list[Codes]:
    """Return the same parts, the smallest of them together as far as they fit one block."""
    filled: list[list[Codes]] = []
    room = 0
    for part in parts:
        if len(part) > room:
            filled.append([])
            room = MOST
        filled[-1].append(part)
        room -= len(part)
    return [np.sort(np.concatenate(part)) for part in filled]

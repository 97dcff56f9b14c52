"""Arrays by what they hold, each with its type once; shapes are told where one is used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]  # [n, dim], or [dim] of one: unit rows, unless said otherwise
Scores = NDArray[np.float32]  # cosines, in [-1, 1]
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]  # [n]: which class, specimen or taxon every row is of, -1 for none
Ids = NDArray[np.int64]  # rows, places or sequence numbers
Flags = NDArray[np.bool_]
Allowed = NDArray[np.bool_]  # [n]: the rows that a search may return
Pixels = NDArray[np.uint8]  # [..., height, width, 3] of RGB, [height, width] of grey
Bytes = NDArray[np.uint8]  # [size]: what a file holds

Answer = tuple[Scores, Ids]  # both [q, k]: the k nearest of every query, best first


def places_in(ascending: Ids, wanted: Ids) -> tuple[Ids, Flags]:
    """Return where each value would lie, int64 [m], and whether it is there, bool [m].

    Args:
        ascending: int64 [n], each value once.
        wanted: int64 [m].

    >>> places_in(np.array([3, 5, 9]), np.array([9, 4]))
    (array([2, 1]), array([ True, False]))
    """
    if not len(ascending):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    places = np.searchsorted(ascending, wanted).clip(max=len(ascending) - 1)
    return places, ascending[places] == wanted


def connected(count: int, left: Ids, right: Ids) -> Codes:
    """Return which of so many things hang together by pairs, a code each, int64 [count].

    Args:
        left, right: int64 [m], the two of every pair, in 0 to count - 1.

    >>> connected(4, np.array([0]), np.array([2])).tolist()
    [0, 1, 0, 2]
    """
    from scipy.sparse import coo_array  # what only serves or asks does without
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(left), np.bool_), (left, right)), shape=(count, count))
    codes: Codes = connected_components(links, directed=False)[1].astype(np.int64)
    return codes

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

"""Where values lie among ascending ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def places_in(ascending: Numbers, wanted: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
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

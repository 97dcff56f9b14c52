"""Colours and marks that people with colour-blindness tell apart."""

from __future__ import annotations

import numpy as np

from ...arrays import Floats, Ids

# Okabe and Ito (2008), Color Universal Design, without black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#f0e442")
UNNAMED = "#c8c8c8"
MARKS = ("o", "^", "s", "D", "v")
MOST_TOLD_APART = 2 * len(COLOURS)  # taxa that a legend tells apart by colour and mark

_BESIDE = 6  # taxa near one that have another colour, as far as there are colours


def in_turn(count: int) -> list[tuple[str, str]]:
    """Return a colour and a mark for each of some taxa, all different up to 35."""
    return [
        (COLOURS[n % len(COLOURS)], MARKS[n // len(COLOURS) % len(MARKS)]) for n in range(count)
    ]


def by_place(anchors: Floats) -> Ids:
    """Return a colour for each of many taxa, int64 [n], so that those near to each other differ.

    Names stand in the map then; the colour only parts a taxon from those around it.

    Args:
        anchors: float64 [n, 2], where each taxon lies.

    >>> len(set(by_place(np.array([[0.0, 0], [1, 0], [0, 1]])).tolist()))
    3
    """
    from scipy.spatial import KDTree

    n = len(anchors)
    colours = np.full(n, -1, np.int64)
    if not n:
        return colours
    _, near = KDTree(anchors).query(anchors, min(_BESIDE + 1, n))
    near = near.reshape(n, -1)
    for taxon in range(n):
        around = colours[near[taxon]]
        taken = np.bincount(around[around >= 0], minlength=len(COLOURS))
        used = np.bincount(colours[colours >= 0], minlength=len(COLOURS))
        colours[taxon] = np.lexsort((used, taken))[0]
    return colours


def darker(colour: str, share: float = 0.62) -> str:
    """Return a colour that letters are readable in.

    >>> darker("#ffffff", 0.5)
    '#7f7f7f'
    """
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{int(part * share):02x}" for part in parts)

"""What stands on two sides where there are many sides: folds and sites."""

from __future__ import annotations

import numpy as np

from holotype.index.collection import Collection
from holotype.index.gallery.gallery import Gallery

from ..measures.arrays import Codes
from ..splits.leakage import Leaks
from ..splits.splits import Split
from .leaks import find_leaks_of

_NONE: Codes = np.empty((0, 2), np.int64)


def copies_anywhere(collection: Collection, images: Gallery) -> Leaks:
    """Return the copies and near copies among all images, for `Leaks.unite`.

    What it lists under `specimens` means nothing: every image is on both sides.
    """
    rows = np.arange(len(images))
    return find_leaks_of(collection, images, Split("every pair", rows, rows))


def no_leaks(split: Split, n: int) -> Leaks:
    """Return that nothing crosses a split of n rows, where all was kept apart beforehand."""
    return Leaks(len(split.query), _NONE, _NONE, _NONE, np.arange(n), _NONE)


def crossings(sides: Codes, specimens: Codes, copies: Leaks) -> Leaks:
    """Return what stands on two sides, as pairs of an image and the first one on another side.

    Args:
        sides: int64 [n], the side of every image; images of side -1 answer and never ask.
        specimens: int64 [n].
        copies: from `copies_anywhere`.
    """
    united = copies.unite(specimens)
    pairs = np.unique(np.stack([united, sides]), axis=1)
    groups, n_sides = np.unique(pairs[0], return_counts=True)
    torn = np.isin(united, groups[n_sides > 1])
    shared, alike = [_NONE], [_NONE]
    for row in np.flatnonzero(torn & (sides >= 0)):
        others = np.flatnonzero((united == united[row]) & (sides != sides[row]))
        own = others[specimens[others] == specimens[row]]
        (shared if len(own) else alike).append(np.array([[row, (own if len(own) else others)[0]]]))
    near, same = np.concatenate(alike), np.concatenate(shared)
    n_queries = int((sides >= 0).sum())
    return Leaks(n_queries, _NONE, near, same, copies.content, copies.near_pairs)

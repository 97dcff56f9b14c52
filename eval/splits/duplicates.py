"""Near-duplicate pictures, by perceptual hash and by embedding, in blocks (METHODS 4.14).

Both are rules of thumb. A crop by a few per cent changes more bits and more of a small network's
embedding than the thresholds allow, and plain pictures (silhouettes) share their hashes: where the
pictures are at hand, let the rules propose, widely, and `confirmed` decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings, Flags, connected
from holotype.index.pictures.copies import Thumbnails, are_copies
from holotype.index.vectors.brute_force import check_unit_rows, exact_knn

Hashes = NDArray[np.uint64]
Pairs = Iterator[tuple[Codes, Codes]]
"""Blocks of rows of a left table and the rows of a right one that match them."""

MAX_BITS = 4
MIN_COSINE = 0.98
_BLOCK_CELLS = 1 << 22
_BLOCK_PAIRS = 1 << 12


def equal_pairs(left: Codes, right: Codes) -> Pairs:
    """Yield, in blocks, the pairs of one code (content, specimen).

    Args:
        left: int64 [l].
        right: int64 [r].
    """

    def match(rows: slice) -> Flags:
        matches: Flags = left[rows, None] == right
        return matches

    return _pairs(len(left), len(right), match)


def hash_pairs(left: Hashes, right: Hashes, max_bits: int = MAX_BITS) -> Pairs:
    """Yield, in blocks, the pairs whose perceptual hashes differ in a few bits at most.

    Args:
        left: uint64 [l].
        right: uint64 [r].
        max_bits: of 64.
    """

    def match(rows: slice) -> Flags:
        matches: Flags = np.bitwise_count(left[rows, None] ^ right) <= max_bits
        return matches

    return _pairs(len(left), len(right), match)


def cosine_pairs(left: Embeddings, right: Embeddings, min_cosine: float = MIN_COSINE) -> Pairs:
    """Yield, in blocks, the pairs whose embeddings are nearly the same.

    Args:
        left: float32 [l, dim], unit rows of un-augmented pictures.
        right: float32 [r, dim], of the same encoder, before any projection.
        min_cosine: in [-1, 1].

    Raises:
        ValueError: vectors that are not unit rows.
    """
    check_unit_rows(left)
    check_unit_rows(right)

    def match(rows: slice) -> Flags:
        matches: Flags = left[rows] @ right.T >= min_cosine
        return matches

    return _pairs(len(left), len(right), match)


def nearest_pairs(
    left: Embeddings, right: Embeddings, left_groups: Codes, right_groups: Codes, k: int = 3
) -> Pairs:
    """Yield each left row with its nearest right rows of other specimens, however near.

    Args:
        left: float32 [l, dim], unit rows.
        right: float32 [r, dim], unit rows.
        left_groups: int64 [l], specimens.
        right_groups: int64 [r], specimens.
        k: how many.

    Raises:
        ValueError: vectors that are not unit rows.
    """
    _, rows = exact_knn(left, right, k, query_groups=left_groups, gallery_groups=right_groups)
    query, place = np.nonzero(rows >= 0)
    yield query, rows[query, place]


def confirmed(pairs: Pairs, thumbnails: Callable[[Codes], Thumbnails]) -> Pairs:
    """Yield those of the pairs where one picture is a copy or a crop of the other.

    Args:
        pairs: proposed, rows of one table.
        thumbnails: takes rows of the table and returns their pictures as `grey_thumbnail` makes
            them, uint8 [m, 64, 64].
    """
    for left, right in pairs:
        for start in range(0, len(left), _BLOCK_PAIRS):
            one, other = left[start : start + _BLOCK_PAIRS], right[start : start + _BLOCK_PAIRS]
            alike = are_copies(thumbnails(one), thumbnails(other))
            yield one[alike], other[alike]


def duplicate_groups(n: int, *sources: Pairs, groups: Codes | None = None) -> Codes:
    """Return groups in which duplicates are united, to be split as wholes.

    Args:
        n: rows of the table.
        sources: pairs of rows of the table with itself.
        groups: int64 [n], specimens that belong together already; None: every row its own.

    Returns:
        int64 [n], codes from 0.
    """
    start = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    united = start.astype(np.int64)
    for source in sources:
        for left, right in source:
            united = _unite(united, left, right)
    return united


def _pairs(n: int, m: int, match: Callable[[slice], Flags]) -> Pairs:
    step = max(1, _BLOCK_CELLS // max(m, 1))
    for start in range(0, n, step):
        left, right = np.nonzero(match(slice(start, start + step)))
        yield left + start, right


def _unite(groups: Codes, left: Codes, right: Codes) -> Codes:
    """Return the groups with those of each pair made one."""
    size = int(groups.max()) + 1 if len(groups) else 0
    return connected(size, groups[left], groups[right])[groups]

"""The rows of classes: their centres and spread in a space, and the specimens that they show.

Rows come class by class, and so many classes at once that no copy of the gallery is ever made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import Codes, Embeddings, Floats
from ..vectors import VectorIndex

MOST_IMAGES = 5  # of one specimen, as an identification takes
_BLOCK = 1 << 16  # rows that are in memory at once, beside the indexes
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Lineages:
    """The classes of a gallery rank by rank, as questions need them.

    Attributes:
        codes: int64 [ranks, classes + 1], their taxa, -1 not known; the last is for no class.
        sizes: int64 [ranks, taxa], how many classes are within each taxon.
        parents: of every rank but the finest int64 [taxa + 1], the taxon of each taxon of the next
            finer one; -1 where no class says, and in the last place.
    """

    codes: Codes
    sizes: Codes
    parents: tuple[Codes, ...]

    @classmethod
    def of(cls, classes: Codes) -> Lineages:
        """Take classes apart, int64 [classes, ranks], coarse to fine, -1 not known."""
        ranks = classes.shape[1]
        codes = np.concatenate([classes.T, np.full((ranks, 1), -1)], axis=1)
        taxa = int(classes.max(initial=-1)) + 1
        sizes = np.stack([np.bincount(row[row >= 0], minlength=taxa) for row in codes])
        return cls(codes, sizes, tuple(_parents(classes, rank) for rank in range(ranks - 1)))


def _parents(classes: Codes, rank: int) -> Codes:
    """Return the taxon at `rank` of every taxon one rank finer; the last entry is for none.

    A lineage that leaves it out says nothing against one that names it, in whatever order they are.
    """
    finer = classes[:, rank + 1]
    parents = np.full(max(int(finer.max(initial=-1)), 0) + 2, -1, np.int64)
    named = finer >= 0
    np.maximum.at(parents, finer[named], classes[named, rank])
    return parents


def rows_of(member: Codes, classes: Codes, size: int) -> tuple[Codes, Codes]:
    """Return the rows of some classes, class by class, and the place of each row's class.

    Args:
        member: int64 [n], the class of every row, -1 for none.
        classes: int64 [m], ascending.
        size: how many classes there are.
    """
    place = np.full(size + 1, -1, np.int64)  # the last one is for class -1
    place[classes] = np.arange(len(classes))
    of_row = place[member]
    rows = np.flatnonzero(of_row >= 0)
    rows = rows[np.argsort(of_row[rows], kind="stable")]
    return rows, of_row[rows]


def _whole_classes(of_row: Codes) -> Iterator[slice]:
    """Yield blocks of rows that come class by class; none ends within a class."""
    start = 0
    while start < len(of_row):
        stop = min(start + _BLOCK, len(of_row))
        if stop < len(of_row):
            first = int(np.searchsorted(of_row, of_row[stop]))
            stop = first if first > start else int(np.searchsorted(of_row, of_row[stop], "right"))
        yield slice(start, stop)
        start = stop


def centres_of(
    index: VectorIndex, rows: Codes, of_row: Codes, centres: Embeddings
) -> tuple[Embeddings, Floats]:
    """Return the unit mean of classes and their members' mean cosine to that of the others.

    Args:
        index: of a working space.
        rows: int64 [r], class by class.
        of_row: int64 [r], the place of each row's class, ascending.
        centres: float32 [classes, out], what a class without rows gets.
    """
    centres, means = centres.copy(), np.zeros(len(centres))
    for block in _whole_classes(of_row):
        vectors, part = index.rows(rows[block]), of_row[block]
        starts = np.flatnonzero(np.diff(part, prepend=-1))
        sums = np.add.reduceat(vectors, starts, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[part[starts]] = sums / np.maximum(lengths, _TINY)
        counts = np.diff(starts, append=len(part))
        others = np.repeat(sums, counts, axis=0) - vectors
        cosines = np.einsum("ij,ij->i", others, vectors)
        cosines = cosines / np.maximum(np.linalg.norm(others, axis=1), _TINY)
        means[part[starts]] = np.add.reduceat(cosines.astype(np.float64), starts) / counts
    return centres, means


def specimens_of(
    index: VectorIndex, groups: Codes, rows: Codes, of_row: Codes
) -> Iterator[tuple[Embeddings, Codes]]:
    """Yield specimens as `pool_specimens` makes them, and the places of their classes."""
    for block in _whole_classes(of_row):
        pooled, first = pool_specimens(index.rows(rows[block]), groups[rows[block]])
        yield pooled, of_row[block][first]


def spread_of(means: Floats, counts: Codes) -> Floats:
    """Return `View.spread` of classes, float64 [classes].

    Args:
        means: float64 [classes], as those of a view.
        counts: int64 [classes], their rows.
    """
    several = counts > 1
    average = means[several].mean() if several.any() else 0.0
    return np.where(several, means, average)


def pool_specimens(vectors: Embeddings, groups: Codes) -> tuple[Embeddings, Codes]:
    """Return one query per specimen: the normalised mean of its first 5 images, and its first row.

    Args:
        vectors: float32 [n, dim], unit rows.
        groups: int64 [n], specimens.
    """
    order = np.argsort(groups, kind="stable")
    _, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    sums = vectors[order[starts]].astype(np.float64)
    for place in range(1, MOST_IMAGES):
        there = counts > place
        sums[there] += vectors[order[starts[there] + place]]
    means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return means.astype(np.float32), order[starts]

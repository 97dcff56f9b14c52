"""Pairs of specimens that may be one species: each with its nearest ones, never all with all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Codes, Embeddings, Floats, Ids
from ..vectors import build_index
from ..vectors.brute_force import exact_knn

NEIGHBOURS = 50
_EXACT = 20_000  # rows up to which comparing all with all takes seconds
_BLOCK = 8192  # rows that ask at once


class Candidates(NamedTuple):
    """The nearest specimens of n specimens, and the pairs that they make.

    Attributes:
        nearest: int64 [n, m], the nearest of every row, itself left out, best first.
        first, second: int64 [pairs], ascending, first < second.
        there, back: int64 [pairs], where `nearest.ravel()` holds the pair, seen from `first` and
            from `second`; -1 where it does not.
    """

    nearest: Ids
    first: Codes
    second: Codes
    there: Ids
    back: Ids

    def from_both(self, values: Floats, missing: float) -> tuple[Floats, Floats]:
        """Return a value [n, m] of every pair as seen from either side, [pairs] each."""
        flat = np.append(values.ravel(), missing)  # the place -1 is the last one
        return flat[self.there], flat[self.back]


def candidates(rows: Embeddings, neighbours: int = NEIGHBOURS) -> Candidates:
    """Return the pairs of every row and its nearest ones.

    Args:
        rows: float32 [n, dim], unit rows, at least two.
        neighbours: of every row, at most.
    """
    n = len(rows)
    nearest = _nearest(rows, min(neighbours, n - 1))
    m = nearest.shape[1]
    source = np.repeat(np.arange(n), m)
    target = nearest.ravel()
    keys = source * n + target
    order = np.argsort(keys, kind="stable")
    ascending = keys[order]
    pairs = np.unique(np.minimum(source, target) * n + np.maximum(source, target))
    first, second = pairs // n, pairs % n
    sides = (first * n + second, second * n + first)
    there, back = (_places(ascending, order, wanted) for wanted in sides)
    return Candidates(nearest, first, second, there, back)


def _nearest(rows: Embeddings, m: int) -> Ids:
    """Return the m nearest of every row, itself left out; equal ones by ascending row."""
    own = np.arange(len(rows))
    if len(rows) <= _EXACT:
        return exact_knn(rows, rows, m, query_groups=own, gallery_groups=own)[1]
    index = build_index(rows)
    found = np.empty((len(rows), m), np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        found[block] = _others(index.search(rows[block], m + 1)[1], own[block])
    return found


def _others(found: Ids, own: Codes) -> Ids:
    """Return what was found, int64 [q, m + 1], without the row that asked."""
    kept = found != own[:, None]
    kept[kept.all(axis=1), -1] = False  # copies may push a row out of its own list
    others: Ids = found[kept].reshape(len(found), -1)
    return others


def _places(ascending: Ids, order: Ids, wanted: Ids) -> Ids:
    places = np.searchsorted(ascending, wanted).clip(max=len(ascending) - 1)
    found: Ids = np.where(ascending[places] == wanted, order[places], -1)
    return found

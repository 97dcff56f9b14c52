"""Exact search over rows in memory or mapped from a file, whichever rows are allowed."""

from __future__ import annotations

import numpy as np

from ..arrays import Allowed, Answer, Embeddings, Ids
from . import faiss_calls as library
from .selection import Selection

# Up to this share of allowed vectors it is faster to pick them than to test every one.
_PICK_SHARE = 0.25
_FEW_QUERIES = 4  # up to so many are scored one by one, without copying rows
_BLOCK = 8192  # rows that are copied together for a batch


def nearest(
    rows: Embeddings,
    queries: Embeddings,
    k: int,
    allowed: Allowed | Selection | None = None,
) -> Answer:
    """Compare every query with every allowed row.

    Args:
        rows: float32 [n, dim], contiguous unit rows.
        queries: float32 [q, dim], contiguous unit rows.
        k: how many are wanted.
        allowed: bool [n]; None allows all.

    Returns:
        cosines float32 [q, m] and places int64 [q, m], best first, m = min(k, allowed).
    """
    chosen = Selection.of(allowed)
    count = len(rows) if chosen is None else chosen.count
    k = min(k, count)
    if k == 0:
        return library.empty_answer(len(queries), 0)
    library.use_threads(len(queries))
    many = len(queries) > _FEW_QUERIES
    if chosen is None or not (many or count <= _PICK_SHARE * len(rows)):
        selector = None if chosen is None else chosen.selector
        return best(*library.scan(rows, queries, k, selector), k)
    places = np.flatnonzero(chosen.allowed)
    if many:
        return _in_blocks(rows, queries, k, places)
    ids = np.broadcast_to(places, (len(queries), count))
    return best(library.score(rows, queries, ids), ids, k)


def best(scores: Embeddings, ids: Ids, k: int) -> Answer:
    """Return the k best of every row of scores, best first, equal ones in the order of ids."""
    row = np.arange(len(scores))[:, None]
    if scores.shape[1] > 4 * k:
        kept = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        scores, ids = scores[row, kept], ids[row, kept]
    scores = np.minimum(scores, np.float32(1))  # rounding carries a product with itself past 1
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    return np.maximum(scores[row, order], np.float32(-1)), ids[row, order]


def join(one: Answer, other: Answer, k: int) -> Answer:
    """Return the k best of two answers to the same queries."""
    return best(np.hstack((one[0], other[0])), np.hstack((one[1], other[1])), k)


def _in_blocks(rows: Embeddings, queries: Embeddings, k: int, places: Ids) -> Answer:
    found: Answer | None = None
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        scores, ids = library.scan(rows[block], queries, min(k, len(block)))
        part = (scores, block[ids])
        found = best(*part, k) if found is None else join(found, part, k)
    assert found is not None
    return found

"""Searching an index for others: rows that are the query's own are left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Answer, Embeddings, Ids
from .base import VectorIndex
from .exact import best
from .selection import Selection

_MOST_DROPPED = 32  # own rows up to which they are dropped from an answer


def search_others(
    index: VectorIndex,
    queries: Embeddings,
    k: int,
    allowed: Selection | None,
    own: Sequence[Ids],
) -> Answer:
    """Search an index, the own rows of each query left out.

    So many more are searched for as there are own rows, which are then dropped: a filter for every
    query would cost more. Of very many it costs less.

    Args:
        index: over n rows.
        queries: float32 [q, dim], unit rows.
        k: how many are wanted, at least 1.
        allowed: the rows that may be returned; None for all.
        own: int64 [·] for each query, rows that are not returned for it.

    Returns:
        cosines float32 and ids int64 [q, at most k], best first; -inf and -1 as padding.
    """
    most = max((len(rows) for rows in own), default=0)
    if not most:
        return index.search(queries, k, allowed)
    if most > _MOST_DROPPED:
        return _apart(index, queries, k, allowed, own)
    scores, ids = index.search(queries, k + most, allowed)
    for line, rows in enumerate(own):
        ids[line, np.isin(ids[line], rows)] = -1
    return best_there(np.where(ids < 0, np.float32(-np.inf), scores), ids, k)


def best_there(scores: Embeddings, ids: Ids, k: int) -> Answer:
    """Return the k best, best first; -inf and -1, which stand for none, come last."""
    scores, ids = best(scores, ids, min(k, scores.shape[1]))
    return np.where(ids < 0, np.float32(-np.inf), scores), ids


def _apart(
    index: VectorIndex,
    queries: Embeddings,
    k: int,
    allowed: Selection | None,
    own: Sequence[Ids],
) -> Answer:
    """Search for the queries with very many own rows one by one, and for the others together."""
    scores = np.full((len(queries), k), -np.inf, np.float32)
    ids = np.full((len(queries), k), -1, np.int64)

    def fill(lines: Sequence[int], found: Answer) -> None:
        width = found[1].shape[1]
        scores[lines, :width], ids[lines, :width] = found

    few = [line for line, rows in enumerate(own) if len(rows) <= _MOST_DROPPED]
    if few:
        fill(few, search_others(index, queries[few], k, allowed, [own[line] for line in few]))
    for line, rows in enumerate(own):
        if len(rows) > _MOST_DROPPED:
            others = np.ones(len(index), np.bool_) if allowed is None else allowed.allowed.copy()
            others[rows] = False
            fill([line], index.search(queries[line : line + 1], k, others))
    return scores, ids

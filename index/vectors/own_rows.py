"""Searching an index for others: rows that are the query's own are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..arrays import Answer, Embeddings, Ids
from .base import VectorIndex
from .exact import best
from .selection import Selection

# So many more are searched for as the least of these that holds the own rows: how far an
# approximate index looks goes by how many it is asked for, which must not go by what others have.
# Few steps make few passes; most specimens have five pictures at most.
_STEPS = (0, 5, 16, 32)


def search_others(
    index: VectorIndex,
    queries: Embeddings,
    k: int,
    allowed: Selection | None,
    own: Sequence[Ids],
) -> Answer:
    """Search an index, the own rows of each query left out.

    Some more are searched for and own rows are then dropped: a filter for every query would cost
    more. Of very many it costs less. What a query is answered does not depend on the others, but
    for the last digits of float32.

    Args:
        index: over n rows.
        queries: float32 [q, dim], unit rows.
        k: how many are wanted, at least 1.
        allowed: the rows that may be returned; None for all.
        own: int64 [·] for each query, rows that are not returned for it.

    Returns:
        cosines float32 and ids int64 [q, at most k], best first; -inf and -1 as padding.
    """
    if not any(len(rows) for rows in own):
        return index.search(queries, k, allowed)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    ids = np.full((len(queries), k), -1, np.int64)
    for lines, found in _parts(index, queries, k, allowed, own):
        width = found[1].shape[1]
        scores[lines, :width], ids[lines, :width] = found
    return scores, ids


def _parts(
    index: VectorIndex,
    queries: Embeddings,
    k: int,
    allowed: Selection | None,
    own: Sequence[Ids],
) -> Iterator[tuple[Ids, Answer]]:
    """Yield which queries are searched for together, int64 [m], and what they find."""
    steps = np.searchsorted(_STEPS, [len(rows) for rows in own])
    for step, more in enumerate(_STEPS):
        lines = np.flatnonzero(steps == step)
        if len(lines):
            found = index.search(queries[lines], k + more, allowed)
            yield lines, _dropped(found, k, [own[line] for line in lines.tolist()])
    for one in np.flatnonzero(steps == len(_STEPS))[:, None]:
        others = np.ones(len(index), np.bool_) if allowed is None else allowed.allowed.copy()
        others[own[one[0]]] = False
        yield one, index.search(queries[one], k, others)


def _dropped(found: Answer, k: int, own: Sequence[Ids]) -> Answer:
    """Return the k best that were found, less the own rows of each query."""
    scores, ids = found
    for line, rows in enumerate(own):
        ids[line, np.isin(ids[line], rows)] = -1
    scores, ids = best(np.where(ids < 0, np.float32(-np.inf), scores), ids, min(k, ids.shape[1]))
    return np.where(ids < 0, np.float32(-np.inf), scores), ids

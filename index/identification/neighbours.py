"""Which rows of a gallery are nearest: what an index proposes, or what a comparison of all finds.

Either proposes by float32 products, which differ in their last bits from one machine to the next;
float64 products of the proposed pairs decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Codes, Embeddings
from ..vectors import Selection, VectorIndex
from ..vectors.brute_force import exact_knn
from ..vectors.own_rows import search_others

_SPARE = 8  # rows that are proposed beyond those that are wanted


def indexed(
    index: VectorIndex,
    queries: Embeddings,
    k: int,
    usable: Selection | None = None,
    own: Sequence[Codes] = (),
) -> tuple[Embeddings, Codes]:
    """Return the k nearest rows as an index finds them, without those of the query's specimen.

    Args:
        index: over n rows.
        queries: float32 [q, dim], unit rows.
        k: how many, at least 1.
        usable: the rows that may be neighbours; None for all.
        own: int64 [·] for each query, rows that are none for it; empty where there is none.

    Returns:
        scores: float32 [q, k], cosines, best first, -inf as padding; places: int64 [q, k], -1 as
        padding.
    """
    _, places = search_others(index, queries, k + _SPARE, usable, own)
    return ranked(index, queries, places, k)


def ranked(
    index: VectorIndex, queries: Embeddings, places: Codes, k: int
) -> tuple[Embeddings, Codes]:
    """Return the k nearest of the rows that were proposed for each query; see `indexed`.

    Args:
        places: int64 [q, m], -1 as padding.
    """
    missing = k - places.shape[1]
    if missing > 0:
        places = np.pad(places, ((0, 0), (0, missing)), constant_values=-1)
    rows = index.rows(np.maximum(places, 0).reshape(-1)).reshape(*places.shape, -1)
    scores = np.where(places < 0, np.float32(-np.inf), _cosines(queries, rows))
    order = np.lexsort((places, -scores), axis=1)[:, :k]
    query = np.arange(len(places))[:, None]
    return scores[query, order], places[query, order]


def compared(
    index: VectorIndex,
    queries: Embeddings,
    k: int,
    usable: Selection | None,
    groups: Codes | None,
    own_groups: Codes,
) -> tuple[Embeddings, Codes]:
    """Return the k nearest rows by comparing all, padded as `indexed` does.

    Args:
        index: its rows are compared.
        queries: float32 [q, dim], unit rows.
        k: how many, at least 1.
        usable: the rows that may be neighbours; None for all.
        groups: int64 [q], the queries' own specimens, never their neighbours; None for none.
        own_groups: int64 [n], the specimens of the rows.
    """
    places = np.arange(len(index)) if usable is None else np.flatnonzero(usable.allowed)
    scores, found = exact_knn(
        queries,
        index.vectors if usable is None else index.rows(places),
        k,
        query_groups=groups,
        gallery_groups=None if groups is None else own_groups[places],
    )
    return scores, np.append(places, -1)[found]


def _cosines(queries: Embeddings, rows: Embeddings) -> Embeddings:
    """Return the cosines of queries [q, dim] to rows of their own [q, m, dim]: float32 [q, m].

    They are summed in float64 and rounded.
    """
    one, other = queries.astype(np.float64)[:, :, None], rows.astype(np.float64)
    squares = np.einsum("qmd,qmd->qm", other, other) * (one**2).sum(axis=1)
    cosines: Embeddings = (other @ one)[:, :, 0] / np.maximum(np.sqrt(squares), 1e-12)
    return cosines.clip(-1, 1).astype(np.float32)

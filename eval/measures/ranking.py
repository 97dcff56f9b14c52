"""mAP@R, R-precision and MRR over the whole ranking of the gallery (METHODS 4.2).

R is the number of gallery images that a query may find, its own specimen excluded. mAP@R and
R-precision are those of Musgrave, Belongie and Lim, "A Metric Learning Reality Check", ECCV 2020.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Flags, Floats
from holotype.index.vectors.brute_force import check_groups, check_unit_rows

from .averages import Average, average
from .jsonable import Figures
from .taxon_codes import TaxonCodes, count_positives

_BLOCK_SCORES = 1 << 22


@dataclass(frozen=True)
class Ranking(Figures):
    """Ranking measures at one rank, each in [0, 1].

    Attributes:
        map_at_r: (1/R) x the sum, over the hits among the first R, of the precision there.
        r_precision: hits among the first R, divided by R.
        mrr: 1 / the place of the first hit.
        per_query: float64 [q, 3], the three for every query, NaN where it is not answerable.
    """

    map_at_r: Average
    r_precision: Average
    mrr: Average
    per_query: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them."""
        answerable = int((~np.isnan(self.per_query[:, 0])).sum())
        return {"n_answerable": answerable, **super().to_dict()}


def ranking_by_rank(
    queries: Embeddings,
    gallery: Embeddings,
    taxa: Mapping[str, TaxonCodes],
    *,
    query_groups: Codes | None = None,
    gallery_groups: Codes | None = None,
) -> dict[str, Ranking]:
    """Return the ranking measures at several ranks from one pass over the gallery.

    Args:
        queries: float32 [q, dim], unit rows.
        gallery: float32 [n, dim], unit rows.
        taxa: for each rank, what queries and gallery are called.
        query_groups: int64 [q], specimens; images of the query's own specimen are left out.
        gallery_groups: int64 [n]. Both or none.

    Raises:
        ValueError: vectors that are not unit rows, or groups that do not fit them.
    """
    groups = {"query_groups": query_groups, "gallery_groups": gallery_groups}
    figures = ranking_by_query(queries, gallery, taxa, **groups)
    return {rank: summary(figures[rank], side) for rank, side in taxa.items()}


def ranking_by_query(
    queries: Embeddings,
    gallery: Embeddings,
    taxa: Mapping[str, TaxonCodes],
    *,
    query_groups: Codes | None = None,
    gallery_groups: Codes | None = None,
) -> dict[str, Floats]:
    """Return by rank what `Ranking.per_query` is made of, float64 [q, 3]; see `ranking_by_rank`."""
    check_unit_rows(queries, "query")
    check_unit_rows(gallery, "gallery")
    check_groups(len(queries), len(gallery), query_groups, gallery_groups)
    positives = {
        rank: count_positives(side, query_groups, gallery_groups) for rank, side in taxa.items()
    }
    figures = {rank: np.full((len(queries), 3), np.nan) for rank in taxa}
    for block, order in _rankings(queries, gallery, query_groups, gallery_groups):
        for rank, side in taxa.items():
            match = side.gallery[order] == side.query[block, None]
            figures[rank][block] = _measure(match, positives[rank][block])
    return figures


def _rankings(
    queries: Embeddings,
    gallery: Embeddings,
    query_groups: Codes | None,
    gallery_groups: Codes | None,
) -> Iterator[tuple[slice, Codes]]:
    """Yield blocks of queries with all gallery rows, best first, the own group last."""
    # float32 rows are of length 1 but for rounding, which would decide the order of near ties.
    columns = _unit(gallery).T
    step = max(1, _BLOCK_SCORES // max(len(gallery), 1))
    for start in range(0, len(queries), step):
        block = slice(start, start + step)
        scores = (_unit(queries[block]) @ columns).astype(np.float32)
        if query_groups is not None and gallery_groups is not None:
            scores[query_groups[block, None] == gallery_groups] = -np.inf
        yield block, _descending(scores)


def _unit(vectors: Embeddings) -> Floats:
    exact = vectors.astype(np.float64)
    unit: Floats = exact / np.sqrt(np.einsum("ij,ij->i", exact, exact))[:, None]
    return unit


def _descending(scores: Embeddings) -> Codes:
    """Return the columns by falling score, equal scores by rising column.

    A score and its column are packed into one integer of the same order: sorting plain integers is
    several times faster than a stable argsort.
    """
    bits = (scores + np.float32(0)).view(np.int32)  # + 0 turns -0 into 0
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    keys = (~ordered).astype(np.int64) << 32 | np.arange(scores.shape[1])
    keys.sort(axis=1)
    keys &= 0xFFFFFFFF
    return keys


def _measure(match: Flags, positives: Codes) -> Floats:
    """Return mAP@R, R-precision and the reciprocal rank, float64 [b, 3]."""
    figures = np.full((len(match), 3), np.nan)
    answerable = np.flatnonzero(positives)
    if not len(answerable):
        return figures
    r = positives[answerable, None]
    match = match[answerable]
    first = match.argmax(axis=1)
    places = np.arange(1, int(r.max()) + 1)
    top = match[:, : len(places)] & (places <= r)
    precision = np.cumsum(top, axis=1) / places
    figures[answerable, 0] = (precision * top).sum(axis=1) / r[:, 0]
    figures[answerable, 1] = top.sum(axis=1) / r[:, 0]
    figures[answerable, 2] = 1 / (first + 1)
    return figures


def summary(figures: Floats, taxa: TaxonCodes) -> Ranking:
    """Return the measures of one rank from those of every query, float64 [q, 3]."""
    answerable = ~np.isnan(figures[:, 0])
    codes = taxa.query[answerable]
    map_at_r, r_precision, mrr = (
        average(column, codes, len(taxa.names)) for column in figures[answerable].T
    )
    return Ranking(map_at_r, r_precision, mrr, figures)

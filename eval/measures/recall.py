"""Recall@k at every rank, on one list of neighbours (METHODS 4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Embeddings, Flags, Floats
from holotype.index.vectors.brute_force import exact_knn

from .averages import Average, average, mean, mean_by
from .bootstrap import bootstrap_shares
from .intervals import Interval
from .jsonable import jsonable
from .taxon_codes import TaxonCodes, count_positives

KS = (1, 5, 10)


@dataclass(frozen=True)
class Neighbours:
    """What each query found, and what it was not allowed to find.

    Attributes:
        scores: float32 [q, k], best first, -inf as padding.
        rows: int64 [q, k], gallery rows, -1 as padding.
        query_groups: int64 [q], specimens of the queries; None where nothing was left out.
        gallery_groups: int64 [n], specimens of the gallery.
    """

    scores: Embeddings
    rows: Codes
    query_groups: Codes | None = None
    gallery_groups: Codes | None = None


@dataclass(frozen=True)
class RankRecall:
    """Recall@k at one rank.

    Recall@k is the share of answerable queries with at least one gallery image of their own taxon
    among the k nearest, or among all where fewer are allowed. A query is answerable when the
    gallery holds an image of its taxon that is not of its own specimen.

    Attributes:
        ks: the list lengths.
        labelled: bool [q], the query has a taxon at this rank.
        answerable: bool [q].
        hits: bool [q, len(ks)].
        recall: for each k, over answerable queries.
        as_misses: for each k, over all labelled queries: the unanswerable count as misses, as in
            published scripts.
        unanswerable: the taxa with an unanswerable query.
        per_taxon: one row a taxon: taxon, n_queries, n_answerable, n_gallery, recall@k ….
    """

    ks: tuple[int, ...]
    labelled: Flags
    answerable: Flags
    hits: Flags
    recall: Mapping[int, Average]
    as_misses: Mapping[int, float]
    unanswerable: tuple[str, ...]
    per_taxon: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them."""
        return {
            "n_labelled": int(self.labelled.sum()),
            "n_answerable": int(self.answerable.sum()),
            "n_unanswerable": int((self.labelled & ~self.answerable).sum()),
            "unanswerable": list(self.unanswerable),
            "recall": jsonable(self.recall),
            "as_misses": jsonable(self.as_misses),
        }


def nearest(
    queries: Embeddings,
    gallery: Embeddings,
    *,
    query_groups: Codes | None = None,
    gallery_groups: Codes | None = None,
    k: int = max(KS),
) -> Neighbours:
    """Return the neighbours that recall up to k is measured on, and one more to see ties.

    Args:
        queries: float32 [q, dim], unit rows.
        gallery: float32 [n, dim], unit rows.
        query_groups: int64 [q], specimens; a query never finds images of its own specimen.
        gallery_groups: int64 [n].
        k: the longest list.
    """
    scores, rows = exact_knn(
        queries, gallery, k + 1, query_groups=query_groups, gallery_groups=gallery_groups
    )
    return Neighbours(scores, rows, query_groups, gallery_groups)


def recall_at_k(neighbours: Neighbours, taxa: TaxonCodes, ks: Sequence[int] = KS) -> RankRecall:
    """Return recall@k at the rank of the taxa.

    Raises:
        ValueError: the neighbour lists are shorter than the largest k, or not one per query.
    """
    match = _matches(taxa, neighbours.rows)
    positives = count_positives(taxa, neighbours.query_groups, neighbours.gallery_groups)
    return _recall(match, positives, taxa, ks)


def genus_recall_of_other_species(
    neighbours: Neighbours, genera: TaxonCodes, species: TaxonCodes, ks: Sequence[int] = KS
) -> RankRecall:
    """Return recall@k at genus rank where an image of the query's own species is no hit.

    The neighbours are the same as for the plain figure: images of the own species keep their
    places in the list. Queries and gallery images without a species are left out, since nobody
    can tell whether they are another one.
    """
    only = TaxonCodes(
        genera.names,
        np.where(species.query >= 0, genera.query, -1),
        np.where(species.gallery >= 0, genera.gallery, -1),
    )
    groups = neighbours.query_groups, neighbours.gallery_groups
    positives = count_positives(only, *groups) - count_positives(species, *groups)
    match = _matches(only, neighbours.rows) & ~_matches(species, neighbours.rows)
    return _recall(match, np.where(only.query >= 0, positives, 0), only, ks)


def tie_shares(neighbours: Neighbours, ks: Sequence[int] = KS) -> dict[int, float]:
    """Return, for each k, the share of queries whose k-th and (k+1)-th score are equal.

    For these the order of the gallery decides which image is in the list.
    """
    scores = neighbours.scores
    _check_length(scores.shape[1] - 1, ks)
    tied = {k: (scores[:, k - 1] == scores[:, k]) & np.isfinite(scores[:, k]) for k in ks}
    return {k: mean(flags.astype(np.float64)) for k, flags in tied.items()}


def recall_intervals(
    result: RankRecall, specimens: Codes, among: Flags | None = None
) -> dict[int, Interval]:
    """Return recall@k for each k with its 95 % bootstrap interval over specimens.

    Args:
        specimens: int64 [q], of the queries.
        among: bool [q], those that count, of the answerable; by default all.
    """
    counted = result.answerable if among is None else result.answerable & among
    hits = result.hits[counted].astype(np.float64)
    return dict(zip(result.ks, bootstrap_shares(hits, specimens[counted]), strict=True))


def recall_within(
    result: RankRecall, groups: Codes, names: Sequence[str], specimens: Codes
) -> pd.DataFrame:
    """Return the recall of one rank within the taxa of another, as species recall per category.

    Args:
        result: the recall at the finer rank.
        groups: int64 [q], the coarser taxon of every query, -1 where there is none.
        names: the coarser taxa.
        specimens: int64 [q], of the queries.

    Returns:
        one row a taxon with an answerable query: taxon, n_answerable, recall@k … over its queries,
        and recall@k_low and recall@k_high …, the 95 % bootstrap interval over specimens.
    """
    table = recall_by(groups, len(names), result.answerable, result.hits, result.ks)
    frame = pd.DataFrame({"taxon": list(names), **table})
    frame = frame[frame["n_answerable"] > 0].copy()
    found = [recall_intervals(result, specimens, groups == code) for code in frame.index]
    for k in result.ks:
        for bound in ("low", "high"):
            frame[f"recall@{k}_{bound}"] = [getattr(one[k], bound) for one in found]
    return frame.reset_index(drop=True)


def recall_by(
    groups: Codes, n: int, answerable: Flags, hits: Flags, ks: Sequence[int]
) -> dict[str, Codes | Floats]:
    """Return the columns of a table of recall by group: n_answerable, recall@k ….

    Args:
        groups: int64 [q], the group of every query, -1 for none.
        n: how many groups there are; recall is NaN for those without an answerable query.
        answerable, hits, ks: see `RankRecall`.
    """
    counted = answerable & (groups >= 0)
    codes = groups[counted]
    columns: dict[str, Codes | Floats] = {"n_answerable": np.bincount(codes, minlength=n)}
    for place, k in enumerate(ks):
        columns[f"recall@{k}"] = mean_by(hits[counted, place].astype(np.float64), codes, n)
    return columns


def _matches(taxa: TaxonCodes, rows: Codes) -> Flags:
    """Return whether the neighbour at each place is of the query's taxon, bool [q, k]."""
    found = np.append(taxa.gallery, -1)[rows]  # row -1, the padding, reads the last entry
    matches: Flags = (found == taxa.query[:, None]) & (found >= 0)
    return matches


def _check_length(length: int, ks: Sequence[int]) -> None:
    if min(ks) < 1 or max(ks) > length:
        raise ValueError(
            f"k runs from {min(ks)} to {max(ks)}, and the neighbour lists serve 1 to {length}; "
            "search for more neighbours"
        )


def _recall(match: Flags, positives: Codes, taxa: TaxonCodes, ks: Sequence[int]) -> RankRecall:
    _check_length(match.shape[1], ks)
    first = np.where(match.any(axis=1), match.argmax(axis=1), match.shape[1])
    hits = first[:, None] < np.array(ks)
    labelled, answerable = taxa.query >= 0, positives > 0
    missed = np.unique(taxa.query[labelled & ~answerable])
    codes = taxa.query[answerable]
    values = hits[answerable].astype(np.float64)
    n = len(taxa.names)
    return RankRecall(
        ks=tuple(ks),
        labelled=labelled,
        answerable=answerable,
        hits=hits,
        recall={k: average(values[:, place], codes, n) for place, k in enumerate(ks)},
        as_misses={k: mean(hits[labelled, place].astype(np.float64)) for place, k in enumerate(ks)},
        unanswerable=tuple(taxa.names[code] for code in missed),
        per_taxon=_per_taxon(taxa, answerable, hits, ks),
    )


def _per_taxon(taxa: TaxonCodes, answerable: Flags, hits: Flags, ks: Sequence[int]) -> pd.DataFrame:
    n = len(taxa.names)
    frame = pd.DataFrame(recall_by(taxa.query, n, answerable, hits, ks))
    frame.insert(0, "taxon", list(taxa.names))
    frame.insert(1, "n_queries", np.bincount(taxa.query[taxa.query >= 0], minlength=n))
    frame.insert(3, "n_gallery", np.bincount(taxa.gallery[taxa.gallery >= 0], minlength=n))
    return frame[frame["n_queries"] + frame["n_gallery"] > 0].reset_index(drop=True)

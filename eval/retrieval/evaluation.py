"""What an evaluation of a space holds: recall and ranking at every rank, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes
from holotype.index.gallery.gallery import Gallery

from ..classifiers.side_by_side import SideBySide
from ..measures.intervals import Interval
from ..measures.jsonable import jsonable
from ..measures.ranking import Ranking, ranking_by_query, summary
from ..measures.recall import (
    KS,
    Neighbours,
    RankRecall,
    genus_recall_of_other_species,
    nearest,
    recall_at_k,
    recall_intervals,
    recall_within,
    tie_shares,
)
from ..measures.taxon_codes import TaxonCodes
from ..protocols.fitted import Fitting
from ..protocols.protocol import Protocol
from ..protocols.refit import Part
from ..splits.leakage import Leaks


@dataclass(frozen=True)
class Evaluation:
    """Recall and ranking of a space.

    Attributes:
        images: the gallery that the protocol's rows point into.
        recall: by rank, coarse to fine.
        other_species: recall at genus rank where images of the query's own species are no hits.
        ties: for each k, the share of queries where the gallery's order decided the list.
        leaks: what crosses the split.
        with_leaks: recall@1 by rank where nothing that crosses was left out, in the space as it
            is; empty where nothing does and the space has seen no query.
        fitting: what the space was fitted on, and what was done where it has seen queries.
        classifiers: classifiers on the same queries, where they were asked for.
    """

    images: Gallery
    protocol: Protocol
    neighbours: Neighbours
    taxa: Mapping[str, TaxonCodes]
    recall: Mapping[str, RankRecall]
    ranking: Mapping[str, Ranking]
    other_species: RankRecall | None
    ties: Mapping[int, float]
    leaks: Leaks
    with_leaks: Mapping[str, float]
    fitting: Fitting
    classifiers: SideBySide | None = field(default=None, kw_only=True)

    @cached_property
    def specimens(self) -> Codes:
        """Of the queries, int64 [q]."""
        return self.images.specimens[self.protocol.query_rows]

    @cached_property
    def intervals(self) -> dict[str, dict[int, Interval]]:
        """By rank, for each k, recall@k with its 95 % bootstrap interval over specimens."""
        return {rank: recall_intervals(one, self.specimens) for rank, one in self.recall.items()}

    @cached_property
    def intervals_of_other_species(self) -> dict[int, Interval]:
        """Those of `other_species`; empty where there is none."""
        other = self.other_species
        return {} if other is None else recall_intervals(other, self.specimens)

    @cached_property
    def by_category(self) -> pd.DataFrame | None:
        """Species recall within each category, one row a category; None without these ranks."""
        if "category" not in self.taxa or "species" not in self.taxa:
            return None
        kept = self.taxa["category"]
        return recall_within(self.recall["species"], kept.query, kept.names, self.specimens)

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as JSON-ready values."""
        ranks: dict[str, Any] = {}
        for rank, recall in self.recall.items():
            ranks[rank] = {
                **recall.to_dict(),
                **_named_intervals(self.intervals[rank]),
                "ranking": self.ranking[rank].to_dict(),
            }
        if self.other_species is not None:
            ranks["genus"]["hits_of_other_species_only"] = {
                **self.other_species.to_dict(),
                **_named_intervals(self.intervals_of_other_species),
            }
        return {
            "n": len(self.protocol.query_rows),
            "space": asdict(self.images.space),
            "protocol": self.protocol.to_dict(),
            "ranks": ranks,
            "species_recall_by_category": jsonable(
                [] if self.by_category is None else self.by_category
            ),
            "leaks": self.leaks.to_dict(),
            "recall_at_1_with_leaks": jsonable(self.with_leaks),
            "fitted_on": self.fitting.to_dict(),
            "ties": jsonable(self.ties),
            **({} if self.classifiers is None else {"classifiers": self.classifiers.to_dict()}),
        }


def measure(
    images: Gallery,
    protocol: Protocol,
    leaks: Leaks,
    fitting: Fitting,
    parts: Iterable[Part] | None = None,
) -> Evaluation:
    """Measure a space under a protocol; what crosses the split is left out, see `evaluate`.

    Args:
        fitting: what the space was fitted on.
        parts: the images that ask and the vectors that they are measured with, in parts that hold
            every query once; by default all, with those of the space.
    """
    asked, held = protocol.query_rows, protocol.gallery_rows
    groups = images.specimens
    if not protocol.split.leave_one_out:
        groups = leaks.unite(groups)
    labels = {rank: images.labels(rank) for rank in images.ranks}
    taxa = {r: TaxonCodes.split(side.names, side.codes, asked, held) for r, side in labels.items()}
    parts = [Part(asked, images.index.vectors)] if parts is None else parts
    neighbours, ranking = _found(protocol, groups, taxa, parts)
    recall = {rank: recall_at_k(neighbours, side) for rank, side in taxa.items()}
    return Evaluation(
        images=images,
        protocol=protocol,
        neighbours=neighbours,
        taxa=taxa,
        recall=recall,
        ranking=ranking,
        other_species=_of_other_species(neighbours, taxa),
        ties=tie_shares(neighbours, KS),
        leaks=leaks,
        with_leaks={},
        fitting=fitting,
    )


def _found(
    protocol: Protocol, groups: Codes, taxa: Mapping[str, TaxonCodes], parts: Iterable[Part]
) -> tuple[Neighbours, dict[str, Ranking]]:
    """Return the neighbours of all queries and their rankings by rank, found part by part."""
    asked, held = protocol.query_rows, protocol.gallery_rows
    own, theirs = groups[asked], groups[held]
    figures = {rank: np.full((len(asked), 3), np.nan) for rank in taxa}
    scores, rows = (np.empty((len(asked), max(KS) + 1), kind) for kind in (np.float32, np.int64))
    for places, vectors in parts:
        part = np.flatnonzero(np.isin(asked, places))
        sides, kin = (vectors[asked[part]], vectors[held]), own[part]
        near = nearest(*sides, query_groups=kin, gallery_groups=theirs)
        scores[part], rows[part] = near.scores, near.rows
        those = {r: TaxonCodes(one.names, one.query[part], one.gallery) for r, one in taxa.items()}
        found = ranking_by_query(*sides, those, query_groups=kin, gallery_groups=theirs)
        for rank, measures in found.items():
            figures[rank][part] = measures
    ranking = {rank: summary(figures[rank], side) for rank, side in taxa.items()}
    return Neighbours(scores, rows, own, theirs), ranking


def _of_other_species(neighbours: Neighbours, taxa: Mapping[str, TaxonCodes]) -> RankRecall | None:
    if "genus" not in taxa or "species" not in taxa:
        return None
    return genus_recall_of_other_species(neighbours, taxa["genus"], taxa["species"])


def _named_intervals(intervals: Mapping[int, Interval]) -> dict[str, Any]:
    return {f"recall_at_{k}_interval": found.to_dict() for k, found in intervals.items()}


def seeming(images: Gallery, protocol: Protocol) -> dict[str, float]:
    """Return recall@1 by rank in the space as it is, with what crosses the split left in."""
    vectors, asked, held = images.index.vectors, protocol.query_rows, protocol.gallery_rows
    own, theirs = images.specimens[asked], images.specimens[held]
    kin = (own, theirs) if protocol.split.leave_one_out else (None, None)
    everything = nearest(vectors[asked], vectors[held], query_groups=kin[0], gallery_groups=kin[1])
    labels = {rank: images.labels(rank) for rank in images.ranks}
    taxa = {r: TaxonCodes.split(side.names, side.codes, asked, held) for r, side in labels.items()}
    return {rank: recall_at_k(everything, side).recall[1].micro for rank, side in taxa.items()}

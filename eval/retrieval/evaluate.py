"""How good a space is: recall and ranking at every rank, under a stated protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Embeddings
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery

from ..measures.bootstrap import bootstrap_mean
from ..measures.intervals import Interval
from ..measures.jsonable import jsonable
from ..measures.ranking import Ranking, ranking_by_rank
from ..measures.recall import (
    KS,
    Neighbours,
    RankRecall,
    genus_recall_of_other_species,
    nearest,
    recall_at_k,
    recall_within,
    tie_shares,
)
from ..measures.taxon_codes import TaxonCodes
from ..protocols.leaks import find_leaks_of, refuse_leaks
from ..protocols.protocol import Protocol, protocol_of
from ..splits.leakage import Leaks


@dataclass(frozen=True)
class Evaluation:
    """Recall and ranking of a space.

    Attributes:
        images: the gallery that the protocol's rows point into.
        recall: by rank, coarse to fine.
        intervals: by rank, recall@1 with its 95 % bootstrap interval over specimens.
        other_species: recall at genus rank where images of the query's own species are no hits.
        by_category: species recall within each category, one row a category.
        ties: for each k, the share of queries where the gallery's order decided the list.
        leaks: what crosses the split.
        with_leaks: recall@1 by rank where nothing that crosses was left out; empty where nothing
            does.
    """

    images: Gallery
    protocol: Protocol
    neighbours: Neighbours
    taxa: Mapping[str, TaxonCodes]
    recall: Mapping[str, RankRecall]
    ranking: Mapping[str, Ranking]
    intervals: Mapping[str, Interval]
    other_species: RankRecall | None
    by_category: pd.DataFrame | None
    ties: Mapping[int, float]
    leaks: Leaks
    with_leaks: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as JSON-ready values."""
        ranks: dict[str, Any] = {}
        for rank, recall in self.recall.items():
            ranks[rank] = {
                **recall.to_dict(),
                "recall_at_1_interval": self.intervals[rank].to_dict(),
                "ranking": self.ranking[rank].to_dict(),
            }
        if self.other_species is not None:
            ranks["genus"]["hits_of_other_species_only"] = self.other_species.to_dict()
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
            "ties": jsonable(self.ties),
        }


def evaluate(
    collection: Collection,
    *,
    space: str | None = None,
    query: Sequence[str] = (),
    gallery: Sequence[str] = (),
    allow_leak: bool = False,
) -> Evaluation:
    """Measure recall@1/5/10 and ranking at every rank that has names.

    Images of the query's own specimen are never hits. Without conditions every image asks and all
    others answer (leave-one-out).

    Args:
        query: conditions on the images that ask, such as `split=test`.
        gallery: conditions on the images that answer, such as `split=train`.
        allow_leak: where specimens or copies stand on both sides, measure without them, and
            recall@1 with them beside it.

    Raises:
        UsageError: only one of the two sides is given, a condition is off, or nothing is named.
        LeakError: specimens or copies stand on both sides of the split.
    """
    images = collection.gallery(space)
    if not images.ranks:
        raise UsageError(f"No image of {collection.folder} is named, so recall cannot be measured")
    protocol = protocol_of(collection, images, query, gallery)
    leaks = find_leaks_of(collection, images, protocol.split)
    if not (allow_leak or protocol.split.leave_one_out):
        refuse_leaks(collection, images, leaks)
    return measure(images, protocol, leaks)


def measure(images: Gallery, protocol: Protocol, leaks: Leaks) -> Evaluation:
    """Measure a space under a protocol; what crosses the split is left out, see `evaluate`."""
    vectors, asked, held = images.index.vectors, protocol.query_rows, protocol.gallery_rows
    queries, answers = vectors[asked], vectors[held]
    groups = images.specimens
    if not protocol.split.leave_one_out:
        groups = leaks.unite(groups)
    own, theirs = groups[asked], groups[held]
    neighbours = nearest(queries, answers, query_groups=own, gallery_groups=theirs)
    labels = {rank: images.labels(rank) for rank in images.ranks}
    taxa = {r: TaxonCodes.split(side.names, side.codes, asked, held) for r, side in labels.items()}
    recall = {rank: recall_at_k(neighbours, side) for rank, side in taxa.items()}
    ranking = ranking_by_rank(queries, answers, taxa, query_groups=own, gallery_groups=theirs)
    return Evaluation(
        images=images,
        protocol=protocol,
        neighbours=neighbours,
        taxa=taxa,
        recall=recall,
        ranking=ranking,
        intervals={
            r: interval_of_first(found, images.specimens[asked]) for r, found in recall.items()
        },
        other_species=_of_other_species(neighbours, taxa),
        by_category=_by_category(recall, taxa),
        ties=tie_shares(neighbours, KS),
        leaks=leaks,
        with_leaks=_with_leaks(queries, answers, taxa, protocol, leaks),
    )


def interval_of_first(found: RankRecall, specimens: Codes) -> Interval:
    """Return recall@1 with its 95 % bootstrap interval over specimens, int64 [q]."""
    counted = found.answerable
    first = found.hits[counted, 0].astype(np.float64)
    return bootstrap_mean(first, specimens[counted])


def _of_other_species(neighbours: Neighbours, taxa: Mapping[str, TaxonCodes]) -> RankRecall | None:
    if "genus" not in taxa or "species" not in taxa:
        return None
    return genus_recall_of_other_species(neighbours, taxa["genus"], taxa["species"])


def _by_category(
    recall: Mapping[str, RankRecall], taxa: Mapping[str, TaxonCodes]
) -> pd.DataFrame | None:
    if "category" not in taxa or "species" not in taxa:
        return None
    return recall_within(recall["species"], taxa["category"].query, taxa["category"].names)


def _with_leaks(
    queries: Embeddings,
    answers: Embeddings,
    taxa: Mapping[str, TaxonCodes],
    protocol: Protocol,
    leaks: Leaks,
) -> dict[str, float]:
    """Return recall@1 by rank with what crosses the split left in; nothing where none does."""
    if protocol.split.leave_one_out or leaks.clean:
        return {}
    everything = nearest(queries, answers)
    return {rank: recall_at_k(everything, side).recall[1].micro for rank, side in taxa.items()}

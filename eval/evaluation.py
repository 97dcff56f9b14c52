"""How good a space is: recall and ranking at every rank, under a stated protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery import Gallery
from holotype.index.where import allowed_places

from .arrays import Codes, number
from .bootstrap import bootstrap_mean
from .intervals import Interval
from .ranking import Ranking, ranking_by_rank
from .recall import (
    KS,
    Neighbours,
    RankRecall,
    genus_recall_of_other_species,
    nearest,
    recall_at_k,
    recall_within,
    tie_shares,
)
from .taxa import Taxa


@dataclass(frozen=True)
class Protocol:
    """Who asks and who answers: places in a gallery, and the conditions that chose them."""

    name: str
    query_rows: Codes
    gallery_rows: Codes
    query: tuple[str, ...] = ()
    gallery: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as JSON-ready values."""
        return {
            "name": self.name,
            "query": list(self.query),
            "gallery": list(self.gallery),
            "n_queries": len(self.query_rows),
            "n_gallery": len(self.gallery_rows),
            "own_specimen_excluded": True,
        }


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
    """

    images: Gallery
    protocol: Protocol
    neighbours: Neighbours
    taxa: Mapping[str, Taxa]
    recall: Mapping[str, RankRecall]
    ranking: Mapping[str, Ranking]
    intervals: Mapping[str, Interval]
    other_species: RankRecall | None
    by_category: pd.DataFrame | None
    ties: Mapping[int, float]

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
        by_category = [] if self.by_category is None else self.by_category.to_dict("records")
        return {
            "n": len(self.protocol.query_rows),
            "space": asdict(self.images.space),
            "protocol": self.protocol.to_dict(),
            "ranks": ranks,
            "species_recall_by_category": [
                {key: number(v) if isinstance(v, float) else v for key, v in row.items()}
                for row in by_category
            ],
            "ties": {str(k): number(share) for k, share in self.ties.items()},
        }


def protocol_of(
    collection: Collection, images: Gallery, query: Sequence[str], gallery: Sequence[str]
) -> Protocol:
    """Return the protocol that conditions describe: a given split, or without any leave-one-out.

    Raises:
        UsageError: only one of the two sides is given, or a condition is off.
    """
    if bool(query) != bool(gallery):
        raise UsageError(
            "Give both --query and --gallery, for example --query split=test --gallery "
            "split=train; or neither, for leave-one-out"
        )
    if not query:
        everyone = np.arange(len(images))
        return Protocol("leave-one-out", everyone, everyone)
    sides = [allowed_places(collection, images, side) for side in (query, gallery)]
    asked, held = (np.flatnonzero(side) for side in sides if side is not None)
    return Protocol("given split", asked, held, tuple(query), tuple(gallery))


def evaluate(
    collection: Collection,
    *,
    space: str | None = None,
    query: Sequence[str] = (),
    gallery: Sequence[str] = (),
) -> Evaluation:
    """Measure recall@1/5/10 and ranking at every rank that has names.

    Images of the query's own specimen are never hits. Without conditions every image asks and all
    others answer (leave-one-out).

    Args:
        query: conditions on the images that ask, such as `split=test`.
        gallery: conditions on the images that answer, such as `split=train`.

    Raises:
        UsageError: only one of the two sides is given, a condition is off, or nothing is named.
    """
    images = collection.gallery(space)
    if not images.ranks:
        raise UsageError(f"No image of {collection.folder} is named, so recall cannot be measured")
    return measure(images, protocol_of(collection, images, query, gallery))


def measure(images: Gallery, protocol: Protocol) -> Evaluation:
    """Measure a space under a protocol; see `evaluate`."""
    vectors, asked, held = images.index.vectors, protocol.query_rows, protocol.gallery_rows
    queries, answers = vectors[asked], vectors[held]
    own, theirs = images.specimens[asked], images.specimens[held]
    neighbours = nearest(queries, answers, query_groups=own, gallery_groups=theirs)
    labels = {rank: images.labels(rank) for rank in images.ranks}
    taxa = {r: Taxa.split(side.names, side.codes, asked, held) for r, side in labels.items()}
    recall = {rank: recall_at_k(neighbours, side) for rank, side in taxa.items()}
    both = "genus" in taxa and "species" in taxa
    by_category = None
    if "category" in taxa and "species" in taxa:
        category = taxa["category"]
        by_category = recall_within(recall["species"], category.query, category.names)
    return Evaluation(
        images=images,
        protocol=protocol,
        neighbours=neighbours,
        taxa=taxa,
        recall=recall,
        ranking=ranking_by_rank(queries, answers, taxa, query_groups=own, gallery_groups=theirs),
        intervals={rank: _interval(found, own) for rank, found in recall.items()},
        other_species=genus_recall_of_other_species(neighbours, taxa["genus"], taxa["species"])
        if both
        else None,
        by_category=by_category,
        ties=tie_shares(neighbours, KS),
    )


def _interval(found: RankRecall, specimens: Codes) -> Interval:
    counted = found.answerable
    first = found.hits[counted, 0].astype(np.float64)
    return bootstrap_mean(first, specimens[counted])

"""Two spaces on the same queries: what the better one gains, and where (METHODS 4.12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.collection import Collection
from holotype.index.errors import UsageError

from ..measures.comparison import Comparison, compare, most_changed
from ..measures.jsonable import jsonable
from ..protocols.fitted import refuse_fitted
from .evaluate import Evaluation, asked_of, evaluate

_LISTED = 5
_RANKS = ("category", "genus", "species")


@dataclass(frozen=True)
class SpaceComparison:
    """Species recall@1 in two spaces.

    Attributes:
        before, after: the evaluation of each space.
        by_rank: for category, genus and species, the hits at species rank, or at the finest rank
            that has names, told apart by the taxa of that rank.
    """

    before: Evaluation
    after: Evaluation
    by_rank: Mapping[str, Comparison]

    def to_dict(self) -> dict[str, Any]:
        """Return both evaluations and what changed as JSON-ready values."""
        return {
            **self.after.to_dict(),
            "spaces": [self.before.to_dict(), self.after.to_dict()],
            "comparison": {rank: _changes(found) for rank, found in self.by_rank.items()},
        }


def compare_spaces(
    collection: Collection,
    spaces: tuple[str, str],
    *,
    query: Sequence[str] = (),
    gallery: Sequence[str] = (),
    allow_leak: bool = False,
) -> SpaceComparison:
    """Evaluate two spaces under one protocol and compare them query by query.

    Args:
        spaces: the names, the one to improve on first.
        query, gallery, allow_leak: see `evaluate`.

    Raises:
        UsageError: a space that does not exist, other images in one than in the other, or a
            condition that is off.
        LeakError: the split gives answers away.
        FittedError: one of them was fitted on images that would ask.
    """
    for name in () if allow_leak else spaces:  # before the first of them is measured
        images, protocol, fitted = asked_of(collection, name, query, gallery)
        refuse_fitted(collection, images, fitted, protocol)
    before, after = (
        evaluate(collection, space=name, query=query, gallery=gallery, allow_leak=allow_leak)
        for name in spaces
    )
    if not np.array_equal(before.images.rows, after.images.rows):
        raise UsageError(
            f"Space '{spaces[0]}' holds {len(before.images)} images and '{spaces[1]}' "
            f"{len(after.images)}, not the same; ingest the same pictures into both"
        )
    finest = list(after.recall)[-1]
    kept = after.recall[finest].answerable & before.recall[finest].answerable
    hits = [found.recall[finest].hits[kept, 0] for found in (before, after)]
    specimens = after.images.specimens[after.protocol.query_rows[kept]]
    by_rank = {}
    for rank in (*_RANKS, finest):
        if rank not in after.taxa or rank in by_rank:
            continue
        side = after.taxa[rank]
        codes = side.query[kept]
        named = codes >= 0
        by_rank[rank] = compare(
            hits[0][named],
            hits[1][named],
            codes[named],
            side.names,
            specimens=specimens[named],
            n_images=np.bincount(side.gallery[side.gallery >= 0], minlength=len(side.names)),
        )
    return SpaceComparison(before, after, by_rank)


def _changes(found: Comparison) -> dict[str, Any]:
    return {
        **found.to_dict(),
        "most_improved": jsonable(most_changed(found.per_taxon, _LISTED)),
        "most_worsened": jsonable(most_changed(found.per_taxon, _LISTED, worst=True)),
    }

"""Accuracy against how much of the gallery there is, by sites or by specimens (METHODS 4.10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery

from ..measures.domain_shift import learning_curve
from ..measures.jsonable import jsonable
from ..measures.recall import RankRecall, nearest, recall_at_k
from ..measures.taxon_codes import TaxonCodes
from ..protocols.columns import column_codes
from ..protocols.fitted import refuse_trained
from ..protocols.leaks import find_leaks_of, refuse_leaks
from ..protocols.protocol import Protocol, protocol_of, untuned

_MOST_SIZES = 6


@dataclass(frozen=True)
class Curve:
    """A learning curve.

    Attributes:
        rank: the taxa that are told apart.
        unit: what the gallery is drawn by: `specimen` or a column.
        draws: one row a draw: n_sites, replicate, n_images, figure.
    """

    protocol: Protocol
    rank: str
    unit: str
    draws: pd.DataFrame

    def by_size(self) -> pd.DataFrame:
        """Return one row a size: n, images, mean and sd (NaN of one draw) of recall@1."""
        grouped = self.draws.groupby("n_sites")
        table = grouped["figure"].agg(["mean", "std", "count"])
        table.insert(0, "images", grouped["n_images"].mean())
        return table.reset_index().rename(columns={"n_sites": "n", "std": "sd", "count": "draws"})

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        return {
            "protocol": {**self.protocol.to_dict(), "name": "learning curve"},
            "rank": self.rank,
            "unit": self.unit,
            "sizes": jsonable(self.by_size().astype(np.float64)),
            "draws": self.draws.to_dict("records"),
        }


def evaluate_curve(
    collection: Collection,
    *,
    query: Sequence[str],
    gallery: Sequence[str],
    space: str | None = None,
    unit: str = "specimen",
    replicates: int = 5,
    allow_leak: bool = False,
    seed: int = 0,
) -> Curve:
    """Measure recall@1 with ever more of the gallery, every size drawn several times.

    All queries count that the whole gallery can answer: a taxon that a small gallery lacks is a
    miss. Sizes double up to the whole.

    Args:
        query, gallery, allow_leak: see `evaluation.evaluate`; both sides are needed.
        unit: what is drawn whole: `specimen`, or a column such as `site`.
        replicates: draws of every size.
        seed: of the draws.

    Raises:
        UsageError: a side is missing, a condition is off, the column is empty in the gallery, or
            the space is tuned.
        LeakError: specimens or copies stand on both sides.
        FittedError: the encoder was trained on queries.
    """
    images = untuned(collection, space, "learning-curve")
    if not (query and gallery):
        raise UsageError("learning-curve needs --query and --gallery, such as split=test and train")
    protocol = protocol_of(collection, images, query, gallery)
    refuse_trained(collection, images, protocol.query_rows, "learning-curve")
    leaks = find_leaks_of(collection, images, protocol.split)
    if not allow_leak:
        refuse_leaks(collection, images, leaks)
    codes, _ = column_codes(collection, images, unit)
    held = protocol.gallery_rows[codes[protocol.gallery_rows] >= 0]
    if not len(held):
        raise UsageError(f"No image of the gallery has a value in column '{unit}'")
    draws = learning_curve(
        _recall_with(images, leaks.unite(images.specimens), protocol.query_rows, held),
        codes[held],
        _sizes(len(np.unique(codes[held]))),
        replicates=replicates,
        seed=seed,
    )
    return Curve(protocol, images.ranks[-1], unit, draws)


def _recall_with(
    images: Gallery, groups: Codes, asked: Codes, held: Codes
) -> Callable[[Codes], float]:
    """Return what gives recall@1 with some of the gallery, over what the whole can answer."""
    vectors, labels = images.index.vectors, images.labels(images.ranks[-1])

    def measured(rows: Codes) -> RankRecall:
        own, theirs = groups[asked], groups[rows]
        found = nearest(vectors[asked], vectors[rows], query_groups=own, gallery_groups=theirs, k=1)
        return recall_at_k(found, TaxonCodes.split(labels.names, labels.codes, asked, rows), (1,))

    answerable = measured(held).answerable
    if not answerable.any():
        raise UsageError("No query is of a taxon that the gallery holds; name other conditions")
    return lambda drawn: float(measured(held[drawn]).hits[answerable, 0].mean())


def _sizes(most: int) -> list[int]:
    """Return sizes that double, up to all.

    >>> _sizes(100)
    [3, 6, 12, 25, 50, 100]
    """
    return sorted({max(1, most >> halvings) for halvings in range(_MOST_SIZES)})

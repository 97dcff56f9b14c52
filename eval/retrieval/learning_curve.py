"""Accuracy against how much of the gallery there is, by sites or by specimens (METHODS 4.10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.ways import option

from ..classifiers.methods import METHODS, Labelled, require_methods
from ..measures.domain_shift import learning_curve, learning_curve_by_class
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
        unit: what the gallery is drawn by: `specimen`, a column, or images of every taxon.
        draws: one row a draw: n_sites, replicate, n_images, figure, which is recall@1.
        classifiers: the same draws by method, with the accuracy of what was fitted on each; NaN
            where it cannot be fitted on so little.
    """

    protocol: Protocol
    rank: str
    unit: str
    draws: pd.DataFrame
    classifiers: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def by_size(self, method: str | None = None) -> pd.DataFrame:
        """Return one row a size: n, images, mean and sd (NaN of one draw) of recall@1.

        Args:
            method: of the accuracy of this one instead.
        """
        grouped = (self.draws if method is None else self.classifiers[method]).groupby("n_sites")
        table = grouped["figure"].agg(["mean", "std", "count"])
        table.insert(0, "images", grouped["n_images"].mean())
        return table.reset_index().rename(columns={"n_sites": "n", "std": "sd", "count": "draws"})

    def table(self) -> pd.DataFrame:
        """Return one row a draw and curve: method, n, replicate, images, figure."""
        curves = {"recall@1": self.draws, **self.classifiers}
        tables = [draws.assign(method=method) for method, draws in curves.items()]
        names = {"n_sites": "n", "n_images": "images"}
        columns = ["method", "n", "replicate", "images", "figure"]
        return pd.concat(tables, ignore_index=True).rename(columns=names)[columns]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        beside = {
            name: jsonable(self.by_size(name).astype(np.float64)) for name in self.classifiers
        }
        return {
            "protocol": {**self.protocol.to_dict(), "name": "learning curve"},
            "rank": self.rank,
            "unit": self.unit,
            "sizes": jsonable(self.by_size().astype(np.float64)),
            "draws": self.draws.to_dict("records"),
            **({"classifiers": beside} if beside else {}),
        }


def evaluate_curve(
    collection: Collection,
    *,
    query: Sequence[str],
    gallery: Sequence[str],
    space: str | None = None,
    unit: str = "specimen",
    per_taxon: bool = False,
    replicates: int = 5,
    allow_leak: bool = False,
    seed: int = 0,
    classifiers: Sequence[str] = (),
) -> Curve:
    """Measure recall@1 with ever more of the gallery, every size drawn several times.

    All queries count that the whole gallery can answer: a taxon that a small gallery lacks is a
    miss. Sizes double up to the whole.

    Args:
        query, gallery, allow_leak: see `evaluation.evaluate`; both sides are needed.
        unit: what is drawn whole: `specimen`, or a column such as `site`.
        per_taxon: draw so many images of every taxon instead; of a taxon with fewer, all.
        replicates: draws of every size.
        seed: of the draws.
        classifiers: names of methods that are fitted on every draw and asked with the same queries,
            see `classifiers.methods`.

    Raises:
        UsageError: a side is missing, a condition is off, the column is empty in the gallery, or
            the space is tuned, or there is no such classifier.
        LeakError: specimens or copies stand on both sides.
        FittedError: the encoder was trained on queries.
    """
    images = untuned(collection, space, "learning-curve")
    if classifiers:
        classifiers = require_methods(classifiers)
    if not (query and gallery):
        raise UsageError(
            f"learning-curve needs {option('query')} and {option('gallery')}, such as split=test "
            "and train"
        )
    protocol = protocol_of(collection, images, query, gallery)
    refuse_trained(collection, images, protocol.query_rows, "learning-curve")
    leaks = find_leaks_of(collection, images, protocol.split)
    if not allow_leak:
        refuse_leaks(collection, images, leaks)
    labels = images.labels(images.ranks[-1]).codes
    codes = labels if per_taxon else column_codes(collection, images, unit)[0]
    held = protocol.gallery_rows[codes[protocol.gallery_rows] >= 0]
    if not len(held):
        what = "is named" if per_taxon else f"has a value in column '{unit}'"
        raise UsageError(f"No image of the gallery {what}")
    groups, asked = leaks.unite(images.specimens), protocol.query_rows
    recall, answerable = _recall_with(images, groups, asked, held)
    drawing = learning_curve_by_class if per_taxon else learning_curve
    counts = np.unique(codes[held], return_counts=True)[1]

    def curve(figure: Callable[[Codes], float]) -> pd.DataFrame:
        sizes = _sizes(int(counts.max()) if per_taxon else len(counts))
        return drawing(figure, codes[held], sizes, replicates=replicates, seed=seed)

    table = Labelled(images.index.vectors, labels, groups)
    learned = {
        name: curve(_accuracy_with(name, table, asked[answerable], held, seed))
        for name in classifiers
    }
    told = f"images of every {images.ranks[-1]}" if per_taxon else unit
    return Curve(protocol, images.ranks[-1], told, curve(recall), learned)


def _accuracy_with(
    method: str, table: Labelled, asked: Codes, held: Codes, seed: int
) -> Callable[[Codes], float]:
    """Return what gives a method's accuracy when it is fitted on some of the gallery.

    Of specimens that ask nothing is learned. It is NaN where the method cannot be fitted.
    """
    learnable = (table.labels[held] >= 0) & ~np.isin(table.groups[held], table.groups[asked])

    def measured(drawn: Codes) -> float:
        known = table.at(held[drawn[learnable[drawn]]])
        try:
            found = METHODS[method](known, table.vectors[asked], seed)
        except ValueError:
            return float("nan")
        return float((found.taxa == table.labels[asked]).mean())

    return measured


def _recall_with(
    images: Gallery, groups: Codes, asked: Codes, held: Codes
) -> tuple[Callable[[Codes], float], Flags]:
    """Return what gives recall@1 with some of the gallery, over what the whole can answer.

    And which queries that are, bool [q].
    """
    vectors, labels = images.index.vectors, images.labels(images.ranks[-1])

    def measured(rows: Codes) -> RankRecall:
        own, theirs = groups[asked], groups[rows]
        found = nearest(vectors[asked], vectors[rows], query_groups=own, gallery_groups=theirs, k=1)
        return recall_at_k(found, TaxonCodes.split(labels.names, labels.codes, asked, rows), (1,))

    answerable = measured(held).answerable
    if not answerable.any():
        raise UsageError("No query is of a taxon that the gallery holds; name other conditions")
    return lambda drawn: float(measured(held[drawn]).hits[answerable, 0].mean()), answerable


def _sizes(most: int) -> list[int]:
    """Return sizes that double, up to all.

    >>> _sizes(100)
    [3, 6, 12, 25, 50, 100]
    """
    return sorted({max(1, most >> halvings) for halvings in range(_MOST_SIZES)})

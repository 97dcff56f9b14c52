"""Which images a deletion would take, shown before anything goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Codes
from ..collection import Collection
from ..database.sql import run_over
from ..errors import CorruptError
from ..gallery.gallery import Made, RankLabels
from ..gallery.taxa import TaxonNames
from ..search.column_reader import read_column
from ..search.filters import matching, parsed
from ..storage.records import Image
from ..taxonomy import lowest_name

_FIRST = 10  # images that are shown
_SPELLINGS = 5  # values of a column that are shown


@dataclass(frozen=True)
class Doomed:
    """The images that satisfy conditions.

    Attributes:
        image_ids: all of them, oldest first.
        first: the first few.
        values: {column of a condition: {value: how many of them have it}}, the most frequent few,
            as they are written in the collection; empty for none.
        total: how many images the collection has.
    """

    image_ids: list[str]
    first: list[Image]
    values: dict[str, dict[str, int]]
    total: int

    def to_dict(self) -> dict[str, Any]:
        """Return what would go as JSON-ready values."""
        return {
            "would_delete": len(self.image_ids),
            "of": self.total,
            "values": self.values,
            "first": [
                {
                    "image_id": image.image_id,
                    "taxon": lowest_name(image.lineage),
                    "path": image.path,
                }
                for image in self.first
            ],
        }


@dataclass(frozen=True, eq=False)
class AllImages:
    """All images of a collection, also those that no space holds; see `column_reader.Images`."""

    rows: Codes
    taxon: Codes
    names: TaxonNames
    edits: str = ""

    @classmethod
    def of(cls, collection: Collection) -> AllImages:
        """Read which images there are, and what they are called."""
        collection.require_intact()
        found = collection.database.read(
            "SELECT row, coalesce(taxon_id, -1) FROM images LEFT JOIN accepted USING (specimen_id) "
            "ORDER BY row"
        )
        pairs = np.array([tuple(record) for record in found], np.int64).reshape(-1, 2)
        rows, taxon, names = pairs[:, 0], pairs[:, 1], collection.taxa()
        if taxon.max(initial=-1) > names.most or taxon.min(initial=-1) < -1:
            raise CorruptError(
                f"{collection.folder} has images of taxa that are not there; restore a snapshot"
            )
        return cls(rows, taxon, names)

    def labels(self, rank: str) -> RankLabels:
        """Return the taxa of a rank, and the code of every image."""
        found = self.names.ranks[rank]
        return RankLabels(found.of_taxon[self.taxon], found.names, found.lineages)

    def once(self, _name: str, _basis: object, make: Callable[[], Made]) -> Made:
        """Make something of these images; nothing is kept, as nobody asks them twice."""
        return make()


def doomed_by(collection: Collection, where: Sequence[str]) -> Doomed:
    """Return the images that satisfy every condition, whether a space holds them or not.

    Raises:
        UsageError: a condition is off; see `filters.matching`.
    """
    images = AllImages.of(collection)
    chosen = matching(collection, images, where, "of the collection")
    rows = images.rows[chosen].tolist()
    query = "SELECT image_id, row FROM images WHERE row IN"
    named = sorted((row, name) for name, row in run_over(collection.database.read, query, rows))
    values = {}
    for condition in parsed(where):
        column = read_column(collection, images, condition.column)
        counts = np.bincount(column.codes[chosen] + 1, minlength=len(column.values) + 1)
        most = np.argsort(-counts, kind="stable")[:_SPELLINGS].tolist()
        texts = ("", *column.values)
        values[column.name] = {texts[code]: int(counts[code]) for code in most if counts[code]}
    first = collection.images_at(rows[:_FIRST])
    return Doomed(
        [name for _, name in named],
        [first[row] for row in rows[:_FIRST]],
        values,
        len(images.rows),
    )


def shown_lines(collection: Path, doomed: Doomed) -> list[str]:
    """Return what a person must see before images go: how many, which values, the first few."""
    count = len(doomed.image_ids)
    images = "1 image" if count == 1 else f"{count} images"
    lines = [f"Delete {images} of {collection} (it has {doomed.total}):"]
    for column, values in doomed.values.items():
        those = [f"{value!r} ({many})" for value, many in values.items() if value]
        those += [f"no value ({values['']})"] if "" in values else []
        rest = count - sum(values.values())
        those += [f"others ({rest})"] if rest else []
        lines.append(f"  {column}: {', '.join(those)}")
    for image in doomed.first:
        name, path = lowest_name(image.lineage) or "no name", image.path or "no picture file"
        lines.append(f"  {image.image_id}  {name}  {path}")
    if count > len(doomed.first):
        lines.append(f"  … and {count - len(doomed.first)} more")
    return lines

"""Which images a deletion would take, shown before anything goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..collection import Collection
from ..database.sql import run_over
from ..search.all_images import all_images
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


def doomed_by(collection: Collection, where: Sequence[str]) -> Doomed:
    """Return the images that satisfy every condition, whether a space holds them or not.

    Raises:
        UsageError: a condition is off; see `filters.matching`.
    """
    images = all_images(collection)
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

"""What a collection knows of its images: the columns of every export, and these as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..collection import Collection
from ..files.durable import replacing
from ..search.column_reader import metadata_columns
from ..storage.records import DETAILS, Image
from ..taxonomy import ADDED_COLUMNS, QUALIFIER, RANKS
from ..visible import guarded

Column = Callable[[Image], str]

_QUALIFIED = """
SELECT a.specimen_id, d.qualifier FROM accepted AS a JOIN determinations AS d
USING (determination_id) WHERE d.origin = 'human'
"""  # an import's stands in the image's own column


def image_columns(collection: Collection) -> dict[str, Column]:
    """Return what gives the value of each column for an image.

    Ids, path, sha256, split, ranks (the accepted determination), details, and the users' own
    columns, `identificationQualifier` as the accepted determination has it.
    """
    folder = collection.folder.resolve()  # a table may be read from elsewhere
    columns: dict[str, Column] = {
        "image_id": lambda image: image.image_id,
        "specimen_id": lambda image: image.specimen_id,
        "path": lambda image: str(folder / image.path) if image.path else "",
        "sha256": lambda image: image.sha256,
        "split": lambda image: image.split,
    }
    for place, rank in enumerate(RANKS):
        columns[rank] = partial(_name, place)
    for name in DETAILS:
        columns[name] = partial(_detail, name)
    qualified: dict[str, str] = dict(map(tuple, collection.database.read(_QUALIFIED)))
    own: dict[str, list[str]] = {}
    for key in metadata_columns(collection):
        # Earlier versions stored what a table has of these in small letters.
        own.setdefault(ADDED_COLUMNS.get(key.lower(), key), []).append(key)
    if any(qualified.values()):
        own.setdefault(QUALIFIER, [])
    for name, keys in own.items():
        columns.setdefault(name, partial(_own, keys, qualified if name == QUALIFIER else {}))
    return columns


def export_image_table(collection: Collection, path: Path) -> int:
    """Write one row an image, without vectors, as CSV for a spreadsheet; return their number.

    It can be ingested again. UTF-8, with the mark by which a spreadsheet knows that; a text that it
    would calculate has an apostrophe before it. The file appears whole or not at all.
    """
    collection.require_intact()
    columns, count = image_columns(collection), 0
    with (
        replacing(path) as temporary,
        temporary.open("x", encoding="utf-8-sig", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(guarded, columns))
        for image in collection.images():
            writer.writerow([guarded(value(image)) for value in columns.values()])
            count += 1
    return count


def _name(place: int, image: Image) -> str:
    return image.lineage[place]


def _detail(name: str, image: Image) -> str:
    return image.details[name]


def _own(keys: Sequence[str], said: Mapping[str, str], image: Image) -> str:
    own = (image.metadata[key] for key in keys if image.metadata.get(key))
    return said.get(image.specimen_id, next(own, ""))

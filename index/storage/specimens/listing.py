"""Images in the order of their rows, some at a time, and the accepted name of a specimen."""

from __future__ import annotations

from dataclasses import dataclass

from ...database.connection import Database
from ...taxonomy import RANKS, Lineage
from ..records import Image, image_query, read_image

_SAID = ("qualifier", "origin", "determined_by", "determined_at", "remarks")
_ACCEPTED = """
SELECT d.*, {} FROM accepted AS a
JOIN determinations AS d ON d.determination_id = a.determination_id
LEFT JOIN taxa AS t ON t.taxon_id = a.taxon_id
WHERE a.specimen_id = ?
""".format(", ".join(f't."{rank}"' for rank in RANKS))


@dataclass(frozen=True)
class Accepted:
    """The determination of a specimen that counts.

    Attributes:
        lineage: all empty where the name was taken away.
        said: by whom, when, why, by its columns.
    """

    determination_id: int
    lineage: Lineage
    said: dict[str, str]


def images_after(
    database: Database, row: int, limit: int, *, specimen_id: str | None = None
) -> list[Image]:
    """Return the images that follow a row, by row; without a specimen of all.

    Args:
        row: 0 for the first ones.
        limit: at most so many.
    """
    where, values = "i.row > ?", list[object]([row])
    if specimen_id is not None:
        where += " AND i.specimen_id = ?"
        values.append(specimen_id)
    query = image_query(where) + " ORDER BY i.row LIMIT ?"
    return [read_image(record) for record in database.read(query, (*values, limit))]


def accepted_of(database: Database, specimen_id: str) -> Accepted | None:
    """Return the determination of a specimen that counts; None where it never had one."""
    for record in database.read(_ACCEPTED, (specimen_id,)):
        lineage = tuple(record[rank] or "" for rank in RANKS)
        said = {name: record[name] for name in _SAID}
        return Accepted(record["determination_id"], lineage, said)
    return None

"""What a collection stores, as small frozen records, and the SQL that writes and reads them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ..database.checksums import write_checksum
from ..database.schema import checksum_sql
from ..database.sql import insert_rows
from ..errors import CorruptError
from ..files.plain_json import read_json
from ..taxonomy import RANKS, Lineage, by_rank, lowest_rank, name_at

DETAILS = (
    "date",
    "locality",
    "latitude",
    "longitude",
    "institution",
    "licence",
    "rights_holder",
    "source",
)
_ALWAYS_TEXT = ("image_id", "specimen_id", "path", "sha256", "split")
_TAXON = ", ".join(f'"{rank}"' for rank in RANKS)
_ACCEPT = (
    "INSERT INTO accepted SELECT specimen_id, taxon_id, determination_id FROM standing "
    "WHERE specimen_id = ? AND origin IN ('import', 'human') "
    "ORDER BY origin = 'human' DESC, determination_id DESC LIMIT 1"
)
_LAST = "SELECT coalesce(max(determination_id), 0) FROM determinations"
_APPEND = (
    "INSERT INTO determinations (specimen_id, taxon_id, undoes, root, qualifier, origin, "
    "determined_by, determined_at, remarks, decision_id)"
)
_DETERMINED = "specimen_id IN (SELECT specimen_id FROM determinations WHERE determination_id >= ?)"
_ACCEPT_ALL = (
    "INSERT INTO accepted SELECT specimen_id, taxon_id, determination_id FROM ("
    "SELECT *, row_number() OVER ("
    "PARTITION BY specimen_id ORDER BY origin = 'human' DESC, determination_id DESC) AS place "
    f"FROM standing WHERE origin IN ('import', 'human') AND {_DETERMINED}) WHERE place = 1"
)
FIND_TAXON = "SELECT taxon_id FROM taxa WHERE " + " AND ".join(f'"{rank}" = ?' for rank in RANKS)


@dataclass(frozen=True)
class Image:
    """A picture of a specimen and what is known of it.

    Attributes:
        phash: 64-bit perceptual hash, unsigned.
        lineage: the accepted determination of its specimen, all empty where there is none.
        metadata: the user's own columns.
        row: its place in the collection; 0 until it is stored.
    """

    image_id: str
    specimen_id: str
    path: str
    sha256: str
    phash: int
    width: int
    height: int
    split: str
    lineage: Lineage
    details: Mapping[str, str]
    metadata: Mapping[str, str]
    row: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return its record as JSON-ready values: specimen, determination, details, metadata."""
        rank = lowest_rank(self.lineage)
        return {
            "image_id": self.image_id,
            "specimen_id": self.specimen_id,
            "sha256": self.sha256,
            "width": self.width,
            "height": self.height,
            "split": self.split,
            "determination": {"rank": rank, "taxon": name_at(self.lineage, rank)} if rank else None,
            "lineage": by_rank(self.lineage),
            "details": {name: value for name, value in self.details.items() if value},
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True)
class Space:
    """One encoder's embeddings of a collection, or those of another space through a projection.

    Attributes:
        dim: length of the vectors that are searched.
        base_space_id: the space whose embeddings it shows; None where it holds its own.
    """

    space_id: int
    name: str
    encoder: str
    fingerprint: str
    views: int
    dim: int
    dtype: str
    base_space_id: int | None = None
    projection_id: int | None = None

    @property
    def source_id(self) -> int:
        """The space that holds the embeddings."""
        return self.base_space_id or self.space_id


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def taxon_id(connection: sqlite3.Connection, lineage: Lineage) -> int | None:
    """Return the id of a lineage, storing it where it is new; None where it names nothing."""
    if not any(lineage):
        return None
    found = connection.execute(FIND_TAXON, lineage).fetchone()
    if found:
        return int(found[0])
    marks = ", ".join("?" for _ in RANKS)
    cursor = connection.execute(f"INSERT INTO taxa ({_TAXON}) VALUES ({marks})", lineage)
    write_checksum(connection, "taxa", cursor.lastrowid)
    return cursor.lastrowid


def append_determination(
    connection: sqlite3.Connection,
    specimen_id: str,
    taxon: int | None,
    *,
    origin: str,
    determined_by: str,
    qualifier: str = "",
    remarks: str = "",
    undoes: int | None = None,
    root: int | None = None,
) -> int:
    """Append a determination, or with `undoes` and `root` an undo, and return its id."""
    columns = "specimen_id taxon_id qualifier origin determined_by determined_at remarks undoes"
    values = (specimen_id, taxon, qualifier, origin, determined_by, now(), remarks, undoes)
    cursor = connection.execute(
        f"INSERT INTO determinations ({', '.join([*columns.split(), 'root'])}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, root),
    )
    write_checksum(connection, "determinations", cursor.lastrowid)
    connection.execute("DELETE FROM accepted WHERE specimen_id = ?", (specimen_id,))
    connection.execute(_ACCEPT, (specimen_id,))
    return int(cursor.lastrowid or 0)


def append_determinations(
    connection: sqlite3.Connection,
    records: Sequence[tuple[str, int | None, int | None, int | None]],
    *,
    by: str,
    decision_id: int,
    qualifier: str = "",
    remarks: str = "",
) -> None:
    """Append determinations by a human, or undos, that are part of one decision.

    Args:
        connection: inside a transaction.
        records: of each, its specimen, its taxon, what it undoes and the root of that; a specimen
            comes once.
    """
    first = connection.execute(_LAST).fetchone()[0] + 1
    rest = (qualifier, "human", by, now(), remarks, decision_id)
    insert_rows(connection, _APPEND, [(*record, *rest) for record in records])
    connection.execute(
        f"UPDATE determinations SET checksum = {checksum_sql('determinations')} "
        "WHERE determination_id >= ?",
        (first,),
    )
    connection.execute(f"DELETE FROM accepted WHERE {_DETERMINED}", (first,))
    connection.execute(_ACCEPT_ALL, (first,))


@cache
def image_query(where: str) -> str:
    """Return the SQL that reads images with their accepted lineages."""
    return (
        f"SELECT i.*, {_TAXON} FROM images AS i "
        "LEFT JOIN accepted AS a ON a.specimen_id = i.specimen_id "
        f"LEFT JOIN taxa AS t ON t.taxon_id = a.taxon_id WHERE {where}"
    )


def read_image(record: sqlite3.Row) -> Image:
    """Make an `Image` of a row of `image_query`.

    Raises:
        CorruptError: it holds what this program never writes.
    """
    try:
        if not all(isinstance(record[name], str) for name in _ALWAYS_TEXT):
            raise TypeError("a text is none")
        return Image(
            image_id=record["image_id"],
            specimen_id=record["specimen_id"],
            path=record["path"],
            sha256=record["sha256"],
            phash=record["phash"] % (1 << 64),
            width=record["width"],
            height=record["height"],
            split=record["split"],
            lineage=tuple(record[rank] or "" for rank in RANKS),
            details={name: record[name] for name in DETAILS},
            metadata=_as_texts(record["metadata"]),
            row=record["row"],
        )
    except (TypeError, ValueError) as error:
        raise CorruptError(
            f"Image '{record['image_id']}' has a record that cannot be read ({error}); restore a "
            "snapshot"
        ) from error


def _as_texts(metadata: str) -> dict[str, str]:
    """Return the user's own columns; what is no text is shown as JSON."""
    if metadata == "{}":
        return {}
    found = read_json(metadata, dict)
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in found.items()
    }


def read_space(record: sqlite3.Row) -> Space:
    """Make a `Space` of a row of the table `spaces`."""
    return Space(**{name: record[name] for name in Space.__dataclass_fields__})

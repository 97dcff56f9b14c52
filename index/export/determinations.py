"""What specimens were called as a Darwin Core table: every determination, also those taken back."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..collection import Collection
from ..files.durable import replacing
from ..taxonomy import RANKS, lowest_name, lowest_rank
from ..visible import guarded

_HIGHER = RANKS[1:-1]  # Darwin Core's columns; the category is the user's own

COLUMNS = (
    "identificationID",
    "occurrenceID",
    "scientificName",
    "taxonRank",
    *_HIGHER,
    "identificationQualifier",
    "identifiedBy",
    "dateIdentified",
    "identificationRemarks",
    "identificationVerificationStatus",
)

_ROWS = 10_000  # that are read at once
_TAXON = ", ".join(f't."{rank}"' for rank in RANKS)
_STATED = f"""
SELECT d.*, {_TAXON}, a.determination_id AS accepted_id
FROM determinations AS d
LEFT JOIN taxa AS t ON t.taxon_id = d.taxon_id
LEFT JOIN accepted AS a
    ON a.specimen_id = d.specimen_id AND a.determination_id = d.determination_id
WHERE d.undoes IS NULL AND d.determination_id > ?
ORDER BY d.determination_id LIMIT ?
"""
_UNDOS = "SELECT * FROM determinations WHERE root IS NOT NULL ORDER BY determination_id"


def export_determinations(collection: Collection, path: Path) -> int:
    """Write one row a determination, oldest first, and return their number; see `csv_blocks`.

    The file appears whole or not at all.
    """
    count = -1  # of the rows, the first of which is the header
    with replacing(path) as temporary, temporary.open("xb") as file:
        for block, rows in csv_blocks(collection):
            file.write(block)
            count += rows
    return count


def csv_blocks(collection: Collection) -> Iterator[tuple[bytes, int]]:
    """Yield the table of the determinations, some rows at a time, and how many these are.

    `identificationVerificationStatus` is `accepted` for the one that counts, `superseded` for one
    that stands beside it, `withdrawn` for one that was taken back, and `unverified` for a
    machine's. One that came with a table has nobody who made it, nor a day. Who took one back, when
    and why stands in its remarks. A text that a spreadsheet would calculate has an apostrophe
    before it.
    """
    collection.require_intact()
    undos = defaultdict(list)
    for record in collection.database.read(_UNDOS):
        undos[record["root"]].append(record)
    yield _written([COLUMNS]), 1
    last = 0
    while found := collection.database.read(_STATED, (last, _ROWS)):
        cells = (_cells(record, undos.get(record["determination_id"], [])) for record in found)
        yield _written(map(guarded, row) for row in cells), len(found)
        last = found[-1]["determination_id"]


def _written(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(errors="backslashreplace")


def _cells(record: sqlite3.Row, undos: list[sqlite3.Row]) -> Iterator[object]:
    lineage = tuple(record[rank] or "" for rank in RANKS)
    yield record["determination_id"]
    yield record["specimen_id"]
    yield lowest_name(lineage)
    yield lowest_rank(lineage) or ""
    yield from lineage[1:-1]
    yield record["qualifier"]
    # Who named what a table brought, and when, the table may say; it was not named by ingesting it.
    is_imported, at = record["origin"] == "import", record["determined_at"]
    yield "" if is_imported else record["determined_by"]
    yield "" if is_imported else at
    came = f"by a table that was ingested on {at}" if is_imported else ""
    yield "; ".join(text for text in (came, record["remarks"], *_told(undos)) if text)
    yield _status(record, undos)


def _told(undos: list[sqlite3.Row]) -> Iterator[str]:
    """Yield what each undo did: they take a determination back and bring it back by turns."""
    for turn, undo in enumerate(undos):
        what = "restored" if turn % 2 else "withdrawn"
        why = f": {undo['remarks']}" if undo["remarks"] else ""
        yield f"{what} by {undo['determined_by']} on {undo['determined_at']}{why}"


def _status(record: sqlite3.Row, undos: list[sqlite3.Row]) -> str:
    if len(undos) % 2:
        return "withdrawn"
    if record["origin"] == "machine":
        return "unverified"
    return "superseded" if record["accepted_id"] is None else "accepted"

"""Pictures' records into the database, a batch at a time, and out of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from ..arrays import Embeddings
from ..database.checksums import Record, with_checksums, write_checksum
from ..database.connection import Database
from ..database.schema import CHECKED_COLUMNS
from ..database.sql import insert_rows, run_over
from ..errors import CorruptError, NotFoundError
from ..taxonomy import QUALIFIER, Lineage
from .embeddings import put_embeddings, renumber_embeddings, stack_vectors
from .records import DETAILS, Image, Space, now, taxon_id

Entry = tuple[Image, Embeddings | None]
Taxa = dict[Lineage, int | None]
Stored = dict[str, sqlite3.Row]

MOST_NUMBERS = 1 << 60  # that a table can have given out: more rows fit on no disk

_BATCH = 4096  # images

_as_json = json.JSONEncoder(ensure_ascii=False).encode
_COLUMNS = CHECKED_COLUMNS["images"]
_INSERT = f"INSERT INTO images ({', '.join(_COLUMNS)}, checksum)"
_UPDATE = (
    f"UPDATE images SET {', '.join(f'{name} = ?' for name in _COLUMNS)}, checksum = ? WHERE row = ?"
)

# Galleries keep filters and answers in memory until this count changes.
_COUNT_EDIT = (
    "INSERT INTO meta VALUES ('edits', '1') "
    "ON CONFLICT (key) DO UPDATE SET value = CAST(value + 1 AS TEXT)"
)

_DETERMINATION = CHECKED_COLUMNS["determinations"]
_APPEND = f"INSERT INTO determinations ({', '.join(_DETERMINATION)}, checksum)"
# A new import takes the place of an earlier one; a human's determination stays.
_OVER_IMPORTS = (
    "ON CONFLICT (specimen_id) DO UPDATE "
    "SET taxon_id = excluded.taxon_id, determination_id = excluded.determination_id "
    "WHERE (SELECT origin FROM determinations AS d "
    "WHERE d.determination_id = accepted.determination_id) = 'import'"
)


def put_entries(connection: sqlite3.Connection, space: Space, entries: Iterable[Entry]) -> None:
    """Store images and, where given, their embeddings, float32 [dim], in a space.

    Raises:
        MismatchError: a vector has another length than the space, or is no unit vector.
    """
    taxa: Taxa = {}
    for batch in _batches(entries):
        rows = put_images(connection, [image for image, _ in batch], taxa=taxa)
        given = [
            (row, image.sha256, vector)
            for row, (image, vector) in zip(rows, batch, strict=True)
            if vector is not None
        ]
        if given:
            their_rows, sha256s, vectors = zip(*given, strict=True)
            put_embeddings(connection, space, their_rows, sha256s, stack_vectors(space, vectors))


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield entries in their order, every image once a batch."""
    batch: dict[str, Entry] = {}
    for entry in entries:
        image_id = entry[0].image_id
        if image_id in batch or len(batch) == _BATCH:
            yield list(batch.values())
            batch = {}
        batch[image_id] = entry
    yield list(batch.values())


def put_images(
    connection: sqlite3.Connection,
    images: Sequence[Image],
    *,
    taxa: Taxa | None = None,
    stored: Stored | None = None,
    named: bool = True,
) -> list[int]:
    """Store pictures under their ids, replacing what was there, and return their rows.

    A change of a picture's content removes the embeddings of the old one, in every space. The
    imported determination is appended where it differs from the latest import of the specimen.

    Args:
        connection: inside a transaction.
        images: every id once.
        taxa: the ids of lineages that are known already; new ones are added to it.
        stored: what `find_images` gives, where the caller has it.
        named: False leaves the determinations of all the specimens as they are.
    """
    if stored is None:
        stored = find_images(connection, [image.image_id for image in images])
    free, time = next_key(connection, "images"), now()
    rows: list[int] = []
    new: list[Record] = []
    changed: list[Record] = []
    for image in images:
        old = stored.get(image.image_id)
        row = free + len(new) if old is None else int(old["row"])
        record = _record(image, row, time) if old is None else _record(image, row, old=old)
        (new if old is None else changed).append(record)
        rows.append(row)
    insert_rows(connection, _INSERT, with_checksums("images", new))
    if changed:
        keyed = [(*record, record[0]) for record in with_checksums("images", changed)]
        connection.executemany(_UPDATE, keyed)
        connection.execute(_COUNT_EDIT)
        _follow(connection, images, rows, stored)
    if named:
        _import_determinations(connection, images, {} if taxa is None else taxa)
    return rows


def _record(image: Image, row: int, added_at: str = "", old: sqlite3.Row | None = None) -> Record:
    """Return the columns of `CHECKED_COLUMNS` of an image; what it does not say stays as it was."""
    return (
        row,
        image.image_id,
        image.specimen_id,
        image.path,
        image.sha256,
        image.phash - (image.phash >> 63 << 64),  # SQLite's integers are signed
        image.width,
        image.height,
        image.split,
        *[image.details.get(name, "") for name in DETAILS],
        _as_json(dict(image.metadata)) if image.metadata else "{}",
        old["parent_image_id"] if old else None,
        old["box"] if old else None,
        old["added_at"] if old else added_at,
    )


def find_images(connection: sqlite3.Connection, image_ids: Sequence[str]) -> Stored:
    """Return what `put_images` must know of those images that are stored already."""
    query = (
        "SELECT image_id, row, sha256, specimen_id, parent_image_id, box, added_at FROM images "
        "WHERE image_id IN"
    )
    return {found["image_id"]: found for found in run_over(connection.execute, query, image_ids)}


def names_specimens(database: Database) -> bool:
    """Return whether any image was said to be of a specimen: else each is one of its own."""
    return bool(database.read("SELECT 1 FROM images WHERE specimen_id <> image_id LIMIT 1"))


def next_key(connection: sqlite3.Connection, table: str) -> int:
    """Return the next key of a table that never gives one out twice.

    Raises:
        CorruptError: its numbers are used up, as only damage can have done.
    """
    query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
    found = connection.execute(query, (table,)).fetchone()
    last = found[0] if found else 0
    if not isinstance(last, int) or not 0 <= last <= MOST_NUMBERS:
        raise CorruptError(f"The table '{table}' has numbers up to {last!r}; restore a snapshot")
    return last + 1


def _follow(
    connection: sqlite3.Connection,
    images: Sequence[Image],
    rows: Sequence[int],
    stored: Stored,
) -> None:
    """Remove the embeddings of images with new content; renumber those with a new specimen."""
    for image, row in zip(images, rows, strict=True):
        old = stored.get(image.image_id)
        if old is None:
            continue
        if old["sha256"] != image.sha256:
            connection.execute("DELETE FROM embeddings WHERE row = ?", (row,))
        elif old["specimen_id"] != image.specimen_id:
            renumber_embeddings(connection, row)


def _import_determinations(
    connection: sqlite3.Connection, images: Sequence[Image], taxa: Taxa
) -> None:
    """Append what the images say of their specimens, where the latest import says otherwise."""
    query = (
        "SELECT determination_id, specimen_id, taxon_id FROM determinations "
        "WHERE origin = 'import' AND specimen_id IN"
    )
    specimens = list(dict.fromkeys(image.specimen_id for image in images))
    found = sorted(
        run_over(connection.execute, query, specimens), key=lambda record: int(record[0])
    )
    latest: dict[str, int | None] = {record["specimen_id"]: record["taxon_id"] for record in found}
    new: list[Record] = []
    free, time = next_key(connection, "determinations"), now()
    for image in images:
        if image.lineage not in taxa:
            taxa[image.lineage] = taxon_id(connection, image.lineage)
        taxon = taxa[image.lineage]
        if taxon != latest.get(image.specimen_id):
            latest[image.specimen_id] = taxon
            who = ("import", "manifest", time, "", None, None)
            # Earlier versions stored a table's own column in small letters.
            qualifier = image.metadata.get(QUALIFIER) or image.metadata.get(QUALIFIER.lower(), "")
            new.append((free + len(new), image.specimen_id, taxon, qualifier, *who))
    insert_rows(connection, _APPEND, with_checksums("determinations", new))
    accepted = [(record[1], record[2], record[0]) for record in new]
    insert_rows(connection, "INSERT INTO accepted", accepted, _OVER_IMPORTS)


def delete_images(
    database: Database, image_ids: Sequence[str], *, by: str = "", remarks: str = ""
) -> int:
    """Delete images and their embeddings in every space, all of them or none.

    What was deleted is recorded, by whom and why. Determinations of their specimens stay, as do
    copied pictures and thumbnails until the collection is compacted.

    Args:
        image_ids: an id that comes twice counts once.
        by: who deletes.
        remarks: why.

    Returns:
        how many images were deleted.

    Raises:
        NotFoundError: one of the images is not there.
        LockedError: another process is writing to the collection.
    """
    wanted, time = list(dict.fromkeys(image_ids)), now()
    with database.writing(), database.transaction() as connection:
        for image_id in wanted:
            kept = connection.execute(
                "INSERT INTO deletions "
                "(image_id, specimen_id, path, sha256, deleted_by, deleted_at, remarks) "
                "SELECT image_id, specimen_id, path, sha256, ?, ?, ? FROM images "
                "WHERE image_id = ?",
                (by, time, remarks, image_id),
            )
            if kept.rowcount != 1:
                raise NotFoundError(
                    f"{database.folder} has no image '{image_id}'; nothing was deleted"
                )
            write_checksum(connection, "deletions", kept.lastrowid)
            connection.execute("DELETE FROM images WHERE image_id = ?", (image_id,))
    return len(wanted)

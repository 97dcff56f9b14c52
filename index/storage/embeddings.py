"""The embeddings of a space in the database, each with its checksum."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress

import numpy as np

from ..arrays import Embeddings, Ids
from ..database.checksums import Record, crc32, with_checksums
from ..database.connection import Database
from ..database.schema import identity_sql
from ..database.sql import insert_rows, run_over
from ..errors import CorruptError, HolotypeError, MismatchError
from ..vectors.brute_force import check_unit_rows, not_unit
from .records import Image, Space
from .spaces import projection_of, source_of

_BLOCK = 8192  # embeddings that are read at once
_STORED = "space_id, row, sha256, vector, checksum"
_COLUMNS = f"row, vector, checksum, {identity_sql('embeddings')} AS identity"


def put_embeddings(
    connection: sqlite3.Connection,
    space: Space,
    rows: Sequence[int],
    sha256s: Sequence[str],
    vectors: Embeddings,
) -> None:
    """Store the embeddings of the images in some rows, in place of earlier ones.

    Args:
        connection: inside a transaction.
        space: one that holds embeddings.
        rows: every row once.
        sha256s: content of the pictures that were embedded.
        vectors: float32 [len(rows), dim], unit rows.

    Raises:
        MismatchError: one is no unit vector.
    """
    try:
        check_unit_rows(vectors)
    except ValueError as error:
        raise MismatchError(f"Vectors for space '{space.name}': {error}") from error
    width = np.dtype(space.dtype).itemsize * space.dim
    data = vectors.astype(space.dtype, copy=False).tobytes()
    records: list[Record] = [
        (space.space_id, row, sha256, data[place * width : (place + 1) * width])
        for place, (row, sha256) in enumerate(zip(rows, sha256s, strict=True))
    ]
    delete = f"DELETE FROM embeddings WHERE space_id = {space.space_id} AND row IN"
    run_over(connection.execute, delete, rows)
    _insert(connection, with_checksums("embeddings", records))


def renumber_embeddings(connection: sqlite3.Connection, row: int) -> None:
    """Give the embeddings of an image new sequence numbers: galleries group them by specimen."""
    kept = connection.execute(f"SELECT {_STORED} FROM embeddings WHERE row = ?", (row,)).fetchall()
    connection.execute("DELETE FROM embeddings WHERE row = ?", (row,))
    _insert(connection, [tuple(record) for record in kept])


def _insert(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Insert embeddings and count them; a trigger counts those that are deleted."""
    insert_rows(connection, f"INSERT INTO embeddings ({_STORED})", records)
    for space_id, count in Counter(record[0] for record in records).items():
        connection.execute(
            "INSERT INTO space_states SELECT ?, seq, ? FROM sqlite_sequence "
            "WHERE name = 'embeddings' "
            "ON CONFLICT (space_id) DO UPDATE SET last_seq = excluded.last_seq, "
            "count = count + excluded.count",
            (space_id, count),
        )


def stack_vectors(space: Space, vectors: Sequence[Embeddings]) -> Embeddings:
    """Return vectors of a space as rows, float32 [n, dim].

    Raises:
        MismatchError: one has another length than the space.
    """
    for vector in vectors:
        if vector.shape != (space.dim,):
            raise MismatchError(
                f"Vector of shape {vector.shape} for space '{space.name}' of "
                f"{space.dim} dimensions; use the space's own encoder"
            )
    return np.array(vectors, np.float32)


def read_vectors(database: Database, space: Space, *, after: int = 0) -> Embeddings:
    """Return the vectors of a space, float32 [n, dim] unit rows, read-only, in the images' order.

    Args:
        database: the collection's.
        space: one that holds embeddings, or shows those of another.
        after: only those with a larger sequence number.

    Raises:
        CorruptError: one of them is damaged or missing; the message names its image.
        StoreError: they lie elsewhere and cannot be read.
    """
    source = source_of(database, space)
    with database.snapshot():
        query = "SELECT count(*) FROM embeddings WHERE space_id = ? AND seq > ?"
        count = database.read(query, (source.space_id, after))[0][0]
        _require_room(database, source, count)
        vectors: Embeddings = np.empty((count, source.dim), np.float32)
        done = 0
        for found in _blocks(database, source, after):
            place = vectors[done : done + len(found)]
            done += len(found)
            if len(place) == len(found):
                place[:] = _joined(database, source, found)
    if done != count:
        raise CorruptError(
            f"{database.folder} holds {done} vectors in space '{source.name}' and counts {count}; "
            "restore a snapshot"
        )
    projection = projection_of(database, space)
    rows = vectors if projection is None else projection.apply(vectors)
    rows.flags.writeable = False  # so that an index may keep them without a copy
    return rows


def read_vector(database: Database, space: Space, image: Image) -> Embeddings | None:
    """Return the embedding of an image as its encoder made it, float32 [dim]; None without one.

    Raises:
        CorruptError: it is damaged or missing.
        StoreError: it lies elsewhere and cannot be read.
    """
    source = source_of(database, space)
    found = _found(database, source, "row = ?", image.row)
    return _joined(database, source, found)[0] if found else None


def read_at(database: Database, space: Space, seqs: Ids) -> Embeddings:
    """Return vectors by their sequence numbers, float32 [n, dim], in that order.

    They may be of a past state. The row of one that was removed since, and the checksum in it, is
    gone; such a vector is returned unchecked where the store still has it.

    Args:
        database: the collection's.
        space: one that holds embeddings.
        seqs: int64 [n].

    Raises:
        CorruptError: one of them is damaged or missing.
        HolotypeError: one of a past state has been removed meanwhile.
        StoreError: they lie elsewhere and cannot be read.
    """
    query = f"SELECT value AS seq, {_COLUMNS} FROM json_each(?) LEFT JOIN embeddings ON seq = value"
    found = database.read(f"{query} ORDER BY key", (json.dumps(seqs.tolist()),))
    return _joined(database, space, found)


def damaged_vectors(database: Database, space: Space) -> list[str]:
    """Return one sentence for every damaged or missing vector that a space holds itself."""
    told: list[str] = []
    with database.snapshot():
        for found in _blocks(database, space, 0):
            blobs = database.store.blobs(space.space_id, space.dtype, found)
            whole = [_whole(space, *pair) for pair in zip(found, blobs, strict=True)]
            for record, blob, right in zip(found, blobs, whole, strict=True):
                if not right:
                    told.append(_damaged(database, space, record, blob))
            kept = list(compress(found, whole))
            off = not_unit(_as_rows(space, list(compress(blobs, whole))))
            told += [_no_vector(database, space, record) for record in compress(kept, off)]
    return told


def _blocks(database: Database, space: Space, after: int) -> Iterator[list[sqlite3.Row]]:
    """Yield the embeddings of a space by row, those with a larger sequence number than `after`."""
    where = f"seq > ? AND row > ? ORDER BY row LIMIT {_BLOCK}"
    row = -1
    while found := _found(database, space, where, after, row):
        yield found
        row = found[-1]["row"]


def _found(database: Database, space: Space, where: str, *values: int) -> list[sqlite3.Row]:
    query = f"SELECT seq, {_COLUMNS} FROM embeddings WHERE space_id = ? AND {where}"
    return database.read(query, (space.space_id, *values))


def _joined(database: Database, space: Space, found: list[sqlite3.Row]) -> Embeddings:
    """Return the vectors of rows, float32 [n, dim], having refused a damaged one."""
    blobs = database.store.blobs(space.space_id, space.dtype, found)
    for record, blob in zip(found, blobs, strict=True):
        if not _whole(space, record, blob):
            raise (CorruptError if record["row"] else HolotypeError)(
                _damaged(database, space, record, blob)
            )
    vectors = _as_rows(space, blobs)
    off = not_unit(vectors)
    if off.any():
        raise CorruptError(_no_vector(database, space, found[int(off.argmax())]))
    return vectors


def _as_rows(space: Space, blobs: Sequence[bytes]) -> Embeddings:
    vectors: Embeddings = np.frombuffer(b"".join(blobs), space.dtype).reshape(-1, space.dim)
    with np.errstate(invalid="ignore"):
        return vectors.astype(np.float32)


def _require_room(database: Database, space: Space, count: int) -> None:
    """Refuse to take memory for more vectors than the database's files can hold.

    Raises:
        CorruptError: the space says that its vectors are longer than they are.
    """
    needed = count * space.dim * np.dtype(space.dtype).itemsize
    if not database.store.address and needed > database.size:
        raise CorruptError(
            f"{database.folder} holds {count} vectors of space '{space.name}', and no room for "
            f"{space.dim} dimensions each; restore a snapshot"
        )


def _whole(space: Space, record: sqlite3.Row, blob: bytes) -> bool:
    """Return whether a vector is as it was stored; without its row, whether it has its length."""
    right = record["row"] is None or crc32(record["identity"], blob) == record["checksum"]
    return (
        right
        and isinstance(blob, bytes)
        and len(blob) == np.dtype(space.dtype).itemsize * space.dim
    )


def _damaged(database: Database, space: Space, record: sqlite3.Row, blob: bytes) -> str:
    if record["row"] is None:
        place = database.store.address or database.folder
        return f"{place} was compacted while it was searched; repeat the query"
    return _damaged_vector(
        database, space, record, "its checksum differs" if blob else "it is missing"
    )


def _no_vector(database: Database, space: Space, record: sqlite3.Row) -> str:
    return _damaged_vector(database, space, record, "it is not finite or not of length 1")


def _damaged_vector(database: Database, space: Space, record: sqlite3.Row, fault: str) -> str:
    found = database.read("SELECT image_id FROM images WHERE row = ?", (record["row"],))
    name = f"image '{found[0]['image_id']}'" if found else f"row {record['row']}"
    return (
        f"{database.store.address or database.folder} holds a damaged vector in space "
        f"'{space.name}': that of {name} ({fault}); restore a snapshot"
    )

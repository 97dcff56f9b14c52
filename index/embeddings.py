"""The embeddings of a space as they stand in the database, each with its checksum."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

import numpy as np

from .database import Database
from .errors import CorruptError, MismatchError
from .knn import Embeddings, check_unit_rows
from .records import Image, Space
from .schema import checksum_sql
from .seals import Record, sealed
from .spaces import projection_of, source_of

_STORED = "space_id, row, sha256, vector, checksum"
_WHOLE = f"checksum = {checksum_sql('embeddings')}"


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
    old = [(space.space_id, row) for row in rows]
    connection.executemany("DELETE FROM embeddings WHERE space_id = ? AND row = ?", old)
    _insert(connection, sealed("embeddings", records))


def renumber_embeddings(connection: sqlite3.Connection, row: int) -> None:
    """Give the embeddings of an image new sequence numbers: galleries group them by specimen."""
    kept = connection.execute(f"SELECT {_STORED} FROM embeddings WHERE row = ?", (row,)).fetchall()
    connection.execute("DELETE FROM embeddings WHERE row = ?", (row,))
    _insert(connection, [tuple(record) for record in kept])


def _insert(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Insert embeddings and count them; a trigger counts those that are deleted."""
    connection.executemany(f"INSERT INTO embeddings ({_STORED}) VALUES (?, ?, ?, ?, ?)", records)
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
    """Return the vectors of a space, float32 [n, dim] unit rows, in the images' order.

    Args:
        database: the collection's.
        space: one that holds embeddings, or shows those of another.
        after: only those with a larger sequence number.

    Raises:
        CorruptError: one of them is damaged; the message names its image.
    """
    source = source_of(database, space)
    found = database.read(
        f"SELECT row, vector, {_WHOLE} AS whole FROM embeddings "
        "WHERE space_id = ? AND seq > ? ORDER BY row",
        (source.space_id, after),
    )
    width = np.dtype(source.dtype).itemsize * source.dim
    for record in found:
        if not record["whole"] or len(record["vector"]) != width:
            raise CorruptError(_damaged(database, source, record["row"]))
    data = b"".join([record["vector"] for record in found])
    vectors: Embeddings = np.frombuffer(data, source.dtype).reshape(-1, source.dim)
    vectors = vectors.astype(np.float32)
    projection = projection_of(database, space)
    return vectors if projection is None else projection.apply(vectors)


def read_vector(database: Database, space: Space, image: Image) -> Embeddings | None:
    """Return the embedding of an image as its encoder made it, float32 [dim]; None without one.

    Raises:
        CorruptError: it is damaged.
    """
    source = source_of(database, space)
    found = database.read(
        f"SELECT vector, {_WHOLE} AS whole FROM embeddings WHERE space_id = ? AND row = ?",
        (source.space_id, image.row),
    )
    if not found:
        return None
    if not found[0]["whole"]:
        raise CorruptError(_damaged(database, source, image.row))
    vector: Embeddings = np.frombuffer(found[0]["vector"], source.dtype).astype(np.float32)
    return vector


def damaged_vectors(database: Database, space: Space) -> list[str]:
    """Return one sentence for every damaged vector that a space holds itself."""
    found = database.read(
        f"SELECT row FROM embeddings WHERE space_id = ? AND NOT {_WHOLE} ORDER BY row",
        (space.space_id,),
    )
    return [_damaged(database, space, record["row"]) for record in found]


def _damaged(database: Database, space: Space, row: int) -> str:
    found = database.read("SELECT image_id FROM images WHERE row = ?", (row,))
    name = f"image '{found[0]['image_id']}'" if found else f"row {row}"
    return (
        f"{database.folder} holds a damaged vector in space '{space.name}': that of {name} "
        "(its checksum differs); restore a snapshot"
    )

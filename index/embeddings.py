"""The embeddings of a space as they stand in the database, each with its checksum."""

from __future__ import annotations

import sqlite3

import numpy as np

from .database import Database
from .errors import CorruptError, MismatchError
from .knn import Embeddings, check_unit_rows
from .records import Image, Space
from .schema import checksum_sql
from .seals import seal
from .spaces import projection_of, source_of

_WHOLE = f"checksum = {checksum_sql('embeddings')}"


def put_embedding(
    connection: sqlite3.Connection, space: Space, row: int, sha256: str, vector: Embeddings
) -> None:
    """Store the embedding of the image in a row, in place of an earlier one.

    Args:
        sha256: content of the picture that was embedded.
        vector: float32 [dim], a unit row.

    Raises:
        MismatchError: another length than the space's, or no unit vector.
    """
    if vector.shape != (space.dim,):
        raise MismatchError(
            f"Vector of shape {vector.shape} for space '{space.name}' of "
            f"{space.dim} dimensions; use the space's own encoder"
        )
    try:
        check_unit_rows(vector[None])
    except ValueError as error:
        raise MismatchError(f"Vector for space '{space.name}': {error}") from error
    cursor = connection.execute(
        "INSERT OR REPLACE INTO embeddings (space_id, row, sha256, vector) VALUES (?, ?, ?, ?)",
        (space.space_id, row, sha256, vector.astype(space.dtype).tobytes()),
    )
    seal(connection, "embeddings", cursor.lastrowid)


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

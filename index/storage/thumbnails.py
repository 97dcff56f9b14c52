"""Small JPEGs of stored pictures, made once and kept beside the database."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from ..database.connection import Database
from ..errors import HolotypeError
from ..files.durable import write_durably
from ..files.regular import Limit
from ..pictures.reading import PictureReader, content_hash, read_bytes, read_picture, thumbnail
from ..settings import settings
from .files_beside import THUMBNAILS, is_plain, list_files, listed_sha256, may_write, place_for
from .records import Image
from .sources import picture_file, picture_of

_PATIENCE = 200  # milliseconds that a reader waits for a writer, before it gives up keeping one


def made_thumbnail(
    database: Database,
    image: Image,
    *,
    read: PictureReader = read_picture,
    most: Limit | None = None,
) -> bytes:
    """Return a small JPEG of an image, kept or made of the picture that was ingested.

    Args:
        read: what decodes, as `read_picture` does.
        most: the largest file that is read for it; by default as `read_bytes` says.

    Raises:
        PictureError: the original is gone or damaged, or another picture has its place.
    """
    side = settings().thumbnail_pixels
    kept = kept_thumbnail(database, image)
    if kept is not None:
        return kept
    original = picture_of(database, image, most)
    data = thumbnail(read(original, target=side, name=picture_file(database, image)), side)
    # Only a cache: a busy, full or read-only disk does not matter.
    with suppress(HolotypeError, OSError, sqlite3.Error):
        _keep(database, _place(image), data)
    return data


def _place(image: Image) -> str:
    side = settings().thumbnail_pixels
    return f"{THUMBNAILS}/{image.sha256[:2]}/{image.sha256}-{side}.jpg"


def kept_thumbnail(database: Database, image: Image) -> bytes | None:
    """Return a thumbnail that was kept; None where it is missing or was changed."""
    inside = _place(image)
    sha256 = listed_sha256(database, inside)
    if sha256 is None or not is_plain(database.folder, inside):
        return None
    data = read_bytes(database.folder / inside)
    return data if content_hash(data) == sha256 else None


def _keep(database: Database, inside: str, data: bytes) -> None:
    if not may_write(database, inside):
        return
    connection = database.connection()
    waits = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")
    try:
        with database.transaction():
            list_files(connection, [(inside, content_hash(data))])
    finally:
        connection.execute(f"PRAGMA busy_timeout={waits}")
    write_durably(place_for(database.folder, inside), data)

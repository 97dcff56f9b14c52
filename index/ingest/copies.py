"""Copies of pictures inside a collection, named by their content."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..database.connection import Database
from ..errors import PictureError, UsageError
from ..files.durable import digest_of, write_durably
from ..pictures.kinds import READ_SUFFIXES
from ..storage.files_beside import IMAGES, list_files, place_for
from ..storage.records import Image


def list_copies(database: Database, images: Iterable[Image]) -> None:
    """List the copies that are about to be made, so that they are known as ours after a crash.

    Args:
        database: the collection's.
        images: with the path and the sha256 of their originals.
    """
    planned = {_copy_place(image.sha256, Path(image.path).suffix): image.sha256 for image in images}
    new = [
        (place.as_posix(), sha256)
        for place, sha256 in planned.items()
        if not os.path.lexists(database.folder / place)
    ]
    with database.transaction() as connection:
        list_files(connection, new)


def _copy_place(digest: str, suffix: str) -> Path:
    """Return where the copy of a picture lies in its collection."""
    ending = suffix.lower()
    return Path(IMAGES, digest[:2], digest + (ending if ending in READ_SUFFIXES else ""))


def keep_copy(data: bytes, digest: str, suffix: str, folder: Path) -> tuple[Path, bool]:
    """Copy a picture into the collection, named by its content.

    Returns:
        the copy's path in the collection, and whether it was made now.

    Raises:
        PictureError: a link, or another file, is in its place.
    """
    inside = _copy_place(digest, suffix)
    try:
        target = place_for(folder, inside)
    except UsageError as error:
        raise PictureError(str(error)) from error
    if not target.exists():
        write_durably(target, data)
        return inside, True
    if not target.is_file() or digest_of(target) != digest:
        raise PictureError(f"{target} is there already and is another file; move it away")
    return inside, False

"""Which collections a folder holds; nothing large is imported for it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from holotype.index.database.own_folder import FILE, is_collection
from holotype.index.errors import NotFoundError
from holotype.index.ways import way


def require_served(folder: Path) -> None:
    """Refuse a folder that is no collection and holds none.

    Raises:
        NotFoundError: it is neither, or this user may not read it.
    """
    try:
        found = is_collection(folder) or collections_of(folder)
    except OSError as error:
        raise NotFoundError(
            f"{folder} cannot be read ({error.strerror}); name a folder that this user may read"
        ) from error
    if not found:
        raise NotFoundError(
            f"{folder} is not a collection (it holds no {FILE}), nor a folder of collections; make "
            f"one with {way('ingest SOURCE --to COLLECTION')}"
        )


def collections_of(folder: Path) -> list[Path]:
    """Return the collections right below a folder, by name; hidden folders are left out.

    Raises:
        OSError: the folder is there and cannot be read just now.
    """
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names if not name.startswith(".") and _holds(folder / name)]


def _holds(folder: Path) -> bool:
    with suppress(OSError):  # one that this user may not enter
        return is_collection(folder)
    return False

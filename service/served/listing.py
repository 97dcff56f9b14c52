"""Which collections a folder holds; nothing large is imported for it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from holotype.index.database.own_folder import FILE, is_collection
from holotype.index.errors import NotFoundError


def require_served(folder: Path) -> None:
    """Refuse a folder that is no collection and holds none.

    Raises:
        NotFoundError: it is neither.
    """
    if not is_collection(folder) and not collections_of(folder):
        raise NotFoundError(
            f"{folder} is not a collection (it holds no {FILE}), nor a folder of collections; make "
            "one with 'holotype ingest SOURCE --to COLLECTION'"
        )


def collections_of(folder: Path) -> list[Path]:
    """Return the collections right below a folder, by name; hidden folders are left out."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [folder / name for name in names if not name.startswith(".") and _holds(folder / name)]


def _holds(folder: Path) -> bool:
    with suppress(OSError):  # one that this user may not enter
        return is_collection(folder)
    return False

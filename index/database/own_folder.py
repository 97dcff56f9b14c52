"""What a folder may hold before a collection is made in it."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import HolotypeError, NotFoundError, UsageError
from ..ways import option, way

FILE = "collection.sqlite"

_BESIDE = ("-wal", "-shm", "-journal")  # endings of SQLite's own files, which it may remove
_IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini", "lost+found"}  # left by systems, not people
# What a process leaves that died while it made a collection.
_LEFT_BY_CRASH = {"writer.lock", "writer.json"}
_NAMED = 3  # files that a message names


def own_names() -> tuple[str, ...]:
    """Return the names of the database's files, the database first."""
    return (FILE, *(FILE + end for end in _BESIDE))


def is_collection(folder: Path) -> bool:
    """Return whether a folder holds a collection's database."""
    return (folder / FILE).is_file()


def require_collection(folder: Path) -> None:
    """Refuse a folder that is no collection.

    Raises:
        NotFoundError: it holds no database.
    """
    if not is_collection(folder):
        raise NotFoundError(
            f"{folder} is not a collection (it holds no {FILE}); make one with "
            + way("ingest SOURCE --to COLLECTION")
        )


def check_place(folder: Path, *, into_existing: bool = False) -> None:
    """Refuse a folder where no collection can be made, unless it is one already.

    Raises:
        HolotypeError, UsageError: see `check_new_folder`.
    """
    if not is_collection(folder):
        check_new_folder(folder, into_existing=into_existing)


def check_new_folder(folder: Path, *, into_existing: bool) -> None:
    """Refuse to make a collection where something else lies, unless told to.

    Args:
        folder: the collection's.
        into_existing: what lies there is known and stays.

    Raises:
        HolotypeError: the folder is a file.
        UsageError: it holds other files, or one of the database's names.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise HolotypeError(f"{folder} is a file; name a folder for the collection")
    there = sorted(set(os.listdir(folder)) - _IGNORED - _LEFT_BY_CRASH)
    taken = [name for name in there if name in own_names()]
    if taken:
        raise UsageError(f"{folder / taken[0]} is in the way of a new collection; move it away")
    if there and not into_existing:
        more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
        raise UsageError(
            f"{folder} holds other files already ({', '.join(there[:_NAMED])}{more}); name a new "
            f"folder for the collection, or say {option('into-existing')} to make it among them"
        )

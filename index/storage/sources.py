"""The folders that a collection shows pictures from: those that an ingest was pointed at.

A row of a table can name any file of the machine. What an ingest of pictures has read is shown
later, too; a table of vectors names pictures that nobody has looked at, so its own folder counts,
and those that the user adds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from weakref import WeakKeyDictionary

from ..database.checksums import with_checksums
from ..database.connection import Database
from ..database.schema import checksum_sql
from ..errors import PictureError
from ..files.regular import Limit
from ..pictures.reading import content_hash, read_bytes
from ..ways import way_there
from .records import Image, now

_COPIES = "images"

_known: WeakKeyDictionary[Database, frozenset[str]] = WeakKeyDictionary()


def add_sources(database: Database, folders: Iterable[str | Path]) -> frozenset[str]:
    """Let pictures be shown from folders and what lies below them, and return all such folders.

    Args:
        database: one that may be written to.
        folders: as the user wrote them; each counts under that name, and as links lead to it.
    """
    named = {form(folder) for folder in folders for form in (os.path.abspath, os.path.realpath)}
    kept = _read(database)
    wanted = _outermost({*kept, *named})
    if wanted != frozenset(kept):
        new = with_checksums(
            "sources", [(folder, now()) for folder in sorted(wanted - kept.keys())]
        )
        gone = [(kept[folder],) for folder in kept.keys() - wanted]
        with database.writing(), database.transaction() as connection:
            connection.executemany("DELETE FROM sources WHERE folder = ?", gone)
            connection.executemany("INSERT INTO sources VALUES (?, ?, ?)", new)
    _known[database] = wanted
    return wanted


def folders_of(files: Iterable[str], root: Path) -> set[str]:
    """Return the folders of files that an ingest has read: its own, and those of others elsewhere.

    Args:
        files: absolute.
        root: the ingest's own folder; left out where no file is in it.
    """
    own = os.path.realpath(root)
    folders = {os.path.dirname(file) for file in files}
    inside = {folder for folder in folders if lies_in(f"{folder}/_", frozenset({own}))}
    return folders - inside | ({own} if inside else set())


def lies_in(path: str, folders: frozenset[str]) -> bool:
    """Return whether a file lies in one of some folders or below, by its name alone.

    Args:
        path: absolute; `..` counts as what it means.

    >>> lies_in("/a/b/c.jpg", frozenset({"/a"})), lies_in("/a/../b/c.jpg", frozenset({"/a"}))
    (True, False)
    """
    folder = os.path.dirname(os.path.normpath(path))
    while folder not in folders:
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above
    return True


def picture_file(database: Database, image: Image) -> Path:
    """Return where the picture of an image lies, if the collection may show it.

    Raises:
        PictureError: only its vector was stored; it lies outside of the collection's sources; or a
            copy is not where copies are.
    """
    if not image.path:
        raise PictureError(f"Image '{image.image_id}' was stored without a picture")
    path = os.path.normpath(image.path)
    if not os.path.isabs(path):
        return _copy(database, image, path)
    if not is_shown(database, path):
        raise PictureError(
            f"The picture of image '{image.image_id}' lies in {os.path.dirname(path)}, from where "
            f"this collection shows none; ingest that folder, or load the vectors again with "
            f"their pictures ({way_there('ingest', pictures='FOLDER')})"
        )
    return Path(path)


def picture_of(database: Database, image: Image, most: Limit | None = None) -> bytes:
    """Return the file of the picture that was ingested.

    Args:
        database: the collection's.
        image: one of the collection.
        most: the largest file that is read; by default as `read_bytes` says.

    Raises:
        PictureError: it is gone, too large, or another file has its place.
    """
    path = picture_file(database, image)
    data = read_bytes(path, most)
    if content_hash(data) != image.sha256:
        raise PictureError(f"{path} is not the picture that was ingested; ingest it again")
    return data


def _copy(database: Database, image: Image, path: str) -> Path:
    file = database.folder / path
    real = os.path.join(os.path.realpath(database.folder), path)
    if Path(path).parts[0] != _COPIES or "\0" in path or os.path.realpath(file) != real:
        raise PictureError(
            f"The copy of image '{image.image_id}' is not inside of {database.folder / _COPIES}; "
            "ingest the picture again"
        )
    return file


def is_shown(database: Database, path: str) -> bool:
    """Return whether a file, given by its absolute path, lies in one of the folders."""
    known = _known.get(database)
    if known is None or not lies_in(path, known):  # another process may have added some
        known = _known[database] = frozenset(_read(database))
    return lies_in(path, known)


def _read(database: Database) -> dict[str, str]:
    """Return {folder: as it is written}; a row with a wrong checksum is ignored."""
    query = f"SELECT folder FROM sources WHERE checksum = {checksum_sql('sources')}"
    return {os.path.normpath(row["folder"]): row["folder"] for row in database.read(query)}


def _outermost(folders: set[str]) -> frozenset[str]:
    """Leave out the folders that lie in others.

    >>> sorted(_outermost({"/a", "/a/b", "/ab"}))
    ['/a', '/ab']
    """
    kept: set[str] = set()
    for folder in sorted(folders, key=len):
        if folder not in kept and not lies_in(folder, frozenset(kept)):
            kept.add(folder)
    return frozenset(kept)

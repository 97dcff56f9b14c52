"""The files that lie beside the database: which of them this program made.

A file is replaced or removed only where the table `files` lists it, its name has a form that this
program gives, and it is a plain file in plain folders inside the collection. Everything else that
lies there, and whatever a link leads to, is somebody's own.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from ..database.checksums import with_checksums
from ..database.connection import Database
from ..database.sql import insert_rows
from ..errors import CorruptError, NotFoundError, UsageError
from ..files.durable import TEMPORARY, digest_of
from .records import now

INDEX, IMAGES, THUMBNAILS, MODELS = "index", "images", "thumbnails", "models"
JOBS, EVALUATIONS = "jobs", "evaluations"

_CONTENT = r"([0-9a-f]{2})/\1[0-9a-f]{62}"
_FORMS = {
    INDEX: re.compile(rf"{INDEX}/[^/]+-[0-9a-f]{{16}}\.[a-z0-9]+"),
    IMAGES: re.compile(rf"{IMAGES}/{_CONTENT}(\.\w{{1,8}})?"),
    THUMBNAILS: re.compile(rf"{THUMBNAILS}/{_CONTENT}-[0-9]+\.jpg"),
    JOBS: re.compile(rf"{JOBS}/[0-9a-f]{{32}}\.csv"),
}
_LISTED = "SELECT path, sha256 FROM files WHERE path >= ? AND path < ?"
Kind = Literal["lists", "classes", "umap", "pca", "doubts", "proposals"]
_MADE_OF_SPACES = re.compile(rf"{INDEX}/((.+)-[0-9a-f]{{16}}\.({'|'.join(get_args(Kind))}))")


class ListedFile(NamedTuple):
    """A file among the indexes that this program made."""

    name: str
    sha256: str


def is_plain(folder: Path, inside: str | Path) -> bool:
    """Return whether a file lies in a collection's folder itself, not behind a link."""
    path = folder / inside
    return path.is_file() and not _linked(folder, inside)


def index_file(folder: Path, name: str) -> Path:
    """Return the path of a file among the indexes.

    Raises:
        CorruptError: it is missing, or lies behind a link.
    """
    if not is_plain(folder, f"{INDEX}/{name}"):
        raise CorruptError(f"{folder / INDEX / name} is missing or lies behind a link")
    return folder / INDEX / name


def place_for(folder: Path, inside: str | Path) -> Path:
    """Return where a file of ours goes, its folder made.

    Raises:
        NotFoundError: the collection is gone.
        UsageError: a link stands in the way, or a file where a folder is needed.
    """
    path = folder / inside
    if not folder.is_dir():
        raise NotFoundError(f"{folder} is gone; nothing is written in its place")
    if _linked(folder, inside):
        raise UsageError(
            f"{path} leads through a link, and a collection writes inside its own folder only; put "
            "a plain folder in its place"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{error.filename} is a file; a folder is needed there") from error
    return path


def _linked(folder: Path, inside: str | Path) -> bool:
    """Return whether a path leads, or might lead, out of a folder."""
    path, parts = folder, Path(inside).parts
    if Path(inside).is_absolute() or ".." in parts:
        return True
    for part in parts:
        path = path / part
        if path.is_symlink():
            return True
    return False


def listed(database: Database, kind: str) -> dict[str, str]:
    """Return {path: sha256} of the files in one of the folders that this program made."""
    found = database.read(_LISTED, (f"{kind}/", f"{kind}0"))  # 0 comes after the slash
    return {record[0]: record[1] for record in found if _FORMS[kind].fullmatch(record[0])}


def made_of_spaces(database: Database) -> dict[tuple[str, str], ListedFile]:
    """Return the files that were made of spaces last, by space and kind.

    Kinds are `lists` and `classes` of identification, `umap` and `pca` of maps, `doubts` and
    `proposals` of curation.
    """
    found = database.read(f"{_LISTED} ORDER BY rowid", (f"{INDEX}/", f"{INDEX}0"))
    forms = ((_MADE_OF_SPACES.fullmatch(record[0]), record[1]) for record in found)
    return {(form[2], form[3]): ListedFile(form[1], sha256) for form, sha256 in forms if form}


def listed_sha256(database: Database, path: str) -> str | None:
    """Return the sha256 of a file that this program made; None where it did not."""
    found = database.read("SELECT sha256 FROM files WHERE path = ?", (path,))
    return found[0][0] if found else None


def may_write(database: Database, path: str) -> bool:
    """Return whether a file of that name would replace none that somebody else made.

    Raises:
        UsageError: a link stands in the way.
    """
    place = place_for(database.folder, path)
    return not place.exists() or (place.is_file() and listed_sha256(database, path) is not None)


def list_files(connection: sqlite3.Connection, made: Iterable[tuple[str, str]]) -> None:
    """Note files that this program made or is about to make, given as (path, sha256)."""
    records = with_checksums("files", [(path, sha256, now()) for path, sha256 in made])
    insert_rows(
        connection, "INSERT OR REPLACE INTO files (path, sha256, made_at, checksum)", records
    )


def unneeded(database: Database, kind: str) -> list[Path]:
    """Return the files of ours in one of the folders that nothing needs any more.

    Among them are those that a process was writing when it died.

    Returns:
        paths relative to the collection.
    """
    made, needed = listed(database, kind), _needed(database, kind)
    present = _plain_files(database.folder, {str(Path(path).parent) for path in made})
    whole = ((path, TEMPORARY.sub("", path)) for path in present)
    return sorted(
        Path(path) for path, own in whole if own in made and (own != path or own not in needed)
    )


def _plain_files(folder: Path, parents: Iterable[str]) -> Iterator[str]:
    for parent in parents:
        if (folder / parent).is_dir() and not _linked(folder, parent):
            for entry in os.scandir(folder / parent):
                if entry.is_file(follow_symlinks=False):
                    yield f"{parent}/{entry.name}"


def _needed(database: Database, kind: str) -> set[str]:
    """Return the paths in one of the folders that the collection's records need."""
    if kind == INDEX:
        found = database.read("SELECT file FROM index_files UNION SELECT file FROM column_files")
        spaces = {record["name"] for record in database.read("SELECT name FROM spaces")}
        newest = made_of_spaces(database).items()
        names = [file.name for (space, _), file in newest if space in spaces]
        return {f"{INDEX}/{name}" for name in (*names, *(record["file"] for record in found))}
    if kind == IMAGES:
        found = database.read("SELECT DISTINCT path FROM images WHERE path GLOB 'images/*'")
        return {record["path"] for record in found if _FORMS[IMAGES].fullmatch(record["path"])}
    if kind == JOBS:
        found = database.read("SELECT job_id FROM jobs")
        return {f"{JOBS}/{record['job_id']}.csv" for record in found}
    contents = {record[0] for record in database.read("SELECT DISTINCT sha256 FROM images")}
    made = listed(database, THUMBNAILS)
    return {path for path in made if Path(path).name.partition("-")[0] in contents}


def remove_unneeded(database: Database, kind: str) -> list[Path]:
    """Remove the files of ours in one of the folders that nothing needs.

    The caller holds the lock of who writes there. A copied picture or thumbnail that is no longer
    what was made stays: somebody replaced it.

    Returns:
        what was removed, relative to the collection.
    """
    database.require_same()
    made, removed = listed(database, kind), []
    for path in unneeded(database, kind):
        own, sha256 = database.folder / path, made.get(path.as_posix())
        if kind == INDEX or sha256 is None or digest_of(own) == sha256:
            own.unlink(missing_ok=True)
            removed.append(path)
    gone = [(path,) for path in made.keys() - _needed(database, kind)]
    if gone:
        with database.transaction() as connection:
            connection.executemany("DELETE FROM files WHERE path = ?", gone)
    return removed


def files_to_copy(database: Database, folder: Path) -> list[Path]:
    """Return the copied pictures, thumbnails, checkpoints and evaluations, relative to the folder.

    Args:
        database: which images there are; it may be a copy of that in the folder.
        folder: where the files lie.
    """
    own = sorted(_needed(database, IMAGES) | _needed(database, THUMBNAILS))
    made = sorted(
        path.relative_to(folder)
        for top in (folder / MODELS, folder / EVALUATIONS)
        for path in top.rglob("*")
        if not path.relative_to(top).parts[0].startswith(".")  # what has not ended
    )
    return [path for path in (*map(Path, own), *made) if is_plain(folder, path)]


def missing_copies(database: Database, folder: Path) -> list[Path]:
    """Return the copied pictures that should lie below a folder and do not, relative to it."""
    found = database.read("SELECT path FROM images WHERE path <> ''")
    paths = {Path(image["path"]) for image in found}
    return sorted(path for path in paths if not path.is_absolute() and not is_plain(folder, path))

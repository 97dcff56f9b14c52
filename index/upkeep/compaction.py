"""Compaction: what a collection no longer needs is removed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ..collection import Collection
from ..database.connection import FILE
from ..errors import CorruptError
from ..storage.files_beside import IMAGES, INDEX, JOBS, THUMBNAILS, remove_unneeded
from ..storage.integrity import database_damage
from ..storage.spaces import list_spaces


@dataclass(frozen=True)
class Compacted:
    """What a compaction did.

    Attributes:
        removed: files of the collection that nothing needed, relative to it.
        before, after: size of the database in bytes.
    """

    removed: list[str]
    before: int
    after: int


def compact(collection: Collection) -> Compacted:
    """Give back the space of what was deleted or replaced, in the database and beside it.

    Others go on reading. Copied pictures, thumbnails and indexes that this program made and nothing
    needs any more are removed; what else lies in the folder stays.

    Raises:
        CorruptError: the collection is damaged.
        LockedError: another process is writing to it, or making a snapshot of it.
        ReadOnlyError: its folder cannot be written to.
    """
    database, folder = collection.database, collection.folder
    with database.keeping(), database.writing(), database.indexing():
        damage = database_damage(database)
        if damage:
            raise CorruptError(damage[0])
        before = (folder / FILE).stat().st_size
        for space in list_spaces(database):
            database.store.remove_leftovers(space.space_id)
        kinds = (INDEX, IMAGES, THUMBNAILS, JOBS)
        removed = [path for kind in kinds for path in remove_unneeded(database, kind)]
        _vacuum(database.connection())
        after = (folder / FILE).stat().st_size
    return Compacted([path.as_posix() for path in removed], before, after)


def _vacuum(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    waits = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout=0")  # the log stays where an older state is read
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute(f"PRAGMA busy_timeout={waits}")

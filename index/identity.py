"""Which collection was opened: whatever is looked at later must be the same one."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from .errors import CorruptError, ReplacedError

Identity = tuple[int, int, str]

ID = "SELECT value FROM meta WHERE key = 'collection_id'"
_LOOKS, _PAUSE = 3, 0.01  # a page that is just being written may read wrongly; seconds

_serials = itertools.count()


class Opened:
    """The file that a database was opened from, told from any other that takes its name.

    It is told by its device and inode, which no other file is given while a connection is open, and
    by the id inside, since a file can also be written over.

    Attributes:
        serial: another number for every object.
        frozen: nobody may change the file at all.
        collection_id: the id inside, once it is known.
    """

    def __init__(self, path: Path, *, frozen: bool = False) -> None:
        self.path = path
        self.frozen = frozen
        self.serial = next(_serials)
        self.collection_id = ""
        self._inode, self._written = self._stat()

    @property
    def identity(self) -> Identity:
        """Device, inode and id."""
        return (*self._inode, self.collection_id)

    def require_same(self) -> None:
        """Refuse to go on where the path leads to another collection by now, or to none.

        It costs one call of the system, and reads the id again where the file was written to.

        Raises:
            ReplacedError: it does.
        """
        inode, written = self._stat()
        if inode != self._inode:
            raise ReplacedError(f"{self.path.parent} was replaced while it was open; open it again")
        if written == self._written:
            return
        if self.frozen:
            raise ReplacedError(
                f"{self.path.parent} was changed while it was open read-only; open it again"
            )
        self._require_same_content()
        self._written = written

    def check(self, connection: sqlite3.Connection) -> None:
        """Refuse a new connection that may be to another file.

        Raises:
            ReplacedError: it may.
            sqlite3.DatabaseError: the file cannot be read.
        """
        connection.execute("PRAGMA user_version").fetchone()  # opens the log by its name
        self.require_same()
        if self.collection_id and id_of(connection) != self.collection_id:
            raise ReplacedError(f"{self.path.parent} was replaced while it was open; open it again")

    def remember(self, found: Sequence[sqlite3.Row]) -> None:
        """Learn the id, as the first connection reads it with `ID`.

        SQLite takes any log of the right name (`-wal`) for the file's own, so a file that was put
        in the place of another is read with the other's last pages. Every transaction writes the
        page that holds the id, so the id differs with the log and without it.

        Raises:
            CorruptError: the log is of another collection.
        """
        self.collection_id = "".join(str(record[0]) for record in found)
        log = self.path.with_name(f"{self.path.name}-wal")
        if self.frozen or not log.exists() or not log.stat().st_size:
            return
        if id_in(self.path) not in ("", self.collection_id):
            raise CorruptError(
                f"{self.path} lies beside the log of another collection ({log.name}); remove that "
                "log, or restore a snapshot"
            )

    def _stat(self) -> tuple[tuple[int, int], tuple[int, int]]:
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise ReplacedError(
                f"{self.path.parent} was moved or deleted while it was open ({error.strerror}); "
                "open it again where it lies now"
            ) from error
        return (found.st_dev, found.st_ino), (found.st_mtime_ns, found.st_size)

    def _require_same_content(self) -> None:
        for _ in range(_LOOKS):
            if id_in(self.path) in ("", self.collection_id):
                return
            time.sleep(_PAUSE)
        raise ReplacedError(f"{self.path.parent} was written over while it was open; open it again")


def id_of(connection: sqlite3.Connection) -> str:
    """Return the id of a collection as a connection sees it."""
    found = connection.execute(ID).fetchone()
    return str(found[0]) if found else ""


def id_in(path: Path) -> str:
    """Return the id in a database file alone, without its log; empty where it cannot be told."""
    address = f"file:{quote(str(path.absolute()))}?immutable=1"
    try:
        # Not a file of our own: closing that would let go of the locks that SQLite has on it.
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return id_of(connection)
    except (sqlite3.Error, UnicodeDecodeError):
        return ""

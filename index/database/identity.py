"""Which collection was opened, so that another at the same path is never taken for it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from ..errors import CorruptError, ReplacedError

Identity = tuple[int, int, str]

ID = "SELECT value FROM meta WHERE key = 'collection_id'"
_LOOKS, _PAUSE = 3, 0.01  # reads, seconds: a page that is being written may read wrongly
_ATTEMPTS, _TICK = 5, 0.02  # seconds; file systems count time in steps of up to 10 ms


class Opened:
    """The file that a database was opened from, told from any other at the same path.

    It is recognised by device and inode, which no other file can have while a connection is open,
    and by the id inside, since a file can also be written over.

    Attributes:
        frozen: nobody may change the file at all.
        collection_id: the id inside, once it is known.
        overwritten: the file now holds another collection.
    """

    def __init__(self, path: Path, *, frozen: bool = False) -> None:
        self.path = path
        self.frozen = frozen
        self.collection_id = ""
        self.overwritten = False
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

    def another(self, connect: Callable[[Opened], sqlite3.Connection]) -> sqlite3.Connection:
        """Return a further connection, made while the folder was not moved.

        SQLite opens the file and its log by their names, one after the other. If two folders are
        swapped in between and swapped back, it holds the file of one and the log of the other. A
        rename sets the folder's time of change, so that time must be the same before and after.

        Raises:
            ReplacedError: another collection lies there by now, or folders never stop moving.
        """
        for _ in range(_ATTEMPTS):
            before = self._settled()
            try:
                connection = connect(self)
            except sqlite3.OperationalError:
                if self._changed() == before:
                    raise
                continue
            if self._changed() == before:
                return connection
            connection.close()
        raise ReplacedError(f"{self.path.parent} is being moved; open it again when it lies still")

    def _settled(self) -> int:
        """Return the folder's time of change, having waited until a change now would alter it."""
        if abs(time.time_ns() - self._changed()) < _TICK * 1e9:
            time.sleep(_TICK)
        return self._changed()

    def _changed(self) -> int:
        self.require_same()
        try:
            return os.stat(self.path.parent).st_ctime_ns
        except OSError as error:
            raise self._gone(error) from error

    def check_log(self) -> None:
        """Refuse a file beside the log (`-wal`) of another collection, before it is opened.

        SQLite takes any log of the right name for the file's own, so a file that was put in the
        place of another would be read with the other's last pages, which closing it would write
        into it. Every transaction writes the page that holds the id, so the id differs with the log
        and without it.

        Raises:
            CorruptError: it lies beside one.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        if self.frozen or not log.exists() or not log.stat().st_size:
            return
        alone, with_log = id_in(self.path), id_in(self.path, "mode=ro")
        if alone and with_log and alone != with_log:
            raise CorruptError(
                f"{self.path} lies beside the log of another collection ({log.name}); remove that "
                "log, or restore a snapshot"
            )

    @contextmanager
    def kept_from_change(self) -> Iterator[None]:
        """Keep a file that holds another collection by now as it is, while connections close.

        When SQLite closes the last connection that may write, it writes the log into the file. A
        connection that only reads is therefore held open meanwhile.
        """
        if not self.overwritten:
            yield
            return
        with closing(read_only(self.path)) as guard:
            with suppress(sqlite3.Error, UnicodeDecodeError):
                id_of(guard)
            yield

    def _stat(self) -> tuple[tuple[int, int], tuple[int, int]]:
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise self._gone(error) from error
        return (found.st_dev, found.st_ino), (found.st_mtime_ns, found.st_size)

    def _gone(self, error: OSError) -> ReplacedError:
        return ReplacedError(
            f"{self.path.parent} was moved or deleted while it was open ({error.strerror}); open "
            "it again where it lies now"
        )

    def _require_same_content(self) -> None:
        for _ in range(_LOOKS):
            if not self.collection_id or id_in(self.path) in ("", self.collection_id):
                return
            time.sleep(_PAUSE)
        self.overwritten = True
        raise ReplacedError(f"{self.path.parent} was written over while it was open; open it again")


def id_of(connection: sqlite3.Connection) -> str:
    """Return the id of a collection as a connection sees it."""
    found = connection.execute(ID).fetchone()
    return str(found[0]) if found else ""


def id_in(path: Path, mode: str = "immutable=1") -> str:
    """Return the id in a database file, by default without its log; empty where none is told."""
    try:
        with closing(read_only(path, mode)) as connection:
            return id_of(connection)
    except (sqlite3.Error, UnicodeDecodeError):
        return ""


def read_only(path: Path, mode: str = "mode=ro") -> sqlite3.Connection:
    """Open a connection that changes nothing, not even when it is closed.

    The file is opened by SQLite only: if this process closed it after opening it in another way,
    the system would release SQLite's locks on it.
    """
    address = f"file:{quote(str(path.absolute()))}?{mode}"
    return sqlite3.connect(address, uri=True, check_same_thread=False)

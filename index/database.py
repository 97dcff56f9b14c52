"""The SQLite file of a collection: connections, the writer's lock, transactions, migrations."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import CorruptError, HolotypeError, LockedError, NotFoundError
from .schema import APPLICATION_ID, MIGRATIONS

FILE = "collection.sqlite"

# What the machine refuses; any other complaint of SQLite is about what stands in the file.
_REFUSALS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


class Database:
    """One connection a thread, one writer a collection.

    SQLite runs in WAL mode with `synchronous=FULL`: readers see one committed state while a writer
    works, and what was committed is on disk.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = FileLock(folder / "writer.lock", timeout=0, thread_local=False)
        if not (folder / FILE).is_file():
            if not create:
                raise NotFoundError(
                    f"{folder} is not a collection (it holds no {FILE}); make one with "
                    "'holotype ingest SOURCE --to COLLECTION'"
                )
            self._create()
        try:
            self._check_version()
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise HolotypeError(f"{self.folder} is a file; name a folder for the collection")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.writing():
            connection = self.connection()
            connection.execute("PRAGMA page_size=8192")
            connection.execute("PRAGMA journal_mode=WAL")
            with self.transaction():
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                self._migrate(0)

    def _migrate(self, version: int) -> None:
        connection = self.connection()
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")

    def _check_version(self) -> None:
        """Refuse a foreign, damaged or newer file; bring an older one up to date."""
        try:
            application = self.connection().execute("PRAGMA application_id").fetchone()[0]
            version = self.connection().execute("PRAGMA user_version").fetchone()[0]
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_damage(error):
                raise HolotypeError(
                    f"{self.folder / FILE} cannot be opened ({error}); make its folder writable, "
                    "which SQLite needs even to read"
                ) from error
            raise CorruptError(
                f"{self.folder / FILE} is damaged ({error}); restore a snapshot of the collection"
            ) from error
        if version == 0 and application == 0 and not self._has_tables():
            self._create()  # a process died between making the file and its first commit
            return
        if application != APPLICATION_ID:
            raise CorruptError(f"{self.folder / FILE} is not a Holotype collection; name another")
        if version > len(MIGRATIONS):
            raise CorruptError(
                f"{self.folder} has format {version}; this version reads up to {len(MIGRATIONS)}. "
                "Install a newer Holotype."
            )
        if version < len(MIGRATIONS):
            with self.writing(), self.transaction():
                self._migrate(version)

    def _has_tables(self) -> bool:
        found = self.connection().execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return bool(found)

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.folder / FILE, isolation_level=None, timeout=30, check_same_thread=False
            )
            self._connections.append(connection)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
        return connection

    def read(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query.

        Raises:
            CorruptError: the file is damaged where the query looks.
            HolotypeError: the disk or another process does not let it be read.
        """
        try:
            return self.connection().execute(query, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_damage(error):
                raise HolotypeError(refusal(error)) from error
            raise CorruptError(
                f"{self.folder} cannot be read ({error}); run 'holotype collection verify', or "
                "restore a snapshot"
            ) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the collection's writer lock.

        Raises:
            LockedError: another process holds it; the message names it.
        """
        note = self.folder / "writer.json"
        try:
            self._lock.acquire()
        except Timeout:
            raise LockedError(
                f"{self.folder} is locked by {_owner(note)}; wait until that is done, then repeat"
            ) from None
        try:
            if self._lock.lock_counter == 1:
                note.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
            yield
        finally:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit everything inside, or nothing."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it already
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every read of this thread see one committed state, whatever is written meanwhile."""
        connection = self.connection()
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection of this object."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()


def is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Return whether an error is about what stands in the file, not about the machine.

    Every statement is our own: one that SQLite does not understand met a damaged schema or value.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF not in _REFUSALS  # the upper bits of a code only say more


def refusal(error: Exception) -> str:
    """Return what to tell about an error that is no damage."""
    return f"The collection's database cannot be used ({error}); check the disk and its rights"


def _owner(note: Path) -> str:
    try:
        owner = json.loads(note.read_text())
        return f"pid {owner['pid']} on host {owner['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _statements(script: str) -> Iterator[str]:
    """Split a script into statements; `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

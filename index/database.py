"""The SQLite file of a collection: connections, the writer's lock, transactions, migrations."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

from .errors import CorruptError, HolotypeError, NotFoundError
from .locks import FolderLock
from .received import check_history, check_schema, harden, refuse_odd_files
from .schema import APPLICATION_ID, MIGRATIONS, SEALED_FROM
from .seals import crc32, seal_rows, seal_schema
from .stores import LocalStore, VectorStore, open_store

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
    works, and what was committed is on disk. A collection in a folder that cannot be written to is
    read as it lies there.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._writer = FolderLock(folder, "writer")
        self._indexer = FolderLock(folder, "indexer")
        self._keeper = FolderLock(folder, "keeper")
        self._mode = "mode=rw"
        self._frozen: tuple[int, int] | None = None
        self.store: VectorStore = LocalStore()
        refuse_odd_files(folder / FILE)
        if not (folder / FILE).is_file():
            if not create:
                raise NotFoundError(
                    f"{folder} is not a collection (it holds no {FILE}); make one with "
                    "'holotype ingest SOURCE --to COLLECTION'"
                )
            self._create()
        try:
            self._check_version()
            self.store = open_store(self)
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise HolotypeError(f"{self.folder} is a file; name a folder for the collection")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.writing():
            (self.folder / FILE).touch()
            connection = self.connection()
            connection.execute("PRAGMA page_size=16384")  # whole vectors fill most of a page
            connection.execute("PRAGMA journal_mode=WAL")
            self._migrate()

    def _migrate(self) -> None:
        """Bring the file up to date, all at once; another process may have done it meanwhile."""
        with self.transaction() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == len(MIGRATIONS):
                return
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            for script in MIGRATIONS[version:]:
                for statement in _statements(script):
                    connection.execute(statement)
            if version < SEALED_FROM:
                seal_rows(connection)
            seal_schema(connection)
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")

    def _check_version(self) -> None:
        """Refuse a foreign, damaged or newer file; bring an older one up to date."""
        application, version = self._identity()
        if version == 0 and application == 0 and not self._has_tables():
            self._create()  # a process died between making the file and its first commit
            return
        if application != APPLICATION_ID or version < 1:
            raise CorruptError(f"{self.folder / FILE} is not a Holotype collection; name another")
        if version > len(MIGRATIONS):
            raise CorruptError(
                f"{self.folder} has format {version}; this version reads up to {len(MIGRATIONS)}. "
                "Install a newer Holotype."
            )
        self._check_schema()
        if version < len(MIGRATIONS):
            check_history(self)
            with self.writing():
                self._bring_up_to_date()

    def _bring_up_to_date(self) -> None:
        try:
            self._migrate()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            raise CorruptError(
                f"{self.folder} cannot be brought up to date ({error}); restore a snapshot"
            ) from error

    def _check_schema(self) -> None:
        """Refuse what could act by itself, before anything else is read or written."""
        with self.snapshot():  # together: another process may bring the file up to date
            check_schema(self, self._pragmas()[1])

    def _identity(self) -> tuple[int, int]:
        """Return the application's id and the version of the format."""
        read = self._pragmas
        try:
            try:
                return read()
            except sqlite3.OperationalError as error:
                if is_damage(error) or not self._freeze():
                    raise
                return read()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_damage(error):
                raise HolotypeError(
                    f"{self.folder / FILE} cannot be opened ({error}); make its folder writable, "
                    "or copy the collection"
                ) from error
            raise CorruptError(
                f"{self.folder / FILE} is damaged ({error}); restore a snapshot of the collection"
            ) from error

    def _pragmas(self) -> tuple[int, int]:
        connection = self.connection()
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        return application, connection.execute("PRAGMA user_version").fetchone()[0]

    def _freeze(self) -> bool:
        """Turn to reading a file in a folder that cannot be written to; False where it can.

        SQLite needs files of its own beside one in WAL mode. Where it cannot make them it reads
        the file alone if told that nobody changes it, which misses what a writer that died left
        in the log.
        """
        log = self.folder / f"{FILE}-wal"
        if os.access(self.folder, os.W_OK) or (log.exists() and log.stat().st_size):
            return False
        self.close()
        self._mode, self._frozen = "immutable=1", self._stamp()
        return True

    def _stamp(self) -> tuple[int, int]:
        found = (self.folder / FILE).stat()
        return found.st_mtime_ns, found.st_size

    def _has_tables(self) -> bool:
        found = self.connection().execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return bool(found)

    @property
    def size(self) -> int:
        """The bytes of its files, what is not yet written into the database included."""
        files = (self.folder / FILE, self.folder / f"{FILE}-wal")
        return sum(file.stat().st_size for file in files if file.exists())

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            address = f"file:{quote(str((self.folder / FILE).absolute()))}?{self._mode}"
            connection = sqlite3.connect(
                address, uri=True, isolation_level=None, timeout=30, check_same_thread=False
            )
            self._connections.append(connection)
            connection.row_factory = sqlite3.Row
            connection.create_function("crc32", -1, crc32, deterministic=True)
            harden(connection)
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
            found = self.connection().execute(query, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_damage(error):
                raise HolotypeError(refusal(error)) from error
            raise CorruptError(
                f"{self.folder} cannot be read ({error}); run 'holotype collection verify', or "
                "restore a snapshot"
            ) from error
        if self._frozen not in (None, self._stamp()):
            raise HolotypeError(
                f"{self.folder} was changed while it was open read-only; open it again"
            )
        return found

    def writing(self) -> AbstractContextManager[None]:
        """Hold the collection's writer lock.

        Raises:
            LockedError: another process holds it; the message names it.
            ReadOnlyError: the folder cannot be written to.
        """
        return self._writer.holding()

    def indexing(self) -> AbstractContextManager[None]:
        """Hold the lock of who writes index files; the writer goes on meanwhile."""
        return self._indexer.holding()

    def keeping(self) -> AbstractContextManager[None]:
        """Hold the lock of who needs the folder's files to stay, or removes some."""
        return self._keeper.holding()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit everything inside, or nothing, with the vectors where the store keeps them."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            before = self.store.mark(connection)
            yield connection
            self.store.carry(connection, after=before)
            connection.execute("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        self.store.tidy()

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """End a transaction that failed, with its connection where even that fails."""
        try:
            if connection.in_transaction:  # a full disk may have ended it already
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()
            self._connections.remove(connection)
            self._local.connection = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every read of this thread see one committed state, whatever is written meanwhile."""
        connection = self.connection()
        if connection.in_transaction:
            yield
            return
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
        self.store.close()


def is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Return whether an error is about what stands in the file, not about the machine.

    Every statement is our own: one that SQLite does not understand met a damaged schema or value.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF not in _REFUSALS  # the upper bits of a code only say more


def refusal(error: Exception) -> str:
    """Return what to tell about an error that is no damage."""
    return f"The collection's database cannot be used ({error}); check the disk and its rights"


def _statements(script: str) -> Iterator[str]:
    """Split a script into statements; `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

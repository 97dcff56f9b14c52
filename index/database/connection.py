"""The SQLite file of a collection: connections, the writer's lock, transactions, migrations."""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from urllib.parse import quote

from ..errors import CorruptError, UnavailableError
from ..ways import way
from .checksums import crc32
from .damage import is_damage, refusal
from .identity import ID, Opened
from .locks import FolderLock
from .migrations import migrate
from .own_folder import FILE as FILE
from .own_folder import check_new_folder, own_names, require_collection
from .schema import APPLICATION_ID, MIGRATIONS
from .untrusted import check_history, check_schema, refuse_unsafe_files, restrict_connection
from .vector_store import VectorStore

LOCKS = ("writer", "indexer", "keeper")

# Every transaction writes the page that says which collection this is: see `Opened`.
_MARK = "UPDATE meta SET value = lower(hex(randomblob(8))) WHERE key = 'written'"


class Database:
    """One connection for each thread, one writer for each collection.

    SQLite runs in WAL mode with `synchronous=FULL`: readers see one committed state while a writer
    works, and what was committed is on disk. A collection in a folder that cannot be written to is
    read as it lies there. All connections are to the file that was opened first: where another file
    lies at its path by now, every call is refused.

    Attributes:
        store: where its vectors lie; see `opening.open_database`, which sets it.
        made: by this object, not found.
        made_folder: its folder too.
    """

    def __init__(self, folder: Path, *, create: bool = False, into_existing: bool = False) -> None:
        self.folder = folder
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._writer, self._indexer, self._keeper = (FolderLock(folder, name) for name in LOCKS)
        self._frozen = False
        self._opened: Opened | None = None
        self.store = VectorStore()
        self.made = self.made_folder = False
        refuse_unsafe_files(folder / FILE)
        if not (folder / FILE).is_file():
            if not create:
                require_collection(folder)
            check_new_folder(folder, into_existing=into_existing)
            self.made, self.made_folder = True, not folder.exists()
            self._create()
        try:
            self._check_version()
            self.opened.collection_id = "".join(str(found[0]) for found in self.read(ID))
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.writing():
            (self.folder / FILE).touch()
            connection = self.connection()
            connection.execute("PRAGMA page_size=16384")  # whole vectors fill most of a page
            connection.execute("PRAGMA journal_mode=WAL")
            self._migrate()

    def _migrate(self) -> None:
        with self.transaction() as connection:
            migrate(connection)

    def _check_version(self) -> None:
        """Refuse a foreign, damaged or newer file; bring an older one up to date."""
        application, version = self._identity()
        if version == 0 and application == 0 and not self._has_tables():
            self._create()  # a process died after making the file, before its first commit
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
            check_history(self.folder, self.read)
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
        """Refuse triggers and views of others, before anything else is read or written."""
        with self.snapshot():  # one state: another process may be bringing the file up to date
            check_schema(self.folder, self.read, self._pragmas()[1])

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
                raise UnavailableError(
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
        """Read on without a log where the folder cannot be written to; False where it can be.

        SQLite keeps files of its own beside a database in WAL mode. Where it cannot make them, it
        reads the database alone if it is told that nobody changes it. What a writer that died left
        in the log would be missed, so a log that is not empty is not passed over.
        """
        log = self.folder / f"{FILE}-wal"
        if os.access(self.folder, os.W_OK) or (log.exists() and log.stat().st_size):
            return False
        self.close()
        self._frozen, self._opened = True, None
        return True

    @property
    def opened(self) -> Opened:
        """Which collection was opened."""
        assert self._opened is not None  # a database is only made with a first connection
        return self._opened

    def require_same(self) -> None:
        """Refuse to go on where the path leads to another collection by now, or to none.

        Ask before a file is written or removed by its path; reading and committing ask by
        themselves. It takes microseconds.

        Raises:
            ReplacedError: it does.
        """
        if self._opened is not None:
            self._opened.require_same()

    def _has_tables(self) -> bool:
        found = self.connection().execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return bool(found)

    @property
    def size(self) -> int:
        """The bytes of its files, what is not yet written into the database included."""
        files = (self.folder / FILE, self.folder / f"{FILE}-wal")
        return sum(file.stat().st_size for file in files if file.exists())

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, to the file that was opened first.

        Raises:
            ReplacedError: another one lies there by now, or none.
        """
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def _connect(self) -> sqlite3.Connection:
        self.require_same()  # before SQLite opens a file that may be another collection's
        if self._opened is not None:
            connection = self._opened.another(self._connect_to)
        else:
            opened = Opened(self.folder / FILE, frozen=self._frozen)
            opened.check_log()
            connection = self._connect_to(opened)
            self._opened = opened
        self._connections.append(connection)
        return connection

    def _connect_to(self, opened: Opened) -> sqlite3.Connection:
        mode = "immutable=1" if self._frozen else "mode=rw"
        address = f"file:{quote(str(opened.path.absolute()))}?{mode}"
        connection = sqlite3.connect(
            address, uri=True, isolation_level=None, timeout=30, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.create_function("crc32", -1, crc32, deterministic=True)
            restrict_connection(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            opened.check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def read(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query.

        Raises:
            CorruptError: the file is damaged where the query looks.
            ReplacedError: another one lies there by now, or none.
            UnavailableError: the disk or another process does not let it be read.
        """
        try:
            with self._damage_raised():
                found = self.connection().execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise UnavailableError(refusal(error)) from error
        self.require_same()
        return found

    def writing(self) -> AbstractContextManager[None]:
        """Hold the collection's writer lock.

        Raises:
            LockedError: another process holds it; the message names it.
            ReadOnlyError: the folder cannot be written to.
            ReplacedError: another collection lies there by now, or none.
        """
        return self._holding(self._writer)

    def indexing(self) -> AbstractContextManager[None]:
        """Hold the lock for writing index files; the writer of records goes on meanwhile."""
        return self._holding(self._indexer)

    def keeping(self) -> AbstractContextManager[None]:
        """Hold the lock for removing files of the folder, or for needing that none is removed."""
        return self._holding(self._keeper)

    @contextmanager
    def _holding(self, lock: FolderLock) -> Iterator[None]:
        self.require_same()
        with lock.holding():
            self.require_same()  # the lock is a path: it may lie in another collection by now
            yield

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit everything inside, or nothing; the store takes its vectors before the commit."""
        connection = self.connection()
        self.require_same()
        with self._damage_raised():
            connection.execute("BEGIN IMMEDIATE")
        try:
            changes = connection.total_changes
            before = self.store.mark(connection)
            yield connection
            self.store.carry(connection, after=before)
            if connection.total_changes > changes:
                connection.execute(_MARK)
            self.require_same()
            connection.execute("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        self.store.tidy()

    @contextmanager
    def _damage_raised(self) -> Iterator[None]:
        """Raise damage as `CorruptError`, and what fails for another reason as it is."""
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self.require_same()  # a file that was replaced is no damage
            if not is_damage(error):
                raise
            raise CorruptError(
                f"{self.folder} cannot be read ({error}); run {way('collection verify')}, "
                "or restore a snapshot"
            ) from error

    def take_new_id(self) -> None:
        """Take a new id, for a copy that becomes a collection of its own; nobody has it open."""
        new = uuid.uuid4().hex
        with self.transaction() as connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'collection_id'", (new,))
        self.opened.collection_id = new

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """Undo a transaction that failed; where that fails too, close its connection."""
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
        with self._damage_raised():
            connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._roll_back(connection)
            raise
        with self._damage_raised():
            connection.execute("COMMIT")

    def discard(self) -> None:
        """Close the database and remove it, with its locks and with the folder that it made.

        Raises:
            LockedError: another process is writing to it.
            OSError: a file cannot be removed.
        """
        with self.writing():
            self.require_same()
            self.close()
            for name in own_names():
                (self.folder / name).unlink(missing_ok=True)
        for lock in (self._writer, self._indexer, self._keeper):
            lock.remove()
        if self.made_folder:
            with suppress(OSError):  # something else lies there by now
                self.folder.rmdir()

    def close(self) -> None:
        """Close every connection of this object."""
        with nullcontext() if self._opened is None else self._opened.kept_from_change():
            for connection in self._connections:
                connection.close()
        self._connections.clear()
        self._local = threading.local()
        self.store.close()

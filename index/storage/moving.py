"""Vectors moved between the database and a store elsewhere, and the choice of that store."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from ..database.connection import Database
from ..errors import UsageError
from ..settings import settings
from ..ways import option
from .milvus.address import LITE, checked
from .opening import named_store, open_store
from .spaces import list_spaces

_AT_ONCE = 10_000


def set_store(database: Database, address: str) -> None:
    """Let an empty collection keep its vectors elsewhere, at an address that it remembers.

    Raises:
        StoreError: nothing answers there; nothing is remembered.
        UsageError: the address is not understood, or the vectors lie somewhere else already.
    """
    wanted = checked(address, database.folder)
    with database.writing():
        found = database.read("SELECT value FROM meta WHERE key = 'store'")
        if found and found[0][0] == wanted:
            _trust(database)
            return
        if found or database.read("SELECT 1 FROM embeddings LIMIT 1"):
            here = found[0][0] if found else "its own database"
            raise UsageError(
                f"{database.folder} keeps its vectors in {here}; to have them in {address}, take a "
                f"snapshot and restore it with {option('store')}"
            )
        _use_store(database, wanted)


def _use_store(database: Database, address: str) -> None:
    """Remember a store and use it from now on, once it has answered."""
    with database.transaction() as connection:
        # The graph index of Milvus Lite misses hits under a filter.
        kind = "FLAT" if address.endswith(LITE) else settings().milvus_index
        entries = {"store": address, "store_id": uuid.uuid4().hex, "store_index": kind}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", entries.items())
        _trust(database)
        store = open_store(database)
        store.connect()
    database.store = store


def _trust(database: Database) -> None:
    """Remember that the user allows the store, having named it."""
    named = named_store(database)
    if named is not None:
        named.trust()


def move_vectors_to(database: Database, address: str) -> None:
    """Move the vectors of a local collection into another store.

    Args:
        database: nobody else has opened it.
        address: as `checked` returned it.
    """
    with database.writing():
        _use_store(database, address)
        with database.transaction() as connection:
            database.store.carry(connection, after=0)
        database.connection().execute("VACUUM")


def copy_vectors_into(database: Database, copy: Path) -> None:
    """Write the vectors of a collection into a copy of its database, which becomes local.

    Args:
        database: the original; nothing may be removed from its store meanwhile.
        copy: the file.
    """
    if not database.store.address:
        return
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        for space in list_spaces(database):
            found = connection.execute(
                "SELECT seq, vector FROM embeddings WHERE space_id = ?", (space.space_id,)
            )
            while records := found.fetchmany(_AT_ONCE):
                blobs = database.store.blobs(space.space_id, space.dtype, records)
                seqs = (record["seq"] for record in records)
                connection.executemany(
                    "UPDATE embeddings SET vector = ? WHERE seq = ?", zip(blobs, seqs, strict=True)
                )
        connection.execute("DELETE FROM leaving")
        connection.execute("DELETE FROM meta WHERE key LIKE 'store%'")
        connection.execute("COMMIT")

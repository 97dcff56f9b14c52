"""Opening a database with the store of its vectors: the database itself, or a Milvus."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from pathlib import Path

from ..database.connection import Database
from ..database.vector_store import VectorStore
from ..errors import CorruptError, HolotypeError
from ..trust import NamedStore
from .milvus.address import is_remembered, resolved

_CONTENT = ("images", "spaces", "determinations", "deletions", "removed_spaces", "files")
_STORE_ID = re.compile("[0-9a-f]{32}")


def open_database(folder: Path, *, create: bool = False, into_existing: bool = False) -> Database:
    """Open the database of a collection, with the store that its vectors lie in.

    Args:
        folder: the collection's.
        create: make one where there is none.
        into_existing: in a folder that holds other files, too.

    Raises:
        CorruptError: it is damaged, foreign, of a newer version, or names no store as we do.
        NotFoundError: there is none.
        UsageError: the folder of a new one holds other files.
    """
    database = Database(folder, create=create, into_existing=into_existing)
    try:
        database.store = open_store(database)
    except BaseException:
        database.close()
        raise
    return database


def discard_if_empty(database: Database) -> None:
    """Remove a collection that was made for work that ended without having stored anything."""
    if not database.made:
        return
    with suppress(HolotypeError, sqlite3.Error, OSError), database.writing():
        held = " + ".join(f"(SELECT count(*) FROM {table})" for table in _CONTENT)
        if not database.read(f"SELECT {held}")[0][0]:
            database.discard()


def open_store(database: Database) -> VectorStore:
    """Return the store that a collection was made with; nothing is connected yet.

    It connects only where this user lets the collection use it.

    Raises:
        CorruptError: what the database says of a store is nothing that this program writes.
    """
    named = named_store(database)
    if named is None:
        return VectorStore()
    from .milvus.store import MilvusStore

    def permit() -> None:
        named.require_trust(database.folder)

    kind = _store_entries(database)["store_index"]
    address = resolved(named.address, database.folder)
    return MilvusStore(database, address, named.store_id, kind, permit)


def named_store(database: Database) -> NamedStore | None:
    """Return the store that a collection names for its vectors; None for its own database.

    Raises:
        CorruptError: it says so as this program never does.
    """
    found = _store_entries(database)
    if "store" not in found:
        return None
    kind, store_id = found.get("store_index"), found.get("store_id", "")
    whole = kind in ("FLAT", "HNSW") and _STORE_ID.fullmatch(store_id)
    if not whole or not is_remembered(found["store"]):
        raise CorruptError(
            f"{database.folder} names a store '{found['store']}' as no collection does; restore a "
            "snapshot"
        )
    return NamedStore(found.get("collection_id", ""), found["store"], store_id)


def require_trusted_store(database: Database) -> None:
    """Refuse a collection whose vectors lie in a store that nobody here has asked for.

    Raises:
        StoreError: saying what to do.
    """
    named = named_store(database)
    if named is not None:
        named.require_trust(database.folder)


def _store_entries(database: Database) -> dict[str, str]:
    records = database.read(
        "SELECT key, value FROM meta WHERE key LIKE 'store%' OR key = 'collection_id'"
    )
    return {record["key"]: record["value"] for record in records}

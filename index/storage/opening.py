"""Where the vectors of a collection lie: in its own database, or in a Milvus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import CorruptError
from ..trust import StoreOf
from .local_store import LocalStore
from .milvus.address import checked, is_remembered, resolved
from .vector_store import VectorStore

if TYPE_CHECKING:
    from ..database.connection import Database

__all__ = [
    "LocalStore",
    "VectorStore",
    "checked",
    "named_store",
    "open_store",
    "require_trusted_store",
]

_STORE_ID = re.compile("[0-9a-f]{32}")


def open_store(database: Database) -> VectorStore:
    """Return the store that a collection was made with; nothing is connected yet.

    It connects only where this user lets the collection use it.

    Raises:
        CorruptError: what the database says of a store is nothing that this program writes.
    """
    named = named_store(database)
    if named is None:
        return LocalStore()
    from .milvus.store import MilvusStore

    def permit() -> None:
        named.require_trust(database.folder)

    kind = _said(database)["store_index"]
    address = resolved(named.address, database.folder)
    return MilvusStore(database, address, named.store_id, kind, permit)


def named_store(database: Database) -> StoreOf | None:
    """Return which store a collection says that its vectors lie in; None for its own database.

    Raises:
        CorruptError: it says so as this program never does.
    """
    found = _said(database)
    if "store" not in found:
        return None
    kind, store_id = found.get("store_index"), found.get("store_id", "")
    whole = kind in ("FLAT", "HNSW") and _STORE_ID.fullmatch(store_id)
    if not whole or not is_remembered(found["store"]):
        raise CorruptError(
            f"{database.folder} names a store '{found['store']}' as no collection does; restore a "
            "snapshot"
        )
    return StoreOf(found.get("collection_id", ""), found["store"], store_id)


def require_trusted_store(database: Database) -> None:
    """Refuse a collection whose vectors lie in a store that nobody here has asked for.

    Raises:
        StoreError: saying what to do.
    """
    named = named_store(database)
    if named is not None:
        named.require_trust(database.folder)


def _said(database: Database) -> dict[str, str]:
    records = database.read(
        "SELECT key, value FROM meta WHERE key LIKE 'store%' OR key = 'collection_id'"
    )
    return {record["key"]: record["value"] for record in records}

"""Where the vectors of a collection lie: in its own database, or in a Milvus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .address import checked, resolved
from .base import VectorStore
from .local import LocalStore

if TYPE_CHECKING:
    from ..database import Database

__all__ = ["LocalStore", "VectorStore", "checked", "open_store"]


def open_store(database: Database) -> VectorStore:
    """Return the store that a collection was made with; nothing is connected yet."""
    records = database.read("SELECT key, value FROM meta WHERE key LIKE 'store%'")
    found = {record["key"]: record["value"] for record in records}
    if "store" not in found:
        return LocalStore()
    from .milvus import MilvusStore

    address = resolved(found["store"], database.folder)
    return MilvusStore(database, address, found["store_id"], found["store_index"])

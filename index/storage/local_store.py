"""Vectors in the collection's own database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..arrays import Ids
    from ..vectors.base import VectorIndex
    from .records import Space
    from .vector_store import Read


class LocalStore:
    """The blobs of `embeddings` are the vectors; index files beside the database serve searches."""

    address = ""

    def connect(self) -> None:
        """See nothing: the database is open."""

    def mark(self, connection: sqlite3.Connection) -> int:
        """Return 0: nothing is carried."""
        return 0

    def carry(self, connection: sqlite3.Connection, *, after: int) -> None:
        """Leave the vectors where they are."""

    def tidy(self) -> None:
        """Leave free pages to `VACUUM`."""

    def blobs(self, space: Space, records: Sequence[sqlite3.Row]) -> list[bytes]:
        """Return the vectors of rows."""
        return [record["vector"] for record in records]

    def index(self, space: Space, seqs: Ids, read: Read) -> VectorIndex | None:
        """Return none: indexes are built of the vectors and kept in files."""
        return None

    def about(self, space: Space) -> dict[str, Any] | None:
        """Return nothing: the index files tell."""
        return None

    def leftovers(self, space: Space) -> Ids:
        """Return none: a vector is its row."""
        return np.empty(0, np.int64)

    def remove_leftovers(self, space: Space) -> None:
        """Remove nothing."""

    def close(self) -> None:
        """Close nothing: the database closes itself."""

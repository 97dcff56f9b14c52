"""What a store of vectors does for a collection, wherever the vectors lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Embeddings, Ids

if TYPE_CHECKING:
    from ..vectors.base import VectorIndex  # brings FAISS, which a database does without

Read = Callable[[Ids], Embeddings]


class VectorStore:
    """Where the vectors of a collection lie: here in its own database, in subclasses elsewhere.

    The table `embeddings` alone says which embeddings there are; its sequence numbers name the
    vectors. They are written there, as blobs; a store may move them elsewhere, under their
    numbers, before the transaction commits. A vector elsewhere that no row names is ignored.
    """

    @property
    def address(self) -> str:
        """The address of the store; empty where vectors lie in the database."""
        return ""

    def connect(self) -> None:
        """See that the store answers.

        Raises:
            StoreError: it does not.
        """

    def mark(self, connection: sqlite3.Connection) -> int:
        """Return the number that new sequence numbers exceed; called where a transaction begins."""
        return 0

    def carry(self, connection: sqlite3.Connection, *, after: int) -> None:
        """Move the vectors of rows with larger sequence numbers; called before their commit.

        Raises:
            StoreError: they cannot be stored; the transaction must not commit.
        """

    def tidy(self) -> None:
        """Remove what was replaced or deleted a while ago; called after a commit, never fails."""

    def blobs(self, space_id: int, dtype: str, records: Sequence[sqlite3.Row]) -> list[bytes]:
        """Return the vectors of rows of `embeddings` (seq, vector), empty where one is missing.

        Args:
            space_id: of a space that holds embeddings.
            dtype: what a vector consists of there, float16 or float32.
            records: the rows.

        Raises:
            StoreError: they cannot be read.
        """
        return [record["vector"] for record in records]

    def index(self, space_id: int, seqs: Ids, read: Read) -> VectorIndex | None:
        """Return an index that the store itself offers over rows of a space; None without one.

        Args:
            space_id: of one that holds embeddings.
            seqs: the sequence numbers, int64 [n], in the order of the places.
            read: gives checked vectors by sequence numbers.
        """
        return None

    def about(self) -> dict[str, Any] | None:
        """Return kind, why and recall of the index that the store offers; None without one."""
        return None

    def leftovers(self, space_id: int) -> Ids:
        """Return the sequence numbers of vectors that a process left behind when it died."""
        return np.empty(0, np.int64)

    def remove_leftovers(self, space_id: int) -> None:
        """Remove every vector that is in no row; the caller holds the writer's lock."""

    def close(self) -> None:
        """Close what is open."""

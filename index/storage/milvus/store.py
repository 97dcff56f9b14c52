"""Vectors in a Milvus; the collection's database says which of them are in use.

A vector is written there before the transaction that makes its row, and removed a while after the
one that takes it away. So every row has its vector, whenever a process dies; vectors without a row
are never answered with, and `holotype collection compact` removes them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby, islice
from typing import Any

import numpy as np

from ...arrays import Embeddings, Ids
from ...database.connection import Database
from ...database.vector_store import Read, VectorStore
from ...errors import CorruptError, LockedError, ReadOnlyError, StoreError
from ...vectors.base import VectorIndex
from .client import MOST_HITS, TEXTS, Client, batches
from .index import MilvusIndex

_GRACE = 600  # seconds for which a reader may hold on to an older state
_AT_ONCE = 10_000  # rows that are carried together

# A row that only got a new number (`embeddings.renumber_embeddings`) has no blob: `moved` is the
# number under which the Milvus holds its vector.
_FRESH = f"""
SELECT e.seq, e.space_id, e.row, e.vector, {", ".join(f'"{name}"' for name in TEXTS)}, (
    SELECT max(seq) FROM leaving AS l
    WHERE l.space_id = e.space_id AND l.row = e.row AND l.seq <= :after
) AS moved
FROM embeddings AS e JOIN images USING (row)
LEFT JOIN accepted USING (specimen_id) LEFT JOIN taxa USING (taxon_id)
WHERE e.seq > :after ORDER BY e.space_id, e.seq
"""


class MilvusStore(VectorStore):
    """The vectors of one collection in a Milvus, a table for each space."""

    def __init__(
        self,
        database: Database,
        address: str,
        store_id: str,
        kind: str,
        permit: Callable[[], None] | None = None,
    ) -> None:
        self._database = database
        self._store_id = store_id
        self.client = Client(address, kind, permit)

    @property
    def address(self) -> str:
        """The address of the Milvus."""
        return self.client.address

    def table(self, space_id: int) -> str:
        """Return the name of a space's table, which no other collection uses."""
        return f"holotype_{self._store_id}_{space_id}"

    def connect(self) -> None:
        """See that the Milvus answers."""
        self.client.connect()

    def mark(self, connection: sqlite3.Connection) -> int:
        """Return the time in microseconds, from which the numbers of this transaction go on.

        What a process sent before it died may reach the Milvus later than what the next one sends
        under the same number. So the numbers of a transaction that failed must not come again: no
        row takes less than a microsecond.
        """
        table = "sqlite_sequence WHERE name = 'embeddings'"
        found = connection.execute(f"SELECT seq FROM {table}").fetchone()
        last = max(time.time_ns() // 1000, found["seq"] if found else 0)
        connection.execute(f"DELETE FROM {table}")
        connection.execute("INSERT INTO sqlite_sequence VALUES ('embeddings', ?)", (last,))
        return last

    def carry(self, connection: sqlite3.Connection, *, after: int) -> None:
        """Send the vectors of rows with larger sequence numbers, and empty their blobs."""
        fresh = connection.execute(_FRESH, {"after": after})
        for space_id, records in groupby(fresh, key=lambda record: record["space_id"]):
            space = _space(connection, space_id)
            while some := list(islice(records, _AT_ONCE)):
                self._send(space, some)
        connection.execute("UPDATE embeddings SET vector = x'' WHERE seq > ?", (after,))

    def _send(self, space: sqlite3.Row, records: list[sqlite3.Row]) -> None:
        table = self.table(space["space_id"])
        moved = [record["moved"] for record in records if not record["vector"]]
        there = self.client.read(table, np.array(moved, np.int64))
        vectors = np.empty((len(records), space["dim"]), np.float32)
        for place, record in enumerate(records):
            if record["vector"]:
                vectors[place] = np.frombuffer(record["vector"], space["dtype"])
            elif record["moved"] in there:
                vectors[place] = there[record["moved"]]
            else:
                raise CorruptError(
                    f"{self.address} has lost the vector of image '{record['image_id']}'; "
                    "restore a snapshot"
                )
        seqs = [record["seq"] for record in records]
        self.client.put(table, seqs, vectors, [_fields(record) for record in records])

    def tidy(self) -> None:
        """Remove vectors that left a while ago, unless a snapshot is being made."""
        due = (
            "FROM leaving WHERE since <= ? AND seq NOT IN (SELECT seq FROM embeddings) "
            "ORDER BY space_id"
        )
        before = (int(time.time()) - _GRACE,)
        connection = self._database.connection()
        with suppress(StoreError, LockedError, ReadOnlyError, sqlite3.Error):
            if not connection.execute(f"SELECT 1 {due} LIMIT 1", before).fetchone():
                return
            with self._database.keeping():
                found = connection.execute(f"SELECT space_id, seq {due}", before).fetchall()
                for space_id, records in groupby(found, key=lambda record: record["space_id"]):
                    gone = np.array([record["seq"] for record in records], np.int64)
                    self.client.delete(self.table(space_id), gone)
                with self._database.transaction() as own:
                    own.execute("DELETE FROM leaving WHERE since <= ?", before)

    def blobs(self, space_id: int, dtype: str, records: Sequence[sqlite3.Row]) -> list[bytes]:
        """Return the vectors of rows as they were stored, empty where one is missing."""
        seqs = np.array([record["seq"] for record in records], np.int64)
        blobs: list[bytes] = []
        for batch in batches(seqs):
            there = self.client.read(self.table(space_id), batch)
            blobs += [_blob(there.get(seq), dtype) for seq in batch.tolist()]
        return blobs

    def index(self, space_id: int, seqs: Ids, read: Read) -> VectorIndex | None:
        """Return an index over rows of a space, which asks the Milvus."""

        def ask(queries: Embeddings, limit: int, only: Ids | None) -> list[tuple[Embeddings, Ids]]:
            return self.client.search(self.table(space_id), queries, limit, only)

        return MilvusIndex(ask, read, seqs, most=MOST_HITS)

    def about(self) -> dict[str, Any] | None:
        """Return kind, why and recall of the index; the last where it is exact."""
        return {
            "kind": MilvusIndex.kind,
            "why": f"{MilvusIndex.kind}, because the vectors lie in {self.address}",
            "recall": 1.0 if self.client.kind == "FLAT" else None,
        }

    def leftovers(self, space_id: int) -> Ids:
        """Return the sequence numbers of vectors that a process left behind when it died."""
        return np.setdiff1d(self._without_row(space_id), self._numbers("leaving", space_id))

    def _without_row(self, space_id: int) -> Ids:
        there = self.client.keys(self.table(space_id))
        return np.setdiff1d(there, self._numbers("embeddings", space_id))

    def _numbers(self, table: str, space_id: int) -> Ids:
        query = f"SELECT seq FROM {table} WHERE space_id = ?"
        found = self._database.read(query, (space_id,))
        return np.array([record[0] for record in found], np.int64)

    def remove_leftovers(self, space_id: int) -> None:
        """Remove every vector that is in no row."""
        # Inside a transaction, so that no other thread is sending vectors.
        with self._database.transaction() as connection:
            self.client.delete(self.table(space_id), self._without_row(space_id))
            connection.execute("DELETE FROM leaving WHERE space_id = ?", (space_id,))

    def close(self) -> None:
        """Disconnect."""
        self.client.close()


def _space(connection: sqlite3.Connection, space_id: int) -> sqlite3.Row:
    found: sqlite3.Row = connection.execute(
        "SELECT space_id, dim, dtype FROM spaces WHERE space_id = ?", (space_id,)
    ).fetchone()
    return found


def _fields(record: sqlite3.Row) -> dict[str, Any]:
    return {"row": record["row"]} | {name: record[name] or "" for name in TEXTS}


def _blob(vector: Embeddings | None, dtype: str) -> bytes:
    return b"" if vector is None else vector.astype(dtype).tobytes()

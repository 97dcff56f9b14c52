"""A Milvus, reached through `pymilvus`, with its errors in one sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...arrays import Embeddings, Ids
from ...settings import settings
from ...taxonomy import RANKS
from .connection import as_ours, connected, release

TEXTS = ("image_id", "specimen_id", "split", *RANKS)
MOST_HITS = 16_384  # a server returns no more to one query
_BATCH = 1000  # rows to a message: 5 MB at 1280 dimensions, and a server takes 64
_QUERIES = 64
_LONGEST_TEXT = 65_535


def batches(seqs: Ids) -> Iterator[Ids]:
    """Yield sequence numbers, as many at a time as go into one message."""
    for start in range(0, len(seqs), _BATCH):
        yield seqs[start : start + _BATCH]


class Client:
    """The tables of one Milvus; connected when first used. Safe to share between threads."""

    def __init__(
        self, address: str, kind: str = "FLAT", permit: Callable[[], None] | None = None
    ) -> None:
        """Name a Milvus.

        Args:
            address: a server's, or the path of a Milvus Lite.
            kind: of index in its tables, FLAT or HNSW.
            permit: called before anything is connected; it raises where that must not be.
        """
        self._permit = permit
        self.address = address
        self.kind = kind
        self._milvus: Any = None
        self._loaded: set[str] = set()
        self._guard = threading.RLock()

    def put(
        self,
        table: str,
        seqs: Sequence[int],
        vectors: Embeddings,
        fields: Sequence[Mapping[str, Any]],
    ) -> None:
        """Store vectors, float32 [n, dim], by sequence numbers, in place of earlier ones."""
        self._open_table(table, vectors.shape[1])
        rows = [
            {"seq": seq, "vector": vector, **field}
            for seq, vector, field in zip(seqs, vectors, fields, strict=True)
        ]
        for start in range(0, len(rows), _BATCH):
            self._call("upsert", table, rows[start : start + _BATCH])

    def read(self, table: str, seqs: Ids) -> dict[int, Embeddings]:
        """Return the vectors of sequence numbers, float32 [dim] each, those that are there."""
        found: dict[int, Embeddings] = {}
        for batch in batches(seqs):
            rows = self._on_table("get", table, ids=batch.tolist(), output_fields=["vector"])
            found |= {row["seq"]: np.array(row["vector"], np.float32) for row in rows}
        return found

    def search(
        self, table: str, queries: Embeddings, limit: int, seqs: Ids | None = None
    ) -> list[tuple[Embeddings, Ids]]:
        """Return cosines float32 [m] and sequence numbers int64 [m] for each query, best first.

        Args:
            table: its name.
            queries: float32 [q, dim], unit rows.
            limit: m is at most this.
            seqs: int64 [n], the only ones that are wanted; None for all.
        """
        options = {
            "limit": limit,
            "filter": "" if seqs is None else f"seq in {seqs.tolist()}",
            "search_params": self._effort(limit),
        }
        answers = []
        for start in range(0, len(queries), _QUERIES):
            data = list(queries[start : start + _QUERIES])
            for hits in self._on_table("search", table, data=data, **options):
                scores = np.array([hit["distance"] for hit in hits], np.float32)
                answers.append((scores, np.array([hit["seq"] for hit in hits], np.int64)))
        return answers

    def keys(self, table: str) -> Ids:
        """Return the sequence numbers of everything in a table, int64 [n], ascending."""
        if not self._call("has_collection", table):
            return np.empty(0, np.int64)
        options = {"batch_size": MOST_HITS, "filter": "seq >= 0", "output_fields": ["seq"]}
        pages = self._on_table("query_iterator", table, **options)
        try:
            found = [row["seq"] for page in iter(pages.next, []) for row in page]
        finally:
            pages.close()
        return np.sort(np.array(found, np.int64))

    def delete(self, table: str, seqs: Ids) -> None:
        """Remove vectors by sequence numbers; those that are not there do not matter."""
        for batch in batches(seqs):
            self._on_table("delete", table, ids=batch.tolist())

    def close(self) -> None:
        """Disconnect."""
        with self._guard:
            if self._milvus is not None:
                self._milvus.close()
                self._milvus = None
                release(self.address)

    def connect(self) -> Any:
        """Return the connection, made when first asked for.

        Raises:
            LockedError: another process uses a Milvus Lite.
            StoreError: it must not be used, `pymilvus` is not installed, or nothing answers.
        """
        with self._guard:
            if self._milvus is None:
                if self._permit is not None:
                    self._permit()
                self._milvus = connected(self.address)
            return self._milvus

    def _effort(self, limit: int) -> dict[str, Any]:
        """Return the parameters of a search; a graph looks at twice as many rows as it returns."""
        if self.kind == "FLAT":
            return {}
        return {"params": {"ef": min(max(2 * limit, 128), 2 * MOST_HITS)}}

    def _on_table(self, name: str, table: str, **options: Any) -> Any:
        self._open_table(table)
        return self._call(name, table, **options)

    def _open_table(self, table: str, dim: int | None = None) -> None:
        """Load a table; with `dim`, make it where there is none."""
        with self._guard:
            if table in self._loaded:
                return
            if dim is not None:
                self._make_table(table, dim)
            self._call("load_collection", table)
            self._loaded.add(table)

    def _make_table(self, table: str, dim: int) -> None:
        """Make a table and its index where missing: a process may have died in between."""
        milvus = self.connect()
        if not self._call("has_collection", table):
            # What SQLite has committed must be seen by every reader, whichever client wrote it.
            schema = _schema(milvus, dim)
            self._call("create_collection", table, schema=schema, consistency_level="Strong")
        if not self._call("list_indexes", table):
            index = milvus.prepare_index_params()
            index.add_index("vector", index_type=self.kind, metric_type="IP")
            self._call("create_index", table, index_params=index, sync=False)

    def _call(self, name: str, table: str, *values: Any, **options: Any) -> Any:
        milvus = self.connect()
        from grpc import RpcError
        from pymilvus import MilvusException

        try:
            return getattr(milvus, name)(
                table, *values, timeout=settings().milvus_timeout, **options
            )
        except (MilvusException, RpcError) as error:
            self._loaded.clear()  # a server that was restarted has loaded no table
            raise as_ours(self.address, error) from error


def _schema(milvus: Any, dim: int) -> Any:
    from pymilvus import DataType

    schema = milvus.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("seq", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("row", DataType.INT64)
    for name in TEXTS:
        schema.add_field(name, DataType.VARCHAR, max_length=_LONGEST_TEXT)
    return schema

"""Other engines, each optional: it imports its library when it is built or opened."""

# ruff: noqa: D102  (`engines.Engine` says what the methods do)

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from holotype.index.arrays import Allowed, Embeddings, Ids
from holotype.index.vectors.kinds.tuning import TARGET

GRAPH, EFFORT = 32, 128  # neighbours and building effort of a graph

_EFFORTS = (12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512, 1024)


class Hnswlib:
    """hnswlib, float32; a filter is a Python function."""

    library: ClassVar[str] = "hnswlib"
    efforts: ClassVar[tuple[int, ...]] = _EFFORTS
    filters: ClassVar[bool] = True
    target: ClassVar[float] = TARGET
    graph: ClassVar[tuple[int, int]] = (GRAPH, EFFORT)

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        import hnswlib

        index = hnswlib.Index("ip", vectors.shape[1])
        neighbours, effort = self.graph
        index.init_index(len(vectors), M=neighbours, ef_construction=effort)
        index.add_items(vectors, num_threads=2)
        index.save_index(str(folder / "index"))
        np.savez(folder / "filters.npz", **filters)  # type: ignore[arg-type]

    def open(self, vectors: Embeddings, folder: Path) -> None:
        import hnswlib

        self.index = hnswlib.Index("ip", vectors.shape[1])
        self.index.load_index(str(folder / "index"))
        self.allowed: dict[str, Allowed] = dict(np.load(folder / "filters.npz"))

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        self.index.set_ef(max(effort, k))
        self.index.set_num_threads(1 if len(queries) == 1 else 2)
        allowed = None if only is None else self._function(only)
        try:
            return np.asarray(self.index.knn_query(queries, k, filter=allowed)[0]).astype(np.int64)
        except RuntimeError:  # fewer than k found
            return np.full((len(queries), k), -1)

    @cache  # noqa: B019
    def _function(self, only: str) -> Callable[[int], bool]:
        function: Callable[[int], bool] = self.allowed[only].tolist().__getitem__
        return function


class SmallHnswlib(Hnswlib):
    """hnswlib with half the neighbours, for a million vectors; compared at less recall."""

    target: ClassVar[float] = 0.95
    graph: ClassVar[tuple[int, int]] = (16, 64)


class Usearch:
    """usearch at half precision."""

    library: ClassVar[str] = "usearch"
    efforts: ClassVar[tuple[int, ...]] = _EFFORTS
    filters: ClassVar[bool] = False
    target: ClassVar[float] = TARGET

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        from usearch.index import Index

        index = Index(
            ndim=vectors.shape[1],
            metric="ip",
            dtype="f16",
            connectivity=GRAPH,
            expansion_add=EFFORT,
        )
        index.add(np.arange(len(vectors)), vectors, threads=2)
        index.save(str(folder / "index"))

    def open(self, vectors: Embeddings, folder: Path) -> None:
        from usearch.index import Index

        self.index = Index.restore(str(folder / "index"))

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        self.index.expansion_search = effort
        found = self.index.search(queries, k, threads=1 if len(queries) == 1 else 2)
        return np.asarray(found.keys).astype(np.int64).reshape(len(queries), -1)


class Lance:
    """LanceDB with its own inverted lists and refinement; a filter is a column."""

    library: ClassVar[str] = "lancedb"
    efforts: ClassVar[tuple[int, ...]] = (8, 16, 32, 64, 128, 256)
    filters: ClassVar[bool] = True
    target: ClassVar[float] = TARGET

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        os.environ.setdefault("LANCE_LOG", "error")
        import lancedb
        import pyarrow as pa

        width = vectors.shape[1]
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), width)
        flags = {f"f{place}": pa.array(mask) for place, mask in enumerate(filters.values())}
        data = pa.table({"id": np.arange(len(vectors)), "vector": column, **flags})
        table = lancedb.connect(folder).create_table("t", data)
        lists = 2 ** round(np.log2(np.sqrt(len(vectors))))
        table.create_index(metric="dot", num_partitions=lists, num_sub_vectors=width // 8)
        (folder / "names").write_text("\n".join(filters))

    def open(self, vectors: Embeddings, folder: Path) -> None:
        os.environ.setdefault("LANCE_LOG", "error")
        import lancedb

        self.table = lancedb.connect(folder).open_table("t")
        self.names = (folder / "names").read_text().split("\n")

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        return np.array([self._one(query, k, effort, only) for query in queries], np.int64)

    def _one(self, query: Embeddings, k: int, effort: int, only: str | None) -> list[int]:
        asked = self.table.search(query).distance_type("dot").nprobes(effort).refine_factor(20)
        if only is not None:
            asked = asked.where(f"f{self.names.index(only)}", prefilter=True)
        found = asked.select(["id", "_distance"]).limit(k).to_arrow()["id"].to_pylist()
        return [*found, *[-1] * (k - len(found))]


class Qdrant:
    """Qdrant Edge, the engine of Qdrant inside the process; a filter is an indexed payload."""

    library: ClassVar[str] = "qdrant_edge"
    efforts: ClassVar[tuple[int, ...]] = _EFFORTS
    filters: ClassVar[bool] = True
    target: ClassVar[float] = TARGET

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        import qdrant_edge as q

        graph = q.HnswIndexConfig(m=GRAPH, ef_construct=EFFORT, full_scan_threshold=10_000)
        params = q.EdgeVectorParams(size=vectors.shape[1], distance=q.Distance.Dot)
        shard = q.EdgeShard.create(str(folder), q.EdgeConfig(vectors=params, hnsw_config=graph))
        shard.update(q.UpdateOperation.create_field_index("f", q.PayloadSchemaType.Keyword))
        names = list(filters)
        for start in range(0, len(vectors), 1000):
            points = [
                q.Point(row, vectors[row].tolist(), {"f": [n for n in names if filters[n][row]]})
                for row in range(start, min(start + 1000, len(vectors)))
            ]
            shard.update(q.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def open(self, vectors: Embeddings, folder: Path) -> None:
        import qdrant_edge

        self.q = qdrant_edge
        self.shard = qdrant_edge.EdgeShard.load(str(folder))

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        return np.array([self._one(query, k, effort, only) for query in queries], np.int64)

    def _one(self, query: Embeddings, k: int, effort: int, only: str | None) -> list[int]:
        q = self.q
        condition = q.FieldCondition(key="f", match=q.MatchValue(only)) if only else None
        found = self.shard.search(
            q.SearchRequest(
                query=q.Query.Nearest(query.tolist()),
                limit=k,
                filter=q.Filter(must=[condition]) if condition else None,
                params=q.SearchParams(hnsw_ef=effort),
            )
        )
        ids = [int(point.id) for point in found]
        return [*ids, *[-1] * (k - len(ids))]

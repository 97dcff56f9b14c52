"""The engines that are compared, each behind the same three calls and in a process of its own."""

# ruff: noqa: D102  (`Engine` says what the methods do)

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from holotype.index.arrays import Allowed, Embeddings, Ids
from holotype.index.runtime import prepare
from holotype.index.vectors import KINDS, Selection, open_index, packed
from holotype.index.vectors import faiss_calls as library
from holotype.index.vectors.kinds.ivf import IvfIndex
from holotype.index.vectors.kinds.tuning import TARGET

prepare()

import faiss  # noqa: E402

from holotype.index.vectors.selection import Asked  # noqa: E402

from .peers import Hnswlib, Lance, Qdrant, SmallHnswlib, Usearch  # noqa: E402

_TOGETHER = 100  # queries of a batch in NumPy: their products with all rows must fit in memory


class Engine(Protocol):
    """One engine on one set of vectors; `efforts` are tried upwards until recall is `target`."""

    library: ClassVar[str]
    efforts: ClassVar[tuple[int, ...]]
    filters: ClassVar[bool]
    target: ClassVar[float]

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        """Index vectors and write them below a folder."""
        ...

    def open(self, vectors: Embeddings, folder: Path) -> None:
        """Open what `build` wrote."""
        ...

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        """Return ids int64 [q, k] under a filter by its name; -1 where an engine finds fewer."""
        ...


class Holotype:
    """Our own index, tuned when built."""

    library: ClassVar[str] = "faiss"
    efforts: ClassVar[tuple[int, ...]] = (0,)
    filters: ClassVar[bool] = True
    target: ClassVar[float] = TARGET
    kind: ClassVar[str] = "ivf"

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        pieces, digest = packed(KINDS[self.kind].build(vectors), np.arange(len(vectors)), "bench")
        with (folder / "index").open("wb") as file:
            file.writelines(pieces)
        (folder / "digest").write_text(digest)
        np.savez(folder / "filters.npz", **filters)  # type: ignore[arg-type]

    def open(self, vectors: Embeddings, folder: Path) -> None:
        self.index = open_index(folder / "index", (folder / "digest").read_text()).index
        filters = np.load(folder / "filters.npz")
        self.chosen = {name: Selection(allowed) for name, allowed in filters.items()}

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        return self.index.search(queries, k, self.chosen.get(only or ""))[1]

    def bare(self, query: Embeddings, k: int) -> None:
        """Make the calls of FAISS that a search makes, and nothing else."""
        index = self.index
        assert isinstance(index, IvfIndex)
        level = index._levels[0]
        ids = index._find(Asked(query), level.effort, k * level.factor)
        library.score(index.vectors, query, ids)


class HolotypeFlat(Holotype):
    """Our exact index."""

    kind: ClassVar[str] = "flat"


class HolotypeGraph(Holotype):
    """Our graph: FAISS's HNSW, tuned when built."""

    kind: ClassVar[str] = "hnsw"


class BareFaiss:
    """The same codes as ours and FAISS's own refinement, one thread a query, no layer of ours."""

    library: ClassVar[str] = "faiss"
    efforts: ClassVar[tuple[int, ...]] = (4, 8, 16, 32, 64, 128, 256, 512)
    filters: ClassVar[bool] = False
    target: ClassVar[float] = TARGET

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        lists = 2 ** round(np.log2(4 * np.sqrt(len(vectors))))
        recipe = f"IVF{lists},PQ{vectors.shape[1] // 4}x4fs,Refine(SQfp16)"
        index = faiss.index_factory(vectors.shape[1], recipe, faiss.METRIC_INNER_PRODUCT)
        index.train(vectors)
        index.add(vectors)
        faiss.write_index(index, str(folder / "index"))

    def open(self, vectors: Embeddings, folder: Path) -> None:
        self.index = faiss.read_index(str(folder / "index"), faiss.IO_FLAG_MMAP_IFC)

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        faiss.omp_set_num_threads(1 if len(queries) == 1 else 2)
        lists = faiss.SearchParametersIVF(nprobe=effort)
        refined = faiss.IndexRefineSearchParameters(k_factor=40, base_index_params=lists)
        ids: Ids = self.index.search(queries, k, params=refined)[1]
        return ids


class Numpy:
    """A matrix product and a partial sort."""

    library: ClassVar[str] = "numpy"
    efforts: ClassVar[tuple[int, ...]] = (0,)
    filters: ClassVar[bool] = True
    target: ClassVar[float] = TARGET

    def build(self, vectors: Embeddings, filters: dict[str, Allowed], folder: Path) -> None:
        np.savez(folder / "filters.npz", **filters)  # type: ignore[arg-type]

    def open(self, vectors: Embeddings, folder: Path) -> None:
        self.vectors = np.array(vectors)
        self.allowed: dict[str, Any] = dict(np.load(folder / "filters.npz"))

    def search(self, queries: Embeddings, k: int, effort: int, only: str | None) -> Ids:
        places = None if only is None else np.flatnonzero(self.allowed[only])
        rows = self.vectors if places is None else self.vectors[places]
        k = min(k, len(rows))
        blocks = [queries[start : start + _TOGETHER] for start in range(0, len(queries), _TOGETHER)]
        ids = np.vstack([np.argpartition(-(some @ rows.T), k - 1)[:, :k] for some in blocks])
        return ids if places is None else places[ids]


ENGINES: dict[str, type[Engine]] = {
    "holotype ivf": Holotype,
    "holotype flat": HolotypeFlat,
    "holotype hnsw": HolotypeGraph,
    "bare faiss": BareFaiss,
    "hnswlib": Hnswlib,
    "hnswlib small": SmallHnswlib,
    "usearch f16": Usearch,
    "lancedb": Lance,
    "qdrant edge": Qdrant,
    "numpy": Numpy,
}

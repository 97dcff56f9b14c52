"""Exact search on a GPU, where FAISS sees one: its hits are scored again on the processor."""

from __future__ import annotations

import logging
from functools import cache
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from ..arrays import Allowed, Answer, Embeddings, Ids
from ..errors import first_line
from . import faiss_calls as library
from .base import BuiltIndex, Card, Parts
from .exact import best
from .selection import Selection

log = logging.getLogger("holotype.index")

_FEWEST = 10_000  # rows; fewer are compared as fast on the processor
_BATCH = 32  # queries from which on a GPU is faster than codes on a processor
_SPARE = 8  # hits beyond k, since its sums are rounded differently
_MOST = 2048  # neighbours that FAISS gives on a GPU
_BLOCK = 1 << 16

_copies: WeakValueDictionary[str, library.Index] = WeakValueDictionary()
_alone = Lock()  # two threads must not use one GPU through FAISS at a time


class GpuIndex:
    """A built index whose rows lie on a GPU too, for what is faster there.

    Batches, and all queries of an exact index, are compared with every row on the GPU. Filters and
    single queries of an index with codes stay with the index.
    """

    def __init__(self, base: BuiltIndex, rows: library.Index) -> None:
        self.base = base
        self._rows = rows

    @property
    def kind(self) -> str:
        """That of the built index."""
        return self.base.kind

    @property
    def card(self) -> Card:
        """How the built index was tuned."""
        return self.base.card

    @property
    def parts(self) -> Parts:
        """Those of the built index."""
        return self.base.parts

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim]."""
        return self.base.vectors

    def rows(self, places: Ids) -> Embeddings:
        """Return some of the rows, float32 [m, dim]."""
        return self.base.rows(places)

    def __len__(self) -> int:
        return len(self.base)

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        wanted = min(k + _SPARE, len(self))
        few = len(queries) < _BATCH and bool(self.card)
        if allowed is not None or wanted > _MOST or few or not len(queries):
            return self.base.search(queries, k, allowed)
        queries = np.ascontiguousarray(queries, np.float32)
        try:
            with _alone:
                ids = library.search(self._rows, queries, wanted, None)[1]
        except RuntimeError as error:
            log.warning("The GPU refused a search, so the processor answers: %s", first_line(error))
            return self.base.search(queries, k)
        return best(library.score(self.vectors, queries, ids), ids, min(k, len(self)))


def on_gpu(index: BuiltIndex, name: str) -> BuiltIndex | GpuIndex:
    """Return an index that also uses a GPU, or the index itself where there is none.

    Args:
        name: what is one for equal rows: they are copied once.
    """
    if len(index) < _FEWEST or not _has_gpu():
        return index
    with _alone:
        rows = _copies.get(name)
        if rows is None:
            try:
                rows = _copies[name] = _copied(index.vectors)
            except RuntimeError as error:
                log.warning("The GPU does not take %d vectors: %s", len(index), first_line(error))
                return index
        return GpuIndex(index, rows)


def _has_gpu() -> bool:
    faiss = library.faiss()
    return hasattr(faiss, "GpuIndexFlatIP") and faiss.get_num_gpus() > 0


def _copied(rows: Embeddings) -> library.Index:
    """Copy rows to the first GPU, a block at a time."""
    faiss = library.faiss()
    index = faiss.GpuIndexFlatIP(_resources(), rows.shape[1], faiss.GpuIndexFlatConfig())
    for start in range(0, len(rows), _BLOCK):
        index.add(np.ascontiguousarray(rows[start : start + _BLOCK]))
    return index


@cache
def _resources() -> Any:
    return library.faiss().StandardGpuResources()

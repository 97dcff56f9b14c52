"""The exact index: every vector is compared with every query."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..runtime import prepare

prepare()

import faiss  # noqa: E402

from .base import Allowed, Embeddings  # noqa: E402

# Up to this share of allowed vectors it is faster to gather them than to test every one.
_GATHER_SHARE = 0.25


class FlatIndex:
    """Exact cosine search over float32 vectors in memory (FAISS IndexFlatIP)."""

    kind: ClassVar[str] = "flat"

    def __init__(self, index: faiss.Index) -> None:
        self._index = index
        # Below this many products FAISS reads the whole matrix anew for each query of a batch.
        faiss.cvar.distance_compute_blas_threshold = 4 * index.d

    @classmethod
    def build(cls, vectors: Embeddings) -> FlatIndex:
        """Index unit rows, float32 [n, dim]."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    @classmethod
    def from_bytes(cls, data: bytes) -> FlatIndex:
        """Read what `to_bytes` wrote; the caller has verified the bytes."""
        return cls(faiss.deserialize_index(np.frombuffer(data, np.uint8)))

    def to_bytes(self) -> bytes:
        """Return the index as bytes in FAISS's format."""
        data: bytes = faiss.serialize_index(self._index).tobytes()
        return data

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim], without a copy."""
        flat = faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._index.d)
        rows: Embeddings = flat.reshape(self._index.ntotal, self._index.d)
        return rows

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | None = None
    ) -> tuple[Embeddings, NDArray[np.int64]]:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, np.float32)
        count = len(self) if allowed is None else int(np.count_nonzero(allowed))
        k = min(k, count)
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        if allowed is None:
            scores, ids = self._search(queries, k, None)
        elif count <= _GATHER_SHARE * len(self):
            places = np.flatnonzero(allowed)
            scores, ids = faiss.knn(
                queries, self.vectors[places], k, metric=faiss.METRIC_INNER_PRODUCT
            )
            ids = places[ids]
        else:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            parameters = faiss.SearchParameters(sel=selector)
            scores, ids = self._search(queries, k, parameters)
        scores = scores.clip(-1, 1)  # rounding carries a vector's product with itself past 1
        order = np.lexsort((ids, -scores), axis=1)
        return np.take_along_axis(scores, order, 1), np.take_along_axis(ids, order, 1)

    def _search(
        self, queries: Embeddings, k: int, parameters: faiss.SearchParameters | None
    ) -> tuple[Embeddings, NDArray[np.int64]]:
        """Call FAISS itself: its torch wrapper, once imported anywhere, takes no parameters."""
        scores = np.empty((len(queries), k), np.float32)
        ids = np.empty((len(queries), k), np.int64)
        pointers = (faiss.swig_ptr(queries), k, faiss.swig_ptr(scores), faiss.swig_ptr(ids))
        self._index.search_c(len(queries), *pointers, parameters)
        return scores, ids

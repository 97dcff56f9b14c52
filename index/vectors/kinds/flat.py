"""The exact index: every vector is compared with every query."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from ...arrays import Allowed, Answer, Embeddings, Ids
from ..base import Card, Parts
from ..exact import nearest
from ..faiss_calls import unchanging
from ..selection import Selection


class FlatIndex:
    """Exact cosine search over float32 vectors, in memory or mapped from a file."""

    kind: ClassVar[str] = "flat"

    def __init__(self, vectors: Embeddings) -> None:
        self._vectors = vectors

    @classmethod
    def build(cls, vectors: Embeddings) -> Self:
        """Index unit rows, float32 [n, dim]."""
        return cls(unchanging(vectors))

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> Self:
        """Read what `parts` gave; the caller has verified it."""
        return cls(parts["vectors"])

    @property
    def card(self) -> Card:
        """Nothing: there is nothing to tune."""
        return {}

    @property
    def parts(self) -> Parts:
        """The vectors."""
        return {"vectors": self._vectors}

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim], without a copy."""
        return self._vectors

    def rows(self, places: Ids) -> Embeddings:
        """Return some of the rows, float32 [m, dim]."""
        return self._vectors[places]

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        return nearest(self._vectors, np.ascontiguousarray(queries, np.float32), k, allowed)

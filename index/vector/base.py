"""What a vector index answers, whatever its kind."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
Allowed = NDArray[np.bool_]


class VectorIndex(Protocol):
    """A cache over the vectors of a space that answers k-NN; ids are their places, 0 … n-1."""

    kind: ClassVar[str]

    @classmethod
    def build(cls, vectors: Embeddings) -> Self:
        """Index unit rows, float32 [n, dim]."""
        ...

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. The caller has verified the bytes: FAISS does not."""
        ...

    def to_bytes(self) -> bytes:
        """Return the index as bytes."""
        ...

    def __len__(self) -> int:
        """Return the number of vectors."""
        ...

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim]."""
        ...

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | None = None
    ) -> tuple[Embeddings, NDArray[np.int64]]:
        """Return the nearest vectors of each query.

        Args:
            queries: float32 [q, dim], unit rows.
            k: how many are wanted.
            allowed: bool [n]; only these places may be returned. None allows all.

        Returns:
            cosines float32 [q, m], exact and best first, and ids int64 [q, m], with
            m = min(k, number of allowed). Equal cosines come in the order of their ids.
        """
        ...

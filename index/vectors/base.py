"""What a vector index answers, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

from numpy.typing import NDArray

from ..arrays import Allowed, Answer, Embeddings, Ids
from .selection import Selection

Card = Mapping[str, Any]
Parts = Mapping[str, NDArray[Any]]


class VectorIndex(Protocol):
    """A cache over the vectors of a space that answers k-NN; ids are their places, 0 … n-1.

    An index is never changed once it is made, so any number of threads may search it.
    """

    @property
    def kind(self) -> str:
        """One of `auto.KINDS`."""
        ...

    def __len__(self) -> int:
        """Return the number of vectors."""
        ...

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim]."""
        ...

    def rows(self, places: Ids) -> Embeddings:
        """Return some of the rows, float32 [m, dim], given their places, int64 [m]."""
        ...

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return the nearest vectors of each query.

        Args:
            queries: float32 [q, dim], unit rows.
            k: how many are wanted.
            allowed: bool [n]; only these places may be returned. None allows all. Who asks under
                the same filter again keeps a `Selection` of it, which takes a while to make.

        Returns:
            cosines float32 [q, m], exact and best first, and ids int64 [q, m], with
            m = min(k, number of allowed). Equal cosines come in the order of their ids.
        """
        ...


class BuiltIndex(VectorIndex, Protocol):
    """An index that is built from vectors and kept in a file."""

    @property
    def card(self) -> Card:
        """How the index was tuned and what it reached, JSON-ready; empty where it is exact."""
        ...

    @classmethod
    def build(cls, vectors: Embeddings) -> Self:
        """Index unit rows, float32 [n, dim], a copy of them unless they are read-only."""
        ...

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> Self:
        """Read what `card` and `parts` gave. The caller has verified the bytes: FAISS does not."""
        ...

    @property
    def parts(self) -> Parts:
        """The arrays that the index consists of, by name."""
        ...

"""Few rows of a large index, for who asks among them again and again."""

from __future__ import annotations

import numpy as np

from ..arrays import Allowed, Answer, Embeddings, Ids
from .base import Card, VectorIndex
from .exact import nearest
from .selection import Selection


class SubsetIndex:
    """An index that returns some rows of another only, having compared each; ids stay the same."""

    def __init__(self, index: VectorIndex, places: Ids) -> None:
        """Take rows out of an index.

        Args:
            index: over n rows.
            places: int64 [m], ascending, the rows that may be returned.
        """
        self._index = index
        self._places = places
        self._rows = np.ascontiguousarray(index.rows(places))

    @property
    def kind(self) -> str:
        """That of the index."""
        return self._index.kind

    @property
    def card(self) -> Card:
        """Nothing: every one of the rows is compared."""
        return {}

    def __len__(self) -> int:
        return len(self._index)

    @property
    def vectors(self) -> Embeddings:
        """All rows of the index, float32 [n, dim]."""
        return self._index.vectors

    def rows(self, places: Ids) -> Embeddings:
        """Return some rows of the index, float32 [m, dim]."""
        return self._index.rows(places)

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        chosen = Selection.of(allowed)
        among = None if chosen is None else chosen.allowed[self._places]
        if among is not None and among.all():
            among = None
        queries = np.ascontiguousarray(queries, np.float32)
        scores, found = nearest(self._rows, queries, k, among)
        return scores, self._places[found]

"""What the approximate kinds share: codes propose candidates, the rows themselves decide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, Self

import numpy as np

from ...arrays import Allowed, Answer, Embeddings, Ids
from .. import faiss_calls as library
from ..base import Card, Parts
from ..exact import best, nearest
from ..selection import Asked, Selection
from .flat import FlatIndex
from .tuning import TUNED_AT, Level, Plan, level_for, tune

_FEWEST = 1024  # with fewer rows there is nothing to save
# What one row costs, in units of one 4-bit product-quantised code; measured, see docs/search.md.
EXACT, AGAIN = 7, 40
FILTERED = 6000  # and what a filter adds to a search by codes


class CodedIndex(FlatIndex, ABC):
    """Rows with codes before them: candidates by their codes, scored again from float32 rows.

    The planner is `search`: few allowed rows are compared one by one; for many, the effort is that
    which was tuned for the share of rows that are allowed *near the query*; where that is too
    small, or too few candidates turn up, all allowed rows are compared.
    """

    def __init__(self, vectors: Embeddings, codes: Any, levels: tuple[Level, ...]) -> None:
        super().__init__(vectors)
        self._codes = codes
        self._levels = levels
        self._kept: Parts = {}

    @classmethod
    def build(cls, vectors: Embeddings) -> Self:
        """Index unit rows, float32 [n, dim], and tune the index."""
        rows = library.unchanging(vectors)
        if len(rows) < _FEWEST:
            return cls(rows, None, ())
        library.use_threads(len(rows))
        library.let_blas_multiply(rows.shape[1])
        index = cls(rows, cls._encode(rows), ())
        index._levels = tune(rows, index._find, index._plan())
        return index

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> Self:
        """Read what `card` and `parts` gave; the caller has verified it."""
        codes = library.from_bytes(parts["codes"]) if "codes" in parts else None
        index = cls(parts["vectors"], codes, tuple(Level(**level) for level in card["levels"]))
        index._kept = parts  # FAISS goes on reading the codes there
        return index

    @property
    def card(self) -> Card:
        """Effort and recall at every share of allowed rows that the index was tuned for."""
        return {"levels": [asdict(level) for level in self._levels]}

    @property
    def parts(self) -> Parts:
        """The vectors, and the codes in FAISS's format."""
        codes = {} if self._codes is None else {"codes": library.to_bytes(self._codes)}
        return {**super().parts, **codes}

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, np.float32)
        asked = Asked(queries, Selection.of(allowed))
        count = len(self) if asked.chosen is None else asked.chosen.count
        k = min(k, count)
        spared = 0 if asked.chosen is None else FILTERED
        if k == 0 or not self._levels or EXACT * count <= self._costs[0] + spared:
            return super().search(queries, k, asked.chosen)
        library.use_threads(len(queries))
        if asked.chosen is None:
            return self._at_level(self._level(_depth(k), count), asked, k)
        asked = self._looked(asked)
        levels = self._choose(asked, k, count)
        if len(set(levels)) == 1:
            return self._at_level(levels[0], asked, k)
        scores, ids = library.empty_answer(len(queries), k)
        for level in set(levels):
            which = np.equal(levels, level)
            part = Asked(queries[which], asked.chosen)
            scores[which], ids[which] = self._at_level(level, part, k)
        return scores, ids

    def _choose(self, asked: Asked, k: int, count: int) -> list[int]:
        """Return the level of every query, -1 where all allowed rows must be compared."""
        # Where a filter thins out the query's surroundings, what it allows lies scattered beyond.
        least = 0.5 * count / len(self)
        return [
            self._level(share * _depth(k) if share >= least else 0, count)
            for share in self._shares(asked)
        ]

    def _level(self, share: float, count: int) -> int:
        """Return the level for a share of allowed rows; -1 where comparing all is cheaper."""
        place = level_for(self._levels, share)
        return -1 if place >= 0 and EXACT * count <= self._costs[place] else place

    def _at_level(self, place: int, asked: Asked, k: int) -> Answer:
        queries, chosen, _ = asked
        if place < 0:
            return nearest(self._vectors, queries, k, chosen)
        level = self._levels[place]
        ids = self._find(asked, level.effort, max(k, TUNED_AT) * level.factor)
        scores, ids = best(library.score(self._vectors, queries, ids), ids, k)
        short = ids[:, -1] < 0
        if short.any():
            scores[short], ids[short] = nearest(self._vectors, queries[short], k, chosen)
        return scores, ids

    @cached_property
    def _costs(self) -> list[float]:
        cost = self._plan().cost
        return [cost(level.effort, level.factor) for level in self._levels]

    @staticmethod
    @abstractmethod
    def _encode(vectors: Embeddings) -> library.Index:
        """Train on and encode the rows."""

    @abstractmethod
    def _plan(self) -> Plan:
        """Return what may be tuned."""

    @abstractmethod
    def _find(self, asked: Asked, effort: int, count: int) -> Ids:
        """Return candidates by their codes, int64 [q, count]; -1 where there are fewer."""

    def _looked(self, asked: Asked) -> Asked:
        """Return what is asked with the lists nearest to each query, where there are lists."""
        return asked

    def _shares(self, asked: Asked) -> Sequence[float]:
        """Return what share of the rows near each query is allowed."""
        return [1.0] * len(asked.queries)


def _depth(k: int) -> float:
    """Return the share at which the tenth row that is allowed lies as deep as the k-th of all."""
    return min(1.0, TUNED_AT / k)

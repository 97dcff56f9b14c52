"""An index that was built earlier, joined with the rows that were added or removed since."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from ..arrays import Allowed, Answer, Embeddings, Ids
from .base import VectorIndex
from .exact import best, join, nearest
from .kinds.half import HalfIndex
from .selection import Selection

_FEW_LOST = 64


class LayeredIndex:
    """A built index whose lost rows are masked, beside the rows that are newer than it.

    It is never changed and changes nothing: every state of a space gets one of its own, over the
    same built index.
    """

    def __init__(self, base: VectorIndex, base_places: Ids, tail: Embeddings, places: Ids) -> None:
        """Join a built index and newer rows.

        Args:
            base: the built index.
            base_places: int64 [len(base)], the present place of its rows, -1 of lost ones.
            tail: float32 [t, dim], the newer rows.
            places: int64 [t], their places.
        """
        self.base = base
        self._base_places = base_places
        self._tail = np.ascontiguousarray(tail)
        self._tail_places = places
        self._alive = base_places >= 0
        self._lost = int(np.count_nonzero(~self._alive))
        self._chosen: WeakKeyDictionary[Selection, Selection] = WeakKeyDictionary()

    @property
    def kind(self) -> str:
        """That of the built index."""
        return self.base.kind

    @property
    def changes(self) -> int:
        """How many rows came or went since the index was built."""
        return self._lost + len(self._tail)

    def __len__(self) -> int:
        return len(self.base) - self._lost + len(self._tail)

    @cached_property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim], put together when first asked for."""
        rows = np.empty((len(self), self._tail.shape[1]), np.float32)
        rows[self._base_places[self._alive]] = self.base.vectors[self._alive]
        rows[self._tail_places] = self._tail
        return rows

    def rows(self, places: Ids) -> Embeddings:
        """Return some of the rows, float32 [m, dim]."""
        origin = self._origin[places]
        newer = origin >= len(self.base)
        rows = np.empty((len(places), self._tail.shape[1]), np.float32)
        rows[~newer] = self.base.rows(origin[~newer])
        rows[newer] = self._tail[origin[newer] - len(self.base)]
        return rows

    @cached_property
    def _origin(self) -> Ids:
        """Where every row is: in the built index, or that many rows after it in the tail."""
        origin = np.empty(len(self), np.int64)
        origin[self._base_places[self._alive]] = np.flatnonzero(self._alive)
        origin[self._tail_places] = len(self.base) + np.arange(len(self._tail))
        return origin

    def moved(self, places: Ids, fresh: Embeddings, fresh_places: Ids) -> LayeredIndex:
        """Return the index of a later state; see `moved`."""
        known = np.append(places, -1)  # the last one is for rows that are gone already
        tail_places = places[self._tail_places]
        kept = tail_places >= 0
        return LayeredIndex(
            self.base,
            known[self._base_places],
            np.concatenate([self._tail[kept], fresh]),
            np.concatenate([tail_places[kept], fresh_places]),
        )

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, np.float32)
        chosen = Selection.of(allowed)
        built = self._search_built(queries, k, chosen)
        in_tail = None if chosen is None else chosen.allowed[self._tail_places]
        scores, ids = nearest(self._tail, queries, k, in_tail)
        k = min(k, built[0].shape[1] + scores.shape[1])
        return join(built, (scores, self._tail_places[ids]), k)

    def _search_built(self, queries: Embeddings, k: int, chosen: Selection | None) -> Answer:
        if chosen is None and 0 < self._lost <= _FEW_LOST and not isinstance(self.base, HalfIndex):
            # Even if all lost rows are among the best, k + lost hits hold k living ones. The
            # lists of a derived space skip lost rows at no cost.
            scores, ids = self.base.search(queries, k + self._lost)
            places = self._base_places[ids]
            scores = np.where(places < 0, np.float32(-np.inf), scores)
            return best(scores, places, min(k, len(self.base) - self._lost))
        scores, ids = self.base.search(queries, k, self._in_base(chosen))
        return scores, self._base_places[ids]

    def _in_base(self, chosen: Selection | None) -> Selection | None:
        """Return which rows of the built index may be returned, kept as long as the filter."""
        if chosen is None:
            return self._living if self._lost else None
        if chosen not in self._chosen:
            allowed = chosen.allowed[self._base_places] & self._alive
            self._chosen[chosen] = Selection(allowed)
        return self._chosen[chosen]

    @cached_property
    def _living(self) -> Selection:
        return Selection(self._alive)


def bring_up_to_date(
    base: VectorIndex, covered: Ids, present: Ids, read: Callable[[Ids], Embeddings]
) -> VectorIndex:
    """Return an index over the present rows of a space, made of one that was built before.

    Args:
        base: the built index.
        covered: int64 [len(base)], the sequence numbers of its rows.
        present: int64 [n], the sequence numbers of the present rows, in their order. A row that
            changed has a new number; numbers are never used twice.
        read: gives the vectors, float32 [m, dim], of places among the present rows, int64 [m].
    """
    if np.array_equal(covered, present):
        return base
    _, then, now = np.intersect1d(covered, present, assume_unique=True, return_indices=True)
    places = np.full(len(covered), -1, np.int64)
    places[then] = now
    fresh = np.setdiff1d(np.arange(len(present)), now, assume_unique=True)
    return LayeredIndex(base, places, read(fresh), fresh)


def moved(index: VectorIndex, places: Ids, fresh: Embeddings, fresh_places: Ids) -> LayeredIndex:
    """Return an index over a later state of the rows of an index.

    Args:
        index: of the earlier state.
        places: int64 [len(index)], where its rows are now, -1 of those that are gone.
        fresh: float32 [m, dim], the rows that are new.
        fresh_places: int64 [m], where they are.
    """
    if isinstance(index, LayeredIndex):
        return index.moved(places, fresh, fresh_places)
    return LayeredIndex(index, places, fresh, fresh_places)

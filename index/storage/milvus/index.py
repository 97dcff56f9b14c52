"""Search in a Milvus, with exact scores under any filter, as every index answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ...arrays import Allowed, Answer, Embeddings, Ids, places_in
from ...database.vector_store import Read
from ...vectors import faiss_calls as library
from ...vectors.exact import best, join, nearest
from ...vectors.selection import Selection

Found = list[tuple[Embeddings, Ids]]
Ask = Callable[[Embeddings, int, Ids | None], Found]

_FEW = 32  # up to so many rows are read and compared, without a search
_MOST_LISTED = 8192  # rows that one filter names
_TIE = 4e-6  # far above the error of a float32 product of unit rows


class MilvusIndex:
    """The rows of one state of a space, in a Milvus that may hold others too.

    The Milvus proposes; what it proposes is looked up among the rows of the state, read back,
    compared with its checksum and scored here. Where it proposes too few, more are asked for.
    """

    kind = "milvus"

    def __init__(self, ask: Ask, read: Read, seqs: Ids, *, most: int) -> None:
        """Join a Milvus and the rows of a state.

        Args:
            ask: gives cosines and sequence numbers for (queries, limit, sequence numbers that are
                wanted or None for all), best first.
            read: gives checked vectors by sequence numbers.
            seqs: int64 [n], the sequence numbers of the rows, in the order of the places.
            most: the largest limit.
        """
        self._ask = ask
        self._read = read
        self._seqs = seqs
        self._most = most
        self._order = np.argsort(seqs)
        self._sorted = seqs[self._order]

    def __len__(self) -> int:
        return len(self._seqs)

    @cached_property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim], read when first asked for."""
        return self._read(self._seqs)

    def rows(self, places: Ids) -> Embeddings:
        """Return some of the rows, float32 [m, dim], read when asked for."""
        return self._read(self._seqs[places])

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return exact cosines and ids, best first; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, np.float32)
        chosen = Selection.of(allowed)
        places = np.arange(len(self)) if chosen is None else np.flatnonzero(chosen.allowed)
        k = min(k, len(places))
        if not k or not len(queries):
            return library.empty_answer(len(queries), k)
        if len(places) > max(_FEW, min(_MOST_LISTED, len(self) // 2)):
            proposed = self._widening(queries, k, places)
            if proposed is not None:
                return self._scored(queries, proposed, k)
        answer = self._among(queries, k, places[:_MOST_LISTED])
        for start in range(_MOST_LISTED, len(places), _MOST_LISTED):
            part = self._among(queries, k, places[start : start + _MOST_LISTED])
            answer = join(answer, part, min(k, answer[0].shape[1] + part[0].shape[1]))
        return answer

    def _among(self, queries: Embeddings, k: int, places: Ids) -> Answer:
        """Search few enough places to name them; where the Milvus misses some, read them all."""
        if len(places) > _FEW:
            proposed = self._widening(queries, k, places, listed=True)
            if proposed is not None:
                return self._scored(queries, proposed, min(k, len(places)))
        scores, ids = nearest(self._read(self._seqs[places]), queries, k)
        return scores, places[ids]

    def _widening(
        self, queries: Embeddings, k: int, places: Ids, *, listed: bool = False
    ) -> list[Ids] | None:
        """Return places for each query that hold its k best; None where the Milvus finds too few.

        Args:
            queries: float32 [q, dim].
            k: how many are wanted.
            places: those that are allowed, ascending.
            listed: whether to name them to the Milvus.
        """
        allowed = np.zeros(len(self), bool)
        allowed[places] = True
        share = 1.0 if listed else len(places) / len(self)
        limit = min(int((k + 8) / share * 1.25), self._most)
        while True:
            found = self._ask(queries, limit, self._seqs[places] if listed else None)
            kept = [self._known(scores, seqs, allowed) for scores, seqs in found]
            proposed = [_settled(scores, ids, k, len(places)) for scores, ids in kept]
            settled = [ids for ids in proposed if ids is not None]
            if len(settled) == len(queries):
                return settled
            if limit == self._most or limit > 2 * len(self):
                return None
            limit = min(4 * limit, self._most)

    def _known(self, scores: Embeddings, seqs: Ids, allowed: Allowed) -> tuple[Embeddings, Ids]:
        """Return hits as places, each once, without those in no allowed row of this state."""
        at, there = places_in(self._sorted, seqs)
        places = self._order[at]
        wanted = there & allowed[places]
        first = np.sort(np.unique(places[wanted], return_index=True)[1])
        return scores[wanted][first], places[wanted][first]

    def _scored(self, queries: Embeddings, proposed: list[Ids], k: int) -> Answer:
        """Read what was proposed, and rank it by exact cosines."""
        different = np.unique(np.concatenate(proposed))
        rows = np.ascontiguousarray(self._read(self._seqs[different]))
        at = np.full((len(proposed), max(len(places) for places in proposed)), -1, np.int64)
        for line, places in zip(at, proposed, strict=True):
            line[: len(places)] = np.searchsorted(different, places)
        scores = library.score(rows, queries, at)
        return best(scores, different[at], k)


def _settled(scores: Embeddings, places: Ids, k: int, allowed: int) -> Ids | None:
    """Return the places of hits that can be among the k best; None where more may follow.

    Hits that score alike to within rounding are all kept: their order is that of their places.
    """
    if len(places) == allowed:
        return places
    if len(places) <= k:
        return None
    kept = int(np.count_nonzero(scores >= scores[k - 1] - _TIE))
    return places[:kept] if kept < len(places) else None

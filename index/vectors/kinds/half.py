"""Inverted lists of rows at half precision, which keep nothing else: for spaces that are derived.

A tuned space of a large gallery can be made again from the encoder's vectors at any time, so its
rows are kept once, in lists (Jégou, Douze & Schmid 2011), at two bytes a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...arrays import Allowed, Answer, Embeddings, Ids
from .. import faiss_calls as library
from ..base import Card, Parts
from ..selection import Selection
from .tuning import TARGET, recall

_TRAIN_PER_LIST, _ROUNDS = 40, 6
_FEWEST_LISTS = 16
_BLOCK = 1 << 15
_ASKING, _ASKED_FOR = 64, 24  # rows that look for so many neighbours when the index is tuned
_WIDER = 4  # times as many lists tell whether a filter hides what lies further off
_PROBES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


class HalfIndex:
    """About √n lists of float16 rows. Cosines are of these rows, off by about 1e-5."""

    kind: ClassVar[str] = "half"

    def __init__(self, lists: Any, probes: int, reached: float) -> None:
        self._lists = lists
        self._probes = probes
        self._reached = reached
        self._kept: Parts = {}

    @classmethod
    def build(cls, count: int, read: Callable[[Ids], Embeddings]) -> HalfIndex:
        """Index rows that are made a block at a time, and choose how many lists to look through.

        Args:
            count: how many rows, at least 1,000.
            read: gives the unit rows, float32 [m, dim], of places, int64 [m].
        """
        number = max(_FEWEST_LISTS, 2 ** round(np.log2(np.sqrt(count))))
        drawn = np.random.default_rng(0).permutation(count)
        sample = read(np.sort(drawn[: _TRAIN_PER_LIST * number]))
        lists = library.new_index(sample.shape[1], f"IVF{number},SQfp16")
        lists.cp.niter = _ROUNDS
        lists.cp.min_points_per_centroid = 1
        library.let_blas_multiply(sample.shape[1])
        library.use_threads(count)
        lists.train(sample)
        for start in range(0, count, _BLOCK):
            library.use_threads(count)  # whoever reads may have set them otherwise
            lists.add(read(np.arange(start, min(start + _BLOCK, count))))
        lists.make_direct_map()
        return cls(lists, *_tuned(lists, drawn[-_ASKING:]))

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> HalfIndex:
        """Read what `card` and `parts` gave; the caller has verified it."""
        index = cls(library.from_bytes(parts["lists"]), card["probes"], card["recall"])
        index._kept = parts  # FAISS goes on reading the lists there
        return index

    @property
    def parts(self) -> Parts:
        """The lists in FAISS's format."""
        return {"lists": library.to_bytes(self._lists)}

    @property
    def card(self) -> Card:
        """How many lists a search looks through, and its recall when that was chosen."""
        return {"lists": self._lists.nlist, "probes": self._probes, "recall": self._reached}

    def __len__(self) -> int:
        return int(self._lists.ntotal)

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim], made of the lists."""
        return self.rows(np.arange(len(self)))

    def rows(self, places: Ids) -> Embeddings:
        """Return some rows, float32 [m, dim]."""
        library.use_threads(1)
        return library.reconstructed(self._lists, places)

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return cosines and ids, best first; see `VectorIndex.search`.

        The fewer rows are allowed and the more are wanted, the more lists are looked through; all
        of them where too few rows turn up.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        chosen = Selection.of(allowed)
        count = len(self) if chosen is None else chosen.count
        k = min(k, count)
        if k == 0 or not len(queries):
            return library.empty_answer(len(queries), k)
        library.use_threads(len(queries))
        deeper = max(1.0, k / _ASKED_FOR) ** 2 * len(self) / count  # rows lie ever more scattered
        probes = min(self._lists.nlist, int(np.ceil(self._probes * deeper)))
        scores, ids = _look(self._lists, queries, k, probes, chosen)
        open_ones = ids[:, -1] < 0
        if chosen is not None and probes < self._lists.nlist:
            # What a filter leaves may lie anywhere: where more lists give other rows, all are
            # looked through.
            wider = _look(self._lists, queries, k, min(self._lists.nlist, _WIDER * probes), chosen)
            open_ones |= (wider[1] != ids).any(axis=1)
        if open_ones.any():
            scores[open_ones], ids[open_ones] = _look(
                self._lists, queries[open_ones], k, self._lists.nlist, chosen
            )
        return np.clip(scores, -1, 1), ids


def _look(lists: Any, queries: Embeddings, k: int, probes: int, chosen: Selection | None) -> Answer:
    selector = None if chosen is None else chosen.selector
    return library.search(lists, queries, k, library.parameters("IVF", nprobe=probes, sel=selector))


def _tuned(lists: Any, asking: Ids) -> tuple[int, float]:
    """Return the fewest lists in which queries find what they find in all, and that share.

    Half of the queries lie between two rows, as what belongs to no class does.
    """
    rows = library.reconstructed(lists, asking)
    between = rows + np.roll(rows, 1, axis=0)
    between /= np.maximum(np.linalg.norm(between, axis=1, keepdims=True), 1e-6)
    queries = np.concatenate([rows, between])
    library.use_threads(len(queries))
    k = min(_ASKED_FOR, lists.ntotal)
    truth = _look(lists, queries, k, lists.nlist, None)[1]
    for probes in (*(p for p in _PROBES if p < lists.nlist), lists.nlist):
        found, error = recall(_look(lists, queries, k, probes, None)[1], truth)
        if found - error >= TARGET:
            return probes, found
    return lists.nlist, 1.0

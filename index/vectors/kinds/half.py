"""Rows at half precision behind codes in inverted lists: for spaces that are derived.

A tuned space of a large gallery can be made again from the encoder's vectors at any time, so its
rows are kept at two bytes a number. Codes propose which of them are compared: an inverted file of
4-bit product-quantised codes (Jégou, Douze & Schmid 2011; André, Kermarrec & Le Scouarnec 2015),
so that a search reads a tenth of what it would read of the rows of the same lists.
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
_SUBSPACES, _CODES = (4, 2, 1), 8  # dimensions that share one 4-bit code, and a row's fewest codes
_BLOCK = 1 << 15
_ASKING, _ASKED_FOR = 64, 24  # rows that look for so many neighbours when the index is tuned
_WIDER = 4  # times as many lists tell whether a filter hides what lies further off
_PROBES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
_FACTORS = (8, 32, 128)  # rows that are compared for each that is wanted


class HalfIndex:
    """About √n lists of codes before float16 rows. Cosines are of these rows, off by about 1e-5."""

    kind: ClassVar[str] = "half"

    def __init__(self, coded: Any, probes: int, factor: int, reached: float) -> None:
        self._coded = coded
        self._probes = probes
        self._factor = factor
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
        dim = sample.shape[1]
        coded = library.new_index(dim, f"IVF{number},PQ{_codes(dim)}x4fs,Refine(SQfp16)")
        lists = library.codes_of(coded)
        lists.by_residual = False  # one table of products serves all lists
        lists.cp.niter = _ROUNDS
        lists.cp.min_points_per_centroid = 1
        library.let_blas_multiply(dim)
        library.train(lists, sample, coded)
        for start in range(0, count, _BLOCK):
            library.use_threads(count)  # whoever reads may have set them otherwise
            coded.add(read(np.arange(start, min(start + _BLOCK, count))))
        return cls(coded, *_tuned(coded, drawn[-_ASKING:]))

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> HalfIndex:
        """Read what `card` and `parts` gave; the caller has verified it."""
        coded = library.from_bytes(parts["lists"])
        index = cls(coded, card["probes"], card["factor"], card["recall"])
        index._kept = parts  # FAISS goes on reading the rows there
        return index

    @property
    def parts(self) -> Parts:
        """The lists and the rows in FAISS's format."""
        return {"lists": library.to_bytes(self._coded)}

    @property
    def card(self) -> Card:
        """How many lists a search looks through and rows it compares for each that is wanted.

        Both are 0 where it compares all. With them, the recall when that was chosen.
        """
        return {
            "lists": library.codes_of(self._coded).nlist,
            "probes": self._probes,
            "factor": self._factor,
            "recall": self._reached,
        }

    def __len__(self) -> int:
        return int(self._coded.ntotal)

    @property
    def vectors(self) -> Embeddings:
        """The indexed rows, float32 [n, dim], made of those that are kept."""
        return self.rows(np.arange(len(self)))

    def rows(self, places: Ids) -> Embeddings:
        """Return some rows, float32 [m, dim]."""
        library.use_threads(1)
        return library.reconstructed(self._coded.refine_index, places)

    def search(
        self, queries: Embeddings, k: int, allowed: Allowed | Selection | None = None
    ) -> Answer:
        """Return cosines and ids, best first; see `VectorIndex.search`.

        The fewer rows are allowed and the more are wanted, the more lists are looked through; all
        allowed rows are compared where too few turn up.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        chosen = Selection.of(allowed)
        count = len(self) if chosen is None else chosen.count
        k = min(k, count)
        if k == 0 or not len(queries):
            return library.empty_answer(len(queries), k)
        library.use_threads(len(queries))
        if not self._probes:
            scores, ids = _compared(self._coded, queries, k, chosen)
            return np.clip(scores, -1, 1), ids
        lists = library.codes_of(self._coded).nlist
        deeper = max(1.0, k / _ASKED_FOR) ** 2 * len(self) / count  # rows lie ever more scattered
        probes = min(lists, int(np.ceil(self._probes * deeper)))
        scores, ids = _look(self._coded, queries, k, (probes, self._factor), chosen)
        open_ones = ids[:, -1] < 0
        if chosen is not None and probes < lists:
            # What a filter leaves may lie anywhere: where more lists give other rows, all are
            # compared.
            effort = (min(lists, _WIDER * probes), self._factor)
            wider = _look(self._coded, queries, k, effort, chosen)
            open_ones |= (wider[1] != ids).any(axis=1)
        if open_ones.any():
            scores[open_ones], ids[open_ones] = _compared(
                self._coded, queries[open_ones], k, chosen
            )
        return np.clip(scores, -1, 1), ids


def _codes(dim: int) -> int:
    """Return how many codes a row of so many dimensions has: all stand for as many of them.

    >>> _codes(512), _codes(24), _codes(7)
    (128, 12, 7)
    """
    together = (n for n in _SUBSPACES if dim % n == 0 and dim // n >= _CODES)
    return dim // next(together, 1)


def _look(
    coded: Any, queries: Embeddings, k: int, effort: tuple[int, int], chosen: Selection | None
) -> Answer:
    """Compare rows that the codes of some lists propose.

    Args:
        effort: lists to look through, and rows to compare for each that is wanted.
    """
    selector = None if chosen is None else chosen.selector
    probes, factor = effort
    return library.search(coded, queries, k, library.refined(probes, factor, selector))


def _compared(coded: Any, queries: Embeddings, k: int, chosen: Selection | None) -> Answer:
    """Compare every allowed row."""
    selector = None if chosen is None else chosen.selector
    return library.search(coded.refine_index, queries, k, library.parameters("", sel=selector))


def _tuned(coded: Any, asking: Ids) -> tuple[int, int, float]:
    """Return the least effort by which queries find what they find among all, and that share.

    Half of the queries lie between two rows, as what belongs to no class does. Where the codes tell
    too little, all rows are compared, and the effort is 0.
    """
    rows = library.reconstructed(coded.refine_index, asking)
    between = rows + np.roll(rows, 1, axis=0)
    between /= np.maximum(np.linalg.norm(between, axis=1, keepdims=True), 1e-6)
    queries = np.concatenate([rows, between])
    library.use_threads(len(queries))
    k = min(_ASKED_FOR, coded.ntotal)
    truth = _compared(coded, queries, k, None)[1]
    lists = library.codes_of(coded).nlist
    for factor in _FACTORS:
        for probes in (*(p for p in _PROBES if p < lists), lists):
            found, error = recall(_look(coded, queries, k, (probes, factor), None)[1], truth)
            if found - error >= TARGET:
                return probes, factor, found
    return 0, 0, 1.0

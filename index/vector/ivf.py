"""Inverted lists of 4-bit product-quantised codes; candidates are scored again from the rows.

Jégou, Douze & Schmid 2011 (inverted file, product quantisation); André, Kermarrec & Le Scouarnec
2015 (the codes are compared inside vector registers: FAISS calls it fast scan).
"""

from __future__ import annotations

from typing import Any, ClassVar

import faiss
import numpy as np
from numpy.typing import NDArray

from . import library
from .base import Allowed, Card, Embeddings, Ids, Parts
from .coded import AGAIN, EXACT, CodedIndex
from .tuning import TUNED_AT, Level, Plan, held_out

_SUBSPACE, _CODES = 4, 8  # dimensions that share one 4-bit code, and the fewest codes of a row
_TRAIN_PER_LIST, _ROUNDS = 32, 6  # k-means: more rows or rounds cost much and bring little
_BLOCK = 1 << 16
_SHARES = (1.0, 0.5, 0.1, 0.02)
_FACTORS = (10, 15, 20, 30, 40, 80)
_SPARE = 10  # half precision may swap neighbours whose cosines differ by less than 0.0001
_SAMPLED, _NEAR_LISTS = 16, 32  # rows a list and lists that tell the share near a query


class IvfIndex(CodedIndex):
    """An inverted file of about 4 √n lists; a search compares the codes of the nearest lists.

    The candidates are ranked at half precision, which reads half the memory; the best of them and a
    few more are scored at full precision.
    """

    kind: ClassVar[str] = "ivf"

    def __init__(self, vectors: Embeddings, codes: Any, levels: tuple[Level, ...]) -> None:
        super().__init__(vectors, codes, levels)
        self._sample: Ids | None = None
        self._ranked: Any = None

    @classmethod
    def build(cls, vectors: Embeddings) -> IvfIndex:
        """Index unit rows, float32 [n, dim], and tune the index."""
        index = super().build(vectors)
        if index._codes is not None:
            index._complete(_sample(index._codes), _halves(index._vectors, index._codes.d))
        return index

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> IvfIndex:
        """Read what `card` and `parts` gave; the caller has verified it."""
        index = super().from_parts(card, parts)
        if index._codes is not None:
            index._complete(parts["sample"], library.from_bytes(parts["halves"]))
        return index

    @property
    def parts(self) -> Parts:
        """The vectors, the codes, the vectors at half precision, and a few rows of every list."""
        parts: dict[str, NDArray[Any]] = dict(super().parts)
        if self._sample is not None:
            halves = library.to_bytes(self._ranked.refine_index)
            parts |= {"halves": halves, "sample": self._sample}
        return parts

    def _complete(self, sample: Ids, halves: faiss.Index) -> None:
        self._sample = sample
        self._ranked = faiss.IndexRefine(self._codes, halves)

    @staticmethod
    def _encode(vectors: Embeddings) -> faiss.Index:
        n, dim = vectors.shape
        lists = 2 ** round(np.log2(4 * np.sqrt(n)))
        together = max(1, min(_SUBSPACE, dim // _CODES))
        codes = -(-dim // together)
        recipe = f"IVF{lists},PQ{codes}x4fs"
        index = faiss.index_factory(codes * together, recipe, faiss.METRIC_INNER_PRODUCT)
        index.cp.niter = _ROUNDS
        index.cp.max_points_per_centroid = _TRAIN_PER_LIST
        index.cp.min_points_per_centroid = 1
        others = np.setdiff1d(np.arange(n), held_out(n), assume_unique=True)
        chosen = np.random.default_rng(0).permutation(others)[: _TRAIN_PER_LIST * lists]
        library.train(index, _padded(vectors[np.sort(chosen)], index.d))
        for start in range(0, n, _BLOCK):
            index.add(_padded(vectors[start : start + _BLOCK], index.d))
        return index

    def _plan(self) -> Plan:
        lists = int(self._codes.nlist)
        a_list = len(self) / float(lists)

        def cost(probes: int, factor: int) -> float:
            return EXACT * lists + probes * a_list + AGAIN * TUNED_AT * factor

        return Plan(_probes(lists), _FACTORS, _SHARES, cost)

    def _find(self, queries: Embeddings, effort: int, count: int, allowed: Allowed | None) -> Ids:
        selector = None if allowed is None else library.bitmap(allowed)
        parameters = faiss.SearchParametersIVF(nprobe=effort, sel=selector)
        return library.search(self._codes, _padded(queries, self._codes.d), count, parameters)[1]

    def _candidates(
        self, queries: Embeddings, level: Level, k: int, allowed: Allowed | None
    ) -> Ids:
        kept, count = k + _SPARE, max(k, TUNED_AT) * level.factor
        selector = None if allowed is None else library.bitmap(allowed)
        parameters = faiss.IndexRefineSearchParameters(
            k_factor=max(1.0, count / kept),
            base_index_params=faiss.SearchParametersIVF(nprobe=level.effort, sel=selector),
        )
        return library.search(self._ranked, _padded(queries, self._codes.d), kept, parameters)[1]

    def _shares(self, queries: Embeddings, allowed: Allowed) -> NDArray[np.float64]:
        assert self._sample is not None
        near = min(_NEAR_LISTS, len(self._sample))
        lists = library.search(self._codes.quantizer, _padded(queries, self._codes.d), near, None)[
            1
        ]
        rows = self._sample[lists].reshape(len(queries), near * _SAMPLED)
        drawn = rows >= 0
        shares: NDArray[np.float64] = (allowed[rows] & drawn).sum(1) / drawn.sum(1)
        return shares


def _probes(lists: int) -> list[int]:
    """Return 1, 2, 3, 4, 6, 8, 12 … and at last the number of lists.

    >>> _probes(16)
    [1, 2, 3, 4, 6, 8, 12, 16]
    """
    powers = [2**power for power in range(lists.bit_length())]
    return sorted({*powers, *(3 * power for power in powers if 3 * power < lists)})


def _padded(vectors: Embeddings, width: int) -> Embeddings:
    """Append zeros until the dimensions come in whole subspaces; products stay the same."""
    missing = width - vectors.shape[1]
    return np.pad(vectors, ((0, 0), (0, missing))) if missing else vectors


def _halves(vectors: Embeddings, width: int) -> faiss.Index:
    """Return the vectors at half precision."""
    halves = faiss.index_factory(width, "SQfp16", faiss.METRIC_INNER_PRODUCT)
    for start in range(0, len(vectors), _BLOCK):
        halves.add(_padded(vectors[start : start + _BLOCK], width))
    return halves


def _sample(codes: faiss.Index) -> Ids:
    """Return the first rows of every list, int64 [lists, 16], padded with -1."""
    sample = np.full((codes.nlist, _SAMPLED), -1, np.int64)
    for number in range(codes.nlist):
        size = min(codes.invlists.list_size(number), _SAMPLED)
        if size:
            sample[number, :size] = faiss.rev_swig_ptr(codes.invlists.get_ids(number), size)
    return sample

"""Inverted lists of 4-bit product-quantised codes; candidates are scored again from the rows.

Jégou, Douze & Schmid 2011 (inverted file, product quantisation); André, Kermarrec & Le Scouarnec
2015 (the codes are compared inside vector registers: FAISS calls it fast scan).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ...arrays import Embeddings, Ids
from .. import faiss_calls as library
from ..base import Card, Parts
from ..selection import Asked
from .coded import AGAIN, CodedIndex
from .tuning import TUNED_AT, Level, Plan, held_out

_SUBSPACE, _CODES = 2, 8  # dimensions that share one 4-bit code, and the fewest codes of a row
_TRAIN_PER_LIST, _ROUNDS = 20, 4  # k-means: more rows or rounds cost much and bring little
_MANY_LISTS = 1024  # from here on the nearest lists are found by codes too
_LIST_SUBSPACE, _LIST_FACTOR = 4, 4  # dimensions a code, and lists per probe scored again
_BLOCK = 1 << 16
_SHARES = (1.0, 0.5, 0.1, 0.02, 0.005)
_FACTORS = (5, 7, 10, 15, 20, 30, 40, 60, 80)
_SAMPLED, _NEAR_LISTS = 16, 32  # rows a list and lists that tell the share near a query


class IvfIndex(CodedIndex):
    """An inverted file of about 4 √n lists; a search compares the codes of the nearest lists."""

    kind: ClassVar[str] = "ivf"

    def __init__(self, vectors: Embeddings, codes: Any, levels: tuple[Level, ...]) -> None:
        super().__init__(vectors, codes, levels)
        self._sample: Ids | None = None

    @classmethod
    def build(cls, vectors: Embeddings) -> IvfIndex:
        """Index unit rows, float32 [n, dim], and tune the index."""
        index = super().build(vectors)
        if index._codes is not None:
            index._sample = _sample(index._codes)
        return index

    @classmethod
    def from_parts(cls, card: Card, parts: Parts) -> IvfIndex:
        """Read what `card` and `parts` gave; the caller has verified it."""
        index = super().from_parts(card, parts)
        index._sample = parts.get("sample")
        return index

    @property
    def parts(self) -> Parts:
        """The vectors, the codes, and a few rows of every list."""
        sample = {} if self._sample is None else {"sample": self._sample}
        return {**super().parts, **sample}

    @staticmethod
    def _encode(vectors: Embeddings) -> library.Index:
        n, dim = vectors.shape
        lists = 2 ** round(np.log2(4 * np.sqrt(n)))
        together = max(1, min(_SUBSPACE, dim // _CODES))
        codes = -(-dim // together)
        recipe = f"IVF{lists},PQ{codes}x4fs"
        index = library.new_index(codes * together, recipe)
        index.by_residual = True  # codes of what a centroid leaves over are finer, and cost no more
        index.cp.niter = _ROUNDS
        index.cp.max_points_per_centroid = _TRAIN_PER_LIST
        index.cp.min_points_per_centroid = 1
        others = np.setdiff1d(np.arange(n), held_out(n), assume_unique=True)
        chosen = np.random.default_rng(0).permutation(others)[: _TRAIN_PER_LIST * lists]
        library.train(index, _padded(vectors[np.sort(chosen)], index.d))
        for start in range(0, n, _BLOCK):
            index.add(_padded(vectors[start : start + _BLOCK], index.d))
        if lists >= _MANY_LISTS:
            library.replace_quantizer(index, _coded(index.quantizer))
        return index

    def _plan(self) -> Plan:
        lists = int(self._codes.nlist)
        a_list = len(self) / float(lists)

        def cost(probes: int, factor: int) -> float:
            return lists + probes * a_list + AGAIN * TUNED_AT * factor

        return Plan(_probes(lists), _FACTORS, _SHARES, cost)

    def _find(self, asked: Asked, effort: int, count: int) -> Ids:
        selector = None if asked.chosen is None else asked.chosen.selector
        parameters = library.parameters("IVF", nprobe=effort, sel=selector)
        queries = _padded(asked.queries, self._codes.d)
        if asked.near is None or effort > asked.near[1].shape[1]:
            return library.search(self._codes, queries, count, parameters)[1]
        return library.search_lists(self._codes, queries, count, asked.near, parameters)[1]

    def _looked(self, asked: Asked) -> Asked:
        lists = min(_NEAR_LISTS, self._codes.nlist)
        queries = _padded(asked.queries, self._codes.d)
        return asked._replace(near=library.search(self._codes.quantizer, queries, lists, None))

    def _shares(self, asked: Asked) -> Sequence[float]:
        assert self._sample is not None
        assert asked.near is not None
        assert asked.chosen is not None
        lists = asked.near[1]
        rows = self._sample[lists].reshape(len(lists), lists.shape[1] * _SAMPLED)
        drawn = rows >= 0
        shares: list[float] = ((asked.chosen.allowed[rows] & drawn).sum(1) / drawn.sum(1)).tolist()
        return shares


def _probes(lists: int) -> list[int]:
    """Return numbers of lists to try, each up to a quarter more than the last.

    >>> _probes(16)
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16]
    """
    powers = [2**power for power in range(lists.bit_length())]
    tried = {power * quarters // 4 for power in powers for quarters in (4, 5, 6, 7)}
    return sorted(probes for probes in tried if probes <= lists)


def _padded(vectors: Embeddings, width: int) -> Embeddings:
    """Append zeros until the dimensions come in whole subspaces; products stay the same."""
    missing = width - vectors.shape[1]
    return np.pad(vectors, ((0, 0), (0, missing))) if missing else vectors


def _coded(centroids: library.Index) -> library.Index:
    """Return the same centroids behind codes: the nearest are found in a third of the time."""
    rows = centroids.reconstruct_n(0, centroids.ntotal)
    together = _LIST_SUBSPACE if centroids.d % _LIST_SUBSPACE == 0 else 1
    recipe = f"PQ{centroids.d // together}x4fs,RFlat"
    coded = library.new_index(centroids.d, recipe)
    coded.k_factor = _LIST_FACTOR
    library.use_threads(1)
    coded.train(rows)
    coded.add(rows)
    return coded


def _sample(codes: library.Index) -> Ids:
    """Return the first rows of every list, int64 [lists, 16], padded with -1."""
    sample = np.full((codes.nlist, _SAMPLED), -1, np.int64)
    for number in range(codes.nlist):
        size = min(codes.invlists.list_size(number), _SAMPLED)
        if size:
            ids = codes.invlists.get_ids(number)
            sample[number, :size] = library.faiss().rev_swig_ptr(ids, size)
    return sample

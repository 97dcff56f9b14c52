"""A navigable small-world graph over fp16 codes: on request only.

Malkov & Yashunin 2018. It takes up to 30 times longer to build than `ivf`, and a filter cuts its
paths, so a filtered search compares all allowed rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

import numpy as np

from ...arrays import Embeddings, Ids
from .. import faiss_calls as library
from ..selection import Asked
from .coded import CodedIndex
from .tuning import Plan, held_out

_NEIGHBOURS, _BUILD_EFFORT = 32, 128
_EFFORTS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048)
_STEP = 75  # what visiting one node costs, in units of one 4-bit code


class HnswIndex(CodedIndex):
    """A graph of 32 neighbours a node."""

    kind: ClassVar[str] = "hnsw"

    @classmethod
    def build(cls, vectors: Embeddings) -> HnswIndex:
        """Index unit rows, float32 [n, dim], and tune the index."""
        index = super().build(vectors)
        if index._codes is not None:  # those that asked while it was tuned join at last
            index._codes.add(index._vectors[held_out(len(index))])
        return index

    @staticmethod
    def _encode(vectors: Embeddings) -> library.Index:
        recipe = f"HNSW{_NEIGHBOURS},SQfp16"
        index = library.new_index(vectors.shape[1], recipe)
        index.hnsw.efConstruction = _BUILD_EFFORT
        index.train(vectors)
        index.add(vectors[_order(len(vectors))[: -len(held_out(len(vectors)))]])
        return index

    def _plan(self) -> Plan:
        return Plan(_EFFORTS, (2,), (1.0,), lambda effort, _: _STEP * effort)

    def _find(self, asked: Asked, effort: int, count: int) -> Ids:
        parameters = library.parameters("HNSW", efSearch=max(effort, count))
        found = library.search(self._codes, asked.queries, count, parameters)[1]
        return np.where(found < 0, -1, _order(len(self))[found])

    def _shares(self, asked: Asked) -> Sequence[float]:
        return [0.0] * len(asked.queries)


@lru_cache(maxsize=8)
def _order(count: int) -> Ids:
    """Return the rows in the order in which they join the graph: those that tune it come last."""
    held = held_out(count)
    others = np.setdiff1d(np.arange(count), held, assume_unique=True)
    return np.concatenate([others, held])

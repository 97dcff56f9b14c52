"""Every vector compared by a shorter code: half precision, or 8 bits a dimension."""

from __future__ import annotations

from typing import ClassVar

from ...arrays import Embeddings, Ids
from .. import faiss_calls as library
from ..selection import Asked
from .coded import CodedIndex
from .tuning import Plan

_STEP = 2  # what comparing one row costs, in units of one 4-bit code


class Flat16Index(CodedIndex):
    """All rows compared at half precision; the best are scored again at full precision."""

    kind: ClassVar[str] = "flat16"
    code: ClassVar[str] = "SQfp16"

    @classmethod
    def _encode(cls, vectors: Embeddings) -> library.Index:
        index = library.new_index(vectors.shape[1], cls.code)
        index.train(vectors)
        index.add(vectors)
        return index

    def _plan(self) -> Plan:
        return Plan((1,), (10, 20, 40), (1.0,), lambda _, factor: _STEP * len(self))

    def _find(self, asked: Asked, effort: int, count: int) -> Ids:
        selector = None if asked.chosen is None else asked.chosen.selector
        parameters = library.parameters("", sel=selector)
        return library.search(self._codes, asked.queries, count, parameters)[1]


class Sq8Index(Flat16Index):
    """All rows compared by 8 bits a dimension; the best are scored again at full precision."""

    kind: ClassVar[str] = "sq8"
    code: ClassVar[str] = "SQ8"

"""The rows that a search may return, and the questions that an index with codes gets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Allowed, Answer, Embeddings
from .faiss_calls import bitmap_selector


class Selection:
    """The rows that a search may return, as FAISS takes them: one bit each.

    Attributes:
        allowed: bool [n].
        count: how many they are.
        selector: the same for FAISS.
    """

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        # Counting bits takes a third of the time of counting bools.
        bits = np.packbits(allowed, bitorder="little")
        words = bits[: len(bits) // 8 * 8].view(np.uint64)
        rest = bits[len(bits) // 8 * 8 :]
        self.count = int(np.bitwise_count(words).sum() + np.bitwise_count(rest).sum())
        self.selector = bitmap_selector(bits)

    @classmethod
    def of(cls, allowed: Allowed | Selection | None) -> Selection | None:
        """Return a selection of allowed rows, None where all are."""
        return cls(allowed) if isinstance(allowed, np.ndarray) else allowed


class Asked(NamedTuple):
    """What an index with codes is asked.

    Attributes:
        queries: float32 [q, dim].
        chosen: the rows that may be returned; None for all.
        near: the lists nearest to each query with their scores, once they have been looked up.
    """

    queries: Embeddings
    chosen: Selection | None = None
    near: Answer | None = None

"""Which kind of index a space gets, and why."""

from __future__ import annotations

import numpy as np

from ...arrays import Answer, Embeddings, Ids
from ..base import BuiltIndex, VectorIndex
from ..exact import best
from .flat import FlatIndex
from .hnsw import HnswIndex
from .ivf import IvfIndex
from .scalar import Flat16Index, Sq8Index
from .tuning import TUNED_AT, recall

KINDS: dict[str, type[BuiltIndex]] = {
    kind.kind: kind for kind in (FlatIndex, Flat16Index, IvfIndex, HnswIndex, Sq8Index)
}
AUTO = "auto"
MOST_FLAT = 50_000  # up to here exact search takes a few milliseconds at 512 dimensions


def choose_kind(count: int, wanted: str = AUTO) -> tuple[str, str]:
    """Return the kind of index for so many vectors, and one sentence that says why.

    >>> choose_kind(2_000)
    ('flat', 'flat, because up to 50,000 vectors exact search takes a few milliseconds')
    >>> choose_kind(2_000, "hnsw")
    ('hnsw', 'hnsw, because HOLOTYPE_INDEX_KIND asks for it')
    """
    if wanted != AUTO:
        return wanted, f"{wanted}, because HOLOTYPE_INDEX_KIND asks for it"
    if count <= MOST_FLAT:
        return "flat", (
            f"flat, because up to {MOST_FLAT:,} vectors exact search takes a few milliseconds"
        )
    return "ivf", (
        f"ivf, because beyond {MOST_FLAT:,} vectors inverted lists are many times faster "
        "than exact search"
    )


def build_index(vectors: Embeddings, wanted: str = AUTO) -> BuiltIndex:
    """Index unit rows, float32 [n, dim], by the kind that is wanted or fits their number."""
    return KINDS[choose_kind(len(vectors), wanted)[0]].build(vectors)


def measure_recall(index: VectorIndex, *, queries: int = 256, seed: int = 1) -> float:
    """Return the mean recall@10 against exact search of rows that look for their neighbours.

    Args:
        index: any kind.
        queries: how many of its rows ask; a row is no neighbour of itself.
        seed: chooses them. Tuning has used others.

    Returns:
        a share in [0, 1]; 1 for an index of fewer than two vectors.
    """
    if len(index) < 2:
        return 1.0
    rows = np.random.default_rng(seed).choice(len(index), min(queries, len(index)), replace=False)
    asked = np.ascontiguousarray(index.vectors[rows])
    k = min(TUNED_AT + 1, len(index))
    truth = FlatIndex(index.vectors).search(asked, k)
    found = index.search(asked, k)
    return recall(_others(found, rows, k - 1)[1], _others(truth, rows, k - 1)[1])[0]


def _others(answer: Answer, own: Ids, k: int) -> Answer:
    """Return the k best that are not the query's own row."""
    scores, ids = answer
    return best(np.where(ids == own[:, None], np.float32(-np.inf), scores), ids, k)

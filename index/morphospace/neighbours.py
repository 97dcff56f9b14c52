"""The nearest others of images, in the same order whatever searched for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import Answer, Embeddings, Ids
from ..vectors.exact import nearest

_BLOCK = 2048  # images that ask at once
_SPARE = 4  # candidates beyond k: rounding may have put a nearer one behind the last

Progress = Callable[[int, int], None]


def nearest_others(
    rows: Embeddings, k: int, *, asking: Ids | None = None, progress: Progress | None = None
) -> Answer:
    """Return the k nearest other rows of rows.

    A float32 product proposes, a float64 one decides: a map follows from its neighbours, and the
    last bit of a cosine may change it.

    Args:
        rows: float32 [n, dim], unit rows, contiguous.
        k: how many; fewer where there are fewer others.
        asking: int64 [q], the rows that ask; None for all.
        progress: is told how many rows of how many have their neighbours.

    Returns:
        cosines float32 [q, m] and rows int64 [q, m], best first, m = min(k, n - 1).
    """
    own = np.arange(len(rows)) if asking is None else asking
    m = min(k, len(rows) - 1)
    scores, found = np.empty((len(own), m), np.float32), np.empty((len(own), m), np.int64)
    for start in range(0, len(own), _BLOCK):
        block = slice(start, start + _BLOCK)
        _, proposed = nearest(rows, rows[own[block]], min(m + 1 + _SPARE, len(rows)))
        scores[block], found[block] = _decided(rows, own[block], proposed, m)
        if progress is not None:
            progress(min(start + _BLOCK, len(own)), len(own))
    return scores, found


def _decided(rows: Embeddings, asking: Ids, proposed: Ids, m: int) -> Answer:
    """Return the m nearest of the proposed rows, int64 [b, p], none of them the asking one."""
    cosines = np.empty(proposed.shape, np.float32)
    for place in range(proposed.shape[1]):
        cosines[:, place] = np.einsum(
            "ij,ij->i", rows[asking], rows[proposed[:, place]], dtype=np.float64
        )
    cosines[proposed == asking[:, None]] = -np.inf
    order = np.lexsort((proposed, -cosines), axis=1)[:, :m]
    row = np.arange(len(asking))[:, None]
    return cosines[row, order].clip(-1, 1), proposed[row, order]

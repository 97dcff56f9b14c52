"""Exact nearest neighbours by brute force, in blocks, for evaluation and tuning.

A vector index answers single queries; this answers all queries of an evaluation at once, leaves
out images of the query's own specimen, and gives the same rows in the same order whatever the
block size, the number of threads or the BLAS library: a float32 matrix product differs in its last
bits from one to the next, so it only proposes, and float64 products of the proposed pairs decide.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Codes, Embeddings, Flags

_NORM_TOLERANCE = 1e-3  # vectors that were stored as float16 are off by up to 3e-4
_MARGIN = 4e-6  # far above the error of a float32 product of unit rows (about 3e-7)
_BLOCK_SCORES = 1 << 23  # scores held at once: 32 MiB
_GALLERY_BLOCK = 1 << 16
_RESCORE_VALUES = 1 << 22


def check_unit_rows(vectors: Embeddings, what: str = "embedding") -> None:
    """Refuse vectors that have no cosine.

    Args:
        vectors: float32 [n, dim].
        what: what a row is, for the message.

    Raises:
        ValueError: the array is not two-dimensional, or a row holds NaN or infinity, is zero, or
            is not of length 1 within 0.001; the message names the first such row.

    >>> check_unit_rows(np.array([[1, 0], [0, 0]], np.float32))
    Traceback (most recent call last):
    ValueError: embedding row 1 is zero; every row must be a finite vector of length 1
    """
    if vectors.ndim != 2:
        raise ValueError(f"{what}s have {vectors.ndim} dimensions; an array [n, dim] is needed")
    bad = not_unit(vectors)
    if not bad.any():
        return
    row = int(bad.argmax())
    if not np.isfinite(vectors[row]).all():
        fault = "holds NaN or infinity"
    elif not vectors[row].any():
        fault = "is zero"
    else:
        fault = f"has length {np.linalg.norm(vectors[row]):.4g}"
    raise ValueError(f"{what} row {row} {fault}; every row must be a finite vector of length 1")


def not_unit(vectors: Embeddings) -> Flags:
    """Return which rows of [n, dim] hold NaN or infinity, or are not of length 1 within 0.001."""
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        off: Flags = ~(np.abs(norms - 1) <= _NORM_TOLERANCE)
    return off  # also where the length is NaN


def exact_knn(
    queries: Embeddings,
    gallery: Embeddings,
    k: int,
    *,
    query_groups: Codes | None = None,
    gallery_groups: Codes | None = None,
    block_rows: int | None = None,
) -> tuple[Embeddings, Codes]:
    """Return the k nearest gallery rows of every query, its own group left out.

    Leave-one-out is `exact_knn(x, x, k, query_groups=specimens, gallery_groups=specimens)`.

    Args:
        queries: float32 [q, dim], unit rows.
        gallery: float32 [n, dim], unit rows.
        k: how many neighbours, at least 1.
        query_groups: int64 [q], the specimen of every query.
        gallery_groups: int64 [n], the specimen of every gallery row; a row is never a neighbour
            of a query of the same group. Both or none.
        block_rows: queries scored at once; None keeps a block of scores within 32 MiB.

    Returns:
        scores: float32 [q, k], cosines in [-1, 1], best first, -inf where fewer than k rows are
            allowed.
        rows: int64 [q, k], gallery rows; equal scores come by ascending row; -1 as padding.

    Raises:
        ValueError: vectors that are not unit rows of one dimension, k below 1, or groups that are
            missing on one side or of another length.
    """
    _check(queries, gallery, k, query_groups, gallery_groups)
    step = block_rows or max(1, _BLOCK_SCORES // min(max(len(gallery), 1), _GALLERY_BLOCK))
    scores = np.full((len(queries), k), -np.inf, np.float32)
    rows = np.full((len(queries), k), -1, np.int64)
    for start in range(0, len(queries), step):
        block = slice(start, start + step)
        groups = None if query_groups is None else query_groups[block]
        _search_block(queries[block], gallery, groups, gallery_groups, scores[block], rows[block])
    return scores, rows


def _check(
    queries: Embeddings,
    gallery: Embeddings,
    k: int,
    query_groups: Codes | None,
    gallery_groups: Codes | None,
) -> None:
    check_unit_rows(queries, "query")
    check_unit_rows(gallery, "gallery")
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries have {queries.shape[1]} dimensions and the gallery {gallery.shape[1]}; "
            "embed both with one encoder"
        )
    if k < 1:
        raise ValueError(f"k is {k}; at least 1 neighbour must be asked for")
    check_groups(len(queries), len(gallery), query_groups, gallery_groups)


def check_groups(
    n_queries: int, n_gallery: int, query_groups: Codes | None, gallery_groups: Codes | None
) -> None:
    """Refuse groups that are given on one side only, or of another length than their rows.

    Raises:
        ValueError: saying which.
    """
    if (query_groups is None) != (gallery_groups is None):
        raise ValueError("groups are given on one side only; give them for queries and gallery")
    for name, groups, n in (
        ("query", query_groups, n_queries),
        ("gallery", gallery_groups, n_gallery),
    ):
        if groups is not None and groups.shape != (n,):
            raise ValueError(f"{name} groups have shape {groups.shape}; ({n},) is needed")


def _search_block(
    queries: Embeddings,
    gallery: Embeddings,
    query_groups: Codes | None,
    gallery_groups: Codes | None,
    scores: Embeddings,
    rows: Codes,
) -> None:
    """Fill scores and rows [b, k], which come in as padding, with the best of the gallery."""
    for start in range(0, len(gallery), _GALLERY_BLOCK):
        part = gallery[start : start + _GALLERY_BLOCK]
        proposed = queries @ part.T
        if query_groups is not None and gallery_groups is not None:
            own = query_groups[:, None] == gallery_groups[None, start : start + _GALLERY_BLOCK]
            proposed[own] = -np.inf
        query, place = _candidates(proposed, scores.shape[1])
        _merge(query, place + start, _cosines(queries, part, query, place), scores, rows)


def _candidates(proposed: Embeddings, k: int) -> tuple[Codes, Codes]:
    """Return (query, place) of all that may be among the k best, in the order of queries."""
    n = proposed.shape[1]
    wanted = proposed > -np.inf
    if k < n:
        bound = np.partition(proposed, n - k, axis=1)[:, n - k, None] - np.float32(_MARGIN)
        wanted &= proposed >= bound
    query, place = np.nonzero(wanted)
    return query, place


def _cosines(queries: Embeddings, gallery: Embeddings, query: Codes, place: Codes) -> Embeddings:
    """Return the cosine of every pair, summed in float64 and rounded to float32.

    Unit rows in float32 are off by up to 1e-7 in length, which is enough to swap two neighbours
    that scikit-learn, which divides by the lengths, has in the right order.
    """
    cosines = np.empty(len(query), np.float32)
    step = max(1, _RESCORE_VALUES // queries.shape[1])
    for start in range(0, len(query), step):
        pairs = slice(start, start + step)
        left = queries[query[pairs]].astype(np.float64)
        right = gallery[place[pairs]].astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", left, left) * np.einsum("ij,ij->i", right, right))
        cosines[pairs] = np.einsum("ij,ij->i", left, right) / lengths
    return cosines.clip(-1, 1)


def _merge(query: Codes, row: Codes, cosine: Embeddings, scores: Embeddings, rows: Codes) -> None:
    """Put the candidates into the sorted lists, in place."""
    old_query, old_place = np.nonzero(rows >= 0)
    query = np.concatenate([old_query, query])
    row = np.concatenate([rows[old_query, old_place], row])
    cosine = np.concatenate([scores[old_query, old_place], cosine])
    order = np.lexsort((row, -cosine, query))
    query = query[order]
    place = np.arange(len(query)) - np.searchsorted(query, query)
    kept = place < scores.shape[1]
    scores[query[kept], place[kept]] = cosine[order][kept]
    rows[query[kept], place[kept]] = row[order][kept]

"""What speaks for a pair of specimens being one species, in several spaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ..arrays import Embeddings, Floats, Ids
from ..identification.likelihood import Shape
from ..vectors.projection import Projection
from .candidates import Candidates, candidates
from .graph import PairGraph

_LOCAL = 10  # nearest ones whose mean tells how crowded a place is
_SHARED = (12, 25)  # nearest ones that two may share
_BLOCK_VALUES = 1 << 24
_TINY = 1e-12

SPACES = ("base", "wccn", "lda", "stretched", "plda", "likelihood")
_SHARING = ("stretched", "plda")  # spaces whose neighbours are compared with each other's
_OF_SPACE = ("score", "local", "ranks", "last rank")
FEATURES = (
    *(f"{space} {of}" for space in SPACES for of in _OF_SPACE),
    *(f"{space} shared {count}" for space in _SHARING for count in _SHARED),
)


@dataclass(frozen=True, eq=False)
class Spaces:
    """The spaces that evidence is gathered in, fitted on named species.

    Attributes:
        wccn, lda, stretched: from the encoder's vectors.
        shape: of `wccn`: how much varies between species and within them.
    """

    wccn: Projection
    lda: Projection
    stretched: Projection
    shape: Shape


class _View(NamedTuple):
    """Rows whose products, less what is each row's own, score pairs: float32 [n, d] and [n]."""

    rows: Embeddings
    own: Embeddings


class Evidence(NamedTuple):
    """Candidate pairs, and float32 [pairs, features] in the order of `FEATURES`."""

    pairs: Candidates
    features: Embeddings


def gather_evidence(vectors: Embeddings, spaces: Spaces) -> Evidence:
    """Return the candidate pairs of unit rows, float32 [n, dim], n >= 2, and their evidence."""
    pairs = candidates(spaces.stretched.apply(vectors))
    features = np.empty((len(pairs.first), len(FEATURES)), np.float32)
    column = len(_OF_SPACE) * len(SPACES)
    for place, (name, view) in enumerate(_views(vectors, spaces)):
        scores = _scores(view, pairs.nearest)
        ranks = _ranks(scores)
        features[:, 4 * place : 4 * place + 4] = _of_space(pairs, scores, ranks)
        if name in _SHARING:
            for count in _SHARED:
                features[:, column] = _shared(pairs, ranks, count)
                column += 1
    return Evidence(pairs, features)


def shared_neighbours(rows: Embeddings) -> PairGraph:
    """Return the graph of unit rows, float32 [n, dim], n >= 2, linked by shared neighbours.

    It needs no name: the share of common neighbours, in [0, 1], stands for the probability.
    """
    pairs = candidates(rows)
    ranks = np.broadcast_to(np.arange(1.0, pairs.nearest.shape[1] + 1), pairs.nearest.shape)
    return PairGraph(len(rows), pairs.first, pairs.second, _shared(pairs, ranks, _SHARED[0]))


def _views(vectors: Embeddings, spaces: Spaces) -> Iterator[tuple[str, _View]]:
    """Yield the views one after the other, in the order of `SPACES`: each is as large as the pool.

    The likelihood's is the log-ratio of the two-covariance model for two specimens: a product of
    both, less a square of each, but for a constant.
    """
    none = np.zeros(len(vectors), np.float32)
    yield "base", _View(vectors, none)
    for name in ("wccn", "lda", "stretched"):
        yield name, _View(getattr(spaces, name).apply(vectors), none)
    shape = spaces.shape
    placed = spaces.wccn.apply(vectors) * np.float32(shape.scale) - shape.origin.astype(np.float32)
    along = placed @ shape.axes.astype(np.float32)
    lengths = np.linalg.norm(along, axis=1, keepdims=True)
    yield "plda", _View(along / np.maximum(lengths, _TINY), none)
    total = 1 + shape.between
    joint = total**2 - shape.between**2
    own = (along**2 @ ((total / joint - 1 / total) / 2)).astype(np.float32)
    yield "likelihood", _View(along * np.sqrt(shape.between / joint).astype(np.float32), own)


def _scores(view: _View, nearest: Ids) -> Floats:
    """Return the scores of every row with its nearest, float64 [n, m]."""
    n, m = nearest.shape
    scores = np.empty((n, m))
    step = max(1, _BLOCK_VALUES // (m * view.rows.shape[1]))
    for start in range(0, n, step):
        block = slice(start, start + step)
        near = nearest[block]
        products = np.matmul(view.rows[near], view.rows[block, :, None])[:, :, 0]
        scores[block] = products - view.own[near] - view.own[block, None]
    return scores


def _ranks(scores: Floats) -> Floats:
    """Return the rank of every neighbour by its score, float64 [n, m], from 1."""
    ranks = np.empty(scores.shape)
    order = np.argsort(-scores, axis=1, kind="stable")
    np.put_along_axis(ranks, order, np.arange(1.0, scores.shape[1] + 1)[None], axis=1)
    return ranks


def _of_space(pairs: Candidates, scores: Floats, ranks: Floats) -> Floats:
    """Return the features of one space, float64 [pairs, 4]."""
    crowded = -np.sort(-scores, axis=1)[:, :_LOCAL].mean(axis=1)
    there, back = pairs.from_both(scores, np.nan)
    score = np.where(np.isnan(there), back, there)
    local = score - (crowded[pairs.first] + crowded[pairs.second]) / 2
    one, other = pairs.from_both(ranks, scores.shape[1] + 1.0)
    return np.stack([score, local, np.log(one * other), np.log(np.maximum(one, other))], axis=1)


def _shared(pairs: Candidates, ranks: Floats, count: int) -> Floats:
    """Return how alike the nearest ones of both sides are, float64 [pairs] in [0, 1].

    The nearest get weights that fall from 1 to 1 / count, a row itself 1; rows of length 1.
    """
    n, m = pairs.nearest.shape
    weights = np.maximum(1 - (ranks - 1) / count, 0)
    weights = np.concatenate([np.ones((n, 1)), weights], axis=1)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    near = np.concatenate([np.arange(n)[:, None], pairs.nearest], axis=1)
    there = weights > 0
    row = np.repeat(np.arange(n), m + 1)[there.ravel()]
    table = csr_array((weights[there], (row, near[there])), shape=(n, n))
    shared = np.empty(len(pairs.first))
    step = max(1, _BLOCK_VALUES // (16 * count**2))
    columns = table.T.tocsr()
    for start in range(0, n, step):
        begin, end = np.searchsorted(pairs.first, [start, start + step])
        product = (table[start : start + step] @ columns).tocsr()
        shared[begin:end] = product[pairs.first[begin:end] - start, pairs.second[begin:end]]
    return shared

"""Queries that leave out their own rows: none, few and very many of them in one search."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.index.arrays import Embeddings, Floats, Ids
from holotype.index.vectors import FlatIndex
from holotype.index.vectors.kinds.auto import KINDS
from holotype.index.vectors.kinds.half import HalfIndex
from holotype.index.vectors.own_rows import search_others
from holotype.index.vectors.selection import Selection

OWN = (0, 3, 50, 33, 32, 120)


def unit(rows: Floats) -> Embeddings:
    made: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made.astype(np.float32)


@pytest.mark.parametrize("filtered", [False, True])
def test_every_query_leaves_out_its_own_rows_whatever_the_others_have(filtered: bool) -> None:
    rng = np.random.default_rng(0)
    rows = unit(rng.normal(size=(200, 8)))
    queries = rows[: len(OWN)]
    own: list[Ids] = [
        np.argsort(-rows @ query)[:count] for query, count in zip(queries, OWN, strict=True)
    ]
    allowed = rng.random(200) < 0.7 if filtered else np.ones(200, np.bool_)
    selection = Selection.of(allowed) if filtered else None
    scores, ids = search_others(FlatIndex.build(rows), queries, 10, selection, own)
    for query, left_out, found, cosines in zip(queries, own, ids, scores, strict=True):
        there = np.setdiff1d(np.flatnonzero(allowed), left_out)
        wanted = there[np.argsort(-rows[there] @ query, kind="stable")][:10]
        assert found.tolist() == wanted.tolist()
        np.testing.assert_allclose(cosines, rows[wanted] @ query, atol=1e-6)


@pytest.mark.parametrize("kind", ["ivf", "hnsw", "half"])
def test_an_answer_does_not_depend_on_what_is_asked_beside_it(kind: str) -> None:
    rng = np.random.default_rng(1)
    rows = unit(rng.normal(size=(20_000, 64)))  # of no structure, where approximate kinds err
    index = (
        HalfIndex.build(len(rows), rows.__getitem__) if kind == "half" else KINDS[kind].build(rows)
    )
    counts = [0, 1, 6, 30, 60] * 20
    queries = unit(rows[: len(counts)] + 0.1 * rng.normal(size=(len(counts), 64)))
    own: list[Ids] = [rng.choice(len(rows), count, replace=False) for count in counts]
    scores, ids = search_others(index, queries, 10, None, own)
    for line, rest in enumerate(own):
        alone = search_others(index, queries[line : line + 1], 10, None, [rest])
        assert ids[line].tolist() == alone[1][0].tolist()
        np.testing.assert_allclose(scores[line], alone[0][0], atol=1e-6)

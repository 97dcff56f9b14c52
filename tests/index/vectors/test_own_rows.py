"""Queries that leave out their own rows: none, few and very many of them in one search."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.index.arrays import Ids
from holotype.index.vectors import FlatIndex
from holotype.index.vectors.own_rows import search_others
from holotype.index.vectors.selection import Selection

OWN = (0, 3, 50, 33, 32, 120)


@pytest.mark.parametrize("filtered", [False, True])
def test_every_query_leaves_out_its_own_rows_whatever_the_others_have(filtered: bool) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
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

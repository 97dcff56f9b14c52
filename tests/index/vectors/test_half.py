"""Lists of half-precision rows, and layers over them, by value against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from holotype.index.arrays import Embeddings, Ids
from holotype.index.vectors import HalfIndex, Selection, VectorIndex, moved
from holotype.index.vectors.own_rows import search_others

ROWS, DIM, K = 6000, 24, 15


def unit(values: NDArray[Any]) -> Embeddings:
    rows: Embeddings = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return rows


@pytest.fixture(scope="module")
def rows() -> Embeddings:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(150, DIM))
    return unit(centres[rng.integers(150, size=ROWS)] + 0.4 * rng.normal(size=(ROWS, DIM)))


@pytest.fixture(scope="module")
def index(rows: Embeddings) -> HalfIndex:
    return HalfIndex.build(ROWS, lambda places: rows[places])


@pytest.fixture(scope="module")
def queries(rows: Embeddings) -> Embeddings:
    """Like rows, and between them."""
    noise = 0.2 * np.random.default_rng(6).normal(size=(60, DIM))
    return unit(np.concatenate([rows[:30], rows[30:60] + rows[60:90]]) + noise)


def exact(rows: Embeddings, queries: Embeddings, allowed: NDArray[np.bool_] | None, k: int) -> Ids:
    scores = queries.astype(np.float64) @ rows.T.astype(np.float64)
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def share_found(index: VectorIndex, rows: Embeddings, queries: Embeddings, **how: object) -> float:
    allowed = how.get("allowed")
    assert allowed is None or isinstance(allowed, np.ndarray)
    scores, ids = index.search(queries, K, allowed)
    np.testing.assert_allclose(scores, np.einsum("qd,qkd->qk", queries, rows[ids]), atol=3e-4)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert allowed is None or allowed[ids].all()
    truth = exact(rows, queries, allowed, K)
    return float((truth[:, :, None] == ids[:, None, :]).any(axis=2).mean())


def test_rows_are_kept_at_half_precision(index: HalfIndex, rows: Embeddings) -> None:
    np.testing.assert_allclose(index.vectors, rows, atol=1e-3)
    np.testing.assert_array_equal(index.rows(np.array([7, 3])), index.vectors[[7, 3]])
    assert len(index.rows(np.empty(0, np.int64))) == 0


def test_it_finds_what_brute_force_finds(
    index: HalfIndex, rows: Embeddings, queries: Embeddings
) -> None:
    assert share_found(index, rows, rows[::100]) > 0.97
    assert share_found(index, rows, queries) > 0.95
    assert index.card["recall"] > 0.97


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_a_filter_is_kept_to_and_costs_no_recall(
    index: HalfIndex, rows: Embeddings, queries: Embeddings, share: float
) -> None:
    allowed = np.random.default_rng(1).random(ROWS) < share
    allowed[:K] = True
    assert share_found(index, rows, queries, allowed=allowed) > 0.95


def test_a_filter_that_leaves_few_gives_all_of_them(
    index: HalfIndex, rows: Embeddings, queries: Embeddings
) -> None:
    allowed = np.zeros(ROWS, np.bool_)
    allowed[[5, 4000, 77]] = True
    _, ids = index.search(queries, K, Selection(allowed))
    assert ids.shape == (len(queries), 3)
    np.testing.assert_array_equal(ids, exact(rows, queries, allowed, 3))
    assert index.search(queries, K, np.zeros(ROWS, np.bool_))[1].shape == (len(queries), 0)


@pytest.mark.parametrize("seed", range(3))
def test_states_that_follow_each_other_are_searched_as_one(
    index: HalfIndex, rows: Embeddings, queries: Embeddings, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    found: VectorIndex = index
    now = rows
    for _ in range(4):
        stays = rng.random(len(now)) > 0.01
        fresh = unit(rng.normal(size=(rng.integers(0, 20), DIM)))
        places = np.sort(rng.choice(stays.sum() + len(fresh), len(fresh), replace=False))
        then = np.full(len(now), -1, np.int64)
        then[stays] = np.setdiff1d(np.arange(stays.sum() + len(fresh)), places)
        after = np.empty((stays.sum() + len(fresh), DIM), np.float32)
        after[then[stays]], after[places] = now[stays], fresh
        found, now = moved(found, then, fresh, places), after
        assert len(found) == len(now)
        drawn = rng.permutation(len(now))[:300]
        np.testing.assert_allclose(found.rows(drawn), now[drawn], atol=1e-3)
        assert share_found(found, now, now[::100]) > 0.97
        assert share_found(found, now, queries, allowed=rng.random(len(now)) < 0.1) > 0.95
    np.testing.assert_allclose(found.vectors, now, atol=1e-3)


@pytest.mark.parametrize("own", [1, 12, 40, 400])
def test_own_rows_are_left_out_however_many(index: HalfIndex, rows: Embeddings, own: int) -> None:
    queries = rows[:4]
    theirs = [exact(rows, queries[line : line + 1], None, own)[0] for line in range(3)]
    theirs.append(np.empty(0, np.int64))
    for allowed in (None, Selection(np.arange(ROWS) % 2 == 0)):
        scores, ids = search_others(index, queries, K, allowed, theirs)
        assert scores.shape == ids.shape == (4, K)
        assert (ids >= 0).all()
        for line, rest in enumerate(theirs):
            others = np.ones(ROWS, np.bool_) if allowed is None else allowed.allowed.copy()
            others[rest] = False
            truth = exact(rows, queries[line : line + 1], others, K)[0]
            assert len(np.intersect1d(ids[line], truth)) >= K - 1


def test_where_all_rows_are_own_none_is_found(rows: Embeddings) -> None:
    index = HalfIndex.build(1000, lambda places: rows[places])
    own = [np.arange(1000), np.arange(995)]
    scores, ids = search_others(index, rows[:2], K, None, own)
    assert (ids[0] == -1).all()
    assert np.isinf(scores[0]).all()
    assert set(ids[1]) == {-1, *range(995, 1000)}


def test_lists_are_read_as_they_were_written(index: HalfIndex, queries: Embeddings) -> None:
    again = HalfIndex.from_parts(index.card, index.parts)
    assert again.card == index.card
    np.testing.assert_array_equal(again.vectors, index.vectors)
    for one, other in zip(again.search(queries, 9), index.search(queries, 9), strict=True):
        np.testing.assert_array_equal(one, other)


def test_where_codes_tell_too_little_all_rows_are_compared() -> None:
    scattered = unit(np.random.default_rng(7).normal(size=(1200, 256)))
    index = HalfIndex.build(len(scattered), lambda places: scattered[places])
    assert index.card["recall"] >= 0.98
    queries = unit(scattered[:40] + scattered[40:80])
    assert share_found(index, scattered, queries) > 0.97
    assert share_found(index, scattered, queries, allowed=np.arange(1200) % 3 == 0) > 0.97

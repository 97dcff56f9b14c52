"""Every kind of vector index gives what brute force gives, by value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from holotype.index.storage.milvus.client import MOST_HITS, TEXTS, Client
from holotype.index.storage.milvus.index import MilvusIndex
from holotype.index.vectors import KINDS, BuiltIndex, VectorIndex, open_index, packed

ROWS, DIM, QUERIES = 400, 24, 7
SEED = 20240611
FIELDS = {"row": 0} | dict.fromkeys(TEXTS, "")

Matrix = NDArray[np.float32]
Kind = type[BuiltIndex] | type["InMilvus"]


class InMilvus:
    """Search in a Milvus, built as the other kinds are; beside the rows lie some that are gone."""

    client: ClassVar[Client]
    tables: ClassVar[Iterator[int]] = count()

    @classmethod
    def build(cls, vectors: Matrix) -> VectorIndex:
        table = f"kind_{next(cls.tables)}"
        seqs = np.random.default_rng(SEED).permutation(3 * len(vectors))[: 2 * len(vectors)] + 1
        rows = np.concatenate([vectors, vectors[::-1]])
        cls.client.put(table, seqs.tolist(), rows, [FIELDS] * len(rows))
        here = seqs[: len(vectors)]

        def read(wanted: NDArray[np.int64]) -> Matrix:
            found = cls.client.read(table, wanted)
            return np.stack([found[seq] for seq in wanted.tolist()])

        return MilvusIndex(partial(cls.client.search, table), read, here, most=MOST_HITS)


def unit(values: NDArray[np.float64]) -> Matrix:
    rows: Matrix = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return rows


@pytest.fixture(params=[*sorted(KINDS), "milvus"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    if request.param in KINDS:
        yield KINDS[request.param]
        return
    # Limits so small that 400 rows meet every way of searching.
    monkeypatch.setattr("holotype.index.storage.milvus.index._FEW", 4)
    monkeypatch.setattr("holotype.index.storage.milvus.index._MOST_LISTED", 64)
    InMilvus.client = Client(request.getfixturevalue("milvus"))
    yield InMilvus
    InMilvus.client.close()


@pytest.fixture
def queries() -> Matrix:
    return unit(np.random.default_rng(SEED + 1).standard_normal((QUERIES, DIM)))


@pytest.fixture
def vectors() -> Matrix:
    return unit(np.random.default_rng(SEED).standard_normal((ROWS, DIM)))


@pytest.fixture
def twins(vectors: Matrix) -> Matrix:
    """Every vector four times over, far apart from each other."""
    return np.tile(vectors[: ROWS // 4], (4, 1))


def compare(
    kind: Kind, vectors: Matrix, queries: Matrix, k: int, allowed: NDArray[np.bool_] | None
) -> None:
    """Hold an answer against cosines that are computed in float64."""
    scores, ids = kind.build(vectors).search(queries, k, allowed)
    may = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    cosines = queries.astype(np.float64) @ vectors.astype(np.float64).T
    best = -np.sort(-cosines[:, may], axis=1)[:, :k]
    assert scores.shape == ids.shape == (len(queries), min(k, len(may)))
    assert scores.dtype == np.float32
    assert ids.dtype == np.int64
    np.testing.assert_allclose(scores, best, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(cosines, ids, 1), scores, atol=1e-6)
    assert np.isin(ids, may).all()
    for row in ids:
        assert len(set(row.tolist())) == len(row)


@pytest.mark.parametrize("k", [1, 5, 50, ROWS, ROWS + 100])
def test_it_finds_the_nearest_of_all(kind: Kind, vectors: Matrix, queries: Matrix, k: int) -> None:
    compare(kind, vectors, queries, k, None)


@pytest.mark.parametrize("share", [0.5, 0.26, 0.24, 0.1, 0.01])
@pytest.mark.parametrize("k", [1, 10, ROWS])
def test_a_filter_loses_none_of_the_nearest_it_allows(
    kind: Kind, vectors: Matrix, queries: Matrix, share: float, k: int
) -> None:
    allowed = np.zeros(ROWS, bool)
    chosen = np.random.default_rng(SEED + 2).permutation(ROWS)[: int(share * ROWS)]
    allowed[chosen] = True
    compare(kind, vectors, queries, k, allowed)


def test_a_filter_that_allows_one_row_gives_that_row(
    kind: Kind, vectors: Matrix, queries: Matrix
) -> None:
    for row in (0, 7, 8, ROWS - 1):
        allowed = np.arange(ROWS) == row
        compare(kind, vectors, queries, 10, allowed)


def test_a_filter_that_allows_nothing_gives_nothing(
    kind: Kind, vectors: Matrix, queries: Matrix
) -> None:
    scores, ids = kind.build(vectors).search(queries, 10, np.zeros(ROWS, bool))
    assert scores.shape == ids.shape == (QUERIES, 0)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_equal_cosines_come_in_the_order_of_their_ids(
    kind: Kind, twins: Matrix, queries: Matrix, share: float
) -> None:
    allowed = np.random.default_rng(SEED + 3).random(len(twins)) < share
    compare(kind, twins, queries, 30, allowed)
    scores, ids = kind.build(twins).search(queries, 30, allowed)
    tied = np.diff(scores, axis=1) == 0
    assert tied.any()
    assert (np.diff(ids, axis=1)[tied] > 0).all()


def test_a_vector_is_its_own_nearest_with_a_cosine_of_at_most_one(
    kind: Kind, vectors: Matrix
) -> None:
    scores, ids = kind.build(vectors).search(vectors, 1)
    np.testing.assert_array_equal(ids[:, 0], np.arange(ROWS))
    assert scores.max() <= 1
    np.testing.assert_allclose(scores, 1, atol=1e-6)


def test_an_index_of_one_vector_answers(kind: Kind, vectors: Matrix, queries: Matrix) -> None:
    compare(kind, vectors[:1], queries, 10, None)


@pytest.mark.parametrize("dim", [1, 3, 1280])
def test_any_dimension_works(kind: Kind, dim: int) -> None:
    rng = np.random.default_rng(SEED + dim)
    compare(
        kind, unit(rng.standard_normal((50, dim))), unit(rng.standard_normal((3, dim))), 5, None
    )


def test_its_file_brings_back_the_same_index(
    kind: Kind, vectors: Matrix, queries: Matrix, tmp_path: Path
) -> None:
    if kind is InMilvus:
        pytest.skip("a Milvus keeps its own files")
    built = cast(BuiltIndex, kind.build(vectors))
    pieces, digest = packed(built, np.arange(ROWS), "asked for")
    (tmp_path / "i").write_bytes(b"".join(pieces))
    again = open_index(tmp_path / "i", digest).index
    assert len(again) == len(built) == ROWS
    np.testing.assert_allclose(again.vectors, vectors, atol=1e-6)
    for before, after in zip(built.search(queries, 10), again.search(queries, 10), strict=True):
        np.testing.assert_array_equal(before, after)


def test_building_copies_the_vectors(kind: Kind, vectors: Matrix, queries: Matrix) -> None:
    changing = vectors.copy()
    built = kind.build(changing)
    changing[:] = 0
    scores, _ = built.search(queries, 1)
    assert scores.max() > 0

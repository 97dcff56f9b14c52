"""Approximate kinds at a size where their codes matter: recall, exact scores, filters, files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from holotype.index.arrays import Allowed, Embeddings, Ids
from holotype.index.errors import CorruptError
from holotype.index.vectors import (
    KINDS,
    BuiltIndex,
    LayeredIndex,
    Selection,
    VectorIndex,
    bring_up_to_date,
    choose_kind,
    measure_recall,
    open_index,
    packed,
    read_header,
)
from holotype.index.vectors.kinds.tuning import TARGET

ROWS, DIM, QUERIES = 6000, 32, 400
SEED = 20261121
APPROXIMATE = ("ivf", "hnsw", "flat16", "sq8")


def unit(values: NDArray[np.float64]) -> Embeddings:
    rows: Embeddings = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return rows


def clustered(count: int, seed: int) -> Embeddings:
    """Rows around 60 centroids, as embeddings of species lie."""
    centroids = np.random.default_rng(SEED).standard_normal((60, DIM))
    rng = np.random.default_rng(seed)
    return unit(centroids[rng.integers(60, size=count)] + rng.standard_normal((count, DIM)))


@pytest.fixture(scope="module")
def vectors() -> Embeddings:
    return clustered(ROWS, SEED + 1)


@pytest.fixture(scope="module")
def queries() -> Embeddings:
    return clustered(QUERIES, SEED + 2)


@pytest.fixture(scope="module")
def indexes(vectors: Embeddings) -> dict[str, BuiltIndex]:
    return {kind: KINDS[kind].build(vectors) for kind in KINDS}


@pytest.fixture(params=APPROXIMATE)
def index(request: pytest.FixtureRequest, indexes: dict[str, BuiltIndex]) -> BuiltIndex:
    return indexes[request.param]


def compare(
    index: VectorIndex,
    vectors: Embeddings,
    queries: Embeddings,
    allowed: Allowed | None = None,
    k: int = 10,
) -> float:
    """Hold an answer against float64 cosines and return its recall."""
    scores, ids = index.search(queries, k, allowed)
    may = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    cosines = queries.astype(np.float64) @ vectors.astype(np.float64).T
    assert scores.shape == ids.shape == (len(queries), min(k, len(may)))
    assert scores.dtype == np.float32
    assert ids.dtype == np.int64
    assert np.isin(ids, may).all()
    assert all(len(set(row)) == len(row) for row in ids.tolist())
    np.testing.assert_allclose(np.take_along_axis(cosines, ids, 1), scores, atol=1e-6)
    assert (np.diff(scores, axis=1) <= 0).all()
    best = -np.sort(-cosines[:, may], axis=1)[:, : ids.shape[1]]
    return float((scores >= best[:, -1:] - 1e-6).mean()) if ids.size else 1.0


@pytest.mark.parametrize("k", [1, 10, 100])
def test_recall_reaches_the_target_and_scores_are_exact(
    index: BuiltIndex, vectors: Embeddings, queries: Embeddings, k: int
) -> None:
    assert compare(index, vectors, queries, k=k) >= TARGET


def test_an_index_says_what_it_reached(index: BuiltIndex) -> None:
    levels = index.card["levels"]
    assert levels[0]["share"] == 1
    assert all(level["recall"] >= TARGET for level in levels)
    assert measure_recall(index) >= TARGET - 0.005


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_recall_holds_under_filters(
    index: BuiltIndex, vectors: Embeddings, queries: Embeddings, share: float
) -> None:
    allowed = np.zeros(ROWS, bool)
    allowed[np.random.default_rng(SEED + 3).permutation(ROWS)[: int(share * ROWS)]] = True
    assert compare(index, vectors, queries, allowed) >= TARGET


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_filter_of_a_few_rows_gives_them_all(
    index: BuiltIndex, vectors: Embeddings, queries: Embeddings, count: int
) -> None:
    allowed = np.zeros(ROWS, bool)
    allowed[np.random.default_rng(SEED + 4).permutation(ROWS)[:count]] = True
    assert compare(index, vectors, queries, allowed) == 1


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
@pytest.mark.parametrize("near", [True, False])
def test_recall_holds_under_a_filter_that_goes_with_the_query(
    index: BuiltIndex, vectors: Embeddings, queries: Embeddings, share: float, near: bool
) -> None:
    """Half-spaces towards and away from the query: the hardest that a filter can be."""
    kept, found = int(share * ROWS), []
    for query in queries:
        order = np.argsort(vectors @ query)
        allowed = np.zeros(ROWS, bool)
        allowed[order[-kept:] if near else order[:kept]] = True
        found.append(compare(index, vectors, query[None], allowed))
    assert np.mean(found) >= TARGET


@pytest.mark.parametrize("k", [1000, ROWS, ROWS + 1])
def test_many_neighbours_are_all_there(
    index: BuiltIndex, vectors: Embeddings, queries: Embeddings, k: int
) -> None:
    assert compare(index, vectors, queries[:5], k=k) >= TARGET


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_equal_rows_come_in_the_order_of_their_ids(kind: str, queries: Embeddings) -> None:
    twins = np.tile(clustered(1000, SEED + 6), (4, 1))
    index = KINDS[kind].build(twins)
    assert compare(index, twins, queries, k=30) >= TARGET
    scores, ids = index.search(queries, 30)
    tied = np.diff(scores, axis=1) == 0
    assert tied.any()
    assert (np.diff(ids, axis=1)[tied] > 0).all()


@pytest.mark.parametrize("dim", [5, 7, 17, 50])
def test_dimensions_need_not_come_in_fours(dim: int) -> None:
    rng = np.random.default_rng(SEED + dim)
    rows, asked = (unit(rng.standard_normal((count, dim))) for count in (3000, 300))
    assert compare(KINDS["ivf"].build(rows), rows, asked) >= TARGET


@pytest.mark.parametrize("share", [None, 0.6])
def test_one_query_and_a_batch_are_answered_alike(
    index: BuiltIndex, queries: Embeddings, share: float | None
) -> None:
    allowed = None if share is None else np.random.default_rng(SEED).random(ROWS) < share
    together = index.search(queries[:40], 10, allowed)[0]
    kept = Selection.of(allowed)  # as a collection keeps the filters that are asked again
    alone = np.vstack([index.search(query[None], 10, kept)[0] for query in queries[:40]])
    assert (np.abs(together - alone) < 1e-6).mean() >= TARGET


# Files ----------------------------------------------------------------------------------------


def written(index: BuiltIndex, path: Path) -> str:
    pieces, digest = packed(index, np.arange(len(index)), "because")
    path.write_bytes(b"".join(pieces))
    return digest


@pytest.mark.parametrize("mapped_from", [0, 1 << 40])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_file_brings_back_the_same_index(
    indexes: dict[str, BuiltIndex],
    queries: Embeddings,
    tmp_path: Path,
    kind: str,
    mapped_from: int,
) -> None:
    before = indexes[kind]
    digest = written(before, tmp_path / "i")
    after = open_index(tmp_path / "i", digest, mapped_from=mapped_from)
    assert after.index.kind == kind
    assert after.index.card == before.card
    np.testing.assert_array_equal(after.covered, np.arange(ROWS))
    np.testing.assert_array_equal(after.index.vectors, before.vectors)
    allowed = np.arange(ROWS) % 3 == 0
    for filtered in (None, allowed):
        for one, other in zip(
            before.search(queries, 10, filtered),
            after.index.search(queries, 10, filtered),
            strict=True,
        ):
            np.testing.assert_array_equal(one, other)
    assert read_header(tmp_path / "i", digest)["why"] == "because"
    assert written(after.index, tmp_path / "again") == digest


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("at", [0, 20, 4095, 0.2, 0.5, 0.8, 0.9999, -1])
def test_a_flipped_bit_is_noticed_wherever_it_is(
    indexes: dict[str, BuiltIndex], tmp_path: Path, kind: str, at: float
) -> None:
    digest = written(indexes[kind], tmp_path / "i")
    data = bytearray((tmp_path / "i").read_bytes())
    data[int(at * len(data)) if isinstance(at, float) else at] ^= 4
    (tmp_path / "i").write_bytes(data)
    with pytest.raises(CorruptError, match="damaged"):
        open_index(tmp_path / "i", digest)


@pytest.mark.parametrize("size", [0, 10, 5000, -1, 1])
def test_another_size_is_noticed_without_reading(
    indexes: dict[str, BuiltIndex], tmp_path: Path, size: int
) -> None:
    digest = written(indexes["ivf"], tmp_path / "i")
    data = (tmp_path / "i").read_bytes()
    (tmp_path / "i").write_bytes(data + b"x" if size == 1 else data[:size])
    with pytest.raises(CorruptError, match="damaged"):
        open_index(tmp_path / "i", digest, verify=False)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorruptError, match="missing cannot be read"):
        open_index(tmp_path / "missing", "")


def test_a_file_of_another_format_is_not_read(
    indexes: dict[str, BuiltIndex], tmp_path: Path
) -> None:
    written(indexes["flat"], tmp_path / "i")
    data = (tmp_path / "i").read_bytes().replace(b"HOLOTYPE INDEX 1", b"HOLOTYPE INDEX 0")
    (tmp_path / "i").write_bytes(data)
    header = data[: 24 + int.from_bytes(data[16:24], "little")]
    with pytest.raises(CorruptError, match="another version"):
        open_index(tmp_path / "i", hashlib.sha256(header).hexdigest())


# Changes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(("lost", "came"), [(0, 40), (500, 0), (30, 0), (300, 200)])
def test_changes_since_the_build_are_seen(
    indexes: dict[str, BuiltIndex],
    vectors: Embeddings,
    queries: Embeddings,
    kind: str,
    lost: int,
    came: int,
) -> None:
    rng = np.random.default_rng(SEED + 8)
    covered = np.sort(rng.permutation(10 * ROWS)[:ROWS])
    gone = rng.permutation(ROWS)[:lost]
    fresh = clustered(came, SEED + 9)
    rows = np.vstack([np.delete(vectors, gone, axis=0), fresh])
    numbers = np.concatenate([np.delete(covered, gone), 10 * ROWS + np.arange(len(fresh))])
    order = rng.permutation(len(rows))  # a changed row keeps its place but gets a new number
    rows, numbers = rows[order], numbers[order]
    asked: list[Ids] = []

    def read(places: Ids) -> Embeddings:
        asked.append(places)
        return rows[places]

    index = bring_up_to_date(indexes[kind], covered, numbers, read)
    assert isinstance(index, LayeredIndex)
    assert index.kind == kind
    assert len(index) == len(rows)
    assert index.changes == lost + came
    assert len(asked[0]) == came
    np.testing.assert_array_equal(index.vectors, rows)
    for allowed in (None, rng.random(len(rows)) < 0.3, rng.random(len(rows)) < 0.01):
        assert compare(index, rows, queries, allowed) >= TARGET
        kept = Selection.of(allowed)
        for _ in range(2):
            found, wanted = index.search(queries, 10, kept), index.search(queries, 10, allowed)
            np.testing.assert_array_equal(found[1], wanted[1])
    own = np.argsort(order)[len(rows) - came :]
    np.testing.assert_array_equal(index.search(fresh, 1)[1][:, 0], own)


def test_nothing_changed_is_the_built_index_itself(
    indexes: dict[str, BuiltIndex], queries: Embeddings
) -> None:
    numbers = np.arange(ROWS)
    same = bring_up_to_date(indexes["ivf"], numbers, numbers, lambda places: queries[places])
    assert same is indexes["ivf"]


def test_all_rows_lost_but_new_ones(indexes: dict[str, BuiltIndex], queries: Embeddings) -> None:
    rows = clustered(3, SEED + 10)
    index = bring_up_to_date(
        indexes["ivf"], np.arange(ROWS), np.arange(ROWS, ROWS + 3), lambda places: rows[places]
    )
    assert compare(index, rows, queries) == 1


# Choice ---------------------------------------------------------------------------------------


def test_the_choice_goes_by_size_and_says_why() -> None:
    assert choose_kind(50_000)[0] == "flat"
    assert choose_kind(50_001)[0] == "ivf"
    for count, wanted in ((10, "auto"), (10**6, "auto"), (10, "sq8")):
        kind, why = choose_kind(count, wanted)
        assert why.startswith(f"{kind}, because ")

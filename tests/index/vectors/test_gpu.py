"""A GPU's part in a search. None is at hand here: FAISS's own flat index stands in for it."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.vectors import KINDS, BuiltIndex, gpu, on_gpu
from holotype.scripts.bench.faults import plain

ROWS, DIM = 1500, 24


class Card:
    """What stands in for the rows on a GPU: it counts, and refuses when told to."""

    def __init__(self) -> None:
        self.searches = 0
        self.copies = 0
        self.refuses = ""

    def copy(self, _: object, dim: int, __: object) -> faiss.Index:
        self.copies += 1
        if self.refuses == "memory":
            raise RuntimeError("Error in allocMemory: out of memory")
        rows = faiss.IndexFlatIP(dim)
        search = rows.search_c

        def counted(*given: object) -> None:
            self.searches += 1
            if self.refuses == "searches":
                raise RuntimeError("CUDA error 700")
            search(*given)

        rows.search_c = counted
        return rows


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    stand_in = Card()
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", lambda: None, raising=False)
    monkeypatch.setattr(faiss, "GpuIndexFlatConfig", lambda: None, raising=False)
    monkeypatch.setattr(faiss, "GpuIndexFlatIP", stand_in.copy, raising=False)
    monkeypatch.setattr(gpu, "_FEWEST", 1000)
    gpu._resources.cache_clear()
    return stand_in


def unit(count: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    unit: Embeddings = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def built() -> dict[str, BuiltIndex]:
    return {kind: KINDS[kind].build(unit(ROWS, 1)) for kind in ("flat", "ivf")}


@pytest.mark.parametrize("kind", ["flat", "ivf"])
@pytest.mark.parametrize("k", [1, 10, ROWS + 1])
def test_batches_are_answered_exactly(
    card: Card, built: dict[str, BuiltIndex], kind: str, k: int
) -> None:
    queries = unit(40, 2)
    cosines = queries @ unit(ROWS, 1).T
    scores, ids = on_gpu(built[kind], f"{kind} {k}").search(queries, k)
    np.testing.assert_allclose(scores, -np.sort(-cosines, axis=1)[:, :k], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(cosines, ids, 1), scores, atol=1e-6)
    assert card.searches == 1


def test_what_is_no_faster_there_stays_with_the_index(
    card: Card, built: dict[str, BuiltIndex]
) -> None:
    index, queries = on_gpu(built["ivf"], "stays"), unit(40, 2)
    allowed = np.arange(ROWS) % 2 == 0
    for asked, may in ((queries[:1], None), (queries, allowed), (queries[:0], None)):
        for one, other in zip(
            index.search(asked, 5, may), built["ivf"].search(asked, 5, may), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    assert card.searches == 0
    assert on_gpu(built["flat"], "asked").search(queries[:1], 5)[1].shape == (1, 5)
    assert card.searches == 1


def test_indexes_of_two_kinds_share_their_rows_there(
    card: Card, built: dict[str, BuiltIndex]
) -> None:
    found = [on_gpu(index, "the same rows") for index in built.values()]
    assert [index.kind for index in found] == list(built)
    assert card.copies == 1


@pytest.mark.parametrize("fault", ["memory", "searches"])
def test_a_gpu_that_refuses_is_done_without(
    card: Card, built: dict[str, BuiltIndex], caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    card.refuses = fault
    found = on_gpu(built["flat"], fault).search(unit(40, 2), 5)
    np.testing.assert_array_equal(found[1], built["flat"].search(unit(40, 2), 5)[1])
    assert "The GPU" in caplog.text


def test_a_collection_copies_its_rows_once_and_sees_what_is_new(card: Card, tmp_path: Path) -> None:
    plain.make(tmp_path / "c", ROWS)
    with Collection.open(tmp_path / "c") as collection:
        first = collection.gallery()
        plain.put(collection, [("new", 1)])
        gallery = collection.gallery()
        rows = plain.vector_of(collection.image("new").sha256)[None].repeat(40, axis=0)
        assert gallery.rows[gallery.index.search(rows, 1)[1]].tolist() == [[ROWS + 1]] * 40
        assert first.index.search(rows, 1)[0].max() < 1
    assert card.searches
    assert card.copies <= 2

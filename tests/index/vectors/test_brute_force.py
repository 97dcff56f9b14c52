"""Exact neighbours: the same answer as sorting everything, whatever the blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from holotype.index.vectors.brute_force import check_unit_rows, exact_knn

Units = Callable[[np.random.Generator, int, int], NDArray[np.float32]]


def brute_force(
    queries: NDArray[np.float32],
    gallery: NDArray[np.float32],
    k: int,
    allowed: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    left, right = queries.astype(np.float64), gallery.astype(np.float64)
    lengths = np.sqrt((left**2).sum(axis=1)[:, None] * (right**2).sum(axis=1))
    exact = (left[:, None] * right[None]).sum(axis=2) / lengths
    scores = np.where(allowed, exact.astype(np.float32).clip(-1, 1), -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(scores, order, axis=1)
    short = k - order.shape[1]
    best = np.pad(best, ((0, 0), (0, short)), constant_values=-np.inf)
    order = np.pad(order, ((0, 0), (0, short)), constant_values=-1)
    return best, np.where(best == -np.inf, -1, order)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [1, 5, 60])
def test_neighbours_equal_a_full_stable_sort_with_duplicates_and_specimens(
    units: Units, seed: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    pool = units(rng, 12, 33)
    queries, gallery = pool[rng.integers(0, 12, 37)], pool[rng.integers(0, 12, 45)]
    query_groups, gallery_groups = rng.integers(0, 9, 37), rng.integers(0, 9, 45)
    allowed = query_groups[:, None] != gallery_groups
    scores, rows = brute_force(queries, gallery, k, allowed)
    monkeypatch.setattr("holotype.index.vectors.brute_force._GALLERY_BLOCK", 7 + seed)
    for block_rows in (None, 1, 8):
        found = exact_knn(
            queries,
            gallery,
            k,
            query_groups=query_groups,
            gallery_groups=gallery_groups,
            block_rows=block_rows,
        )
        np.testing.assert_array_equal(found[1], rows)
        np.testing.assert_array_equal(found[0], scores)


def test_a_duplicate_picture_comes_in_gallery_order_even_across_the_end_of_the_list(
    units: Units,
) -> None:
    rng = np.random.default_rng(5)
    gallery = np.repeat(units(rng, 1, 1280), 50, axis=0)
    for n_queries in (1, 3, 50):
        _, rows = exact_knn(gallery[:n_queries], gallery, 7)
        np.testing.assert_array_equal(rows, np.tile(np.arange(7), (n_queries, 1)))


def test_a_query_never_finds_its_own_specimen_and_missing_neighbours_are_padding(
    units: Units,
) -> None:
    images = units(np.random.default_rng(0), 4, 8)
    specimens = np.array([0, 0, 0, 1])
    scores, rows = exact_knn(images, images, 2, query_groups=specimens, gallery_groups=specimens)
    np.testing.assert_array_equal(rows[:3], [[3, -1]] * 3)
    assert np.isneginf(scores[:3, 1]).all()
    assert 3 not in rows[3]


def test_an_empty_gallery_gives_padding() -> None:
    scores, rows = exact_knn(np.eye(2, dtype=np.float32), np.empty((0, 2), np.float32), 3)
    assert (rows == -1).all()
    assert np.isneginf(scores).all()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (np.nan, "gallery row 2 holds NaN or infinity"),
        (np.inf, "gallery row 2 holds NaN or infinity"),
        (0.0, "gallery row 2 is zero"),
        (2.0, "gallery row 2 has length 2"),
    ],
)
def test_a_vector_without_a_cosine_is_named(fault: float, message: str) -> None:
    gallery = np.eye(4, dtype=np.float32)
    gallery[2] *= 0
    gallery[2, 2] = fault
    with pytest.raises(ValueError, match=message):
        exact_knn(np.eye(4, dtype=np.float32), gallery, 1)


def test_vectors_stored_as_float16_are_unit_enough(units: Units) -> None:
    rng = np.random.default_rng(1)
    check_unit_rows(units(rng, 50, 1280).astype(np.float16).astype(np.float32))


def test_what_does_not_fit_is_refused() -> None:
    images = np.eye(3, dtype=np.float32)
    with pytest.raises(ValueError, match="k is 0"):
        exact_knn(images, images, 0)
    with pytest.raises(ValueError, match="3 dimensions and the gallery 2"):
        exact_knn(images, np.eye(2, dtype=np.float32), 1)
    with pytest.raises(ValueError, match="one side only"):
        exact_knn(images, images, 1, query_groups=np.arange(3))
    with pytest.raises(ValueError, match=r"gallery groups have shape \(2,\)"):
        exact_knn(images, images, 1, query_groups=np.arange(3), gallery_groups=np.arange(2))
    with pytest.raises(ValueError, match="1 dimensions"):
        check_unit_rows(images[0])

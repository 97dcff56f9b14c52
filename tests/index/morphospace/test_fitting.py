"""Maps of made vectors: against references, the same twice, and whole for any small number."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from holotype.index.arrays import Embeddings
from holotype.index.errors import UsageError
from holotype.index.morphospace.axes import principal_axes
from holotype.index.morphospace.layout import umap_layout
from holotype.index.morphospace.neighbours import nearest_others
from holotype.index.morphospace.parameters import Parameters, Wanted
from holotype.index.morphospace.placement import place_among
from holotype.index.morphospace.quality import measure
from holotype.index.vectors import FlatIndex, Selection

Units = Callable[[np.random.Generator, int, int], NDArray[np.float32]]


def clumps(count: int, each: int, dim: int = 16, seed: int = 0) -> Embeddings:
    """Unit rows in clumps, one after the other."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(count, dim)), each, axis=0)
    rows = centres + 0.2 * rng.normal(size=centres.shape)
    unit: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_axes_are_those_of_scikit_learn() -> None:
    rows = clumps(4, 30)
    found, wanted = principal_axes(rows), PCA(2).fit(rows.astype(np.float64))
    np.testing.assert_allclose(np.abs(found.directions.T), np.abs(wanted.components_), atol=1e-8)
    np.testing.assert_allclose(found.explained, wanted.explained_variance_ratio_, atol=1e-8)
    assert (found.directions[np.abs(found.directions).argmax(axis=0), [0, 1]] > 0).all()


def test_neighbours_are_those_of_brute_force(units: Units) -> None:
    rows = units(np.random.default_rng(3), 300, 12)
    scores, found = nearest_others(rows, 7)
    _, wanted = NearestNeighbors(n_neighbors=8, algorithm="brute").fit(rows).kneighbors(rows)
    np.testing.assert_array_equal(found, wanted[:, 1:])
    pairs = np.einsum("ij,ikj->ik", rows, rows[found])
    np.testing.assert_allclose(scores, pairs, atol=1e-6)


@pytest.mark.parametrize("n", [2, 3, 10, 40])
def test_no_image_is_its_own_neighbour_even_where_all_are_alike(n: int) -> None:
    rows = np.tile(clumps(1, 1), (n, 1))
    _, found = nearest_others(rows, 15)
    assert found.shape == (n, min(15, n - 1))
    assert not (found == np.arange(n)[:, None]).any()


@pytest.mark.usefixtures("umap_compiled")
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 10])
@pytest.mark.parametrize("alike", [True, False])
def test_few_images_get_finite_places_that_differ(n: int, alike: bool) -> None:
    rows = np.tile(clumps(1, 1), (n, 1)) if alike else clumps(n, 1)
    found = umap_layout(rows, nearest_others(rows, 14), min_dist=0.1, seed=0)
    assert found.shape == (n, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert len(np.unique(found, axis=0)) == n


@pytest.mark.usefixtures("umap_compiled")
def test_clumps_of_a_space_are_clumps_of_its_map() -> None:
    rows = clumps(5, 30)
    places = umap_layout(rows, nearest_others(rows, 14), min_dist=0.1, seed=0)
    _, near = nearest_others(rows, 5)
    species = np.arange(150) // 30
    middles = np.array([places[species == one].mean(axis=0) for one in range(5)])
    apart = np.linalg.norm(places[:, None] - middles, axis=2)
    assert (apart.argmin(axis=1) == species).mean() > 0.98
    assert (species[near] == species[:, None]).all()


@pytest.mark.usefixtures("umap_compiled")
def test_the_same_seed_gives_the_same_bytes_and_another_another_map() -> None:
    rows = np.concatenate((clumps(4, 25), clumps(4, 25)))  # every image twice: ties everywhere
    nearest = nearest_others(rows, 14)
    maps = [umap_layout(rows, nearest, min_dist=0.1, seed=seed).tobytes() for seed in (7, 7, 8)]
    assert maps[0] == maps[1] != maps[2]


_ELSEWHERE = """
import sys, numpy as np
from holotype.index.morphospace.layout import umap_layout
from holotype.index.morphospace.neighbours import nearest_others
rows = np.load(sys.argv[1])
np.save(sys.argv[2], umap_layout(rows, nearest_others(rows, 14), min_dist=0.1, seed=0))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("umap_compiled")
def test_another_process_makes_the_same_map(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("maps")
    rows = clumps(6, 20)
    np.save(folder / "rows.npy", rows)
    subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, folder / "rows.npy", folder / "map.npy"], check=True
    )
    here = umap_layout(rows, nearest_others(rows, 14), min_dist=0.1, seed=0)
    assert np.load(folder / "map.npy").tobytes() == here.tobytes()


@pytest.mark.parametrize("noise", [0.0, 0.5, 5.0])
def test_trustworthiness_is_that_of_scikit_learn(noise: float) -> None:
    rows = clumps(6, 20)
    rng = np.random.default_rng(1)
    places = (rows[:, :2] + noise * rng.normal(size=(120, 2))).astype(np.float32)
    found = measure(rows, places, 0)
    wanted = trustworthiness(rows, places, n_neighbors=15, metric="cosine")
    assert found.trustworthiness == pytest.approx(wanted, abs=1e-6)
    assert found.images == 120


def test_a_plane_is_its_own_perfect_map() -> None:
    angles = np.sort(np.random.default_rng(0).uniform(0, 1.5, 80))
    rows = np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)
    found = measure(rows, rows, 0)
    assert found.trustworthiness == pytest.approx(1, abs=1e-3)
    assert found.overlap == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_quality_of_few_images_is_a_share_or_unknown(n: int) -> None:
    rows = clumps(n, 1)
    found = measure(rows, rows[:, :2], 0)
    assert found.overlap is None or 0 <= found.overlap <= 1
    assert (found.overlap is None) == (n < 3)


def test_an_image_is_placed_with_those_it_is_like(units: Units) -> None:
    rows = clumps(4, 20)
    coordinates = np.repeat(10 * np.eye(4, 2, dtype=np.float32), 20, axis=0)
    fitted = np.ones(80, bool)
    fitted[[0, 25]] = False
    coordinates[~fitted] = np.nan
    found = place_among(FlatIndex.build(rows), np.array([0, 25]), Selection(fitted), coordinates)
    np.testing.assert_allclose(found.coordinates, [[10, 0], [0, 10]], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("method", "tsne", "method is 'tsne'; it must be umap or pca"),
        ("n_neighbors", 1, "n_neighbors is 1; it must be 2 to 200"),
        ("min_dist", float("nan"), "min_dist is nan; it must be 0 to 1"),
        ("seed", -1, "seed is -1; it must be 0 to 4294967295"),
        ("sample", 3, "sample is 3; it must be 100 or more"),
    ],
)
def test_a_parameter_out_of_range_is_refused(name: str, value: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Wanted(**{name: value}).completed(Parameters())  # type: ignore[arg-type]


def test_what_is_not_asked_for_is_as_before() -> None:
    before = Parameters(seed=5, n_neighbors=30)
    assert Wanted(min_dist=0.5).completed(before) == Parameters("umap", 30, 0.5, 5)
    assert Wanted(seed=5).fits(before)
    assert not Wanted(seed=0).fits(before)

"""A recipe is fitted on named species, kept as plain arrays, and finds species it never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from holotype.eval.measures.clustering import cluster_agreement
from holotype.index.arrays import Codes, Embeddings
from holotype.index.clusters.clustering import find_clusters
from holotype.index.clusters.methods.registry import METHODS
from holotype.index.clusters.recipe import Recipe, Thresholds
from holotype.index.errors import CorruptError
from holotype.training.clustering import fit
from holotype.training.clustering.fit import fit_recipe
from holotype.training.clustering.thresholds import b_cubed

DIM, NOISY = 24, 12  # of these directions as many say nothing of species


def species_of(count: int, size: int, seed: int = 0) -> tuple[Embeddings, Codes]:
    """Return specimens that vary most where species do not."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count), size)
    rows = generator.normal(size=(count, DIM))[labels]
    rows[:, :NOISY] = 0
    spread = np.where(np.arange(DIM) < NOISY, 2.0, 0.35)
    rows += spread * generator.normal(size=rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.fixture(scope="module")
def half() -> tuple[Recipe, Embeddings, Codes]:
    """A recipe of 24 named species, and the 12 others of the same collection."""
    rows, labels = species_of(36, 8)
    named = np.where(labels < 24, labels, -1)
    return fit_recipe(rows, named), rows[labels >= 24], labels[labels >= 24]


@pytest.mark.parametrize("method", METHODS)
def test_what_named_species_teach_helps_with_others(
    half: tuple[Recipe, Embeddings, Codes], method: str
) -> None:
    recipe, rows, truth = half
    tuned, plain = (find_clusters(rows, one, method=method) for one in (recipe, None))
    better, worse = (cluster_agreement(truth, one.labels) for one in (tuned, plain))
    assert better.b3_f1 > worse.b3_f1 + 0.1
    assert tuned.notes == ()
    if method not in {"hdbscan", "kmeans"}:
        assert better.accuracy > 0.75


def test_bytes_give_the_same_recipe(half: tuple[Recipe, Embeddings, Codes]) -> None:
    recipe, rows, _ = half
    again = Recipe.from_bytes(recipe.to_bytes())
    assert (again.even, again.tail, again.spreads) == (recipe.even, recipe.tail, recipe.spreads)
    assert again.card == recipe.card
    one, other = recipe.graph(rows), again.graph(rows)
    assert np.array_equal(one.probability, other.probability)
    assert Recipe.from_bytes(Recipe().to_bytes()).tuned is False


def test_damaged_bytes_are_told(half: tuple[Recipe, Embeddings, Codes]) -> None:
    content = half[0].to_bytes()
    for damaged in (b"", content[:100], content[:-8], b"x" * 64):
        with pytest.raises(CorruptError, match="recipe cannot be read"):
            Recipe.from_bytes(damaged)
    pairs = half[0].pairs
    assert pairs is not None
    for broken, why in (
        (replace(half[0], pairs=replace(pairs, intercept=float("nan"))), "NaN"),
        (replace(half[0], pairs=replace(pairs, weights=pairs.weights[1:])), "another version"),
        (replace(half[0], spreads=(1.4, 1.2)), "spreads"),
        (replace(half[0], even=Thresholds(resolution=-1.0)), "thresholds"),
    ):
        with pytest.raises(CorruptError, match=why):
            Recipe.from_bytes(broken.to_bytes())
    tensors = load(content)
    with pytest.raises(CorruptError):
        Recipe.from_bytes(save(tensors, metadata={"recipe": "{}"}))


def test_vectors_of_another_encoder_are_refused(half: tuple[Recipe, Embeddings, Codes]) -> None:
    with pytest.raises(ValueError, match="vectors of 24 numbers, these have 3; fit one"):
        find_clusters(np.eye(3, dtype=np.float32), half[0])


def test_the_same_seed_fits_the_same(half: tuple[Recipe, Embeddings, Codes]) -> None:
    rows, labels = species_of(8, 6, seed=4)
    assert (
        fit_recipe(rows, labels, seed=5).to_bytes() == fit_recipe(rows, labels, seed=5).to_bytes()
    )


@pytest.mark.parametrize("species", [0, 1, 2, 3, 5, 10])
def test_few_named_species_still_give_something(species: int) -> None:
    rows, labels = species_of(species + 6, 6, seed=species)
    recipe = fit_recipe(rows, np.where(labels < species, labels, -1))
    assert (recipe.spaces is not None) == (species >= 2)
    assert not (recipe.tuned and species < 4)
    assert recipe.tuned or recipe.even == recipe.tail == Thresholds()
    new = labels >= species
    found = find_clusters(rows[new], recipe)
    assert 2 <= found.k < new.sum()
    assert bool(found.notes) == (not recipe.tuned)


def test_species_of_one_specimen_each_teach_nothing() -> None:
    rows, labels = species_of(10, 1)
    assert fit_recipe(rows, labels).spaces is None


def test_images_of_one_specimen_are_no_evidence() -> None:
    rows, labels = species_of(6, 6)
    copied, groups = np.repeat(rows, 3, axis=0), np.repeat(np.arange(len(rows)), 3)
    once = fit_recipe(rows, labels)
    pooled = fit_recipe(copied, np.repeat(labels, 3), groups)
    assert pooled.card == once.card
    assert pooled.even == once.even


def test_of_many_named_specimens_whole_species_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "_MOST", 60)
    rows, labels = species_of(20, 8)
    kept, species = fit._enough(rows, np.where(labels < 18, labels, -1), seed=1)
    assert len(kept) == len(species) <= 60
    assert set(np.bincount(species)) == {0, 8}
    assert set(species) <= set(range(18))


def test_b_cubed_is_that_of_the_measures() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        truth, clusters = generator.integers(0, 6, (2, 50))
        expected = cluster_agreement(truth, clusters).b3_f1
        assert b_cubed(truth, clusters) == pytest.approx(expected, abs=1e-12)

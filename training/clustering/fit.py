"""Fitting how unnamed species are found."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Codes, Embeddings
from holotype.index.clusters.clustering import pooled
from holotype.index.clusters.graph import PairGraph
from holotype.index.clusters.recipe import Recipe
from holotype.index.vectors.brute_force import check_unit_rows

from .left_out import FEWEST, LeftOutPool, fit_spaces, leave_out
from .pairs import fit_pairs
from .thresholds import TAIL, measure_spreads, tune_thresholds

_MOST = 20_000  # specimens
_MOST_IMAGES = 40  # specimens of a species, where there are more in all


def fit_recipe(
    vectors: Embeddings, labels: Codes, groups: Codes | None = None, *, seed: int = 0
) -> Recipe:
    """Fit a recipe on named specimens: what it says of new species is tuned on left-out ones.

    Args:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n], species codes, -1 where there is none.
        groups: int64 [n], specimens; a specimen's images are pooled. None takes every image for a
            specimen of its own.
        seed: of all that is drawn; of more than 20,000 named specimens so many are.

    Returns:
        a recipe without probabilities where fewer than four species have two specimens, and without
        spaces where nothing says what varies within species.

    Raises:
        ValueError: rows that are not unit rows.
    """
    check_unit_rows(vectors)
    rows, place = pooled(vectors, groups)
    species = np.full(len(rows), -1, np.int64)
    species[place] = labels
    rows, species = _enough(rows, species, seed)
    named = species[species >= 0]
    _, counts = np.unique(named, return_counts=True)
    card = {"species": len(counts), "specimens": len(named), "seed": seed}
    if len(counts) < 2 or counts.max() < 2:
        return Recipe(card=card)
    spaces = fit_spaces(rows, species)
    if (counts > 1).sum() < FEWEST:
        return Recipe(spaces, card=card)
    return _tuned(Recipe(spaces, card=card), leave_out(rows, species, seed), seed)


def _enough(rows: Embeddings, species: Codes, seed: int) -> tuple[Embeddings, Codes]:
    """Return the named rows; of too many whole species are drawn."""
    order = np.random.default_rng(seed).permutation(np.flatnonzero(species >= 0))
    order = order[np.argsort(species[order], kind="stable")]
    kinds, first, counts = np.unique(species[order], return_index=True, return_counts=True)
    if len(order) <= _MOST:
        kept = np.sort(order)
        return rows[kept], species[kept]
    place = np.arange(len(order)) - np.repeat(first, counts)
    drawn = np.random.default_rng(seed).permutation(len(kinds))
    taken = np.zeros(len(kinds), np.bool_)
    taken[drawn] = np.cumsum(np.minimum(counts, _MOST_IMAGES)[drawn]) <= _MOST
    kept = np.sort(order[(place < _MOST_IMAGES) & np.repeat(taken, counts)])
    return rows[kept], species[kept]


def _tuned(recipe: Recipe, pools: list[LeftOutPool], seed: int) -> Recipe:
    """Return a recipe with probabilities and thresholds, where there are pairs enough."""
    pairs = fit_pairs(pools, seed)
    graphs = cross_fitted(pools, seed)
    if pairs is None or {pool.kind in TAIL for pool, _ in graphs} != {True, False}:
        return recipe
    even, tail = tune_thresholds(graphs, seed)
    card = recipe.card | {"pools": len(pools)}
    return Recipe(recipe.spaces, pairs, even, tail, measure_spreads(graphs), card)


def cross_fitted(pools: list[LeftOutPool], seed: int) -> list[tuple[LeftOutPool, PairGraph]]:
    """Return every pool with the graph that a model of other species gives it.

    Probabilities look surer on the pairs that the model was fitted on. A pool with too few others
    is left out.
    """
    found = []
    for repeat, fold in dict.fromkeys(pool.fold for pool in pools):
        others = [pool for pool in pools if pool.fold[0] == repeat and pool.fold[1] != fold]
        one = Recipe(pairs=fit_pairs(others, seed))
        own = [pool for pool in pools if one.tuned and pool.fold == (repeat, fold)]
        found += [(pool, one.of_evidence(len(pool.labels), pool.evidence)) for pool in own]
    return found

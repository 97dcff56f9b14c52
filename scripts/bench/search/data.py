"""Vectors to search: clustered as species are, or not at all, and filters over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Allowed, Embeddings

_INNER = 64  # dimensions that the centroids, or the spectrum, span
_FAMILIES, _SPECIES = 50, 100
SPECIES = _FAMILIES * _SPECIES
_BLOCK = 50_000


@dataclass(frozen=True, eq=False)
class Data:
    """Unit rows, the queries that look for them, and which rows a filter allows, by its name."""

    vectors: Embeddings
    queries: Embeddings
    filters: dict[str, Allowed]


def make(kind: str, rows: int, queries: int, dim: int, seed: int = 0) -> Data:
    """Return vectors of a kind.

    Args:
        kind: "clustered": 50 families x 100 species whose centroids lie in a 64-dimensional
            subspace, of Zipf(0.6) sizes, cosine about .67 within a species. "unclustered": a
            power-law spectrum over 64 dimensions and isotropic noise.
        rows: how many to search.
        queries: how many more of the same kind look for them.
        dim: their length.
        seed: of the random numbers.
    """
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((dim, _INNER)))[0].T.astype(np.float32)
    count = rows + queries
    shares = {f"{share:.1%} at random": share for share in (0.5, 0.1, 0.01, 0.001)}
    filters = {name: rng.random(rows) < share for name, share in shares.items()}
    if kind == "unclustered":
        vectors = _joined(_unclustered(rng, basis), count, dim)
        far = vectors[:rows] @ vectors[rows:].mean(axis=0)
        filters["2.0% correlated"] = far <= np.quantile(far, 0.02)
    else:
        species = rng.choice(_FAMILIES * _SPECIES, count, p=_zipf(rng))
        vectors = _joined(_clustered(rng, basis, species), count, dim)
        filters["2.0% correlated"] = species[:rows] // _SPECIES == 7  # one family
    return Data(vectors[:rows], vectors[rows:], filters)


def draw_species(count: int, seed: int = 0) -> NDArray[np.int64]:
    """Return the species of specimens, by numbers below `SPECIES`, of Zipf(0.6) sizes."""
    rng = np.random.default_rng(seed)
    return rng.choice(SPECIES, count, p=_zipf(rng))


def of_species(species: NDArray[np.int64], dim: int, seed: int = 0) -> Embeddings:
    """Return a vector of each species, float32 [n, dim] unit rows, as "clustered" of `make`."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((dim, _INNER)))[0].T.astype(np.float32)
    return _joined(_clustered(rng, basis, species), len(species), dim)


Blocks = Callable[[int, int], NDArray[np.float32]]


def _joined(block: Blocks, count: int, dim: int) -> Embeddings:
    vectors = np.empty((count, dim), np.float32)
    for start, stop in _bounds(count):
        rows = block(start, stop)
        vectors[start:stop] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def _bounds(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, _BLOCK):
        yield start, min(start + _BLOCK, count)


def _clustered(rng: np.random.Generator, basis: Embeddings, species: NDArray[np.int64]) -> Blocks:
    families = np.repeat(rng.standard_normal((_FAMILIES, _INNER)), _SPECIES, axis=0)
    inner = families + rng.standard_normal((_FAMILIES * _SPECIES, _INNER))
    centroids = (inner / np.linalg.norm(inner, axis=1, keepdims=True)).astype(np.float32) @ basis
    noise = np.float32(0.7 / np.sqrt(basis.shape[1]))

    def block(start: int, stop: int) -> NDArray[np.float32]:
        spread = rng.standard_normal((stop - start, basis.shape[1]), np.float32)
        rows: NDArray[np.float32] = centroids[species[start:stop]] + noise * spread
        return rows

    return block


def _unclustered(rng: np.random.Generator, basis: Embeddings) -> Blocks:
    spectrum = (np.arange(1, _INNER + 1) ** -0.5).astype(np.float32)
    spectrum /= np.linalg.norm(spectrum)
    noise = np.float32(0.35 / np.sqrt(basis.shape[1]))

    def block(start: int, stop: int) -> NDArray[np.float32]:
        inner = rng.standard_normal((stop - start, _INNER), np.float32) * spectrum
        spread = rng.standard_normal((stop - start, basis.shape[1]), np.float32)
        rows: NDArray[np.float32] = inner @ basis + noise * spread
        return rows

    return block


def _zipf(rng: np.random.Generator) -> NDArray[np.float64]:
    sizes = np.arange(1, _FAMILIES * _SPECIES + 1) ** -0.6
    shares: NDArray[np.float64] = rng.permutation(sizes / sizes.sum())
    return shares

"""The vectors that search is measured on are what docs/search.md says they are."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.scripts.bench.search.data import make


@pytest.mark.parametrize("kind", ["clustered", "unclustered"])
def test_vectors_and_filters_have_the_shape_that_is_promised(kind: str) -> None:
    data = make(kind, rows=4000, queries=50, dim=128)
    assert data.vectors.shape == (4000, 128)
    assert data.queries.shape == (50, 128)
    np.testing.assert_allclose(np.linalg.norm(data.vectors, axis=1), 1, atol=1e-6)
    shares = {name: mask.mean() for name, mask in data.filters.items()}
    for name, share in shares.items():
        assert share == pytest.approx(float(name.partition("%")[0]) / 100, rel=0.6), name


def test_only_clustered_vectors_have_near_neighbours_of_their_species() -> None:
    nearest = {}
    for kind in ("clustered", "unclustered"):
        data = make(kind, rows=8000, queries=100, dim=128)
        nearest[kind] = np.median((data.queries @ data.vectors.T).max(axis=1))
    assert nearest["clustered"] > 0.65
    assert nearest["unclustered"] < nearest["clustered"]

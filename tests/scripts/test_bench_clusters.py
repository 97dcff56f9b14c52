"""What the benchmark of clusters leaves out, and that its figures come as JSON."""

from __future__ import annotations

import argparse
import json

import numpy as np

from holotype.eval.identification.asking import Specimens
from holotype.scripts.bench.cluster_pools import KINDS, Kind, draw, kinds_for
from holotype.scripts.bench.clusters import run


def table_of(species: int, specimens: int = 5, images: int = 2) -> Specimens:
    """Return images of species that lie apart, some a specimen."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(species), specimens * images)
    rows = generator.normal(size=(species, 16))[labels]
    rows = rows + 0.3 * generator.normal(size=rows.shape)
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    groups = np.arange(len(labels)) // images
    return Specimens(unit, np.stack([labels * 0, labels], axis=1), groups, ("genus", "species"))


def test_kinds_leave_at_least_half_of_the_species() -> None:
    assert [kind.species for kind in kinds_for(100)] == [10, 25, 50, 25]
    assert [kind.name for kind in kinds_for(49)] == ["10 species"]
    assert [(kind.species, kind.tail) for kind in kinds_for(7)] == [(2, False), (2, True)]


def test_no_species_is_both_named_and_left_out() -> None:
    table = table_of(60)
    for kind in KINDS:
        drawn = draw(table, kind, seed=1)
        pool, named = (set(table.labels[rows, 1].tolist()) for rows in (drawn.pool, drawn.named))
        assert len(pool) == kind.species
        assert not pool & named
        assert len(pool | named) == 60


def test_a_long_tail_has_one_to_all_specimens_and_whole_ones() -> None:
    table = table_of(60)
    pool = draw(table, Kind("long tail", 25, tail=True), seed=2).pool
    specimens = np.unique(np.stack([table.labels[pool, 1], table.groups[pool]]), axis=1)[0]
    assert set(np.unique(specimens, return_counts=True)[1]) == {1, 2, 3, 4, 5}
    assert set(np.unique(table.groups[pool], return_counts=True)[1]) == {2}


def test_figures_are_json() -> None:
    options = argparse.Namespace(
        seeds=[3], known=None, only="10 species", method=["auto", "hdbscan"]
    )
    found = json.loads(json.dumps(run(table_of(24), options, [])))
    ways = found["pools"]["10 species"]
    assert list(ways) == [
        "auto",
        "hdbscan",
        "auto, k given",
        "auto, no recipe",
        "ward, no recipe, k given",
    ]
    assert ways["auto"][0]["n_taxa"] == 10
    assert ways["auto"][0]["accuracy"] > 0.9

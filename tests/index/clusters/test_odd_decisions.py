"""Decisions that people seldom make, and names that are not read as they were meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.clusters.cluster import cluster
from holotype.index.clusters.view import clusters_now
from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError
from holotype.index.storage.clusters.records import clustering, clustering_of, decision, decisions

from .clouds import add_batch, drawer


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"x one": 9, "x two": 7})
        cluster(made, where=["split=batch"], k=2, by="A")
        yield made


@pytest.fixture
def numbers(collection: Collection) -> list[int]:
    """Return the clusters' numbers, the larger one first."""
    return [one.cluster_id for one in clusters_now(collection, 1)]


def test_numbers_that_no_database_counts_to_are_not_there(collection: Collection) -> None:
    for look in (clustering, clustering_of, decision, decisions):
        for number in (2**63, 10**30, 0, -1):
            with pytest.raises(NotFoundError, match="has no"):
                look(collection.database, number)

"""Clusters as they are now, as JSON-ready values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..collection import Collection
from ..database.sql import run_over
from ..errors import NotFoundError
from ..storage.clusters.records import (
    Cluster,
    clustering,
    clustering_of,
    current,
    members,
    members_of,
)

_SHOWN = ("coherence", "parent", "nearest", "name", "probably")
_ANSWERED = ("rank", "taxon", "p", "coherence", "name")


def cluster_now(collection: Collection, cluster_id: int) -> Cluster:
    """Return a cluster with its members.

    Raises:
        NotFoundError: there is none of that number, or the split that made it was undone.
    """
    with collection.database.snapshot():
        clustering_id = clustering_of(collection.database, cluster_id)
        found = current(collection.database, clustering_id, [cluster_id]).get(cluster_id)
        if found is None:
            raise NotFoundError(
                f"Cluster {cluster_id} of {collection.folder} is no more: what made it was undone"
            )
        theirs = members_of(collection.database, cluster_id)
        return _with_images(collection, [replace(found, specimens=theirs)])[0]


def clusters_now(collection: Collection, clustering_id: int) -> list[Cluster]:
    """Return the clusters of a clustering with their members, those without any left out.

    Raises:
        NotFoundError: there is no such clustering.
    """
    with collection.database.snapshot():
        clustering(collection.database, clustering_id)
        theirs = members(collection.database, clustering_id)
        found = [
            replace(one, specimens=theirs[number])
            for number, one in current(collection.database, clustering_id).items()
            if number in theirs
        ]
        return [one for one in _with_images(collection, found) if one.images]


def _with_images(collection: Collection, found: list[Cluster]) -> list[Cluster]:
    specimens = [specimen for one in found for specimen in one.specimens]
    query = "SELECT specimen_id, image_id FROM images WHERE specimen_id IN"
    images: dict[str, list[str]] = {}
    for specimen, image in run_over(collection.database.read, query, specimens):
        images.setdefault(specimen, []).append(image)
    return [
        replace(
            one,
            specimens=tuple(s for s in one.specimens if s in images),
            images=tuple(i for s in one.specimens for i in images.get(s, ())),
        )
        for one in found
    ]


def as_dict(cluster: Cluster) -> dict[str, Any]:
    """Return a cluster as JSON-ready values; one that was set aside with its answer."""
    facts, there = cluster.facts, set(cluster.images)
    shown = _ANSWERED if facts.get("set_aside") else _SHOWN
    medoid = facts.get("medoid")
    if len(cluster.images) < 2:  # the others were deleted since
        facts = {**facts, "coherence": None}
    return {
        "id": cluster.cluster_id,
        "version": cluster.version,
        "state": cluster.state,
        "size": len(cluster.images),
        "image_ids": list(cluster.images),
        "medoid": medoid if medoid in there else next(iter(cluster.images), None),
        "typical": [one for one in facts.get("typical", ()) if one in there],
        "outliers": [one for one in facts.get("outliers", ()) if one in there],
        **{name: facts.get(name) for name in shown},
    }


def clustering_dict(collection: Collection, clustering_id: int) -> dict[str, Any]:
    """Return a clustering with its clusters as JSON-ready values, the largest first.

    Raises:
        NotFoundError: there is no such clustering.
    """
    record = clustering(collection.database, clustering_id)
    found = clusters_now(collection, clustering_id)
    grouped = _dicts(one for one in found if not one.facts.get("set_aside"))
    return {
        "id": clustering_id,
        "source": record.source,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "set_aside": _dicts(one for one in found if one.facts.get("set_aside")),
        "clusters": grouped,
        "k": len(grouped),
        "parameters": record.told_parameters(),
    }


def _dicts(found: Iterable[Cluster]) -> list[dict[str, Any]]:
    return [as_dict(one) for one in sorted(found, key=lambda one: -len(one.images))]

"""`/v1/clusters`: candidate species of unnamed specimens, and what people decide about them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from holotype.index.clusters.view import as_dict, cluster_now, clustering_dict
from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.search.all_images import state_of_images
from holotype.index.storage.clusters.records import clusterings, decision

from ...engine import Engine, TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import answers as schemas
from ...schemas import clusters as answers
from ...schemas import examples
from ..etags import tagged

if TYPE_CHECKING:
    from holotype.index.clusters.decide import Decider

router = APIRouter(tags=["clusters"])

_MOST = 2**63 - 1  # that a database counts to

Number = Annotated[int, Field(ge=0, le=_MOST)]
ClusterId = Annotated[int, InPath(ge=0, le=_MOST, description="The cluster's number.")]
ClusteringId = Annotated[int, InPath(ge=0, le=_MOST, description="The clustering's number.")]

_LONGEST = 500  # characters of a name or a reason
_CLUSTER: dict[int | str, dict[str, Any]] = {
    200: {
        "model": answers.Cluster | answers.KnownGroup,
        "description": "As it is now",
        "content": {"application/json": {"example": examples.CLUSTER}},
    }
}
_DECIDED: dict[int | str, dict[str, Any]] = {
    200: {"model": answers.Decided, "description": "The decision, and the cluster as it is then"}
}


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartClustering(_Order):
    """Which stored images are clustered, and how."""

    where: list[str] = Field(
        [],
        fail_fast=True,
        description="Conditions on the images, such as split=batch; see docs/filters.md.",
    )
    space: str | None = Field(None, description="Which space; by default the first.")
    k: int | None = Field(None, description="How many clusters, where that is known.")
    method: str = Field("auto", description="How they are found; see docs/clusters.md.")
    seed: int = Field(0, ge=0, lt=2**32, description="The same one gives the same clusters.")
    risk: float = Field(0.1, description="Share of what is set aside that may be wrong.")
    prior: float = Field(0.5, description="Share expected to be of species not in the gallery.")
    by: str = Field(max_length=_LONGEST, description="Who asks, for the record.")


class Sign(_Order):
    """Who decides, and why."""

    by: str = Field(max_length=_LONGEST, description="Who decides, for the record.")
    why: str = Field("", max_length=_LONGEST, description="Why, for the record.")


class Decide(Sign):
    """Who decides, why, and about which version of the cluster."""

    version: Number = Field(
        description="Of the cluster that was looked at; refused where it has changed since."
    )


class Name(Decide):
    """A name for a cluster."""

    name: str = Field(max_length=_LONGEST, description="A species or a higher taxon.")
    under: str = Field("", max_length=_LONGEST, description="Where a new name belongs.")


class Place(Decide):
    """A place for a cluster."""

    under: str = Field(max_length=_LONGEST, description="A rank and a taxon: genus=Xestia.")


class Merge(Decide):
    """Clusters that go into one."""

    others: dict[Number, Number] = Field(description="Their numbers, and the versions looked at.")


class Split(Decide):
    """A cluster taken apart."""

    parts: int = Field(2, description="Into how many sub-clusters.")


class Move(Decide):
    """Images that leave a cluster."""

    images: list[str] = Field(fail_fast=True, description="Their ids.")
    to: Number | Literal["new"] | None = Field(
        description="Another cluster, new, or null for none."
    )
    to_version: Number | None = Field(None, description="Of the other cluster that was looked at.")


_BY = {"by": "A. Taxonomist", "version": 30}


@router.post(
    "/clusters",
    summary="Cluster unnamed specimens",
    status_code=202,
    responses={202: {"model": schemas.Job, "description": "The job, under way"}},
    openapi_extra=described_order(StartClustering, {"where": ["split=batch"], "by": "A. Curator"}),
    dependencies=[WRITES],
)
async def start(request: Request, engine: TheEngine) -> JSONResponse:
    """Start a job that sets aside what is known and groups the rest into candidate species.

    The images are stored ones without the name of a species. The job is under `Location`; its
    result is the number of the clustering. Questions are answered meanwhile. With API keys this
    needs one that may write.
    """
    asked = await read_order(request, engine, StartClustering)
    if not asked.by.strip():
        raise UsageError("A clustering needs somebody who asks for it; give a name as 'by'")
    space = (await engine.read(engine.collection.space, asked.space)).name
    begun = engine.jobs.start(
        "cluster",
        space,
        lambda tell: _cluster(engine, asked, tell),
        options=asked.model_dump(exclude={"space"}),
        joins=False,
    )
    job = await asyncio.shield(asyncio.wrap_future(begun))
    return JSONResponse(job.to_dict(), 202, headers={"Location": f"/v1/jobs/{job.job_id}"})


def _cluster(
    engine: Engine, asked: StartClustering, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    # Here and below: what clusters and decides loads SciPy, which no start should wait for.
    from holotype.index.clusters.cluster import cluster
    from holotype.training.clustering.kept import recipe_for

    collection = engine.collection
    found = cluster(
        collection,
        **asked.model_dump(),
        recipe=lambda: recipe_for(collection, space=asked.space),
        progress=progress,
    )
    return {"clustering": found["id"], "k": found["k"], "notes": found["parameters"]["notes"]}


@router.get(
    "/clusterings",
    summary="All clusterings",
    responses={200: {"model": answers.Clusterings, "description": "Oldest first"}},
)
async def all_clusterings(engine: TheEngine) -> JSONResponse:
    """List the clusterings: when each was made, by whom, of what and how."""
    return JSONResponse(await engine.read(_clusterings, engine.collection))


@router.post(
    "/clusterings/{clustering_id}/accept-known",
    summary="Accept all that was set aside as known",
    responses={200: {"model": answers.Accepted, "description": "One decision a name"}},
    openapi_extra=described_order(Sign, {"by": "A. Taxonomist", "why": "looked through"}),
    dependencies=[WRITES],
)
async def accept_known(
    clustering_id: ClusteringId, request: Request, engine: TheEngine
) -> JSONResponse:
    """Determine every specimen that was set aside as known as what it was set aside with."""
    asked = await read_order(request, engine, Sign)
    async with engine.asked():
        made = await engine.query(_accept_known, engine.collection, clustering_id, asked)
    return JSONResponse({"decisions": made})


@router.get(
    "/clusters",
    summary="The clusters of a clustering",
    responses={200: {"model": answers.Clustering, "description": "The clustering as it is now"}},
)
async def clusters(
    request: Request,
    engine: TheEngine,
    clustering: Annotated[
        int | None, Query(ge=0, le=_MOST, description="Which; by default the last.")
    ] = None,
    after: Annotated[str | None, Query(description="The 'next' of the page before.")] = None,
    limit: Annotated[
        int | None, Query(ge=1, le=1000, description="How many clusters; by default all.")
    ] = None,
) -> Response:
    """Return what was set aside as known, and the clusters, the largest first.

    What was set aside comes with the first page only.
    """
    found = await engine.read(_clustering, engine.collection, clustering, after, limit)
    return tagged(request, found)


@router.get(
    "/clusters/{cluster_id}",
    summary="A cluster",
    responses=_CLUSTER,
)
async def one_cluster(cluster_id: ClusterId, engine: TheEngine) -> JSONResponse:
    """Return a cluster as it is now, with its version."""
    return JSONResponse(await engine.read(_cluster_dict, engine.collection, cluster_id))


@router.post(
    "/clusters/{cluster_id}/name",
    summary="Name a cluster",
    responses=_DECIDED,
    openapi_extra=described_order(Name, {**_BY, "name": "Xestia viridis", "why": "green wings"}),
    dependencies=[WRITES],
)
async def name(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine all specimens of a cluster; the next question knows the name."""
    asked = await read_order(request, engine, Name)
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.name(cluster_id, asked.name, under=asked.under, version=asked.version),
    )


@router.post(
    "/clusters/{cluster_id}/place",
    summary="Place a cluster under a taxon",
    responses=_DECIDED,
    openapi_extra=described_order(Place, {**_BY, "under": "genus=Xestia"}),
    dependencies=[WRITES],
)
async def place(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine all specimens of a cluster as a taxon above the species."""
    asked = await read_order(request, engine, Place)
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.place(cluster_id, asked.under, version=asked.version),
    )


@router.post(
    "/clusters/{cluster_id}/accept",
    summary="Accept a cluster as it is",
    responses=_DECIDED,
    openapi_extra=described_order(Decide, _BY),
    dependencies=[WRITES],
)
async def accept(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine all specimens as the provisional taxon, or as what they were set aside with."""
    asked = await read_order(request, engine, Decide)
    return await _decided(
        *(engine, cluster_id, asked), lambda by: by.accept(cluster_id, version=asked.version)
    )


@router.post(
    "/clusters/{cluster_id}/merge",
    summary="Merge clusters",
    responses=_DECIDED,
    openapi_extra=described_order(Merge, {**_BY, "others": {"15": 28}}),
    dependencies=[WRITES],
)
async def merge(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Put other clusters into this one, which keeps its number and its name."""
    asked = await read_order(request, engine, Merge)
    versions = {**asked.others, cluster_id: asked.version}
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.merge(cluster_id, list(asked.others), versions=versions),
    )


@router.post(
    "/clusters/{cluster_id}/split",
    summary="Split a cluster",
    responses=_DECIDED,
    openapi_extra=described_order(Split, {**_BY, "parts": 2}),
    dependencies=[WRITES],
)
async def split(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Take a cluster apart into sub-clusters; the largest keeps its number and its name."""
    asked = await read_order(request, engine, Split)
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.split(cluster_id, asked.parts, version=asked.version),
    )


@router.post(
    "/clusters/{cluster_id}/move",
    summary="Move images out of a cluster",
    responses=_DECIDED,
    openapi_extra=described_order(Move, {**_BY, "images": ["trip_7"], "to": 15, "to_version": 28}),
    dependencies=[WRITES],
)
async def move(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Move images, with all of their specimens, into another cluster, a new one or none."""
    asked = await read_order(request, engine, Move)
    versions = {cluster_id: asked.version}
    if isinstance(asked.to, int):
        if asked.to_version is None:
            raise UsageError("Send the version of the other cluster, too, as 'to_version'")
        versions[asked.to] = asked.to_version
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.move(cluster_id, asked.images, asked.to, versions=versions),
    )


@router.post(
    "/clusters/{cluster_id}/reject",
    summary="Reject a cluster",
    responses=_DECIDED,
    openapi_extra=described_order(Decide, _BY),
    dependencies=[WRITES],
)
async def reject(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Say that a cluster is no taxon."""
    asked = await read_order(request, engine, Decide)
    return await _decided(
        *(engine, cluster_id, asked), lambda by: by.reject(cluster_id, version=asked.version)
    )


@router.post(
    "/clusters/{cluster_id}/set-aside",
    summary="Leave a cluster for later",
    responses=_DECIDED,
    openapi_extra=described_order(Decide, _BY),
    dependencies=[WRITES],
)
async def set_aside(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Leave a cluster undecided, for later."""
    asked = await read_order(request, engine, Decide)
    return await _decided(
        *(engine, cluster_id, asked), lambda by: by.set_aside(cluster_id, version=asked.version)
    )


async def _decided(
    engine: Engine, cluster_id: int, asked: Decide, work: Callable[[Decider], int]
) -> JSONResponse:
    async with engine.asked():
        told = await engine.query(_decide, engine.collection, cluster_id, asked, work)
    return JSONResponse(told)


def _decide(
    collection: Collection, cluster_id: int, asked: Decide, work: Callable[[Decider], int]
) -> dict[str, Any]:
    from holotype.index.clusters.decide import Decider

    made = work(Decider(collection, asked.by, asked.why))
    told = decision(collection.database, made).to_dict()
    return {"decision": told, "cluster": as_dict(cluster_now(collection, cluster_id))}


def _accept_known(collection: Collection, clustering_id: int, asked: Sign) -> list[int]:
    from holotype.index.clusters.decide import Decider

    return Decider(collection, asked.by, asked.why).accept_known(clustering_id)


def _clusterings(collection: Collection) -> dict[str, Any]:
    return {"clusterings": [one.to_dict() for one in clusterings(collection.database)]}


def _clustering(
    collection: Collection, number: int | None, after: str | None, limit: int | None
) -> dict[str, Any]:
    if number is None:
        known = clusterings(collection.database)
        if not known:
            raise NotFoundError("The collection has no clusters yet; POST /v1/clusters makes them")
        number = known[-1].clustering_id
    found = _kept_clustering(collection, number)
    rest = found["clusters"]
    if after is not None:
        last = _place(after)
        rest = [one for one in rest if (-one["size"], one["id"]) > last]
    shown = rest[:limit]
    more = f"{shown[-1]['size']}:{shown[-1]['id']}" if len(shown) < len(rest) else None
    set_aside = found["set_aside"] if after is None else []
    return {**found, "set_aside": set_aside, "clusters": shown, "next": more}


def _place(cursor: str) -> tuple[int, int]:
    """Return the size of a cluster, as a negative number, and its number.

    Raises:
        UsageError: a cursor that no page gave.
    """
    if not re.fullmatch(r"\d{1,18}:\d{1,18}", cursor, re.ASCII):
        raise UsageError(
            f"after is '{cursor[:80]}', which no page gave; send the 'next' of the page before"
        )
    size, _, number = cursor.partition(":")
    return -int(size), int(number)


_KEPT: WeakKeyDictionary[Collection, tuple[object, dict[str, Any]]] = WeakKeyDictionary()


def _kept_clustering(collection: Collection, number: int) -> dict[str, Any]:
    """Return a clustering as it is now; the last one that was asked for is kept."""
    database = collection.database
    with database.snapshot():
        images = state_of_images(database)._replace(determinations=0)
        last = database.read("SELECT coalesce(max(decision_id), 0) FROM decisions")[0][0]
        key = (number, last, images)
        kept = _KEPT.get(collection)
        if kept is None or kept[0] != key:
            _KEPT[collection] = kept = (key, clustering_dict(collection, number))
    return kept[1]


def _cluster_dict(collection: Collection, cluster_id: int) -> dict[str, Any]:
    return as_dict(cluster_now(collection, cluster_id))

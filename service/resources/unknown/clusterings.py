"""`/v1/clusterings` and `/v1/clusters`: candidate species of unnamed specimens, made and listed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.clusters.view import clustering_dict
from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.search.all_images import state_of_images
from holotype.index.storage.clusters.records import clustering, clusterings
from holotype.index.ways import way

from ...engine import Engine, TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import answers as schemas
from ...schemas import clusters as answers
from ...schemas.cluster_orders import Sign, StartClustering
from ..etags import tagged

router = APIRouter(tags=["clusters"])

ClusteringId = Annotated[int, InPath(description="The clustering's number.")]


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
    clustering: Annotated[int | None, Query(description="Which; by default the last.")] = None,
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
            raise NotFoundError(f"The collection has no clusters yet; {way('cluster')} makes them")
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
    """Return a clustering as it is now; the last one that was asked for is kept, for all doors."""
    database = collection.database
    with database.snapshot():
        images = state_of_images(database)._replace(determinations=0)
        last = database.read("SELECT coalesce(max(decision_id), 0) FROM decisions")[0][0]
        key = (number, last, images)
        kept = _KEPT.get(collection)
        if kept is None or kept[0] != key:
            _KEPT[collection] = kept = (key, clustering_dict(collection, number))
        return {**kept[1], "parameters": clustering(database, number).told_parameters()}

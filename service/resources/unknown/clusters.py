"""`/v1/clusters/{cluster_id}`: a cluster, and what people decide about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.clusters.view import as_dict, cluster_now
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.storage.clusters.records import decision

from ...engine import Engine, TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import clusters as answers
from ...schemas import examples
from ...schemas.cluster_orders import Decide, Merge, Move, Name, Place, Split

if TYPE_CHECKING:
    from holotype.index.clusters.decide import Decider

router = APIRouter(prefix="/clusters/{cluster_id}", tags=["clusters"])

ClusterId = Annotated[int, InPath(description="The cluster's number.")]

Route = TypeVar("Route", bound=Callable[..., Any])

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


def _decides(
    kind: str, summary: str, order: type[Decide] = Decide, **example: Any
) -> Callable[[Route], Route]:
    """Return what makes a function the route of a decision, with an example of its order."""
    signed = {"by": "A. Taxonomist", "version": 30, **example}
    return router.post(
        f"/{kind}",
        summary=summary,
        responses=_DECIDED,
        openapi_extra=described_order(order, signed),
        dependencies=[WRITES],
    )


@router.get(
    "",
    summary="A cluster",
    responses=_CLUSTER,
)
async def one_cluster(cluster_id: ClusterId, engine: TheEngine) -> JSONResponse:
    """Return a cluster as it is now, with its version."""
    return JSONResponse(await engine.read(_cluster_dict, engine.collection, cluster_id))


@_decides("name", "Name a cluster", Name, name="Xestia viridis", why="green wings")
async def name(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine all specimens of a cluster; the next question knows the name."""
    asked = await read_order(request, engine, Name)
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.name(cluster_id, asked.name, under=asked.under, version=asked.version),
    )


@_decides("place", "Place a cluster under a taxon", Place, under="genus=Xestia")
async def place(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine all specimens of a cluster as a taxon above the species."""
    asked = await read_order(request, engine, Place)
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.place(cluster_id, asked.under, version=asked.version),
    )


@_decides("accept", "Accept a cluster as it is")
async def accept(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine all specimens as the provisional taxon, or as what they were set aside with."""
    asked = await read_order(request, engine, Decide)
    return await _decided(
        *(engine, cluster_id, asked), lambda by: by.accept(cluster_id, version=asked.version)
    )


@_decides("merge", "Merge clusters", Merge, others={"15": 28})
async def merge(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Put other clusters into this one, which keeps its number and its name."""
    asked = await read_order(request, engine, Merge)
    versions = {**asked.others, cluster_id: asked.version}
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.merge(cluster_id, list(asked.others), versions=versions),
    )


@_decides("split", "Split a cluster", Split, parts=2)
async def split(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Take a cluster apart into sub-clusters; the largest keeps its number and its name."""
    asked = await read_order(request, engine, Split)
    return await _decided(
        *(engine, cluster_id, asked),
        lambda by: by.split(cluster_id, asked.parts, version=asked.version),
    )


@_decides("move", "Move images out of a cluster", Move, images=["trip_7"], to=15, to_version=28)
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


@_decides("reject", "Reject a cluster")
async def reject(cluster_id: ClusterId, request: Request, engine: TheEngine) -> JSONResponse:
    """Say that a cluster is no taxon."""
    asked = await read_order(request, engine, Decide)
    return await _decided(
        *(engine, cluster_id, asked), lambda by: by.reject(cluster_id, version=asked.version)
    )


@_decides("set-aside", "Leave a cluster for later")
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


def _cluster_dict(collection: Collection, cluster_id: int) -> dict[str, Any]:
    return as_dict(cluster_now(collection, cluster_id))

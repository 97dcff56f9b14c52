"""`/review`: groups without a name, and the curation queues."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from holotype.index.curation.queues import QUEUES
from holotype.index.errors import NotFoundError
from holotype.index.storage.clusters.records import clustering, clusterings

from ..engine import Engine, TheEngine
from ..guards.keys import MAY_WRITE
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_MOST_LISTED = 50  # clusterings that can be chosen, the last ones

TABS = (("clusters", "review"), *((name, f"review/queues/{name}") for name in QUEUES))


@router.get("/review")
async def review(request: Request, engine: TheEngine) -> HTMLResponse:
    """Show the clusters of the last clustering."""
    return await _clusters(request, engine, None)


@router.get("/review/clusters/{clustering_id}")
async def clusters(clustering_id: int, request: Request, engine: TheEngine) -> HTMLResponse:
    """Show the clusters of a clustering."""
    return await _clusters(request, engine, clustering_id)


async def _clusters(request: Request, engine: Engine, number: int | None) -> HTMLResponse:
    values = await engine.read(_values, engine, MAY_WRITE.get(), number)
    return rendered(request, "review.html", strings=("review",), tab="clusters", **values)


def _values(engine: Engine, may_write: bool, number: int | None) -> dict[str, Any]:
    collection = engine.collection
    if number is not None:
        clustering(collection.database, number)  # refused where there is none
    return {
        "collection": collection.folder.name,
        "clustering": number,
        "clusterings": clusterings(collection.database)[-_MOST_LISTED:],
        "spaces": [space.name for space in collection.spaces()],
        "may_write": may_write,
        "tabs": TABS,
    }


@router.get("/review/queues/{name}")
async def queue(
    name: str, request: Request, engine: TheEngine, space: str | None = None
) -> HTMLResponse:
    """Show a curation queue, by default in the first space."""
    if name not in QUEUES:
        raise NotFoundError(f"There is no queue '{name}'; there are {', '.join(QUEUES)}")
    values = await engine.read(_queue_values, engine, MAY_WRITE.get(), space)
    return rendered(request, "review_queue.html", strings=("review",), tab=name, **values)


def _queue_values(engine: Engine, may_write: bool, space: str | None) -> dict[str, Any]:
    collection = engine.collection
    spaces = [one.name for one in collection.spaces()]
    # A collection without spaces has a page, too, which says so.
    shown = collection.space(space).name if space or spaces else ""
    return {
        "collection": collection.folder.name,
        "spaces": spaces,
        "space": shown,
        "may_write": may_write,
        "tabs": TABS,
    }

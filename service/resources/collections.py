"""`/v1/collections` and the probes of a service of several collections."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from holotype.index.errors import HolotypeError

from ..addresses import root_of
from ..guards.scopes import NO_KEY, READS
from ..measurements import Measurements
from ..problems import BusyError, NotReadyError, served_of
from ..schemas.collections import ListedCollection, ListedCollections
from ..served.folder import Folder
from ..served.place import Place
from .metrics import MEDIA_TYPE, images_of, jobs_of

router = APIRouter()


async def _folder_of(request: Request) -> Folder:
    folder: Folder = served_of(request.scope)
    return folder


TheFolder = Annotated[Folder, Depends(_folder_of)]


@router.get(
    "/v1/collections",
    tags=["collections"],
    summary="The collections of the folder",
    dependencies=[READS],
)
async def collections(request: Request, folder: TheFolder) -> ListedCollections:
    """List what is served here; each collection has all its pages, and its API, below its name."""
    return await listed(request, folder)


@router.get("/readyz", tags=["health"], summary="Readiness", openapi_extra=NO_KEY)
async def readyz(folder: TheFolder) -> JSONResponse:
    """Answer 200 where every collection was tried and at least one can be asked, else 503.

    Every collection is listed; one that cannot be asked says why in `why_not`.
    """
    states = [
        {"name": place.name, **({"why_not": place.why_not} if place.why_not else {})}
        for place in folder.places.values()
    ]
    if not folder.looked:
        raise NotReadyError("The collections are still being opened; ask again in a moment")
    if all("why_not" in state for state in states):
        raise NotReadyError("No collection of the folder can be asked; the page / says why")
    return JSONResponse({"status": "ready", "collections": states})


@router.get(
    "/metrics",
    tags=["health"],
    summary="Counts for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    dependencies=[READS],
)
async def metrics(request: Request, folder: TheFolder) -> Response:
    """Return requests by collection, route and status, queue lengths, images, and jobs."""
    queues = folder.shared.queues()
    images: dict[tuple[str, ...], int] = {}
    jobs: dict[tuple[str, ...], int] = {}
    for place in folder.places.values():
        with suppress(HolotypeError):  # of one that cannot be asked nothing is known
            engine = place.engine()
            images |= {(place.name, *of): n for of, n in (await images_of(engine)).items()}
            jobs |= {(place.name, *of): n for of, n in jobs_of(engine).items()}
            for queue, length in engine.waiting().items():
                queues[queue] = queues.get(queue, 0) + length
    measurements: Measurements = request.app.state.measurements
    text = measurements.as_text(queues, images, jobs)
    return Response(text, headers={"Content-Type": MEDIA_TYPE})


async def listed(request: Request, folder: Folder) -> ListedCollections:
    """Return the collections of a folder with what each holds, or why it cannot be asked."""
    root = root_of(request.scope)
    # One after the other: each takes a place among the requests for records.
    found = [await _listed(root, place) for place in folder.places.values()]
    return ListedCollections(collections=found)


async def _listed(root: str, place: Place) -> ListedCollection:
    one = ListedCollection(name=place.name, address=f"{root}/{quote(place.name)}/")
    if place.why_not:
        return one.model_copy(update={"why_not": place.why_not})
    try:
        counts = await place.counts()
    except BusyError:
        raise
    except HolotypeError as error:
        return one.model_copy(update={"why_not": place.told(error)})
    return one.model_copy(update=vars(counts))

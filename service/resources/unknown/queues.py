"""`GET /v1/queues/{name}`: what a person should look at, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.curation.doubts import first_images, kept_doubts
from holotype.index.curation.queues import COMPARED, QUEUES, Queue, require_queue
from holotype.index.errors import UsageError
from holotype.training.doubts import queue_of

from ...engine import TheEngine
from ...problems import NotReadyError
from ...schemas import answers

router = APIRouter(prefix="/queues", tags=["queues"])

# Specimens up to which it is done while somebody waits: seconds.
_MOST_AT_ONCE = 5000  # whose names are compared
_MOST_SEARCHED = 20_000  # among whose pictures copies are looked for

QueueName = Annotated[
    str, InPath(description="Which queue.", json_schema_extra={"enum": list(QUEUES)})
]


@router.get(
    "/{name}",
    summary="A curation queue",
    responses={200: {"model": answers.QueuePage, "description": "Some entries, worst first"}},
)
async def queue(
    name: QueueName,
    engine: TheEngine,
    offset: Annotated[int, Query(description="Entries to pass over first.")] = 0,
    limit: Annotated[int, Query(description="Entries to return, 1 to 1000.")] = 20,
    space: Annotated[
        str | None,
        Query(description="In which evidence is near; by default the first."),
    ] = None,
) -> JSONResponse:
    """List specimens that should be looked at, each with a reason, a name and evidence.

    `mislabels`: another species fits better. `duplicates`: specimens that share a picture. `far`:
    unlike the others of their species. `singletons`: the only ones of theirs. A specimen whose name
    a person has confirmed or corrected stands in none of them.
    """
    async with engine.asked():
        return await engine.query(_page, engine.collection, name, space, offset, limit)


def _page(
    collection: Collection, name: str, space: str | None, offset: int, limit: int
) -> JSONResponse:
    require_queue(name)
    gallery = collection.gallery(space)
    found = gallery.answered(("queue", name), None, lambda: _queue(collection, name, space))
    return JSONResponse(found.page(offset, limit).to_dict())


def _queue(collection: Collection, name: str, space: str | None) -> Queue:
    """Return a queue; names of many specimens are not compared while somebody waits."""
    _, source = collection.gallery_and_source(space)
    specimens = len(first_images(source))
    if name == "duplicates" and specimens > _MOST_SEARCHED:
        raise UsageError(
            f"Duplicates among {specimens} specimens take longer than a request may; the limit is "
            f"{_MOST_SEARCHED}: run 'holotype review --queue duplicates' on the collection"
        )
    late = name in COMPARED and specimens > _MOST_AT_ONCE
    if late and kept_doubts(collection, source) is None:
        raise NotReadyError(
            f"The names of {specimens} specimens have not been compared yet, or many were named "
            "since; run 'holotype review' on the collection once"
        )
    return queue_of(collection, name, space=space)

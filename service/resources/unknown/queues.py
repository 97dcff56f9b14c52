"""`/v1/queues/{name}`: what a person should look at and why, and what they decide about it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.collection import Collection
from holotype.index.curation.actions import Decision, DecisionKind, decide
from holotype.index.curation.doubts import first_images, kept_doubts
from holotype.index.curation.queues import QUEUES, Queue, require_queue, rests_on
from holotype.index.errors import NotComparedError, UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.storage.files_beside import made_of_spaces
from holotype.index.ways import way, way_there
from holotype.training.doubts import queue_of, require_comparable

from ...engine import TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import answers, records
from ...schemas.orders import Number, Sign, Text
from ..records.determinations import events_of

router = APIRouter(prefix="/queues", tags=["queues"])

# Specimens up to which it is done while somebody waits: seconds.
_MOST_AT_ONCE = 5000  # whose names are compared
_MOST_SEARCHED = 20_000  # among whose pictures copies are looked for

QueueName = Annotated[
    str, InPath(description="Which queue.", json_schema_extra={"enum": list(QUEUES)})
]


_DECIDED: dict[int | str, dict[str, Any]] = {
    200: {"model": records.QueueDecided, "description": "The determinations, one a specimen"}
}


class Decide(Sign):
    """Specimens of a queue that are decided about."""

    specimen_ids: list[str] = Field(
        min_length=1, max_length=1000, fail_fast=True, description="Which, 1 to 1000."
    )
    versions: dict[str, Number] = Field(
        {},
        description="Of the specimens that were looked at, as the queue gave them; refused where "
        "one of them was determined since.",
    )
    space: str | None = Field(None, description="Which space shows the queue; see GET.")


class Accept(Decide):
    """Specimens of a queue that get the names that it proposes."""

    names: dict[str, str] = Field(
        {},
        description="The lowest name that was proposed for each, as it was looked at; refused "
        "where another is proposed by now.",
    )


class Correct(Decide):
    """A name for specimens of a queue."""

    name: Text = Field(description="'Genus species', a taxon of the collection, or rank=name.")


_BODY = {
    "specimen_ids": ["trip-7"],
    "versions": {"trip-7": 1731},
    "by": "A. Taxonomist",
    "why": "the reniform stigma",
}


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

    `unnamed`: without a name, and one fits. `mislabels`: another species fits better. `duplicates`:
    specimens that share a picture. `far`: unlike the others of their species. `singletons`: the
    only ones of theirs. A specimen whose name a person has confirmed or corrected stands in none of
    them.
    """
    async with engine.asked():
        return await engine.query(_page, engine.collection, name, space, offset, limit)


@router.post(
    "/{name}/accept",
    summary="Give specimens the names that a queue proposes",
    responses=_DECIDED,
    openapi_extra=described_order(Accept, {**_BODY, "names": {"trip-7": "Xestia baja"}}),
    dependencies=[WRITES],
)
async def accept(name: QueueName, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine specimens as what the queue proposes for each; of duplicates all that share it.

    All of them or none. With API keys this needs one that may write.
    """
    asked = await read_order(request, engine, Accept)
    async with engine.asked():
        told = await engine.query(_decide, engine.collection, name, "accept", asked)
    return JSONResponse(told)


@router.post(
    "/{name}/correct",
    summary="Give specimens of a queue another name",
    responses=_DECIDED,
    openapi_extra=described_order(Correct, {**_BODY, "name": "Xestia baja"}),
    dependencies=[WRITES],
)
async def correct(name: QueueName, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine specimens as a taxon of the collection, or a new species; all of them or none.

    With API keys this needs one that may write.
    """
    asked = await read_order(request, engine, Correct)
    return JSONResponse(await engine.read(_decide, engine.collection, name, "correct", asked))


@router.post(
    "/{name}/dismiss",
    summary="Confirm the names of specimens of a queue",
    responses=_DECIDED,
    openapi_extra=described_order(Decide, _BODY),
    dependencies=[WRITES],
)
async def dismiss(name: QueueName, request: Request, engine: TheEngine) -> JSONResponse:
    """Determine specimens as what they are called already, so that no queue asks again.

    All of them or none. With API keys this needs one that may write.
    """
    asked = await read_order(request, engine, Decide)
    return JSONResponse(await engine.read(_decide, engine.collection, name, "dismiss", asked))


def _decide(collection: Collection, name: str, kind: DecisionKind, asked: Decide) -> dict[str, Any]:
    require_queue(name)
    decision = Decision(
        kind,
        asked.specimen_ids,
        asked.by,
        asked.why,
        versions=asked.versions,
        **asked.model_dump(include={"name", "names"}),
    )
    made = decide(collection, decision, partial(_kept_queue, collection, name, asked.space))
    return {"queue": name, "determinations": events_of(collection, made)}


def _page(
    collection: Collection, name: str, space: str | None, offset: int, limit: int
) -> JSONResponse:
    return JSONResponse(_kept_queue(collection, name, space).page(offset, limit).to_dict())


def _kept_queue(collection: Collection, name: str, space: str | None) -> Queue:
    require_queue(name)
    gallery = collection.gallery(space)
    rests, made = rests_on(name, gallery), made_of_spaces(collection.database).items()
    kept = tuple(sorted(file.sha256 for (_, kind), file in made if kind in rests))
    return gallery.answered(("queue", name, kept), None, lambda: _queue(collection, name, space))


def _queue(collection: Collection, name: str, space: str | None) -> Queue:
    """Return a queue; names of many specimens are not compared while somebody waits."""
    _, source = collection.gallery_and_source(space)
    specimens = len(first_images(source))
    if name == "duplicates" and specimens > _MOST_SEARCHED:
        raise UsageError(
            f"Duplicates among {specimens} specimens take longer than a request may; the limit is "
            f"{_MOST_SEARCHED}: run {way_there('review', queue='duplicates')}"
        )
    late = bool(rests_on(name, source)) and specimens > _MOST_AT_ONCE
    if late and _can_be_compared(source) and not _are_compared(collection, source, name):
        raise NotComparedError(
            f"The names of {specimens} specimens have not been compared yet, or many were named "
            f"since; run {way('review')} first"
        )
    return queue_of(collection, name, space=space, exact=not late)


def _can_be_compared(source: Gallery) -> bool:
    """Return whether comparing names is of use; otherwise a queue says at once why not."""
    try:
        require_comparable(source)
    except UsageError:
        return False
    return True


def _are_compared(collection: Collection, source: Gallery, name: str) -> bool:
    grown = name == "unnamed"
    kept = (kept_doubts(collection, source, kind, grown=grown) for kind in rests_on(name, source))
    return all(found is not None for found in kept)

"""`/v1/determinations`: what specimens are called, by whom, and taking that back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.collection import Collection
from holotype.index.curation.actions import lineage_of
from holotype.index.database.sql import MOST
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.storage.determinations import Event, events_at, newest
from holotype.index.storage.specimens.namings import Naming
from holotype.index.taxonomy import RANKS

from ...engine import TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import clusters as events
from ...schemas import records as answers
from ...schemas.orders import Number, Order, Sign, Text

router = APIRouter(prefix="/determinations", tags=["determinations"])

MANY = 1000  # that one request determines or takes back

DeterminationId = Annotated[int, InPath(description="The determination's number.")]


class SpecimenName(Order):
    """A name for a specimen."""

    specimen_id: str = Field(description="Whose name it is.")
    name: Text = Field(description="'Genus species', or any taxon of the collection.")
    rank: Text = Field("", description="Of the name, where several taxa are called so.")
    qualifier: Text = Field("", description="Of open nomenclature, such as cf.")
    version: Number | None = Field(
        None,
        description="Of the specimen that was looked at; refused where it was determined since.",
    )


class Determine(Sign, SpecimenName):
    """A name for a specimen, and who gives it."""


class DetermineMany(Sign):
    """Names for specimens, and who gives them."""

    namings: list[SpecimenName] = Field(
        min_length=1, max_length=MANY, fail_fast=True, description="The names, 1 to 1000."
    )


class UndoMany(Sign):
    """Determinations that are taken back together."""

    determination_ids: list[int] = Field(
        min_length=1, max_length=MANY, fail_fast=True, description="Which, 1 to 1000."
    )


_EXAMPLE = {"specimen_id": "trip-7", "name": "Xestia baja", "by": "A. Taxonomist", "version": 1731}
_MANY = {
    "namings": [{"specimen_id": "trip-7", "name": "Xestia", "rank": "genus"}],
    "by": "A. Taxonomist",
    "why": "sure at the genus",
}


@router.get(
    "",
    summary="What was determined lately",
    responses={200: {"model": answers.Determinations, "description": "The newest first"}},
)
async def all_determinations(
    engine: TheEngine,
    after: Annotated[
        int | None, Query(ge=0, le=MOST, description="The 'next' of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many, 1 to 1000.")] = 50,
    specimen_id: Annotated[str | None, Query(description="Only of this specimen.")] = None,
) -> JSONResponse:
    """List determinations and undos with the accepted name of the specimen before and after."""
    found = await engine.read(_page, engine.collection, after, limit, specimen_id)
    return JSONResponse(found)


@router.post(
    "",
    summary="Determine a specimen",
    status_code=201,
    responses={201: {"model": events.Event, "description": "The determination"}},
    openapi_extra=described_order(Determine, _EXAMPLE),
    dependencies=[WRITES],
)
async def determine(request: Request, engine: TheEngine) -> JSONResponse:
    """Append a determination by a person; from then on it is the accepted one.

    The name that the specimen has already is confirmed by it. Nothing is overwritten: what it was
    called before stays in its history, and an undo brings it back. With API keys this needs one
    that may write.
    """
    asked = await read_order(request, engine, Determine)
    made = await engine.read(_determine, engine.collection, asked)
    place = f"/v1/determinations/{made.determination_id}"
    return JSONResponse(made.to_dict(), 201, headers={"Location": place})


@router.post(
    "/batch",
    summary="Determine many specimens",
    responses={200: {"model": answers.Determined, "description": "The determinations"}},
    openapi_extra=described_order(DetermineMany, _MANY),
    dependencies=[WRITES],
)
async def determine_many(request: Request, engine: TheEngine) -> JSONResponse:
    """Append determinations of many specimens as a POST of each would.

    A specimen that was determined since the `version` that comes with its name is left out, and
    listed in `left_out`. For anything else that is wrong none of them is determined. With API keys
    this needs one that may write.
    """
    asked = await read_order(request, engine, DetermineMany)
    return JSONResponse(await engine.read(_determine_many, engine.collection, asked))


@router.post(
    "/undo",
    summary="Undo many determinations",
    responses={200: {"model": answers.Undone, "description": "The undos, and what was left"}},
    openapi_extra=described_order(UndoMany, {"determination_ids": [1731], "by": "A. Taxonomist"}),
    dependencies=[WRITES],
)
async def undo_many(request: Request, engine: TheEngine) -> JSONResponse:
    """Take back determinations, or undos, those that still count.

    What somebody took back or reinstated meanwhile, and what is of a specimen that a person has
    determined since, is left as it is, and listed in `left_out`. Where a number is of none, none is
    taken back. With API keys this needs one that may write.
    """
    asked = await read_order(request, engine, UndoMany)
    return JSONResponse(await engine.read(_undo_many, engine.collection, asked))


@router.get(
    "/{determination_id:int}",
    summary="A determination",
    responses={200: {"model": events.Event, "description": "The determination, or the undo"}},
)
async def one_determination(determination_id: DeterminationId, engine: TheEngine) -> JSONResponse:
    """Return a determination or an undo, and what it did to the name of its specimen."""
    found = await engine.read(event_of, engine.collection, determination_id)
    return JSONResponse(found.to_dict())


@router.post(
    "/{determination_id}/undo",
    summary="Undo a determination",
    responses={200: {"model": events.Event, "description": "The undo"}},
    openapi_extra=described_order(Sign, {"by": "A. Taxonomist", "why": "it was another specimen"}),
    dependencies=[WRITES],
)
async def undo(
    determination_id: DeterminationId, request: Request, engine: TheEngine
) -> JSONResponse:
    """Take back a determination, or an undo, by appending that it no longer stands.

    With API keys this needs one that may write.
    """
    asked = await read_order(request, engine, Sign)
    made = await engine.read(_undo, engine.collection, determination_id, asked)
    return JSONResponse(made.to_dict())


def event_of(collection: Collection, determination_id: int) -> Event:
    """Return a determination or an undo.

    Raises:
        NotFoundError: there is none of that number.
    """
    collection.require_intact()
    for event in events_at(collection.database, [determination_id]):
        return event
    raise NotFoundError(f"{collection.folder} has no determination {determination_id}")


def events_of(collection: Collection, determination_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return determinations as JSON-ready values, oldest first."""
    return [event.to_dict() for event in events_at(collection.database, determination_ids)]


def _page(
    collection: Collection, before: int | None, limit: int, specimen_id: str | None
) -> dict[str, Any]:
    collection.require_intact()
    database = collection.database
    with database.snapshot():
        found = newest(database, limit + 1, before=before, specimen_id=specimen_id)
        shown = events_of(collection, found[:limit])
    return {
        "determinations": shown[::-1],
        "next": found[limit - 1] if len(found) > limit else None,
    }


def _determine(collection: Collection, asked: Determine) -> Event:
    namings, versions = _namings(collection, [asked], asked)
    (made,) = collection.determine_all(namings, by=asked.by, versions=versions)
    return event_of(collection, made)


def _determine_many(collection: Collection, asked: DetermineMany) -> dict[str, Any]:
    namings, versions = _namings(collection, asked.namings, asked)
    made, changed = collection.determine_unchanged(namings, by=asked.by, versions=versions)
    left_out = [{"specimen_id": one, "why": why} for one, why in changed.items()]
    return {"determinations": events_of(collection, made), "left_out": left_out}


def _namings(
    collection: Collection, named: Sequence[SpecimenName], asked: Sign
) -> tuple[list[Naming], dict[str, int]]:
    """Return what specimens are determined as, and the versions that were looked at.

    Raises:
        UsageError: a specimen comes twice, or a name or its rank cannot be read.
    """
    ((often, times),) = Counter(one.specimen_id for one in named).most_common(1)
    if times > 1:
        raise UsageError(f"Specimen '{often[:80]}' comes twice; send one name for each specimen")
    lineages = {one: lineage_of(collection, one) for one in dict.fromkeys(map(_written, named))}
    namings = [
        Naming(one.specimen_id, lineages[_written(one)], one.qualifier, asked.why) for one in named
    ]
    versions = {one.specimen_id: one.version for one in named if one.version is not None}
    return namings, versions


def _written(named: SpecimenName) -> str:
    """Return a name with its rank, where that is said."""
    if named.rank and named.rank not in RANKS:
        raise UsageError(f"rank is '{named.rank[:80]}'; it must be one of {', '.join(RANKS)}")
    return f"{named.rank}={named.name}" if named.rank else named.name


def _undo(collection: Collection, determination_id: int, asked: Sign) -> Event:
    made = collection.undo(determination_id, by=asked.by, remarks=asked.why)
    return event_of(collection, made)


def _undo_many(collection: Collection, asked: UndoMany) -> dict[str, Any]:
    made = collection.undo_many(asked.determination_ids, by=asked.by, remarks=asked.why)
    return made.to_dict(collection.database)

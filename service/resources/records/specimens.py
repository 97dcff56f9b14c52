"""`/v1/specimens`: a specimen with its images, and what it was called, by whom, when and why."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError
from holotype.index.storage.specimens.listing import accepted_of, images_after
from holotype.index.storage.specimens.namings import versions_of
from holotype.index.taxonomy import RANKS, lowest_rank, name_at

from ...engine import TheEngine
from ...schemas import clusters as answers
from ...schemas import records
from ..etags import tagged
from .actions import ActionRoute
from .images import record_of
from .paging import Cursor, Limit, row_of

router = APIRouter(prefix="/specimens", tags=["specimens"], route_class=ActionRoute)

SpecimenId = Annotated[str, InPath(description="An id may hold slashes.")]


@router.get(
    "/{specimen_id:path}/history",
    summary="What a specimen was called",
    responses={200: {"model": answers.History, "description": "Oldest first"}},
)
async def history(specimen_id: SpecimenId, engine: TheEngine) -> JSONResponse:
    """List every determination and undo of a specimen with the accepted name before and after."""
    events = await engine.read(engine.collection.history, specimen_id)
    if not events:
        raise NotFoundError(f"There is no determination of a specimen '{specimen_id[:80]}'")
    told = {"specimen_id": specimen_id, "events": [event.to_dict() for event in events]}
    return JSONResponse(told)


@router.get(
    "/{specimen_id:path}",
    summary="A specimen",
    responses={200: {"model": records.SpecimenRecord, "description": "The specimen"}},
)
async def specimen(
    specimen_id: SpecimenId,
    request: Request,
    engine: TheEngine,
    after: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Return a specimen with its accepted determination and its images, in pages."""
    row = row_of(after)
    found = await engine.read(specimen_of, engine.collection, specimen_id, row, limit)
    return tagged(request, found)


def specimen_of(collection: Collection, specimen_id: str, after: int, limit: int) -> dict[str, Any]:
    """Return a specimen with the images that follow a row, as JSON-ready values.

    Raises:
        NotFoundError: there is none of that id.
    """
    collection.require_intact()
    with collection.database.snapshot():
        found = images_after(collection.database, after, limit + 1, specimen_id=specimen_id)
        total = collection.database.read(
            "SELECT count(*) FROM images WHERE specimen_id = ?", (specimen_id,)
        )[0][0]
        name = accepted_of(collection.database, specimen_id)
        version = versions_of(collection.database, [specimen_id])[specimen_id]
    if not total:
        raise NotFoundError(f"{collection.folder} has no specimen '{specimen_id[:80]}'")
    lineage = ("",) * len(RANKS) if name is None else name.lineage
    rank = lowest_rank(lineage)
    shown = found[:limit]
    return {
        "specimen_id": specimen_id,
        "version": version,
        "determination": None
        if name is None
        else {
            "determination_id": name.determination_id,
            "rank": rank,
            "taxon": name_at(lineage, rank) if rank else None,
            **name.said,
        },
        "lineage": {rank: name for rank, name in zip(RANKS, lineage, strict=True) if name},
        "images": [record_of(image) for image in shown],
        "total": total,
        "next": str(shown[-1].row) if len(found) > limit else None,
    }

"""`/v1/specimens`: a specimen with its images, and what it was called, by whom, when and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.search.specimen_record import specimen_history, specimen_record

from ...engine import TheEngine
from ...schemas import clusters as answers
from ...schemas import records
from ..etags import tagged
from .actions import ActionRoute
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
    return JSONResponse(await engine.read(specimen_history, engine.collection, specimen_id))


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
    found = await engine.read(specimen_record, engine.collection, specimen_id, row, limit)
    return tagged(request, found)

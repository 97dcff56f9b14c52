"""`/v1/specimens`: what a specimen was called, by whom, when and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.errors import NotFoundError

from ...engine import TheEngine
from ...schemas import clusters as answers

router = APIRouter(prefix="/specimens", tags=["specimens"])

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

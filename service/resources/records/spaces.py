"""`GET /v1/spaces`: the embeddings that can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.upkeep.info import info

from ...engine import TheEngine, folder_of
from ...schemas import answers

router = APIRouter(tags=["spaces"])


@router.get(
    "/spaces",
    summary="The spaces of the collection",
    responses={200: {"model": answers.Spaces, "description": "The spaces, oldest first"}},
)
async def spaces(engine: TheEngine) -> JSONResponse:
    """List spaces with their encoder, dimension, number of embeddings and kind of index."""
    return JSONResponse(await engine.read(_spaces, engine.collection))


def _spaces(collection: Collection) -> dict[str, Any]:
    """Return the spaces; where an encoder lies is nobody's matter."""
    spaces = info(collection)["spaces"]
    for space in spaces:
        kind, _, _ = space["encoder"].partition(":")
        if folder := folder_of(space["encoder"]):
            space["encoder"] = f"{kind}:{Path(folder).name}"
    return {"collection": collection.folder.name, "spaces": spaces}

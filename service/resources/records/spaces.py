"""`GET /v1/spaces`: what the collection holds, and the embeddings that can be asked."""

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
    """Count images, specimens and taxa, and list spaces with encoder, size and kind of index."""
    return JSONResponse(await engine.read(_spaces, engine.collection))


def _spaces(collection: Collection) -> dict[str, Any]:
    """Return counts and spaces; where an encoder lies is nobody's matter."""
    found = info(collection)
    for space in found["spaces"]:
        kind, _, _ = space["encoder"].partition(":")
        if folder := folder_of(space["encoder"]):
            space["encoder"] = f"{kind}:{Path(folder).name}"
    del found["store"]
    return {**found, "collection": collection.folder.name}

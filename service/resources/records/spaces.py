"""`/v1/spaces`: what the collection holds, the embeddings that can be asked, removing some."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.storage.space_removal import LastSpaceError
from holotype.index.upkeep.info import info

from ...engine import Engine, TheEngine
from ...guards.scopes import ADMINISTERS
from ...schemas import answers
from ...served.shared import folder_of

router = APIRouter(tags=["spaces"])

_LONGEST = 500  # characters of a name or a reason


@router.get(
    "/spaces",
    summary="The spaces of the collection",
    responses={200: {"model": answers.Spaces, "description": "The spaces, oldest first"}},
)
async def spaces(engine: TheEngine) -> JSONResponse:
    """Count images, specimens and taxa, and list spaces with encoder, size and kind of index."""
    return JSONResponse(await engine.read(_spaces, engine.collection))


@router.delete(
    "/spaces/{space}",
    summary="Remove a space",
    responses={200: {"model": answers.RemovedSpaces, "description": "Which went"}},
    dependencies=[ADMINISTERS],
)
async def delete(
    space: Annotated[str, InPath(max_length=_LONGEST, description="The name of a space.")],
    engine: TheEngine,
    with_tuned: Annotated[
        bool, Query(description="Also the spaces that are tuned from it.")
    ] = False,
    by: Annotated[str, Query(max_length=_LONGEST, description="Who, for the record.")] = "",
    why: Annotated[str, Query(max_length=_LONGEST, description="Why, for the record.")] = "",
) -> JSONResponse:
    """Remove a space with its vectors and its calibration; images and determinations stay.

    The last space is not removed. With API keys this needs one that may administer.
    """
    removed = await engine.read(_removed, engine, space, with_tuned, by, why)
    return JSONResponse({"removed": removed})


def _removed(engine: Engine, space: str, with_tuned: bool, by: str, why: str) -> list[str]:
    try:
        removed = engine.collection.remove_space(space, with_tuned=with_tuned, by=by, remarks=why)
    except LastSpaceError:
        raise UsageError(
            f"'{space}' is the last space; without it nothing can be searched. A request does not "
            "remove it: put pictures into another space first, or delete the images"
        ) from None
    engine.renew()
    return removed


def _spaces(collection: Collection) -> dict[str, Any]:
    """Return counts and spaces; where an encoder lies is nobody's matter."""
    found = info(collection)
    for space in found["spaces"]:
        kind, _, _ = space["encoder"].partition(":")
        if folder := folder_of(space["encoder"]):
            space["encoder"] = f"{kind}:{Path(folder).name}"
    del found["store"]
    return {**found, "collection": collection.folder.name}

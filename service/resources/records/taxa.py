"""`GET /v1/taxa`: what the gallery holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from holotype.index.gallery.taxon_counts import taxa_of
from holotype.index.taxonomy import RANKS

from ...engine import Engine, TheEngine
from ...schemas import answers

router = APIRouter(tags=["taxa"])

_RANK = Query(
    description="Only taxa of this rank.",
    json_schema_extra={"enum": list(RANKS)},
    examples=["family"],
)


@router.get(
    "/taxa",
    summary="Every taxon of the gallery",
    responses={200: {"model": answers.Taxa, "description": "The taxa, coarse to fine, by name"}},
)
async def taxa(
    engine: TheEngine,
    rank: Annotated[str | None, _RANK] = None,
    space: Annotated[str | None, Query(description="Which space; by default the first.")] = None,
) -> JSONResponse:
    """List taxa with their rank, lineage, and numbers of images and specimens.

    Two taxa of one name in different categories or kingdoms are different taxa.
    """
    return await engine.read(_taxa, engine, rank, space)


def _taxa(engine: Engine, rank: str | None, space: str | None) -> JSONResponse:
    return JSONResponse(taxa_of(engine.collection.gallery(space), rank))

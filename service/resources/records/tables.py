"""`GET /v1/determinations.csv`: every determination as a table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from holotype.index.export.determinations import csv_blocks

from ...engine import Engine, TheEngine

router = APIRouter(tags=["determinations"])

_EXAMPLE = (
    "identificationID,occurrenceID,scientificName,taxonRank,…\n1731,trip-7,Xestia baja,species,…\n"
)
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"example": _EXAMPLE}}, "description": "Oldest first"}
}
_HEADERS = {"Content-Disposition": 'attachment; filename="determinations.csv"'}


@router.get(
    "/determinations.csv",
    summary="All determinations as a Darwin Core table",
    response_class=StreamingResponse,
    responses=_CSV,
)
async def determinations_csv(engine: TheEngine) -> StreamingResponse:
    """Return one row a determination, those taken back too, as `holotype export` writes them."""
    blocks = csv_blocks(engine.collection)
    first = await engine.read(_next, blocks)
    return StreamingResponse(_rest(engine, first, blocks), headers=_HEADERS, media_type="text/csv")


async def _rest(
    engine: Engine, block: bytes | None, blocks: Iterator[tuple[bytes, int]]
) -> AsyncIterator[bytes]:
    while block is not None:
        yield block
        block = await engine.read(_next, blocks)


def _next(blocks: Iterator[tuple[bytes, int]]) -> bytes | None:
    """Return the next block; None after the last, as no thread can hand on a `StopIteration`."""
    found = next(blocks, None)
    return None if found is None else found[0]

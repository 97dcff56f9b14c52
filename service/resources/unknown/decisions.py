"""`/v1/decisions`: what people decided about clusters, and taking it back."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.collection import Collection
from holotype.index.database.sql import MOST
from holotype.index.storage.clusters.records import decisions

from ...engine import TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import clusters as answers
from ...schemas.orders import Order

router = APIRouter(prefix="/decisions", tags=["clusters"])


DecisionId = Annotated[int, InPath(description="The decision's number.")]

_LONGEST = 500  # characters of a name or a reason
_UNDONE: dict[int | str, dict[str, Any]] = {
    200: {"model": answers.Undone, "description": "The numbers of the undos"}
}


class Undo(Order):
    """Who takes a decision back, and why."""

    by: str = Field(max_length=_LONGEST, description="Who takes it back, for the record.")
    why: str = Field("", max_length=_LONGEST, description="Why, for the record.")


_BODY = described_order(Undo, {"by": "A. Taxonomist", "why": "it was another species"})


@router.get(
    "",
    summary="All decisions",
    responses={200: {"model": answers.Decisions, "description": "Oldest first"}},
)
async def all_decisions(
    engine: TheEngine,
    clustering: Annotated[int | None, Query(description="Only about this one.")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=MOST, description="The 'next' of the page before.")
    ] = None,
    limit: Annotated[
        int | None, Query(ge=1, le=1000, description="How many, 1 to 1000; by default all.")
    ] = None,
    newest: Annotated[bool, Query(description="The newest first.")] = False,
) -> JSONResponse:
    """List decisions and undos: who decided what, when and why, and whether it stands."""
    page = _Page(clustering, after, limit, newest)
    return JSONResponse(await engine.read(_decisions, engine.collection, page))


@router.post(
    "/{decision_id}/undo",
    summary="Undo a decision",
    responses=_UNDONE,
    openapi_extra=_BODY,
    dependencies=[WRITES],
)
async def undo(decision_id: DecisionId, request: Request, engine: TheEngine) -> JSONResponse:
    """Take back a decision, or an undo, with all determinations of it; nothing is erased."""
    asked = await read_order(request, engine, Undo)
    made = await engine.read(_undo, engine.collection, asked, decision_id)
    return JSONResponse({"undos": [made]})


@router.post(
    "/{decision_id}/undo-since",
    summary="Go back to how it was after a decision",
    responses=_UNDONE,
    openapi_extra=_BODY,
    dependencies=[WRITES],
)
async def undo_since(decision_id: DecisionId, request: Request, engine: TheEngine) -> JSONResponse:
    """Take back all decisions about its clustering since, and bring back what was undone since."""
    asked = await read_order(request, engine, Undo)
    made = await engine.read(_undo_since, engine.collection, asked, decision_id)
    return JSONResponse({"undos": made})


class _Page(NamedTuple):
    clustering: int | None
    after: int | None
    limit: int | None
    newest: bool


def _decisions(collection: Collection, page: _Page) -> dict[str, Any]:
    found = decisions(collection.database, page.clustering)
    if page.newest:
        found.reverse()
    if page.after is not None:
        last, sign = page.after, -1 if page.newest else 1
        found = [one for one in found if sign * one.decision_id > sign * last]
    shown = found[: page.limit]
    return {
        "decisions": [one.to_dict() for one in shown],
        "next": shown[-1].decision_id if len(shown) < len(found) else None,
    }


def _undo(collection: Collection, asked: Undo, decision_id: int) -> int:
    from holotype.index.clusters.decide import Decider  # loads SciPy

    return Decider(collection, asked.by, asked.why).undo(decision_id)


def _undo_since(collection: Collection, asked: Undo, decision_id: int) -> list[int]:
    from holotype.index.clusters.decide import Decider  # loads SciPy

    return Decider(collection, asked.by, asked.why).undo_since(decision_id)

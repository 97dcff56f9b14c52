"""`/v1/evaluations`: what was measured, newest first; jobs of kind `evaluate` make them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection

from ...engine import TheEngine
from ...guards.scopes import ADMINISTERS
from ...schemas import work as answers
from .kept_evaluations import (
    PAGE,
    figures_of_kept,
    kept_evaluation,
    kept_evaluations,
    read_kept,
    remove_evaluation,
)

router = APIRouter(prefix="/evaluations", tags=["evaluations"])

# A report shows its own pictures and styles; it runs nothing, loads nothing and sends nothing.
REPORT_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)

EvaluationId = Annotated[str, InPath(max_length=100, description="The evaluation's id.")]


@router.get(
    "",
    summary="All evaluations",
    responses={200: {"model": answers.Evaluations, "description": "Newest first"}},
)
async def evaluations(
    engine: TheEngine,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    after: Annotated[
        str | None, Query(max_length=100, description="The `next` of the page before.")
    ] = None,
) -> JSONResponse:
    """List what was measured, when, how and of which spaces, with its sentence."""
    return JSONResponse(await engine.read(_page, engine.collection, limit, after))


@router.get(
    "/{evaluation_id}",
    summary="An evaluation",
    responses={200: {"model": answers.MeasuredFigures, "description": "With all figures"}},
)
async def evaluation(evaluation_id: EvaluationId, engine: TheEngine) -> JSONResponse:
    """Return what was asked, and every figure that was measured (`figures`)."""
    return JSONResponse(await engine.read(_figures, engine.collection, evaluation_id))


@router.get(
    "/{evaluation_id}/report",
    summary="The report of an evaluation",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}, "example": "…"}}}},
)
async def report(evaluation_id: EvaluationId, engine: TheEngine) -> Response:
    """Return the report as one page, which shows itself and reaches nothing else."""
    page = await engine.read(read_kept, engine.collection, evaluation_id, PAGE)
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return Response(page, headers=headers, media_type="text/html")


@router.delete(
    "/{evaluation_id}",
    summary="Delete an evaluation",
    status_code=204,
    dependencies=[ADMINISTERS],
)
async def delete(evaluation_id: EvaluationId, engine: TheEngine) -> Response:
    """Delete an evaluation with its report. With API keys this needs one that may administer."""
    await engine.read(remove_evaluation, engine.collection, evaluation_id)
    return Response(status_code=204)


def _page(collection: Collection, limit: int, after: str | None) -> dict[str, Any]:
    found = kept_evaluations(collection)
    left = [one for one in found if after is None or one.evaluation_id < after]
    page = left[:limit]
    return {
        "evaluations": [one.to_dict() for one in page],
        "total": len(found),
        "next": page[-1].evaluation_id if len(left) > limit else None,
    }


def _figures(collection: Collection, evaluation_id: str) -> dict[str, Any]:
    about = kept_evaluation(collection, evaluation_id)
    return {**about.to_dict(), "figures": figures_of_kept(collection, evaluation_id)}

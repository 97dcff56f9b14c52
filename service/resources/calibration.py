"""`/v1/spaces/{space}/calibration`: what a space's probabilities rest on, and renewing it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.runtime import worker_count
from holotype.training.calibration.steps import Progress
from holotype.training.spaces import calibrate_space

from ..engine import Engine, TheEngine
from ..guards.scopes import WRITES
from ..schemas import answers

router = APIRouter(prefix="/spaces", tags=["calibration"])

SpaceName = Annotated[str, InPath(description="The name of a space.")]


@router.get(
    "/{space:path}/calibration",
    summary="Whether a space is calibrated",
    responses={200: {"model": answers.Calibration, "description": "The calibration"}},
)
async def calibration(space: SpaceName, engine: TheEngine) -> JSONResponse:
    """Say whether a space is calibrated, on what, and what has changed since."""
    return JSONResponse(await engine.read(_calibration, engine.collection, space))


@router.post(
    "/{space:path}/calibration",
    summary="Calibrate a space",
    status_code=202,
    dependencies=[WRITES],
    responses={202: {"model": answers.Job, "description": "The job, under way"}},
)
async def calibrate(space: SpaceName, engine: TheEngine) -> JSONResponse:
    """Start fitting confidence at every rank, on specimens and species left out in turn.

    The job is under `Location`. Questions are answered meanwhile, as before; the first one after it
    is done uses what was fitted. A collection that is locked, read-only or too small is refused at
    once. One job runs at a time: asked again, this gives the one that runs. With API keys this
    needs one that may write.
    """
    source = await engine.read(_source, engine.collection, space)
    begun = engine.jobs.start("calibrate", source, lambda tell: _fit(engine, space, tell))
    job = await asyncio.shield(asyncio.wrap_future(begun))  # it goes on without who asked
    return JSONResponse(job.to_dict(), 202, headers={"Location": f"/v1/jobs/{job.job_id}"})


def _fit(engine: Engine, space: str, progress: Progress) -> dict[str, Any]:
    """Calibrate with all cores but one, which is left to questions."""
    threads = max(1, worker_count() - 1)
    return calibrate_space(engine.collection, space=space, threads=threads, progress=progress)


def _source(collection: Collection, name: str) -> str:
    """Return the space that holds the vectors of another: they share one calibration."""
    return collection.source(collection.space(name)).name


def _calibration(collection: Collection, name: str) -> dict[str, Any]:
    kept = kept_calibration(collection, collection.gallery(name))
    if kept is None:
        return {"space": name, "calibration": "none", "changes": None, "fitted": None}
    fitted = {key: value for key, value in kept.to_dict().items() if key != "changes"}
    changes = kept.changes.to_dict()
    return {"space": name, "calibration": kept.state, "changes": changes, "fitted": fitted}

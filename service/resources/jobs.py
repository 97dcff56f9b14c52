"""`/v1/jobs`: how far long work is, and ending it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from ..engine import TheEngine
from ..guards.keys import require_write
from ..schemas import answers

router = APIRouter(prefix="/jobs", tags=["jobs"])

_JOB: dict[int | str, dict[str, Any]] = {200: {"model": answers.Job, "description": "The job"}}


@router.get(
    "",
    summary="All jobs",
    responses={200: {"model": answers.Jobs, "description": "The jobs, oldest first"}},
)
async def jobs(engine: TheEngine) -> JSONResponse:
    """List the last jobs, also those of before the service was started anew."""
    return JSONResponse({"jobs": [job.to_dict() for job in engine.jobs.all()]})


@router.get("/{job_id}", summary="How far a job is", responses=_JOB)
async def job(job_id: str, engine: TheEngine) -> JSONResponse:
    """Return the state of a job and how much of it is done, in percent."""
    return JSONResponse(engine.jobs.get(job_id).to_dict())


@router.delete("/{job_id}", summary="Cancel a job", status_code=202, responses=_JOB)
async def cancel(job_id: str, engine: TheEngine) -> JSONResponse:
    """Ask a job to end, and return it as it is now.

    It ends after the step that it is at, and leaves the collection as it was. One that has ended
    stays as it is. With API keys this needs one that may write.
    """
    require_write()
    return JSONResponse(engine.jobs.cancel(job_id).to_dict(), 202)

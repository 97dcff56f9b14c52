"""Probes: is the process alive, can it answer, which version is it?"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from holotype.version import __version__

from ..engine import TheEngine
from ..guards.scopes import NO_KEY, READS
from ..problems import NotReadyError

router = APIRouter(tags=["health"])  # of the process
readiness = APIRouter(tags=["health"])  # of the one collection that it serves
versions = APIRouter(tags=["health"])  # of each collection


@router.get("/healthz", summary="Liveness", openapi_extra=NO_KEY)
async def healthz() -> dict[str, str]:
    """Answer where the process runs and its event loop turns."""
    return {"status": "alive"}


@readiness.get("/readyz", summary="Readiness", openapi_extra=NO_KEY)
async def readyz(engine: TheEngine) -> JSONResponse:
    """Answer 200 where questions that name no space can be answered, else 503 with the reason.

    Every space is listed as it was found when it was loaded; one that cannot be asked says why in
    `why_not`. A probe loads and fits nothing.
    """
    found = await engine.look()
    if found.why_not:
        raise NotReadyError(found.why_not)
    spaces = [space.to_dict() for space in found.spaces]
    return JSONResponse({"status": "ready", "spaces": spaces})


@versions.get("/v1/version", summary="Version", dependencies=[READS])
async def version() -> dict[str, str]:
    """Return the version of Holotype."""
    return {"name": "holotype", "version": __version__}

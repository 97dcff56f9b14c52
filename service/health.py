"""Probes: is the process alive, can it answer, which version is it?"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from holotype.index.errors import HolotypeError
from holotype.version import __version__

from .engine import Engine, TheEngine
from .problems import NotReadyError

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Liveness")
async def healthz() -> dict[str, str]:
    """Answer where the process runs and its event loop turns."""
    return {"status": "alive"}


@router.get("/readyz", summary="Readiness")
async def readyz(engine: TheEngine) -> JSONResponse:
    """Answer 200 where every space can be asked: encoder loaded, index verified and in memory.

    Otherwise 503, and the sentence says what is missing.
    """
    try:
        return JSONResponse(await engine.read(_state, engine))
    except HolotypeError as error:
        raise NotReadyError(str(error)) from error


@router.get("/v1/version", tags=["health"], summary="Version")
async def version() -> dict[str, str]:
    """Return the version of Holotype."""
    return {"name": "holotype", "version": __version__}


def _state(engine: Engine) -> dict[str, Any]:
    engine.load()
    spaces = [
        {"name": space.name, "images": len(engine.collection.gallery(space.name))}
        for space in engine.collection.spaces()
    ]
    return {"status": "ready", "spaces": spaces}

"""`/evaluate`: how good a collection's answers are, as it was measured."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from holotype.index.database.locks import is_writable
from holotype.index.upkeep.info import info

from ..engine import Engine, TheEngine
from ..guards.keys import MAY_WRITE
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/evaluate")
async def evaluate(request: Request, engine: TheEngine) -> HTMLResponse:
    """Show what was measured, two of them side by side, and start another."""
    values = await engine.read(_shown, engine, MAY_WRITE.get())
    return rendered(request, "evaluate.html", strings=("evaluate",), **values)


def _shown(engine: Engine, may_write: bool) -> dict[str, Any]:
    held = info(engine.collection)
    return {
        "collection": engine.collection.folder.name,
        "spaces": [space["name"] for space in held["spaces"]],
        "may_write": may_write and is_writable(engine.collection.folder),
    }

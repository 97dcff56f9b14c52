"""`/docs` and `/openapi.json`: what the API can do, from its own description."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from ..addresses import root_of
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/openapi.json")
async def described(request: Request) -> JSONResponse:
    """Return the description of the API, with the address below which it lies."""
    told, root = request.app.openapi(), root_of(request.scope)
    return JSONResponse({**told, "servers": [{"url": root}]} if root else told)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show what the API can do."""
    address = f"{request.url.scheme}://{request.url.netloc}{root_of(request.scope)}"
    return rendered(request, "docs.html", api=request.app.openapi(), address=address)

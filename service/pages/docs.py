"""`/docs`: what the API can do, from its own description."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show what the API can do."""
    address = str(request.base_url).rstrip("/")
    return rendered(request, "docs.html", api=request.app.openapi(), address=address)

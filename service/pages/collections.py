"""`/` of a service of several collections: which there are."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from ..addresses import root_of
from ..resources.collections import TheFolder, listed
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
async def collections(request: Request, folder: TheFolder) -> HTMLResponse:
    """Show the collections of the folder, and why one cannot be asked."""
    found = await listed(request, folder)
    return rendered(request, "collections.html", collections=found.collections)


@router.get("/{collection}")
async def one(collection: str, request: Request, folder: TheFolder) -> RedirectResponse:
    """Lead to the pages of a collection, which are below its name."""
    name = quote(folder.place(collection).name)
    return RedirectResponse(f"{root_of(request.scope)}/{name}/")

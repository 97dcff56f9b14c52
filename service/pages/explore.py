"""`/explore`: the collection as a map."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from holotype.index.collection import Collection
from holotype.index.morphospace.kept_map import load_map
from holotype.index.morphospace.parameters import METHODS
from holotype.index.search.column_reader import metadata_columns
from holotype.index.storage.records import DETAILS
from holotype.index.taxonomy import RANKS

from ..engine import Engine, TheEngine
from ..guards.keys import MAY_WRITE
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_MOST_COLUMNS = 100  # of the users' own that are offered


@router.get("/explore")
async def explore(request: Request, engine: TheEngine, method: str = "") -> HTMLResponse:
    """Show the page with the map."""
    values = await engine.read(_values, engine, MAY_WRITE.get(), method)
    return rendered(request, "explore.html", strings=("explore",), **values)


def _values(engine: Engine, may_write: bool, wanted: str) -> dict[str, Any]:
    collection = engine.collection
    gallery = collection.gallery()
    method = next((one for one in METHODS if one == wanted), METHODS[0])
    return {
        "collection": collection.folder.name,
        "ranks": gallery.once("named ranks", gallery.edits, lambda: _named_ranks(collection)),
        "columns": gallery.once("filled columns", gallery.edits, lambda: _columns(collection)),
        "spaces": [space.name for space in collection.spaces()],
        "methods": METHODS,
        "method": method,
        "has_map": load_map(collection.database, gallery.space, method) is not None,
        "default_space": gallery.space.name,
        "may_write": may_write,
    }


def _named_ranks(collection: Collection) -> list[str]:
    """Return the ranks at which the collection names anything."""
    named = ", ".join(f"max(\"{rank}\" <> '')" for rank in RANKS)
    (record,) = collection.database.read(f"SELECT {named} FROM taxa")
    return [rank for rank, there in zip(RANKS, record, strict=True) if there]


def _columns(collection: Collection) -> list[str]:
    """Return the columns by which images may be coloured: filled ones of every collection, own."""
    names = ("split", *DETAILS)
    filled = ", ".join(f"EXISTS(SELECT 1 FROM images WHERE {name} <> '')" for name in names)
    (record,) = collection.database.read(f"SELECT {filled}")
    known = [name for name, there in zip(names, record, strict=True) if there]
    return known + metadata_columns(collection)[:_MOST_COLUMNS]

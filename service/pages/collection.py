"""`/collection`, `/taxa/…` and `/specimens/…`: what the collection holds."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from holotype.index.collection import Collection
from holotype.index.database.locks import is_writable
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.morphospace.kept_map import kept_methods
from holotype.index.search.specimen_record import specimen_record
from holotype.index.search.taxon_records import AskedTaxon
from holotype.index.search.taxon_tree import code_of
from holotype.index.settings import settings
from holotype.index.taxonomy import RANKS
from holotype.index.upkeep.info import info

from ..engine import Engine, TheEngine
from ..guards.keys import MAY_WRITE
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/collection")
async def collection(request: Request, engine: TheEngine) -> HTMLResponse:
    """Show the tree of taxa, and take new pictures."""
    values = await engine.read(_shown, engine, MAY_WRITE.get())
    return rendered(request, "collection.html", strings=("collection",), **values)


@router.get("/taxa/{rank}/{taxon:path}")
async def taxon(
    request: Request,
    engine: TheEngine,
    rank: str,
    taxon: str,
    category: str = "",
    kingdom: str = "",
) -> HTMLResponse:
    """Show a taxon: its specimens, the taxa in it, and what it is confused with."""
    asked = AskedTaxon(rank, taxon, category, kingdom, None)
    collection = engine.collection
    await engine.read(_require_taxon, collection, asked)
    return rendered(
        request,
        "taxon.html",
        strings=("collection",),
        rank=rank,
        taxon=taxon,
        map=await engine.read(_kept_method, collection),
        collection=collection.folder.name,
    )


@router.get("/specimens/{specimen_id:path}")
async def specimen(request: Request, engine: TheEngine, specimen_id: str) -> HTMLResponse:
    """Show a specimen: its pictures, what it was called, and the answer about it."""
    may_write = MAY_WRITE.get()
    # Refused where there is none.
    await engine.read(specimen_record, engine.collection, specimen_id, 0, 1)
    return rendered(
        request,
        "specimen.html",
        strings=("answer", "collection", "identify"),
        specimen_id=specimen_id,
        collection=engine.collection.folder.name,
        default_space=await engine.read(_first_space, engine),
        may_write=may_write and await engine.read(is_writable, engine.collection.folder),
    )


def _shown(engine: Engine, may_write: bool) -> dict[str, Any]:
    held = info(engine.collection)
    return {
        "collection": engine.collection.folder.name,
        "counts": {"images": held["images"], "specimens": held["specimens"], **held["taxa"]},
        "may_write": may_write and is_writable(engine.collection.folder),
        "max_bytes": settings().max_upload_bytes,
    }


def _require_taxon(collection: Collection, asked: AskedTaxon) -> None:
    """Refuse a page of what is not there; of several taxa of one name the page tells them apart.

    Raises:
        NotFoundError: there is no such rank, or no such taxon.
    """
    if asked.rank not in RANKS:
        raise NotFoundError(f"There is no rank '{asked.rank}'; there are {', '.join(RANKS)}")
    names = {"category": asked.category, "kingdom": asked.kingdom}
    try:
        code_of(collection.gallery(), asked.rank, asked.name, **names)
    except NotFoundError:
        raise
    except UsageError:
        return


def _kept_method(collection: Collection) -> str:
    """Return the first method by which a map of the first space is kept; empty for none."""
    return next(kept_methods(collection.database, collection.space()), "")


def _first_space(engine: Engine) -> str:
    return engine.collection.space().name

"""`/`: what is this specimen?"""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from holotype.index.database.locks import is_writable
from holotype.index.settings import settings
from holotype.index.storage.records import Image
from holotype.index.taxonomy import lowest_rank, name_at
from holotype.index.upkeep.info import info

from ..engine import Engine, TheEngine
from ..guards.keys import MAY_WRITE
from .rendering import rendered

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_EXAMPLES = 12


@router.get("/")
async def identify(request: Request, engine: TheEngine) -> HTMLResponse:
    """Show the page that identifies."""
    values = await engine.read(shown, engine, MAY_WRITE.get())
    return rendered(request, "identify.html", strings=("answer", "identify"), **values)


def shown(engine: Engine, may_write: bool) -> dict[str, Any]:
    """Return what the page shows of a collection."""
    writes = may_write and is_writable(engine.collection.folder)
    held = info(engine.collection)
    counts = {"images": held["images"], "specimens": held["specimens"], **held["taxa"]}
    return {
        "collection": engine.collection.folder.name,
        "counts": {name: counts[name] for name in _counted(counts)},
        "spaces": [space["name"] for space in held["spaces"]],
        "default_space": engine.collection.space().name,
        "may_write": writes,
        "may_calibrate": writes,
        "examples": [(image, *_lowest_taxon(image)) for image in _examples(engine)],
        "max_images": settings().max_images_per_query,
        "max_bytes": settings().max_upload_bytes,
    }


def _lowest_taxon(image: Image) -> tuple[str, str]:
    rank = lowest_rank(image.lineage) or ""
    return rank, name_at(image.lineage, rank) if rank else ""


def _counted(counts: dict[str, int]) -> list[str]:
    """Return what the header counts: images, specimens where they are fewer, the finest rank."""
    finest = list(counts)[-1]
    same = counts["images"] == counts["specimens"]
    return ["images", *([] if same else ["specimens"]), *([finest] if len(counts) > 2 else [])]


def _examples(engine: Engine) -> list[Image]:
    """Return a few images of different taxa, spread over the gallery.

    A taxon needs a second image: one alone could not be identified without itself.
    """
    gallery = engine.collection.gallery()
    taxa, first, count = np.unique(gallery.taxon, return_index=True, return_counts=True)
    fit = first[(count > 1) & (taxa >= 0)]
    if not len(fit):
        return []
    spread = np.linspace(0, len(fit) - 1, min(_EXAMPLES, len(fit))).round().astype(int)
    rows = [int(gallery.rows[place]) for place in fit[spread]]
    images = engine.collection.images_at(rows)
    return [images[row] for row in rows if row in images]  # one may just have been deleted

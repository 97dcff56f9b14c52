"""`GET /v1/taxa`: what the gallery holds."""

from __future__ import annotations

from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.taxonomy import RANKS

from ...engine import Engine, TheEngine
from ...schemas import answers

router = APIRouter(tags=["taxa"])

# Kept as long as the gallery is in use, and no longer: a gallery is large.
_LISTED: WeakKeyDictionary[Gallery, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()

_RANK = Query(
    description="Only taxa of this rank.",
    json_schema_extra={"enum": list(RANKS)},
    examples=["family"],
)


@router.get(
    "/taxa",
    summary="Every taxon of the gallery",
    responses={200: {"model": answers.Taxa, "description": "The taxa, coarse to fine, by name"}},
)
async def taxa(
    engine: TheEngine,
    rank: Annotated[str | None, _RANK] = None,
    space: Annotated[str | None, Query(description="Which space; by default the first.")] = None,
) -> JSONResponse:
    """List taxa with their rank, lineage, and numbers of images and specimens.

    Two taxa of one name in different categories or kingdoms are different taxa.
    """
    return await engine.read(_taxa, engine, rank, space)


def _taxa(engine: Engine, rank: str | None, space: str | None) -> JSONResponse:
    if rank is not None and rank not in RANKS:
        raise UsageError(f"rank is '{rank}'; it must be one of {', '.join(RANKS)}")
    gallery = engine.collection.gallery(space)
    ranks = gallery.ranks if rank is None else (rank,)
    found = [taxon for one in ranks for taxon in _of_rank(gallery, one)]
    return JSONResponse({"space": gallery.space.name, "taxa": found})


def _of_rank(gallery: Gallery, rank: str) -> list[dict[str, Any]]:
    known = _LISTED.setdefault(gallery, {})
    if rank not in known:
        known[rank] = _list(gallery, rank)
    return known[rank]


def _list(gallery: Gallery, rank: str) -> list[dict[str, Any]]:
    labels = gallery.labels(rank)
    named = labels.codes >= 0
    codes, specimens = labels.codes[named], gallery.specimens[named]
    images = np.bincount(codes, minlength=len(labels.names))
    pairs = np.unique(codes * (len(gallery) + 1) + specimens)
    different = np.bincount(pairs // (len(gallery) + 1), minlength=len(labels.names))
    listed = [
        {
            "taxon": name,
            "rank": rank,
            "lineage": {r: n for r, n in zip(RANKS, lineage, strict=True) if n},
            "images": int(images[code]),
            "specimens": int(different[code]),
        }
        for code, (name, lineage) in enumerate(zip(labels.names, labels.lineages, strict=True))
        if images[code]
    ]
    return sorted(listed, key=lambda taxon: str(taxon["taxon"]).casefold())

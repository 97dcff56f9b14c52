"""`GET /v1/morphospace`: where the images of a space lie in its map, as binary columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from holotype.index.arrays import Flags
from holotype.index.collection import Collection
from holotype.index.morphospace.map_table import map_columns, stream_of
from holotype.index.morphospace.morphospace import Morphospace, kept_morphospace
from holotype.index.morphospace.parameters import METHODS
from holotype.index.search.filters import allowed_places

from ...engine import TheEngine

router = APIRouter(tags=["morphospace"])

MEDIA_TYPE = "application/vnd.apache.arrow.stream"

_METHOD = Query(description="How the map was made.", json_schema_extra={"enum": list(METHODS)})
_COLUMN = Query(
    description="A column that is given too, such as genus or sex; repeatable.",
    examples=[["genus"]],
)
_WHERE = Query(description="Only images of which this holds, such as category=Moth; repeatable.")
_SAMPLE = Query(ge=1, le=10**9, description="At most so many, evenly spread; by default all.")
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "description": "An Arrow stream of the columns image_id, x, y, placed, far and those asked "
        "for. The schema's metadata says under `holotype`, as JSON, how the map was made and how "
        "faithful it is.",
    },
    304: {"description": "The map is the one of the ETag that was sent as If-None-Match"},
}


@router.get(
    "/morphospace",
    summary="The map of a space",
    response_class=Response,
    responses=_ANSWER,
)
async def morphospace(
    request: Request,
    engine: TheEngine,
    space: Annotated[str | None, Query(description="Which space; by default the first.")] = None,
    method: Annotated[str, _METHOD] = "umap",
    column: Annotated[list[str] | None, _COLUMN] = None,
    where: Annotated[list[str] | None, _WHERE] = None,
    sample: Annotated[int | None, _SAMPLE] = None,
) -> Response:
    """Return the map that `holotype map` made and the collection keeps, as it stands now.

    Images that came since are placed among the others and marked as placed; deleted ones are gone.
    The ETag changes with the map, with the images and with what is known of them.
    """
    collection, columns, filters = engine.collection, column or [], where or []
    shown = await engine.read(kept_morphospace, collection, space=space, method=method)
    etag = _etag(shown, columns, filters, sample)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    data = await engine.read(_stream, collection, shown, columns, filters, sample)
    return Response(data, headers=headers, media_type=MEDIA_TYPE)


def _stream(
    collection: Collection,
    shown: Morphospace,
    columns: Sequence[str],
    filters: Sequence[str],
    sample: int | None,
) -> bytes:
    allowed = allowed_places(collection, shown.gallery, filters)
    if sample is not None:
        allowed = _spread(allowed, len(shown), sample)
    return stream_of(map_columns(collection, shown, columns, allowed))


def _spread(allowed: Flags | None, images: int, most: int) -> Flags:
    """Return which of the allowed images are among at most `most` that are evenly spread."""
    places = np.arange(images) if allowed is None else np.flatnonzero(allowed)
    kept = np.zeros(images, bool)
    steps = np.linspace(0, len(places) - 1, min(most, len(places))).round().astype(int)
    kept[places[steps]] = True
    return kept


def _etag(
    shown: Morphospace, columns: Sequence[str], filters: Sequence[str], sample: int | None
) -> str:
    """Return what tells this answer from every other."""
    gallery = shown.gallery
    state = [shown.version, gallery.labelled, gallery.edits, list(columns), list(filters), sample]
    return f'"{hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]}"'

"""`PATCH /v1/images/{image_id}`: what is said anew of a stored image."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model

from holotype.index.collection import Collection
from holotype.index.ingest.patches import patch_image
from holotype.index.ingest.said import FIELDS
from holotype.index.ingest.uploads import Stored
from holotype.index.storage.records import Image

from ...engine import TheEngine
from ...guards.scopes import WRITES
from ...questions import described_order, read_order
from ...schemas import records as answers
from ..etags import etag_of, require_match
from .images import ImageId

router = APIRouter(prefix="/images", tags=["images"])

_EXAMPLE = {"species": "Xestia baja", "locality": "Sierra Nevada", "metadata": {"sex": None}}
_TEXTS: dict[str, Any] = {
    name: (
        str | None,
        Field(None, description=f"The image's {name.replace('_', ' ')}; null takes it away."),
    )
    for name in FIELDS
}
_METADATA: Any = (
    dict[str, str | None],
    Field({}, description="Your own columns, those that change; null takes one away."),
)
Patch: type[BaseModel] = create_model(
    "Patch",
    __config__=ConfigDict(extra="forbid", coerce_numbers_to_str=True),
    metadata=_METADATA,
    **_TEXTS,
)


@router.patch(
    "/{image_id:path}",
    summary="Correct what is said of an image",
    responses={200: {"model": answers.PatchedImage, "description": "The record as it is then"}},
    openapi_extra=described_order(Patch, _EXAMPLE),
    dependencies=[WRITES],
)
async def patch(
    image_id: ImageId,
    request: Request,
    engine: TheEngine,
    if_match: Annotated[
        str | None,
        Header(description="The ETag of the record that was seen; refused where it has changed."),
    ] = None,
) -> JSONResponse:
    """Correct fields and your own columns, as an ingest does; what is not sent stays.

    A name that a person determined is not overruled: determine the specimen instead. With API keys
    this needs one that may write.
    """
    asked = await read_order(request, engine, Patch)
    stored = await engine.read(_patch, engine.collection, image_id, asked, if_match)
    record = stored.image.to_dict()
    return JSONResponse({**record, "notes": stored.notes}, headers={"ETag": etag_of(record)})


def _patch(collection: Collection, image_id: str, asked: BaseModel, if_match: str | None) -> Stored:
    def seen(image: Image) -> None:
        require_match(if_match, image.to_dict(), f"Image '{image_id[:80]}'")

    said = asked.model_dump(exclude_unset=True)
    metadata = said.pop("metadata", {})
    return patch_image(collection, image_id, said, metadata, seen=seen)

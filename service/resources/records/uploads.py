"""`PUT` and `DELETE /v1/images/{image_id}`: one picture into the collection, and out of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model

from holotype.index.collection import Collection
from holotype.index.encoders import Embeddings
from holotype.index.errors import EncoderError, HolotypeError, MismatchError, UsageError
from holotype.index.ingest.said import FIELDS
from holotype.index.ingest.uploads import (
    Plan,
    Stored,
    Upload,
    plan_upload,
    read_upload,
    store_upload,
)
from holotype.index.storage.records import Space

from ...addresses import spelt
from ...engine import Engine, Opened, TheEngine
from ...forms import content_type
from ...guards.scopes import WRITES
from ...problems import MediaTypeError, NoEncoderError
from ...questions import PICTURE_SCHEMA, checked, form_values, read_object
from ...schemas import answers
from .images import ImageId

router = APIRouter(prefix="/images", tags=["images"])

FORM = "multipart/form-data"
_KINDS = ("image/jpeg", "image/png", "image/webp", "image/tiff", "application/octet-stream")
_FIELD = "image"
_LONGEST = 500  # characters of a name or a reason
_EXAMPLE = {"specimen_id": "trip-7", "species": "Xestia c-nigrum", "metadata": '{"sex": "f"}'}

_TEXTS: dict[str, Any] = {
    name: (str, Field("", description=f"The image's {name.replace('_', ' ')}, as a table has it."))
    for name in FIELDS
}
_METADATA: Any = (dict[str, str], Field({}, description="Your own columns, as a JSON object."))
Said: type[BaseModel] = create_model(
    "Said",
    __config__=ConfigDict(extra="forbid", coerce_numbers_to_str=True),
    metadata=_METADATA,
    **_TEXTS,
)


def described_texts() -> dict[str, dict[str, Any]]:
    """Describe the fields of text in which something is said of a picture, for OpenAPI."""
    return {
        name: {"type": "string", "description": info.description}
        for name, info in Said.model_fields.items()
    }


def _described() -> dict[str, Any]:
    """Describe the body and what may be said in the address, for OpenAPI."""
    texts = described_texts()
    form = {
        "type": "object",
        "properties": {_FIELD: PICTURE_SCHEMA, **texts},
        "required": [_FIELD],
        "additionalProperties": False,
    }
    content: dict[str, Any] = {kind: {"schema": PICTURE_SCHEMA} for kind in _KINDS}
    content[FORM] = {"schema": form, "example": {_FIELD: "…", **_EXAMPLE}}
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in texts.items()
    ]
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}


@router.put(
    "/{image_id:path}",
    summary="Put one picture into the collection",
    responses={
        200: {"model": answers.StoredPicture, "description": "It was there; what is said is kept"},
        201: {"model": answers.StoredPicture, "description": "It is new"},
    },
    openapi_extra=_described(),
    dependencies=[WRITES],
)
async def put(
    image_id: ImageId,
    request: Request,
    engine: TheEngine,
    replace: Annotated[
        bool, Query(description="Let it take the place of another picture of that id.")
    ] = False,
) -> JSONResponse:
    """Store a picture with what is said of it; the next question finds it.

    Send a form with the file `image` and the fields as text, or the picture itself as the body and
    the fields in the address. Sent again, nothing changes; fields that differ are corrections, as
    an ingest makes them, and those that are not sent stay. The collection keeps a copy of the
    picture, and it is embedded into every space that is filled and whose encoder runs here; while
    one is still being made ready, it is refused with 503: send it again. With API keys this needs
    one that may write.
    """
    upload = await _read_upload(request, engine, image_id, replace)
    told, created = await stored_upload(engine, upload)
    place = f"/v1/images/{spelt(image_id)}"
    return JSONResponse(told, 201 if created else 200, headers={"Location": place})


async def stored_upload(engine: Engine, upload: Upload) -> tuple[dict[str, Any], bool]:
    """Embed and store an upload; return what is told of that, and whether its id is new.

    Raises:
        NotReadyError, NoEncoderError, MismatchError, PictureError: see `_embedded`.
        LockedError, ReadOnlyError, TakenError, UsageError: see `plan_upload`.
        BusyError: too many questions wait.
    """
    async with engine.asked():
        plan = await engine.read(plan_upload, engine.collection, upload)
        made = await _embedded(engine, plan, upload.data)
        opened = made.opened
        stored = await engine.read(
            store_upload,
            engine.collection,
            upload,
            made.vectors,
            phash=opened.phash if opened else 0,
            size=(opened.width, opened.height) if opened else (0, 0),
        )
    return _told(stored, made), stored.created


@dataclass
class _Made:
    """What was made of an upload: its embeddings float32 [dim] by space, and why others lack it."""

    vectors: dict[str, Embeddings] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    opened: Opened | None = None


async def _embedded(engine: Engine, plan: Plan, data: bytes) -> _Made:
    """Embed a picture into the spaces that lack it.

    Raises:
        NotReadyError: an encoder is not ready yet; asked again, no space is left out.
        NoEncoderError, MismatchError: no space has its encoder.
        PictureError: it cannot be used.
    """
    made = _Made()
    reasons: list[HolotypeError] = []
    for space in plan.spaces:
        try:
            opened = await engine.opened(data, space.name)
            made.vectors[space.name] = await engine.query(_vector, engine, space, opened)
        except (EncoderError, MismatchError, NoEncoderError) as error:
            reasons.append(error)
            made.left_out[space.name] = engine.told(error)
            continue
        made.opened = made.opened or opened
    if reasons and not made.vectors and plan.is_new:
        raise reasons[0]
    return made


def _vector(engine: Engine, space: Space, opened: Opened) -> Embeddings:
    encoder = engine.encoder(space.name)
    engine.collection.check_encoder(space.name, encoder)
    vector: Embeddings = encoder.encode_images(np.stack([opened.pixels]))[0]
    return vector


def _told(stored: Stored, made: _Made) -> dict[str, Any]:
    return {
        "image": stored.image.to_dict(),
        "created": stored.created,
        "version": stored.version,
        "embedded": list(made.vectors),
        "left_out": made.left_out,
        "notes": stored.notes,
    }


async def _read_upload(request: Request, engine: Engine, image_id: str, replaces: bool) -> Upload:
    """Read a request's picture and what is said of it.

    Raises:
        MediaTypeError: the body is neither a form nor a picture.
        FormError: a malformed form.
        UsageError: no picture or several, or what is said of it cannot be stored.
        BusyError: too many requests wait.
    """
    kind, parameters = content_type(request.headers.get("content-type", ""))
    if kind not in (FORM, *_KINDS):
        raise MediaTypeError(
            f"Content-Type is '{kind}'; send {FORM} with a file '{_FIELD}', or the picture as "
            f"{', '.join(_KINDS)}"
        )
    engine.require_room()
    address = [pair for pair in request.query_params.multi_items() if pair[0] != "replace"]
    body = b"".join([chunk async for chunk in request.stream()])
    form = parameters if kind == FORM else None
    longest = engine.limits.max_json_bytes
    return await engine.read(_upload, image_id, body, form, address, longest, replaces)


def _upload(
    image_id: str,
    body: bytes,
    form: dict[bytes, bytes] | None,
    address: list[tuple[str, str]],
    longest: int,
    replaces: bool,
) -> Upload:
    """Read a form, given by the parameters of its type, or a body that is the picture."""
    told: dict[str, Any] = {}
    if form is not None:
        told, files = form_values(body, form, Said, _FIELD, longest)
        if len(files) != 1:
            raise UsageError(f"The form has {len(files)} files '{_FIELD}'; send one")
        body = files[0].content
    values: dict[str, Any] = {**dict(address), **told}
    for name, count in Counter([*(name for name, _ in address), *told]).items():
        if count > 1:
            raise UsageError(f"'{name[:80]}' is there {count} times; say it once")
    if "metadata" in values:
        values["metadata"] = read_object(values["metadata"].encode())
    said = checked(Said, values).model_dump()
    metadata = said.pop("metadata")
    return read_upload(image_id, body, said, metadata, replaces=replaces)


@router.delete(
    "/{image_id:path}", summary="Delete an image", status_code=204, dependencies=[WRITES]
)
async def delete(
    image_id: ImageId,
    engine: TheEngine,
    by: Annotated[str, Query(max_length=_LONGEST, description="Who, for the record.")] = "",
    why: Annotated[str, Query(max_length=_LONGEST, description="Why, for the record.")] = "",
) -> Response:
    """Delete an image from every space; what was determined of its specimen stays.

    A copy of its picture stays until the collection is compacted. With API keys this needs one
    that may write.
    """
    await engine.read(_delete, engine.collection, image_id, by, why)
    return Response(status_code=204)


def _delete(collection: Collection, image_id: str, by: str, why: str) -> None:
    collection.delete([image_id], by=by, remarks=why)

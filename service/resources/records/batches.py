"""`POST /v1/images`: many pictures into the collection at once."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from holotype.index.errors import HolotypeError, UsageError
from holotype.index.ingest.uploads import Upload, read_upload

from ...engine import Engine, TheEngine
from ...forms import Part, content_type
from ...guards.scopes import WRITES
from ...problems import MediaTypeError
from ...questions import PICTURE_SCHEMA, checked, form_values, read_object
from ...schemas import records as answers
from .uploads import FORM, Said, described_texts, stored_upload

router = APIRouter(prefix="/images", tags=["images"])

_FIELD = "images"


def _described() -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {
            _FIELD: {"type": "array", "items": PICTURE_SCHEMA, "minItems": 1},
            **described_texts(),
        },
        "required": [_FIELD],
        "additionalProperties": False,
    }
    example = {_FIELD: ["…", "…"], "split": "trip", "locality": "Sierra Nevada"}
    content = {FORM: {"schema": form, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "",
    summary="Put many pictures into the collection",
    responses={
        200: {"model": answers.StoredPictures, "description": "What was stored, and what was not"}
    },
    openapi_extra=_described(),
    dependencies=[WRITES],
)
async def post(request: Request, engine: TheEngine) -> JSONResponse:
    """Store pictures, each under the name of its file, as a PUT of each would.

    What the text fields say is said of all of them. Every picture is either among `images` or among
    `problems`, which say why it was not stored. Sent again, what is there already stays as it is.
    With API keys this needs one that may write.
    """
    said, metadata, files = await _read(request, engine)
    images: list[dict[str, Any]] = []
    problems: list[dict[str, str]] = []
    for file in files:
        name = file.filename or ""
        try:
            upload = await engine.read(_upload, file, said, metadata)
            told, _ = await stored_upload(engine, upload)
        except HolotypeError as error:
            problems.append({"name": name[:1000], "detail": engine.told(error)})
            continue
        images.append({**told.pop("image"), **told})
    return JSONResponse({"images": images, "problems": problems})


async def _read(
    request: Request, engine: Engine
) -> tuple[dict[str, str], dict[str, str], list[Part]]:
    """Read a form: what is said of all pictures, their own columns, and their files.

    Raises:
        MediaTypeError: it is none.
        FormError: it is malformed.
        UsageError: options in the address, no picture, or what is said cannot be stored.
        BusyError: too many requests wait.
    """
    if request.scope["query_string"]:
        raise UsageError("Send options in the body, as form fields, not in the address")
    kind, parameters = content_type(request.headers.get("content-type", ""))
    if kind != FORM:
        raise MediaTypeError(f"Content-Type is '{kind}'; send {FORM} with files '{_FIELD}'")
    engine.require_room()
    body = b"".join([chunk async for chunk in request.stream()])
    return await engine.read(_form, body, parameters, engine.limits.max_json_bytes)


def _form(
    body: bytes, parameters: dict[bytes, bytes], longest: int
) -> tuple[dict[str, str], dict[str, str], list[Part]]:
    values, files = form_values(body, parameters, Said, _FIELD, longest)
    if not files:
        raise UsageError(f"The form has no files '{_FIELD}'; send at least one")
    if "metadata" in values:
        values["metadata"] = read_object(values["metadata"].encode())
    asked: BaseModel = checked(Said, values)
    said = asked.model_dump()
    return said, said.pop("metadata"), files


def _upload(file: Part, said: dict[str, str], metadata: dict[str, str]) -> Upload:
    return read_upload(file.filename or "", file.content, said, metadata)

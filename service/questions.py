"""Reading questions: pictures and options as a form, or options as JSON, with the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from holotype.index.errors import UsageError

from .engine import Engine
from .forms import Part, content_type, read_form
from .problems import FormError, MediaTypeError, first_error


class Options(BaseModel):
    """What every question may say."""

    model_config = ConfigDict(extra="forbid")

    space: str | None = Field(None, description="Which space; by default the first.")
    k: int = Field(10, description="How many images to return, 1 to HOLOTYPE_MAX_K.")
    image_id: str | None = Field(None, description="Ask about a stored image, not an upload.")


_SMALL = 10_000  # bytes of JSON that are read sooner than a thread takes over
_MOST_NESTED = 10_000  # brackets and braces, also within text
_SHOWN = 80  # characters of an unknown option that a sentence repeats

Asked = TypeVar("Asked", bound=Options)
Ordered = TypeVar("Ordered", bound=BaseModel)


@dataclass(frozen=True)
class Question(Generic[Asked]):
    """Checked options, and the uploaded pictures with their names."""

    options: Asked
    pictures: list[bytes]
    names: list[str]


async def read_question(
    request: Request, engine: Engine, model: type[Asked], field: str
) -> Question[Asked]:
    """Read a request's body, where a question has a chance to be answered.

    Args:
        model: the options.
        field: the name of the form field that holds pictures.

    Raises:
        MediaTypeError: neither a multipart form nor JSON, or not in UTF-8.
        FormError: a malformed form.
        UsageError: options in the address, one that is unknown or off, or a picture that is not a
            file.
        BusyError: too many questions wait.
    """
    if request.scope["query_string"]:
        raise UsageError("Send options in the body, as form fields or JSON, not in the address")
    kind, parameters = content_type(request.headers.get("content-type", ""))
    if kind not in ("multipart/form-data", "application/json"):
        raise MediaTypeError(
            f"Content-Type is '{kind}'; send pictures as multipart/form-data, or application/json"
        )
    engine.require_room()
    body = b"".join([chunk async for chunk in request.stream()])
    if kind == "application/json":
        if len(body) <= _SMALL:
            return _of_json(body, model)
        return await engine.read(_of_json, body, model)
    limit = engine.limits.max_json_bytes
    return await engine.read(_of_form, body, parameters, model, field, limit)


async def read_order(request: Request, engine: Engine, model: type[Ordered]) -> Ordered:
    """Read a request's body that is a JSON object and nothing else.

    Raises:
        MediaTypeError: it is not JSON.
        UsageError: options in the address, or one that is unknown or off.
        BusyError: too many requests wait.
    """
    if request.scope["query_string"]:
        raise UsageError("Send options in the body, as JSON, not in the address")
    kind, _ = content_type(request.headers.get("content-type", ""))
    if kind != "application/json":
        raise MediaTypeError(f"Content-Type is '{kind}'; send application/json")
    body = b"".join([chunk async for chunk in request.stream()])
    return await engine.read(_ordered, body, model)


def _ordered(body: bytes, model: type[Ordered]) -> Ordered:
    return checked(model, read_object(body))


def described_order(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Describe what `read_order` reads, for OpenAPI."""
    content = {"application/json": {"schema": model.model_json_schema(), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _of_json(body: bytes, model: type[Asked]) -> Question[Asked]:
    return Question(checked(model, read_object(body), strict=True), [], [])


def read_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object that a body, or a field of a form, holds.

    Raises:
        UsageError: it holds none, or thousands of lists.
    """
    if body.count(b"[") + body.count(b"{") > _MOST_NESTED:  # a list costs a hundred times its bytes
        raise UsageError("The JSON holds thousands of lists or objects; send one, of few options")
    try:
        values = from_json(body)
    except ValueError as error:
        raise UsageError(f"The body is not JSON: {error}; correct it") from None
    if not isinstance(values, dict):
        raise UsageError("The body is not a JSON object; send {…} with options by their names")
    return values


def _of_form(
    body: bytes, parameters: dict[bytes, bytes], model: type[Asked], field: str, longest: int
) -> Question[Asked]:
    values, uploads = form_values(body, parameters, model, field, longest)
    names = [upload.filename or "" for upload in uploads]
    return Question(checked(model, values), [upload.content for upload in uploads], names)


def form_values(
    body: bytes, parameters: dict[bytes, bytes], model: type[BaseModel], field: str, longest: int
) -> tuple[dict[str, Any], list[Part]]:
    """Read a form, whose text fields have at most `longest` bytes.

    Returns:
        its text fields, unchecked, and the files in `field`.

    Raises:
        FormError: it is malformed, or a text is too long.
        UsageError: a file is in another field, or a text in that one.
    """
    parts = read_form(body, parameters)
    for part in parts:
        if (part.filename is None) == (part.name == field):
            raise UsageError(
                f"Form field '{part.name[:_SHOWN]}' is of the wrong kind; send pictures as files "
                f"'{field}', and options as text"
            )
        if part.filename is None and len(part.content) > longest:
            raise FormError(
                f"Form field '{part.name[:_SHOWN]}' has {len(part.content)} bytes; the limit is "
                f"{longest} (HOLOTYPE_MAX_JSON_BYTES)"
            )
    values: dict[str, Any] = {}
    for part in parts:
        info = model.model_fields.get(part.name)
        if info is not None and get_origin(info.annotation) is list:
            values.setdefault(part.name, []).append(part.text)
        elif part.filename is None:
            values[part.name] = part.text
    return values, [part for part in parts if part.name == field]


def checked(model: type[Ordered], values: dict[str, Any], *, strict: bool | None = None) -> Ordered:
    """Check options, the names first: pydantic would describe every one that is off.

    Args:
        strict: a value of another type is refused; by default as the model says. Forms hold texts.

    Raises:
        UsageError: one is unknown or off.
    """
    for name in values:
        if name not in model.model_fields:
            known = ", ".join(model.model_fields)
            raise UsageError(f"{name[:_SHOWN]}: there is no such option; there are {known}")
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        raise UsageError(first_error(error.errors(include_url=False))) from None


def described_body(
    model: type[Options], field: str, *, form: dict[str, Any], example: dict[str, Any]
) -> dict[str, Any]:
    """Describe what `read_question` reads, for OpenAPI.

    Args:
        form: the schema of the field that holds pictures.
        example: a body in JSON.
    """
    schema = model.model_json_schema()
    with_pictures = {**schema, "properties": {field: form, **schema["properties"]}}
    content = {
        "multipart/form-data": {"schema": with_pictures},
        "application/json": {"schema": schema, "example": example},
    }
    return {"requestBody": {"required": True, "content": content}}


PICTURE_SCHEMA = {
    "type": "string",
    "contentMediaType": "application/octet-stream",
    "description": "A JPEG, PNG, WebP or TIFF picture.",
}

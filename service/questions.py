"""Reading questions: pictures and options as a form, or options as JSON, with the same names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from holotype.index.errors import UsageError

from .problems import MediaTypeError

_MOST_PARTS = 100  # of a form; how many pictures count is for the question to say


class Options(BaseModel):
    """What every question may say."""

    model_config = ConfigDict(extra="forbid")

    space: str | None = Field(None, description="Which space; by default the first.")
    k: int = Field(10, description="How many images to return, 1 to HOLOTYPE_MAX_K.")
    image_id: str | None = Field(None, description="Ask about a stored image, not an upload.")


Asked = TypeVar("Asked", bound=Options)


@dataclass(frozen=True)
class Question(Generic[Asked]):
    """Checked options, and the uploaded pictures with their names."""

    options: Asked
    pictures: list[bytes]
    names: list[str]


async def read_question(request: Request, model: type[Asked], field: str) -> Question[Asked]:
    """Read a request's body.

    Args:
        model: the options.
        field: the name of the form field that holds pictures.

    Raises:
        MediaTypeError: neither a multipart form nor JSON.
        RequestValidationError: an option that is unknown or off.
        UsageError: options in the address, or a picture that is not a file.
    """
    if request.query_params:
        raise UsageError("Send options in the body, as form fields or JSON, not in the address")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=_MOST_PARTS, max_fields=_MOST_PARTS) as form:
            return await _of_form(form, model, field)
    if kind == "application/json":
        body = await request.body()
        return Question(_checked(lambda: model.model_validate_json(body)), [], [])
    raise MediaTypeError(
        f"Content-Type is '{kind}'; send pictures as multipart/form-data, or application/json"
    )


async def _of_form(form: FormData, model: type[Asked], field: str) -> Question[Asked]:
    uploads = [part for part in form.getlist(field) if isinstance(part, UploadFile)]
    if len(uploads) < len(form.getlist(field)):
        raise UsageError(f"Form field '{field}' holds text; send pictures as files")
    values: dict[str, Any] = {name: form[name] for name in form if name != field}
    for name, info in model.model_fields.items():
        if name in values and get_origin(info.annotation) is list:
            values[name] = form.getlist(name)
    pictures = [await upload.read() for upload in uploads]
    names = [upload.filename or "" for upload in uploads]
    return Question(_checked(lambda: model.model_validate(values)), pictures, names)


def _checked(validate: Callable[[], Asked]) -> Asked:
    try:
        return validate()
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


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

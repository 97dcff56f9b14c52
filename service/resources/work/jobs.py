"""`/v1/jobs`: long work of every kind: starting it, how far it is, what it left, and ending it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from holotype.index.errors import UsageError
from holotype.index.storage.jobs import Job

from ...engine import Engine, TheEngine
from ...forms import content_type
from ...guards.scopes import WRITES
from ...jobs import Telling
from ...questions import PICTURE_SCHEMA, checked, form_values, read_object, read_order
from ...schemas import answers
from . import orders
from .identifying import Upload, upload_work
from .kinds import KINDS, kind_named
from .tables import open_table, pieces

router = APIRouter(prefix="/jobs", tags=["jobs"])

_FORM, _FIELD = "multipart/form-data", "images"
_JOB: dict[int | str, dict[str, Any]] = {200: {"model": answers.Job, "description": "The job"}}
_BEGUN: dict[int | str, dict[str, Any]] = {
    202: {"model": answers.Job, "description": "The job, under way"}
}
_TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "path,specimen_id,determination\n",
            }
        },
        "description": "The table",
    }
}

JobId = Annotated[str, InPath(max_length=100, description="The job's id.")]


class Order(BaseModel):
    """What is to be done."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str = Field(description=f"One of {', '.join(KINDS)}.")
    space: str | None = Field(None, description="Which space; by default the first.")
    options: dict[str, Any] = Field({}, description="Of the kind.")


class _Form(BaseModel):
    """The text fields of an order that comes with pictures."""

    kind: str
    space: str | None = None
    options: str = "{}"


def _described() -> dict[str, Any]:
    """Describe the body that starts a job, for OpenAPI."""
    kinds = []
    for name, kind in KINDS.items():
        options = kind.options.model_json_schema()
        needed = ["kind", "options"] if options.get("required") else ["kind"]
        properties = {
            "kind": {"const": name, "type": "string"},
            "space": {"type": ["string", "null"], "description": "By default the first."},
            "options": options,
        }
        said: dict[str, Any] = {"title": name, "type": "object", "properties": properties}
        kinds.append({**said, "required": needed, "additionalProperties": False})
    examples = {
        name: {"value": {"kind": name, "options": dict(kind.example)}}
        for name, kind in KINDS.items()
    }
    form = {
        "type": "object",
        "properties": {
            "kind": {"const": "identify", "type": "string"},
            "space": {"type": "string", "description": "By default the first."},
            "options": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": "As a JSON object.",
            },
            _FIELD: {"type": "array", "items": PICTURE_SCHEMA, "minItems": 1},
        },
        "required": ["kind", _FIELD],
        "additionalProperties": False,
    }
    content = {
        "application/json": {"schema": {"oneOf": kinds}, "examples": examples},
        _FORM: {"schema": form, "example": {"kind": "identify", _FIELD: ["…"]}},
    }
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "",
    summary="Start a job",
    status_code=202,
    responses=_BEGUN,
    dependencies=[WRITES],
    openapi_extra=_described(),
)
async def start(request: Request, engine: TheEngine) -> JSONResponse:
    """Start long work; it is under `Location`, with its percentage, and its result once done.

    Kinds: `tune`, `train`, `calibrate`, `map`, `cluster`, `review`, `evaluate`, `identify`,
    `ingest`. To identify pictures that are not stored, send them as form files `images`, each of a
    specimen of its own, with `kind`, `space` and `options` (JSON) as text. Questions are answered
    meanwhile; what a job makes is served as soon as it is done. One job runs at a time: asked again
    for exactly what runs, this gives the job that runs; for another it is refused with 409. With
    API keys this needs one that may write, and to train and ingest one that may administer.
    """
    if content_type(request.headers.get("content-type", ""))[0] == _FORM:
        order, uploads = await _read_form(request, engine)
    else:
        order, uploads = await read_order(request, engine, Order), []
    return await _begun(engine, order, uploads)


async def _begun(engine: Engine, order: Order, uploads: Sequence[Upload] = ()) -> JSONResponse:
    """Start a job and wait until it is under way or refused."""
    kind_named(order.kind).require_scope()
    begun = await engine.read(_start, engine, order, uploads)
    job = await asyncio.shield(asyncio.wrap_future(begun))  # it goes on without who asked
    return JSONResponse(job.to_dict(), 202, headers={"Location": f"/v1/jobs/{job.job_id}"})


def _start(engine: Engine, order: Order, uploads: Sequence[Upload]) -> Future[Job]:
    kind = kind_named(order.kind)
    options = checked(kind.options, order.options)
    space = engine.collection.space(order.space).name
    if uploads and not isinstance(options, orders.Identify):
        raise UsageError("Pictures come with jobs of kind identify only; leave them out")

    def work(tell: Telling) -> dict[str, Any]:
        # What is checked here is refused too, as nothing was told yet; large libraries are loaded
        # in the job's own thread, not in one that reads records.
        if uploads and isinstance(options, orders.Identify):
            return upload_work(engine, space, options, uploads)(tell)
        return kind.prepare(engine, space, options)(tell)

    told: dict[str, Any] = options.model_dump(exclude_unset=True)
    if uploads:
        told["uploads"] = len(uploads)
    return engine.jobs.start(order.kind, space, work, options=told, joins=not uploads)


async def _read_form(request: Request, engine: Engine) -> tuple[Order, list[Upload]]:
    """Read an order that comes with pictures.

    Raises:
        FormError: a malformed form.
        UsageError: options that are no JSON, or no picture.
        BusyError: too many requests wait.
    """
    if request.scope["query_string"]:
        raise UsageError("Send options in the body, not in the address")
    engine.require_room()
    _, parameters = content_type(request.headers.get("content-type", ""))
    body = b"".join([chunk async for chunk in request.stream()])
    return await engine.read(_form, body, parameters, engine.limits.max_json_bytes)


def _form(body: bytes, parameters: dict[bytes, bytes], longest: int) -> tuple[Order, list[Upload]]:
    values, files = form_values(body, parameters, _Form, _FIELD, longest)
    if "options" in values:
        values["options"] = read_object(str(values["options"]).encode())
    if not files:
        raise UsageError(f"The form has no files '{_FIELD}'; send pictures, or the order as JSON")
    named = enumerate(files, 1)
    uploads = [Upload(file.filename or f"picture {number}", file.content) for number, file in named]
    return checked(Order, values), uploads


@router.get(
    "",
    summary="All jobs",
    responses={200: {"model": answers.Jobs, "description": "The jobs, oldest first"}},
)
async def jobs(engine: TheEngine) -> JSONResponse:
    """List the last jobs, also those of before the service was started anew."""
    return JSONResponse({"jobs": [job.to_dict() for job in engine.jobs.all()]})


@router.get("/{job_id}", summary="How far a job is", responses=_JOB)
async def job(job_id: JobId, engine: TheEngine) -> JSONResponse:
    """Return the state of a job and how much of it is done, in percent."""
    return JSONResponse(engine.jobs.get(job_id).to_dict())


@router.get(
    "/{job_id}/table", summary="The table of a job", response_class=Response, responses=_TABLE
)
async def table(job_id: JobId, engine: TheEngine) -> Response:
    """Return the CSV that a job left: answers of `identify`, what `ingest` left out.

    Cells that a spreadsheet would calculate have an apostrophe before them.
    """
    engine.jobs.get(job_id)
    file = await engine.read(open_table, engine.collection, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.csv"'}
    return StreamingResponse(pieces(file), headers=headers, media_type="text/csv")


@router.post(
    "/{job_id}/again",
    summary="Start a job again",
    status_code=202,
    responses=_BEGUN,
    dependencies=[WRITES],
)
async def again(job_id: JobId, engine: TheEngine) -> JSONResponse:
    """Start another job with the same kind, space and options, such as of one that was interrupted.

    Training goes on from what an interrupted run kept, where it kept something. A job that came
    with pictures has them no longer: send them again. With API keys this needs what the job did.
    """
    before = engine.jobs.get(job_id)
    kind = kind_named(before.kind)
    if "uploads" in before.options:
        raise UsageError(f"Job '{job_id}' came with pictures; send them again to POST /v1/jobs")
    options = await engine.read(kind.again, engine, before.options)
    return await _begun(engine, Order(kind=before.kind, space=before.space, options=options))


@router.delete(
    "/{job_id}", summary="Cancel a job", status_code=202, responses=_BEGUN, dependencies=[WRITES]
)
async def cancel(job_id: JobId, engine: TheEngine) -> JSONResponse:
    """Ask a job to end, and return it as it is now.

    It ends after the step that it is at, and leaves the collection as it was. One that has ended
    stays as it is. With API keys this needs one that may write.
    """
    return JSONResponse(engine.jobs.cancel(job_id).to_dict(), 202)

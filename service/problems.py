"""Every error as RFC 9457 problem details: `application/problem+json`, one sentence in `detail`."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from holotype.index.errors import CorruptError, HolotypeError, ReplacedError

from .headers import SECURITY_HEADERS

_SHOWN = 80  # characters of an offending value that a sentence repeats

log = logging.getLogger("holotype.service")


class TooLargeError(HolotypeError):
    """A request body over the limit."""

    http_status = 413
    title = "Request too large"


class MediaTypeError(HolotypeError):
    """A request body of a kind that is not understood."""

    http_status = 415
    title = "Content not understood"


class HostError(HolotypeError):
    """A request to a name that is not this machine's."""

    http_status = 421
    title = "Wrong host"


class KeyRequiredError(HolotypeError):
    """A request without a valid key where one is needed."""

    http_status = 401
    title = "Key required"


class NotReadyError(HolotypeError):
    """The service runs, but cannot answer."""

    http_status = 503
    title = "Not ready"


class Problem(BaseModel):
    """Problem details of RFC 9457."""

    type: str = Field(examples=["urn:holotype:picture-not-usable"])
    title: str = Field(examples=["Picture not usable"])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="One sentence: what is wrong, the limit where there is one, the way out.",
        examples=["The picture is not a JPEG, PNG, WebP or TIFF picture; convert it."],
    )
    instance: str = Field(description="The path that was asked.", examples=["/v1/identify"])


class ProblemResponse(JSONResponse):
    """A response with problem details."""

    media_type = "application/problem+json"


def problem(
    scope: Scope, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> ProblemResponse:
    """Return problem details about a request."""
    body = Problem(
        type=f"urn:holotype:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        instance=scope["path"],
    )
    return ProblemResponse(body.model_dump(), status, {**SECURITY_HEADERS, **(headers or {})})


def problem_of(scope: Scope, error: HolotypeError) -> ProblemResponse:
    """Return an expected error as problem details; where the collection lies is nobody's matter."""
    folder: Path = scope["app"].state.engine.collection.folder
    detail = str(error).replace(str(folder), f"Collection '{folder.name}'")
    headers = {}
    if isinstance(error, NotReadyError | ReplacedError):
        headers["Retry-After"] = "1"
    if isinstance(error, KeyRequiredError):
        headers["WWW-Authenticate"] = 'Basic realm="Holotype", charset="UTF-8", Bearer'
    return problem(scope, error.http_status, error.title, detail, headers)


def add_handlers(app: FastAPI) -> None:
    """Make every error of an app a problem."""
    app.add_exception_handler(HolotypeError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _cut_short)
    app.add_exception_handler(sqlite3.DatabaseError, _database)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HolotypeError)
    return problem_of(request.scope, error)


async def _invalid(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    return problem(request.scope, 422, "Request not understood", _sentence(error.errors()))


async def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    title = phrase.capitalize()
    detail = error.detail
    if detail == phrase:  # the router's own: say more than the status does
        detail = f"{request.method} {request.url.path} does not exist; /docs lists what does"
    return problem(request.scope, error.status_code, title, detail, error.headers)


async def _cut_short(request: Request, _: Exception) -> ProblemResponse:
    sentence = "The connection was closed before the whole body had arrived"  # heard by nobody
    return problem(request.scope, 400, "Bad request", sentence)


async def _database(request: Request, error: Exception) -> ProblemResponse:
    log.error("The database failed", exc_info=error)
    sentence = "The collection cannot be read; run 'holotype collection verify' on it"
    return problem_of(request.scope, CorruptError(sentence))


async def _unexpected(request: Request, _: Exception) -> ProblemResponse:
    sentence = "Holotype failed at this request; its log says why"  # uvicorn logs the traceback
    return problem(request.scope, 500, "Internal error", sentence)


def _sentence(errors: Sequence[Any]) -> str:
    """Say what the first of pydantic's errors is about."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    value = first.get("input")
    got = f" (it is {value!r})" if isinstance(value, str | int | float) else ""
    if len(got) > _SHOWN:
        got = ""
    more = f"; {len(errors) - 1} more fields are off" if len(errors) > 1 else ""
    return f"{place or 'body'}: {first['msg']}{got}{more}"

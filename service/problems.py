"""Every error as RFC 9457 problem details: `application/problem+json`, one sentence in `detail`."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from holotype.index.errors import CorruptError, HolotypeError
from holotype.index.ways import way_there

from .addresses import path_of, root_of
from .description import PROBLEM_TYPE, methods_of
from .guards.headers import SECURITY_HEADERS
from .pages.problem import problem_page, wants_page
from .request_ids import HEADER, REQUEST_ID

_SHOWN = 80  # characters of an offending value that a sentence repeats
_LONGEST = 1000  # characters of a sentence
_LONGEST_PATH = 8192
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")

log = logging.getLogger("holotype.service")


class TooLargeError(HolotypeError):
    """A request body over the limit."""

    http_status = 413
    title = "Request too large"


class MediaTypeError(HolotypeError):
    """A request body of a kind that is not understood."""

    http_status = 415
    title = "Content not understood"


class FormError(HolotypeError):
    """A form that cannot be taken apart."""

    http_status = 400
    title = "Form not understood"


class HostError(HolotypeError):
    """A request to a name that is not this machine's."""

    http_status = 421
    title = "Wrong host"


class KeyRequiredError(HolotypeError):
    """A request without a valid key where one is needed."""

    http_status = 401
    title = "Key required"


class ScopeError(HolotypeError):
    """A request with a key that does not reach so far."""

    http_status = 403
    title = "Key may only read"


class AdminScopeError(HolotypeError):
    """A request for what few may do, with a key of others."""

    http_status = 403
    title = "Key may not administer"


class JobRunsError(HolotypeError):
    """One job at a time: another is running."""

    http_status = 409
    title = "A job is running"


class OriginError(HolotypeError):
    """A request that a page of another site makes."""

    http_status = 403
    title = "Another site asks"


class TooSlowError(HolotypeError):
    """A client that sends its request too slowly."""

    http_status = 408
    title = "Request too slow"


class BusyError(HolotypeError):
    """More is asked than can be answered now."""

    http_status = 429
    title = "Too many requests"
    retry_after = 2


class NotReadyError(HolotypeError):
    """The service runs, but cannot answer yet."""

    http_status = 503
    title = "Not ready"
    retry_after = 1


class NoEncoderError(HolotypeError):
    """The service runs without the encoder that a question needs: asking again does not help."""

    http_status = 503
    title = "Encoder not available"


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
    request_id: str = Field(
        "", description="Of the request, as logs have it.", examples=["5f0c1f8e9b6c4a7d"]
    )


class ProblemResponse(JSONResponse):
    """A response with problem details."""

    media_type = PROBLEM_TYPE


def problem(
    scope: Scope, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return problem details about a request; as a page where a browser asks for one."""
    kind = title.lower().replace(" ", "-")
    body = Problem(
        type=f"urn:holotype:{kind}",
        title=title,
        status=status,
        detail=_plain(detail),
        instance=writable(scope["path"][:_LONGEST_PATH]),
        request_id=REQUEST_ID.get(),
    )
    always = {**SECURITY_HEADERS, HEADER: body.request_id} if body.request_id else SECURITY_HEADERS
    sent = {**always, "Vary": "Accept", **(headers or {})}
    if wants_page(scope):
        return problem_page(scope, status, kind, title, body.detail, sent)
    return ProblemResponse(body.model_dump(), status, sent)


def _plain(sentence: str) -> str:
    """Return a sentence on one line, of bounded length, whatever it repeats."""
    short = sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…"
    return writable(short.translate(_CONTROLS))


def writable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which no encoding has."""
    return text.encode(errors="replace").decode()


def problem_of(scope: Scope, error: HolotypeError) -> Response:
    """Return an expected error as problem details; where the collection lies is nobody's matter."""
    detail: str = served_of(scope).told(error)
    headers = {}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, KeyRequiredError):
        headers["WWW-Authenticate"] = 'Basic realm="Holotype", charset="UTF-8", Bearer'
    if isinstance(error, TooSlowError):
        headers["Connection"] = "close"
    return problem(scope, error.http_status, error.title, detail, headers)


def served_of(scope: Scope) -> Any:
    """Return what a request is about: the collection, or the folder of several."""
    return scope.get("served") or scope["app"].state.served


def add_handlers(app: FastAPI) -> None:
    """Make every error of an app a problem."""
    app.add_exception_handler(HolotypeError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _cut_short)
    app.add_exception_handler(sqlite3.DatabaseError, _database)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, HolotypeError)
    return problem_of(request.scope, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(request.scope, 422, "Request not understood", first_error(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    title = phrase.capitalize()
    detail = error.detail
    if detail == phrase:  # the router's own: say more than the status does
        path = request.scope["path"]
        docs = f"{root_of(request.scope)}/docs"
        detail = f"{request.method} {_short(path)} does not exist; {docs} lists what does"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (
        methods := methods_of(request.app, path_of(request.scope))
    ):
        headers["Allow"] = ", ".join(methods)
    return problem(request.scope, error.status_code, title, detail, headers)


async def _cut_short(request: Request, _: Exception) -> Response:
    sentence = "The connection was closed before the whole body had arrived"  # heard by nobody
    return problem(request.scope, 400, "Bad request", sentence)


async def _database(request: Request, error: Exception) -> Response:
    log.error("The database failed", exc_info=error)
    sentence = f"The collection cannot be read; run {way_there('collection verify')}"
    return problem_of(request.scope, CorruptError(sentence))


async def _unexpected(request: Request, _: Exception) -> Response:
    sentence = "Holotype failed at this request; its log says why"  # uvicorn logs the traceback
    return problem(request.scope, 500, "Internal error", sentence)


def first_error(errors: Sequence[Any]) -> str:
    """Say what the first of pydantic's errors is about."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    value = first.get("input")
    text = value[: _SHOWN + 1] if isinstance(value, str) else value
    got = f" (it is {_short(repr(text))})" if isinstance(value, str | float) else ""
    more = f"; {len(errors) - 1} more fields are off" if len(errors) > 1 else ""
    return f"{_short(place) or 'body'}: {first['msg']}{got}{more}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

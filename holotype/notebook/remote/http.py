"""Requests to a service: JSON in and out, and its errors as this program's own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from holotype.index import errors
from holotype.index.errors import HolotypeError, NotFoundError, UsageError
from holotype.index.ways import Door
from holotype.service.addresses import spelt
from holotype.service.guards.words import HEADER

Files = Sequence[tuple[str, tuple[str, bytes]]]  # a form's files: (field, (name, content))

_PATIENCE = 20.0  # seconds for which a busy service is asked again
_LONGEST = 600.0  # seconds that an answer may take; the service has limits of its own
_BUSY = (429, 503)


class ServiceError(HolotypeError):
    """A service that does not answer, or refuses with what only a service says."""

    title = "Service"


def path_of(*parts: object) -> str:
    """Return an address below /v1; an id may hold slashes.

    >>> path_of("images", "trip/7 a?.jpg", "thumbnail")
    '/v1/images/trip/7%20a%3F.jpg/thumbnail'

    Raises:
        NotFoundError: a part leads elsewhere, as `..` does.
    """
    for part in map(str, parts):
        if part in (".", ".."):
            raise NotFoundError(f"There is no '{part}'; no address can hold it")
    return "/".join(["/v1", *(spelt(str(part)) for part in parts)])


class Service:
    """A service that is asked over HTTP.

    Args:
        address: such as `http://127.0.0.1:8000`.
        key: an API key, where it asks for one.
        http: what asks, by default a client of its own.
    """

    def __init__(self, address: str, key: str = "", http: httpx2.Client | None = None) -> None:
        self.address = address.rstrip("/")
        if not self.address.startswith(("http://", "https://")):
            raise UsageError(f"{address} is no address; give one such as http://127.0.0.1:8000")
        self._http = http or httpx2.Client(timeout=_LONGEST)
        key = key.strip()  # a key that is read from a file ends in a new line
        if not key.isprintable():
            raise UsageError("The key holds a sign that no key has; copy it anew, or leave it out")
        self._headers = {HEADER.encode(): Door.PYTHON.encode()}
        if key:
            self._headers[b"Authorization"] = f"Bearer {key}".encode()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON at an address; parameters that are None are left out."""
        return self.ask("GET", path, params=params).json()

    def bytes(self, path: str, **params: Any) -> bytes:
        """Return what lies at an address."""
        return self.ask("GET", path, params=params).content

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON, and return what is answered."""
        return self.ask("POST", path, json=body).json()

    def form(self, method: str, path: str, files: Files, fields: Mapping[str, Any]) -> Any:
        """Send a form with files, and return what is answered."""
        told = {name: value for name, value in fields.items() if value is not None}
        return self.ask(method, path, files=list(files), data=told).json()

    def ask(self, method: str, path: str, **content: Any) -> httpx2.Response:
        """Return an answer; a service that is busy or not ready yet is asked again for a while.

        Raises:
            HolotypeError: what the service says, as the error that it is; or it does not answer.
        """
        if "params" in content:
            given = content["params"].items()
            content["params"] = {name: value for name, value in given if value is not None}
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._http.request(
                    method, self.address + path, headers=self._headers, **content
                )
            except httpx2.HTTPError as error:
                raise ServiceError(
                    f"{self.address} does not answer ({type(error).__name__}: {error}); is the "
                    "collection served there? 'holotype serve COLLECTION' in a terminal serves one"
                ) from error
            waits = answer.headers.get("retry-after", "")
            if answer.status_code not in _BUSY or not waits or time.monotonic() > end:
                break
            time.sleep(float(waits) if waits.isdecimal() else 1.0)
        if answer.is_error:
            raise error_of(answer)
        return answer


def error_of(answer: httpx2.Response) -> HolotypeError:
    """Return what a service refused with, as the error that it is here."""
    try:
        problem = answer.json()
        title, sentence = str(problem["title"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return ServiceError(
            f"{answer.request.url} answers with status {answer.status_code} and no reason; is a "
            "holotype service there?"
        )
    known = (kind for kind in vars(errors).values() if isinstance(kind, type))
    kinds = (kind for kind in known if issubclass(kind, HolotypeError))
    for kind in kinds:
        if (kind.title, kind.http_status) == (title, answer.status_code):
            return kind(sentence)
    return UsageError(sentence) if answer.status_code in (409, 422) else ServiceError(sentence)

"""ETags of records: nobody is sent what they have, and nobody changes what they have not seen."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from holotype.index.errors import HolotypeError


class PreconditionError(HolotypeError):
    """What somebody wants to change is not what they have seen."""

    http_status = 412
    title = "Changed meanwhile"


def tagged(request: Request, content: dict[str, Any]) -> Response:
    """Answer with a record and its ETag, or 304 to who has it already."""
    found = JSONResponse(content)
    found.headers["ETag"] = _digest(found.body)
    found.headers["Cache-Control"] = "private, no-cache"  # keep it, and ask every time
    if is_fresh(request, found.headers["ETag"]):
        kept = {name: found.headers[name] for name in ("ETag", "Cache-Control")}
        return Response(status_code=304, headers=kept)
    return found


def is_fresh(request: Request, etag: str) -> bool:
    """Return whether a client has what it asks for already."""
    return etag in request.headers.get("if-none-match", "")


def require_match(condition: str | None, content: dict[str, Any], what: str) -> None:
    """Refuse to change a record that is not the one that was seen.

    Args:
        condition: the If-Match header; None where there is none, and `*` is any.
        content: the record as it is now.
        what: it in words.

    Raises:
        PreconditionError: it is another by now.
    """
    if condition is None or condition.strip() == "*":
        return
    if etag_of(content) not in condition:
        raise PreconditionError(
            f"{what} has changed since the state of If-Match; get it again, then decide"
        )


def etag_of(content: dict[str, Any]) -> str:
    """Return the ETag that a record has when it is answered."""
    return _digest(JSONResponse(content).body)


def _digest(body: bytes | memoryview) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'

"""The size of request bodies, held while they are read, with or without a Content-Length."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holotype.index.settings import settings

from .problems import TooLargeError


class BodyLimit:
    """Stops reading a body that passes `HOLOTYPE_MAX_UPLOAD_BYTES`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, counting what is read of the body."""
        limit = settings().max_upload_bytes
        stated = Headers(scope=scope).get("content-length", "") if "headers" in scope else ""
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            if stated.isdecimal() and int(stated) > limit:
                raise _too_large(limit)  # before a client that asks first has sent anything
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_within_limit, send)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"The request is over {limit / 1e6:g} MB (HOLOTYPE_MAX_UPLOAD_BYTES); send smaller "
        "pictures, or raise the limit"
    )

"""Bodies and answers, held to a size, to a pace, and to the memory that is left."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holotype.index.settings import settings

from ..addresses import path_of
from ..problems import BusyError, TooLargeError, TooSlowError, problem_of
from ..settings import ServiceSettings
from .keys import PUBLIC
from .turns import Hold, Shares, held

_PIECE = 65536  # bytes of an answer that are handed on at once
NO_MEMORY = "Too much is held in memory for requests (HOLOTYPE_MAX_HELD_BYTES); ask again later"


class BodyLimit:
    """Stops reading a body that is too large, comes too slowly, or finds no memory left."""

    def __init__(self, app: ASGIApp, limits: ServiceSettings, memory: Shares) -> None:
        self.app = app
        self._limits = limits
        self._memory = memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, counting what is read of the body."""
        if scope["type"] != "http" or path_of(scope) in PUBLIC:
            await self.app(scope, receive, send)
            return
        with held(self._memory) as hold:
            body = _Body(Headers(scope=scope), receive, self._limits, hold)
            await self.app(scope, body.receive, send)


class _Body:
    """A request's body on its way in, with or without a Content-Length."""

    def __init__(
        self, headers: Headers, receive: Receive, limits: ServiceSettings, hold: Hold
    ) -> None:
        self._receive = receive
        self._hold = hold
        most = settings().max_upload_bytes
        self._limit = most
        self._way_out = "(HOLOTYPE_MAX_UPLOAD_BYTES); send smaller pictures, or raise the limit"
        if "json" in headers.get("content-type", "").partition(";")[0].lower():
            self._limit = limits.max_json_bytes
            self._way_out = (
                "in JSON (HOLOTYPE_MAX_JSON_BYTES); pictures go as form files, up to "
                f"{most / 1e6:g} MB (HOLOTYPE_MAX_UPLOAD_BYTES)"
            )
        stated = headers.get("content-length", "")
        self._stated = int(stated) if stated.isdecimal() and len(stated) < 20 else 0
        self._read = 0
        self._whole = False
        self._span = limits.stall_seconds
        self._least = limits.min_bytes_per_second * limits.stall_seconds
        self._until = asyncio.get_running_loop().time() + self._span
        self._in_span = 0

    async def receive(self) -> Message:
        """Receive what has come of the body.

        Raises:
            TooLargeError, TooSlowError, BusyError: the rest is not waited for.
        """
        if self._whole:
            return await self._receive()  # waits for the end of the connection
        if self._stated > self._limit:
            raise self._too_large()  # before a client that asks first has sent anything
        message = await self._next()
        size = len(message.get("body", b""))
        self._read += size
        if self._read > self._limit:
            raise self._too_large()
        self._hold.take(size)
        self._whole = not message.get("more_body", False)
        return message

    async def _next(self) -> Message:
        """Wait for a message as long as enough comes in every span of time."""
        while True:
            try:
                async with asyncio.timeout_at(self._until):
                    message = await self._receive()
            except TimeoutError:
                self._next_span()
                continue
            self._in_span += len(message.get("body", b""))
            if message.get("more_body", False) and self._now() > self._until:
                self._next_span()
            return message

    def _next_span(self) -> None:
        if self._in_span < self._least:
            raise TooSlowError(
                f"{self._in_span} bytes of the request came in {self._span:g} s; the least is "
                f"{self._least:g} (HOLOTYPE_MIN_BYTES_PER_SECOND). Send it over a faster line"
            )
        self._in_span, self._until = 0, self._now() + self._span

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _too_large(self) -> TooLargeError:
        return TooLargeError(f"The request is over {self._limit / 1e6:g} MB {self._way_out}")


class AnswerLimit:
    """Hands large answers on in pieces, so that a slow reader holds counted memory only."""

    def __init__(self, app: ASGIApp, memory: Shares) -> None:
        self.app = app
        self._memory = memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, counting the bytes of the answer until they are sent."""
        if scope["type"] != "http" or path_of(scope) in PUBLIC:
            await self.app(scope, receive, send)
            return
        with held(self._memory) as hold:
            answer = _Answer(scope, receive, send, hold)
            await self.app(scope, receive, answer.send)


class _Answer:
    """An answer on its way out: its start is kept back until there is memory for its body."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, hold: Hold) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._hold = hold
        self._start: Message | None = None
        self._refused = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer, or that there is no memory for it."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        body = message.get("body", b"")
        if self._start is not None:
            start, self._start = self._start, None
            try:
                self._hold.take(len(body))
            except BusyError as error:
                self._refused = True
                await problem_of(self._scope, error)(self._scope, self._receive, self._send)
                return
            await self._send(start)
        if not self._refused:
            await self._send_body(body, message.get("more_body", False))

    async def _send_body(self, body: bytes, more: bool) -> None:
        last = max(0, (len(body) - 1) // _PIECE * _PIECE)
        for place in range(0, last, _PIECE):
            piece = bytes(body[place : place + _PIECE])
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        rest = {"type": "http.response.body", "body": bytes(body[last:]), "more_body": more}
        await self._send(rest)

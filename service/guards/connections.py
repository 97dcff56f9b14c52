"""Connections that end: uvicorn's own protocol, with a bound for each wait.

uvicorn limits the wait between two requests of a connection only. Here a connection is closed too
that does not send a whole header, does not read its answer, sends a body crumb by crumb, or is one
too many; and the work of a request whose client has left is cancelled. The pace of bodies is held
in `limits`, where a sentence can say so.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ..interfaces import is_loopback
from ..problems import problem
from ..settings import ServiceSettings
from .origins import SAFE_METHODS
from .turns import CLIENT

_STEP = 4096  # bytes that are looked at at once while a header comes in
_MOST_AHEAD = 65536  # bytes of requests that are sent before the last one is answered
_RETURNS = 5  # seconds after which a service that stops may be there again
_FREE_PIECES, _LEAST_PIECE = 1000, 64  # pieces of a body, and the bytes that further ones average


class Connection(h11.Connection):
    """Refuses a body in crumbs: to read it would take a thousand times as long as its bytes."""

    _pieces = 0
    _bytes = 0

    def next_event(self) -> Any:
        """Return the next event, as `h11.Connection` does.

        Raises:
            RemoteProtocolError: the other side breaks the rules of HTTP, or this one.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._pieces = self._bytes = 0
        elif isinstance(event, h11.Data):
            self._pieces += 1
            self._bytes += len(event.data)
            if self._pieces > _FREE_PIECES and self._bytes < self._pieces * _LEAST_PIECE:
                raise h11.RemoteProtocolError("The body comes in crumbs")
        return event


class BoundedProtocol(H11Protocol):
    """A connection whose every wait for the client has an end; `bounded` makes the class."""

    limits: ServiceSettings

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = Connection(h11.SERVER, self.limits.max_header_bytes)
        self._header_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self.waits_since = self.loop.time()

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn: to send a header or a body, or to read."""
        return self.idle or self.cycle.more_body or self.flow.write_paused

    @property
    def _ahead(self) -> int:
        """How many bytes of further requests have come while one is answered."""
        if self.idle or self.cycle.more_body:
            return 0
        return len(self.conn.trailing_data[0])

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Watch a new connection; where it is one too many, close the one that waits longest."""
        super().connection_made(transport)
        self._watch_header(self.limits.header_seconds)
        if len(self.connections) > self.limits.max_connections:
            bounded = [one for one in self.connections if isinstance(one, BoundedProtocol)]
            waiting = [one for one in bounded if one.waits and not one.transport.is_closing()]
            min(waiting, key=lambda one: one.waits_since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what is under way for a client that has left."""
        super().connection_lost(exc)
        self._unwatch_header()
        self._unwatch_reader()
        if not self.idle and (task := self.scope["state"].get("task")) is not None:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what has come, in steps, so that no header is read that is longer than its limit."""
        place = 0
        while place < len(data) and not self.transport.is_closing():
            step = _STEP if self.idle else len(data)
            super().data_received(data[place : place + step])
            place += step
            if self._ahead > _MOST_AHEAD:
                self.transport.abort()
        if self.idle:
            self._watch_header(self.limits.header_seconds)
        else:
            self._unwatch_header()

    def handle_events(self) -> None:
        """Take what has come apart, and read on: else nobody would hear that the client leaves.

        Only a body that the application takes piece by piece may wait; one that it does not ask for
        is dropped.
        """
        super().handle_events()
        if self.idle:
            return
        if self.scope["method"] in SAFE_METHODS:
            self.cycle.body.clear()
            self.flow.resume_reading()
        elif not self.cycle.more_body:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """Wait for the next request, and not for long for the rest of a body that was refused."""
        self.waits_since = self.loop.time()
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._watch_header(self.limits.keep_alive_seconds)

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with a request that is no HTTP, where it can still be said."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # what the application says is not sent any more
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        detail = (
            "The request is not HTTP, its body comes in crumbs, or its header is over "
            f"{self.limits.max_header_bytes} bytes (HOLOTYPE_MAX_HEADER_BYTES)"
        )
        said = {"type": "urn:holotype:bad-request", "title": "Bad request", "status": 400}
        body = json.dumps({**said, "detail": detail, "instance": ""}).encode()
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def shutdown(self) -> None:
        """Close a connection that waits for its client; others may finish their answer."""
        if not self.waits:
            super().shutdown()
        elif self.idle:
            self.transport.close()
        else:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Wait for a client that does not read, and not for ever."""
        super().pause_writing()
        self.waits_since = self.loop.time()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Go on, once the client has read."""
        super().resume_writing()
        self._unwatch_reader()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle, even if the last of its answer is not read."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def _watch_header(self, seconds: float) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(seconds, self.transport.abort)

    def _unwatch_header(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _watch_reader(self) -> None:
        if self._reader_timer is None:
            seconds = 2 * self.limits.stall_seconds
            self._reader_timer = self.loop.call_later(seconds, self.transport.abort)

    def _unwatch_reader(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None


def bounded(limits: ServiceSettings) -> type[BoundedProtocol]:
    """Return the protocol with its limits, as uvicorn takes it."""
    return type("Bounded", (BoundedProtocol,), {"limits": limits})


def _address(scope: Scope) -> str:
    """Return who asks, where no key says it; this machine's programs are one."""
    host = (scope.get("client") or ("",))[0]
    return "" if is_loopback(host) else host


class Departures:
    """Lets a request be cancelled, by its connection's end or that of the service."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the end, or until the request is cancelled."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["task"] = asyncio.current_task()
        CLIENT.set(_address(scope))
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except asyncio.CancelledError:
            if not started:  # heard by nobody, where the client has left
                sentence = "The service stops; ask again later"
                # Its thread may still write: only what may come twice is asked again.
                twice = scope["method"] in (*SAFE_METHODS, "PUT", "DELETE")
                later = {"Retry-After": str(_RETURNS)} if twice else {}
                await problem(scope, 503, "Stopping", sentence, later)(scope, receive, send)

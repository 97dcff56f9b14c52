"""Every request from its first byte to the last of its answer: named, timed, counted, logged."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..measurements import Measurements
from ..request_ids import HEADER, REQUEST_ID, request_id_of

_NO_ROUTE = "none"

log = logging.getLogger("holotype.requests")


class Watch:
    """Gives requests their id, and counts them by the template of their route."""

    def __init__(self, app: ASGIApp, measurements: Measurements) -> None:
        self.app = app
        self._measurements = measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = request_id_of(Headers(scope=scope).get(HEADER, ""))
        REQUEST_ID.set(name)
        began, status = time.perf_counter(), 0

        async def naming(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        self._measurements.begin()
        try:
            await self.app(scope, receive, naming)
        except Exception:
            status = 500  # the answer is made outside
            raise
        finally:
            self._end(scope, status, time.perf_counter() - began)

    def _end(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _template(scope)
        collection = getattr(scope.get("served"), "name", "")
        self._measurements.end(method, route, status, seconds, collection)
        if log.isEnabledFor(logging.INFO):
            told = {
                "method": method,
                "route": route,
                "status": status,
                "seconds": round(seconds, 4),
            }
            log.info("%s %s %d %.3f s", method, route, status, seconds, extra={"told": told})


def _template(scope: Scope) -> str:
    """Return the template of a request's route, whatever its path."""
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(template or _NO_ROUTE)

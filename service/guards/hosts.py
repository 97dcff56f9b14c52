"""Which interfaces and Host headers are served.

A page of another site can make its own name point at 127.0.0.1 (DNS rebinding) and then read what
a server there answers. Its requests still say its own name in `Host`, so they are refused.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..interfaces import is_loopback
from ..problems import HostError, problem_of

_SHOWN = 80  # characters of a name that a sentence repeats
_NAME = r"(?P<name>[a-z0-9._-]{1,255}|\[[0-9a-f]{0,4}:[0-9a-f:.]{1,40}\])"
_HOST = re.compile(rf"{_NAME}(?::(?P<port>[0-9]{{0,5}}))?", re.IGNORECASE | re.ASCII)


class Host(NamedTuple):
    """A name or address in lower case, and a port; 0 is the scheme's own."""

    name: str
    port: int


def host_of(header: str) -> Host | None:
    """Return what a Host header names, None where it is anything but a name and a port.

    >>> host_of("LOCALHOST:8000"), host_of("[::1]"), host_of("evil@localhost")
    (Host(name='localhost', port=8000), Host(name='::1', port=0), None)
    """
    found = _HOST.fullmatch(header)
    return Host(found["name"].lower().strip("[]"), int(found["port"] or 0)) if found else None


class HostGuard:
    """Refuses requests whose Host header is malformed or, on loopback, not this machine's name."""

    def __init__(self, app: ASGIApp, loopback: bool) -> None:
        self.app = app
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse by the Host header."""
        if scope["type"] == "http" and not self._accept(Headers(scope=scope).getlist("host")):
            header = ", ".join(Headers(scope=scope).getlist("host"))
            sentence = f"This server does not answer for '{header[:_SHOWN]}'"
            more = "; ask it at 127.0.0.1" if self._loopback else "; name one host"
            await problem_of(scope, HostError(sentence + more))(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _accept(self, headers: list[str]) -> bool:
        hosts = [host_of(header) for header in headers]
        if self._loopback:
            return len(hosts) == 1 and hosts[0] is not None and is_loopback(hosts[0].name)
        return len(hosts) <= 1 and None not in hosts

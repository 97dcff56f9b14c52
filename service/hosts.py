"""Which interfaces and Host headers are served.

A page of another site can make its own name point at 127.0.0.1 (DNS rebinding) and then read what
a server there answers. Its requests still say its own name in `Host`, so they are refused.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import HostError, problem_of

_SHOWN = 80  # characters of a name that a sentence repeats


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine, reachable from this machine only.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(header: str) -> str:
    """Return the name in a Host header without its port, empty where it is malformed.

    >>> host_of("localhost:8000"), host_of("[::1]:8000"), host_of("[::1")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


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
        names = [host_of(header) for header in headers]
        if self._loopback:
            return len(names) == 1 and is_loopback(names[0])
        return len(names) <= 1 and all(names)

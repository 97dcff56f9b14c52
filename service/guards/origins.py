"""Which pages may post: this service's own.

A page of any site can make a browser post a form to this machine, keys and all. Browsers say where
a request comes from in `Sec-Fetch-Site`, and before that in `Origin`; other clients send neither.
The rule is that of Go's `http.CrossOriginProtection`.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..problems import OriginError, problem_of
from .hosts import host_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_PORTS = {"http": 80, "https": 443}


def is_own(headers: Headers) -> bool:
    """Return whether a request comes from a page of this service, or from no page.

    >>> is_own(Headers({"Host": "localhost:80", "Origin": "http://localhost"}))
    True
    >>> is_own(Headers({"Host": "localhost:80", "Origin": "http://localhost:81"}))
    False
    """
    said = headers.getlist("sec-fetch-site")
    if said:
        return _OWN.issuperset(said)
    host = headers.get("host", "")
    return all(_same_place(origin, host) for origin in headers.getlist("origin"))


def _same_place(origin: str, host: str) -> bool:
    """Return whether an origin, such as `https://museum.example`, is what a Host header names."""
    scheme, _, place = origin.partition("://")
    default = _PORTS.get(scheme.lower())
    page, asked = host_of(place), host_of(host)
    if default is None or page is None or asked is None:  # `null`, or malformed
        return False
    return page.name == asked.name and (page.port or default) == (asked.port or default)


class OwnPagesOnly:
    """Refuses requests that may cost or change something, where a page of another origin asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse by where the request comes from."""
        asks = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if asks and not is_own(Headers(scope=scope)):
            sentence = "A page of another site asks; only this service's own pages may post"
            await problem_of(scope, OriginError(sentence))(scope, receive, send)
            return
        await self.app(scope, receive, send)

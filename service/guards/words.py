"""In whose words a request is answered: requests, or methods for the client of this program."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from holotype.index.ways import Door, speaking

HEADER = "Holotype-Words"  # names the `Door` that ways out are told for


class InWords:
    """Lets every sentence of an answer, and of what is done for it, name ways out as it should.

    What is loaded before anybody asks is told in the words of who started the service.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve in the words that were asked for; those of HTTP where nobody says."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        with speaking(Door.PYTHON if asked == Door.PYTHON else Door.HTTP):
            await self.app(scope, receive, send)

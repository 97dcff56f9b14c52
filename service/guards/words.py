"""In whose words a request is answered: those of programs, of this program's client, of pages."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from holotype.index.ways import Door, speaking

from ..pages.problem import wants_page

HEADER = "Holotype-Words"  # names the `Door` that ways out are told for


class InWords:
    """Lets every sentence of an answer, and of what is done for it, name ways out as it should.

    What is loaded before anybody asks is told in the words of who started the service.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve in the words that were asked for; else a browser gets a page, a program HTTP."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        door = Door.HTTP
        if scope["type"] == "http":
            asked = Headers(scope=scope).get(HEADER)
            door = Door.PAGES if wants_page(scope) else Door.HTTP
            door = next((one for one in (Door.PYTHON, Door.PAGES) if one == asked), door)
        with speaking(door):
            await self.app(scope, receive, send)

"""Routes such as `/images/{image_id}/picture`, told from ids that end in the same word."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class ActionRoute(APIRoute):
    """A route that an id with slashes precedes: its own slash is a slash, and never a %2F.

    So `x/picture` is the picture of `x`, and `x%2Fpicture` the image of that id.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route is asked for."""
        said = self.path.rpartition("}/")[2].encode() if "}/" in self.path else b""
        raw: bytes = scope.get("raw_path") or b""
        if said and raw and unquote_to_bytes(raw.rpartition(b"/")[2]) != said:
            return Match.NONE, {}
        return super().matches(scope)

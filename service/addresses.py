"""Addresses below the root of a service, which a proxy or a folder may put below a prefix."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import Scope

# What may follow an id with slashes in an address.
ACTIONS = frozenset({"picture", "thumbnail", "history"})


def spelt(value: str) -> str:
    """Return an id as it stands in an address.

    Its slashes stay, unless it ends like an action or has a part that programs tidy away.

    >>> spelt("trip/7 a?.jpg"), spelt("trip/picture"), spelt("trip/../7")
    ('trip/7%20a%3F.jpg', 'trip%2Fpicture', 'trip%2F..%2F7')
    """
    parts = value.split("/")
    awkward = not {".", ".."}.isdisjoint(parts) or (len(parts) > 1 and parts[-1] in ACTIONS)
    return quote(value, safe="" if awkward else "/")


def root_of(scope: Scope) -> str:
    """Return the address of the root without its last slash, as a link spells it.

    >>> root_of({"root_path": "/moths d'\u00e9t\u00e9"}), root_of({})
    ('/moths%20d%27%C3%A9t%C3%A9', '')
    """
    return quote(scope.get("root_path", "").rstrip("/"))


def above_of(scope: Scope) -> str | None:
    """Return the address of the folder's page, without its last slash; None where none is above."""
    return quote(scope["app_root_path"].rstrip("/")) if "served" in scope else None


def path_of(scope: Scope) -> str:
    """Return the path that is asked for, below the root.

    >>> path_of({"root_path": "/moths", "path": "/moths/v1/images"}), path_of({"path": "/v1"})
    ('/v1/images', '/v1')
    """
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    below = path.removeprefix(root) if path.startswith(f"{root}/") or path == root else path
    return below or "/"

"""What a route asks of an API key: declared with the route, held here, and told in OpenAPI."""

from __future__ import annotations

from typing import Any

from fastapi import Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from .keys import require_admin, require_write


class _DeclaredScope(SecurityBase):
    """Refuses a request whose key does not reach as far as its route declares."""

    def __init__(self) -> None:
        self.model = HTTPBearer(
            description="A key of HOLOTYPE_API_KEYS, as 'Authorization: Bearer KEY' or as the "
            "password of Basic; without that setting none is asked for. The role is the least that "
            "the key must be listed with: read, write or admin."
        )
        self.scheme_name = "key"

    async def __call__(self, declared: SecurityScopes) -> None:
        if "admin" in declared.scopes:
            require_admin()
        elif "write" in declared.scopes:
            require_write()


_DECLARED = _DeclaredScope()

# For `dependencies=[…]` of a route or a router; what a route adds counts beside its router's.
READS: Any = Security(_DECLARED, scopes=["read"])
WRITES: Any = Security(_DECLARED, scopes=["write"])
ADMINISTERS: Any = Security(_DECLARED, scopes=["admin"])

# For `openapi_extra` of a route that asks for no key.
NO_KEY: dict[str, Any] = {"security": []}

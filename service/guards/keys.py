"""API keys: kept as digests, compared in constant time, needed beyond this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from holotype.index.errors import UsageError

from ..addresses import path_of
from ..problems import AdminScopeError, KeyRequiredError, ScopeError, problem_of
from .turns import CLIENT

SCOPES = ("read", "write", "admin")  # each includes those before it
PUBLIC = frozenset({"/healthz", "/readyz"})

# Whether the request's key may change anything, and whether it may do what is for few; without keys
# everybody on this machine may.
MAY_WRITE: ContextVar[bool] = ContextVar("may_write", default=True)
MAY_ADMINISTER: ContextVar[bool] = ContextVar("may_administer", default=True)

_MISSING = "Send an API key: 'Authorization: Bearer KEY', or KEY as the password"
_UNKNOWN = "This API key is not one that is accepted here; send one that HOLOTYPE_API_KEYS lists"

_ENTRY = re.compile(r"(\w+):([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class Keys:
    """The sha256 digests of the keys that are accepted, and of those that may do more than read."""

    digests: tuple[bytes, ...]
    writing: frozenset[bytes] = frozenset()
    administering: frozenset[bytes] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read `scope:sha256hex` entries, separated by commas; None where there are none.

        Raises:
            UsageError: an entry is malformed or its scope is unknown.
        """
        found = [_entry(entry.strip()) for entry in text.split(",") if entry.strip()]
        writing = frozenset(digest for scope, digest in found if scope != "read")
        administering = frozenset(digest for scope, digest in found if scope == "admin")
        digests = tuple(dict.fromkeys(digest for _, digest in found))
        return cls(digests, writing, administering) if found else None

    def accept(self, authorization: str) -> bool:
        """Return whether an Authorization header holds one of the keys."""
        return self.client(authorization) is not None

    def client(self, authorization: str) -> str | None:
        """Return which key an Authorization header holds, by its digest; None where none."""
        key = _presented(authorization)
        digest = hashlib.sha256(key).digest()
        matches = [hmac.compare_digest(digest, known) for known in self.digests]
        return digest.hex() if key and any(matches) else None

    def may_write(self, client: str) -> bool:
        """Return whether the key of a digest, as `client` gives it, may write."""
        return bytes.fromhex(client) in self.writing

    def may_administer(self, client: str) -> bool:
        """Return whether the key of a digest, as `client` gives it, may do what is for few."""
        return bytes.fromhex(client) in self.administering


def require_write() -> None:
    """Refuse a request that would change something, where its key may only read.

    Raises:
        ScopeError: it may not.
    """
    if not MAY_WRITE.get():
        raise ScopeError(
            "This API key may only read; send one that HOLOTYPE_API_KEYS lists as 'write:'"
        )


def require_admin() -> None:
    """Refuse a request for what few may do, where its key does not reach so far.

    Raises:
        AdminScopeError: it does not.
    """
    if not MAY_ADMINISTER.get():
        raise AdminScopeError(
            "This API key may not do this; send one that HOLOTYPE_API_KEYS lists as 'admin:'"
        )


def _entry(entry: str) -> tuple[str, bytes]:
    match = _ENTRY.fullmatch(entry)
    if match is None or match[1] not in SCOPES:
        raise UsageError(
            "HOLOTYPE_API_KEYS holds an entry that is not 'read:', 'write:' or 'admin:' and 64 hex "
            "digits; write the sha256 of each key, for example from 'sha256sum'"
        )
    return match[1], bytes.fromhex(match[2])


def _presented(authorization: str) -> bytes:
    """Return the key of `Bearer KEY`, or of `Basic` with the key as password, as browsers send."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return value.strip().encode("latin-1") if kind.lower() == "bearer" else b""
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except ValueError:  # not of base64, or not even of ASCII
        return b""


class KeyGuard:
    """Refuses requests without a key, but for the probes of `PUBLIC`, before a body is read."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse for want of a key."""
        if scope["type"] == "http" and path_of(scope) not in PUBLIC:
            sent = Headers(scope=scope).get("authorization", "")
            client = self.keys.client(sent)
            if client is None:
                sentence = _UNKNOWN if _presented(sent) else _MISSING
                await problem_of(scope, KeyRequiredError(sentence))(scope, receive, send)
                return
            CLIENT.set(client)
            MAY_WRITE.set(self.keys.may_write(client))
            MAY_ADMINISTER.set(self.keys.may_administer(client))
        await self.app(scope, receive, send)

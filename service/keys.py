"""API keys: kept as digests, compared in constant time, needed beyond this machine."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Self

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from holotype.index.errors import UsageError

from .problems import KeyRequiredError, problem_of

SCOPES = ("read",)
PUBLIC = frozenset({"/healthz", "/readyz"})

_ENTRY = re.compile(r"(\w+):([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class Keys:
    """The sha256 digests of the keys that are accepted."""

    digests: tuple[bytes, ...]

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read `scope:sha256hex` entries, separated by commas; None where there are none.

        Raises:
            UsageError: an entry is malformed or its scope is unknown.
        """
        found = [_digest(entry.strip()) for entry in text.split(",") if entry.strip()]
        return cls(tuple(found)) if found else None

    def accept(self, authorization: str) -> bool:
        """Return whether an Authorization header holds one of the keys."""
        key = _presented(authorization)
        digest = hashlib.sha256(key).digest()
        matches = [hmac.compare_digest(digest, known) for known in self.digests]
        return bool(key) and any(matches)


def _digest(entry: str) -> bytes:
    match = _ENTRY.fullmatch(entry)
    if match is None or match[1] not in SCOPES:
        raise UsageError(
            "HOLOTYPE_API_KEYS holds an entry that is not 'read:' and 64 hex digits; write the "
            "sha256 of each key, for example from 'sha256sum'"
        )
    return bytes.fromhex(match[2])


def _presented(authorization: str) -> bytes:
    """Return the key of `Bearer KEY`, or of `Basic` with the key as password, as browsers send."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return value.strip().encode("latin-1") if kind.lower() == "bearer" else b""
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


class KeyGuard:
    """Refuses requests without a key, but for the probes of `PUBLIC`."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse for want of a key."""
        if scope["type"] == "http" and scope["path"] not in PUBLIC:
            header = Headers(scope=scope).get("authorization", "")
            if not self.keys.accept(header):
                sentence = "Send an API key: 'Authorization: Bearer KEY', or KEY as the password"
                await problem_of(scope, KeyRequiredError(sentence))(scope, receive, send)
                return
        await self.app(scope, receive, send)

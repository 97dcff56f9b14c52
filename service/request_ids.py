"""Which request this is: an id that answers, problems and log lines carry."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar

HEADER = "X-Request-Id"

# Of the request that is being answered; empty outside of one.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def request_id_of(said: str) -> str:
    """Return the id that a client or a proxy gives its request, or a new one.

    >>> request_id_of("trip-7"), len(request_id_of("two words")), len(request_id_of(""))
    ('trip-7', 32, 32)
    """
    if _PLAIN.fullmatch(said):
        return said
    # No secret. To ask the system for chance lets other threads run first, for milliseconds.
    return f"{random.getrandbits(128):032x}"

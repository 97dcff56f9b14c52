"""How many files the system lets the process open, which bounds its connections."""

from __future__ import annotations

import sys

from ..settings import ServiceSettings

_OTHERS = 128  # files of collections and libraries
_FEWEST = 8


def room_for(limits: ServiceSettings, backlog: int) -> ServiceSettings:
    """Return limits with no more connections than files may be open, after asking for as many.

    Without a file left, a connection can be neither taken nor refused.

    Args:
        backlog: connections that are taken before one is closed for them.
    """
    if sys.platform == "win32":
        return limits
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.max_connections + backlog + _OTHERS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        room = max(_FEWEST, soft - backlog - _OTHERS)
        return limits.model_copy(update={"max_connections": min(room, limits.max_connections)})
    return limits

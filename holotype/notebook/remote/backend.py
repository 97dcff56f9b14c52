"""A collection that is served."""

from __future__ import annotations

from .curation import RemoteCuration
from .questions import RemoteQuestions
from .work import RemoteWork


class RemoteBackend(RemoteQuestions, RemoteCuration, RemoteWork):
    """All that an open collection asks, of a service; see `Backend`."""
